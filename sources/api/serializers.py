"""The JSON of actors, sources and documents."""

from rest_framework import serializers

from places.api.serializers import PlaceReferenceSerializer
from places.models import ResolutionBasis
from records.api.serializers import (
    OTHER_CODES,
    CodeSerializer,
    CodesField,
    NameSerializer,
    Number,
    RecordSerializer,
    SpanField,
    UncertainTimeSerializer,
    Vocabulary,
    described,
    total,
)
from sources.models import (
    Actor,
    ActorKind,
    Document,
    DocumentKind,
    DocumentLink,
    DocumentLinkKind,
    Mention,
    PublishingStatus,
    Reliability,
    Rights,
    Source,
    SourceKind,
)

PARTY = "Name of its party: the root of the chain of actors that it belongs to"
PARTY_ID = "The id of its party, which is an actor"


class ActorReferenceSerializer(serializers.Serializer):
    """An actor as other records embed it."""

    id = serializers.UUIDField(help_text="The actor's id.")
    name = serializers.CharField(help_text=described(Actor, "name"))
    kind = Vocabulary(ActorKind, help_text=described(Actor, "kind"))
    party = serializers.CharField(allow_null=True, help_text=f"{PARTY}; null if it was erased.")
    party_id = serializers.UUIDField(
        allow_null=True, help_text=f"{PARTY_ID}; null if it was erased."
    )


class SourceReferenceSerializer(serializers.Serializer):
    """A source as other records embed it."""

    id = serializers.UUIDField(help_text="The source's id.")
    name = serializers.CharField(help_text=described(Source, "name"))
    kind = Vocabulary(SourceKind, help_text=described(Source, "kind"))
    party = serializers.CharField(
        allow_null=True, help_text=f"{PARTY}; null for none or an unknown one."
    )
    party_id = serializers.UUIDField(
        allow_null=True, help_text=f"{PARTY_ID}; null for none or an unknown one."
    )


class DocumentReferenceSerializer(serializers.Serializer):
    """A document as other records embed it."""

    id = serializers.UUIDField(help_text="The document's id.")
    kind = Vocabulary(DocumentKind, help_text=described(Document, "kind"))
    title = serializers.CharField(allow_null=True, help_text=described(Document, "title"))
    url = serializers.URLField(allow_null=True, help_text=described(Document, "url"))


class ActorSerializer(RecordSerializer):
    """A person, organisation, government or armed force that takes part in events.

    Actors nest. The root of an actor's chain is its party: an editorial grouping, with a reason.
    """

    name = serializers.CharField(help_text=described(Actor, "name"))
    kind = Vocabulary(ActorKind, help_text=described(Actor, "kind"))
    parent = ActorReferenceSerializer(allow_null=True, help_text=described(Actor, "parent"))
    ancestors = ActorReferenceSerializer(
        many=True, help_text="Its parent, the parent of that, and so on to its party."
    )
    party = serializers.CharField(help_text=f"{PARTY}; an actor without a parent is its own.")
    party_id = serializers.UUIDField(help_text=f"{PARTY_ID}; its own id if it has no parent.")
    party_reason = serializers.CharField(
        allow_null=True, help_text=described(Actor, "party_reason")
    )
    names = NameSerializer(many=True, help_text="Further names, in any language.")
    names_total = total("names")
    codes = CodesField()
    other_codes = CodeSerializer(many=True, help_text=OTHER_CODES)


class SourceReliabilitySerializer(serializers.Serializer):
    """How reliable a curator holds a source to be, on the Admiralty scale."""

    value = serializers.ChoiceField(
        choices=Reliability.choices, help_text="`F`, cannot be judged, until somebody has judged."
    )
    reason = serializers.CharField(
        allow_null=True, help_text=described(Source, "reliability_reason")
    )
    at = serializers.DateField(allow_null=True, help_text=described(Source, "reliability_at"))


