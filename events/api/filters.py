"""Filters over events, claims and contradictions."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from events.event_types import event_types
from events.models import (
    Certainty,
    ClaimKind,
    Context,
    ControlStatus,
    Difference,
    EventStatus,
    Evidence,
    Interest,
    Level,
    Metric,
    Mode,
    Polarity,
    Resolution,
    Rule,
    Voice,
)
from events.records import USUAL_MODE, ClaimRecord, ContradictionRecord, EventRecord
from records.api.filters import (
    CODE_PATTERN,
    UUID_PATTERN,
    BoundFilter,
    FlagFilter,
    ModifierFilter,
    PartyFilter,
    RecordFilterBase,
    ReferenceFilter,
    RelatedFilter,
    Terms,
    TermsFilter,
    WithinFilter,
)
from records.api.filtersets import RecordFilter
from records.api.position import BoxFilter, NearFilter, RadiusFilter
from records.api.references import Wanted


class ClaimantFilter(ReferenceFilter):
    """Events of which a source has a claim, at the same moment."""

    def filter(self, qs: QuerySet[Any], value: Terms) -> QuerySet[Any]:
        claims = ClaimRecord.objects.at(self.parent.moment.seq).filter(event=OuterRef("object_id"))
        if value.any_of:
            qs = qs.filter(Exists(claims.filter(claimant__in=self.ids(value.any_of))))
        if value.none_of and (ids := self.ids(value.none_of)):
            # Asked of one event after the other, in the order of the page: `not exists` may be
            # answered for all events at once first.
            found = claims.filter(claimant__in=ids).values("seq")[:1]
            qs = qs.alias(claimed=Subquery(found)).filter(claimed__isnull=True)
        return qs


class DistinctFilter(FlagFilter):
    """One claim of each class among those that match: the one it stands by, else the lowest id.

    Filters apply in the order in which they are declared: this one comes last.
    """

    def filter(self, qs: QuerySet[Any], value: bool) -> QuerySet[Any]:
        if not value:
            return qs
        rivals = qs.order_by().filter(class_id=OuterRef("class_id"))
        before = Q(object_id=F("class_id")) | Q(object_id__lt=OuterRef("object_id"))
        return qs.filter(Q(object_id=F("class_id")) | ~Exists(rivals.filter(before)))


class ClaimField(forms.Field):
    """One claim: an id, or a `scheme:code`."""

    def clean(self, value: list[str]) -> str:
        given = value[-1].strip()
        if not (UUID_PATTERN.fullmatch(given) or CODE_PATTERN.fullmatch(given)):
            raise ValidationError(
                f"{given[:60]!a} is no claim; expected is one id (a UUID) or one scheme:code"
            )
        return given


class OrderFilter(RecordFilterBase):
    """Claims that certainly came before a claim, or after it.

    By time where that decides, else by `precedes`, closed over chains and over `same_as`.
    """

    field_class = ClaimField

    def __init__(self, help_text: str, *, side: str) -> None:
        super().__init__("said", help_text)
        self.side = side

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": 200}

    def wanted(self, value: str) -> list[Wanted]:
        return [Wanted("claims", value)]

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        for claim in self.parent.resolved.get(Wanted("claims", value), ()):
            ordered = qs.preceding if self.side == "before" else qs.following
            return ordered(claim, seq=self.parent.moment.seq)
        return qs.none()


class SaidFilter(BoundFilter):
    """One side of a period in which either of two claims was said.

    Where both sides are given, one claim has to lie between them.
    """

    def filter(self, qs: QuerySet[Any], value: tuple[Any, Any]) -> QuerySet[Any]:
        since, until = (self.parent.cleaned.get(name) for name in ("since", "until"))
        if self.side == "until" and since is not None:
            return qs  # the other side of the period has seen to it
        matches = Q()
        for claim in ("first", "second"):
            earliest, latest = f"{claim}_said_earliest", f"{claim}_said_latest"
            in_time = ~Q(**{f"{earliest}__isnull": True, f"{latest}__isnull": True})
            if since is not None:
                in_time &= Q(**{f"{latest}__gt": since[0]}) | Q(**{f"{latest}__isnull": True})
            if until is not None:
                in_time &= Q(**{f"{earliest}__lt": until[1]}) | Q(**{f"{earliest}__isnull": True})
            matches |= in_time
        return qs.filter(matches)


class EventFilter(RecordFilter):
    """What events can be asked by."""

    type = TermsFilter(
        "type",
        "Types of event; a prefix takes all below it, so `territory` takes `territory.entry`.",
        choices=[entry["code"] for entry in event_types()],
        prefix=True,
    )
    context = TermsFilter(
        "contexts", "What they are about.", choices=Context.values, array=True, alone=True
    )
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
    corroboration = TermsFilter("level", "How far they are corroborated.", choices=Level.values)
    contradicted = FlagFilter("contradicted", "Whether it is contradicted that they happened.")
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
        alone=True,
    )
    polarity = TermsFilter("polarity", "Affirmed, denied or unknown.", choices=Polarity.values)
    certainty = TermsFilter("certainty", "How certain the claimant is.", choices=Certainty.values)
    evidence = TermsFilter("evidence", "What evidence comes with them.", choices=Evidence.values)
    interest = TermsFilter("interest", "Whom they serve.", choices=Interest.values)
    mode = TermsFilter(
        "modes",
        "How a document carries them.",
        choices=Mode.values,
        array=True,
        usual=USUAL_MODE,
    )
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
    before = OrderFilter(
        "A claim: what was certainly said before it. By time where that decides, else by links "
        "`precedes`, over chains and over `same_as`; never what is the same as it.",
        side="before",
    )
    after = OrderFilter(
        "A claim: what was certainly said after it. By time where that decides, else by links "
        "`precedes`, over chains and over `same_as`; never what is the same as it.",
        side="after",
    )
    holds_on = BoundFilter("holds", "What it says held in this unit.", side="on")
    certainly = ModifierFilter("certainly", "Only what must lie in the period.")
    undated = ModifierFilter("undated", "Also what has no time.")
    conditional = FlagFilter("conditional", "Whether they have a condition.")
    contradicted = FlagFilter("contradicted", "Whether another claim contradicts them.")
    corroboration = TermsFilter("level", "How far they are corroborated.", choices=Level.values)
    related_to = RelatedFilter("claims")
    distinct = DistinctFilter(
        "distinct", "One of each class over `same_as` and `repeats` among those that match."
    )

    class Meta:
        model = ClaimRecord
        fields: list[str] = []


class ContradictionFilter(RecordFilter):
    """What contradictions can be asked by."""

    rule = TermsFilter("rule", "By which rule.", choices=Rule.values)
    how = TermsFilter("how", "In what they differ.", choices=Difference.values)
    party = PartyFilter(
        "parties",
        "Parties of the claimants of either side, of all claims that say the same: an id, a "
        "scheme:code, or the exact name.",
        array=True,
    )
    claim = ReferenceFilter(
        "claims",
        "A claim of either side: one of the two, or one that says the same.",
        resource="claims",
        array=True,
    )
    event = ReferenceFilter("events", "Either claim's event.", resource="events", array=True)
    document = ReferenceFilter(
        "documents",
        "Documents that a claim of either side is cited from or is about.",
        resource="documents",
        array=True,
    )
    place = ReferenceFilter(
        "places", "Places that either claim or its event is about.", resource="places", array=True
    )
    within = WithinFilter("Places: every contradiction about any of them, at any depth.")
    resolution = TermsFilter("resolution", "How they are resolved.", choices=Resolution.values)
    since = SaidFilter("said", "Either claim was said in this unit or later.", side="since")
    until = SaidFilter("said", "Either claim was said in this unit or earlier.", side="until")
    related_to = RelatedFilter("contradictions")

    class Meta:
        model = ContradictionRecord
        fields: list[str] = []
