"""Which resources there are, in the order of their dependence, and who embeds whom.

Each app registers its record models in `AppConfig.ready()`, so that publishing, which lives below
them all, knows them without importing them.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models

if TYPE_CHECKING:
    from records.models import ReviewItem
    from records.publishing import Edition
    from records.record import PublishedRecord

_records: "dict[str, type[PublishedRecord]]" = {}
_checks: "list[Callable[[Edition], None]]" = []
_comparisons: "dict[str, Callable[[list[UUID]], tuple[int, list[ReviewItem]]]]" = {}
_derivations: "list[Callable[[Edition], None]]" = []


def register(record: "type[PublishedRecord]") -> None:
    """Make a resource known. What it embeds must have been registered before, or be itself."""
    _records[record.shape.resource] = record


def check(function: "Callable[[Edition], None]") -> None:
    """Have `function` called at the end of each change set, before it is committed.

    It may add problems, which refuse the whole set, or review items.
    """
    if function not in _checks:
        _checks.append(function)


def derive(function: "Callable[[Edition], None]") -> None:
    """Have `function` called once a change set is assembled, to compute what follows from it.

    It may give derived members (`Edition.derive`), and publish or withdraw computed records.
    """
    if function not in _derivations:
        _derivations.append(function)


def compare(
    resource: str, function: "Callable[[list[UUID]], tuple[int, list[ReviewItem]]]"
) -> None:
    """Have `function` look for public rows that may be one with given rows of a resource.

    It takes ids, and leaves a review item for each pair that was never asked about. It returns how
    many are new, and all that are open about the pairs it found.
    """
    _comparisons[resource] = function


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


def holders(resource: str) -> list[str]:
    """The resources whose rows refer to those of `resource`, and hold them where they are.

    Computed records refer to what they are computed from and hold nothing: they go with it.
    """
    return [name for name in embedders(resource) if not _records[name].computed]


@cache
def _embedded(record: "type[PublishedRecord]") -> set[str]:
    found: set[str] = set()

    def walk(members: Iterable[Any]) -> None:
        for member in members:
            if hasattr(member, "members"):
                walk(member.members)
            elif hasattr(member, "resource") and hasattr(member, "column"):
                found.add(member.resource)
            found.update(getattr(member, "embeds", ()))

    walk(record.shape.members)
    return found


def checks() -> "list[Callable[[Edition], None]]":
    """What is called at the end of each change set."""
    return _checks


def derivations() -> "list[Callable[[Edition], None]]":
    """What computes what follows from a change set."""
    return _derivations


def comparison(
    resource: str,
) -> "Callable[[list[UUID]], tuple[int, list[ReviewItem]]] | None":
    """What looks for duplicates of rows of a resource; None where nothing does."""
    return _comparisons.get(resource)
