"""Writing a data set's rows as a dossier that loads to the same."""

from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from records.models import Dataset, Origin
from records.registry import record_of, resources
from records.shape import Derived, Origins, Statement

FIELDS = (
    "slug", "title", "version", "publisher", "licence", "licence_url", "attribution",
    "redistribution",
)  # fmt: skip


def dump(slug: str, folder: Path) -> dict[str, int]:
    """Write the rows of a data set into a folder, a file a section; how many of each.

    Raises `LookupError` for an unknown data set and `FileExistsError` where a file would be
    overwritten.
    """
    try:
        dataset = Dataset.objects.get(slug=slug)
    except Dataset.DoesNotExist:
        known = ", ".join(Dataset.objects.values_list("slug", flat=True)) or "none"
        raise LookupError(f"there is no data set {slug!r}; known are {known}") from None
    names = {
        (resource, str(object_id)): name
        for resource, object_id, name in Origin.objects.filter(dataset=dataset).values_list(
            "resource", "object_id", "external_id"
        )
    }
    folder.mkdir(parents=True, exist_ok=True)
    head = {f: value for f in FIELDS if (value := getattr(dataset, f)) != ""}
    _write(folder / "dataset.yaml", {"dataset": head})
    counts: dict[str, int] = {}
    for resource in resources():
        rows = _rows(resource, names)
        counts[resource] = len(rows)
        if rows:
            _write(folder / f"{resource}.yaml", {resource: rows})
    return counts


def _rows(resource: str, names: dict[tuple[str, str], str]) -> dict[str, Statement]:
    shape = record_of(resource).shape
    local = {object_id: name for (r, object_id), name in names.items() if r == resource}
    foreign: dict[tuple[str, str], str] = {}

    def turn(referred: str, object_id: str) -> str:
        key = (referred, object_id)
        return names.get(key) or foreign.setdefault(key, _foreign_name(referred, object_id))

    rows: dict[str, Statement] = {}
    for row_id, statement in shape.read(map(UUID, local)).items():
        statement = dict(statement)
        for member in shape.links:
            statement[member.name] = [
                e
                for e in statement[member.name]
                if e["kind"] not in member.symmetric
                or (resource, e[member.other]) not in names
                or str(row_id) < e[member.other]
            ]
        rows[local[str(row_id)]] = _without_defaults(shape.translate(statement, turn), shape.stored)
    return dict(sorted(rows.items()))


def _foreign_name(resource: str, object_id: str) -> str:
    """How a dossier refers to a row of another: by data set and name, by a code, or by its id."""
    origin = Origin.objects.filter(resource=resource, object_id=object_id).first()
    if origin is not None:
        return f"{origin.dataset.slug}:{origin.external_id}"
    return object_id


def _without_defaults(statement: Statement, members: list[Any]) -> Statement:
    kept: Statement = {}
    for member in members:
        if isinstance(member, Derived | Origins) or not member.writable:
            continue
        default = member.default()
        for key in member.keys:
            value = statement[key]
            if value == default[key]:
                continue
            if isinstance(value, list) and hasattr(member, "members") and not member.key:
                value = [_without_defaults(element, member.members) for element in value]
            kept[key] = value
    return kept


class _Dumper(yaml.SafeDumper):
    """Block style, spans on one line, no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _list(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.Node:
    flat = all(isinstance(e, int | str) or (isinstance(e, list) and len(e) == 2) for e in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flat)


_Dumper.add_representer(list, _list)


def _write(path: Path, content: dict[str, Any]) -> None:
    with path.open("x", encoding="utf-8") as file:
        yaml.dump(content, file, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
