"""From what a request names to ids: a UUID, a `scheme:code`, or a party's exact name."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from records.api.moments import Moment
from records.folding import fold
from records.querysets import column_names
from records.registry import record_of


@dataclass(frozen=True)
class Wanted:
    """A reference in a request: a resource, what was given, and whether it may be a name."""

    resource: str
    given: str
    by_name: bool = False


def resolve(wanted: Iterable[Wanted], moment: Moment) -> dict[Wanted, tuple[UUID, ...]]:
    """The ids that references mean at a moment: one query, and one for each merge to follow.

    What names nothing is absent. A merged record means its survivor.
    """
    wanted = list(wanted)
    found: dict[Wanted, set[UUID]] = defaultdict(set)
    pending: dict[str, set[UUID]] = defaultdict(set)
    ids: dict[Wanted, UUID] = {}
    codes: dict[str, list[Wanted]] = defaultdict(list)
    names: dict[str, list[Wanted]] = defaultdict(list)
    for want in wanted:
        try:
            ids[want] = UUID(want.given)
            pending[want.resource].add(ids[want])
        except ValueError:
            if ":" in want.given:
                codes[want.resource].append(want)
            if want.by_name:
                names[want.resource].append(want)
    survivors: dict[tuple[str, UUID], UUID] = {}
    first = True
    while first or any(pending.values()):
        parts: list[str] = []
        params: list[Any] = []
        for resource in {*pending, *(codes if first else ()), *(names if first else ())}:
            sql, given = _part(
                resource,
                pending.get(resource, set()),
                [w.given for w in codes[resource]] if first else [],
                [w.given for w in names[resource]] if first else [],
                moment,
            )
            parts.append(sql)
            params += given
        if not parts:
            break
        with connection.cursor() as cursor:
            cursor.execute(" union all ".join(parts), params)
            rows = cursor.fetchall()
        pending = defaultdict(set)
        for resource, object_id, live, merged_into, of_codes, name in rows:
            if not live and merged_into:
                survivors[resource, object_id] = merged_into
                if (resource, merged_into) not in survivors:
                    pending[resource].add(merged_into)
            if first and live:
                for want in codes[resource]:
                    if want.given in of_codes:
                        found[want].add(object_id)
                for want in names[resource]:
                    if want.given == name:
                        found[want].add(object_id)
        first = False
    for want, object_id in ids.items():
        seen = {object_id}
        while (into := survivors.get((want.resource, object_id))) and into not in seen:
            seen.add(into)
            object_id = into
        found[want].add(object_id)
    return {want: tuple(sorted(ids)) for want, ids in found.items()}


def _part(
    resource: str, ids: set[UUID], codes: list[str], names: list[str], moment: Moment
) -> tuple[str, list[Any]]:
    """One resource's part of the query."""
    record = record_of(resource)
    columns = column_names(record)
    name = "r.name" if names and "name" in columns else "null"
    conditions: list[str] = []
    params: list[Any] = []
    if ids:
        conditions.append("(r.object_id = any(%s::uuid[]) and not r.live)")
        params.append(list(ids))
    if codes:
        conditions.append("r.codes && %s::text[]")
        params.append(codes)
    if names and name != "null":
        conditions.append(
            "(r.sort_name = any(%s::text[]) and r.name = any(%s::text[]) and r.party = r.object_id)"
        )
        params += [[fold(given) for given in names], names]
    visible = "r.superseded_seq is null"
    if moment.seq is not None:
        visible = (
            "r.seq <= %s::bigint and (r.superseded_seq is null or r.superseded_seq > %s::bigint)"
        )
        params += [moment.seq, moment.seq]
    matching = f"({' or '.join(conditions) or 'false'})"
    sql = (
        f"select '{resource}', r.object_id, r.live, r.merged_into, r.codes, {name}::text"
        f" from {record._meta.db_table} r where {matching} and {visible}"
    )
    return sql, params
