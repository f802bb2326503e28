"""The JSON of events, claims and contradictions."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from events.event_types import event_types
from events.models import (
    Approximator,
    Certainty,
    Citation,
    CitationHop,
    Claim,
    ClaimKind,
    ClaimLink,
    ClaimLinkKind,
    Context,
    Contradiction,
    ControlStatus,
    Credibility,
    Difference,
    Event,
    EventLink,
    EventLinkKind,
    EventParticipant,
    EventPlace,
    EventStatus,
    EventType,
    Evidence,
    Extent,
    GeoPrecision,
    Interest,
    Level,
    Metric,
    Mode,
    ParticipantRole,
    PlaceRole,
    Polarity,
    Rating,
    Resolution,
    Rule,
    Voice,
)
from places.api.serializers import PlaceReferenceSerializer
from places.models import ResolutionBasis
from records.api.serializers import (
    OTHER_CODES,
    CodeSerializer,
    CodesField,
    Number,
    RecordSerializer,
    SpanField,
    UncertainTimeSerializer,
    Vocabulary,
    described,
    total,
)
from sources.api.serializers import (
    ActorReferenceSerializer,
    DocumentReferenceSerializer,
    SourceReferenceSerializer,
)

EVENT_TYPES = [entry["code"] for entry in event_types()]


class EventReferenceSerializer(serializers.Serializer):
    """An event as other records embed it."""

    id = serializers.UUIDField(help_text="The event's id.")
    title = serializers.CharField(help_text=described(Event, "title"))
    type = Vocabulary(EVENT_TYPES, help_text=described(EventType, "code"))


class ClaimReferenceSerializer(serializers.Serializer):
    """A claim as other records embed it."""

    id = serializers.UUIDField(help_text="The claim's id.")
    statement = serializers.CharField(help_text=described(Claim, "statement"))


class CorroborationSerializer(serializers.Serializer):
    """Who says it, counted by origin and party and not by echo."""

    level = Vocabulary(
        Level, allow_null=True, help_text="How far it is corroborated; null where nobody says it."
    )
    citations = Number(help_text="How many citations carry it.")
    claimants = Number(
        help_text="How many sources say it; a metonym that only repeats is not one more."
    )
    origins = Number(
        help_text="How many sources say it by a claim that repeats no other; a data set is none."
    )
    parties = Number(help_text="How many parties these origins speak for.")
    outlets = Number(help_text="How many of these origins are independent.")
    against_interest = Number(help_text="How many of these origins say it against their interest.")
    contradicted = serializers.BooleanField(help_text="Whether another claim contradicts it.")


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string"},
            {"$ref": "#/components/schemas/ClaimQuantity"},
            {"$ref": "#/components/schemas/ActorReference"},
        ]
    }
)
class DifferingField(serializers.JSONField):
    """What one of two claims says where they differ: a code, a figure or an actor."""


class DifferenceSerializer(serializers.Serializer):
    """What differs between two claims, in words and as data."""

    text = serializers.CharField(help_text="What differs, in words; it names nobody.")
    member = serializers.CharField(
        allow_null=True,
        help_text="The member of the claims that differs, such as `quantity`; null where a "
        "curator joined them.",
    )
    values = serializers.ListField(
        child=DifferingField(
            help_text="What one of the two says there: a code for `polarity`, a figure for "
            "`quantity`, an actor for `object_actor`."
        ),
        help_text="That member of the first claim, and of the other; empty where a curator joined "
        "them.",
    )


class ClaimContradictionSerializer(serializers.Serializer):
    """A contradiction, as the claim on one of its sides shows it."""

    id = serializers.UUIDField(help_text="The contradiction's id.")
    rule = Vocabulary(Rule, help_text=described(Contradiction, "rule"))
    how = Vocabulary(
        Difference,
        allow_null=True,
        help_text="In what they differ, by who joined them.",
    )
    claim = ClaimReferenceSerializer(help_text="The claim on the other side.")
    party = serializers.CharField(allow_null=True, help_text="The party of the other claimant.")
    party_id = serializers.UUIDField(allow_null=True, help_text="The id of that party.")
    difference = DifferenceSerializer(help_text="What differs; this claim's value comes first.")
    resolution = Vocabulary(Resolution, help_text=described(Contradiction, "resolution"))


class CrosswalkSerializer(serializers.Serializer):
    """What other systems call a type of event. A system that has no code for it is left out."""

    acled = serializers.ListField(
        child=serializers.CharField(help_text="Event, or event and sub-event."),
        required=False,
        help_text="ACLED, such as `Battles / Armed clash`.",
    )
    cameo = serializers.ListField(
        child=serializers.CharField(help_text="A code."),
        required=False,
        help_text="CAMEO codes, which GDELT uses too.",
    )
    medtop = serializers.ListField(
        child=serializers.CharField(help_text="A code."),
        required=False,
        help_text="IPTC Media Topics, the most specific that fit.",
    )
    plover = serializers.ListField(
        child=serializers.CharField(help_text="Type, or type and mode."),
        required=False,
        help_text="PLOVER, such as `RETREAT:withdraw`.",
    )
    ucdp = serializers.ListField(
        child=serializers.CharField(help_text="A number, as text."),
        required=False,
        help_text="UCDP's `type_of_violence`.",
    )
    viina = serializers.ListField(
        child=serializers.CharField(help_text="A column's name."),
        required=False,
        help_text="Topic columns of VIINA.",
    )
    note = serializers.CharField(required=False, help_text="Where a code misfits, and how.")
    unverified = serializers.ListField(
        child=serializers.CharField(help_text="A system's name."),
        required=False,
        help_text="Systems whose codes are given from memory, not from their codebook.",
    )


class EventTypeSerializer(serializers.Serializer):
    """A neutral type of event. A prefix is itself a type, for when no more is known."""

    code = Vocabulary(EVENT_TYPES, help_text=described(EventType, "code"))
    label = serializers.CharField(help_text=described(EventType, "label"))
    crosswalk = CrosswalkSerializer(help_text=described(EventType, "crosswalk"))


class EventPlaceSerializer(serializers.Serializer):
    """That a place has a part in the event."""

    place = PlaceReferenceSerializer(help_text=described(EventPlace, "place"))
    role = Vocabulary(PlaceRole, help_text=described(EventPlace, "role"))
    basis = Vocabulary(ResolutionBasis, help_text=described(EventPlace, "basis"))


class EventParticipantSerializer(serializers.Serializer):
    """That an actor takes part in the event."""

    actor = ActorReferenceSerializer(help_text=described(EventParticipant, "actor"))
    role = Vocabulary(ParticipantRole, help_text=described(EventParticipant, "role"))


class EventRelationSerializer(serializers.Serializer):
    """That the event relates to another, and the claim that says so."""

    kind = Vocabulary(EventLinkKind, help_text="How it relates to the other.")
    event = EventReferenceSerializer(help_text=described(EventLink, "target"))
    phrase = serializers.CharField(allow_null=True, help_text=described(EventLink, "phrase"))
    claim = ClaimReferenceSerializer(
        allow_null=True,
        help_text="The claim that says so; `causes`, `enables` and `responds_to` always have one.",
    )


class EventSerializer(RecordSerializer):
    """Something said to have happened, to be happening, or to be possible.

    Its type and title are neutral; who gained and who lost, and every figure, is for its claims.
    """

    type = EventTypeSerializer(help_text=described(Event, "type"))
    contexts = serializers.ListField(
        child=Vocabulary(Context, help_text="A context."), help_text=described(Event, "contexts")
    )
    title = serializers.CharField(help_text=described(Event, "title"))
    summary = serializers.CharField(allow_null=True, help_text=described(Event, "summary"))
    status = Vocabulary(EventStatus, help_text=described(Event, "status"))
    when = UncertainTimeSerializer(allow_null=True, help_text=described(Event, "when"))
    place = PlaceReferenceSerializer(allow_null=True, help_text=described(Event, "place"))
    lat = serializers.FloatField(allow_null=True, help_text=described(Event, "lat"))
    lon = serializers.FloatField(allow_null=True, help_text=described(Event, "lon"))
    geo_precision = Vocabulary(
        GeoPrecision, allow_null=True, help_text=described(Event, "geo_precision")
    )
    places = EventPlaceSerializer(many=True, help_text="The places that have a part in it.")
    places_total = total("places")
    participants = EventParticipantSerializer(many=True, help_text="Who takes part in it.")
    participants_total = total("participants")
    relations = EventRelationSerializer(many=True, help_text="How it relates to other events.")
    relations_total = total("relations")
    corroboration = CorroborationSerializer(
        help_text="How far its affirmed, unconditional occurrence claims corroborate that it "
        "happened."
    )
    codes = CodesField()
    other_codes = CodeSerializer(many=True, help_text=OTHER_CODES)


class ClaimQuantitySerializer(serializers.Serializer):
    """How many, or how much: `low` to `high`, and the figure that was given."""

    metric = Vocabulary(Metric, help_text="What is measured.")
    low = serializers.FloatField(allow_null=True, help_text=described(Claim, "quantity_low"))
    best = serializers.FloatField(
        allow_null=True, help_text="The figure given; null if there is none."
    )
    high = serializers.FloatField(allow_null=True, help_text=described(Claim, "quantity_high"))
    unit = serializers.CharField(allow_null=True, help_text=described(Claim, "quantity_unit"))
    approximator = serializers.ChoiceField(
        choices=Approximator.choices,
        allow_null=True,
        help_text=described(Claim, "quantity_approximator"),
    )


class ClaimCredibilitySerializer(serializers.Serializer):
    """How credible a curator holds the claim to be, on the Admiralty scale."""

    value = serializers.ChoiceField(
        choices=Credibility.choices, help_text="`6`, cannot be judged, until somebody has judged."
    )
    reason = serializers.CharField(
        allow_null=True, help_text=described(Claim, "credibility_reason")
    )
    at = serializers.DateField(allow_null=True, help_text=described(Claim, "credibility_at"))


class ClaimRatingSerializer(serializers.Serializer):
    """An editorial verdict, as a fact check gives it."""

    value = Vocabulary(Rating, help_text="The verdict.")
    reason = serializers.CharField(allow_null=True, help_text=described(Claim, "rating_reason"))
    at = serializers.DateField(allow_null=True, help_text=described(Claim, "rating_at"))


class ClaimRelationSerializer(serializers.Serializer):
    """That the claim relates to another."""

    kind = Vocabulary(ClaimLinkKind, help_text="How it relates to the other.")
    claim = ClaimReferenceSerializer(help_text=described(ClaimLink, "target"))
    phrase = serializers.CharField(allow_null=True, help_text=described(ClaimLink, "phrase"))
    how = Vocabulary(Difference, allow_null=True, help_text=described(ClaimLink, "how"))


class CitationHopSerializer(serializers.Serializer):
    """Something that a claim passed through: a document or, where none is known, a source."""

    document = DocumentReferenceSerializer(
        allow_null=True, help_text=described(CitationHop, "document")
    )
    source = SourceReferenceSerializer(allow_null=True, help_text=described(CitationHop, "source"))


class CitationSerializer(serializers.Serializer):
    """Where the claim can be read: a document, and the spans of characters that carry it.

    Spans count Unicode code points of the text as given and are end-exclusive.
    """

    document = DocumentReferenceSerializer(help_text=described(Citation, "document"))
    publisher = SourceReferenceSerializer(
        allow_null=True, help_text="Who published that document; null if unknown."
    )
    mode = Vocabulary(Mode, help_text=described(Citation, "mode"))
    spans = serializers.ListField(
        child=SpanField(help_text="Start and end."), help_text=described(Citation, "spans")
    )
    insertions = serializers.ListField(
        child=SpanField(help_text="Start and end."), help_text=described(Citation, "insertions")
    )
    locator = serializers.CharField(allow_null=True, help_text=described(Citation, "locator"))
    quote = serializers.CharField(allow_null=True, help_text=described(Citation, "quote"))
    passage_sha256 = serializers.CharField(
        allow_null=True, help_text=described(Citation, "passage_sha256")
    )
    via = CitationHopSerializer(
        many=True,
        help_text="Through what the claim reached the document, nearest the claimant first.",
    )
    via_total = total("via")


class ClaimSerializer(RecordSerializer):
    """One assertion by one source about an event, places, an actor or a document.

    Every figure, every "controlled by" and every verdict is a claim. The reporter's own statements
    are claims too, with the outlet as claimant and `voice` `narration`.
    """

    statement = serializers.CharField(help_text=described(Claim, "statement"))
    kind = Vocabulary(ClaimKind, help_text=described(Claim, "kind"))
    voice = serializers.ChoiceField(choices=Voice.choices, help_text=described(Claim, "voice"))
    claimant = SourceReferenceSerializer(help_text=described(Claim, "claimant"))
    party = serializers.CharField(
        allow_null=True, help_text="Name of the claimant's party; null for none or an unknown one."
    )
    party_id = serializers.UUIDField(
        allow_null=True,
        help_text="The id of the claimant's party, which is an actor; null for none or an unknown "
        "one.",
    )
    event = EventReferenceSerializer(allow_null=True, help_text=described(Claim, "event"))
    places = PlaceReferenceSerializer(many=True, help_text="The places that it is about.")
    places_total = total("places")
    actor = ActorReferenceSerializer(allow_null=True, help_text=described(Claim, "actor"))
    document = DocumentReferenceSerializer(allow_null=True, help_text=described(Claim, "document"))
    object_actor = ActorReferenceSerializer(
        allow_null=True, help_text=described(Claim, "object_actor")
    )
    polarity = serializers.ChoiceField(
        choices=Polarity.choices, help_text=described(Claim, "polarity")
    )
    certainty = serializers.ChoiceField(
        choices=Certainty.choices, help_text=described(Claim, "certainty")
    )
    condition = serializers.CharField(allow_null=True, help_text=described(Claim, "condition"))
    quantity = ClaimQuantitySerializer(
        allow_null=True, help_text="The figure that it gives; null if it gives none."
    )
    control_status = Vocabulary(
        ControlStatus, allow_null=True, help_text=described(Claim, "control_status")
    )
    extent = serializers.ChoiceField(
        choices=Extent.choices, allow_null=True, help_text=described(Claim, "extent")
    )
    evidence = Vocabulary(Evidence, help_text=described(Claim, "evidence"))
    interest = serializers.ChoiceField(
        choices=Interest.choices, help_text=described(Claim, "interest")
    )
    wording = serializers.CharField(allow_null=True, help_text=described(Claim, "wording"))
    said = UncertainTimeSerializer(allow_null=True, help_text=described(Claim, "said"))
    holds = UncertainTimeSerializer(allow_null=True, help_text=described(Claim, "holds"))
    credibility = ClaimCredibilitySerializer(help_text="How credible it is held to be.")
    rating = ClaimRatingSerializer(allow_null=True, help_text=described(Claim, "rating"))
    relations = ClaimRelationSerializer(many=True, help_text="How it relates to other claims.")
    relations_total = total("relations")
    contradicted = serializers.BooleanField(
        help_text="Whether another claim contradicts it or what it is the same as; one of wording "
        "by the claimant himself does not count."
    )
    contradictions = ClaimContradictionSerializer(
        many=True, help_text="What contradicts it, by id, at most 20."
    )
    contradictions_total = Number(
        help_text="How many contradictions there are; `/contradictions/?claim=` lists them all."
    )
    corroboration = CorroborationSerializer(
        help_text="How far the claims that say the same corroborate it."
    )
    citations = CitationSerializer(many=True, help_text="Where it can be read.")
    citations_total = total("citations")


class ContradictionSideSerializer(serializers.Serializer):
    """One of the two claims."""

    claim = ClaimReferenceSerializer(help_text="The claim.")
    claimant = SourceReferenceSerializer(help_text="Who said it.")
    party = serializers.CharField(allow_null=True, help_text="The claimant's party.")
    party_id = serializers.UUIDField(allow_null=True, help_text="The id of that party.")
    said = UncertainTimeSerializer(allow_null=True, help_text="When the claimant said it.")


class ContradictionSerializer(RecordSerializer):
    """Two claims that cannot both hold, by a named rule; what differs, and how it is resolved."""

    rule = Vocabulary(Rule, help_text=described(Contradiction, "rule"))
    how = Vocabulary(
        Difference,
        allow_null=True,
        help_text="In what they differ, by who joined them.",
    )
    claims = ContradictionSideSerializer(many=True, help_text="The two claims, by id.")
    difference = DifferenceSerializer(help_text="What differs; the first claim's value first.")
    resolution = Vocabulary(Resolution, help_text=described(Contradiction, "resolution"))
    resolution_reason = serializers.CharField(
        allow_null=True, help_text=described(Contradiction, "resolution_reason")
    )
    places = PlaceReferenceSerializer(many=True, help_text="The places that either is about.")
    event = EventReferenceSerializer(
        allow_null=True, help_text="The event that they are about; null where they are of two."
    )


class TextQuoteSelectorSerializer(serializers.Serializer):
    """A part of a text by its words."""

    type = serializers.CharField(help_text="`TextQuoteSelector`.")
    exact = serializers.CharField(help_text="The quote that is stored with the citation.")


class TextPositionSelectorSerializer(serializers.Serializer):
    """A part of a text by its position: code points of the text as given, end-exclusive."""

    type = serializers.CharField(help_text="`TextPositionSelector`.")
    start = Number(help_text="The code point at which it starts.")
    end = Number(help_text="The code point before which it ends.")
    refinedBy = TextQuoteSelectorSerializer(  # noqa: N815 (the name is the standard's)
        required=False, help_text="The quote, which lies inside."
    )


class AnnotationTargetSerializer(serializers.Serializer):
    """What is annotated: a part of the document, or the whole where no part is known."""

    source = serializers.URLField(
        help_text="The document's own address, or else the address of its record."
    )
    selector = TextPositionSelectorSerializer(required=False, help_text="Which part of it.")


class AnnotationBodySerializer(serializers.Serializer):
    """What is said of the part: a claim, a locator, or that it is an insertion."""

    id = serializers.URLField(required=False, help_text="The address of the claim.")
    type = serializers.CharField(help_text="`TextualBody`.")
    value = serializers.CharField(help_text="The claim's statement, the locator, or the tag.")
    format = serializers.CharField(help_text="`text/plain`.")
    purpose = serializers.CharField(
        help_text="`describing` for a claim, `bookmarking` for a locator, `tagging` for a tag."
    )


class AnnotationSerializer(serializers.Serializer):
    """One citation, or one insertion in it, as a W3C Web Annotation."""

    id = serializers.URLField(help_text="Names the annotation.")
    type = serializers.CharField(help_text="`Annotation`.")
    motivation = serializers.CharField(
        help_text="`describing` for a citation, `tagging` for an insertion."
    )
    body = AnnotationBodySerializer(many=True, help_text="What is said of the part.")
    target = AnnotationTargetSerializer(many=True, help_text="What is annotated.")


class AnnotationCollectionSerializer(serializers.Serializer):
    """All annotations of the document together."""

    id = serializers.URLField(help_text="Names the collection.")
    type = serializers.CharField(help_text="`AnnotationCollection`.")
    total = Number(
        required=False,
        help_text="How many annotations it has; there only where `count=exact` asks for it.",
    )


class AnnotationPageSerializer(serializers.Serializer):
    """A page of a document's citations, as a W3C `AnnotationPage`."""

    id = serializers.URLField(help_text="The address of this page.")
    type = serializers.CharField(help_text="`AnnotationPage`.")
    partOf = AnnotationCollectionSerializer(  # noqa: N815 (the name is the standard's)
        help_text="The collection that it is a page of."
    )
    next = serializers.URLField(required=False, help_text="The next page; missing on the last.")
    prev = serializers.URLField(required=False, help_text="The page before; missing on the first.")
    items = AnnotationSerializer(many=True, help_text="The annotations of this page, in order.")

    def get_fields(self) -> dict[str, Any]:
        """The members, with `@context`, which is no name in Python."""
        context = serializers.URLField(help_text="The JSON-LD context of Web Annotations.")
        return {"@context": context} | super().get_fields()
