"""Every question asked of rows of the workspace and of records, whatever their resource."""

from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import Q


def column_names(model: type[models.Model]) -> set[str]:
    """The names of the columns of a table."""
    return {field.name for field in model._meta.concrete_fields}


class CuratedQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Rows of the workspace: drafts and all."""


class RecordQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Published versions."""

    def current(self) -> Self:
        """The versions that answer for the present; tombstones are none."""
        return self.filter(superseded_seq__isnull=True, live=True)

    def at(self, seq: int | None) -> Self:
        """The versions that answered when `seq` was the newest number; tombstones are none.

        None means the present, whose indexes hold nothing else.
        """
        return self.current() if seq is None else self.newest_at(seq).filter(live=True)

    def newest(self) -> Self:
        """The newest version of each object, tombstones included."""
        return self.filter(superseded_seq__isnull=True)

    def newest_at(self, seq: int) -> Self:
        """The newest version of each object when `seq` was the newest number."""
        return self.filter(Q(superseded_seq__isnull=True) | Q(superseded_seq__gt=seq), seq__lte=seq)

    def of(self, object_id: UUID) -> Self:
        """Every version of one object."""
        return self.filter(object_id=object_id)

    def referring_to(self, *ids: UUID) -> Self:
        """The versions that embed any of the given objects."""
        return self.filter(refs__overlap=list(ids))
