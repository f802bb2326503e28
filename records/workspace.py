"""Writing statements into the workspace, and taking edits back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache, reduce
from itertools import islice
from operator import and_
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, CheckConstraint, F, Q, Value, When
from django.utils import timezone

from records.copying import copy_rows
from records.models import Cause, Change, Curated, Dataset, Origin, ReviewItem, State
from records.registry import record_of
from records.shape import Codes, Member, Rows, Statement

#: Columns of a curated row that a statement does not hold.
_KEPT = {"id", "created_at", "merged_into", "curated"}


#: A path of keys, and what is wrong there in words for people.
Fault = tuple[list[Any], str]


@dataclass
class Applied:
    """What writing statements changed: ids of rows made, changed and left as they were."""

    created: list[UUID] = field(default_factory=list)
    changed: list[UUID] = field(default_factory=list)
    unchanged: list[UUID] = field(default_factory=list)
    #: What touched rows say now, as reading them would give it.
    said: dict[UUID, Statement] = field(default_factory=dict)

    @property
    def touched(self) -> list[UUID]:
        """The rows that differ from before."""
        return self.created + self.changed


def mark_edited(row: Curated, *, user: Any = None) -> None:
    """A curator has edited the row, or what hangs on it: it is a draft until published again.

    A retracted row stays retracted. Imports no longer overwrite the row.
    """
    type(row)._default_manager.filter(pk=row.pk).update(
        state=Case(When(state=State.RETRACTED, then=F("state")), default=Value(State.DRAFT.value)),
        curated=True,
        updated_by=user,
        updated_at=timezone.now(),
    )


@transaction.atomic
def apply(
    resource: str,
    statements: dict[UUID, Statement],
    *,
    user: Any = None,
    state: str = State.DRAFT,
    before: Mapping[UUID, Statement] | None = None,
) -> Applied:
    """Make rows of the workspace say what the statements say; a fixed number of queries.

    Rows that already say it are left alone; the others are made or changed, and get `state`.
    Statements may leave members out, which then take their defaults. Who has read what the rows
    say gives it as `before`; then the statements are whole, and as `Shape.normal` makes them.
    """
    shape = record_of(resource).shape
    normal = before is not None
    before = shape.read(statements) if before is None else before
    applied = Applied()
    wanted: dict[UUID, Statement] = {}
    for row_id, given in statements.items():
        statement = dict(given) if normal else shape.normal(given)
        old = before.get(row_id)
        for member in shape.stored:
            if not member.writable:
                statement |= {key: (old or statement)[key] for key in member.keys}
        if old is None:
            applied.created.append(row_id)
        elif old != statement:
            applied.changed.append(row_id)
        else:
            applied.unchanged.append(row_id)
            continue
        wanted[row_id] = statement
    if not wanted:
        return applied
    homes = dict(Dataset.objects.values_list("slug", "id"))
    rows = {
        row_id: {
            "id": row_id,
            "state": state,
            "updated_by_id": user and user.pk,
            "dataset_id": statement["dataset"] and homes[statement["dataset"]],
            **shape.members.write(statement),
        }
        for row_id, statement in wanted.items()
    }
    copy_rows(shape.model, (rows[row_id] for row_id in applied.created))
    shape.model._default_manager.bulk_create(
        [shape.model(**rows[row_id]) for row_id in applied.changed],
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[f.name for f in shape.model._meta.concrete_fields if f.name not in _KEPT],
    )
    for member in shape.children:
        differing = {
            row_id: statement
            for row_id, statement in wanted.items()
            if any(statement[key] != before.get(row_id, {}).get(key) for key in member.keys)
        }
        if isinstance(member, Codes):
            live = state != State.RETRACTED
            member.set_live(wanted, live)
            member.save(differing, live=live)
        elif differing:
            member.save(differing)
    _save_origins(resource, wanted, before, homes)
    # A symmetric link is said by the other side too, which may have been written here as well.
    if not any(member.by_other(said) for member in shape.links for said in wanted.values()):
        applied.said = wanted
    return applied


def _save_origins(
    resource: str,
    wanted: dict[UUID, Statement],
    before: Mapping[UUID, Statement],
    homes: dict[str, int],
) -> None:
    differing = [
        row_id
        for row_id, statement in wanted.items()
        if statement["datasets"] != before.get(row_id, {}).get("datasets", [])
    ]
    if not differing:
        return
    Origin.objects.filter(resource=resource, object_id__among=differing).delete()
    copy_rows(
        Origin,
        (
            {
                "dataset_id": homes[origin["dataset"]],
                "resource": resource,
                "object_id": row_id,
                "external_id": origin["external_id"],
            }
            for row_id in differing
            for origin in wanted[row_id]["datasets"]
        ),
    )


def validate(resource: str, row_id: UUID, statement: Statement) -> list[Fault]:
    """What is wrong with a statement: see `faults`; and with its form, which may be any."""
    shape = record_of(resource).shape
    try:
        statement = shape.normal(statement)
    except (ValueError, KeyError, TypeError, AttributeError):
        return _malformed(shape.stored, statement)
    return faults(resource, row_id, statement)


def faults(
    resource: str, row_id: UUID, statement: Statement, *, constraints: bool = True
) -> list[Fault]:
    """What is wrong with a statement in the form that `Shape.normal` makes.

    Checks fields and constraints of the row and of its child rows, but for what needs the rest of
    the database: foreign keys and uniqueness, which the database itself refuses. Constraints cost
    a query a row; without them, the database is left to refuse what breaks one.
    """
    shape = record_of(resource).shape
    columns = {"id": row_id, **shape.members.write(statement)}
    problems = _validate(shape.model, columns, shape.stored, [], constraints)
    for member in shape.children:
        if isinstance(member, Rows):
            problems += _validate_rows(member, statement[member.name], [member.name], constraints)
        elif isinstance(member, Codes):
            problems += _validate_codes(member, statement, constraints)
    return problems


def _malformed(members: Sequence[Member], statement: Statement) -> list[Fault]:
    problems: list[Fault] = []
    for member in members:
        if not all(key in statement for key in member.keys):
            continue
        try:
            member.normal(statement)
        except (ValueError, TypeError, AttributeError) as error:
            problems.append(([member.keys[0]], str(error)))
        except KeyError as error:
            problems.append(([member.keys[0]], f"{error.args[0]} is missing"))
    return problems


def _validate_rows(
    member: Rows, elements: list[Any], path: list[Any], constraints: bool
) -> list[Fault]:
    problems: list[Fault] = []
    for position, element in enumerate(member.open(elements)):
        columns = member.element.write(element)
        problems += _validate(member.model, columns, member.members, [*path, position], constraints)
        for nested in member.nested:
            inner = [*path, position, nested.name]
            problems += _validate_rows(nested, element[nested.name], inner, constraints)
    return problems


def _validate_codes(member: Codes, statement: Statement, constraints: bool) -> list[Fault]:
    problems: list[Fault] = []
    given = [(["codes", scheme], scheme, code) for scheme, code in statement["codes"].items()]
    given += [
        (["other_codes", position], other["scheme"], other["code"])
        for position, other in enumerate(statement["other_codes"])
    ]
    for path, scheme, code in given:
        columns = {"scheme": scheme, "code": code}
        found = _validate(member.model, columns, [], [], constraints)
        problems += [(path, text) for _, text in found]
    return problems


def _validate(
    model: type[models.Model],
    columns: dict[str, Any],
    members: Sequence[Member],
    path: list[Any],
    constraints: bool,
) -> list[Fault]:
    problems: list[Fault] = []
    for name, column in _validated(model).items():
        value = columns[name] if name in columns else column.get_default()
        if value is None and column.null and column.blank:
            continue
        if messages := _messages(column, value):
            keys = (member.keys[0] for member in members if name in member.columns())
            where = [*path, *islice(keys, 1)]
            problems += [(where, message) for message in messages]
    if problems or not constraints:
        return problems
    row = model(**columns)
    checks = [
        constraint
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint) and "symmetric" not in constraint.name
    ]
    if not checks or _holds(row, checks):
        return problems
    for constraint in checks:
        try:
            constraint.validate(model, row)
        except ValidationError as error:
            problems += [(path, message) for message in error.messages]
    return problems


@cache
def _validated(model: type[models.Model]) -> "dict[str, models.Field[Any, Any]]":
    """The columns that statements fill in: foreign keys and positions are right as they are."""
    return {
        field.attname: field
        for field in model._meta.concrete_fields
        if not (field.is_relation or field.generated or field.name == "position")
    }


def _messages(column: "models.Field[Any, Any]", value: Any) -> tuple[str, ...]:
    """What a column finds wrong with a value."""
    if (isinstance(value, str) and len(value) > _REPEATED) or isinstance(value, list | dict | UUID):
        return _clean(column, value)
    return _known(column, value)


def _clean(column: "models.Field[Any, Any]", value: Any) -> tuple[str, ...]:
    if column.blank and value in column.empty_values:
        return ()
    try:
        column.clean(value, None)
    except ValidationError as error:
        return tuple(error.messages)
    return ()


#: Few short values come again and again: kinds, languages, dates.
_known = lru_cache(maxsize=16_384, typed=True)(_clean)
#: Texts longer than this seldom do.
_REPEATED = 32


def _holds(row: models.Model, checks: list[CheckConstraint]) -> bool:
    """Whether a row keeps all constraints: one query, where each by itself is one."""
    values = row._get_field_expression_map(meta=row._meta)  # type: ignore[attr-defined]
    return bool(reduce(and_, (Q(check.condition) for check in checks)).check(values))


@transaction.atomic
def discard(resource: str, object_id: UUID, *, user: Any = None) -> None:
    """Take back the unpublished edits of a row: it says again what its record says.

    A row that was never published goes. Raises `LookupError` for an unknown id, and
    `ProtectedError` for a row that was never published and that others refer to.
    """
    record = record_of(resource)
    version = record.objects.newest().filter(object_id=object_id).first()
    if version is None:
        deleted, _ = record.shape.model._default_manager.filter(pk=object_id).delete()
        if not deleted:
            raise LookupError(f"{resource}/{object_id} does not exist")
        Origin.objects.filter(resource=resource, object_id=object_id).delete()
        ReviewItem.objects.filter(resource=resource, object_id=object_id).delete()
        return
    if version.live:
        rows = record.shape.model._default_manager.filter(pk=object_id)
        apply(resource, {object_id: version.statement()}, user=user)
        edited = Change.objects.filter(resource=resource, object_id=object_id, cause=Cause.EDIT)
        rows.update(state=State.PUBLISHED, curated=edited.exists())
