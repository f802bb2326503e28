"""What was read: how much of what, from whom and about when, for each data set."""

from collections import defaultdict
from typing import Any

import orjson
from django.db import connection
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from events.records import ClaimRecord, EventRecord
from records.api.moments import Moment, moment
from records.api.reading import AS_OF, ReadView
from records.api.serializers import Number
from records.models import Dataset
from records.record import PublishedRecord
from records.registry import record_of, resources
from records.time import format_instant
from sources.api.serializers import ActorReferenceSerializer, SourceReferenceSerializer
from sources.records import ActorRecord, DocumentRecord, SourceRecord

#: Publishers and parties that are named, those with most first.
NAMED = 100

#: Stands for all data sets together, and for what is in none.
ALL, NONE = "*", ""


class PublisherCoverageSerializer(serializers.Serializer):
    """How much of one publisher was read."""

    source = SourceReferenceSerializer(
        allow_null=True, help_text="The publisher; null for documents whose publisher is unknown."
    )
    documents = Number(help_text="How many of its documents there are.")


class PartyCoverageSerializer(serializers.Serializer):
    """How many claims one party's voices make."""

    party = ActorReferenceSerializer(
        allow_null=True, help_text="The party; null for claimants of no party or an unknown one."
    )
    claims = Number(help_text="How many claims its voices make, narration included.")


class PeriodSerializer(serializers.Serializer):
    """From the earliest bound that is known to the latest."""

    earliest = serializers.DateTimeField(allow_null=True, help_text="Null if none is known.")
    latest = serializers.DateTimeField(allow_null=True, help_text="Null if none is known.")


class CoverageSerializer(serializers.Serializer):
    """How much was read, from whom, and about when."""

    dataset = serializers.CharField(
        allow_null=True, help_text="Slug of the data set; null for all, or for what is in none."
    )
    title = serializers.CharField(allow_null=True, help_text="Title of the data set.")
    counts = serializers.DictField(
        child=Number(help_text="How many are public."),
        help_text="How many records are public, by resource.",
    )
    publishers = PublisherCoverageSerializer(
        many=True, help_text=f"Whose documents were read, most first, at most {NAMED}."
    )
    publishers_total = Number(help_text="How many publishers there are.")
    parties = PartyCoverageSerializer(
        many=True, help_text=f"Whose voices are heard, most first, at most {NAMED}."
    )
    parties_total = Number(help_text="How many parties there are.")
    published = PeriodSerializer(help_text="When its documents appeared.")
    period = PeriodSerializer(help_text="When its events happened, or are said to happen.")
    last_change = serializers.DateTimeField(
        allow_null=True, help_text="When one of its current records was last recorded."
    )
    last_seq = Number(help_text="The number of that change; 0 for none.")


class CoverageAnswerSerializer(serializers.Serializer):
    """What was read, in all and for each data set."""

    total = CoverageSerializer(help_text="All records together.")
    datasets = CoverageSerializer(
        many=True, help_text="Each data set by its slug; last what is in none."
    )


class CoverageView(ReadView):
    """What was read, so that nobody takes silence for absence."""

    parameters = {"as_of": False}

    @extend_schema(
        operation_id="coverage_retrieve",
        parameters=[AS_OF],
        responses=CoverageAnswerSerializer,
        tags=["coverage"],
    )
    def get(self, request: Request) -> HttpResponse:
        """What was read: documents, publishers, parties and period, in all and per data set.

        A record that is in several data sets counts in each of them, and once in all.
        """
        now = moment(request.query_params.get("as_of"))
        if (same := self.unchanged(now)) is not None:
            return same
        found = coverage(now)
        body = {"total": found.pop(ALL), "datasets": list(found.values())}
        answer = self.answer(orjson.dumps(body), self.tag(now.newest), now.newest, now.recorded_at)
        return self.licensed(answer)


