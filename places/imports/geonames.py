"""GeoNames: tables of its download server, and the JSON that Python packages make of them.

The mapping is in `docs/imports.md`.

Beside the table of places a run takes, in any order: `admin1CodesASCII.txt` and `admin2Codes.txt`
(or JSON lists of `code` and `name`), which name divisions; and tables of alternate names with
languages, which then stand in for the `alternatenames` of their places.
"""

import json
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from places.imports.areas import Area, add_area, add_country, country_of, find_divisions
from places.models import PlaceKind
from records.imports import Cells, Format, Item, Opened, Refused, Rejected, Row, read_table

COLUMNS = (
    "geonameid", "name", "asciiname", "alternatenames", "latitude", "longitude", "feature class",
    "feature code", "country code", "cc2", "admin1 code", "admin2 code", "admin3 code",
    "admin4 code", "population", "elevation", "dem", "timezone", "modification date",
)  # fmt: skip
DIVISION_COLUMNS = ("code", "name", "asciiname", "geonameid")
ALTERNATE_COLUMNS = (
    "alternateNameId", "geonameid", "isolanguage", "alternate name", "isPreferredName",
    "isShortName", "isColloquial", "isHistoric", "from", "to",
)  # fmt: skip

_BY_CODE = {
    "P.PPLC": PlaceKind.CITY,
    "P.PPLA": PlaceKind.CITY,
    "P.PPLA2": PlaceKind.CITY,
    "P.PPLX": PlaceKind.DISTRICT,
    "A.PCLI": PlaceKind.COUNTRY,
    "A.ADM1": PlaceKind.ADMIN1,
    "A.ADM2": PlaceKind.ADMIN2,
    "A.ADM3": PlaceKind.ADMIN3,
    "L.MILB": PlaceKind.MILITARY_SITE,
    "S.MILB": PlaceKind.MILITARY_SITE,
    "S.RSTN": PlaceKind.RAIL,
    "S.RSTP": PlaceKind.RAIL,
    "R.RR": PlaceKind.RAIL,
    "R.RJCT": PlaceKind.RAIL,
    "H.STM": PlaceKind.RIVER,
}
_BY_CLASS = {
    "P": PlaceKind.SETTLEMENT,
    "L": PlaceKind.AREA,
    "R": PlaceKind.ROAD,
    "S": PlaceKind.FACILITY,
}
#: Rows that others lie under are loaded ahead of them.
_LEVELS = {PlaceKind.COUNTRY: 0, PlaceKind.ADMIN1: 1, PlaceKind.ADMIN2: 2, PlaceKind.ADMIN3: 3}
#: What stands in the language column of a name and is no language.
_NO_LANGUAGES = {"link", "wkdt", "post", "iata", "icao", "faac", "tcid", "unlc", "abbr", "phon"}


