"""Many rows at once, by `COPY`: several times as fast as `INSERT` and `SELECT`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

#: Bytes that are read before they are passed on: a value at a time is several times slower.
CHUNK = 64 * 1024
#: What `COPY … (format binary)` starts with, what it puts before the one value of a row, and what
#: it ends with.
_HEADER, _BEFORE_VALUE, _TRAILER = 19, 6, b"\xff\xff"


def copy_rows(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    """Append unsaved instances of a model as they stand; the database numbers those without a key.

    Values are sent as they are: no field computes anything on the way.
    """
    fields = [
        f
        for f in model._meta.concrete_fields
        if not isinstance(f, models.AutoField) and not f.generated
    ]
    names = [f.attname for f in fields]
    columns = ", ".join(connection.ops.quote_name(f.column or f.name) for f in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        copy: Any = cursor.copy  # psycopg's, through Django's wrapper
        with copy(f"copy {table} ({columns}) from stdin") as stream:
            for row in rows:
                stream.write_row([getattr(row, name) for name in names])


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
