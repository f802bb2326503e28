"""ISO 3166-2, as Debian's iso-codes lists it: first-order divisions, and some of the second.

The mapping is in `docs/imports.md`.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from places.imports.areas import add_country, country_of, find_divisions
from places.models import PlaceKind
from records.imports import Format, Item, Opened, Refused, Rejected, Row


class Iso3166(Format):
    """Divisions by ISO 3166-2."""

    name = "iso3166-2"
    title = "divisions of ISO 3166-2, in the JSON of Debian's iso-codes"
    primary = "places"
    dataset: ClassVar = {
        "slug": "iso3166-2",
        "title": "ISO 3166-2 (iso-codes)",
        "publisher": "Debian iso-codes",
        "licence": "LGPL-2.1",
        "licence_url": "https://www.gnu.org/licenses/old-licenses/lgpl-2.1.html",
        "attribution": "Codes of divisions: Debian iso-codes, LGPL-2.1",
        "redistribution": "share_alike",
    }

    def check(self, files: Sequence[Opened]) -> None:
        for file in files:
            _entries(file)

    def rows(self, files: Sequence[Opened]) -> Iterator[Row]:
        for lower in (False, True):
            for file in files:
                for position, entry in enumerate(_entries(file), start=1):
                    whole = isinstance(entry, dict)
                    if (whole and "parent" in entry) == lower:
                        fault = "" if whole else "is no object"
                        yield Row(file.name, position, entry, json.dumps(entry), fault)

    def read(self, row: Row) -> Item:
        entry = row.fields
        key, name = entry.get("code"), entry.get("name")
        if not isinstance(key, str) or country_of(key.split("-")[0]) is None:
            raise Rejected("code", key, "is no code of ISO 3166-2, such as UA-14")
        if not isinstance(name, str) or not name:
            raise Rejected("name", name, "is missing", key)
        country, upper = key.split("-")[0], entry.get("parent")
        item = Item(key, row)
        item.add(
            "places",
            key,
            name=name,
            kind=PlaceKind.ADMIN2 if upper else PlaceKind.ADMIN1,
            country=country,
            codes={"iso3166-2": key},
        )
        if upper and not upper.startswith(f"{country}-"):
            upper = f"{country}-{upper}"
        item.parts[0].statement["parent"] = upper or add_country(item, country)
        return item

    def settle(self, items: Sequence[Item]) -> None:
        find_divisions(items)


def _entries(file: Opened) -> list[Any]:
    with file.text() as stream:
        try:
            read = json.load(stream)
        except ValueError as error:
            raise Refused(f"{file.name} is no JSON: {error}.") from error
    entries = read.get("3166-2") if isinstance(read, dict) else None
    if not isinstance(entries, list):
        raise Refused(f'{file.name} has no list "3166-2": it is no ISO 3166-2 of iso-codes.')
    return entries