class GeoNames(Format):
    """Places of GeoNames."""

    name = "geonames"
    title = "places of GeoNames, with the names of divisions and alternate names beside"
    primary = "places"
    dataset: ClassVar = {
        "slug": "geonames",
        "title": "GeoNames",
        "publisher": "GeoNames",
        "licence": "CC BY 4.0",
        "licence_url": "https://creativecommons.org/licenses/by/4.0/",
        "attribution": "Places: GeoNames (geonames.org), CC BY 4.0",
        "redistribution": "attribution",
    }

    def __init__(self) -> None:
        self.tables: list[Opened] = []
        self.lists: list[Opened] = []
        #: Divisions by GeoNames' own code, such as UA.05, with their name.
        self.divisions: dict[str, str] = {}
        #: Divisions and countries that have a row in the files: their id, by code.
        self.own: dict[str, str] = {}
        self.alternates: _Alternates | None = None

    def check(self, files: Sequence[Opened]) -> None:
        alternates = []
        for file in files:
            match _what(file):
                case "places":
                    self.tables.append(file)
                case "list":
                    self.lists.append(file)
                case "divisions":
                    self.divisions |= {
                        row.fields["code"]: row.fields["name"]
                        for row in read_table(
                            file, DIVISION_COLUMNS, "\t", header=False, quoted=False
                        )
                        if not row.fault
                    }
                case "names":
                    self.divisions |= {entry["code"]: entry["name"] for entry in _json(file)}
                case "alternates":
                    alternates.append(file)
        if not self.tables and not self.lists:
            raise Refused(
                f"{files[0].name} is no table of GeoNames: it has not {len(COLUMNS)} columns "
                "set apart by tabs."
            )
        if alternates:
            self.alternates = _Alternates(alternates)
        for row in self._all():
            if not row.fault and (kind := _kind(row.fields)) in _LEVELS:
                self.own[_division(row.fields, _LEVELS[kind])] = row.fields["geonameid"]

    def rows(self, files: Sequence[Opened]) -> Iterator[Row]:
        levels = range(len(_LEVELS)) if self.own else ()
        for level in levels:
            for row in self._all():
                if not row.fault and _LEVELS.get(_kind(row.fields)) == level:  # type: ignore[arg-type]
                    yield row
        for row in self._all():
            if row.fault or _kind(row.fields) not in _LEVELS:
                yield row

    def _all(self) -> Iterator[Row]:
        for file in self.tables:
            yield from read_table(file, COLUMNS, "\t", header=False, quoted=False)
        for file in self.lists:
            for position, entry in enumerate(_json(file), start=1):
                yield Row(file.name, position, _as_table(entry), json.dumps(entry))

    def read(self, row: Row) -> Item:
        cells = row.fields
        key = cells["geonameid"]
        if not key.isdecimal():
            raise Rejected("geonameid", key, "is no number")
        kind = _kind(cells)
        if kind is None:
            feature = f"{cells['feature class']}.{cells['feature code']}"
            raise Rejected("feature code", feature, "no kind of place stands for it", key)
        country = country_of(cells["country code"]) if cells["country code"] else None
        if cells["country code"] and country is None:
            raise Rejected("country code", cells["country code"], "is no country's code", key)
        item = Item(key, row)
        item.add(
            "places",
            key,
            name=cells["name"],
            kind=kind,
            country=country,
            parent=None,
            lat=Cells(cells, key).degrees("latitude", 90),
            lon=Cells(cells, key).degrees("longitude", 180),
            names=self._names(cells, item),
            codes={"geonames": key},
        )
        item.parts[0].statement["parent"] = self._parent(item, cells, kind, country)
        return item

    def _names(self, cells: dict[str, str], item: Item) -> list[dict[str, Any]]:
        given: list[dict[str, Any]] = [{"name": cells["asciiname"]}]
        if self.alternates and (languages := self.alternates.of(cells["geonameid"])):
            given += languages
        else:
            given += [{"name": name.strip()} for name in cells["alternatenames"].split(",")]
        names: dict[str, dict[str, Any]] = {}
        for name in given:
            if len(name["name"]) > 200:
                item.mend("long_name", f"a name of {len(name['name'])} characters was left out")
            elif name["name"] and name["name"] != cells["name"]:
                names.setdefault(name["name"], {"language": None, "kind": "alias"} | name)
        return list(names.values())

    def _parent(
        self, item: Item, cells: dict[str, str], kind: PlaceKind, country: str | None
    ) -> str | None:
        if kind == PlaceKind.COUNTRY or country is None:
            return None
        top = self.own.get(country) or add_country(item, country)
        parent, last = top, 0
        for level in range(1, min(_LEVELS.get(kind, 4), 4)):
            code = _division(cells, level)
            if not code or code.endswith((".", ".00")):
                break
            if code in self.own:
                parent = self.own[code]
            elif code in self.divisions:
                parent = add_area(item, Area(code, self.divisions[code], level, country, parent))
            else:
                break
            last = level
        if last == 0 and kind not in _LEVELS and cells["admin1 code"] not in ("", "00"):
            item.mend(
                "division_unnamed",
                f"no file names the division {_division(cells, 1)}; it lies in the country",
            )
        return parent

    def settle(self, items: Sequence[Item]) -> None:
        find_divisions(items)


