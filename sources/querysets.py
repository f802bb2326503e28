"""Every question asked of the tables of actors, sources and documents."""

from records.querysets import CuratedQuerySet


class ActorQuerySet(CuratedQuerySet):
    """Actors of the workspace."""


class SourceQuerySet(CuratedQuerySet):
    """Sources of the workspace."""


class DocumentQuerySet(CuratedQuerySet):
    """Documents of the workspace."""
