"""Which resources there are, in the order of their dependence, and who embeds whom.

Each app registers its record models in `AppConfig.ready()`, so that publishing, which lives below
them all, knows them without importing them.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from records.publishing import Edition
    from records.record import PublishedRecord

_records: "dict[str, type[PublishedRecord]]" = {}
_checks: "list[Callable[[Edition], None]]" = []


def register(record: "type[PublishedRecord]") -> None:
    """Make a resource known. What it embeds must have been registered before, or be itself."""
    _records[record.shape.resource] = record


def check(function: "Callable[[Edition], None]") -> None:
    """Have `function` called at the end of each change set, before it is committed.

    It may add problems, which refuse the whole set, or review items.
    """
    if function not in _checks:
        _checks.append(function)


def resources() -> list[str]:
    """The names of all resources, what is embedded before what embeds it."""
    return list(_records)


def record_of(resource: str) -> "type[PublishedRecord]":
    """The record model of a resource. Raises `LookupError` for an unknown name."""
    try:
        return _records[resource]
    except KeyError:
        raise LookupError(f"{resource!r} is no resource; known are {', '.join(_records)}") from None


def resource_of(model: type[models.Model] | models.Model) -> str:
    """The resource that a workspace model or one of its rows belongs to."""
    for resource, record in _records.items():
        if record.shape.model is model or isinstance(model, record.shape.model):
            return resource
    raise LookupError(f"{model!r} belongs to no resource")


def embedders(resource: str) -> list[str]:
    """The resources whose records embed those of `resource`."""
    return [name for name, record in _records.items() if resource in _embedded(record)]


@cache
def _embedded(record: "type[PublishedRecord]") -> set[str]:
    found: set[str] = set()

    def walk(members: Iterable[Any]) -> None:
        for member in members:
            if hasattr(member, "members"):
                walk(member.members)
            elif hasattr(member, "resource") and hasattr(member, "column"):
                found.add(member.resource)

    walk(record.shape.members)
    return found


def checks() -> "list[Callable[[Edition], None]]":
    """What is called at the end of each change set."""
    return _checks
