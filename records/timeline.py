"""The columns of a record that keep an uncertain time: its bounds and its two sort keys.

Lists put what has no time last in both directions, so each direction has a key of its own that is
never null: `<name>_first` sorts ascending and `<name>_last` descending.
"""

from datetime import UTC, datetime
from typing import Any

from django.db import models

from records.models.record import CURRENT

#: Stand in for a missing time; uncertain times lie between them.
FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, tzinfo=UTC)


def time_columns(what: str) -> tuple[models.DateTimeField, ...]:  # type: ignore[type-arg]
    """Four columns: earliest, latest, the ascending sort key and the descending one."""
    return (
        models.DateTimeField(null=True, help_text=f"Earliest instant of {what}; null is open."),
        models.DateTimeField(null=True, help_text=f"Latest instant of {what}; null is open."),
        models.DateTimeField(help_text=f"Ascending sort key of {what}."),
        models.DateTimeField(help_text=f"Descending sort key of {what}."),
    )


def time_values(name: str, time: dict[str, Any] | None) -> dict[str, Any]:
    """The values of those columns for a time of a body, or for none."""
    earliest: str | None = time["earliest"] if time else None
    latest: str | None = time["latest"] if time else None
    known = earliest or latest
    return {
        f"{name}_earliest": instant(earliest),
        f"{name}_latest": instant(latest),
        f"{name}_first": instant(known) or LAST,
        f"{name}_last": instant(known) or FIRST,
    }


def time_indexes(name: str, prefix: str) -> list[models.Index]:
    """Both directions, for the present and for any earlier moment."""
    short = f"{prefix}_{name}"
    return [
        models.Index(
            fields=[f"-{name}_last", "-object_id"], condition=CURRENT, name=f"{short[:25]}_desc"
        ),
        models.Index(
            fields=[f"{name}_first", "object_id"], condition=CURRENT, name=f"{short[:25]}_asc"
        ),
        models.Index(fields=[f"-{name}_last", "-object_id"], name=f"{short[:25]}_desA"),
        models.Index(fields=[f"{name}_first", "object_id"], name=f"{short[:25]}_ascA"),
    ]


def instant(text: str | None) -> datetime | None:
    """The instant that RFC 3339 text names."""
    return datetime.fromisoformat(text) if text else None
