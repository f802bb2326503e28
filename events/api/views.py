"""Reading events, claims and contradictions."""

from collections.abc import Sequence

import orjson

from events.api import jsonld
from events.api.filters import ClaimFilter, ContradictionFilter, EventFilter
from events.api.serializers import ClaimSerializer, ContradictionSerializer, EventSerializer
from events.records import ClaimRecord, ContradictionRecord, EventRecord
from records.api.members import Pointing
from records.api.moments import Moment
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
    backwards = {"contradictions": Pointing("contradictions", "claims", "claim")}
    located = True

    def json_ld(self, body: Body) -> Body:
        return jsonld.claim(body, self.address)

    def geometries(self, bodies: Sequence[Body], now: Moment) -> Sequence[Body | None]:
        own = super().geometries(bodies, now)
        events = {body["event"]["id"] for body in bodies if body["event"]}
        visible = EventRecord.objects.at(now.seq)
        found = visible.filter(object_id__in=events).values_list("object_id", "body")
        of_events = {str(i): EventRecord.geometry(orjson.loads(body)) for i, body in found}
        return [
            geometry or (of_events.get(body["event"]["id"]) if body["event"] else None)
            for geometry, body in zip(own, bodies, strict=True)
        ]


class ContradictionViewSet(RecordViewSet):
    """Contradictions: two claims that cannot both hold, by a named rule.

    They follow from the claims that are public; how a curator resolved one stays with it.
    """

    queryset = ContradictionRecord.objects.all()
    serializer_class = ContradictionSerializer
    filterset_class = ContradictionFilter
    orderings = {"recorded_at": same("recorded_at")}
    default_ordering = "-recorded_at"
    linked = False