def coverage(now: Moment) -> dict[str, dict[str, Any]]:
    """The coverage of all together, of each data set, and of what is in none. Seven queries."""
    counts = _counts(now)
    publishers = _grouped(DocumentRecord, "publisher", now)
    parties = _grouped(ClaimRecord, "party", now)
    published = _periods(DocumentRecord, "published", now)
    period = _periods(EventRecord, "when", now)
    sources = _references(SourceRecord, publishers, now)
    actors = _references(ActorRecord, parties, now)
    titles = dict(Dataset.objects.values_list("slug", "title"))
    return {
        slug: {
            "dataset": slug if slug not in (ALL, NONE) else None,
            "title": titles.get(slug),
            "counts": {name: counts[slug].get(name, (0,))[0] for name in resources()},
            "publishers": [
                {"source": sources.get(str(i)), "documents": count}
                for i, count in publishers[slug][:NAMED]
            ],
            "publishers_total": sum(1 for i, _ in publishers[slug] if i),
            "parties": [
                {"party": actors.get(str(i)), "claims": count} for i, count in parties[slug][:NAMED]
            ],
            "parties_total": sum(1 for i, _ in parties[slug] if i),
            "published": published.get(slug, {"earliest": None, "latest": None}),
            "period": period.get(slug, {"earliest": None, "latest": None}),
            "last_change": format_instant(
                max((one[2] for one in counts[slug].values()), default=None)
            ),
            "last_seq": max((one[1] for one in counts[slug].values()), default=0),
        }
        for slug in [ALL, *sorted({*counts, *titles} - {ALL, NONE}), *({NONE} & set(counts))]
    }


#: Under which data sets a version counts: all together, and each that it is in, or none.
SETS = (
    f"unnest(case when r.datasets = '{{}}' then '{{{ALL},\"{NONE}\"}}'::varchar[]"
    f" else r.datasets || '{ALL}'::varchar end) s"
)


def _rows(sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _counts(now: Moment) -> dict[str, dict[str, tuple[int, int, Any]]]:
    """By data set and resource: how many records, the newest number, and its instant."""
    visible, given = now.visible()
    parts = [
        f"select '{name}', s, count(*), max(r.seq), max(r.recorded_at)"
        f" from {record_of(name)._meta.db_table} r, {SETS} where {visible} group by s"
        for name in resources()
    ]
    found: dict[str, dict[str, tuple[int, int, Any]]] = defaultdict(dict, {ALL: {}})
    for name, slug, *values in _rows(" union all ".join(parts), given * len(parts)):
        found[slug][name] = tuple(values)  # type: ignore[assignment]
    return found


def _grouped(
    record: type[PublishedRecord], column: str, now: Moment
) -> dict[str, list[tuple[Any, int]]]:
    """By data set: the values of a column, and how many records have each, most first."""
    visible, given = now.visible()
    rows = _rows(
        f"select s, r.{column}, count(*) from {record._meta.db_table} r, {SETS} where {visible}"
        " group by 1, 2 order by 1, 3 desc, 2",
        given,
    )
    found: dict[str, list[tuple[Any, int]]] = defaultdict(list)
    for slug, value, count in rows:
        found[slug].append((value, count))
    return found


def _periods(record: type[PublishedRecord], name: str, now: Moment) -> dict[str, dict[str, Any]]:
    """By data set: the earliest and the latest bound of a time."""
    visible, given = now.visible()
    rows = _rows(
        f"select s, min(r.{name}_earliest), max(r.{name}_latest)"
        f" from {record._meta.db_table} r, {SETS} where {visible} group by s",
        given,
    )
    return {
        slug: {"earliest": format_instant(earliest), "latest": format_instant(latest)}
        for slug, earliest, latest in rows
    }


def _references(
    record: type[PublishedRecord], groups: dict[str, list[tuple[Any, int]]], now: Moment
) -> dict[str, Any]:
    """The small forms of what is named, by id."""
    ids = {i for rows in groups.values() for i, _ in rows[:NAMED] if i}
    versions = record.objects.at(now.seq)
    bodies = versions.filter(object_id__in=ids).values_list("body", flat=True)
    return {body["id"]: record.reference(body) for body in (orjson.loads(text) for text in bodies)}
