"""What can be done to the public side: publish, retract, merge, restore, refresh and erase.

Each is one change set under one lock (`records.edition`). Data flows one way: the workspace is
read here and nowhere else on behalf of the world.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, models
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
    Origin,
    Redistribution,
    Refresh,
    State,
)
from records.record import PublishedRecord
from records.registry import holders, record_of
from records.shape import Codes, Links, Rows, Statement

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

#: How many rows one change set publishes.
CHANGE_SET_LIMIT = 5_000


class MergeConflict(PublishError):
    """A merge that cannot be undone, because what it moved has been published anew since."""


def publish(
    objects: Iterable[tuple[str, UUID]],
    *,
    user: Any = None,
    role: str = "",
    reason: str = "",
    cause: str = Cause.EDIT,
    said: Mapping[str, Mapping[UUID, Statement]] | None = None,
) -> ChangeSet | None:
    """Make rows of the workspace public as they stand, together; None where nothing differs.

    `objects` are pairs of a resource and an id. What a row refers to must be public or among
    them. A symmetric link, such as `same_as`, belongs to both its sides: it shows, changes or goes
    once neither of them is a draft. Who has written rows in the same transaction, under the lock,
    may give what they say as `said`, by resource: they are not read again then. Raises
    `PublishError` naming each row that cannot be published; then none is.
    """
    with edition(cause, user=user, role=role, reason=reason) as made:
        connection.check_constraints()
        rows = _by_resource(objects)
        _refuse_too_many(rows)
        for resource, ids in rows.items():
            shape = record_of(resource).shape
            states = _locked(resource, ids)
            known = said.get(resource, {}) if said else {}
            statements = shape.read([i for i in ids if i not in known]) | dict(known)
            made.prefetch((resource, str(row_id)) for row_id in ids)
            for row_id in ids:
                key = (resource, str(row_id))
                if row_id not in states:
                    made.problem(key, "does not exist")
                elif states[row_id] == State.RETRACTED:
                    made.problem(key, "is retracted; restore it first")
                elif _is_erased(made, key):
                    made.problem(key, "was erased, and is not published again")
                else:
                    made.add(key, statements[row_id])
        _keep_links_of_drafts(made)
        _refuse_forbidden(made)
        for resource, ids in rows.items():
            written = record_of(resource).shape.model._default_manager.filter(pk__among=ids)
            written.exclude(state=State.PUBLISHED).update(state=State.PUBLISHED)
    return made.change_set


def _keep_links_of_drafts(made: Edition) -> None:
    """Leave symmetric links to rows that are under edit as they are in public.

    Such a link is stored once, and this set cannot tell which of its two rows was edited.
    """
    now: dict[Key, dict[str, dict[str, list[Any]]]] = {}
    others: dict[str, set[str]] = defaultdict(set)
    for key, statement in made.statements.items():
        links = record_of(key[0]).shape.links
        public = made.public(key) if links else None
        before = public.version.statement() if public else None
        now[key] = {member.name: member.by_other(before) for member in links}
        for member in links:
            found = {*now[key][member.name], *member.by_other(statement)}
            others[key[0]] |= {i for i in found if (key[0], i) not in made.statements}
    drafts: set[Key] = set()
    for resource, ids in others.items():
        rows = record_of(resource).shape.model._default_manager.filter(pk__in=ids)
        under_edit = rows.filter(state__in=[State.DRAFT, State.IN_REVIEW])
        drafts |= {(resource, str(i)) for i in under_edit.values_list("pk", flat=True)}
    for key in [key for key in made.statements if now[key]] if drafts else []:
        shape, statement = record_of(key[0]).shape, made.statements[key]
        for member in shape.links:
            stated = member.by_other(statement)
            held = {i for i in {*stated, *now[key][member.name]} if (key[0], i) in drafts}
            kept = [e for e in statement[member.name] if not member.leads_to(e, held)]
            kept += [e for i in sorted(held) for e in now[key][member.name].get(i, [])]
            statement = {**statement, member.name: kept}
        made.statements[key] = shape.normal(statement)


def _refuse_too_many(rows: dict[str, list[UUID]]) -> None:
    count = sum(map(len, rows.values()))
    if count > CHANGE_SET_LIMIT:
        resource, ids = next(iter(rows.items()))
        text = f"is one of {count} rows; a change set takes at most {CHANGE_SET_LIMIT}: split it"
        raise PublishError([Problem(resource, str(ids[0]), text)])


def _locked(resource: str, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The states of rows that nobody else changes until this set is committed."""
    rows = record_of(resource).shape.model._default_manager.filter(pk__among=set(ids))
    return dict(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", "state"))


def _is_erased(made: Edition, key: Key) -> bool:
    newest = made.newest(key)
    return newest is not None and newest.op == Op.ERASE


def retract(
    objects: Iterable[tuple[str, UUID]],
    *,
    reason: str,
    user: Any = None,
    role: str = "",
    cause: str = Cause.EDIT,
) -> ChangeSet | None:
    """Withdraw public rows, leaving a tombstone with the reason.

    Refused, with `PublishError`, while public records refer to them that do not go with them. A
    symmetric link, such as `same_as`, does not hold them: it goes from its other side as well.
    """
    _need_reason(reason)
    with edition(cause, user=user, role=role, reason=reason) as made:
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
    with edition(Cause.MERGE, user=user, role=role, reason=reason) as made, _obeying(kept):
        if loser == into:
            made.problem(lost, "cannot be merged into itself")
        for key in (lost, kept):
            if made.public(key) is None:
                made.problem(key, "is not public")
            elif made.line(*kept).count(lost[1]):
                made.problem(kept, "lies under the other; give it another parent first")
                break
        if made.problems:
            raise PublishError(made.problems)
        record = record_of(resource)
        states = _locked(resource, [loser, into])
        own, other = made.statement(kept) or {}, made.statement(lost) or {}
        moved = _who_embeds(made, {lost} | _merged_into(made, {lost}))
        made.undo = {
            "into": kept[1],
            "loser": {"state": states[loser], "said": record.shape.read([loser])[loser]},
            "records": [[*key, _version_of(made, key)] for key in [kept, *moved]],
        }
        _set_state(resource, [loser], State.RETRACTED)
        model = record.shape.model
        model._default_manager.filter(pk=loser).update(merged_into=into)
        model._default_manager.filter(pk=into).update(curated=True)
        made.undo["rows"] = _redirect_workspace(lost, kept, other, user)
        made.bury(lost, Op.MERGE, kept[1])
        made.add(kept, _survivor(record, own, other, lost, kept))
    return made.change_set


@contextmanager
def _obeying(key: Key) -> Iterator[None]:
    """What the database refuses of the rows written here is a refusal of the set, in its words."""
    try:
        yield
        connection.check_constraints()
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        text = (diagnosis and diagnosis.message_primary) or str(error)
        if diagnosis and diagnosis.message_detail:
            text += f" ({diagnosis.message_detail})"
        raise PublishError([Problem(*key, text)]) from error


def _who_embeds(made: Edition, keys: set[Key]) -> list[Key]:
    """Whose current records refer to any of the given objects, these left out."""
    found = made.embedding({key: holders(key[0]) for key in sorted(keys)})
    made.prefetch(found)
    return [key for key in found if key not in keys]


def _merged_into(made: Edition, keys: set[Key]) -> set[Key]:
    """Objects that were merged into the given ones, directly or through others."""
    found: set[Key] = set()
    wanted = set(keys)
    while wanted:
        loaded: set[Key] = set()
        for resource in {resource for resource, _ in wanted}:
            ids = [object_id for name, object_id in wanted if name == resource]
            versions = record_of(resource).objects.newest().filter(merged_into__in=ids)
            loaded |= {(resource, str(i)) for i in versions.values_list("object_id", flat=True)}
        wanted = loaded - found
        found |= loaded
    return found


def _version_of(made: Edition, key: Key) -> int:
    newest = made.newest(key)
    return newest.version if newest else 0


def _survivor(
    record: type[PublishedRecord], own: Statement, other: Statement, lost: Key, kept: Key
) -> Statement:
    """What the survivor of a merge says: its own, and what moves to it."""
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


def _redirect_workspace(lost: Key, kept: Key, other: Statement, user: Any) -> list[list[Any]]:
    """Turn the workspace's references from the loser to the survivor; what each row said.

    Rows keep their state and what was edited in them: a draft stays one. Each entry is a resource,
    an id, and what the row said before and says now.
    """
    resource, old = lost
    row_id = UUID(kept[1])
    own = record_of(resource).shape.read([row_id])[row_id]
    changed: list[list[Any]] = []
    for name in holders(resource):
        record = record_of(name)
        before = record.shape.read(referring(name, resource, UUID(old)) - {UUID(old)})
        before = {i: said for i, said in before.items() if (name, str(i)) != kept}
        after = {
            row_id: record.shape.normal(
                _without_self_links(
                    record, record.shape.replace(said, resource, old, kept[1]), str(row_id)
                )
            )
            for row_id, said in before.items()
        }
        _apply_keeping_state(name, after, user)
        changed += [[name, str(i), before[i], after[i]] for i in after if before[i] != after[i]]
    record = record_of(resource)
    Origin.objects.filter(resource=resource, object_id=old).update(object_id=row_id)
    _apply_keeping_state(resource, {row_id: _survivor(record, own, other, lost, kept)}, user)
    return [*changed, [resource, kept[1], own, record.shape.read([row_id])[row_id]]]


def _apply_keeping_state(
    resource: str, statements: dict[UUID, Statement], user: Any = None
) -> None:
    model = record_of(resource).shape.model
    states = dict(model._default_manager.filter(pk__in=statements).values_list("pk", "state"))
    for state in sorted(set(states.values())):
        of_state = {i: said for i, said in statements.items() if states[i] == state}
        workspace.apply(resource, of_state, user=user, state=state)


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
    for linked in shape.links if name == resource else []:
        links = linked.model._default_manager.filter(
            **{linked.parent: object_id}, kind__in=linked.symmetric
        )
        found.update(links.values_list("target_id", flat=True))
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
    `MergeConflict` names what was. What was merged since is followed. Raises `PublishError` for a
    row that is public, was erased, has a code that another took, or refers to what is no longer
    public.
    """
    _need_reason(reason)
    key = (resource, str(object_id))
    record = record_of(resource)
    with edition(Cause.EDIT, user=user, role=role, reason=reason) as made, _obeying(key):
        version = made.newest(key)
        if version is None or version.live or version.op == Op.ERASE:
            state = "was never public" if version is None else "is public"
            if version is not None and version.op == Op.ERASE:
                state = "was erased"
            raise PublishError([Problem(*key, f"{state}; there is nothing to restore")])
        made.restoring = True
        _locked(resource, [object_id])
        last = record.objects.of(object_id).filter(live=True).latest("version")
        made.add(key, last.statement())
        made.statements[key] = made.follow_merges(key, last.statement())
        said, said_state = made.statements[key], str(State.PUBLISHED)
        if version.op == Op.MERGE:
            made.cause = made.causes[key] = Cause.MERGE
            undo = Change.objects.get(seq=version.seq).change_set
            said, said_state = _undo_merge(made, undo, key, user)
        workspace.apply(resource, {object_id: said}, user=user)
        _refuse_taken_codes(key, said)
        _set_state(resource, [object_id], said_state)
        record.shape.model._default_manager.filter(pk=object_id).update(merged_into=None)
    return made.change_set


def _undo_merge(made: Edition, merged: ChangeSet, lost: Key, user: Any) -> tuple[Statement, str]:
    """Say again, in public and in the workspace, what was said before a merge.

    What the loser's row said before, and its state.
    """
    undo: dict[str, Any] = merged.undo or {}
    if "erased" in undo:
        text = "cannot be restored: something that the merge moved was erased"
        raise PublishError([Problem(*lost, text)])
    kept = (lost[0], undo["into"])
    before = {(name, i): _said_by(name, i, version) for name, i, version in undo["records"]}
    after = {
        (change.resource, str(change.object_id)): _said_by(
            change.resource, str(change.object_id), change.version
        )
        for change in merged.changes.filter(op__in=[Op.ADD, Op.MODIFY])
    }
    made.prefetch(before)
    since: list[Problem] = []
    for key, said in before.items():
        shape = record_of(key[0]).shape
        now, turned = made.statement(key), shape.replace(said, *lost, kept[1])
        if now is not None and now in (said, turned, after.get(key)):
            made.add(key, made.follow_merges(key, said))
        else:
            since.append(Problem(*key, "has been published anew since the merge"))
    if since:
        raise MergeConflict(since)
    _take_back(undo["rows"], user)
    return undo["loser"]["said"], undo["loser"]["state"]


def _take_back(rows: list[list[Any]], user: Any) -> None:
    """Have rows of the workspace say what they said before a merge, edits since kept."""
    back: dict[str, dict[UUID, Statement]] = defaultdict(dict)
    for name, row_id, said, then in rows:
        now = record_of(name).shape.read([UUID(row_id)]).get(UUID(row_id))
        if now is not None:
            back[name][UUID(row_id)] = {
                member: said[member] if now[member] == then[member] else now[member]
                for member in now
            }
    for name, statements in back.items():
        _apply_keeping_state(name, statements, user)


def _said_by(resource: str, object_id: str, version: int) -> Statement:
    return record_of(resource).objects.get(object_id=object_id, version=version).statement()


def _refuse_taken_codes(key: Key, said: Statement) -> None:
    """Refuse to restore a row one of whose codes another row has by now."""
    resource, object_id = key
    for member in record_of(resource).shape.children:
        if isinstance(member, Codes):
            codes = {*said["codes"].items()}
            codes |= {(other["scheme"], other["code"]) for other in said["other_codes"]}
            taken = [
                Problem(*key, f"its code {scheme}:{code} belongs to {resource}/{owner} now")
                for scheme, code, owner in member.model._default_manager.filter(
                    live=True, code__in={code for _, code in codes}
                )
                .exclude(**{member.parent: object_id})
                .values_list("scheme", "code", f"{member.parent}_id")
                if (scheme, code) in codes
            ]
            if taken:
                raise PublishError(taken)


def refresh(limit: int = FOLLOWERS) -> int:
    """Work off a part of the queue: have records follow what changed elsewhere.

    Returns how many waiting records were dealt with; 0 when the queue is empty.
    """
    if not Refresh.objects.exists():
        return 0
    with edition(Cause.REFERENCE) as made:
        waiting = list(Refresh.objects.order_by("pk")[:limit])
        for item in waiting:
            key = (item.resource, str(item.object_id))
            statement = made.statement(key)
            if item.derived:
                made.stale.add(key)
            elif statement is not None:
                made.add(key, made.follow_merges(key, statement))
        Refresh.objects.filter(pk__in=[item.pk for item in waiting]).delete()
    return len(waiting)


def erase(resource: str, object_id: UUID, *, reason: str, user: Any = None) -> ChangeSet:
    """Erase a row in every version, for a court order or a person in danger.

    Its JSON and columns are replaced in every version, and so is its small form in every version
    of whatever embeds it. The workspace row is emptied. Cannot be undone; logged for whoever holds
    copies. What was merged into it goes with it. Raises `PublishError` for a row that was never
    public, or was merged into another.
    """
    _need_reason(reason)
    key = (resource, str(object_id))
    with edition(Cause.ERASE, user=user, reason=reason) as made:
        newest = made.newest(key)
        if newest is None or newest.op == Op.ERASE:
            state = "was erased already" if newest else "was never public"
            raise PublishError([Problem(*key, state)])
        if newest.merged_into is not None:
            state = f"was merged into {resource}/{made.survivor(key)}; erase that"
            raise PublishError([Problem(*key, state)])
        for merged in sorted(_merged_into(made, {key})):
            if not _is_erased(made, merged):
                made.bury(merged, Op.ERASE)
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
    ids = list(ids)
    rows = model._default_manager.filter(pk__in=ids)
    rows.update(state=state, updated_at=timezone.now())
    for member in record_of(resource).shape.children:
        if isinstance(member, Codes):
            member.set_live(ids, state != State.RETRACTED)


def _drop_symmetric(resource: str, ids: Iterable[UUID]) -> None:
    """Remove the symmetric links of rows: they go with the row, from both sides."""
    for member in record_of(resource).shape.links:
        links = member.model._default_manager.filter(kind__in=member.symmetric)
        links.filter(**{f"{member.parent}__in": list(ids)}).delete()
        links.filter(target__in=list(ids)).delete()


def _refuse_referred(made: Edition, going: set[Key]) -> None:
    """Refuse to retract what public records refer to, also by what was merged into it."""
    meant = going | _merged_into(made, going)
    for key in _who_embeds(made, meant):
        statement = made.statement(key)
        if statement is None:
            continue
        for member in record_of(key[0]).shape.links:
            statement = {
                **statement,
                member.name: [
                    e
                    for e in statement[member.name]
                    if not (e["kind"] in member.symmetric and (key[0], e[member.other]) in meant)
                ],
            }
        for target in sorted(meant & set(record_of(key[0]).shape.references(statement))):
            made.problem(
                (target[0], made.survivor(target)),
                f"{key[0]}/{key[1]} refers to it; retract that as well, or edit it first",
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
