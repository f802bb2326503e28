"""Reading events, claims and contradictions."""

from events.api import jsonld
from events.api.filters import ClaimFilter, ContradictionFilter, EventFilter
from events.api.serializers import ClaimSerializer, ContradictionSerializer, EventSerializer
from events.records import ClaimRecord, ContradictionRecord, EventRecord
from records.api.facets import Facet
from records.api.members import Pointing
from records.api.paging import Ordering, same
from records.api.resource import RecordViewSet
from records.shape import Body


class EventViewSet(RecordViewSet):
    """Events: what is said to have happened, to be happening, or to be possible.

    Hypothetical, planned and negated events are listed like others; `status` tells.
    """

    queryset = EventRecord.objects.all()
    serializer_class = EventSerializer
    filterset_class = EventFilter
    orderings = {
        "when": Ordering("when_first", "when_last"),
        "recorded_at": same("recorded_at"),
    }
    default_ordering = "-when"
    times = {"when": ("when",)}
    facets_by = {
        "type": Facet("type"),
        "type_prefix": Facet("type", prefix=True),
        "context": Facet("contexts"),
        "status": Facet("status"),
        "place": Facet("places", "places"),
        "participant": Facet("participants", "actors"),
        "party": Facet("parties", "actors"),
        "corroboration": Facet("level"),
        "contradicted": Facet("contradicted"),
        "part_of": Facet("part_of", "events"),
    }
    backwards = {
        "claims": Pointing("claims", "event", "event"),
        "contradictions": Pointing("contradictions", "events", "event"),
    }
    located = True

    def json_ld(self, body: Body) -> Body:
        return jsonld.event(body, self.address)


class ClaimViewSet(RecordViewSet):
    """Claims: one assertion by one source, and where it can be read."""

    queryset = ClaimRecord.objects.all()
    serializer_class = ClaimSerializer
    filterset_class = ClaimFilter
    orderings = {
        "said": Ordering("said_first", "said_last"),
        "recorded_at": same("recorded_at"),
    }
    default_ordering = "-said"
    times = {"said": ("said",), "holds": ("holds",)}
    facets_by = {
        "kind": Facet("kind"),
        "voice": Facet("voice"),
        "claimant": Facet("claimant", "sources"),
        "party": Facet("party", "actors"),
        "event": Facet("event", "events"),
        "place": Facet("places", "places"),
        "actor": Facet("actors", "actors"),
        "object_actor": Facet("object_actor", "actors"),
        "document": Facet("documents", "documents"),
        "publisher": Facet("publishers", "sources"),
        "polarity": Facet("polarity"),
        "certainty": Facet("certainty"),
        "evidence": Facet("evidence"),
        "interest": Facet("interest"),
        "mode": Facet("modes"),
        "metric": Facet("metric"),
        "control_status": Facet("control_status"),
        "conditional": Facet("conditional"),
        "contradicted": Facet("contradicted"),
        "corroboration": Facet("level"),
    }
    measures = {"citations": "citations"}
    backwards = {"contradictions": Pointing("contradictions", "claims", "claim")}
    located = True

    def json_ld(self, body: Body) -> Body:
        return jsonld.claim(body, self.address)


class ContradictionViewSet(RecordViewSet):
    """Contradictions: two claims that cannot both hold, by a named rule.

    They follow from the claims that are public; how a curator resolved one stays with it.
    """

    queryset = ContradictionRecord.objects.all()
    serializer_class = ContradictionSerializer
    filterset_class = ContradictionFilter
    orderings = {"recorded_at": same("recorded_at")}
    default_ordering = "-recorded_at"
    # Two claims differ once the later of them is said.
    times = {"said": ("first_said", "second_said")}
    facets_by = {
        "rule": Facet("rule"),
        "how": Facet("how"),
        "party": Facet("parties", "actors"),
        "claim": Facet("claims", "claims"),
        "event": Facet("events", "events"),
        "document": Facet("documents", "documents"),
        "place": Facet("places", "places"),
        "resolution": Facet("resolution"),
    }
    linked = False
