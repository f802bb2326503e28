"""UCDP's Georeferenced Event Dataset and its Candidate events.

The mapping is in `docs/imports.md`. A row is an event and a document that cites the articles on
which UCDP rests it. Whoever UCDP says spoke makes a claim of their own; what UCDP counts is a claim
of UCDP's, which codes what others said.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, ClassVar

from events.imports import where
from events.imports.voices import add_actor, add_article, add_source, digest
from places.models import PlaceKind
from places.resolution import Sought
from records.imports import (
    Cells,
    Headed,
    Item,
    Opened,
    Part,
    Rejected,
    Row,
)
from sources.models import ActorKind, SourceKind

REQUIRED = (
    "id", "type_of_violence", "dyad_name", "side_a_new_id", "side_a", "side_b_new_id", "side_b",
    "number_of_sources", "source_article", "source_office", "source_date", "source_headline",
    "source_original", "where_prec", "where_coordinates", "adm_1", "adm_2", "latitude", "longitude",
    "country", "event_clarity", "date_prec", "date_start", "date_end", "deaths_a", "deaths_b",
    "deaths_civilians", "deaths_unknown", "best", "high", "low",
)  # fmt: skip

TYPES = {"1": "conflict.state_based", "2": "conflict.non_state", "3": "conflict.one_sided"}
VIOLENCE = {
    "1": "fighting in which a state takes part",
    "2": "fighting between parties none of which is a state",
    "3": "violence against civilians",
}
GEO_PRECISION = {
    "1": "settlement",
    "2": "near_settlement",
    "3": "admin2",
    "4": "admin1",
    "5": "part_of_admin1",
    "6": "country",
    "7": "international",
}
CERTAINTY = {"1": "certain", "2": "probable"}
#: Deaths of each side: the column, the unit, and whose number it is.
DEATHS = (
    ("deaths_a", "people", "side_a"),
    ("deaths_b", "people", "side_b"),
    ("deaths_civilians", "civilians", None),
)

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?")
_ARTICLE = re.compile(r'"(.*?),([^,"]*\d[^,"]*),(.*?)"(?:;|$)', re.DOTALL)
_LETTER = re.compile(r"[^\W\d_]")
_TIMES = re.compile(r"\s*\(?\bx\s?\d+\)?\s*$", re.IGNORECASE)
#: What letters of other scripts became before the file was published.
_LOST = re.compile(r"\?{2,}")


class Ucdp(Headed):
    """Events of UCDP."""

    name = "ucdp"
    title = "events of UCDP: the Georeferenced Event Dataset and the Candidate data"
    primary = "events"
    dataset: ClassVar = {
        "slug": "ucdp-ged",
        "title": "UCDP Georeferenced Event Dataset and Candidate events",
        "publisher": "Uppsala Conflict Data Program, Uppsala University",
        "licence": "CC BY 4.0",
        "licence_url": "https://creativecommons.org/licenses/by/4.0/",
        "attribution": "Events: Uppsala Conflict Data Program (UCDP), CC BY 4.0",
        "redistribution": "attribution",
    }
    called = "table of UCDP events"
    columns = REQUIRED

    def __init__(self) -> None:
        super().__init__()
        #: Speakers that some row names alone, by their names.
        self.speakers: set[str] = set()
        #: Offices that published an article: the same voice, where one of them is a speaker.
        self.offices: set[str] = set()

    def check(self, files: Sequence[Opened]) -> None:
        super().check(files)
        for row in self.rows(files):
            if not row.fault:
                self.speakers.update(
                    name for name in _parts(row.fields["source_original"]) if "," not in name
                )
                self.offices.update(map(str.strip, row.fields["source_office"].split(";")))

    def read(self, row: Row) -> Item:
        cells = row.fields
        key = cells["id"]
        if not key.isdecimal():
            raise Rejected("id", key, "is no number")
        self.take("id", key)
        item = Item(key, row)
        _mend_text(item, cells)
        reading = _Reading(item, cells, key)
        reading.event()
        reading.documents()
        reading.claims(self._spoke(item, cells["source_original"]), self.offices)
        return item

    def _spoke(self, item: Item, text: str) -> list[str]:
        """Who spoke, by the cell that names them.

        Semicolons part speakers. A comma does only where each side of it is a speaker elsewhere:
        else it may stand between an office and a name.
        """
        names: list[str] = []
        for part in _parts(text):
            pieces = [piece.strip() for piece in part.split(",")]
            if len(pieces) == 1:
                names.append(part)
            elif all(piece in self.speakers for piece in pieces):
                item.mend("speakers_divided", f"“{part}” is {len(pieces)} speakers")
                names += pieces
            else:
                item.mend("speakers_undivided", f"“{part}” is taken for one speaker")
                names.append(part)
        told = [name for name in dict.fromkeys(names) if _LETTER.search(name)]
        if len(told) < len(set(names)):
            item.mend("speaker_lost", "a speaker of whose name no letter is left was left out")
        return told

    def settle(self, items: Sequence[Item]) -> None:
        where.settle(items)


class _Reading(Cells):
    """One row on its way to parts."""

    def __init__(self, item: Item, cells: dict[str, str], key: str) -> None:
        super().__init__(cells, key)
        self.item = item
        self.start = self._date("date_start")
        self.end = self._date("date_end")
        if self.end < self.start:
            raise Rejected("date_end", cells["date_end"], "is before date_start", key)
        self.when = {
            "edtf": self.start.isoformat()
            if self.start == self.end
            else f"{self.start.isoformat()}/{self.end.isoformat()}",
            "basis": "metadata",
        }
        self.violence = self.coded("type_of_violence", TYPES)
        self.ucdp = add_source(item, "UCDP", kind=SourceKind.DATASET)

    def event(self) -> None:
        """The event, its place and its sides."""
        cells, item = self.cells, self.item
        precision = self.coded("where_prec", GEO_PRECISION)
        lat, lon = self.degrees("latitude", 90), self.degrees("longitude", 180)
        item.parts.insert(
            0,
            Part(
                "events",
                self.key,
                {
                    "type": self.violence,
                    "contexts": ["military"],
                    "title": self._title(),
                    "status": "claimed",
                    "when": self.when,
                    "lat": lat,
                    "lon": lon,
                    "geo_precision": precision,
                    "codes": {"ucdp": self.key},
                },
            ),
        )
        item.parts[0].statement["participants"] = [
            {"actor": actor, "role": "participant"}
            for actor in dict.fromkeys(self._side(side) for side in ("side_a", "side_b"))
        ]
        country = where.country_called(cells["country"])
        areas = tuple(area for area in (cells["adm_1"], cells["adm_2"]) if area)
        sought = []
        if precision in ("settlement", "near_settlement") and cells["where_coordinates"]:
            name = cells["where_coordinates"]
            sought.append(Sought(name, areas, country, lat, lon))
        for column, kind in (("adm_2", PlaceKind.ADMIN2), ("adm_1", PlaceKind.ADMIN1)):
            wide = precision in ("admin1", "part_of_admin1") and column == "adm_2"
            if cells[column] and precision not in ("country", "international") and not wide:
                within = areas[:1] if column == "adm_2" else ()
                sought.append(Sought(cells[column], within, country, kinds=frozenset({kind})))
        if precision != "international" and cells["country"]:
            kinds = frozenset({PlaceKind.COUNTRY})
            sought.append(
                Sought(cells["country"].split("(")[0].strip(), country=country, kinds=kinds)
            )
        item.pending = where.Where(item.parts[0], sought)

    def _title(self) -> str:
        sides = " and ".join(
            dict.fromkeys(_without_brackets(self.cells[side]) for side in ("side_a", "side_b"))
        )
        place = self.cells["where_coordinates"] or self.cells["country"]
        return f"{sides}: {place}"[:200]

    def _side(self, side: str) -> str:
        name, code = self.cells[side], self.cells[f"{side}_new_id"]
        if not name:
            raise Rejected(side, name, "is missing", self.key)
        kind = ActorKind.GOVERNMENT if name.startswith("Government of ") else ActorKind.GROUP
        if name == "Civilians":
            kind = ActorKind.COLLECTIVE
        given = ("ucdp-actor", code) if code else None
        return add_actor(self.item, _without_brackets(name), kind=kind, code=given)

    def documents(self) -> None:
        """The row as a document, and the articles that it cites."""
        self.articles = [
            add_article(self.item, office, title=title, published=day)
            for office, title, day in self._articles()
        ]
        self.row = self.item.add(
            "documents",
            f"{self.key}:row",
            kind="dataset",
            title=f"UCDP event {self.key}",
            publisher=self.ucdp,
            rights="attribution",
            relations=[
                {"kind": "cites", "document": article} for article in dict.fromkeys(self.articles)
            ],
        )

    def _articles(self) -> Iterator[tuple[str, Any, Any]]:
        """Office, title and date of each article."""
        cells = self.cells
        lists = {
            column: [part.strip() for part in cells[column].split(";")] if cells[column] else []
            for column in ("source_office", "source_date", "source_headline")
        }
        offices, dates, titles = lists.values()
        if not len(offices) == len(dates) == len(titles):
            found = _ARTICLE.findall(cells["source_article"])
            self.item.mend(
                "lists_unequal",
                f"{len(offices)} offices, {len(dates)} dates and {len(titles)} headlines: "
                f"the {len(found)} articles are those of source_article",
            )
            offices, dates, titles = ([part.strip() for part in parts] for parts in zip(*found))  # noqa: B905
        for office, day, title in zip(offices, dates, titles, strict=True):
            named = office if _LETTER.search(office) else ""
            yield named, title or None, self._day_of_article(day)

    def _day_of_article(self, text: str) -> str | None:
        if match := _ISO.fullmatch(text):
            return _day(*map(int, match.groups()))
        if match := _SLASHES.fullmatch(text):
            day, month, year = map(int, match.groups())
            self.item.mend("article_date_form", "a date of an article was read as day/month/year")
            return _day(year, month, day)
        if text:
            self.item.mend("article_date_unread", f"“{text[:40]}” is no date of an article")
        return None

    def claims(self, speakers: list[str], offices: set[str]) -> None:
        """What each speaker and UCDP itself assert."""
        via = [{"document": self.articles[0]}] if len(self.articles) == 1 else []
        violence = VIOLENCE[self.cells["type_of_violence"]]
        sentence = f"There was {violence}: {self._title()}."[:300]
        for name in speakers:
            kind = SourceKind.NEWS_OUTLET if name in offices else SourceKind.UNKNOWN
            self._claim(
                f"said:{digest(name)}",
                claimant=add_source(self.item, name, kind=kind),
                statement=sentence,
                kind="occurrence",
                certainty="unstated",
                citations=[self._cited("source_original", via)],
            )
        self._claim(
            "occurrence",
            claimant=self.ucdp,
            voice="narration",
            statement=sentence,
            kind="occurrence",
            certainty=self.coded("event_clarity", CERTAINTY),
            citations=[self._cited("type_of_violence, event_clarity", [])],
        )
        self._count_killed()
        for column, unit, side in DEATHS:
            count = self.count(column)
            if count:
                self._quantity(column, count, count, count, unit, side, column)

    def _count_killed(self) -> None:
        low, best, high = (self.count(column) for column in ("low", "best", "high"))
        locator = "low, best, high"
        if not low <= best <= high:
            told = f"best {best} lies outside {low} to {high}"
            low, high = min(low, best), max(high, best)
            self.item.mend("interval_widened", f"{told}: widened to {low} to {high}")
            locator = f"low, best, high; {told}, widened"
        self._quantity("killed", low, best, high, "people", None, locator)

    def _quantity(
        self, part: str, low: int, best: int, high: int, unit: str, side: str | None, locator: str
    ) -> None:
        span = f"{best}" if low == high else f"{best} ({low} to {high})"
        whose = f" of {_without_brackets(self.cells[side])}" if side else ""
        self._claim(
            part,
            claimant=self.ucdp,
            voice="narration",
            statement=f"UCDP counts {span} {unit}{whose} killed."[:300],
            kind="quantity",
            object_actor=self._side(side) if side else None,
            quantity={"metric": "killed", "low": low, "best": best, "high": high, "unit": unit},
            holds=self.when,
            citations=[self._cited(locator, [])],
        )

    def _claim(self, part: str, **said: Any) -> None:
        self.item.add("claims", f"{self.key}:{part}", event=self.key, **said)

    def _cited(self, columns: str, via: list[dict[str, str]]) -> dict[str, Any]:
        return {
            "document": self.row,
            "mode": "paraphrase",
            "locator": f"{self.key}, {columns}",
            "via": via,
        }

    # Cells.

    def _date(self, column: str) -> date:
        text = self.cells[column]
        if match := _ISO.fullmatch(text):
            numbers = tuple(map(int, match.groups()))
        elif match := _SLASHES.fullmatch(text):
            month, day, year = map(int, match.groups())
            numbers = (year, month, day)
            self.item.mend("date_form", f"{column} was read as month/day/year")
        else:
            raise Rejected(column, text, "is no date: YYYY-MM-DD or M/D/YYYY", self.key)
        try:
            return date(*numbers)
        except ValueError:
            raise Rejected(column, text, "is no day of the calendar", self.key) from None


def _mend_text(item: Item, cells: dict[str, str]) -> None:
    """Join lines inside cells, and note text that was lost before it came here."""
    lost = []
    for column, text in cells.items():
        if "\n" in text or "\r" in text:
            cells[column] = " ".join(text.split())
            item.mend("line_breaks", f"line breaks in {column} became spaces")
        if _LOST.search(text):
            lost.append(column)
    if lost:
        item.mend("lost_letters", f"letters in {', '.join(lost)} were lost before publication")
    if cells["number_of_sources"] == "-1":
        item.mend("sources_unknown", "the number of sources is unknown (-1)")


def _parts(text: str) -> list[str]:
    """The speakers that semicolons part, without the number of their posts (“x2”)."""
    parts = (_TIMES.sub("", part).strip(" .") for part in text.split(";"))
    return [part for part in parts if part]


def _without_brackets(name: str) -> str:
    return name.split("(")[0].strip() or name


def _day(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
