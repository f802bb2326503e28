"""The event types, read from `event_types.yaml` beside this module."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.db import models

PATH = Path(__file__).with_suffix(".yaml")


def event_types() -> list[dict[str, Any]]:
    """The types in the file's order, each with `code`, `label`, `definition` and `crosswalk`."""
    entries = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return [{"crosswalk": {}, **entry} for entry in entries]


@cache
def _shown() -> dict[str, dict[str, Any]]:
    return {
        entry["code"]: {name: entry[name] for name in ("code", "label", "crosswalk")}
        for entry in event_types()
    }


def event_type(code: str) -> dict[str, Any]:
    """A type as events show it: `code`, `label` and `crosswalk`. Raises `KeyError`."""
    return _shown()[code]


def values() -> list[dict[str, Any]]:
    """The types as their vocabulary lists them: what a crosswalk has beside codes stands apart."""
    return [
        {
            **entry,
            "crosswalk": {
                system: codes
                for system, codes in entry["crosswalk"].items()
                if system not in ("note", "unverified")
            },
            "note": entry["crosswalk"].get("note"),
            "unverified": entry["crosswalk"].get("unverified", []),
        }
        for entry in event_types()
    ]


def load_event_types(model: type[models.Model] | None = None) -> int:
    """Write all types to the database, in one statement; the number of them.

    Types that are there already are brought up to date, and none is removed. A migration passes
    its historical model.
    """
    if model is None:
        from events.models import EventType

        model = EventType
    rows = [model(**entry) for entry in event_types()]
    model._default_manager.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["label", "definition", "crosswalk"],
    )
    return len(rows)