def _what(file: Opened) -> str:
    """What one of the files is, by its first row."""
    with file.text() as stream:
        first = stream.readline()
    cells = first.rstrip("\r\n").split("\t")
    if len(cells) == len(COLUMNS):
        return "places"
    if len(cells) == len(DIVISION_COLUMNS) and "." in cells[0]:
        return "divisions"
    if len(cells) in (8, 10) and cells[0].isdecimal() and cells[1].isdecimal():
        return "alternates"
    if first.lstrip().startswith("["):
        entries = _json(file)
        if all(isinstance(e, dict) and {"code", "name"} <= e.keys() for e in entries):
            return "names"
        if all(isinstance(e, dict) and "geonameid" in e for e in entries):
            return "list"
    raise Refused(
        f"{file.name} is neither a table of places, of divisions or of alternate names of "
        f"GeoNames, nor a list of them in JSON: it begins {first[:60]!a}."
    )


def _json(file: Opened) -> list[Any]:
    with file.text() as stream:
        try:
            read = json.load(stream)
        except ValueError as error:
            raise Refused(f"{file.name} is no JSON: {error}.") from error
    return read if isinstance(read, list) else [read]


def _as_table(entry: dict[str, Any]) -> dict[str, str]:
    """An object of the JSON with the columns of the table; its places are populated ones."""
    names = entry.get("alternatenames") or []
    return dict.fromkeys(COLUMNS, "") | {
        "geonameid": str(entry["geonameid"]),
        "name": entry.get("name", ""),
        "alternatenames": names if isinstance(names, str) else ",".join(names),
        "latitude": str(entry.get("latitude", "")),
        "longitude": str(entry.get("longitude", "")),
        "feature class": "P",
        "country code": entry.get("countrycode", ""),
        "admin1 code": entry.get("admin1code", ""),
        "admin2 code": entry.get("admin2code", ""),
    }


def _kind(cells: dict[str, str]) -> PlaceKind | None:
    feature = cells["feature class"]
    return _BY_CODE.get(f"{feature}.{cells['feature code']}") or _BY_CLASS.get(feature)


def _division(cells: dict[str, str], level: int) -> str:
    """GeoNames' code of the country or division of a level that a row lies in, or is."""
    codes = (cells["country code"], *(cells[f"admin{n} code"] for n in (1, 2, 3)))
    return ".".join(codes[: level + 1])


class _Alternates:
    """Names by place, from tables of alternate names: on disk, as there are millions."""

    def __init__(self, files: Sequence[Opened]) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="dateline-names-")  # noqa: SIM115
        self._rows = sqlite3.connect(self._file.name)
        self._rows.execute("create table names (place text, name text, language text, kind text)")
        for file in files:
            with file.text() as stream:
                self._rows.executemany("insert into names values (?, ?, ?, ?)", _alternates(stream))
        self._rows.execute("create index places on names (place)")
        self._rows.commit()

    def of(self, place: str) -> list[dict[str, Any]]:
        """The names of a place, in the order of the files."""
        found = self._rows.execute(
            "select name, language, kind from names where place = ? order by rowid", (place,)
        )
        return [
            {"name": name, "language": language or None, "kind": kind}
            for name, language, kind in found
        ]


def _alternates(lines: Iterator[str]) -> Iterator[tuple[str, str, str, str]]:
    for line in lines:
        cells = line.rstrip("\r\n").split("\t")
        if len(cells) < 8 or cells[2] in _NO_LANGUAGES:
            continue
        yield cells[1], cells[3].strip(), cells[2], "former" if cells[7] == "1" else "alias"
