"""ACLED's exports: the header until 2022 and the one since.

The mapping is in `docs/imports.md`. A row is an event and a document that cites the publications on
which ACLED rests it. Each publication makes a claim of its own, that it happened; what ACLED counts
is a claim of ACLED's, which codes what others said.
"""

import re
from calendar import month_name
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, ClassVar

import pycountry

from events.event_types import event_type, event_types
from events.imports import where
from events.imports.voices import LONGEST_NAME, add_actor, add_source, digest
from places.models import PlaceKind
from places.resolution import Sought
from records.imports import (
    Cells,
    Headed,
    Item,
    Rejected,
    Row,
)
from sources.models import ActorKind, SourceKind

#: Columns that both headers have and that are read.
REQUIRED = (
    "event_id_cnty", "event_date", "time_precision", "event_type", "sub_event_type", "actor1",
    "assoc_actor_1", "actor2", "assoc_actor_2", "iso", "country", "admin1", "admin2", "admin3",
    "location", "latitude", "longitude", "geo_precision", "source", "source_scale", "fatalities",
    "timestamp",
)  # fmt: skip

#: Which of our types stands for a sub-event that is in the crosswalk of several: the most general
#: one that holds of every such row. The others say more than the row does.
AMBIGUOUS = {
    "Battles / Armed clash": "battle.clash",
    "Battles / Government regains territory": "territory.control_gained",
    "Explosions/Remote violence / Air/drone strike": "strike",
    "Strategic developments / Agreement": "politics.agreement",
    "Strategic developments / Non-violent transfer of territory": "territory",
    "Strategic developments / Other": "other",
}
GEO_PRECISION = {"1": "settlement", "2": "near_settlement", "3": "admin1"}
#: Words with which names of actors begin that say what they are.
ACTOR_KINDS = (
    ("Military Forces of ", ActorKind.ARMED_FORCE),
    ("Government of ", ActorKind.GOVERNMENT),
    ("Police Forces of ", ActorKind.ORGANIZATION),
    ("Civilians", ActorKind.COLLECTIVE),
    ("Protesters", ActorKind.COLLECTIVE),
    ("Rioters", ActorKind.COLLECTIVE),
)
#: Divisions around a place, the narrowest first.
DIVISIONS = (
    ("admin3", PlaceKind.ADMIN3),
    ("admin2", PlaceKind.ADMIN2),
    ("admin1", PlaceKind.ADMIN1),
)
#: Years that a row may be of; ACLED's first is 1997.
YEARS = range(1900, 2200)
#: So many days around the middle of a week are sure to hold it.
HALF_A_WEEK = timedelta(days=3)

_ID = re.compile(r"[A-Za-z0-9]+")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?")
_WORDS = re.compile(r"(\d{1,2}) ([A-Za-z]+) (\d{4})")
_MONTHS = {name.casefold(): number for number, name in enumerate(month_name) if name}


class Acled(Headed):
    """Events of ACLED."""

    name = "acled"
    title = "events of ACLED, as exported until 2022 and since"
    primary = "events"
    dataset: ClassVar = {
        "slug": "acled",
        "title": "Armed Conflict Location & Event Data (ACLED)",
        "publisher": "Armed Conflict Location & Event Data (ACLED)",
        "licence": "ACLED terms of use and attribution policy",
        "attribution": "Events: Armed Conflict Location & Event Data (ACLED), acleddata.com",
        "redistribution": "forbidden",
    }
    called = "table of ACLED events"
    columns = REQUIRED

    def read(self, row: Row) -> Item:
        key = row.fields["event_id_cnty"]
        if not _ID.fullmatch(key):
            raise Rejected("event_id_cnty", key, "is no id of letters and digits")
        self.take("event_id_cnty", key)
        item = Item(key, row)
        reading = _Reading(item, row.fields, key)
        reading.event()
        reading.documents()
        reading.claims()
        return item

    def settle(self, items: Sequence[Item]) -> None:
        where.settle(items)


