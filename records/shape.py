"""The shape of a resource: which members it has, and how each is kept, shown and read back.

A row has three forms. In the **workspace** it is columns and child rows. Its **statement** is the
same as a JSON object in which whatever refers to another row holds that row's id alone; a dossier
or an import writes statements. Its **body** is the statement with references filled in and derived
members added, exactly as the API serves it. A shape leads from each form to the next and back:

    workspace --read--> statement --assemble--> body
    workspace <-write-- statement <---strip---- body
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from django.db import models

from records.models import Code, Origin
from records.time import UncertainTime

#: How many elements of a nested list a body shows; the rest is counted in `<name>_total`.
NESTED_LIMIT = 100

Statement = dict[str, Any]
Body = dict[str, Any]
#: Gives another id in place of one of a resource.
Turn = Callable[[str, str], str]


class Look(Protocol):
    """Finds what a statement refers to, as it is public now or will be in this change set."""

    def body(self, resource: str, object_id: str) -> Body:
        """The body of a row."""

    def reference(self, resource: str, object_id: str) -> Body:
        """The small form in which others embed it."""

    def line(self, resource: str, object_id: str) -> list[str]:
        """The ids of the places or actors that it lies under."""


class Member:
    """One member of a resource, or of an element of one of its lists."""

    #: The keys that it has in a statement and a body.
    keys: tuple[str, ...]
    #: Whether writing a statement sets it; else it is only read.
    writable: bool = True

    def columns(self) -> list[str]:
        """The columns of the row that it is read from."""
        return []

    def load(self, ids: Sequence[UUID]) -> dict[UUID, Any]:
        """Its child rows, by parent: one query whatever the number of parents."""
        return {}

    def read(self, values: dict[str, Any], children: Any) -> Statement:
        """Its part of a statement, from the row's columns and its child rows."""
        raise NotImplementedError

    def write(self, statement: Statement) -> dict[str, Any]:
        """The columns of the row for a statement."""
        return {}

    def default(self) -> Statement:
        """Its part of a statement that says nothing of it."""
        raise NotImplementedError

    def normal(self, statement: Statement) -> Statement:
        """Its part of a statement in the one form that `read` gives."""
        return {key: statement[key] for key in self.keys}

    def references(self, statement: Statement) -> Iterator[tuple[str, str]]:
        """What it refers to: pairs of a resource and an id."""
        return iter(())

    def translate(self, statement: Statement, turn: Turn) -> Statement:
        """Its part of the statement with `turn(resource, id)` in place of each reference."""
        return {key: statement[key] for key in self.keys}

    def assemble(self, statement: Statement, look: Look) -> Body:
        """Its part of a body."""
        return {key: statement[key] for key in self.keys}

    def strip(self, body: Body) -> Statement:
        """Its part of the statement, from a body: the inverse of `assemble`."""
        return {key: body[key] for key in self.keys}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


@dataclass
class Scalar(Member):
    """A member that is one column: text, number, boolean, list or JSON."""

    name: str
    column: str = ""
    initial: Any = None

    def __post_init__(self) -> None:
        self.column = self.column or self.name
        self.keys = (self.name,)

    def columns(self) -> list[str]:
        return [self.column]

    def read(self, values: dict[str, Any], children: Any) -> Statement:
        return {self.name: _plain(values[self.column])}

    def write(self, statement: Statement) -> dict[str, Any]:
        return {self.column: statement[self.name]}

    def default(self) -> Statement:
        return {self.name: self.initial() if callable(self.initial) else self.initial}


class SortedList(Scalar):
    """A member that is one array column whose order means nothing."""

    def read(self, values: dict[str, Any], children: Any) -> Statement:
        return {self.name: sorted(values[self.column])}

    def normal(self, statement: Statement) -> Statement:
        return {self.name: sorted(statement[self.name])}


@dataclass
class Coded(Scalar):
    """A member whose column holds a code and whose body shows what the code stands for.

    `expand(code)` gives an object that has the code under `code`.
    """

    expand: Callable[[str], Body] = field(kw_only=True)

    def assemble(self, statement: Statement, look: Look) -> Body:
        return {self.name: self.expand(statement[self.name])}

    def strip(self, body: Body) -> Statement:
        return {self.name: body[self.name]["code"]}


