"""Reading events and claims."""

from events.api.filters import ClaimFilter, EventFilter
from events.api.serializers import ClaimSerializer, EventSerializer
from events.records import ClaimRecord, EventRecord
from records.api.paging import Ordering, same
from records.api.resource import RecordViewSet


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
