"""GDELT 2.0: its events (export files), and the mentions of them in articles.

The mapping is in `docs/imports.md`. GDELT codes by machine what articles say. So a row is an event
that is claimed, and one claim of GDELT's that it happened, cited from the articles; who does and
who undergoes it is in the claim, and never stated of the event.

A run takes files of both kinds, told apart by their columns. Mentions go to the claim of their
event, be it in the files or public already, and add to what was cited before.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from events.imports import cameo, fips, where
from events.imports.voices import LONGEST_TITLE, add_actor, add_article, add_source, digest
from events.records import ClaimRecord, EventRecord
from places.imports.areas import country_name
from places.models import PlaceKind
from places.resolution import Sought
from records.imports import Cells, Format, Item, Opened, Part, Refused, Rejected, Row, read_table
from records.imports.tables import header_of
from records.models import Origin
from records.shape import Statement
from sources.models import SourceKind

_ACTOR = (
    "Code", "Name", "CountryCode", "KnownGroupCode", "EthnicCode", "Religion1Code",
    "Religion2Code", "Type1Code", "Type2Code", "Type3Code",
)  # fmt: skip
_GEO = ("Type", "FullName", "CountryCode", "ADM1Code", "ADM2Code", "Lat", "Long", "FeatureID")
COLUMNS = (
    "GLOBALEVENTID", "SQLDATE", "MonthYear", "Year", "FractionDate",
    *(f"Actor{number}{name}" for number in (1, 2) for name in _ACTOR),
    "IsRootEvent", "EventCode", "EventBaseCode", "EventRootCode", "QuadClass", "GoldsteinScale",
    "NumMentions", "NumSources", "NumArticles", "AvgTone",
    *(f"{what}Geo_{name}" for what in ("Actor1", "Actor2", "Action") for name in _GEO),
    "DATEADDED", "SOURCEURL",
)  # fmt: skip
MENTION_COLUMNS = (
    "GLOBALEVENTID", "EventTimeDate", "MentionTimeDate", "MentionType", "MentionSourceName",
    "MentionIdentifier", "SentenceID", "Actor1CharOffset", "Actor2CharOffset", "ActionCharOffset",
    "InRawText", "Confidence", "MentionDocLen", "MentionDocTone", "MentionDocTranslationInfo",
    "Extras",
)  # fmt: skip

GEO_PRECISION = {
    "0": None, "": None, "1": "country", "2": "admin1", "3": "settlement", "4": "settlement",
    "5": "admin1",
}  # fmt: skip
#: Types of mentions: where the document is found.
WEB, OFFLINE, CORE, DTIC, JSTOR, VIDEO = "123456"
#: An event that is dated so much before GDELT saw it: mostly an article's "a year ago".
A_YEAR = timedelta(days=360)
#: So many events are looked for together.
TOGETHER = 500
_LONGEST_URL = 2_000

_ID = re.compile(r"[0-9]{1,19}")
_valid_url = URLValidator(schemes=["http", "https"])


@dataclass
class _Given:
    """What the files say of one event: its row, if any, its mentions, or what is wrong."""

    event: dict[str, str] | None = None
    mentions: list[dict[str, str]] = field(default_factory=list)
    fault: Rejected | None = None


class Gdelt(Format):
    """Events and mentions of GDELT 2.0."""

    name = "gdelt"
    title = "events of GDELT 2.0 (export files), and mentions of them"
    primary = "events"
    dataset: ClassVar = {
        "slug": "gdelt",
        "title": "GDELT 2.0 Event Database",
        "publisher": "The GDELT Project",
        "licence": "GDELT terms of use",
        "licence_url": "https://www.gdeltproject.org/about.html#termsofuse",
        "attribution": "Events: The GDELT Project (gdeltproject.org)",
        "redistribution": "attribution",
    }

    def check(self, files: Sequence[Opened]) -> None:
        for file in files:
            _form_of(file)

    def rows(self, files: Sequence[Opened]) -> Iterator[Row]:
        tables = [(file, *_form_of(file)) for file in files]
        # A database without a name is a file of its own that goes when it is closed.
        with closing(sqlite3.connect("")) as database:
            index = _Index(database)
            for file, columns, delimiter, header in tables:
                if columns is MENTION_COLUMNS:
                    yield from index.take(_table(file, columns, delimiter, header))
            for file, columns, delimiter, header in tables:
                if columns is COLUMNS:
                    for row in _table(file, columns, delimiter, header):
                        yield row if row.fault else index.joined(row)
            yield from _further(index)

    def read(self, row: Row) -> Item:
        given: _Given = row.fields
        if given.fault:
            raise given.fault
        if given.event is not None:
            return _Reading(row, given.event, given.mentions).item()
        key = given.mentions[0]["GLOBALEVENTID"]
        item = Item(key, row)
        item.add("claims", f"{key}:claim", citations=[])
        item.add("events", key, only_new=True, codes={"gdelt": key})
        item.parts[0].statement["citations"] = [_cited(item, m) for m in given.mentions]
        return item

    def settle(self, items: Sequence[Item]) -> None:
        where.settle(items)
        _keep_cited(items)


def _form_of(file: Opened) -> tuple[tuple[str, ...], str, bool]:
    """The columns of a file, what parts them, and whether it names them. Raises `Refused`."""
    first, delimiter = header_of(file, "\t,")
    for columns in (COLUMNS, MENTION_COLUMNS):
        if len(first) == len(columns) and (
            _ID.fullmatch(first[0]) or first[0].lower() == "globaleventid"
        ):
            return columns, delimiter, first[0].lower() == "globaleventid"
    raise Refused(
        f"{file.name} is neither a table of events nor one of mentions of GDELT 2.0: its first "
        f"row has {len(first)} cells, not {len(COLUMNS)} or {len(MENTION_COLUMNS)} that begin "
        "with the id of an event."
    )


def _table(file: Opened, columns: Sequence[str], delimiter: str, header: bool) -> Iterator[Row]:
    return read_table(file, columns, delimiter, header=header, quoted=delimiter == ",")


def _fault_of_mention(cells: dict[str, str]) -> Rejected | None:
    """What is wrong with a mention."""
    key = cells["GLOBALEVENTID"]
    if not _ID.fullmatch(key):
        return Rejected("GLOBALEVENTID", key, "is no id of digits")
    if cells["MentionType"] not in (WEB, OFFLINE, CORE, DTIC, JSTOR, VIDEO):
        return Rejected("MentionType", cells["MentionType"], "is none of 1 to 6", key)
    if not cells["MentionIdentifier"]:
        return Rejected("MentionIdentifier", "", "names no document", key)
    return None


class _Index:
    """The mentions by event, and the events that had their row: on disk, there may be millions."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._rows = database
        self._rows.executescript(
            "create table events (id text primary key) without rowid;"
            "create table mentions (event text, file text, line integer, original text,"
            " cells text);"
            "create index of_event on mentions (event);"
        )

    def take(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Keep the mentions that can be read, and give back the others."""
        for row in rows:
            fault = None if row.fault else _fault_of_mention(row.fields)
            if row.fault or fault:
                yield replace(row, fields=_Given(fault=fault))
            else:
                self._rows.execute(
                    "insert into mentions values (?, ?, ?, ?, ?)",
                    (
                        row.fields["GLOBALEVENTID"],
                        row.file,
                        row.line,
                        row.original,
                        json.dumps(row.fields),
                    ),
                )

    def joined(self, row: Row) -> Row:
        """The row of an event, with its mentions."""
        key = row.fields["GLOBALEVENTID"]
        if not _ID.fullmatch(key):
            return replace(
                row, fields=_Given(fault=Rejected("GLOBALEVENTID", key, "is no id of digits"))
            )
        if not self._rows.execute("insert or ignore into events values (?)", (key,)).rowcount:
            fault = Rejected("GLOBALEVENTID", key, "is the id of an earlier row of the files", key)
            return replace(row, fields=_Given(fault=fault))
        found = self._rows.execute(
            "select cells from mentions where event = ? order by rowid", (key,)
        )
        return replace(row, fields=_Given(row.fields, [json.loads(cells) for (cells,) in found]))

    def left(self) -> Iterator[tuple[str, Row]]:
        """The mentions of events that have no row in the files, together for each event."""
        found = self._rows.execute(
            "select event, file, line, original, cells from mentions"
            " where event not in (select id from events) order by event, rowid"
        )
        for key, rows in groupby(found, key=lambda row: row[0]):
            _, files, lines, originals, cells = zip(*rows, strict=True)
            given = _Given(mentions=[json.loads(one) for one in cells])
            yield key, Row(files[0], lines[0], given, "\n".join(originals))


def _further(index: _Index) -> Iterator[Row]:
    """Mentions of events that are not in the files: those of public ones can be read."""
    together: list[tuple[str, Row]] = []
    for one in index.left():
        together.append(one)
        if len(together) == TOGETHER:
            yield from _told(together)
            together = []
    yield from _told(together)


def _told(together: Sequence[tuple[str, Row]]) -> Iterator[Row]:
    public = _claims([key for key, _ in together])
    for key, row in together:
        if key not in public:
            reason = "its event is neither in the files nor public"
            row = replace(row, fields=_Given(fault=Rejected("GLOBALEVENTID", key, reason, key)))
        yield row


def _claims(keys: Iterable[str]) -> dict[str, UUID]:
    """GDELT's public claims of events that are public, by the events' ids in GDELT."""
    codes = [f"gdelt:{key}" for key in keys]
    if not codes:
        return {}
    events = EventRecord.objects.current().filter(codes__overlap=codes)
    claims = ClaimRecord.objects.current().filter(event__in=events.values("object_id"))
    origins = Origin.objects.filter(
        resource="claims",
        object_id__in=list(claims.values_list("object_id", flat=True)),
        external_id__in=[f"{code.removeprefix('gdelt:')}:claim" for code in codes],
    )
    return {
        name.removesuffix(":claim"): claim_id
        for name, claim_id in origins.values_list("external_id", "object_id")
    }


def _keep_cited(items: Sequence[Item]) -> None:
    """Have the claims of a batch cite what they cite already beside what the files say.

    A mention says where in its document the event is; so it stands in for the row, which only
    names the document.
    """
    parts = {item.key: _claim_of(item) for item in items}
    public = _claims(parts)
    stored = ClaimRecord.shape.read(public.values())
    named = _names_of({c["document"] for old in stored.values() for c in old["citations"]})
    for key, part in parts.items():
        old = stored.get(public[key]) if key in public else None
        before: list[Statement] = old["citations"] if old else []
        known = {name: c["document"] for c in before for name in named.get(c["document"], ())}
        cited = {(c["document"], c["locator"]): c for c in before}
        for citation in part.statement["citations"]:
            document = known.get(citation["document"], citation["document"])
            cited.setdefault((document, citation["locator"]), {**citation, "document": document})
        mentioned = {document for document, locator in cited if locator != _row_locator(key)}
        if old and "claimant" not in part.statement:
            part.statement = old
        part.statement = {
            **part.statement,
            "citations": [
                citation
                for (document, locator), citation in cited.items()
                if locator != _row_locator(key) or document not in mentioned
            ],
        }


def _claim_of(item: Item) -> Part:
    return next(part for part in item.parts if part.resource == "claims")


def _names_of(documents: Iterable[str]) -> dict[str, list[str]]:
    """What data sets call documents, by the documents' ids."""
    found: dict[str, list[str]] = {}
    origins = Origin.objects.filter(resource="documents", object_id__in=list(documents))
    for row_id, name in origins.values_list("object_id", "external_id"):
        found.setdefault(str(row_id), []).append(name)
    return found


class _Reading(Cells):
    """The row of an event on its way to parts."""

    def __init__(self, row: Row, cells: dict[str, str], mentions: list[dict[str, str]]) -> None:
        super().__init__(cells, cells["GLOBALEVENTID"])
        self.mentions = mentions
        self._item = Item(self.key, row)

    def item(self) -> Item:
        """What the row says. Raises `Rejected`."""
        cells, item = self.cells, self._item
        code = cells["EventCode"]
        meaning = cameo.meaning(code) if code.isdecimal() else None
        if meaning is None:
            raise Rejected("EventCode", code, "is no event code of CAMEO", self.key)
        added = self._instant("DATEADDED", "YYYYMMDDHHMMSS")
        happened = self._instant("SQLDATE", "YYYYMMDD")
        if added - happened >= A_YEAR:
            item.mend(
                "dated_long_before",
                f"SQLDATE is {happened:%Y-%m-%d}, and DATEADDED {added:%Y-%m-%d}: "
                "it may be what the article compares with",
            )
        lat, lon = self._position()
        item.add(
            "events",
            self.key,
            type=cameo.type_of(code),
            contexts=cameo.contexts_of(code),
            status="claimed",
            when={"edtf": f"{happened:%Y-%m-%d}", "basis": "metadata"},
            lat=lat,
            lon=lon,
            geo_precision=self._geo_precision() if lat is not None else None,
            codes={"gdelt": self.key},
        )
        event = item.parts[0]
        actors = [cameo.actor(c) if (c := cells[f"Actor{n}Code"]) else None for n in (1, 2)]
        names = list(dict.fromkeys(actor.name for actor in actors if actor))
        event.statement["title"] = _sentence(
            meaning, " and ".join(names), self._placed(whole=False), 200
        )
        ids = [
            add_actor(item, actor.name, kind=actor.kind, code=("cameo", actor.code))
            for actor in actors
            if actor
        ]
        event.statement["participants"] = [
            {"actor": actor, "role": "participant"} for actor in dict.fromkeys(ids)
        ]
        item.pending = where.Where(event, self._sought(lat, lon))
        first, second = (actor.name if actor else "" for actor in actors)
        item.add(
            "claims",
            f"{self.key}:claim",
            statement=_sentence(
                f"A report is coded as “{meaning}” (CAMEO {code})",
                f"{first} towards {second}".lstrip() if second else first,
                self._placed(whole=True),
                299,
            )
            + ".",
            kind="occurrence",
            voice="narration",
            claimant=add_source(item, "GDELT", kind=SourceKind.DATASET),
            event=self.key,
            certainty="unstated",
            said={
                "edtf": f"{added:%Y-%m-%dT%H:%M:%SZ}",
                "precision": "minute",
                "basis": "metadata",
            },
            citations=self._citations(),
        )
        return item

    def _citations(self) -> list[Statement]:
        text = self.cells["SOURCEURL"]
        if not text and not self.mentions:
            raise Rejected("SOURCEURL", "", "names no report, and no mention does", self.key)
        cited = [_cited(self._item, mention) for mention in self.mentions]
        if text:
            article = _article(self._item, "SOURCEURL", text, None)
            locator = _row_locator(self.key)
            cited.append({"document": article, "mode": "paraphrase", "locator": locator})
        return cited

    # Cells.

    def _instant(self, column: str, shape: str) -> datetime:
        text = self.cells[column]
        try:
            # The length is checked as well: fewer digits could be read otherwise.
            if not text.isdecimal() or len(text) != len(shape):
                raise ValueError
            return datetime.strptime(text.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            raise Rejected(column, text, f"is no date: {shape}", self.key) from None

    def _geo_precision(self) -> str | None:
        code = self.cells["ActionGeo_Type"]
        if code not in GEO_PRECISION:
            raise Rejected("ActionGeo_Type", code, "is none of 0 to 5", self.key)
        return GEO_PRECISION[code]

    def _position(self) -> tuple[float | None, float | None]:
        given = [self.cells[f"ActionGeo_{name}"] for name in ("Lat", "Long")]
        if not any(given):
            return None, None
        return self.degrees("ActionGeo_Lat", 90), self.degrees("ActionGeo_Long", 180)

    # Places.

    def _names(self) -> list[str]:
        """The place, its division and its country, as far as the row names them."""
        parts = [part.strip() for part in self.cells["ActionGeo_FullName"].split(",")]
        return [part for part in parts if part and not part.endswith("(general)")]

    def _placed(self, *, whole: bool) -> str:
        """Where it is, in words, with all that it lies in or without; empty if nothing is said."""
        names = list(dict.fromkeys(self._names()))
        if not names:
            return ""
        word = "at" if self._geo_precision() == "settlement" else "in"
        return f"{word} {', '.join(names) if whole else names[0]}"

    def _sought(self, lat: float | None, lon: float | None) -> list[Sought]:
        """The place, its division and its country, as they are to be looked for."""
        names, precision = self._names(), self._geo_precision()
        country = self._country()
        sought = []
        if names and precision == "settlement":
            sought.append(Sought(names[0], tuple(names[1:-1]), country, lat, lon))
        divisions = names[1:-1] if precision == "settlement" else names[:1]
        if precision in ("settlement", "admin1"):
            kinds = frozenset({PlaceKind.ADMIN1})
            sought += [Sought(name, country=country, kinds=kinds) for name in divisions]
        if country:
            kinds = frozenset({PlaceKind.COUNTRY})
            code = f"iso3166-1:{country}"
            sought.append(Sought(country_name(country), country=country, kinds=kinds, code=code))
        return sought

    def _country(self) -> str | None:
        code = self.cells["ActionGeo_CountryCode"]
        country = fips.country_of(code)
        if code and country is None:
            self._item.mend("country_unknown", f"“{code[:20]}” is no country of FIPS 10-4 now")
        return country


def _sentence(what: str, who: str, at: str, longest: int) -> str:
    """What happened, between whom and where, with a capital at its start."""
    text = f"{what}: {who}" if who else what
    text = f"{text}, {at}" if at else text
    return text[0].upper() + text[1:longest]


def _row_locator(key: str) -> str:
    return f"GDELT event {key}, SOURCEURL"


def _cited(item: Item, mention: dict[str, str]) -> Statement:
    """Where a mention is: offsets go into a text that GDELT had and that is not kept."""
    told = [f"GDELT mention of {mention['MentionTimeDate']}: sentence {mention['SentenceID']}"]
    offsets = [
        f"{what} at character {mention[column]}"
        for what, column in (
            ("action", "ActionCharOffset"),
            ("actor 1", "Actor1CharOffset"),
            ("actor 2", "Actor2CharOffset"),
        )
        if mention[column].isdecimal()
    ]
    told += [", ".join(offsets)] if offsets else []
    told += [f"confidence {mention['Confidence']} %"] if mention["Confidence"] else []
    return {
        "document": _mentioned(item, mention),
        "mode": "paraphrase",
        "locator": "; ".join(told)[:200],
    }


def _mentioned(item: Item, mention: dict[str, str]) -> str:
    """The document that mentions an event."""
    kind, text, name = (
        mention[f"Mention{column}"] for column in ("Type", "Identifier", "SourceName")
    )
    if kind == WEB:
        return _article(item, "MentionIdentifier", text, name)
    if kind == OFFLINE:
        return add_article(item, name, title=text, published=None)
    if kind == VIDEO and _followed(item, "MentionIdentifier", text):
        return item.add(
            "documents",
            f"video {digest(text)}",
            kind="video",
            url=text,
            publisher=add_source(item, _host(text), kind=SourceKind.NEWS_OUTLET),
        )
    return item.add(
        "documents",
        f"document {digest(kind, name, text)}",
        kind="article",
        title=text[:LONGEST_TITLE],
        publisher=add_source(item, name) if name else None,
    )


def _article(item: Item, column: str, text: str, name: str | None) -> str:
    """An article by its address, whose host is its publisher; else by the text that cites it."""
    if _followed(item, column, text):
        return add_article(item, _host(text), title=None, published=None, url=text)
    return add_article(item, name or "", title=text, published=None)


def _followed(item: Item, column: str, text: str) -> bool:
    """Whether a text is an address that can be followed; noted where it only looks like one."""
    try:
        _valid_url(text)
    except ValidationError:
        valid = False
    else:
        valid = len(text) <= _LONGEST_URL
    if not valid and text.lower().startswith("http"):
        item.mend("address_unread", f"{column} is no address that can be followed")
    return valid


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
