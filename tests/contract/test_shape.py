"""The shape of the code: what a newcomer may rely on in every app."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import models
from django.urls import get_resolver
from rest_framework import serializers

ROOT: Path = settings.BASE_DIR
APPS = ["records", "places", "sources", "events"]
RESOURCE_APPS = APPS[1:]


def modules(app: str) -> list[Path]:
    return [p for p in sorted((ROOT / app).rglob("*.py")) if "migrations" not in p.parts]


def imported(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((name.name.split(".")[0], node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0], node.lineno


@pytest.mark.parametrize("app", RESOURCE_APPS)
def test_an_app_has_the_files_that_every_app_has(app: str) -> None:
    for name in ("querysets.py", "records.py", "admin.py", "urls.py", "apps.py"):
        assert (ROOT / app / name).is_file(), name
    for name in ("serializers.py", "filters.py", "views.py"):
        assert (ROOT / app / "api" / name).is_file(), name
    assert (ROOT / app / "models.py").is_file() or (ROOT / app / "models" / "__init__.py").is_file()


@pytest.mark.parametrize("app", APPS)
def test_imports_run_one_way(app: str) -> None:
    above = {*APPS[APPS.index(app) + 1 :], "config", "tests"}
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(app)
        for name, line in imported(path)
        if name in above
    ]
    assert not wrong


@pytest.mark.parametrize("app", [*APPS, "config"])
def test_every_module_says_what_it_is_for(app: str) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in modules(app)
        if path.name not in ("__init__.py", "apps.py")
        and "commands" not in path.parts
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


@pytest.mark.parametrize("app", APPS)
def test_every_model_and_field_is_described(app: str) -> None:
    for model in apps.get_app_config(app).get_models():
        assert model.__doc__, model
        assert not model.__doc__.startswith(f"{model.__name__}("), model
        for field in model._meta.concrete_fields:
            if not isinstance(field, models.AutoField) and not field.auto_created:
                assert getattr(field, "help_text", ""), field


def subclasses(cls: type[Any]) -> Iterator[type[Any]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from subclasses(sub)


def test_serializers_name_their_fields() -> None:
    assert get_resolver().url_patterns  # imports every view, and so every serializer
    ours = [s for s in subclasses(serializers.Serializer) if s.__module__.split(".")[0] in APPS]
    assert len(ours) > 20
    for serializer in ours:
        assert getattr(getattr(serializer, "Meta", None), "fields", ()) != "__all__", serializer


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = {"utils", "common", "core", "helpers", "services", "misc"}
    assert not [p for app in APPS for p in modules(app) if p.stem in vague]


def test_no_file_names_a_package_index_or_a_machine() -> None:
    hosts = [h[::-1] for h in ("gro.ipyp", "detsohnohtyp", "sjmpn.yrtsiger", "gro.naibed.bed")]
    for path in [
        *ROOT.glob("*.lock"),
        ROOT / "Makefile",
        ROOT / "pyproject.toml",
        ROOT / "README.md",
    ]:
        text = path.read_text()
        assert not [host for host in hosts if host in text], path
