"""Records counted by when they were: intervals of the calendar of a zone, without a gap.

Where an interval begins is computed here, by the zones of the IANA database; the database counts
what lies between two beginnings. So a day has 23 hours where clocks go forward.
"""

import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from operator import itemgetter
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework import serializers

from records.api.facets import (
    MOST_VALUES,
    Facet,
    FacetSerializer,
    fetched,
    named,
    read_facets,
    selected,
    valued,
)
from records.api.problems import BadParameter
from records.api.serializers import Number
from records.querysets import column_names
from records.shape import Body
from records.time import format_instant
from records.timeline import FIRST

#: From fine to coarse.
INTERVALS = ("hour", "day", "week", "month", "year")
#: Intervals of one answer.
MOST_INTERVALS = 5_000
#: The parameters of a timeline beside its filters.
PARAMETERS = ("interval", "time", "tz", "by")

#: The columns of the times that records can be counted by, each by the start of its names.
Times = Mapping[str, tuple[str, ...]]


class SplitSerializer(FacetSerializer):
    """The values by which each interval is split."""

    by = serializers.CharField(help_text="The facet, as `by` names it.")


class UndatedSerializer(serializers.Serializer):
    """The records whose time is not known."""

    count = Number(help_text="How many there are.")
    counts = serializers.ListField(
        child=Number(),
        required=False,
        help_text="How many of them have each of the values of `split`, in their order; only "
        "there with `by`.",
    )
    other = Number(
        required=False,
        help_text="How many have one of the further values, each value by itself; only there with "
        "`by`.",
    )


class IntervalSerializer(UndatedSerializer):
    """How many records there are in one interval."""

    label = serializers.CharField(
        help_text="The interval in the zone that was asked for: an hour by its start "
        "(`2022-10-01T14:00+03:00`), a day (`2022-10-01`), an ISO week (`2022-W39`), a month "
        "(`2022-10`) or a year (`2022`)."
    )
    start = serializers.DateTimeField(help_text="Its first instant.")
    end = serializers.DateTimeField(help_text="The first instant after it.")


class TimelineSerializer(serializers.Serializer):
    """How many records there are in each interval of time."""

    interval = serializers.CharField(
        help_text="How long each is: `hour`, `day`, `week` (from Monday), `month` or `year`."
    )
    time = serializers.CharField(help_text="Which time of the records counts.")
    tz = serializers.CharField(help_text="The zone whose calendar the intervals are of.")
    total = Number(help_text="How many records match, those without a time among them.")
    undated = UndatedSerializer(help_text="Those without a time, which are in no interval.")
    split = SplitSerializer(
        required=False,
        help_text="The values that `by` splits by, over all intervals; only there with it.",
    )
    intervals = IntervalSerializer(
        many=True,
        help_text="All intervals from the first with a record to the last, those with none too.",
    )


@dataclass(frozen=True)
class Asked:
    """What a timeline is asked for beside its filters."""

    interval: str
    time: str
    tz: str
    zone: tzinfo
    by_name: str | None
    by: Facet | None


def read_asked(params: QueryDict, times: Times, facets: Mapping[str, Facet]) -> Asked:
    """The parameters of a timeline beside its filters. Raises `BadParameter`."""
    tz = params.get("tz", "UTC")
    by = read_facets(params, facets) if "by" in params else {}
    if len(by) > 1:
        raise BadParameter(("by", f"takes one facet here; {len(by)} were given"))
    by_name, facet = next(iter(by.items()), (None, None))
    return Asked(
        _one_of(params, "interval", INTERVALS),
        _one_of(params, "time", list(times), next(iter(times))),
        tz,
        read_zone(tz),
        by_name,
        facet,
    )


def _one_of(
    params: QueryDict, name: str, known: list[str] | tuple[str, ...], default: str | None = None
) -> str:
    given = params.get(name, default)
    if given is None or given not in known:
        wrong = "is missing" if given is None else f"{given[:40]!a} is not known here"
        raise BadParameter((name, f"{wrong}; known are {', '.join(known)}"))
    return given


@cache
def _zones() -> set[str]:
    """The names of the IANA database; `localtime` is this machine's own."""
    return zoneinfo.available_timezones() - {"localtime"} | {"UTC"}


