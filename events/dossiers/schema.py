"""The JSON Schema of a dossier, derived from the shapes of the resources."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from events.dossiers.reading import Dossier, Fault
from events.event_types import event_types
from events.records.contradiction import Sides
from records.models import Redistribution
from records.registry import record_of, resources
from records.shape import (
    Coded,
    Codes,
    Derived,
    Group,
    Member,
    Origins,
    Reference,
    Rows,
    Scalar,
    SortedList,
    Span,
    Time,
)

LOCAL_NAME = r"^[A-Za-z0-9_]+$"
TEXT = {"type": "string", "minLength": 1}
SPAN = {
    "type": "array",
    "prefixItems": [{"type": "integer", "minimum": 0}, {"type": "integer", "minimum": 1}],
    "items": False,
    "minItems": 2,
}
DATASET = {
    "type": "object",
    "required": ["slug", "title"],
    "additionalProperties": False,
    "properties": {
        "slug": {"type": "string", "pattern": r"^[a-z0-9][a-z0-9-]*$", "maxLength": 64},
        "title": TEXT,
        "version": TEXT,
        "publisher": TEXT,
        "licence": TEXT,
        "licence_url": TEXT,
        "attribution": TEXT,
        "redistribution": {"enum": Redistribution.values},
    },
}


@cache
def dossier_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a dossier's merged sections."""
    sections: dict[str, Any] = {"dataset": DATASET}
    for resource in resources():
        shape = record_of(resource).shape
        row = _object(shape.stored, shape.model)
        if record_of(resource).computed:  # it is there by itself; a dossier resolves it
            row["required"] += ["resolution", "resolution_reason"]
        row["properties"]["was"] = {"oneOf": [TEXT, {"type": "array", "items": TEXT}]}
        sections[resource] = {
            "type": "object",
            "propertyNames": {"pattern": LOCAL_NAME},
            "additionalProperties": row,
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Dateline dossier",
        "type": "object",
        "required": ["dataset"],
        "additionalProperties": False,
        "properties": sections,
    }


def _object(members: Sequence[Member], model: type[models.Model]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    for member in members:
        if isinstance(member, Derived | Origins) or not member.writable:
            continue
        properties |= _schemas(member, model)
        if _is_required(member, model):
            required.append(member.keys[0])
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": required,
    }


def _is_required(member: Member, model: type[models.Model]) -> bool:
    if isinstance(member, Span | Sides):
        return True
    if not isinstance(member, Scalar | Reference):
        return False
    field = _field(model, member.column)
    initial = getattr(member, "initial", None)
    return not field.null and initial is None and not field.has_default()


def _field(model: type[models.Model], column: str) -> Any:
    return next(f for f in model._meta.concrete_fields if column in (f.attname, f.name))


def _schemas(member: Member, model: type[models.Model]) -> dict[str, Any]:
    if isinstance(member, Codes):
        pair = {"scheme": TEXT, "code": TEXT}
        return {
            "codes": {"type": "object", "additionalProperties": TEXT},
            "other_codes": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": pair,
                    "required": list(pair),
                },
            },
        }
    name = member.keys[0]
    if isinstance(member, Coded):  # an event's type: the one code list with a table of its own
        return {name: {"enum": [entry["code"] for entry in event_types()]}}
    if isinstance(member, SortedList | Scalar):
        if name in ("spans", "insertions"):
            return {name: {"type": "array", "items": SPAN}}
        return {name: _value(_field(model, member.column))}
    if isinstance(member, Time):
        parts = {
            part: _value(_field(model, f"{name}_{part}"))
            for part in ("edtf", "precision", "phrase", "basis")
        }
        whole = {"type": "object", "additionalProperties": False, "properties": parts}
        return {name: {"anyOf": [{"type": ["string", "null"]}, whole]}}
    if isinstance(member, Reference):
        optional = _field(model, member.column).null
        return {name: {"type": ["string", "null"] if optional else "string"}}
    if isinstance(member, Group):
        parts = {part: _value(_field(model, column)) for part, column in member.parts.items()}
        whole = {"type": ["object", "null"], "additionalProperties": False, "properties": parts}
        return {name: whole}
    if isinstance(member, Span):
        return {name: SPAN}
    if isinstance(member, Sides):
        return {name: {"type": "array", "items": TEXT, "minItems": 2, "maxItems": 2}}
    assert isinstance(member, Rows)
    items = _object(member.members, member.model)
    return {
        name: {"type": "array", "items": items["properties"][member.key] if member.key else items}
    }


def _value(field: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"description": field.help_text}
    kinds = {
        models.BooleanField: "boolean",
        models.FloatField: "number",
        models.IntegerField: "integer",
    }
    kind = next((name for cls, name in kinds.items() if isinstance(field, cls)), "string")
    if isinstance(field, ArrayField):
        return schema | {"type": "array", "items": _value(field.base_field)}
    if isinstance(field, models.JSONField):
        return schema | {"type": ["object", "null"] if field.null else "object"}
    schema["type"] = [kind, "null"] if field.null else kind
    if field.choices:
        values = [value for value, _ in field.flatchoices]
        schema["enum"] = [*values, None] if field.null else values
    elif kind == "string":
        if field.max_length:
            schema["maxLength"] = field.max_length
        schema["minLength"] = 1
    return schema


def check(dossier: Dossier) -> list[Fault]:
    """What in a dossier is not of the form, each with its file, its line and the mend."""
    validator = Draft202012Validator(dossier_schema())
    return [
        dossier.fault(path, message)
        for error in map(_deepest, validator.iter_errors(dossier.sections))
        for path, message in _say(error)
    ]


def _deepest(error: ValidationError) -> ValidationError:
    """Of the alternatives that all failed, the fault of the one that came furthest."""
    while error.context:
        error = max(error.context, key=lambda e: (len(e.absolute_path), e.validator != "type"))
    return error


def _say(error: ValidationError) -> list[tuple[tuple[Any, ...], str]]:
    """Where and what: one for each member that is not known."""
    path = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        schema: Any = error.schema
        value: Any = error.instance
        known = sorted(schema.get("properties", {}))
        text = f"is not known here; known are {', '.join(known)}"
        return [((*path, name), text) for name in value if name not in known]
    if "propertyNames" in error.absolute_schema_path:
        path = (*path, str(error.instance))
    return [(path, _message(error))]


def _message(error: ValidationError) -> str:
    value: Any = error.instance
    rule: Any = error.validator_value
    schema: Any = error.schema
    match error.validator:
        case "additionalProperties":
            known = sorted(schema.get("properties", {}))
            extra = [str(name) for name in value if name not in known]
            return f"{', '.join(extra)} is not known here; known are {', '.join(known)}"
        case "required":
            missing = [name for name in rule if name not in value]
            return f"{', '.join(missing)} is missing"
        case "enum":
            choices = ", ".join(str(choice) for choice in rule if choice is not None)
            return f"{value!r} is not in the code list; known are {choices}"
        case "type":
            kinds = rule if isinstance(rule, list) else [rule]
            hint = ""
            if "string" in kinds and isinstance(value, int | float | bool):
                hint = f'; write it in quotes: "{value}"'
            return f"must be {' or '.join(kinds)}, not {value!r}{hint}"
        case "maxLength":
            return f"has {len(value)} characters; at most {rule} are allowed"
        case "minLength":
            return "is empty; leave it out, or write null"
        case "pattern":
            return f"{value!r} is not a local name: use letters, digits and _"
        case _:
            return error.message
