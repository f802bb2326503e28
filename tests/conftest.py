"""What all tests share: a database of their own, and the stories that many of them begin with."""

import os
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import pytest_django
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from events.dossiers import Loaded, load, read
from events.event_types import load_event_types
from tests import factories
from tests.kept import Kept, kept_by, set_aside


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: at the end one process would work on it alone."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A database for each process, so that two runs side by side do not meet."""
    for each in connections.all():
        each.settings_dict["TEST"]["NAME"] = f"test_dateline_{os.getpid()}"


def _set_up(connection: Any, **kwargs: Any) -> None:
    """Let tables be emptied, as transactional tests do; the append-only ones refuse it without.

    Nor need a commit wait for the disk: no test outlives its database.
    """
    with connection.cursor() as cursor:
        cursor.execute("set dateline.truncate = 'on'; set synchronous_commit = 'off'")


def _load_event_types_again(sender: Any, using: str, **kwargs: Any) -> None:
    """A migration loads the event types; emptying the tables takes them, and asks for this."""
    if "events_eventtype" in connections[using].introspection.table_names():
        load_event_types()


connection_created.connect(_set_up, dispatch_uid="tests.set_up")
# Once, and not for each app.
post_migrate.connect(
    _load_event_types_again, sender=apps.get_app_config("events"), dispatch_uid="tests.event_types"
)


def load_lyman() -> Loaded:
    """Load the Lyman dossier."""
    return load(read(settings.BASE_DIR / "seeds" / "lyman"))


def load_stories() -> list[str]:
    """Load every folder of seeds/."""
    folders = sorted({path.parent for path in settings.BASE_DIR.glob("seeds/*/*.yaml")})
    for folder in folders:
        load(read(folder))
    return [folder.name for folder in folders]


Keep = Callable[[Callable[[], Any]], Kept[Any]]


@pytest.fixture(scope="session")
def keep(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Keep:
    """Sets aside what a function makes, for a fixture of the session: `keep(make)`."""
    numbers = count(1)

    def kept(make: Callable[[], Any]) -> Kept[Any]:
        with django_db_blocker.unblock():
            return set_aside(f"kept_{next(numbers)}", make)

    return kept


kept_world = kept_by(factories.world)


@pytest.fixture
def world(db: None, kept_world: Kept[factories.World]) -> factories.World:
    """The made-up world, published in one change set."""
    return kept_world.bring_back()


kept_lyman = kept_by(load_lyman)


@pytest.fixture
def lyman(db: None, kept_lyman: Kept[Loaded]) -> Loaded:
    """The Lyman dossier alone, and what its loading told."""
    return kept_lyman.bring_back()


kept_stories = kept_by(load_stories)


@pytest.fixture
def stories(db: None, kept_stories: Kept[list[str]]) -> list[str]:
    """Every folder of seeds/, loaded in the order in which `make run` loads them; their names."""
    return kept_stories.bring_back()
