"""Every app has the same shape, and what is shared is shared one way."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models
from rest_framework import serializers

from config.state import CHECKOUT
from records.record import PublishedRecord
from records.registry import record_of, resources
from tests import api_world, factories
from tests.factories import World

#: The order in which apps may know each other: each only those before it.
APPS = ["records", "places", "sources", "events"]
DOMAIN = ["places", "sources", "events"]


def sources(app: str) -> Iterator[Path]:
    """The modules of an app, migrations apart."""
    for path in sorted((CHECKOUT / app).rglob("*.py")):
        if "migrations" not in path.parts:
            yield path


def imported(path: Path) -> Iterator[str]:
    """The names of the modules that a module imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""


@pytest.mark.parametrize("app", DOMAIN)
def test_every_app_has_the_same_files(app: str) -> None:
    folder = CHECKOUT / app
    for name in ("querysets.py", "admin.py", "urls.py", "apps.py",
                 "api/__init__.py", "api/serializers.py", "api/filters.py", "api/views.py",
                 "migrations/0001_initial.py"):  # fmt: skip
        assert (folder / name).is_file(), f"{app}/{name}"
    for name in ("models", "records"):  # a file, or a package of one noun a file
        assert (folder / f"{name}.py").is_file() != (folder / name / "__init__.py").is_file()


@pytest.mark.parametrize("app", APPS)
def test_no_module_is_named_for_nothing(app: str) -> None:
    vague = {"utils", "common", "core", "helpers", "services", "misc", "managers", "signals"}
    assert {path.stem for path in sources(app)} & vague == set()


@pytest.mark.parametrize("app", APPS)
def test_imports_run_one_way(app: str) -> None:
    later = {*APPS[APPS.index(app) + 1 :], "config", "tests", "seeds", "bench"}
    wrong = [
        f"{path.relative_to(CHECKOUT)}: {name}"
        for path in sources(app)
        for name in imported(path)
        if name.split(".")[0] in later
    ]
    assert wrong == []


def test_no_test_package_hides_an_app() -> None:
    assert list((CHECKOUT / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize("route", list(api_world.routes()), ids=str)
def test_every_view_speaks_to_its_reader(route: api_world.Route) -> None:
    doc = route.view.__doc__
    assert doc
    assert doc.strip().endswith((".", "`"))
    if route.resource and route.action in ("list", "retrieve"):
        assert set(vars(route.view)) & {"queryset", "serializer_class", "filterset_class"}


def test_every_view_set_is_routed() -> None:
    routed = {route.view for route in api_world.routes()}
    for app in APPS:
        module = importlib.import_module(f"{app}.api.views")
        for name, view in vars(module).items():
            if name.endswith("ViewSet") and getattr(view, "__module__", "") == module.__name__:
                assert view in routed or name == "RecordViewSet", name


def test_every_resource_is_served_at_its_name() -> None:
    assert {route.resource for route in api_world.record_lists()} == set(resources())
    for route in api_world.record_lists():
        record = record_of(route.resource or "")
        assert route.view.queryset.model is record
        assert route.view.filterset_class._meta.model is record
        noun = record.shape.model.__name__
        assert route.view.__name__ == f"{noun}ViewSet"
        assert route.view.serializer_class.__name__ == f"{noun}Serializer"
        assert route.view.filterset_class.__name__ == f"{noun}Filter"


def own_models() -> list[type[models.Model]]:
    return [model for app in APPS for model in apps.get_app_config(app).get_models()]


@pytest.mark.parametrize("model", own_models(), ids=lambda model: model._meta.label)
def test_every_field_says_what_it_is(model: type[models.Model]) -> None:
    silent = [
        field.name
        for field in model._meta.get_fields()
        if getattr(field, "concrete", False)
        and not field.help_text  # type: ignore[union-attr]
        and not getattr(field, "auto_created", False)
        and field.name not in ("id", "user")
    ]
    assert silent == []


@pytest.mark.parametrize("model", own_models(), ids=lambda model: model._meta.label)
def test_every_rule_is_named_for_its_table(model: type[models.Model]) -> None:
    for constraint in model._meta.constraints:
        assert constraint.name.startswith(model._meta.app_label)


def test_every_record_has_the_filters_that_it_is_asked_by() -> None:
    for route in api_world.record_lists():
        columns = {field.name for field in route.view.queryset.model._meta.get_fields()}
        for ordering in route.view.orderings.values():
            assert {ordering.ascending, ordering.descending} <= columns
            assert not route.view.queryset.model._meta.get_field(ordering.ascending).null


def serializer_classes() -> Iterator[type[serializers.BaseSerializer]]:
    for app in APPS:
        module = importlib.import_module(f"{app}.api.serializers")
        for found in vars(module).values():
            if (
                isinstance(found, type)
                and issubclass(found, serializers.BaseSerializer)
                and found.__module__ == module.__name__
            ):
                yield found


@pytest.mark.parametrize("serializer", list(serializer_classes()), ids=lambda found: found.__name__)
def test_every_serializer_lists_its_members(serializer: type[serializers.Serializer]) -> None:
    assert serializer.__name__.endswith("Serializer")
    assert serializer.__doc__
    meta = getattr(serializer, "Meta", None)
    assert getattr(meta, "fields", ()) != "__all__"
    assert not hasattr(meta, "exclude")
    for name, field in serializer().fields.items():
        assert field.help_text, f"{serializer.__name__}.{name} has no help text"


@pytest.mark.django_db
def test_every_body_has_the_members_that_its_serializer_declares(world: World) -> None:
    for resource, object_id in world.objects:
        (view,) = (r.view for r in api_world.record_lists() if r.resource == resource)
        declared = [
            name for name, field in view.serializer_class().fields.items() if field.required
        ]
        assert list(factories.body(resource, object_id)) == declared


def test_every_record_model_adds_columns_that_say_what_they_are() -> None:
    for resource in resources():
        assert issubclass(record_of(resource), PublishedRecord)
        assert record_of(resource).__name__ == f"{record_of(resource).shape.model.__name__}Record"


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
