"""Appending many rows at once, by `COPY`: several times as fast as `INSERT`."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, models


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
