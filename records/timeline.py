"""The columns of a record that keep an uncertain time: its bounds and its two sort keys.

Lists put what has no time last in both directions, so each direction has a key of its own that is
never null: `<name>_first` sorts ascending and `<name>_last` descending.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q

from records.models.record import CURRENT

#: Stand in for a missing time; the sort keys of uncertain times lie between them.
FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, tzinfo=UTC)
#: What lasts longer is kept apart where times are looked up by a day that lies in them.
LONG = timedelta(days=31)


def open_start(name: str) -> Q:
    """That a time is known by its latest instant alone: only then its sort key is not its start."""
    return Q(**{f"{name}_earliest__isnull": True, f"{name}_latest__isnull": False})


def time_columns(what: str) -> tuple[models.DateTimeField, ...]:  # type: ignore[type-arg]
    """Six columns: those of the bounds, the ascending sort key and the descending one."""
    return (
        *bound_columns(what),
        models.DateTimeField(help_text=f"Ascending sort key of {what}."),
        models.DateTimeField(help_text=f"Descending sort key of {what}."),
    )


def bound_columns(what: str) -> tuple[models.DateTimeField, ...]:  # type: ignore[type-arg]
    """Four columns: earliest and latest, then what periods are compared with, never null."""
    return (
        models.DateTimeField(null=True, help_text=f"Earliest instant of {what}; null is open."),
        models.DateTimeField(null=True, help_text=f"Latest instant of {what}; null is open."),
        models.DateTimeField(help_text=f"From when {what} may be: as early as can be if open."),
        models.DateTimeField(help_text=f"Until when {what} may be: as late as can be if open."),
    )


def time_values(name: str, time: dict[str, Any] | None) -> dict[str, Any]:
    """The values of those columns for a time of a body, or for none."""
    bounds = bound_values(name, time)
    known: datetime | None = bounds[f"{name}_earliest"] or bounds[f"{name}_latest"]
    return {
        **bounds,
        f"{name}_first": known or LAST,
        # Above what stands for a missing time, which so is told by the key alone.
        f"{name}_last": max(known, FIRST + datetime.resolution) if known else FIRST,
    }


def bound_values(name: str, time: dict[str, Any] | None) -> dict[str, Any]:
    """The values of the columns of the bounds; without a time they lie in no period."""
    earliest = instant(time["earliest"]) if time else None
    latest = instant(time["latest"]) if time else None
    known = earliest or latest
    return {
        f"{name}_earliest": earliest,
        f"{name}_latest": latest,
        f"{name}_from": earliest or (FIRST if known else LAST),
        f"{name}_to": latest or (LAST if known else FIRST),
    }


def time_indexes(name: str, prefix: str) -> list[models.Index]:
    """Both directions, for the present and for any earlier moment; and what periods need.

    For the present the bounds stand behind the sort key: rows outside a period are passed over
    within the index. Few rows that end late are found by when they end, and `…_open` tells how far
    beyond the end of a period the sort keys in it reach.
    """
    short = f"{prefix}_{name}"
    bounds = [f"{name}_to", f"{name}_from"]
    return [
        models.Index(
            fields=[f"-{name}_last", "-object_id", *bounds],
            condition=CURRENT,
            name=f"{short[:25]}_desc",
        ),
        models.Index(
            fields=[f"{name}_first", "object_id", *bounds],
            condition=CURRENT,
            name=f"{short[:25]}_asc",
        ),
        models.Index(fields=[f"-{name}_last", "-object_id"], name=f"{short[:25]}_desA"),
        models.Index(fields=[f"{name}_first", "object_id"], name=f"{short[:25]}_ascA"),
        models.Index(
            fields=[f"{name}_to"],
            condition=CURRENT & Q(**{f"{name}_last__gt": FIRST}),
            name=f"{short[:25]}_to",
        ),
        models.Index(
            fields=[f"{name}_last"], condition=open_start(name), name=f"{short[:25]}_open"
        ),
    ]


def instant(text: str | None) -> datetime | None:
    """The instant that RFC 3339 text names."""
    return datetime.fromisoformat(text) if text else None
