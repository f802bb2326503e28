"""What many tests begin with: made once, set aside in the database, and copied back by each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pytest
from django.db import connection, transaction

T = TypeVar("T")


@dataclass(frozen=True)
class Kept(Generic[T]):
    """Rows that were set aside, and what the function gave that made them."""

    made: T
    #: The SQL that brings the rows back.
    back: str

    def bring_back(self) -> T:
        """Copy the rows into their tables, which have none."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(self.back)
        return self.made


def kept_by(make: Callable[[], T]) -> Any:
    """A fixture of the session, named by what it is assigned to: what a function makes."""

    @pytest.fixture(scope="session")
    def kept(keep: Callable[[Callable[[], T]], Kept[T]]) -> Kept[T]:
        return keep(make)

    return kept


def set_aside(schema: str, make: Callable[[], T]) -> Kept[T]:
    """Make rows, set them aside in a schema of their own, and empty their tables again.

    To publish anew what is kept takes twenty times as long as to copy it. A table that had rows
    before must not get more: they would not come back.
    """
    assert not connection.in_atomic_block, "what is kept would go with the transaction"
    before = _tables()
    with transaction.atomic():
        made = make()
    after = _tables()
    filled = [name for name in after if not before[name] and after[name]]
    assert {name: after[name] for name in before if before[name]} == {
        name: count for name, count in before.items() if count
    }
    back = ["set constraints all deferred"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"create schema {schema}")
        for name in filled:
            columns = _columns(name)
            cursor.execute(f'create table {schema}."{name}" as select {columns} from "{name}"')
            values = f'select {columns} from {schema}."{name}"'
            back.append(f'insert into "{name}" ({columns}) overriding system value {values}')
            cursor.execute(
                "select column_name from information_schema.columns"
                " where table_schema = 'public' and table_name = %s and is_identity = 'YES'",
                [name],
            )
            for (column,) in cursor.fetchall():
                back.append(
                    f"select setval(pg_get_serial_sequence('{name}', '{column}'),"
                    f' (select max("{column}") from {schema}."{name}"))'
                )
        empty = ", ".join(f'"{name}"' for name, count in before.items() if not count)
        cursor.execute(f"truncate {empty}")
    return Kept(made, "; ".join(back))


def _tables() -> dict[str, int]:
    """How many rows each table has."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        counts = {}
        for name in names:
            cursor.execute(f'select count(*) from "{name}"')
            counts[name] = cursor.fetchone()[0]
    return counts


def _columns(table: str) -> str:
    """The columns of a table but for those that the database computes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select string_agg(quote_ident(column_name), ', ' order by ordinal_position)"
            " from information_schema.columns where table_schema = 'public'"
            " and table_name = %s and is_generated = 'NEVER'",
            [table],
        )
        return cursor.fetchone()[0]
