"""Filters over actors, sources and documents."""

from records.api.filters import (
    BoundFilter,
    FlagFilter,
    ModifierFilter,
    PartyFilter,
    ReferenceFilter,
    RelatedFilter,
    TermsFilter,
)
from records.api.filtersets import RecordFilter
from records.api.searching import NameFilter
from sources.models import ActorKind, DocumentKind, Reliability, SourceKind
from sources.records import ActorRecord, DocumentRecord, SourceRecord


class ActorFilter(RecordFilter):
    """What actors can be asked by."""

    kind = TermsFilter("kind", "Kinds of actor.", choices=ActorKind.values)
    party = PartyFilter("party", "Parties: an id, a scheme:code, or the exact name.")
    parent = ReferenceFilter("parent", "The actors right above.", resource="actors")
    name = NameFilter()
    related_to = RelatedFilter("actors")

    class Meta:
        model = ActorRecord
        fields: list[str] = []


class SourceFilter(RecordFilter):
    """What sources can be asked by."""

    kind = TermsFilter("kind", "Kinds of source.", choices=SourceKind.values, grows=True)
    party = PartyFilter("party", "Parties: an id, a scheme:code, or the exact name.")
    speaks_for = ReferenceFilter("speaks_for", "The actors that they speak for.", resource="actors")
    country = TermsFilter(
        "country",
        "ISO 3166-1 codes of countries.",
        pattern="[A-Z]{2}",
        expects="two capital letters such as UA",
    )
    reliability = TermsFilter(
        "reliability", "Reliability on the Admiralty scale.", choices=Reliability.values
    )
    name = NameFilter()
    related_to = RelatedFilter("sources")

    class Meta:
        model = SourceRecord
        fields: list[str] = []


class DocumentFilter(RecordFilter):
    """What documents can be asked by."""

    kind = TermsFilter("kind", "Kinds of document.", choices=DocumentKind.values, grows=True)
    publisher = ReferenceFilter("publisher", "The sources that published them.", resource="sources")
    language = TermsFilter(
        "language",
        "BCP 47 tags of languages.",
        pattern="[A-Za-z0-9-]{1,35}",
        expects="a BCP 47 tag such as uk",
    )
    since = BoundFilter("published", "Published in this unit or later.", side="since")
    until = BoundFilter("published", "Published in this unit or earlier.", side="until")
    certainly = ModifierFilter("certainly", "Only what must lie in the period.")
    undated = ModifierFilter("undated", "Also what has no time of publication.")
    has_text = FlagFilter("has_text", "Whether the text is kept.")
    place = ReferenceFilter("places", "Places that they mention.", resource="places", array=True)
    actor = ReferenceFilter("actors", "Actors that they mention.", resource="actors", array=True)
    related_to = RelatedFilter("documents")

    class Meta:
        model = DocumentRecord
        fields: list[str] = []
