"""Filters over events and claims."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from events.event_types import event_types
from events.models import (
    Certainty,
    ClaimKind,
    Context,
    ControlStatus,
    EventStatus,
    Evidence,
    Interest,
    Metric,
    Mode,
    Polarity,
    Voice,
)
from events.records import ClaimRecord, EventRecord
from records.api.filters import (
    BoundFilter,
    FlagFilter,
    ModifierFilter,
    PartyFilter,
    ReferenceFilter,
    RelatedFilter,
    Terms,
    TermsFilter,
    WithinFilter,
)
from records.api.filtersets import RecordFilter
from records.api.position import BoxFilter, NearFilter, RadiusFilter


class ClaimantFilter(ReferenceFilter):
    """Events of which a source has a claim, at the same moment."""

    def filter(self, qs: QuerySet[Any], value: Terms) -> QuerySet[Any]:
        claims = ClaimRecord.objects.at(self.parent.moment.seq).filter(event=OuterRef("object_id"))
        if value.any_of:
            qs = qs.filter(Exists(claims.filter(claimant__in=self.ids(value.any_of))))
        if value.none_of:
            qs = qs.exclude(Exists(claims.filter(claimant__in=self.ids(value.none_of))))
        return qs


class EventFilter(RecordFilter):
    """What events can be asked by."""

    type = TermsFilter(
        "type",
        "Types of event; a prefix takes all below it, so `territory` takes `territory.entry`.",
        choices=[entry["code"] for entry in event_types()],
        prefix=True,
    )
    context = TermsFilter("contexts", "What they are about.", choices=Context.values, array=True)
    status = TermsFilter("status", "How far they are settled.", choices=EventStatus.values)
    place = ReferenceFilter("places", "Their places.", resource="places", array=True)
    within = WithinFilter("Places: every event in any of them, at any depth.")
    bbox = BoxFilter()
    near = NearFilter()
    radius = RadiusFilter()
    since = BoundFilter("when", "In this year, month, day or instant, or later.", side="since")
    until = BoundFilter("when", "In this year, month, day or instant, or earlier.", side="until")
    certainly = ModifierFilter("certainly", "Only what must lie in the period.")
    undated = ModifierFilter("undated", "Also what has no time.")
    participant = ReferenceFilter(
        "participants",
        "Actors that take part, with all actors under them.",
        resource="actors",
        array=True,
    )
    party = PartyFilter(
        "parties", "Parties of participants: an id, a scheme:code, or the exact name.", array=True
    )
    claimant = ClaimantFilter("claims", "Sources that have a claim about them.", resource="sources")
    part_of = ReferenceFilter(
        "part_of", "Events that they are part of.", resource="events", array=True
    )
    related_to = RelatedFilter("events")

    class Meta:
        model = EventRecord
        fields: list[str] = []


class ClaimFilter(RecordFilter):
    """What claims can be asked by."""

    kind = TermsFilter("kind", "Kinds of claim.", choices=ClaimKind.values)
    voice = TermsFilter("voice", "Attributed, or the document's narration.", choices=Voice.values)
    claimant = ReferenceFilter("claimant", "The sources that assert them.", resource="sources")
    party = PartyFilter("party", "Parties of claimants: an id, a scheme:code, or the exact name.")
    event = ReferenceFilter("event", "The events that they are about.", resource="events")
    place = ReferenceFilter(
        "places", "Places that they or their events are about.", resource="places", array=True
    )
    within = WithinFilter("Places: every claim about any of them or its events, at any depth.")
    actor = ReferenceFilter(
        "actors",
        "Actors that they are about, as subject or object, or that the claimant speaks for.",
        resource="actors",
        array=True,
    )
    object_actor = ReferenceFilter(
        "object_actor", "Who controls, did it, won, or whose number it is.", resource="actors"
    )
    document = ReferenceFilter(
        "documents",
        "Documents that they are cited from or are about.",
        resource="documents",
        array=True,
    )
    publisher = ReferenceFilter(
        "publishers",
        "Publishers of the documents that they are cited from.",
        resource="sources",
        array=True,
    )
    polarity = TermsFilter("polarity", "Affirmed, denied or unknown.", choices=Polarity.values)
    certainty = TermsFilter("certainty", "How certain the claimant is.", choices=Certainty.values)
    evidence = TermsFilter("evidence", "What evidence comes with them.", choices=Evidence.values)
    interest = TermsFilter("interest", "Whom they serve.", choices=Interest.values)
    mode = TermsFilter("modes", "How a document carries them.", choices=Mode.values, array=True)
    metric = TermsFilter(
        "metric",
        "What their quantity measures.",
        choices=Metric.values,
        pattern="[a-z][a-z0-9_]{0,31}",
        expects="a metric such as killed",
        grows=True,
    )
    control_status = TermsFilter(
        "control_status", "Who holds the place, by the claim.", choices=ControlStatus.values
    )
    said_since = BoundFilter("said", "Said in this unit or later.", side="since")
    said_until = BoundFilter("said", "Said in this unit or earlier.", side="until")
    holds_on = BoundFilter("holds", "What it says held in this unit.", side="on")
    certainly = ModifierFilter("certainly", "Only what must lie in the period.")
    undated = ModifierFilter("undated", "Also what has no time.")
    conditional = FlagFilter("conditional", "Whether they have a condition.")
    related_to = RelatedFilter("claims")

    class Meta:
        model = ClaimRecord
        fields: list[str] = []
