"""The shape of a resource: which members it has, and how each is kept, shown and read back.

A row has three forms. In the **workspace** it is columns and child rows. Its **statement** is the
same as a JSON object in which whatever refers to another row holds that row's id alone; a dossier
or an import writes statements. Its **body** is the statement with references filled in and derived
members added, exactly as the API serves it. A shape leads from each form to the next and back:

    workspace --read--> statement --assemble--> body
    workspace <-write-- statement <---strip---- body
"""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db import models

from records.shape.members import (
    Body,
    Coded,
    Derived,
    Group,
    Look,
    Member,
    Members,
    Reference,
    Scalar,
    SortedList,
    Span,
    Statement,
    Time,
    Turn,
)
from records.shape.rows import NESTED_LIMIT, Codes, Links, Origins, Rows, cut

__all__ = [
    "NESTED_LIMIT",
    "Body",
    "Coded",
    "Codes",
    "Derived",
    "Group",
    "Links",
    "Look",
    "Member",
    "Members",
    "Origins",
    "Reference",
    "Rows",
    "Scalar",
    "Shape",
    "SortedList",
    "Span",
    "Statement",
    "Time",
    "Turn",
]


class Shape:
    """The members of one resource, in the order in which the API shows them."""

    def __init__(self, resource: str, model: type[models.Model], *members: Member) -> None:
        self.resource = resource
        self.model = model
        self.members = Members([*members, Origins(resource)])
        self.stored = self.members.stored
        self.children = [m for m in self.stored if isinstance(m, Rows | Codes)]
        self.links = [m for m in self.children if isinstance(m, Links) and m.symmetric]
        self.plain = Members([m for m in self.stored if isinstance(m, Scalar | Time)])
        self.column_names = [c for member in self.stored for c in member.columns()]

    def read(self, ids: Iterable[UUID]) -> dict[UUID, Statement]:
        """The statements of rows of the workspace: one query, and one for each kind of child."""
        rows = list(
            self.model._default_manager.filter(pk__among=set(ids)).values("id", *self.column_names)
        )
        if not rows:
            return {}
        found = [row["id"] for row in rows]
        children = {member.keys[0]: member.load(found) for member in self.stored}
        return {
            row["id"]: self.members.read(
                row, {key: by_row.get(row["id"]) for key, by_row in children.items()}
            )
            for row in rows
        }

    def normal(self, statement: Statement) -> Statement:
        """The statement with defaults filled in, in the one form that `read` gives."""
        return self.members.normal(statement)

    def references(self, statement: Statement) -> Iterator[tuple[str, str]]:
        """What a statement refers to: pairs of a resource and an id, repeats included."""
        yield from self.members.references(statement)

    def replace(self, statement: Statement, resource: str, old: str, new: str) -> Statement:
        """The statement with every reference to `old` turned to `new`."""
        return self.translate(
            statement,
            lambda referred, value: new if (referred, value) == (resource, old) else value,
        )

    def translate(self, statement: Statement, turn: Turn) -> Statement:
        """The statement with `turn(resource, id)` in place of each reference."""
        return self.members.translate(statement, turn)

    def assemble(self, object_id: str, statement: Statement, look: Look) -> Body:
        """The body of a row, but for its version, its number and its instant."""
        return self.members.assemble(statement, look, {"id": object_id})

    def seed(self, object_id: str, statement: Statement) -> Body:
        """As much of a body as is known without looking at other rows."""
        return self.plain.assemble(statement, NOTHING, {"id": object_id})

    def strip(self, body: Body) -> Statement:
        """The statement that a body was assembled from, its long lists cut where it cuts them."""
        return self.members.strip(body)

    def cut(self, statement: Statement) -> bool:
        """Whether a list of the statement is longer than a body shows."""
        return cut(self.stored, statement)


class _Nothing:
    """A look that finds nothing: plain members look at nothing."""

    def body(self, resource: str, object_id: str) -> Body:
        raise LookupError(f"{resource}/{object_id}")

    def reference(self, resource: str, object_id: str) -> Body:
        raise LookupError(f"{resource}/{object_id}")

    def line(self, resource: str, object_id: str) -> list[str]:
        raise LookupError(f"{resource}/{object_id}")

    def derived(self, resource: str, object_id: str) -> Body:
        raise LookupError(f"{resource}/{object_id}")


NOTHING = _Nothing()
