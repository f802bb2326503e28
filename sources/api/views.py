"""Reading actors, sources and documents."""

from records.api.facets import Facet
from records.api.members import Pointing
from records.api.paging import Ordering, same
from records.api.resource import RecordViewSet
from records.shape import Body
from sources.api import jsonld
from sources.api.filters import ActorFilter, DocumentFilter, SourceFilter
from sources.api.serializers import ActorSerializer, DocumentSerializer, SourceSerializer
from sources.records import ActorRecord, DocumentRecord, SourceRecord


class ActorViewSet(RecordViewSet):
    """Actors: persons, organisations, governments and armed forces that take part in events.

    Actors nest; the root of an actor's chain is its party.
    """

    queryset = ActorRecord.objects.all()
    serializer_class = ActorSerializer
    filterset_class = ActorFilter
    orderings = {"name": same("sort_name"), "recorded_at": same("recorded_at")}
    default_ordering = "name"
    facets_by = {
        "kind": Facet("kind"),
        "party": Facet("party", "actors"),
        "parent": Facet("parent", "actors"),
    }

    def json_ld(self, body: Body) -> Body:
        return jsonld.actor(body, self.address)


class SourceViewSet(RecordViewSet):
    """Sources: the voices that information comes from.

    A source that speaks for an actor has that actor's party.
    """

    queryset = SourceRecord.objects.all()
    serializer_class = SourceSerializer
    filterset_class = SourceFilter
    orderings = {"name": same("sort_name"), "recorded_at": same("recorded_at")}
    default_ordering = "name"
    facets_by = {
        "kind": Facet("kind"),
        "party": Facet("party", "actors"),
        "speaks_for": Facet("speaks_for", "actors"),
        "country": Facet("country"),
        "reliability": Facet("reliability"),
    }

    def json_ld(self, body: Body) -> Body:
        return jsonld.source(body, self.address)


class DocumentViewSet(RecordViewSet):
    """Documents: what a source published, or what another document embeds."""

    queryset = DocumentRecord.objects.all()
    serializer_class = DocumentSerializer
    filterset_class = DocumentFilter
    orderings = {
        "published": Ordering("published_first", "published_last"),
        "recorded_at": same("recorded_at"),
    }
    default_ordering = "-published"
    times = {"published": ("published",)}
    facets_by = {
        "kind": Facet("kind"),
        "publisher": Facet("publisher", "sources"),
        "language": Facet("language"),
        "has_text": Facet("has_text"),
        "place": Facet("places", "places"),
        "actor": Facet("actors", "actors"),
    }
    backwards = {"claims": Pointing("claims", "documents", "document")}

    def json_ld(self, body: Body) -> Body:
        return jsonld.document(body, self.address)
