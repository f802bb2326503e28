"""Records counted by the values of their columns: what `facets` answers, and `by` splits.

Counting is grouped by columns alone, never by parameters: the database, which is given parameters
apart from the statement, would not know two of them for the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from django.http import QueryDict
from rest_framework import serializers

from records.api.problems import BadParameter
from records.api.serializers import Number
from records.registry import record_of
from records.shape import Body

#: Values of a facet that are told one by one, those with most first.
MOST_VALUES = 100


@dataclass(frozen=True)
class Facet:
    """A column that records are counted by; where it is an array, under each of its values.

    `resource` says whose ids the values are. With `prefix` only the first part of a dotted code
    counts, so that `battle.clash` counts as `battle`.
    """

    column: str
    resource: str | None = None
    prefix: bool = False


class FacetValueSerializer(serializers.Serializer):
    """How many records have one value."""

    value = serializers.CharField(
        allow_null=True,
        help_text="The value, as the filter of that name takes it: a code, an id, `true` or "
        "`false`; null counts the records that have none.",
    )
    name = serializers.CharField(
        allow_null=True,
        help_text="Where the value is the id of a record: its name, title or statement. Else null.",
    )
    count = Number(help_text="How many records have it.")
    citations = Number(
        required=False, help_text="How many citations they have together; only there for claims."
    )


class OtherValuesSerializer(serializers.Serializer):
    """The values that are not told one by one, together."""

    values = Number(help_text="How many more values there are.")
    count = Number(
        help_text="Their counts together; a record that has several of them is in it several times."
    )
    citations = Number(required=False, help_text="Their citations together; only there for claims.")


class FacetSerializer(serializers.Serializer):
    """How many records have each value of one kind."""

    values = FacetValueSerializer(
        many=True, help_text=f"The values with most records, those with most first: {MOST_VALUES}."
    )
    other = OtherValuesSerializer(help_text="All further values together.")


class FacetsSerializer(serializers.Serializer):
    """How many records match, and how many of them have which values."""

    total = Number(help_text="How many records match.")
    facets = serializers.DictField(
        child=FacetSerializer(),
        help_text="The facets that were asked for, by name, in that order.",
    )


def read_facets(params: QueryDict, known: Mapping[str, Facet]) -> dict[str, Facet]:
    """`by`, as a comma list or repeated: the facets to count by. Raises `BadParameter`."""
    known_are = f"known are {', '.join(known)}"
    if "by" not in params:
        raise BadParameter(("by", f"is missing: it says what to count by; {known_are}"))
    names = [name.strip() for given in params.getlist("by") for name in given.split(",")]
    for name in names:
        if name not in known:
            raise BadParameter(("by", f"{name[:40]!a} is not known here; {known_are}"))
        if names.count(name) > 1:
            raise BadParameter(("by", f"names {name} more than once"))
    return {name: known[name] for name in names}


def several(model: type[models.Model], facet: Facet) -> bool:
    """Whether a record may have several values of a facet."""
    return isinstance(model._meta.get_field(facet.column), ArrayField)


def selected(queryset: QuerySet[Any], columns: Iterable[str]) -> tuple[str, tuple[Any, ...]]:
    """The columns of what a queryset matches, as SQL with its parameters."""
    chosen = queryset.order_by().values_list(*sorted(set(columns)))
    try:
        return chosen.query.sql_with_params()
    except EmptyResultSet:  # a filter that nothing can match, which Django would not even send
        nothing = queryset.model._default_manager.filter(RawSQL("false", (), BooleanField()))
        return selected(nothing, columns)


def valued(model: type[models.Model], facet: Facet) -> tuple[str, str]:
    """The value of a facet over `matching r`, and what is to be joined for it, as SQL."""
    column = f'r."{facet.column}"'
    if several(model, facet):
        return "u.value", f" left join lateral unnest({column}) u (value) on true"
    return (f"split_part({column}, '.', 1)" if facet.prefix else column), ""


def count_facets(
    queryset: QuerySet[Any],
    facets: Mapping[str, Facet],
    seq: int | None,
    *,
    measures: Mapping[str, str] | None = None,
    filtered: bool = True,
) -> Body:
    """`total` and `facets` of what a queryset matches at `seq`.

    One statement, and one for each resource whose records are named. `filtered` says whether
    anything narrows the records: what matches is then found once for all facets, and so is what is
    measured; else each facet is read from its own index where it has one.
    """
    measures = measures or {}
    columns = [facet.column for facet in facets.values()]
    inner, params = selected(queryset, [*columns, *measures.values()])
    kept = [f'r."{column}"' for column in dict.fromkeys(columns)]
    kept += [f"r.{column} as {name}" for name, column in measures.items()]
    sums = "".join(f", coalesce(sum(r.{name}), 0)::bigint as {name}" for name in measures)
    nothing = ", 0::bigint" * len(measures)
    parts = [f"select '', null, count(*){nothing}, 0::bigint, 0::bigint{nothing} from matching r"]
    for name, facet in facets.items():
        value, joined = valued(queryset.model, facet)
        told = "".join(f", g.{measure}" for measure in measures)
        summed = "".join(f", sum(g.{measure}) over ()::bigint" for measure in measures)
        parts.append(
            f"select '{name}', g.value::text, g.count{told},"
            f" count(*) over (), sum(g.count) over ()::bigint{summed}"
            f" from (select {value} as value, count(*) as count{sums}"
            f" from matching r{joined} group by 1) g"
            f' order by g.count desc, g.value::text collate "C" limit {MOST_VALUES}'
        )
    once = "" if filtered or measures else "not "
    rows = fetched(
        f"with matching as {once}materialized (select {', '.join(kept)} from ({inner}) r) "
        + " union all ".join(f"({part})" for part in parts),
        params,
    )
    counted = ("count", *measures)
    total = next(row[2] for row in rows if not row[0])
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for name, *values in rows:
        found[name].append(tuple(values))
    names = named([(facet, [row[0] for row in found[name]]) for name, facet in facets.items()], seq)
    return {
        "total": total,
        "facets": {
            name: _facet(found[name], counted, names.get(facet.resource or "", {}))
            for name, facet in facets.items()
        },
    }


def _facet(rows: list[tuple[Any, ...]], counted: tuple[str, ...], names: dict[str, Any]) -> Body:
    """One facet, from its rows of: the value, what it counts, how many values, all that count."""
    width = len(counted)
    other = dict.fromkeys(("values", *counted), 0)
    if rows:
        shown = [sum(row[1 + i] for row in rows) for i in range(width)]
        left = [all_of - told for all_of, told in zip(rows[0][2 + width :], shown, strict=True)]
        other = dict(zip(other, [rows[0][1 + width] - len(rows), *left], strict=True))
    values = [
        {"value": row[0], "name": names.get(row[0]), **dict(zip(counted, row[1:], strict=False))}
        for row in rows
    ]
    return {"values": values, "other": other}


def named(
    found: list[tuple[Facet, list[str | None]]], seq: int | None
) -> dict[str, dict[str, Any]]:
    """By resource and id: the name, title or statement at `seq` of the records that are values."""
    ids: dict[str, set[UUID]] = defaultdict(set)
    for facet, values in found:
        if facet.resource:
            ids[facet.resource].update(UUID(value) for value in values if value)
    names: dict[str, dict[str, Any]] = {}
    for resource, of_resource in ids.items():
        if of_resource:
            record = record_of(resource)
            versions = record.objects.at(seq).filter(object_id__in=of_resource)
            bodies = map(orjson.loads, versions.values_list("body", flat=True))
            names[resource] = {body["id"]: _name(record.reference(body)) for body in bodies}
    return names


def _name(reference: Body) -> str | None:
    """What a small form calls its record."""
    known = (reference[key] for key in ("name", "title", "statement") if key in reference)
    return next(known, None)


def fetched(sql: str, params: Iterable[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, tuple(params))
        return cursor.fetchall()
