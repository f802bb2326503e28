"""Every question asked of the tables of events and claims."""

from collections.abc import Iterable
from typing import Self

from records.querysets import CuratedQuerySet, RecordQuerySet


class EventQuerySet(CuratedQuerySet):
    """Events of the workspace."""


class ClaimQuerySet(CuratedQuerySet):
    """Claims of the workspace."""


class EventRecordQuerySet(RecordQuerySet):
    """Published versions of events."""


class ClaimRecordQuerySet(RecordQuerySet):
    """Published versions of claims."""

    def narrating(self, event_ids: Iterable[str]) -> Self:
        """Claims by which a document, in its own voice, affirms that events happened."""
        return self.filter(
            event__in=list(event_ids),
            kind="occurrence",
            voice="narration",
            polarity="affirmed",
            conditional=False,
        )
