"""Members that are rows of their own: lists, links, codes and origins."""

import json
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models

from records.copying import copy_rows, numbers
from records.models import Code, Origin
from records.shape.members import (
    Body,
    Look,
    Member,
    Members,
    Reference,
    Statement,
    Turn,
)

#: How many elements of a nested list a body shows; the rest is counted in `<name>_total`.
NESTED_LIMIT = 100


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
        self.element = Members(self.members)
        self.nested = [member for member in self.members if isinstance(member, Rows)]

    def load(self, ids: Sequence[UUID]) -> dict[UUID, Any]:
        columns = [column for member in self.members for column in member.columns()]
        parent = f"{self.parent}_id"
        rows = self.model._default_manager.filter(**{f"{parent}__among": ids})
        if not self.order:
            rows = rows.order_by("position")
        found = list(rows.values("id", parent, *columns))
        children = {
            member.name: member.load([row["id"] for row in found]) for member in self.nested
        }
        by_parent: dict[UUID, list[Statement]] = defaultdict(list)
        for row in found:
            by_parent[row[parent]].append(
                self.element.read(row, {n: rows.get(row["id"]) for n, rows in children.items()})
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
        elements = list(map(self.element.normal, self.open(statement[self.name])))
        return {self.name: self._sorted(elements)}

    def save(self, statements: Mapping[Any, Statement]) -> None:
        """Replace the child rows of the given parents: a fixed number of queries."""
        self.model._default_manager.filter(**{f"{self.parent}__among": statements}).delete()
        rows: list[dict[str, Any]] = []
        elements: list[Statement] = []
        for parent_id, statement in statements.items():
            for position, element in enumerate(self.open(statement[self.name])):
                values = self.element.write(element)
                values[f"{self.parent}_id"] = parent_id
                if not self.order:
                    values["position"] = position
                rows.append(values)
                elements.append(element)
        if not rows:
            return
        if not self.nested:
            copy_rows(self.model, rows)
            return
        keys = numbers(self.model, len(rows))
        numbered = ({**row, "id": key} for key, row in zip(keys, rows, strict=True))
        copy_rows(self.model, numbered, numbered=True)
        for member in self.nested:
            member.save(dict(zip(keys, elements, strict=True)))

    def references(self, statement: Statement) -> Iterator[tuple[str, str]]:
        for element in self.open(statement[self.name]):
            yield from self.element.references(element)

    def translate(self, statement: Statement, turn: Turn) -> Statement:
        elements = self.open(statement[self.name])
        turned = [self.element.translate(element, turn) for element in elements]
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
            self.element.assemble(element, look, {})
            for element in self.open(elements[:NESTED_LIMIT])
        ]
        if self.key:
            shown = [element[self.key] for element in shown]
        if len(elements) > NESTED_LIMIT:
            return {self.name: shown, f"{self.name}_total": len(elements)}
        return {self.name: shown}

    def strip(self, body: Body) -> Statement:
        elements = list(map(self.element.strip, self.open(body[self.name])))
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

    def leads_to(self, element: Statement, others: Container[str]) -> bool:
        """Whether an element is a symmetric link to one of the given rows."""
        return element["kind"] in self.symmetric and element[self.other] in others

    def by_other(self, statement: Statement | None) -> dict[str, list[Statement]]:
        """The symmetric links of a statement, by the id of their other side."""
        found: dict[str, list[Statement]] = defaultdict(list)
        for element in statement[self.name] if statement else []:
            if element["kind"] in self.symmetric:
                found[element[self.other]].append(element)
        return found

    def load(self, ids: Sequence[UUID]) -> dict[UUID, Any]:
        by_parent = super().load(ids)
        if self.symmetric:
            columns = [column for member in self.members for column in member.columns()]
            mirrored = self.model._default_manager.filter(
                target__among=ids, kind__in=self.symmetric
            ).values(f"{self.parent}_id", *columns)
            for row in mirrored:
                element = self.element.read(row, {})
                element[self.other] = str(row[f"{self.parent}_id"])
                by_parent[row["target_id"]].append(element)
        return by_parent

    def save(self, statements: Mapping[Any, Statement]) -> None:
        self.model._default_manager.filter(
            target__among=statements, kind__in=self.symmetric
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
                **self.element.write(element),
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
        rows = self.model._default_manager.filter(**{f"{self.parent}__among": ids})
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
        rows = self.model._default_manager.filter(**{f"{self.parent}__among": ids})
        rows.exclude(live=live).update(live=live)

    def save(self, statements: dict[UUID, Statement], *, live: bool = True) -> None:
        """Replace the codes of the given rows."""
        if not statements:
            return
        self.model._default_manager.filter(**{f"{self.parent}__among": statements}).delete()
        copy_rows(
            self.model,
            (
                {
                    f"{self.parent}_id": row_id,
                    "scheme": scheme,
                    "code": code,
                    "preferred": preferred,
                    "live": live,
                }
                for row_id, statement in statements.items()
                for scheme, code, preferred in [
                    *((scheme, code, True) for scheme, code in statement["codes"].items()),
                    *((c["scheme"], c["code"], False) for c in statement["other_codes"]),
                ]
            ),
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
        rows = Origin.objects.filter(resource=self.resource, object_id__among=ids).order_by(
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


def cut(members: Iterable[Member], statement: Statement) -> bool:
    return any(
        len(statement[member.name]) > NESTED_LIMIT
        or any(cut(member.nested, element) for element in statement[member.name] if member.nested)
        for member in members
        if isinstance(member, Rows)
    )
