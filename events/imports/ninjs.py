"""News items in IPTC's ninjs, versions 2 and 3, and as far as they say the same version 1.

The mapping is in `docs/imports.md`. An item is a document; one that announces an event is a
document, the event, and the claim that it will take place. Names of members are read in any case,
in which the versions differ.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from events.imports import where
from events.imports.objects import (
    cut,
    every,
    instant_of,
    language_of,
    rights_of,
    row_of,
    text_of,
    texts,
    time_of,
    url_of,
)
from events.imports.voices import LONGEST_TITLE, add_actor, add_source, digest
from places.models import PlaceKind
from places.resolution import Sought
from records import edtf
from records.imports import Format, Item, Opened, Part, Refused, Rejected, Row
from records.time import bounds
from sources.models import ActorKind, DocumentKind, PublishingStatus, SourceKind

Node = dict[str, Any]

EVENT = "event"
#: The kinds of documents, by the type of an item. A `planning` item is none: it is a newsroom's
#: plan of what to cover.
KINDS = {
    "text": DocumentKind.ARTICLE,
    "composite": DocumentKind.ARTICLE,
    "component": DocumentKind.ARTICLE,
    "picture": DocumentKind.IMAGE,
    "graphic": DocumentKind.IMAGE,
    "audio": DocumentKind.AUDIO,
    "video": DocumentKind.VIDEO,
    EVENT: DocumentKind.DATASET,
}
#: What names things without saying where in the text.
UNPLACED = ("people", "organisations", "places", "objects", "subjects")
LONGEST_NAME, LONGEST_STATEMENT, LONGEST_AUTHOR = 200, 300, 300


class Ninjs(Format):
    """News items of ninjs."""

    name = "ninjs"
    title = "news items in IPTC's ninjs: one, a list, or one a line"
    primary = "documents"
    dataset: ClassVar = {
        "slug": "ninjs",
        "title": "News items in ninjs",
        "publisher": "The publishers of the items",
        "attribution": "News items: their publishers",
        "redistribution": "attribution",
    }

    def __init__(self) -> None:
        #: The newest version of each item of the files, by its URI.
        self.newest: dict[str, Row] = {}

    def check(self, files: Sequence[Opened]) -> None:
        for file in files:
            if not any(_uri(row.fields) for row in _rows(file) if not row.fault):
                raise Refused(f"{file.name} has no item of ninjs: no object in it has a uri.")

    def rows(self, files: Sequence[Opened]) -> Iterator[Row]:
        found = [row for file in files for row in _rows(file)]
        self.newest = {}
        for row in found:
            uri = None if row.fault else _uri(row.fields)
            if uri and (
                uri not in self.newest or _version(row.fields) > _version(self.newest[uri].fields)
            ):
                self.newest[uri] = row
        yield from self._embedded_first(found)

    def _embedded_first(self, found: list[Row]) -> Iterator[Row]:
        """The rows, those that others embed before them: what an item says of itself stands."""
        waiting, opened, done = found[::-1], set[int](), set[int]()
        while waiting:
            row = waiting.pop()
            if id(row) in done:
                continue
            inner = [
                one
                for other in ([] if row.fault else _associations(row.fields))
                if (one := self.newest.get(_uri(other) or "")) and id(one) not in opened | done
            ]
            if inner and id(row) not in opened:
                opened.add(id(row))
                waiting += [row, *inner]
            else:
                done.add(id(row))
                yield row

    def read(self, row: Row) -> Item:
        node: Node = row.fields
        uri = _uri(node)
        if uri is None:
            raise Rejected("uri", "", "is missing")
        key = digest(uri)
        if self.newest[uri] is not row:
            version = str(_got(node, "version") or "")
            raise Rejected("version", version, "the files have one as new or newer", key)
        item = Item(key, row)
        _Reading(item, node, uri).all()
        return item

    def settle(self, items: Sequence[Item]) -> None:
        where.settle(items)


class _Reading:
    """One item on its way to parts."""

    def __init__(self, item: Item, node: Node, uri: str) -> None:
        self.item, self.node, self.uri, self.key = item, node, uri, item.key
        self.document = self._document(node)

    def all(self) -> None:
        """The document, what it embeds, the events that it is about, and what it leaves out."""
        self.item.parts.insert(0, Part("documents", self.key, self.document))
        self.document["relations"] = [
            {"kind": "embeds", "document": other} for other in dict.fromkeys(self._embedded())
        ]
        for named in every(_got(self.node, "events")):
            self._named_event(named)
        announces = _type(self.node) == EVENT
        if announces:
            self._event()
        kept = {"places"} if announces else set()
        left = [name for name in UNPLACED if name not in kept and every(_got(self.node, name))]
        if left:
            self.item.mend("left_out", f"{', '.join(left)}: not kept, as no span of a text has it")

    def _document(self, node: Node) -> dict[str, Any]:
        """What an item says of itself as a document."""
        status = str(_got(node, "pubstatus", "usagestatus") or PublishingStatus.USABLE)
        if status not in PublishingStatus.values:
            known = ", ".join(PublishingStatus.values)
            raise Rejected("pubStatus", status, f"is none of {known}", self.key)
        kind = _type(node)
        if kind not in KINDS:
            raise Rejected("type", kind, f"is none of {', '.join(KINDS)}", self.key)
        by = [
            text_of(_got(one, "name") if isinstance(one, dict) else one)
            for one in every(_got(node, "by", "byline", "bylines"))
        ]
        holder = text_of(_got(node, "copyrightholder"))
        return {
            "kind": KINDS[kind],
            "title": cut(_headline(node), LONGEST_TITLE),
            "author": cut("; ".join(name for name in by if name), LONGEST_AUTHOR) or None,
            "url": url_of(_uri(node)),
            "publisher": holder and add_source(self.item, holder, kind=SourceKind.NEWS_OUTLET),
            "language": language_of(self.item, "language", _got(node, "language")),
            "published": time_of(self.item, "versionCreated", _got(node, "versioncreated")),
            "status": status,
            "rights": rights_of(_got(_got(node, "rightsinfo"), "linkedrights")),
        }

    def _embedded(self) -> Iterator[str]:
        """The items that this one is associated with, as far as it tells of them; their ids."""
        for position, other in enumerate(_associations(self.node)):
            uri = _uri(other)
            if uri != self.uri:
                told = digest(uri) if uri else f"{self.key}:association {position}"
                said = self._document(other)
                yield self.item.add("documents", told, only_new=bool(uri), **said)

    def _named_event(self, named: Any) -> None:
        """An event that the item is about, of which it tells the name alone."""
        name = text_of(_got(named, "name"))
        if name is None:
            self.item.mend("event_unnamed", "an event of it has no name and is left out")
            return
        told = digest(_uri(named), name)
        event = self.item.add(
            "events", f"event {told}", type="other", title=cut(name, LONGEST_NAME), status="unknown"
        )
        self._claim(
            f"event {told}",
            event=event,
            document=self.key,
            kind="description",
            statement=f"The item is about this event: {name}.",
            locator="events",
        )

    def _event(self) -> None:
        """The event that the item announces, where it will be, and that this is said."""
        details = _got(self.node, "eventdetails")
        title = _headline(self.node)
        if title is None:
            raise Rejected("title", "", "is missing: the event has no name", self.key)
        organisers = [
            add_actor(self.item, name, kind=ActorKind.ORGANIZATION)
            for one in every(_got(details, "organiser"))
            if (name := text_of(_got(one, "name")))
        ]
        when = self._when(_got(details, "dates"))
        over = bounds(when["edtf"])[1] if when else None
        told = instant_of(_got(self.node, "versioncreated"))
        settled = str(_got(details, "eventstatus") or "").rpartition("/")[2]
        if "cancel" in settled.lower():
            status, kind, says = "negated", "prediction", "It does not take place"
        elif over and told and over <= told:
            status, kind, says = "claimed", "occurrence", "It took place"
        else:
            status, kind, says = "planned", "prediction", "It will take place"
        event = self.item.add(
            "events",
            f"{self.key}:event",
            type="other",
            title=cut(title, LONGEST_NAME),
            status=status,
            when=when,
            participants=[{"actor": actor, "role": "participant"} for actor in organisers],
        )
        part = next(p for p in self.item.parts if p.external_id == event)
        self.item.pending = where.Where(part, self._sought())
        self._claim(
            "said",
            event=event,
            kind=kind,
            polarity="denied" if status == "negated" else "affirmed",
            statement=f"{says}: {title}.",
            locator="eventDetails",
        )

    def _when(self, dates: Any) -> dict[str, str] | None:
        """When the event is: the start alone with its clock time, a span by its days."""
        start, end = (
            time_of(self.item, of, _got(dates, of, f"expected{of}"))
            for of in ("startdate", "enddate")
        )
        if start is None or end is None or start == end:
            return start or end
        span = f"{start['edtf'][:10]}/{end['edtf'][:10]}"
        try:
            edtf.parse(span)
        except edtf.EdtfError:
            self.item.mend("date_unread", f"“{span}” ends before it begins: its end is left out")
            return start
        return start | {"edtf": span}

    def _sought(self) -> list[Sought]:
        """Where it is: the first place that it names, then the town and the country of that."""
        places = every(_got(self.node, "places"))
        name = text_of(_got(places[0], "name")) if places else None
        if name is None:
            return []
        if len(places) > 1:
            self.item.mend("first_place", f"of {len(places)} places the first is kept")
        addresses = [_got(one, "address") for one in every(_got(places[0], "contactinfo"))]
        address = next((one for one in addresses if isinstance(one, dict)), {})
        town, land = text_of(_got(address, "locality")), text_of(_got(address, "country"))
        country = where.country_called(land or "")
        sought = [Sought(name, (town,) if town else (), country)]
        if town:
            sought.append(Sought(town, country=country))
        if land:
            sought.append(Sought(land, country=country, kinds=frozenset({PlaceKind.COUNTRY})))
        return sought

    def _claim(self, part: str, *, statement: str, locator: str, **said: Any) -> None:
        """Add a claim of the publisher's, or of a voice of its own where none is named."""
        claimant = self.document["publisher"] or self.item.add(
            "sources", f"{self.key}:publisher", name="Unknown publisher", kind=SourceKind.UNKNOWN
        )
        cited = {"document": self.key, "mode": "paraphrase", "locator": locator}
        self.item.add(
            "claims",
            f"{self.key}:{part}",
            claimant=claimant,
            statement=cut(statement, LONGEST_STATEMENT),
            certainty="unstated",
            said=self.document["published"],
            citations=[cited],
            **said,
        )


