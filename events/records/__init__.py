"""Published versions of events, claims and contradictions."""

from events.records.claim import ClaimPlaceLine, ClaimRecord
from events.records.contradiction import ContradictionPlaceLine, ContradictionRecord
from events.records.event import EventPlaceLine, EventPoint, EventRecord

__all__ = [
    "ClaimPlaceLine",
    "ClaimRecord",
    "ContradictionPlaceLine",
    "ContradictionRecord",
    "EventPlaceLine",
    "EventPoint",
    "EventRecord",
]