class _Reading(Cells):
    """One row on its way to parts."""

    def __init__(self, item: Item, cells: dict[str, str], key: str) -> None:
        super().__init__({name: " ".join(text.split()) for name, text in cells.items()}, key)
        self.item = item
        self.when = self._when()
        self.type = self._type()
        self.title = self._title()

    def event(self) -> None:
        """The event, its place and who took part."""
        cells = self.cells
        precision = self.coded("geo_precision", GEO_PRECISION)
        lat, lon = self.degrees("latitude", 90), self.degrees("longitude", 180)
        self.item.add(
            "events",
            self.key,
            type=self.type,
            title=self.title,
            status="claimed",
            when=self.when,
            lat=lat,
            lon=lon,
            geo_precision=precision,
            codes={"acled": self.key},
        )
        event = self.item.parts[0]
        event.statement["participants"] = [
            {"actor": actor, "role": "participant"} for actor in self._actors()
        ]
        country = self._country()
        areas = {column: cells[column] for column, _ in DIVISIONS if cells[column]}
        sought = []
        if precision != "admin1" and cells["location"]:
            within = tuple(areas.values())
            sought.append(Sought(cells["location"], within, country, lat, lon))
        for column, kind in DIVISIONS:
            if column in areas and (precision != "admin1" or column == "admin1"):
                around = tuple(name for other, name in areas.items() if other < column)
                sought.append(Sought(areas[column], around, country, kinds=frozenset({kind})))
        if cells["country"]:
            kinds = frozenset({PlaceKind.COUNTRY})
            sought.append(Sought(cells["country"], country=country, kinds=kinds))
        self.item.pending = where.Where(event, sought)

    def _title(self) -> str:
        cells = self.cells
        sides = " and ".join(
            dict.fromkeys(_without_brackets(cells[c]) for c in ("actor1", "actor2") if cells[c])
        )
        # Of a wider area ACLED names its capital, which is not where it happened.
        spots = () if cells["geo_precision"] == "3" else ("location",)
        place = next((cells[c] for c in (*spots, "admin1", "country") if cells[c]), "")
        return f"{event_type(self.type)['label']}: {sides}{place and f', {place}'}"[:200]

    def _actors(self) -> list[str]:
        """The actors that the row names, each once, in its order."""
        if not _listed(self.cells["actor1"]):
            raise Rejected("actor1", self.cells["actor1"], "is missing", self.key)
        names = [
            name
            for column in ("actor1", "assoc_actor_1", "actor2", "assoc_actor_2")
            for name in _listed(self.cells[column])
        ]
        return [add_actor(self.item, name, kind=_actor_kind(name)) for name in dict.fromkeys(names)]

    def _country(self) -> str | None:
        """The country by its number in ISO 3166-1, else by its name."""
        found = pycountry.countries.get(numeric=self.cells["iso"].zfill(3))
        return found.alpha_2 if found else where.country_called(self.cells["country"])

    def documents(self) -> None:
        """The row as a document, and the publications that it cites."""
        self.acled = add_source(self.item, "ACLED", kind=SourceKind.DATASET)
        #: What each publication said, of which no more than its name is known, by the publication.
        self.articles: dict[str, str] = {}
        for name in dict.fromkeys(name[:LONGEST_NAME] for name in _listed(self.cells["source"])):
            publisher = add_source(self.item, name, kind=SourceKind.NEWS_OUTLET)
            self.articles[publisher] = self.item.add(
                "documents",
                f"{self.key}:article {digest(name)}",
                kind="article",
                publisher=publisher,
            )
        self.row = self.item.add(
            "documents",
            f"{self.key}:row",
            kind="dataset",
            title=f"ACLED event {self.key}",
            publisher=self.acled,
            published=self._changed(),
            rights="forbidden",
            relations=[{"kind": "cites", "document": one} for one in self.articles.values()],
        )

    def _changed(self) -> dict[str, str] | None:
        """When ACLED last changed the row."""
        text = self.cells["timestamp"]
        if not text:
            return None
        try:
            day = datetime.fromtimestamp(int(text), UTC).date()
        except (ValueError, OverflowError, OSError):
            day = date.min
        if day.year not in YEARS:
            self.item.mend("timestamp_unread", f"“{text[:40]}” counts no seconds since 1970")
            return None
        return {"edtf": day.isoformat(), "basis": "metadata"}

    def claims(self) -> None:
        """What each publication and ACLED itself assert."""
        for publisher, article in self.articles.items():
            self._claim(
                f"said:{article.rpartition(' ')[2]}",
                claimant=publisher,
                statement=self._sentence("is said to have happened"),
                kind="occurrence",
                certainty="unstated",
                citations=[self._cited("source", [{"document": article}])],
            )
        scale = f"; source_scale {self.cells['source_scale']}" if self.cells["source_scale"] else ""
        self._coding(
            "occurrence",
            statement=self._sentence("is recorded by ACLED"),
            kind="occurrence",
            citations=[self._cited(f"event_type, sub_event_type{scale}")],
        )
        if self.cells.get("civilian_targeting"):
            self._coding(
                "civilians",
                statement="ACLED codes civilians as the main or the only target.",
                kind="description",
                citations=[self._cited("civilian_targeting")],
            )
        self._killed()

    def _killed(self) -> None:
        count = self.count("fatalities")
        figures = {"low": count, "best": count, "high": count} if count else {}
        said: dict[str, Any] = (
            {"kind": "quantity", "statement": f"ACLED counts {count} killed."}
            if count
            else {
                "kind": "unknown",
                "polarity": "unknown",
                "statement": "ACLED knows of nobody killed: its 0 means none, or unknown.",
            }
        )
        self._coding(
            "killed",
            **said,
            quantity={"metric": "killed", "unit": "people", **figures},
            holds=self.when,
            citations=[self._cited("fatalities")],
        )

    def _sentence(self, said: str) -> str:
        return f"It {said}: {self.title}."[:300]

    def _coding(self, part: str, **said: Any) -> None:
        """Add a claim of ACLED's own."""
        self._claim(part, claimant=self.acled, voice="narration", certainty="unstated", **said)

    def _claim(self, part: str, **said: Any) -> None:
        self.item.add("claims", f"{self.key}:{part}", event=self.key, **said)

    def _cited(self, columns: str, via: Sequence[dict[str, str]] = ()) -> dict[str, Any]:
        return {
            "document": self.row,
            "mode": "paraphrase",
            "locator": f"{self.key}, {columns}"[:200],
            "via": list(via),
        }

    # Cells.

    def _when(self) -> dict[str, str]:
        """The day, or the week or month that ACLED writes as its middle."""
        day = self._date()
        match self.cells["time_precision"]:
            case "1":
                return {"edtf": day.isoformat(), "basis": "metadata"}
            case "2":
                first, last = day - HALF_A_WEEK, day + HALF_A_WEEK
                return {"edtf": f"{first.isoformat()}/{last.isoformat()}", "basis": "inferred"}
            case "3":
                return {"edtf": day.isoformat()[:7], "basis": "inferred"}
        code = self.cells["time_precision"]
        raise Rejected("time_precision", code, "is none of 1, 2, 3", self.key)

    def _date(self) -> date:
        text = self.cells["event_date"]
        if match := _ISO.fullmatch(text):
            year, month, day = map(int, match.groups())
        elif match := _SLASHES.fullmatch(text):
            day, month, year = map(int, match.groups())
            self.item.mend("date_form", "event_date was read as day/month/year")
        elif (match := _WORDS.fullmatch(text)) and match[2].casefold() in _MONTHS:
            day, month, year = int(match[1]), _MONTHS[match[2].casefold()], int(match[3])
        else:
            reason = "is no date: YYYY-MM-DD, D/M/YYYY or a day with the month in English"
            raise Rejected("event_date", text, reason, self.key)
        try:
            if year in YEARS:
                return date(year, month, day)
        except ValueError:
            reason = "is no day of the calendar"
            raise Rejected("event_date", text, reason, self.key) from None
        reason = f"lies outside the years {YEARS[0]} to {YEARS[-1]}"
        raise Rejected("event_date", text, reason, self.key)

    def _type(self) -> str:
        """Our type for the sub-event; for one that is not known here, that of its event type."""
        main, sub = self.cells["event_type"], self.cells["sub_event_type"]
        types = _types()
        if found := types.get(f"{main} / {sub}".casefold()):
            return found
        if found := types.get(main.casefold()):
            self.item.mend("sub_event_unknown", f"“{sub[:60]}” is no known kind of “{main}”")
            return found
        raise Rejected("event_type", main, "is no event type of ACLED", self.key)


@cache
def _types() -> dict[str, str]:
    """Our types by ACLED's event type, and by “event type / sub-event type”, in small letters."""
    found: dict[str, str] = {}
    for entry in event_types():
        for code in entry["crosswalk"].get("acled", []):
            found[code.casefold()] = AMBIGUOUS.get(code, entry["code"])
    return found


def _listed(text: str) -> list[str]:
    """What semicolons part."""
    return [part for piece in text.split(";") if (part := piece.strip())]


def _actor_kind(name: str) -> ActorKind:
    return next((kind for words, kind in ACTOR_KINDS if name.startswith(words)), ActorKind.GROUP)


def _without_brackets(name: str) -> str:
    return name.split("(")[0].strip() or name
