"""What can be done to the public side: publish, retract, merge, restore, refresh and erase.

Each is one change set under one lock (`records.edition`). Data flows one way: the workspace is
read here and nowhere else on behalf of the world.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone

from records import workspace
from records.edition import FOLLOWERS, Edition, Key, Problem, PublishError, edition
from records.erasure import erase_versions
from records.models import (
    Cause,
    Change,
    ChangeSet,
    Dataset,
    Op,
    Redistribution,
    Refresh,
    State,
)
from records.record import PublishedRecord
from records.registry import embedders, record_of
from records.shape import Links, Rows, Statement

__all__ = [
    "MergeConflict",
    "Problem",
    "PublishError",
    "discard",
    "erase",
    "merge",
    "publish",
    "refresh",
    "restore",
    "retract",
]

discard = workspace.discard


class MergeConflict(PublishError):
    """A merge that cannot be undone, because what it moved has been published anew since."""


def publish(
    objects: Iterable[tuple[str, UUID]],
    *,
    user: Any = None,
    role: str = "",
    reason: str = "",
    cause: str = Cause.EDIT,
) -> ChangeSet | None:
    """Make rows of the workspace public as they stand, together; None where nothing differs.

    `objects` are pairs of a resource and an id. What a row refers to must be public or among
    them. Raises `PublishError` naming each row that cannot be published; then none is.
    """
    with edition(cause, user=user, role=role, reason=reason) as made:
        rows = _by_resource(objects)
        for resource, ids in rows.items():
            shape = record_of(resource).shape
            states = dict(shape.model._default_manager.filter(pk__in=ids).values_list("pk", "state"))
            statements = shape.read(ids)
            made.prefetch((resource, str(row_id)) for row_id in ids)
            for row_id in ids:
                key = (resource, str(row_id))
                if row_id not in states:
                    made.problem(key, "does not exist")
                elif states[row_id] == State.RETRACTED:
                    made.problem(key, "is retracted; restore it first")
                else:
                    made.add(key, statements[row_id])
        _refuse_forbidden(made)
        for resource, ids in rows.items():
            record_of(resource).shape.model._default_manager.filter(pk__in=ids).update(
                state=State.PUBLISHED
            )
    return made.change_set


def retract(
    objects: Iterable[tuple[str, UUID]],
    *,
    reason: str,
    user: Any = None,
    role: str = "",
) -> ChangeSet | None:
    """Withdraw public rows, leaving a tombstone with the reason.

    Refused, with `PublishError`, while public records refer to them that do not go with them. A
    symmetric link, such as `same_as`, does not hold them: it goes from its other side as well.
    """
    _need_reason(reason)
    with edition(Cause.EDIT, user=user, role=role, reason=reason) as made:
        rows = _by_resource(objects)
        keys = [(resource, str(row_id)) for resource, ids in rows.items() for row_id in ids]
        made.prefetch(keys)
        for key in keys:
            if made.public(key) is None:
                made.problem(key, "is not public")
            else:
                made.bury(key)
        if not made.problems:
            _refuse_referred(made, set(keys))
        for resource, ids in rows.items():
            _set_state(resource, ids, State.RETRACTED)
            _drop_symmetric(resource, ids)
    return made.change_set


def merge(
    resource: str, loser: UUID, into: UUID, *, reason: str, user: Any = None, role: str = ""
) -> ChangeSet | None:
    """Merge one public row into another of its resource.

    The loser is retracted and leads to the survivor; what referred to it refers to the survivor;
    its names, codes and origins move. Undone by `restore`. Raises `PublishError`.
    """
    _need_reason(reason)
    lost, kept = (resource, str(loser)), (resource, str(into))
    with edition(Cause.MERGE, user=user, role=role, reason=reason) as made:
        for key in (lost, kept):
            if made.public(key) is None:
                made.problem(key, "is not public")
        if loser == into:
            made.problem(lost, "cannot be merged into itself")
        if made.problems:
            raise PublishError(made.problems)
        record = record_of(resource)
        survivor = _survivor(made, record, lost, kept)
        _set_state(resource, [loser], State.RETRACTED)
        record.shape.model._default_manager.filter(pk=loser).update(merged_into=into)
        rows = _redirect_workspace(lost, kept, survivor)
        made.bury(lost, Op.MERGE, kept[1])
        made.add(kept, survivor)
        made.undo = {"rows": rows}
    assert made.change_set is not None
    made.change_set.undo = {
        "rows": rows,
        "records": [
            [name, str(object_id), version]
            for name, object_id, version in made.change_set.changes.exclude(
                object_id=loser
            ).values_list("resource", "object_id", "version")
        ],
    }
    made.change_set.save(update_fields=["undo"])
    return made.change_set


def _survivor(made: Edition, record: type[PublishedRecord], lost: Key, kept: Key) -> Statement:
    """What the survivor of a merge says: its own, and what moves to it."""
    own, other = made.statement(kept), made.statement(lost)
    assert own is not None and other is not None
    if own.get("parent") == lost[1]:
        raise PublishError([Problem(*kept, "lies under the other; give it another parent first")])
    merged = record.shape.replace(record.merge(own, other), *lost, kept[1])
    return record.shape.normal(_without_self_links(record, merged, kept[1]))


def _without_self_links(
    record: type[PublishedRecord], statement: Statement, object_id: str
) -> Statement:
    links = {
        member.name: [e for e in statement[member.name] if e[member.other] != object_id]
        for member in record.shape.children
        if isinstance(member, Links)
    }
    return {**statement, **links}


def _redirect_workspace(lost: Key, kept: Key, survivor: Statement) -> list[list[Any]]:
    """Turn the workspace's references from the loser to the survivor; what each row said.

    Rows keep their state: a draft stays one. Each entry is a resource, an id, and what the row
    said before and says now.
    """
    resource, old = lost
    changed: list[list[Any]] = []
    for name in embedders(resource):
        record = record_of(name)
        before = record.shape.read(referring(name, resource, UUID(old)) - {UUID(old)})
        after = {
            row_id: record.shape.normal(
                _without_self_links(
                    record, record.shape.replace(said, resource, old, kept[1]), str(row_id)
                )
            )
            for row_id, said in before.items()
            if (name, str(row_id)) != kept
        }
        _apply_keeping_state(name, after)
        changed += [[name, str(i), before[i], after[i]] for i in after if before[i] != after[i]]
    row_id = UUID(kept[1])
    shape = record_of(resource).shape
    before = shape.read([row_id])
    _apply_keeping_state(resource, {row_id: survivor})
    changed.append([resource, kept[1], before[row_id], shape.read([row_id])[row_id]])
    return changed


def _apply_keeping_state(resource: str, statements: dict[UUID, Statement]) -> None:
    model = record_of(resource).shape.model
    states = dict(model._default_manager.filter(pk__in=statements).values_list("pk", "state"))
    for state in sorted(set(states.values())):
        of_state = {i: said for i, said in statements.items() if states[i] == state}
        workspace.apply(resource, of_state, state=state)


def referring(name: str, resource: str, object_id: UUID) -> set[UUID]:
    """Rows of the workspace of one resource that refer to a row of another, at any depth."""
    target = record_of(resource).shape.model
    shape = record_of(name).shape

    def lookups(model: type[models.Model], members: Iterable[Any]) -> Iterator[str]:
        for field in model._meta.concrete_fields:
            if field.related_model is target and any(
                field.attname in member.columns() for member in members
            ):
                yield field.name

    found: set[UUID] = set()
    for lookup in lookups(shape.model, shape.stored):
        rows = shape.model._default_manager.filter(**{lookup: object_id})
        found.update(rows.values_list("pk", flat=True))
    for member in shape.children:
        if not isinstance(member, Rows):
            continue
        for rows_member, path in [
            (member, ""), *((nested, f"{nested.parent}__") for nested in member.nested)
        ]:  # fmt: skip
            for lookup in lookups(rows_member.model, rows_member.members):
                rows = rows_member.model._default_manager.filter(**{lookup: object_id})
                found.update(rows.values_list(f"{path}{member.parent}_id", flat=True))
    return found


def restore(
    resource: str, object_id: UUID, *, reason: str, user: Any = None, role: str = ""
) -> ChangeSet | None:
    """Undo a retraction or a merge, by a further version.

    A merge can be undone only while nothing that it moved has been published anew since: else
    `MergeConflict` names what was. Raises `PublishError` for a row that is public, was erased, or
    refers to what is no longer public.
    """
    _need_reason(reason)
    key = (resource, str(object_id))
    record = record_of(resource)
    with edition(Cause.EDIT, user=user, role=role, reason=reason) as made:
        version = made.newest(key)
        if version is None or version.live or version.op == Op.ERASE:
            state = {None: "was never public", Op.ERASE: "was erased"}.get(
                version and version.op, "is public"
            )
            raise PublishError([Problem(*key, f"{state}; there is nothing to restore")])
        if version.op == Op.MERGE:
            made.cause = Cause.MERGE
            _undo_merge(made, Change.objects.get(seq=version.seq).change_set)
        last = record.objects.of(object_id).filter(live=True).latest("version")
        made.add(key, last.statement())
        workspace.apply(resource, {object_id: last.statement()}, user=user)
        _set_state(resource, [object_id], State.PUBLISHED)
        record.shape.model._default_manager.filter(pk=object_id).update(merged_into=None)
    return made.change_set


def _undo_merge(made: Edition, merged: ChangeSet) -> None:
    """Say again, in public and in the workspace, what was said before a merge."""
    moved = {(name, row_id): version for name, row_id, version in merged.undo["records"]}
    made.prefetch(moved)
    since = [k for k, version in moved.items() if made._public[k].version.version != version]
    waiting = Refresh.objects.filter(because_seq=merged.first_seq).exists()
    if since or waiting:
        raise MergeConflict(
            [Problem(*key, "has been published anew since the merge") for key in since]
            or [Problem(*next(iter(moved)), "what the merge moved still waits in the queue")]
        )
    for key, version in moved.items():
        before = record_of(key[0]).objects.get(object_id=key[1], version=version - 1)
        if before.live:
            made.add(key, before.statement())
    for name, row_id, before, after in merged.undo["rows"]:
        key = (name, row_id)
        if key not in moved and made.statement(key) == after:
            made.add(key, before)
        shape = record_of(name).shape
        if shape.read([UUID(row_id)]).get(UUID(row_id)) == after:
            _apply_keeping_state(name, {UUID(row_id): before})


def refresh(limit: int = FOLLOWERS) -> int:
    """Work off a part of the queue: replace references in records that embed what changed.

    Returns how many waiting records were dealt with; 0 when the queue is empty.
    """
    if not Refresh.objects.exists():
        return 0
    with edition(Cause.REFERENCE) as made:
        waiting = list(Refresh.objects.order_by("pk")[:limit])
        for item in waiting:
            key = (item.resource, str(item.object_id))
            statement = made.statement(key)
            if statement is not None:
                made.add(key, made.follow_merges(key, statement))
        Refresh.objects.filter(pk__in=[item.pk for item in waiting]).delete()
    return len(waiting)


def erase(resource: str, object_id: UUID, *, reason: str, user: Any = None) -> ChangeSet:
    """Erase a row in every version, for a court order or a person in danger.

    Its JSON and columns are replaced in every version, and so is its small form in every version
    of whatever embeds it. The workspace row is emptied. Cannot be undone; logged for whoever holds
    copies. Raises `PublishError` for a row that was never public.
    """
    _need_reason(reason)
    key = (resource, str(object_id))
    with edition(Cause.ERASE, user=user, reason=reason) as made:
        newest = made.newest(key)
        if newest is None or newest.op == Op.ERASE:
            state = "was erased already" if newest else "was never public"
            raise PublishError([Problem(*key, state)])
        made.bury(key, Op.ERASE)
        made.after_commit = erase_versions
    assert made.change_set is not None
    return made.change_set


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise ValueError("a reason is needed: say in a sentence why, for everyone to read")


def _by_resource(objects: Iterable[tuple[str, UUID]]) -> dict[str, list[UUID]]:
    rows: dict[str, dict[UUID, None]] = defaultdict(dict)
    for resource, object_id in objects:
        record_of(resource)
        rows[resource][UUID(str(object_id))] = None
    return {resource: list(ids) for resource, ids in rows.items()}


def _set_state(resource: str, ids: Iterable[UUID], state: str) -> None:
    model = record_of(resource).shape.model
    rows = model._default_manager.filter(pk__in=list(ids))
    rows.update(state=state, updated_at=timezone.now())
    if hasattr(model, "codes"):
        for member in record_of(resource).shape.children:
            if member.keys == ("codes", "other_codes"):
                member.model._default_manager.filter(**{f"{member.parent}__in": list(ids)}).update(
                    live=state != State.RETRACTED
                )


def _drop_symmetric(resource: str, ids: Iterable[UUID]) -> None:
    """Remove the symmetric links of rows: they go with the row, from both sides."""
    for member in record_of(resource).shape.links:
        links = member.model._default_manager.filter(kind__in=member.symmetric)
        links.filter(**{f"{member.parent}__in": list(ids)}).delete()
        links.filter(target__in=list(ids)).delete()


def _refuse_referred(made: Edition, going: set[Key]) -> None:
    for key in made.embedding(going):
        if key in going:
            continue
        statement = made.statement(key)
        if statement is None:
            continue
        resource = key[0]
        for member in record_of(resource).shape.links:
            statement = {
                **statement,
                member.name: [
                    e
                    for e in statement[member.name]
                    if not (e["kind"] in member.symmetric and (resource, e[member.other]) in going)
                ],
            }
        for target in sorted(going & set(record_of(resource).shape.references(statement))):
            made.problem(
                target, f"{key[0]}/{key[1]} refers to it; retract that as well, or edit it first"
            )


def _refuse_forbidden(made: Edition) -> None:
    if settings.CLOSED:
        return
    forbidden = set(
        Dataset.objects.filter(redistribution=Redistribution.FORBIDDEN).values_list(
            "slug", flat=True
        )
    )
    if not forbidden:
        return
    for key, statement in made.statements.items():
        slugs = {statement["dataset"], *(origin["dataset"] for origin in statement["datasets"])}
        for slug in sorted(forbidden & slugs):
            made.problem(
                key,
                f"data set {slug} forbids redistribution; only an instance closed to anonymous "
                "reading (DATELINE_CLOSED=true) may publish it",
            )
