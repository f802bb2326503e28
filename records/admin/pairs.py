"""The page of a question whether two rows are one: both side by side, and the ways on."""

from typing import Any
from uuid import UUID

import orjson
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from records.admin.forms import label_of
from records.models import ReviewItem
from records.registry import record_of

#: Members that tell nothing of a pair.
_LEFT_OUT = {"id", "version", "seq", "recorded_at", "geometry", "ancestors", "party_id"}
#: By which of its members a part of a body is told, the first that it has.
_TELLING = ("name", "title", "statement", "label", "edtf", "phrase", "value", "kind")
#: As many elements of a list as are shown.
_MOST = 12


def pair_of(item: ReviewItem, request: HttpRequest) -> dict[str, Any] | None:
    """What the page shows of a proposed pair; None where a row of it is gone.

    Where both are public and the account may merge them, `merges` are the two ways to do so: which
    row goes, which stays, and what to say on the button.
    """
    record = record_of(item.resource)
    model = record.shape.model
    options = model._meta
    ids = [item.object_id, UUID(item.member)]
    rows = model._default_manager.in_bulk(ids)
    model_admin: Any = admin.site._registry[model]
    if len(rows) < 2 or not model_admin.has_view_permission(request):
        return None
    versions = record.objects.current().filter(object_id__in=ids)
    bodies = {
        row_id: orjson.loads(body) for row_id, body in versions.values_list("object_id", "body")
    }
    page = f"admin:{options.app_label}_{options.model_name}"
    sides = [
        {
            "label": label_of(rows[i]),
            "url": reverse(f"{page}_change", args=[i]),
            "public": i in bodies,
        }
        for i in ids
    ]
    merges = []
    if len(bodies) == 2 and model_admin.has_publish_permission(request):
        merges = [
            {
                "goes": ids[one],
                "stays": ids[1 - one],
                "text": f"Merge the {here} into the {there} …",
            }
            for one, here, there in [(0, "left", "right"), (1, "right", "left")]
        ]
    return {
        "sides": sides,
        "members": _members(*(bodies.get(i, {}) for i in ids)),
        "merges": merges,
        "merge_url": reverse(f"{page}_changelist"),
        "open": item.resolved_at is None,
    }


def _members(one: dict[str, Any], other: dict[str, Any]) -> list[dict[str, Any]]:
    """The members that either row says something in, and whether they say the same."""
    shown = []
    for name in one or other:
        if name in _LEFT_OUT:
            continue
        values = [_in_words(body.get(name)) for body in (one, other)]
        if any(values):
            differs = bool(one and other) and one.get(name) != other.get(name)
            shown.append({"name": name.replace("_", " "), "values": values, "differs": differs})
    return shown


def _in_words(value: Any) -> str:
    """A value of a body as a few words tell it; empty for none."""
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        told = [_in_words(element) for element in value[:_MOST]]
        more = [f"and {len(value) - _MOST} more"] if len(value) > _MOST else []
        return "; ".join([*filter(None, told), *more])
    if not isinstance(value, dict):
        return str(value)
    return _part_in_words(value)


def _part_in_words(part: dict[str, Any]) -> str:
    """An element of a list, an embedded row, a time or a group of values."""
    embedded = [v for v in part.values() if isinstance(v, dict)]
    kind = [part[key] for key in ("kind", "role", "mode") if part.get(key)]
    told = next((str(part[key]) for key in _TELLING if part.get(key)), "")
    if {"id", "edtf", "label"} & part.keys():
        return told
    if embedded:
        names = [_in_words(each) for each in embedded]
        return " ".join(filter(None, [*map(str, kind[:1]), *names]))
    if told and kind and told != kind[0]:
        return f"{told} ({kind[0]})"
    if told and "reason" not in part:
        return told
    return ", ".join(f"{key} {value}" for key, value in part.items() if value is not None)
