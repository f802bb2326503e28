"""Taking back what a complete release no longer has."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from records import publishing, workspace
from records.edition import PublishError
from records.imports.formats import Item
from records.models import Cause, Dataset, Origin, ReviewItem, State
from records.registry import record_of, resources

#: How many rows of the workspace are withdrawn in one change set.
TOGETHER = 2_000


class Seen:
    """Which parts the files speak of, kept in a temporary table until the end of the import."""

    def __init__(self) -> None:
        self._made = False
        self._waiting: list[tuple[str, str]] = []
        #: Rows that were rejected: what they had before stays.
        self._rejected: set[str] = set()
        #: How many rejected rows had no id that could be read.
        self.unknown = 0

    def item(self, item: Item) -> None:
        """Note the parts of a row."""
        self._waiting += [(part.resource, part.external_id) for part in item.parts]
        if len(self._waiting) >= 10_000:
            self._flush()

    def rejected(self, key: str | None) -> None:
        """Note a row that was rejected, by its id where that could be read."""
        if key is None:
            self.unknown += 1
        else:
            self._rejected.add(key)

    def _flush(self) -> None:
        with connection.cursor() as cursor:
            if not self._made:
                cursor.execute(
                    "create temporary table records_import_seen (resource text, external_id text)"
                )
                self._made = True
            copy: Any = cursor.copy
            with copy("copy records_import_seen from stdin") as stream:
                for row in self._waiting:
                    stream.write_row(row)
        self._waiting = []

    def missing(self, dataset: Dataset) -> list[Origin]:
        """The origins of a data set that no row of the files speaks of."""
        self._flush()
        with connection.cursor() as cursor:
            cursor.execute("analyze records_import_seen")
            cursor.execute(
                "select o.id, o.resource, o.object_id, o.external_id from records_origin o"
                " where o.dataset_id = %s and not exists (select from records_import_seen s"
                " where s.resource = o.resource and s.external_id = o.external_id)"
                " order by o.external_id",
                [dataset.pk],
            )
            found = [
                Origin(id=pk, dataset=dataset, resource=name, object_id=row_id, external_id=ext)
                for pk, name, row_id, ext in cursor.fetchall()
            ]
            cursor.execute("drop table records_import_seen")
        self._made = False
        return [origin for origin in found if _key(origin) not in self._rejected]


@dataclass
class Withdrawn:
    """What was taken back: rows of the files, and what stays although it is gone there."""

    rows: int = 0
    kept: int = 0
    questions: int = 0
    #: 1 where nothing was, because it cannot be told what the release lacks.
    skipped: int = 0
    written: Counter[str] = field(default_factory=Counter)


def withdraw(dataset: Dataset, seen: Seen, *, primary: str, publish: bool, user: Any) -> Withdrawn:
    """Remove the origins that the release lacks; retract rows whose last origin goes.

    A row stays where public records of others refer to it, or a curator edited it: then a review
    item asks. Where a rejected row's id could not be read, nothing is withdrawn.
    """
    done = Withdrawn(skipped=int(seen.unknown > 0))
    missing = [] if seen.unknown else seen.missing(dataset)
    together: list[Origin] = []
    for origin in missing:
        if len(together) >= TOGETHER and _key(origin) != _key(together[-1]):
            _withdraw(dataset, together, primary, publish, user, done)
            together = []
        together.append(origin)
    if together:
        _withdraw(dataset, together, primary, publish, user, done)
    return done


def _key(origin: Origin) -> str:
    """The id of the row of the file to which a part belongs."""
    return origin.external_id.split(":")[0]


def _withdraw(
    dataset: Dataset,
    origins: list[Origin],
    primary: str,
    publish: bool,
    user: Any,
    done: Withdrawn,
) -> None:
    reason = f"Data set {dataset.slug}: release {dataset.version} no longer has it."
    gone = {(origin.resource, origin.object_id) for origin in origins}
    Origin.objects.filter(pk__in=[origin.pk for origin in origins]).delete()
    others = Origin.objects.filter(object_id__in={row_id for _, row_id in gone})
    shared = {key for key in others.values_list("resource", "object_id") if key in gone}
    going = gone - shared
    states = {
        (resource, row_id): (state, curated)
        for resource in resources()
        for row_id, state, curated in record_of(resource)
        .shape.model._default_manager.filter(pk__in=[i for name, i in going if name == resource])
        .values_list("pk", "state", "curated")
    }
    drafts = {key for key, (state, _) in states.items() if state == State.DRAFT and not publish}
    edited = {key for key, (_, curated) in states.items() if curated}
    public = {key for key, (state, _) in states.items() if state == State.PUBLISHED}
    retracted = _retract(public - edited, reason, user)
    for resource, row_id in sorted(drafts, key=lambda key: -resources().index(key[0])):
        workspace.discard(resource, row_id)
    stays = (public | edited) - retracted
    ReviewItem.objects.bulk_create(
        [
            ReviewItem(
                kind=ReviewItem.Kind.DIFFERENCE,
                resource=resource,
                object_id=row_id,
                dataset=dataset,
                member="datasets",
                reason=f"{reason} It stays: "
                + (
                    "a curator edited it."
                    if (resource, row_id) in edited
                    else "public records refer to it."
                ),
            )
            for resource, row_id in sorted(stays)
        ],
        ignore_conflicts=True,
    )
    if publish:
        publishing.publish(
            [key for key in sorted((stays & public) | shared) if key not in edited],
            user=user,
            role="import",
            reason=reason,
            cause=Cause.IMPORT,
        )
    done.rows += sum(1 for key in retracted | drafts | shared if key[0] == primary)
    done.kept += len(stays)
    done.questions += len(stays)
    done.written.update(resource for resource, _ in retracted | drafts)


def _retract(keys: set[tuple[str, UUID]], reason: str, user: Any) -> set[tuple[str, UUID]]:
    """Retract those that nothing public refers to which stays; which those are."""
    while keys:
        try:
            with transaction.atomic():
                publishing.retract(
                    sorted(keys), reason=reason, user=user, role="import", cause=Cause.IMPORT
                )
            return keys
        except PublishError as error:
            held = {(p.resource, UUID(p.object_id)) for p in error.problems}
            keys = keys - held
            if not held:
                raise
    return keys