def _rows(file: Opened) -> Iterator[Row]:
    """The items of a file."""
    for together in texts(file):
        for line, value in together:
            many = isinstance(value, list)
            for position, node in enumerate(every(value), start=1):
                yield row_of(file, position if many else line, node)


def _got(node: Any, *names: str) -> Any:
    """The first member of an object that has one of the names, given in small letters."""
    if not isinstance(node, dict):
        return None
    members = {name.lower(): value for name, value in node.items()}
    return next((members[name] for name in names if members.get(name) is not None), None)


def _uri(node: Any) -> str | None:
    return text_of(_got(node, "uri"))


def _type(node: Node) -> str:
    """The type of an item; for one that does not say it, whether it announces an event."""
    said = text_of(_got(node, "type"))
    return said or (EVENT if _got(node, "eventdetails") else "text")


def _version(node: Node) -> tuple[datetime, int]:
    """What tells an older version from a newer one."""
    number = str(_got(node, "version") or "")
    first = datetime.min.replace(tzinfo=UTC)
    return (
        instant_of(_got(node, "versioncreated")) or first,
        int(number) if number.isascii() and number.isdecimal() else 0,
    )


def _headline(node: Node) -> str | None:
    """The main headline, else the first, else the title of the item."""
    given = [one for one in every(_got(node, "headlines", "headline")) if one]
    main = [one for one in given if isinstance(one, dict) and _got(one, "role") == "main"]
    texts_given = [
        text_of(_got(one, "value") if isinstance(one, dict) else one) for one in [*main, *given]
    ]
    return next((text for text in texts_given if text), None) or text_of(_got(node, "title"))


def _associations(node: Node) -> list[Node]:
    """The associated items: a list, or in version 1 an object by their names."""
    given = _got(node, "associations")
    values = list(given.values()) if isinstance(given, dict) else every(given)
    return [one for one in values if isinstance(one, dict)]