class SourceSerializer(RecordSerializer):
    """A voice that information comes from: an outlet, a ministry, a spokesman, an account.

    It may speak for an actor, and through it has a party. Otherwise it is independent, which a
    curator says, or its party is unknown.
    """

    name = serializers.CharField(help_text=described(Source, "name"))
    kind = Vocabulary(SourceKind, help_text=described(Source, "kind"))
    speaks_for = ActorReferenceSerializer(
        allow_null=True, help_text=described(Source, "speaks_for")
    )
    independent = serializers.BooleanField(help_text=described(Source, "independent"))
    party = serializers.CharField(
        allow_null=True, help_text=f"{PARTY}; null for none or an unknown one."
    )
    party_id = serializers.UUIDField(
        allow_null=True, help_text=f"{PARTY_ID}; null for none or an unknown one."
    )
    country = serializers.CharField(allow_null=True, help_text=described(Source, "country"))
    url = serializers.URLField(allow_null=True, help_text=described(Source, "url"))
    reliability = SourceReliabilitySerializer(help_text="How reliable it is held to be.")
    names = NameSerializer(many=True, help_text="Further names, in any language.")
    names_total = total("names")
    codes = CodesField()
    other_codes = CodeSerializer(many=True, help_text=OTHER_CODES)


class DocumentRelationSerializer(serializers.Serializer):
    """That the document relates to another."""

    kind = Vocabulary(DocumentLinkKind, help_text=described(DocumentLink, "kind"))
    document = DocumentReferenceSerializer(help_text=described(DocumentLink, "target"))


class MentionSerializer(serializers.Serializer):
    """A stretch of the document that names or means one place, actor or source."""

    span = SpanField(
        help_text="Where in the text: the code point at which it starts, and the one before which "
        "it ends."
    )
    place = PlaceReferenceSerializer(
        allow_null=True, help_text="The place that it means, if it means one."
    )
    actor = ActorReferenceSerializer(
        allow_null=True, help_text="The actor that it means, if it means one."
    )
    source = SourceReferenceSerializer(
        allow_null=True, help_text="The source that it means, if it means one."
    )
    basis = Vocabulary(ResolutionBasis, help_text=described(Mention, "basis"))
    candidates = serializers.ListField(
        child=serializers.CharField(help_text="An id or `scheme:code`."),
        help_text=described(Mention, "candidates"),
    )


class DocumentSerializer(RecordSerializer):
    """Something a source published or that another document embeds.

    Title, author, URL and text may each be unknown. The text itself is not in the record; its hash
    and its length are, so that whoever has the text can check every span.
    """

    kind = Vocabulary(DocumentKind, help_text=described(Document, "kind"))
    title = serializers.CharField(allow_null=True, help_text=described(Document, "title"))
    author = serializers.CharField(allow_null=True, help_text=described(Document, "author"))
    url = serializers.URLField(allow_null=True, help_text=described(Document, "url"))
    publisher = SourceReferenceSerializer(
        allow_null=True, help_text=described(Document, "publisher")
    )
    language = serializers.CharField(allow_null=True, help_text=described(Document, "language"))
    published = UncertainTimeSerializer(allow_null=True, help_text=described(Document, "published"))
    status = serializers.ChoiceField(
        choices=PublishingStatus.choices, help_text="Publishing status, as in ninjs."
    )
    rights = serializers.ChoiceField(
        choices=Rights.choices, help_text=described(Document, "rights")
    )
    has_text = serializers.BooleanField(help_text="Whether its text is kept here.")
    text_length = Number(allow_null=True, help_text=described(Document, "text_length"))
    text_sha256 = serializers.CharField(
        allow_null=True, help_text=described(Document, "text_sha256")
    )
    relations = DocumentRelationSerializer(
        many=True, help_text="How it relates to other documents."
    )
    relations_total = total("relations")
    mentions = MentionSerializer(
        many=True, help_text="What its text names or means, in the order of the text."
    )
    mentions_total = total("mentions")