def read_zone(name: str) -> tzinfo:
    """The zone of a name of the IANA database. Raises `BadParameter` for any other."""
    if name not in _zones():
        raise BadParameter(
            ("tz", f"{name[:60]!a} is no zone of the IANA database, such as Europe/Kyiv or UTC")
        )
    return UTC if name == "UTC" else zoneinfo.ZoneInfo(name)


def intervals(
    first: datetime, last: datetime, interval: str, zone: tzinfo
) -> tuple[list[str], list[datetime]]:
    """The labels of the intervals from one instant to another, and where they begin.

    The last beginning is the end of the last interval. Raises `BadParameter` where there are more
    than are told, or where they leave the years that there are.
    """
    period = f"from {format_instant(first)} to {format_instant(last)}"
    labels: list[str] = []
    bounds: list[datetime] = []
    starts = _hours(first, zone) if interval == "hour" else _units(first, interval, zone)
    try:
        for start, label in starts:
            if bounds and start <= bounds[-1]:
                labels[-1] = label  # of a day that the zone left out nothing is told
                continue
            bounds.append(start)
            if start > last:
                break
            if len(labels) == MOST_INTERVALS:
                detail = (
                    f"{interval} is too short: {period} there are more than {MOST_INTERVALS} of "
                    "them; ask for a longer one, or for fewer records (a time filter narrows the "
                    "period, and more so with certainly=true)"
                )
                raise BadParameter(("interval", detail))
            labels.append(label)
    except OverflowError:
        detail = f"{period} not every {interval} lies in the years 1 to 9999; ask for fewer records"
        raise BadParameter(("interval", detail)) from None
    return labels, bounds


def _hours(first: datetime, zone: tzinfo) -> Iterator[tuple[datetime, str]]:
    """Hours, from the one that an instant is in: one after the other, whatever clocks do."""
    local = first.astimezone(zone)
    into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    start = first.astimezone(UTC) - into
    while True:
        yield start, start.astimezone(zone).isoformat(timespec="minutes").replace("+00:00", "Z")
        start += timedelta(hours=1)


def _units(first: datetime, interval: str, zone: tzinfo) -> Iterator[tuple[datetime, str]]:
    """Days, weeks, months or years, from the one that an instant is in."""
    day = first.astimezone(zone).date()
    if interval == "week":
        day -= timedelta(days=day.weekday())
    elif interval != "day":
        day = day.replace(day=1, month=day.month if interval == "month" else 1)
    while True:
        yield datetime.combine(day, time(), zone).astimezone(UTC), _label(day, interval)
        day = _next(day, interval)


def _label(day: date, interval: str) -> str:
    if interval == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04}-W{week:02}"
    return day.isoformat()[: {"day": 10, "month": 7, "year": 4}[interval]]


