"""Choosing members of records: `fields` keeps some, `expand` adds what they refer to."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db.models import Q
from django.http import QueryDict
from rest_framework import serializers

from records.api.moments import Moment
from records.api.problems import BadParameter
from records.record import PublishedRecord
from records.registry import record_of
from records.shape import Body, Derived

#: Paths that `fields` takes.
FIELDS_LIMIT = 100
#: Records that `expand` adds to one answer.
INCLUDED_LIMIT = 500
#: Ids that one link to the rest has.
IDS_IN_A_LINK = 100

#: The members to keep: of each what to keep in it, or True for the whole.
Kept = dict[str, Any]


def _values(params: QueryDict, name: str) -> list[str]:
    """The values of a comma list that may be repeated."""
    return [part.strip() for given in params.getlist(name) for part in given.split(",")]


def read_fields(params: QueryDict, serializer: type[serializers.BaseSerializer]) -> Kept | None:
    """The members that `fields` asks for; None for whole records. Raises `BadParameter`."""
    paths = _values(params, "fields")
    if not paths:
        return None
    if len(paths) > FIELDS_LIMIT:
        raise BadParameter(("fields", f"takes at most {FIELDS_LIMIT} paths"))
    kept: Kept = {}
    whole = serializer()
    for path in paths:
        _keep(kept, path.split("."), whole, path)
    return kept


def _keep(kept: Kept, names: list[str], field: Any, path: str) -> None:
    while isinstance(field, serializers.ListSerializer | serializers.ListField):
        field = field.child
    first, *rest = names
    if isinstance(field, serializers.Serializer):
        if first not in field.fields:
            known = ", ".join(field.fields)
            raise BadParameter(
                ("fields", f"{path[:80]!a} is not known; {first[:40]!a} is none of {known}")
            )
        inner = field.fields[first]
    elif isinstance(field, serializers.DictField) and first:
        inner = field.child
    else:
        raise BadParameter(("fields", f"{path[:80]!a} is not known: it leads into a plain value"))
    if not rest:
        kept[first] = True
    elif kept.get(first) is not True:
        _keep(kept.setdefault(first, {}), rest, inner, path)


def prune(value: Any, kept: Any) -> Any:
    """What is kept of a value, in its own order."""
    if isinstance(value, list):
        return [prune(element, kept) for element in value]
    if kept is True or not isinstance(value, dict):
        return value
    return {name: prune(part, kept[name]) for name, part in value.items() if name in kept}


class Pointing(NamedTuple):
    """Records that point at one of another resource: theirs, the column, and the filter for it."""

    resource: str
    column: str
    parameter: str


#: What `expand` also takes for a resource: who points at it, by a name.
Backwards = dict[str, Pointing]


def expandable(record: type[PublishedRecord], backwards: Backwards) -> list[str]:
    """The names that `expand` takes for a resource."""
    names = [*backwards]
    for member in record.shape.members:
        if isinstance(member, Derived):
            names += [name for name in ("ancestors", "party") if name in member.keys]
        elif hasattr(member, "members") or hasattr(member, "resource"):
            names += member.keys if _refers(member) else ()
    return sorted(names)


def _refers(member: Any) -> bool:
    if hasattr(member, "members"):
        return any(map(_refers, member.members))
    return hasattr(member, "column") and hasattr(member, "resource")


def read_expand(
    params: QueryDict, record: type[PublishedRecord], backwards: Backwards
) -> list[str]:
    """The names that `expand` asks for. Raises `BadParameter`."""
    names = _values(params, "expand")
    if not names:
        return []
    known = expandable(record, backwards)
    wrong = [name for name in names if name not in known]
    if wrong:
        shown = ", ".join(f"{name[:40]!a}" for name in wrong[:3])
        raise BadParameter(("expand", f"{shown}: not known here; known are {', '.join(known)}"))
    return list(dict.fromkeys(names))


def _referred(
    record: type[PublishedRecord], body: Body, names: Iterable[str]
) -> set[tuple[str, str]]:
    """What the named members of a body refer to: pairs of a resource and an id."""
    shape = record.shape
    found: set[tuple[str, str]] = set()
    statement = shape.strip(body)
    members = {key: member for member in shape.stored for key in member.keys}
    for name in names:
        if name in members:
            found.update(members[name].references(statement))
        if name == "ancestors":
            found.update((shape.resource, above["id"]) for above in body["ancestors"])
        elif name == "party" and body["party_id"]:
            found.add(("actors", body["party_id"]))
        elif name == "citations":
            publishers = (citation["publisher"] for citation in body["citations"])
            found.update(("sources", publisher["id"]) for publisher in publishers if publisher)
    return found


def included(
    record: type[PublishedRecord],
    backwards: Backwards,
    names: list[str],
    bodies: Iterable[Body],
    now: Moment,
    address: Any,
) -> bytes:
    """The members `included` and, where there is more, `included_truncated` and `included_rest`.

    `address` gives the URL of a list by its resource. One query for each resource.
    """
    bodies = list(bodies)
    wanted: dict[str, set[str]] = defaultdict(set)
    for body in bodies:
        for resource, object_id in _referred(record, body, names):
            wanted[resource].add(object_id)
    ids = [body["id"] for body in bodies]
    pointing = {name: backwards[name] for name in names if name in backwards}
    left = INCLUDED_LIMIT
    shown: dict[str, bytes] = {}
    rest: dict[str, list[str]] = {}
    for resource in sorted({*wanted, *(one.resource for one in pointing.values())}):
        versions = record_of(resource).objects
        visible = versions.at(now.seq)
        condition = Q(object_id__in=[UUID(object_id) for object_id in wanted[resource]])
        for one in pointing.values():
            if one.resource == resource:
                array = hasattr(record_of(resource)._meta.get_field(one.column), "base_field")
                condition |= Q(**{f"{one.column}__{'overlap' if array else 'in'}": ids})
        rows = list(
            visible.filter(condition)
            .order_by("object_id")
            .values_list("object_id", "body")[: left + 1]
        )
        shown[resource] = b",".join(body.encode() for _, body in rows[:left])
        if len(rows) > left:
            after = rows[left - 1][0] if left else None
            links = _links(
                "id", sorted(i for i in wanted[resource] if not after or UUID(i) > after)
            )
            for one in pointing.values():
                links += _links(one.parameter, ids) if one.resource == resource else []
            rest[resource] = [f"{address(resource)}?{link}" for link in links]
        left -= min(len(rows), left)
    parts = b",".join(b'"%b":[%b]' % (name.encode(), text) for name, text in shown.items())
    written = b',"included":{' + parts + b"}"
    if rest:
        written += b',"included_truncated":true,"included_rest":' + orjson.dumps(rest)
    return written


def _links(parameter: str, ids: list[str]) -> list[str]:
    """Queries that together ask by all ids."""
    return [
        f"{parameter}={','.join(ids[start : start + IDS_IN_A_LINK])}"
        for start in range(0, len(ids), IDS_IN_A_LINK)
    ]