@lru_cache(maxsize=4096)
def _time_body(
    edtf: str | None, precision: str | None, phrase: str | None, basis: str | None
) -> tuple[tuple[str, str | None], ...]:
    time = UncertainTime.of(edtf=edtf, precision=precision, phrase=phrase, basis=basis)
    return tuple(time.as_dict().items())


@dataclass
class Time(Member):
    """An uncertain time: six columns, of which the two bounds are computed."""

    name: str

    def __post_init__(self) -> None:
        self.keys = (self.name,)

    def columns(self) -> list[str]:
        return [f"{self.name}_{part}" for part in ("edtf", "precision", "phrase", "basis")]

    def read(self, values: dict[str, Any], children: Any) -> Statement:
        parts = {part: values[f"{self.name}_{part}"] for part in TIME_PARTS}
        return {self.name: parts if any(v is not None for v in parts.values()) else None}

    def write(self, statement: Statement) -> dict[str, Any]:
        parts = statement[self.name] or dict.fromkeys(TIME_PARTS)
        return {f"{self.name}_{part}": parts[part] for part in TIME_PARTS}

    def default(self) -> Statement:
        return {self.name: None}

    def normal(self, statement: Statement) -> Statement:
        value = statement[self.name]
        if value is None:
            return {self.name: None}
        if isinstance(value, str):
            value = {"edtf": value}
        shown = UncertainTime.from_dict(value).as_dict()
        return {self.name: {part: shown[part] for part in TIME_PARTS}}

    def assemble(self, statement: Statement, look: Look) -> Body:
        parts = statement[self.name]
        if parts is None:
            return {self.name: None}
        return {self.name: dict(_time_body(*(parts[part] for part in TIME_PARTS)))}

    def strip(self, body: Body) -> Statement:
        parts = body[self.name]
        return {self.name: parts and {part: parts[part] for part in TIME_PARTS}}


TIME_PARTS = ("edtf", "precision", "phrase", "basis")


@dataclass
class Reference(Member):
    """A member that refers to one row of a resource, or to none."""

    name: str
    resource: str
    column: str = ""

    def __post_init__(self) -> None:
        self.column = self.column or f"{self.name}_id"
        self.keys = (self.name,)

    def columns(self) -> list[str]:
        return [self.column]

    def read(self, values: dict[str, Any], children: Any) -> Statement:
        return {self.name: _plain(values[self.column])}

    def write(self, statement: Statement) -> dict[str, Any]:
        value = statement[self.name]
        return {self.column: value and UUID(value)}

    def default(self) -> Statement:
        return {self.name: None}

    def references(self, statement: Statement) -> Iterator[tuple[str, str]]:
        if statement[self.name] is not None:
            yield self.resource, statement[self.name]

    def translate(self, statement: Statement, turn: Turn) -> Statement:
        value = statement[self.name]
        return {self.name: value and turn(self.resource, value)}

    def assemble(self, statement: Statement, look: Look) -> Body:
        value = statement[self.name]
        return {self.name: value and look.reference(self.resource, value)}

    def strip(self, body: Body) -> Statement:
        value = body[self.name]
        return {self.name: value and value["id"]}


@dataclass
class Group(Member):
    """A member that is an object of several columns; null where its first column is null."""

    name: str
    parts: dict[str, str]
    optional: bool = True
    initial: Any = None

    def __post_init__(self) -> None:
        self.keys = (self.name,)

    def columns(self) -> list[str]:
        return list(self.parts.values())

    def read(self, values: dict[str, Any], children: Any) -> Statement:
        shown = {part: _number(_plain(values[column])) for part, column in self.parts.items()}
        empty = self.optional and next(iter(shown.values())) is None
        return {self.name: None if empty else shown}

    def write(self, statement: Statement) -> dict[str, Any]:
        value = statement[self.name] or {}
        return {column: value.get(part) for part, column in self.parts.items()}

    def default(self) -> Statement:
        return {self.name: self.initial and dict(self.initial)}

    def normal(self, statement: Statement) -> Statement:
        value = statement[self.name]
        if value is None:
            return self.default()
        return {self.name: {part: _number(_plain(value.get(part))) for part in self.parts}}


