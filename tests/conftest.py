"""What all tests share: a database of their own, and the made-up world of `factories.py`."""

import os
from typing import Any

import pytest
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from tests import factories


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A database for each process, so that two runs side by side do not meet."""
    for connection in connections.all():
        connection.settings_dict["TEST"]["NAME"] = f"test_dateline_{os.getpid()}"


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


@pytest.fixture
def world(db: None) -> factories.World:
    """The made-up world, published in one change set."""
    return factories.world()
