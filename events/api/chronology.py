"""Statements and happenings in their partial order, as it is read from top to bottom.

What is shown is read in a few queries; `events.order` orders it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from django.db.models import Q
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from events.api.computed import ComputedView
from events.api.control_records import claims_at
from events.api.filters import EventFilter
from events.api.serializers import ClaimReferenceSerializer, EventReferenceSerializer
from events.arguments import bounds
from events.models import Claim, ClaimLinkKind, Event, EventLinkKind, EventStatus, Voice
from events.order import Item, Layers, Link, Loose, PartialOrder, layers
from events.querysets import ClaimRecordQuerySet
from events.records import ClaimRecord, EventRecord
from records.api.moments import Moment
from records.api.reading import AS_OF
from records.api.serializers import (
    Number,
    UncertainTimeSerializer,
    Vocabulary,
    described,
    total,
)
from records.shape import NESTED_LIMIT, Body
from sources.api.filters import DocumentFilter
from sources.api.serializers import DocumentReferenceSerializer, SourceReferenceSerializer
from sources.records import DocumentRecord

#: How many statements and happenings are ordered, the earliest statements first.
MOST = 500
#: How many more claims or events are followed along their links. What lies beyond orders nothing.
FOLLOWED = 500

STATEMENT, HAPPENING = "statement", "happening"
#: By which links an event belongs to the chronology of another.
LINKED = (
    EventLinkKind.PART_OF,
    EventLinkKind.CAUSES,
    EventLinkKind.ENABLES,
    EventLinkKind.PRECEDES,
    EventLinkKind.RESPONDS_TO,
)


# What the answers are.


class EntryReferenceSerializer(serializers.Serializer):
    """A statement or a happening: one of `claim` and `event` is there, the other is null."""

    kind = serializers.CharField(help_text="`statement` or `happening`.")
    claim = ClaimReferenceSerializer(allow_null=True, help_text="What was stated.")
    event = EventReferenceSerializer(allow_null=True, help_text="What happened.")


class OrderReasonSerializer(EntryReferenceSerializer):
    """What an entry comes after, and why."""

    by = serializers.CharField(
        help_text="`time` where its time begins when the other's has ended; `precedes` where a "
        "link of that kind says so, over chains and over `same_as`. Time decides first.",
    )
    phrase = serializers.CharField(
        allow_null=True,
        help_text="The words of the link between them, such as *moments before*; of a chain those "
        "of each link, in their order; null if there are none.",
    )


class EntrySerializer(serializers.Serializer):
    """What statements and happenings share."""

    after = OrderReasonSerializer(
        many=True,
        help_text="What it comes after, and why: of all that ended before it began the last to "
        "end, and all that links put before it.",
    )
    after_total = total("after")


class StatementSerializer(EntrySerializer):
    """That somebody stated something, at the time of the statement."""

    kind = serializers.CharField(help_text="`statement`.")
    claim = ClaimReferenceSerializer(help_text="What was stated.")
    claimant = SourceReferenceSerializer(help_text=described(Claim, "claimant"))
    voice = serializers.ChoiceField(choices=Voice.choices, help_text=described(Claim, "voice"))
    time = UncertainTimeSerializer(allow_null=True, help_text=described(Claim, "said"))


class HappeningSerializer(EntrySerializer):
    """That something is said to happen, at its time."""

    kind = serializers.CharField(help_text="`happening`.")
    event = EventReferenceSerializer(help_text="What happened.")
    status = Vocabulary(EventStatus, help_text=described(Event, "status"))
    time = UncertainTimeSerializer(allow_null=True, help_text=described(Event, "when"))


class EntriesSerializer(serializers.Serializer):
    """Statements and happenings, the earliest first as far as that is known."""

    statements = StatementSerializer(many=True, help_text="What was stated.")
    happenings = HappeningSerializer(many=True, help_text="What happened.")


class StepSerializer(EntriesSerializer):
    """What comes after all of the steps before it, and before all of those that follow."""

    position = Number(help_text="Its place among the steps, from 1.")
    tied = serializers.BooleanField(
        help_text="Whether it has several entries and nothing orders any of them. Where it has "
        "several and is not tied, `after` tells which of them are ordered."
    )
    earliest = serializers.DateTimeField(
        allow_null=True,
        help_text="The earliest bound of its entries' times; null if one is open or unknown.",
    )
    latest = serializers.DateTimeField(
        allow_null=True,
        help_text="The latest bound of its entries' times; null if one is open or unknown.",
    )


class PlacesInOrderSerializer(serializers.Serializer):
    """Between which steps an undecided entry lies."""

    after_position = Number(
        allow_null=True,
        help_text="The last step after all of which it comes; null if there is none.",
    )
    before_position = Number(
        allow_null=True,
        help_text="The first step before all of which it comes; null if there is none.",
    )


class UndecidedStatementSerializer(PlacesInOrderSerializer, StatementSerializer):
    """A statement that fits in several steps, or between them."""


class UndecidedHappeningSerializer(PlacesInOrderSerializer, HappeningSerializer):
    """A happening that fits in several steps, or between them."""


class UndecidedSerializer(serializers.Serializer):
    """What has a place in the order and no one step. Nothing else is known of where it lies."""

    statements = UndecidedStatementSerializer(many=True, help_text="What was stated.")
    happenings = UndecidedHappeningSerializer(many=True, help_text="What happened.")


class SetAsideSerializer(serializers.Serializer):
    """A link `precedes` that decides nothing, because times or other links say otherwise."""

    before = EntryReferenceSerializer(help_text="Where it starts.")
    after = EntryReferenceSerializer(help_text="What it says comes later.")
    phrase = serializers.CharField(allow_null=True, help_text="Its words; null if there are none.")


class ChronologySerializer(serializers.Serializer):
    """Statements and happenings in their partial order: read the steps from top to bottom."""

    steps = StepSerializer(
        many=True,
        help_text="What is settled: all of a step comes after all of the step before it.",
    )
    undecided = UndecidedSerializer(
        help_text="What could lie in several steps: its time is too wide, or nothing says more."
    )
    unknown = EntriesSerializer(help_text="What has no time, and what nothing orders.")
    set_aside = SetAsideSerializer(
        many=True, help_text="Links that times or other links contradict, and that order nothing."
    )
    truncated = serializers.BooleanField(
        help_text=f"Whether there is more than is ordered here, which is at most {MOST} statements "
        "and happenings, the earliest statements first."
    )
    claims_url = serializers.URLField(help_text="The list of all the claims, whatever is cut here.")


class DocumentChronologySerializer(ChronologySerializer):
    """What a document tells in its order: what was said in it, and what that is about."""

    document = DocumentReferenceSerializer(help_text="The document.")


class EventChronologySerializer(ChronologySerializer):
    """An event in the order of what belongs to it and of what is said of it."""

    event = EventReferenceSerializer(help_text="The event.")


# What is read.


@dataclass(frozen=True)
class Told:
    """A claim or an event: its body, its links (kind, other end, phrase), where it is cited."""

    body: Body
    links: list[tuple[str, str, str | None]]
    documents: frozenset[str]

    @classmethod
    def of(cls, text: str, whole: str | None, *, other: str) -> "Told":
        """From a body, and from its statement where the body cuts a list.

        `other` is the member of a link that names its other end.
        """
        body: Body = orjson.loads(text)
        said: Body = orjson.loads(whole) if whole else body
        return cls(
            body,
            [(link["kind"], _id(link[other]), link["phrase"]) for link in said["relations"]],
            frozenset(_id(citation["document"]) for citation in said.get("citations", ())),
        )

    @property
    def id(self) -> str:
        return self.body["id"]

    def ordering(self) -> Iterable[tuple[str, str, str | None]]:
        """The links that order it or say what it is."""
        kinds = (ClaimLinkKind.PRECEDES, ClaimLinkKind.SAME_AS)
        return (link for link in self.links if link[0] in kinds)


def _id(reference: str | Body) -> str:
    """The id in a reference: a statement has it alone, a body the small form."""
    return reference if isinstance(reference, str) else reference["id"]


@dataclass
class Chronicle:
    """What is put in order."""

    statements: dict[str, Told] = field(default_factory=dict)
    happenings: dict[str, Told] = field(default_factory=dict)
    truncated: bool = False

    @property
    def ids(self) -> list[str]:
        """All that is shown."""
        return [*self.statements, *self.happenings]

    def add(self, statements: Iterable[Told], happenings: Iterable[Told]) -> None:
        """Take in as much as there is room for."""
        for into, found in ((self.statements, statements), (self.happenings, happenings)):
            for told in found:
                if len(self.ids) < MOST:
                    into[told.id] = told
                elif told.id not in into:
                    self.truncated = True

    def order(self, now: Moment) -> PartialOrder:
        """The order of what is shown, by times and by links over whatever they lead through."""
        claims = _followed(ClaimRecord, self.statements, "claim", now)
        events = _followed(EventRecord, self.happenings, "event", now)
        items = [Item(told.id, bounds(told.body["said"])) for told in claims.values()]
        items += [Item(told.id, bounds(told.body["when"])) for told in events.values()]
        links, same = [], []
        for told in (*claims.values(), *events.values()):
            for kind, other, phrase in told.ordering():
                if kind == ClaimLinkKind.SAME_AS:
                    same.append((told.id, other))
                else:
                    links.append(Link(told.id, other, phrase))
        return PartialOrder(items, links, same)


def _followed(
    record: type[ClaimRecord] | type[EventRecord], shown: dict[str, Told], other: str, now: Moment
) -> dict[str, Told]:
    """What is shown, and what its chains of `precedes` and `same_as` lead to: a query a step."""
    known = dict(shown)
    room = FOLLOWED
    waiting = _beyond(known.values(), known)
    while waiting and room:
        ids = sorted(waiting)[:room]
        room -= len(ids)
        versions = record.objects.at(now.seq).filter(object_id__in=ids)
        found = [
            Told.of(text, whole, other=other)
            for text, whole in versions.values_list("body", "whole")
        ]
        known |= {told.id: told for told in found}
        waiting = _beyond(found, known)
    return known


def _beyond(found: Iterable[Told], known: dict[str, Told]) -> set[str]:
    return {end for told in found for _, end, _ in told.ordering()} - known.keys()


def _claims(about: Q, now: Moment) -> list[Told]:
    """Claims at a moment, the earliest first: one more than is shown, if there are so many."""
    rows: list[tuple[Any, ...]] = []
    for part in claims_at(now):
        found: ClaimRecordQuerySet = part.filter(about).order_by("said_first", "object_id")
        rows += found.values_list("said_first", "object_id", "body", "whole")[: MOST + 1]
    rows.sort(key=lambda row: row[:2])
    return [Told.of(text, whole, other="claim") for _, _, text, whole in rows[: MOST + 1]]


def _events(about: Q, now: Moment) -> list[Told]:
    versions = EventRecord.objects.at(now.seq).filter(about).order_by("when_first", "object_id")
    rows = versions.values_list("body", "whole")[: MOST + 1]
    return [Told.of(text, whole, other="event") for text, whole in rows]


# How it is shown.


class _Shown:
    """The entries of an answer."""

    def __init__(self, told: Chronicle, order: PartialOrder) -> None:
        self.told, self.order = told, order

    def reference(self, one: str) -> Body:
        """An entry in small form."""
        claim, event = self.told.statements.get(one), self.told.happenings.get(one)
        return {
            "kind": STATEMENT if claim else HAPPENING,
            "claim": claim and ClaimRecord.reference(claim.body),
            "event": event and EventRecord.reference(event.body),
        }

    def entry(self, one: str) -> Body:
        """An entry with its time as it is stored, and with what it comes after."""
        reasons = self.order.reasons(one, self.told.ids)
        after = [
            {**self.reference(reason.before), "by": reason.by, "phrase": reason.phrase}
            for reason in reasons[:NESTED_LIMIT]
        ]
        cut = {"after_total": len(reasons)} if len(reasons) > NESTED_LIMIT else {}
        if claim := self.told.statements.get(one):
            return {
                "kind": STATEMENT,
                "claim": ClaimRecord.reference(claim.body),
                "claimant": claim.body["claimant"],
                "voice": claim.body["voice"],
                "time": claim.body["said"],
                "after": after,
                **cut,
            }
        event = self.told.happenings[one]
        return {
            "kind": HAPPENING,
            "event": EventRecord.reference(event.body),
            "status": event.body["status"],
            "time": event.body["when"],
            "after": after,
            **cut,
        }

    def entries(self, ids: Iterable[str], more: Callable[[str], Body] = lambda one: {}) -> Body:
        """Entries by their kind, each with what `more` says of it ahead."""
        shown = [(one, {**more(one), **self.entry(one)}) for one in ids]
        return {
            "statements": [entry for one, entry in shown if one in self.told.statements],
            "happenings": [entry for one, entry in shown if one in self.told.happenings],
        }

    def layers(self, found: Layers) -> Body:
        """All of an answer but what it is about."""
        places = {loose.id: _places(loose) for loose in found.loose}
        shown = set(self.told.ids)
        return {
            "steps": [
                {
                    "position": position,
                    "tied": step.tied,
                    **self.span(step.ids),
                    **self.entries(step.ids),
                }
                for position, step in enumerate(found.steps, start=1)
            ],
            "undecided": self.entries(places, places.__getitem__),
            "unknown": self.entries(found.unknown),
            "set_aside": [
                {
                    "before": self.reference(link.before),
                    "after": self.reference(link.after),
                    "phrase": link.phrase,
                }
                for link in self.order.set_aside
                if {link.before, link.after} <= shown
            ][:NESTED_LIMIT],
            "truncated": self.told.truncated,
        }

    def span(self, ids: Iterable[str]) -> Body:
        """The outer bounds of the times of entries, as far as all are known."""
        times = [
            self.told.statements[one].body["said"]
            if one in self.told.statements
            else self.told.happenings[one].body["when"]
            for one in ids
        ]
        first = [time and time["earliest"] for time in times]
        last = [time and time["latest"] for time in times]
        return {
            "earliest": None if None in first else min(first, key=datetime.fromisoformat),
            "latest": None if None in last else max(last, key=datetime.fromisoformat),
        }


def _places(loose: Loose) -> Body:
    return {"after_position": loose.after, "before_position": loose.before}


class ChronologyReadView(ComputedView):
    """What the chronologies share: how an order is shown."""

    def told(self, record: Body, now: Moment) -> Chronicle:
        """What is put in order."""
        raise NotImplementedError

    def in_order(self, record: Body, now: Moment) -> Body:
        """The answer on a record at a moment."""
        told = self.told(record, now)
        order = told.order(now)
        name = self.record.shape.model._meta.model_name or ""
        return {
            name: self.record.reference(record),
            **_Shown(told, order).layers(layers(order, told.ids)),
            "claims_url": self.claims_url({name: record["id"]}),
        }

    def claims_url(self, about: dict[str, str]) -> str:
        """The list of the claims that are about the record, at the moment asked for."""
        query = {**about, "ordering": "said"}
        if "as_of" in self.request.query_params:
            query["as_of"] = self.request.query_params["as_of"]
        return f"{self.address('claims')}?{urlencode(query)}"


class DocumentChronologyView(ChronologyReadView):
    """What a document tells, in its order."""

    queryset = DocumentRecord.objects.all()
    serializer_class = DocumentChronologySerializer
    filterset_class = DocumentFilter

    @extend_schema(
        operation_id="documents_chronology_retrieve",
        parameters=[AS_OF],
        responses=DocumentChronologySerializer,
        filters=False,
        tags=["documents"],
    )
    def chronology(self, request: Request, pk: str) -> HttpResponse:
        """The statements that can be read in the document, and the events that they are about.

        They come in steps, from first to last: by time where it is known well enough, else by what
        the text says of their order (`precedes`). What that leaves open is listed apart, and no
        time is invented.
        """
        return self.told_of(pk, self.in_order)

    def told(self, record: Body, now: Moment) -> Chronicle:
        """The claims that are cited from the document, and their events."""
        found = Chronicle()
        claims = _claims(Q(documents__contains=[record["id"]]), now)
        cited = [told for told in claims if record["id"] in told.documents]
        events = {told.body["event"]["id"] for told in cited if told.body["event"]}
        found.add(cited, _events(Q(object_id__in=events), now) if events else ())
        found.truncated |= len(claims) > MOST
        return found


class EventChronologyView(ChronologyReadView):
    """An event and what belongs to it, in their order."""

    queryset = EventRecord.objects.all()
    serializer_class = EventChronologySerializer
    filterset_class = EventFilter

    @extend_schema(
        operation_id="events_chronology_retrieve",
        parameters=[AS_OF],
        responses=EventChronologySerializer,
        filters=False,
        tags=["events"],
    )
    def chronology(self, request: Request, pk: str) -> HttpResponse:
        """The event, its parts, what it is linked to, and what is stated of it.

        Linked are events that it causes, enables, precedes or responds to, and those that do so to
        it. They come in steps, from first to last: by time where it is known well enough, else by
        what is said of their order (`precedes`). What that leaves open is listed apart, and no time
        is invented.
        """
        return self.told_of(pk, self.in_order)

    def told(self, record: Body, now: Moment) -> Chronicle:
        """The event's claims, and the events that it is linked to by whichever end."""
        found, event = Chronicle(), record["id"]
        itself = _events(Q(object_id=event), now)
        outward = {other for told in itself for kind, other, _ in told.links if kind in LINKED}
        around = _events(Q(refs__overlap=[event]) | Q(object_id__in=outward), now)
        linked = [
            told
            for told in around
            if told.id in outward
            or any(kind in LINKED and other == event for kind, other, _ in told.links)
        ]
        claims = _claims(Q(event=event), now)
        found.add((), itself)
        found.add(claims, linked)
        return found