def _number(value: Any) -> Any:
    """A number as its column keeps it, and a whole one without a fraction: 5000, not 5000.0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    kept = float(value)
    return int(kept) if kept.is_integer() else kept


@dataclass
class Span(Member):
    """A member that is one pair of code points, kept in two columns."""

    name: str = "span"

    def __post_init__(self) -> None:
        self.keys = (self.name,)

    def columns(self) -> list[str]:
        return ["start", "end"]

    def read(self, values: dict[str, Any], children: Any) -> Statement:
        return {self.name: [values["start"], values["end"]]}

    def write(self, statement: Statement) -> dict[str, Any]:
        start, end = statement[self.name]
        return {"start": start, "end": end}

    def default(self) -> Statement:
        return {self.name: None}


@dataclass
class Rows(Member):
    """A list of objects, each a child row.

    `order` names the keys that the list is sorted by; without it the order is kept, in the column
    `position`. `key` shows each element by that one member instead of an object. Elements are told
    apart by the keys of `order`, unless they are `repeatable`: then by all that they say.
    """

    name: str
    model: type[models.Model]
    parent: str
    members: Sequence[Member]
    order: tuple[str, ...] = ()
    key: str = ""
    repeatable: bool = False

    def __post_init__(self) -> None:
        self.keys = (self.name,)
        self.nested = [member for member in self.members if isinstance(member, Rows)]

    def load(self, ids: Sequence[UUID]) -> dict[UUID, Any]:
        columns = [column for member in self.members for column in member.columns()]
        parent = f"{self.parent}_id"
        rows = self.model._default_manager.filter(**{f"{parent}__in": ids})
        if not self.order:
            rows = rows.order_by("position")
        found = list(rows.values("id", parent, *columns))
        children = {
            member.name: member.load([row["id"] for row in found]) for member in self.nested
        }
        by_parent: dict[UUID, list[Statement]] = defaultdict(list)
        for row in found:
            by_parent[row[parent]].append(
                _read(self.members, row, {n: rows.get(row["id"]) for n, rows in children.items()})
            )
        return by_parent

    def read(self, values: dict[str, Any], children: Any) -> Statement:
        return {self.name: self._sorted(children or [])}

    def _sorted(self, elements: list[Statement]) -> list[Any]:
        if self.order and len(elements) > 1:
            elements = sorted(
                elements,
                key=lambda e: ([_sortable(e.get(k)) for k in self.order], _text(e)),
            )
        return [element[self.key] for element in elements] if self.key else elements

    def open(self, elements: Iterable[Any]) -> list[Statement]:
        return [{self.key: element} for element in elements] if self.key else list(elements)

    def default(self) -> Statement:
        return {self.name: []}

    def normal(self, statement: Statement) -> Statement:
        elements = [normal(self.members, element) for element in self.open(statement[self.name])]
        return {self.name: self._sorted(elements)}

    def save(self, statements: dict[UUID, Statement]) -> None:
        """Replace the child rows of the given parents: a fixed number of queries."""
        self.model._default_manager.filter(**{f"{self.parent}__in": list(statements)}).delete()
        made: list[tuple[models.Model, Statement]] = []
        for parent_id, statement in statements.items():
            for position, element in enumerate(self.open(statement[self.name])):
                values = {k: v for member in self.members for k, v in member.write(element).items()}
                if not self.order:
                    values["position"] = position
                made.append((self.model(**{f"{self.parent}_id": parent_id}, **values), element))
        self.model._default_manager.bulk_create([row for row, _ in made], batch_size=1000)
        for member in self.nested:
            member.save({row.pk: element for row, element in made})

    def references(self, statement: Statement) -> Iterator[tuple[str, str]]:
        for element in self.open(statement[self.name]):
            for member in self.members:
                yield from member.references(element)

    def translate(self, statement: Statement, turn: Turn) -> Statement:
        elements = self.open(statement[self.name])
        turned = [translate(self.members, element, turn) for element in elements]
        if turned == elements:
            return {self.name: statement[self.name]}
        if self.order:  # two may have become one: the one that was there stays
            there = [new for new, old in zip(turned, elements, strict=True) if new == old]
            moved = [new for new, old in zip(turned, elements, strict=True) if new != old]
            turned = list({self.identity(e): e for e in [*reversed(moved), *there]}.values())
        return {self.name: self._sorted(turned)}

    def identity(self, element: Statement) -> str:
        """What tells an element from the others."""
        return _text(element if self.repeatable else [element.get(key) for key in self.order])

    def assemble(self, statement: Statement, look: Look) -> Body:
        elements = statement[self.name]
        shown: list[Any] = [
            assemble(self.members, element, look, {})
            for element in self.open(elements[:NESTED_LIMIT])
        ]
        if self.key:
            shown = [element[self.key] for element in shown]
        if len(elements) > NESTED_LIMIT:
            return {self.name: shown, f"{self.name}_total": len(elements)}
        return {self.name: shown}

    def strip(self, body: Body) -> Statement:
        elements = [strip(self.members, element) for element in self.open(body[self.name])]
        return {self.name: [e[self.key] for e in elements] if self.key else elements}


def _sortable(value: Any) -> tuple[bool, Any]:
    """A sort key under which null comes last."""
    return (value is None, value)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@dataclass
class Links(Rows):
    """Rows that lead to another row of the same resource, some kinds of which are symmetric.

    A symmetric link is stored once, from the lower id to the higher, and shown on both sides.
    """

    symmetric: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        #: The member that names the other row.
        self.other = next(
            m.name for m in self.members if isinstance(m, Reference) and m.column == "target_id"
        )

    def load(self, ids: Sequence[UUID]) -> dict[UUID, Any]:
        by_parent = super().load(ids)
        if self.symmetric:
            columns = [column for member in self.members for column in member.columns()]
            mirrored = self.model._default_manager.filter(
                target_id__in=ids, kind__in=self.symmetric
            ).values(f"{self.parent}_id", *columns)
            for row in mirrored:
                element = _read(self.members, row, {})
                element[self.other] = str(row[f"{self.parent}_id"])
                by_parent[row["target_id"]].append(element)
        return by_parent

    def save(self, statements: dict[UUID, Statement]) -> None:
        self.model._default_manager.filter(
            target_id__in=list(statements), kind__in=self.symmetric
        ).delete()
        # A row without links loses those that it had.
        links: dict[UUID, dict[str, Statement]] = {row_id: {} for row_id in statements}
        for row_id, statement in statements.items():
            for element in statement[self.name]:
                start, other = row_id, UUID(element[self.other])
                if element["kind"] in self.symmetric and other < row_id:
                    start, element = other, {**element, self.other: str(row_id)}
                links.setdefault(start, {}).setdefault(self.identity(element), element)
        directed = {row_id: {self.name: list(found.values())} for row_id, found in links.items()}
        super().save({row_id: s for row_id, s in directed.items() if row_id in statements})
        foreign = [
            self.model(
                **{f"{self.parent}_id": row_id},
                **{k: v for m in self.members for k, v in m.write(element).items()},
            )
            for row_id, s in directed.items()
            if row_id not in statements
            for element in s[self.name]
        ]
        self.model._default_manager.bulk_create(foreign, ignore_conflicts=True)


@dataclass
class Codes(Member):
    """`codes`, the preferred code of each scheme, and `other_codes`, the rest."""

    model: type[Code]
    parent: str

    def __post_init__(self) -> None:
        self.keys = ("codes", "other_codes")

    def load(self, ids: Sequence[UUID]) -> dict[UUID, Any]:
        by_parent: dict[UUID, list[Any]] = defaultdict(list)
        rows = self.model._default_manager.filter(**{f"{self.parent}__in": ids})
        for row in rows.values(f"{self.parent}_id", "scheme", "code", "preferred"):
            by_parent[row[f"{self.parent}_id"]].append(row)
        return by_parent

    def read(self, values: dict[str, Any], children: Any) -> Statement:
        rows = children or []
        return self.normal(
            {
                "codes": {row["scheme"]: row["code"] for row in rows if row["preferred"]},
                "other_codes": [
                    {"scheme": row["scheme"], "code": row["code"]}
                    for row in rows
                    if not row["preferred"]
                ],
            }
        )

    def default(self) -> Statement:
        return {"codes": {}, "other_codes": []}

    def normal(self, statement: Statement) -> Statement:
        return {
            "codes": dict(sorted(statement["codes"].items())),
            "other_codes": sorted(
                statement["other_codes"], key=lambda code: (code["scheme"], code["code"])
            ),
        }

    def set_live(self, ids: Iterable[UUID], live: bool) -> None:
        """A code is taken while its row is live; the code of a retracted row is free."""
        rows = self.model._default_manager.filter(**{f"{self.parent}__in": list(ids)})
        rows.exclude(live=live).update(live=live)

    def save(self, statements: dict[UUID, Statement], *, live: bool = True) -> None:
        """Replace the codes of the given rows."""
        if not statements:
            return
        self.model._default_manager.filter(**{f"{self.parent}__in": list(statements)}).delete()
        self.model._default_manager.bulk_create(
            [
                self.model(
                    **{f"{self.parent}_id": row_id},
                    scheme=scheme,
                    code=code,
                    preferred=preferred,
                    live=live,
                )
                for row_id, statement in statements.items()
                for scheme, code, preferred in [
                    *((scheme, code, True) for scheme, code in statement["codes"].items()),
                    *((c["scheme"], c["code"], False) for c in statement["other_codes"]),
                ]
            ],
            batch_size=1000,
        )


@dataclass
class Origins(Member):
    """`dataset`, the slug of the home data set, and `datasets`, every one that the row is in."""

    resource: str

    def __post_init__(self) -> None:
        self.keys = ("dataset", "datasets")

    def columns(self) -> list[str]:
        return ["dataset__slug"]

    def load(self, ids: Sequence[UUID]) -> dict[UUID, Any]:
        by_row: dict[UUID, list[Any]] = defaultdict(list)
        rows = Origin.objects.filter(resource=self.resource, object_id__in=ids).order_by(
            "dataset__slug", "external_id"
        )
        for row in rows.values("object_id", "dataset__slug", "external_id"):
            by_row[row["object_id"]].append(
                {"dataset": row["dataset__slug"], "external_id": row["external_id"]}
            )
        return by_row

    def read(self, values: dict[str, Any], children: Any) -> Statement:
        return {"dataset": values["dataset__slug"], "datasets": children or []}

    def default(self) -> Statement:
        return {"dataset": None, "datasets": []}


@dataclass
class Derived(Member):
    """A member that is computed from what the row refers to; never stored in the workspace."""

    names: tuple[str, ...]
    derive: Callable[[Body, Look], Body]

    def __post_init__(self) -> None:
        self.keys = self.names


def _read(members: Sequence[Member], values: dict[str, Any], children: dict[str, Any]) -> Statement:
    statement: Statement = {}
    for member in members:
        if not isinstance(member, Derived):
            statement |= member.read(values, children.get(member.keys[0]))
    return statement


def normal(members: Iterable[Member], statement: Statement) -> Statement:
    """The statement with defaults filled in, in the one form that reading it back gives."""
    whole: Statement = {}
    for member in members:
        if isinstance(member, Derived):
            continue
        if all(key in statement for key in member.keys):
            whole |= member.normal(statement)
        else:
            part = member.default()
            part |= {key: statement[key] for key in member.keys if key in statement}
            whole |= member.normal(part)
    return whole


def translate(members: Iterable[Member], statement: Statement, turn: Turn) -> Statement:
    """The members that a statement has, with `turn(resource, id)` in place of each reference."""
    turned: Statement = {}
    for member in members:
        if isinstance(member, Derived):
            continue
        if all(key in statement for key in member.keys):
            turned |= member.translate(statement, turn)
        else:
            turned |= {key: statement[key] for key in member.keys if key in statement}
    return turned


def assemble(members: Iterable[Member], statement: Statement, look: Look, body: Body) -> Body:
    """`body` with the members of a statement, and what is derived from them, added in order."""
    for member in members:
        if isinstance(member, Derived):
            body |= member.derive(body, look)
        else:
            body |= member.assemble(statement, look)
    return body


def strip(members: Iterable[Member], body: Body) -> Statement:
    """The statement that a body was assembled from."""
    return {
        key: value
        for member in members
        if not isinstance(member, Derived)
        for key, value in member.strip(body).items()
    }


class Shape:
    """The members of one resource, in the order in which the API shows them."""

    def __init__(self, resource: str, model: type[models.Model], *members: Member) -> None:
        self.resource = resource
        self.model = model
        self.members: list[Member] = [*members, Origins(resource)]
        self.stored = [m for m in self.members if not isinstance(m, Derived)]
        self.children = [m for m in self.stored if isinstance(m, Rows | Codes)]
        self.links = [m for m in self.children if isinstance(m, Links) and m.symmetric]
        self.plain = [m for m in self.stored if isinstance(m, Scalar | Time)]
        self.column_names = [c for member in self.stored for c in member.columns()]

    def read(self, ids: Iterable[UUID]) -> dict[UUID, Statement]:
        """The statements of rows of the workspace: one query, and one for each kind of child."""
        ids = list(ids)
        children = {member.keys[0]: member.load(ids) for member in self.stored}
        rows = self.model._default_manager.filter(pk__in=ids).values("id", *self.column_names)
        return {
            row["id"]: _read(
                self.stored, row, {key: found.get(row["id"]) for key, found in children.items()}
            )
            for row in rows
        }

    def normal(self, statement: Statement) -> Statement:
        """The statement with defaults filled in, in the one form that `read` gives."""
        return normal(self.members, statement)

    def references(self, statement: Statement) -> Iterator[tuple[str, str]]:
        """What a statement refers to: pairs of a resource and an id, repeats included."""
        for member in self.stored:
            yield from member.references(statement)

    def replace(self, statement: Statement, resource: str, old: str, new: str) -> Statement:
        """The statement with every reference to `old` turned to `new`."""
        return self.translate(
            statement,
            lambda referred, value: new if (referred, value) == (resource, old) else value,
        )

    def translate(self, statement: Statement, turn: Turn) -> Statement:
        """The statement with `turn(resource, id)` in place of each reference."""
        return translate(self.stored, statement, turn)

    def assemble(self, object_id: str, statement: Statement, look: Look) -> Body:
        """The body of a row, but for its version, its number and its instant."""
        return assemble(self.members, statement, look, {"id": object_id})

    def seed(self, object_id: str, statement: Statement) -> Body:
        """As much of a body as is known without looking at other rows."""
        return assemble(self.plain, statement, NOTHING, {"id": object_id})

    def strip(self, body: Body) -> Statement:
        """The statement that a body was assembled from, its long lists cut where it cuts them."""
        return strip(self.members, body)

    def cut(self, statement: Statement) -> bool:
        """Whether a list of the statement is longer than a body shows."""
        return _cut(self.stored, statement)


def _cut(members: Iterable[Member], statement: Statement) -> bool:
    return any(
        len(statement[member.name]) > NESTED_LIMIT
        or any(_cut(member.nested, element) for element in statement[member.name] if member.nested)
        for member in members
        if isinstance(member, Rows)
    )


class _Nothing:
    """A look that finds nothing: plain members look at nothing."""

    def body(self, resource: str, object_id: str) -> Body:
        raise LookupError(f"{resource}/{object_id}")

    def reference(self, resource: str, object_id: str) -> Body:
        raise LookupError(f"{resource}/{object_id}")

    def line(self, resource: str, object_id: str) -> list[str]:
        raise LookupError(f"{resource}/{object_id}")


NOTHING = _Nothing()
