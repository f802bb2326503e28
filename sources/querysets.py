"""Every question asked of the tables of actors, sources and documents."""

from records.querysets import CuratedQuerySet, RecordQuerySet


class ActorQuerySet(CuratedQuerySet):
    """Actors of the workspace."""


class SourceQuerySet(CuratedQuerySet):
    """Sources of the workspace."""


class DocumentQuerySet(CuratedQuerySet):
    """Documents of the workspace."""


class ActorRecordQuerySet(RecordQuerySet):
    """Published versions of actors."""


class SourceRecordQuerySet(RecordQuerySet):
    """Published versions of sources."""


class DocumentRecordQuerySet(RecordQuerySet):
    """Published versions of documents."""
