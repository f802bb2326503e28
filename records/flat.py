"""A record as one line of CSV: a fixed flat set of columns for each resource.

RFC 4180: cells are joined by commas and quoted where they must be, lines end with CR and LF. The
columns of a resource are declared beside its record; what a list holds stands in one cell, joined
by `; `.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from records.shape import Body

#: What a cell begins with that a spreadsheet takes for the start of a formula.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?", re.ASCII)
#: What makes quotes necessary; a semicolon is a comma where decimals are written with commas.
_QUOTED = re.compile('[",;\t\r\n]')
#: Whether a text is either of the two: most are not.
_SPECIAL = re.compile('[",;\t\r\n]|^[-=+@＝＋－＠]')
LINE_END = b"\r\n"


@dataclass(frozen=True)
class Column:
    """One column: its name, what it says, and how its value is read from a body.

    `kind` is `text`, `whole` or `number`, `flag` (true or false), `instant` or `list`.
    """

    name: str
    text: str
    value: Callable[[Body], Any]
    kind: str = "text"

    def typed(self, body: Body) -> Any:
        """The value as its kind has it: instants as such, and no null in a list."""
        value = self.value(body)
        if value is None:
            return None
        if self.kind == "instant":
            return datetime.fromisoformat(value)
        return [str(v) for v in value if v is not None] if self.kind == "list" else value


def cell(value: Any) -> str:
    """A value as a cell: nothing for null, `true` and `false`, numbers and texts as they are.

    A text that a spreadsheet would run as a formula gets an apostrophe in front. Lists are joined
    by `; `, without what is null.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool):
        return "true" if value else "false"
    elif isinstance(value, int | float):
        return repr(value)
    else:
        text = "; ".join([str(v) for v in value if v is not None])
    if _SPECIAL.search(text) is None:
        return text
    if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        text = f"'{text}"
    if _QUOTED.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def line(columns: Iterable[Column], body: Body) -> str:
    """A body as one line, without its end."""
    values = [column.value(body) for column in columns]
    return ",".join(["" if value is None else cell(value) for value in values])


def header(columns: Iterable[Column]) -> str:
    """The names of the columns as one line, without its end."""
    return ",".join(cell(column.name) for column in columns)


def at(body: Any, path: Sequence[str]) -> Any:
    """What lies in a body at a path of names; None where the way there ends before."""
    for name in path:
        if body is None:
            return None
        body = body[name]
    return body


def plain(name: str, text: str, path: str = "", *, kind: str = "text") -> Column:
    """A column that is one member: the one of its name, or at a path such as `rating.value`."""
    names = (path or name).split(".")
    first, *rest = names
    if not rest:
        return Column(name, text, itemgetter(first), kind)
    if len(rest) > 1:
        return Column(name, text, lambda body: at(body, names), kind)
    (second,) = rest
    return Column(
        name, text, lambda body: None if body[first] is None else body[first][second], kind
    )


def number(name: str, text: str, path: str = "") -> Column:
    """A column that is a number."""
    return plain(name, text, path, kind="number")


def whole(name: str, text: str, path: str = "") -> Column:
    """A column that is a whole number."""
    return plain(name, text, path, kind="whole")


def flag(name: str, text: str, path: str = "") -> Column:
    """A column that is true or false."""
    return plain(name, text, path, kind="flag")


def time(name: str, text: str) -> list[Column]:
    """The columns of an uncertain time: how it is written, its bounds, its precision."""
    said = {
        "edtf": f"{text}, as EDTF.",
        "earliest": f"{text}: not before this instant; empty is open or unknown.",
        "latest": f"{text}: before this instant; empty is open or unknown.",
        "precision": f"{text}: how precise it is.",
    }
    kinds = {"earliest": "instant", "latest": "instant"}
    return [
        plain(f"{name}_{part}", words, f"{name}.{part}", kind=kinds.get(part, "text"))
        for part, words in said.items()
    ]


def reference(name: str, text: str, shown: str = "name", *, path: str = "") -> list[Column]:
    """The columns of a reference: the id, and the member by which people know it."""
    path = path or name
    return [
        plain(f"{name}_id", f"{text}: its id.", f"{path}.id"),
        plain(f"{name}_{shown}", f"{text}: its {shown}.", f"{path}.{shown}"),
    ]


def party(text: str) -> list[Column]:
    """The columns of a party, which a body shows as two members of its own."""
    return [
        plain("party_id", f"{text}: its id.", "party_id"),
        plain("party_name", f"{text}: its name.", "party"),
    ]


def joined(name: str, text: str, value: Callable[[Body], Iterable[Any]]) -> Column:
    """A column that holds a list."""
    return Column(name, text, value, "list")


def each(name: str, text: str, path: str) -> Column:
    """A column that holds one member of every element of a list: `places.place.id`."""
    first, *rest = path.split(".")
    return joined(name, text, lambda body: [at(element, rest) for element in body[first]])


def count(name: str, text: str) -> Column:
    """A column that says how many elements a list has, those that a body leaves out included."""
    return Column(name, text, lambda body: body.get(f"{name}_total", len(body[name])), "whole")


def names() -> Column:
    """The column of further names."""
    return each("names", "Further names.", "names.name")


def codes() -> Column:
    """The column of codes."""
    return joined(
        "codes",
        "Codes of others, each as `scheme:code`.",
        lambda body: [
            *(f"{scheme}:{code}" for scheme, code in body["codes"].items()),
            *(f"{other['scheme']}:{other['code']}" for other in body["other_codes"]),
        ],
    )


def links(name: str, text: str, other: str) -> Column:
    """A column of relations, each as `kind:id`."""
    return joined(
        name, text, lambda body: [f"{link['kind']}:{link[other]['id']}" for link in body[name]]
    )


#: The first column of every resource.
FIRST = [plain("id", "The record's id.")]
#: The last columns of every resource.
LAST = [
    plain("dataset", "Slug of its home data set."),
    joined(
        "datasets",
        "Every data set that it is in, each as `slug:external id`.",
        lambda body: [
            f"{origin['dataset']}:{origin['external_id']}" for origin in body["datasets"]
        ],
    ),
    whole("version", "The number of the version."),
    whole("seq", "The version's number in the sequence."),
    plain("recorded_at", "When the version was recorded.", kind="instant"),
]


def columns(*declared: Column | list[Column]) -> tuple[Column, ...]:
    """All columns of a resource, from those that are its own."""
    own: list[Column] = []
    for one in declared:
        own += one if isinstance(one, list) else [one]
    return (*FIRST, *own, *LAST)