def _next(day: date, interval: str) -> date:
    if interval in ("day", "week"):
        return day + timedelta(days=1 if interval == "day" else 7)
    months = day.year * 12 + day.month - 1 + (1 if interval == "month" else 12)
    if months // 12 > date.max.year:
        raise OverflowError
    return date(months // 12, months % 12 + 1, 1)


def instant_sql(model: type[models.Model], starts: tuple[str, ...]) -> tuple[str, list[str]]:
    """The instant at which a record counts, as SQL over `r`, and the columns that it needs.

    The earliest bound of its time, else the latest; of several times the last. The descending sort
    key has just that, and every index in that order has it.
    """
    columns = column_names(model)
    parts: list[str] = []
    needed: list[str] = []
    for name in starts:
        if name in columns:
            needed.append(name)
            parts.append(f'r."{name}"')
        elif f"{name}_last" in columns:
            needed.append(f"{name}_last")
            parts.append(f"nullif(r.\"{name}_last\", timestamptz '{FIRST.isoformat()}')")
        else:
            bounds = [f"{name}_earliest", f"{name}_latest"]
            needed += bounds
            parts.append("coalesce({})".format(", ".join(f'r."{bound}"' for bound in bounds)))
    return (f"greatest({', '.join(parts)})" if len(parts) > 1 else parts[0]), needed


def columns(model: type[models.Model], asked: Asked, times: Times) -> list[str]:
    """The columns that a timeline counts by."""
    needed = instant_sql(model, times[asked.time])[1]
    return [*needed, asked.by.column] if asked.by else needed


def timeline(queryset: QuerySet[Any], asked: Asked, times: Times, seq: int | None) -> Body:
    """How many of what a queryset matches at `seq` lie in each interval.

    Two statements, and with `by` one more where its values are records, for their names. Raises
    `BadParameter` where there are too many intervals.
    """
    instant, needed = instant_sql(queryset.model, times[asked.time])
    inner, params = selected(queryset, needed)
    ((first, last, dated, total),) = fetched(
        "select min(m.instant), max(m.instant), count(m.instant), count(*)"
        f" from (select {instant} as instant from ({inner}) r) m",
        params,
    )
    labels: list[str] = []
    bounds: list[datetime] = []
    if dated:
        labels, bounds = intervals(first, last, asked.interval, asked.zone)
    starts = [format_instant(bound) for bound in bounds]
    found = _count(queryset, (instant, needed), bounds, asked.by)
    split: Body = {}
    if asked.by is not None:
        values = [value for value, _ in found.values]
        names = named([(asked.by, values)], seq).get(asked.by.resource or "", {})
        others = sum(counts[-1] for counts in found.counts.values())
        split["split"] = {
            "by": asked.by_name,
            "values": [
                {"value": value, "name": names.get(value or ""), "count": count}
                for value, count in found.values
            ],
            "other": {"values": found.others, "count": others},
        }
    return {
        "interval": asked.interval,
        "time": asked.time,
        "tz": asked.tz,
        "total": total,
        "undated": found.told(None),
        **split,
        "intervals": [
            {
                "label": label,
                "start": starts[i],
                "end": starts[i + 1],
                **found.told(i + 1),
            }
            for i, label in enumerate(labels)
        ],
    }


@dataclass
class Counted:
    """What lies in intervals, which are numbered from 1; None has what has no time."""

    #: Whether there is a facet that splits the counts.
    split: bool
    #: The values that are told, with the count of each, and how many more there are.
    values: list[tuple[str | None, int]] = field(default_factory=list)
    others: int = 0
    #: By interval: the count of all, those of the values, and that of all others.
    counts: dict[int | None, list[int]] = field(default_factory=dict)

    def of(self, number: int | None) -> list[int]:
        """The counts of an interval.

        What was recorded since the intervals were made may lie beyond them; whoever asks for the
        present sees that it was, and asks again.
        """
        return self.counts.setdefault(number, [0] * (len(self.values) + 2))

    def told(self, number: int | None) -> Body:
        """What an answer says of an interval."""
        count, *of_values, other = self.of(number)
        return {"count": count, **({"counts": of_values, "other": other} if self.split else {})}


def _count(
    queryset: QuerySet[Any],
    instant: tuple[str, list[str]],
    bounds: list[datetime],
    by: Facet | None,
) -> Counted:
    """What a queryset matches, counted by the interval that its instant lies in. One statement."""
    at, needed = instant
    kept, parts = "", "select 'all', r.number, 0::bigint, null, count(*) from matching r group by 2"
    grouped = ""
    if by is not None:
        needed = [*needed, by.column]
        kept = f', r."{by.column}"'
        value, joined = valued(queryset.model, by)
        # No value is an empty text, which stands for a missing one: unlike null it can be joined.
        grouped = f"""
            , grouped as (
                select r.number, coalesce({value}::text, '') as value, count(*) as count
                from matching r{joined} group by 1, 2
            ), told as (
                select value, sum(count)::bigint as count,
                    row_number() over (order by sum(count) desc, nullif(value, '') collate "C")
                    as place
                from grouped group by value
            )"""
        parts += f"""
            union all select 'value', null, place, nullif(value, ''), count
                from told where place <= {MOST_VALUES}
            union all select 'others', null, 0, null, greatest(count(*) - {MOST_VALUES}, 0)
                from told
            union all select 'part', g.number, least(t.place, {MOST_VALUES + 1}), null,
                sum(g.count)::bigint
                from grouped g join told t using (value) group by 2, 3"""
    inner, params = selected(queryset, needed)
    rows = fetched(
        f"with matching as (select width_bucket({at}, %s::timestamptz[]) as number{kept}"
        f" from ({inner}) r){grouped} {parts}",
        [bounds, *params],
    )
    found = Counted(by is not None)
    told = sorted((row[2:] for row in rows if row[0] == "value"), key=itemgetter(0))
    found.values = [(value, count) for _, value, count in told]
    for kind, number, place, _, count in rows:
        if kind == "others":
            found.others = count
        elif kind != "value":
            # What has none of the values that are told comes after them.
            found.of(number)[min(place, len(found.values) + 1)] = count
    return found
