"""What a format is: how its rows are read, and what each says in the words of the model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from records.imports.opening import Opened
from records.imports.tables import Row
from records.shape import Statement


class Rejected(Exception):
    """A row that cannot be read, and why: it goes to the rejects, and the others load."""

    def __init__(self, column: str, value: Any, reason: str, key: str | None = None) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason, self.key = column, value, reason, key


@dataclass
class Part:
    """One row of the workspace that a row of the file speaks of.

    Its statement refers to other parts by their `external_id`, and to rows that are public already
    by their ids. Parts that many rows share, such as outlets, must say the same each time: what
    they say may follow from their `external_id` alone.
    """

    resource: str
    external_id: str
    statement: Statement
    #: The row that it is, where the format found it; else its origin or its codes tell.
    found: UUID | None = None
    #: Whether it only has to be there: where it is, nothing is said of it.
    only_new: bool = False


@dataclass
class Question:
    """What a curator is to decide about a part; a review item once the part is there."""

    part: Part
    kind: str
    member: str
    reason: str
    detail: dict[str, Any]


@dataclass
class Item:
    """What one row of a file says.

    `key` is the row's id in its data set, without a colon; the first part is the row's own. The
    ids of parts that belong to it alone are the key, or begin with the key and a colon: they go
    when the row goes.
    """

    key: str
    row: Row
    parts: list[Part] = field(default_factory=list)
    #: What was mended so that the row could be read: pairs of a kind and what was done.
    repairs: list[tuple[str, str]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    #: What the format keeps until the batch is settled.
    pending: Any = None

    def add(self, resource: str, external_id: str, *, only_new: bool = False, **said: Any) -> str:
        """Add a part, once; its id, by which others refer to it."""
        if not any((p.resource, p.external_id) == (resource, external_id) for p in self.parts):
            self.parts.append(Part(resource, external_id, said, only_new=only_new))
        return external_id

    def mend(self, kind: str, note: str) -> None:
        """Note what was mended."""
        self.repairs.append((kind, note))

    def owns(self, external_id: str) -> bool:
        """Whether a part belongs to this row alone."""
        return external_id == self.key or external_id.startswith(f"{self.key}:")


class Format:
    """One kind of file. A subclass says how to read it; an instance reads one import."""

    #: What it is called on the command line.
    name: ClassVar[str]
    #: What it is, in a line.
    title: ClassVar[str]
    #: The resource of the part whose id is the row's own.
    primary: ClassVar[str]
    #: The data set that its rows belong to, unless another is named: fields of `Dataset`.
    dataset: ClassVar[Mapping[str, str]]

    def check(self, files: Sequence[Opened]) -> None:
        """See by their beginnings what the files are. Raises `Refused` for any other."""
        raise NotImplementedError

    def rows(self, files: Sequence[Opened]) -> Iterator[Row]:
        """All rows, in the order in which they are to be loaded."""
        raise NotImplementedError

    def read(self, row: Row) -> Item:
        """What a row says. Raises `Rejected`."""
        raise NotImplementedError

    def settle(self, items: Sequence[Item]) -> None:
        """Finish a batch with what is asked of the database once for all of it: its places."""


_FORMATS: dict[str, type[Format]] = {}


def register(cls: type[Format]) -> None:
    """Make a format known, from an app's `ready()`."""
    _FORMATS[cls.name] = cls


def formats() -> dict[str, type[Format]]:
    """The formats by name."""
    return dict(sorted(_FORMATS.items()))
