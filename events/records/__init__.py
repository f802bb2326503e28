"""Published versions of events and claims."""

from events.records.claim import ClaimPlaceLine, ClaimRecord
from events.records.event import EventPlaceLine, EventPoint, EventRecord

__all__ = [
    "ClaimPlaceLine",
    "ClaimRecord",
    "EventPlaceLine",
    "EventPoint",
    "EventRecord",
]
