"""Every question asked of the tables of places."""

from records.querysets import CuratedQuerySet, RecordQuerySet


class PlaceQuerySet(CuratedQuerySet):
    """Places of the workspace."""


class PlaceRecordQuerySet(RecordQuerySet):
    """Published versions of places."""
