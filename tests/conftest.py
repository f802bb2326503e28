"""What all tests share: a database of their own, and the made-up world of `factories.py`."""

import os
from typing import Any

import pytest
import pytest_django
from django.db import connection, connections, transaction
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from tests import factories


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A database for each process, so that two runs side by side do not meet."""
    for each in connections.all():
        each.settings_dict["TEST"]["NAME"] = f"test_dateline_{os.getpid()}"


def _let_tables_be_emptied(connection: Any, **kwargs: Any) -> None:
    """Transactional tests empty all tables; the append-only ones refuse it without this."""
    with connection.cursor() as cursor:
        cursor.execute("set dateline.truncate = 'on'")


def _load_event_types_again(sender: Any, using: str, **kwargs: Any) -> None:
    """A migration loads the event types; emptying the tables takes them, and asks for this."""
    from events.event_types import load_event_types

    if "events_eventtype" in connections[using].introspection.table_names():
        load_event_types()


connection_created.connect(_let_tables_be_emptied, dispatch_uid="tests.truncate")
post_migrate.connect(_load_event_types_again, dispatch_uid="tests.event_types")


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


@pytest.fixture(scope="session")
def kept_world(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> tuple[factories.World, str]:
    """The made-up world, published once and set aside; and the SQL that brings it back.

    Publishing it anew takes twenty times as long, and most tests begin with it.
    """
    with django_db_blocker.unblock():
        before = _tables()
        world = factories.world()
        filled = [name for name, count in _tables().items() if count and not before[name]]
        back = ["set constraints all deferred"]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("drop schema if exists kept cascade; create schema kept")
            for name in filled:
                columns = _columns(name)
                cursor.execute(f'create table kept."{name}" as select {columns} from "{name}"')
                values = f'select {columns} from kept."{name}"'
                back.append(f'insert into "{name}" ({columns}) overriding system value {values}')
                cursor.execute(
                    "select column_name from information_schema.columns"
                    " where table_schema = 'public' and table_name = %s and is_identity = 'YES'",
                    [name],
                )
                for (column,) in cursor.fetchall():
                    back.append(
                        f"select setval(pg_get_serial_sequence('{name}', '{column}'),"
                        f' (select max("{column}") from kept."{name}"))'
                    )
            empty = ", ".join(f'"{name}"' for name, count in before.items() if not count)
            cursor.execute(f"truncate {empty}")
        return world, "; ".join(back)


@pytest.fixture
def world(db: None, kept_world: tuple[factories.World, str]) -> factories.World:
    """The made-up world, published in one change set."""
    known, back = kept_world
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(back)
    return known
