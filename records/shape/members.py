"""Members that are columns of a row, and what every member can do."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from records.time import TimeBasis, UncertainTime

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

    def derived(self, resource: str, object_id: str) -> Body:
        """What is computed of it from other records; empty where nothing was computed yet."""


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


def _shown_time(value: Any) -> Body:
    """A time as it is shown, from any form of it; what says its parts alone is computed once."""
    if (
        isinstance(value, dict)
        and value.keys() <= set(TIME_PARTS)
        and all(isinstance(part, str | None) for part in value.values())
    ):
        given = {"basis": TimeBasis.TEXT, **value}
        return dict(_time_body(*(given.get(part) for part in TIME_PARTS)))
    return UncertainTime.from_dict(value).as_dict()


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
        shown = _shown_time(value)
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
class Derived(Member):
    """A member that is computed from other rows; never stored in the workspace.

    `embeds` names resources whose small forms it shows.
    """

    names: tuple[str, ...]
    derive: Callable[[Body, Look], Body]
    embeds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.keys = self.names


class Members(tuple[Member, ...]):
    """The members of a resource, or of an element of a list, in the order in which it has them.

    Each way from one form of a statement to another goes through them in `steps`: what is a value
    of its own, and the same in both forms, is carried over many at a time.
    """

    def __init__(self, members: Iterable[Member]) -> None:
        self.stored = [member for member in self if not isinstance(member, Derived)]
        self.keys = [key for member in self.stored for key in member.keys]
        #: What is the same in every form: columns that need no turning.
        self.same = [m for m in self.stored if isinstance(m, Scalar) and type(m) is Scalar]
        self.same_keys = frozenset(member.name for member in self.same)
        self.other = [member for member in self.stored if type(member) is not Scalar]

    def read(self, values: dict[str, Any], children: dict[str, Any]) -> Statement:
        """A statement, from the row's columns and its child rows."""
        statement: Statement = {}
        for member in self.stored:
            statement |= member.read(values, children.get(member.keys[0]))
        return statement

    def write(self, statement: Statement) -> dict[str, Any]:
        """The columns of a row for a statement."""
        columns = {member.column: statement[member.name] for member in self.same}
        for member in self.other:
            columns |= member.write(statement)
        return columns

    def normal(self, statement: Statement) -> Statement:
        """The statement with defaults filled in, in the one form that reading it back gives."""
        whole: Statement = dict.fromkeys(self.keys)
        for plain in self.same:
            name = plain.name
            whole[name] = statement[name] if name in statement else plain.default()[name]
        for member in self.other:
            if all(key in statement for key in member.keys):
                whole |= member.normal(statement)
            else:
                part = member.default()
                part |= {key: statement[key] for key in member.keys if key in statement}
                whole |= member.normal(part)
        return whole

    def translate(self, statement: Statement, turn: Turn) -> Statement:
        """The members that a statement has, with `turn(resource, id)` for each reference."""
        turned = {key: statement[key] for key in self.keys if key in statement}
        for member in self.other:
            if all(key in statement for key in member.keys):
                turned |= member.translate(statement, turn)
        return turned

    def assemble(self, statement: Statement, look: Look, body: Body) -> Body:
        """`body` with the members of a statement, and what is derived from them, in order."""
        same = self.same_keys
        for member in self:
            if (name := member.keys[0]) in same:
                body[name] = statement[name]
            elif isinstance(member, Derived):
                body |= member.derive(body, look)
            else:
                body |= member.assemble(statement, look)
        return body

    def derive(self, body: Body, look: Look) -> Body:
        """A body with what is derived computed anew."""
        body = dict(body)
        for member in self:
            if isinstance(member, Derived):
                body |= member.derive(body, look)
        return body

    def strip(self, body: Body) -> Statement:
        """The statement that a body was assembled from."""
        statement: Statement = {}
        for member in self.stored:
            statement |= member.strip(body)
        return statement

    def references(self, statement: Statement) -> Iterator[tuple[str, str]]:
        """What a statement refers to: pairs of a resource and an id, repeats included."""
        for member in self.other:
            yield from member.references(statement)
