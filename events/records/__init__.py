"""Published versions of events, claims and contradictions."""

from events.records.claim import USUAL_MODE, ClaimPlaceLine, ClaimRecord
from events.records.contradiction import ContradictionPlaceLine, ContradictionRecord
from events.records.event import EventPlaceLine, EventPoint, EventRecord

__all__ = [
    "USUAL_MODE",
    "ClaimPlaceLine",
    "ClaimRecord",
    "ContradictionPlaceLine",
    "ContradictionRecord",
    "EventPlaceLine",
    "EventPoint",
    "EventRecord",
]
