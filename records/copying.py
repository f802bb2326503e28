"""Many rows at once, by `COPY`: several times as fast as `INSERT` and `SELECT`."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.utils import timezone

#: Bytes that are read before they are passed on: a value at a time is several times slower.
CHUNK = 64 * 1024
#: What `COPY … (format binary)` starts with, what it puts before the one value of a row, and what
#: it ends with.
_HEADER, _BEFORE_VALUE, _TRAILER = 19, 6, b"\xff\xff"


def copy_rows(
    model: type[models.Model], rows: Iterable[Mapping[str, Any]], *, numbered: bool = False
) -> None:
    """Append rows, given as columns by name; a column that a row lacks takes its default.

    What a field computes when a row is saved, such as the bounds of a time, is computed; all else
    is sent as it stands. The database numbers rows whose key is a number, unless they are
    `numbered` already. Raises the errors of Django that an `INSERT` would raise.
    """
    fields = [
        f
        for f in model._meta.concrete_fields
        if not f.generated and (numbered or not isinstance(f, models.AutoField))
    ]
    now = timezone.now()
    plain = [(f.attname, now if _stamped(f) else f.get_default()) for f in fields]
    prepared = [(i, f) for i, f in enumerate(fields) if isinstance(f, models.JSONField)]
    computed = [(i, f) for i, f in enumerate(fields) if _computed(f)]
    arrays = [(i, _of_ids(f)) for i, f in enumerate(fields) if isinstance(f, ArrayField)]
    columns = ", ".join(connection.ops.quote_name(f.column or f.name) for f in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.wrap_database_errors, connection.cursor() as cursor:
        copy: Any = cursor.copy  # psycopg's, through Django's wrapper
        with copy(f"copy {table} ({columns}) from stdin") as stream:
            for row in rows:
                values = [row.get(name, default) for name, default in plain]
                for position, document in prepared:
                    values[position] = document.get_db_prep_save(values[position], connection)
                if computed:
                    saved: Any = SimpleNamespace(**row)
                    for position, field in computed:
                        values[position] = field.pre_save(saved, add=True)
                # The driver is slow with lists, of which most are empty or of ids.
                for position, of_ids in arrays:
                    if (of_ids or not values[position]) and values[position] is not None:
                        values[position] = f"{{{','.join(map(str, values[position]))}}}"
                stream.write_row(values)


def numbers(model: type[models.Model], count: int) -> list[int]:
    """Keys for so many rows that are to be copied and to be referred to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select nextval(pg_get_serial_sequence(%s, %s)) from generate_series(1, %s)",
            [model._meta.db_table, model._meta.pk.column, count],
        )
        return [number for (number,) in cursor.fetchall()]


def _of_ids(field: "ArrayField[Any, Any]") -> bool:
    return isinstance(field.base_field, models.UUIDField)


def _stamped(field: "models.Field[Any, Any]") -> bool:
    """Whether a field keeps the instant at which its row was written."""
    return isinstance(field, models.DateTimeField) and (field.auto_now or field.auto_now_add)


def _computed(field: "models.Field[Any, Any]") -> bool:
    """Whether a field computes its value from others of the row."""
    return not type(field).pre_save.__module__.startswith("django.")


@contextmanager
def snapshot() -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own that sees one state of the database, however long it is read.

    It may read for longer than other queries may take. Within a transaction it is the connection
    of that, for nobody else sees what was written there.
    """
    if connection.in_atomic_block:
        yield connection
        return
    close_old_connections()  # a pool has few: this thread needs one at a time
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        with own.cursor() as cursor:
            cursor.execute("begin isolation level repeatable read read only")
            cursor.execute("set local statement_timeout = 0")
            cursor.execute("set local jit = off")
            # Rows in the order of an index come at once; sorted rows come once all are read.
            cursor.execute("set local random_page_cost = 1")
        yield own
    finally:
        raw: Any = own.connection
        if raw is not None and not raw.closed:
            raw.rollback()
        own.close()


def copy_texts(
    source: BaseDatabaseWrapper, queryset: QuerySet[Any], column: str
) -> Iterator[list[bytes]]:
    """The values of a text column of what a query set finds, in batches of about 64 kB.

    Only a batch is in memory at a time.
    """
    try:
        sql, params = queryset.values_list(column).query.get_compiler(connection=source).as_sql()
    except EmptyResultSet:
        return
    # `COPY` takes no parameters from the client: they become literals, quoted by the driver.
    ops: Any = source.ops  # PostgreSQL's
    statement = f"copy ({ops.compose_sql(sql, params)}) to stdout (format binary)"
    values: list[bytes] = []
    size, skipped = 0, _HEADER
    with source.wrap_database_errors, source.cursor() as cursor:
        copy: Any = cursor.copy
        with copy(statement) as stream:
            for data in stream:
                row = bytes(data[skipped:])
                skipped = 0
                if not row or row == _TRAILER:
                    continue
                values.append(row[_BEFORE_VALUE:])
                size += len(row)
                if size >= CHUNK:
                    yield values
                    values, size = [], 0
    if values:
        yield values
