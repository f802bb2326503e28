"""Keyset paging: any depth costs what the first page costs, and nothing is missed or repeated."""

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.core import signing
from django.db.models import BooleanField, Expression, F, QuerySet
from django.http import QueryDict

from records.api.problems import BadParameter

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


@dataclass(frozen=True)
class Ordering:
    """One documented ordering: which column sorts it each way. Neither column is ever null."""

    ascending: str
    descending: str


def same(column: str) -> Ordering:
    """An ordering by one column that is never null."""
    return Ordering(column, column)


class Beyond(Expression):
    """That a row lies beyond another in an order over two columns: `(a, b) < (x, y)`."""

    conditional = True

    def __init__(self, columns: tuple[str, str], values: tuple[Any, Any], sign: str) -> None:
        super().__init__(output_field=BooleanField())
        self.sources: list[Any] = [F(column) for column in columns]
        self.values, self.sign = values, sign

    def get_source_expressions(self) -> list[Any]:
        return self.sources

    def set_source_expressions(self, exprs: list[Any]) -> None:
        self.sources = list(exprs)

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        columns, params = [], []
        for source in self.sources:
            sql, given = compiler.compile(source)
            columns.append(sql)
            params += given
        casts = [source.output_field.db_type(connection) for source in self.sources]
        values = ", ".join(f"%s::{cast.split('(')[0]}" for cast in casts)
        return f"({', '.join(columns)}) {self.sign} ({values})", [*params, *self.values]


@dataclass
class Cursor:
    """Where a page starts: beyond a row, forwards or backwards."""

    values: tuple[Any, Any]
    backwards: bool = False
    #: Whether the row itself is on the page.
    inclusive: bool = False


@dataclass
class Page:
    """Rows of a page in order, and the cursors of its neighbours."""

    rows: list[Any] = field(default_factory=list)
    next: str | None = None
    previous: str | None = None


def bound_to(path: str, params: QueryDict) -> str:
    """What a cursor is bound to: the list, its filters and its ordering."""
    given = sorted(
        (name, sorted(params.getlist(name)))
        for name in params
        if name not in ("cursor", "limit", "count")
    )
    return hashlib.sha256(orjson.dumps([path, given])).hexdigest()[:16]


def read_limit(params: QueryDict) -> int:
    """`limit`: 1 to 200, 50 if it is not given."""
    text = params.get("limit")
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= MAX_LIMIT):
        raise BadParameter(("limit", f"{text[:40]!a} is not a whole number from 1 to {MAX_LIMIT}"))
    return int(text)


def read_cursor(params: QueryDict, binding: str) -> Cursor | None:
    """`cursor`, if it is one of ours and was made for the same list, filters and ordering."""
    text = params.get("cursor")
    if text is None:
        return None
    try:
        bound, backwards, inclusive, values = _signer().unsign_object(text)
    except signing.BadSignature:
        raise BadParameter(("cursor", "is not one that was given out; start without it")) from None
    if bound != binding:
        raise BadParameter(
            ("cursor", "was made for other filters or another ordering; start without it")
        )
    return Cursor(tuple(values), backwards, inclusive)


def _signer() -> signing.Signer:
    """Signs without the time, so that the same page has the same links whenever it is asked for."""
    return signing.Signer(salt="dateline.cursor")


def write_cursor(
    binding: str, values: tuple[Any, Any], *, backwards: bool, inclusive: bool = False
) -> str:
    """A cursor that starts beyond a row, or with it: opaque and signed."""
    plain = [str(v) if isinstance(v, datetime | uuid.UUID) else v for v in values]
    return _signer().sign_object([binding, backwards, inclusive, plain])


def page(
    queryset: QuerySet[Any],
    columns: tuple[str, str],
    *,
    descending: bool,
    limit: int,
    cursor: Cursor | None,
    binding: str,
    shown: list[Any],
) -> Page:
    """One page of a queryset in the order of two columns, of which the second is unique.

    Rows are tuples of the two columns and then `shown`. One query.
    """
    backwards = cursor is not None and cursor.backwards
    down = descending != backwards
    if cursor is not None:
        sign = ("<" if down else ">") + ("=" if cursor.inclusive else "")
        queryset = queryset.filter(Beyond(columns, cursor.values, sign))
    ordered = queryset.order_by(*(F(c).desc() if down else F(c).asc() for c in columns))
    rows = list(ordered.values_list(*columns, *shown)[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    if backwards:
        rows.reverse()
    result = Page(rows)
    if cursor is not None and not rows:
        # All that lay beyond was withdrawn: the way back starts with the row that it started from.
        back = write_cursor(
            binding, cursor.values, backwards=not backwards, inclusive=not cursor.inclusive
        )
        return Page(rows, next=back) if backwards else Page(rows, previous=back)
    if rows and (more or backwards):
        result.next = write_cursor(binding, rows[-1][:2], backwards=False)
    if rows and ((more and backwards) or (cursor is not None and not backwards)):
        result.previous = write_cursor(binding, rows[0][:2], backwards=True)
    return result
