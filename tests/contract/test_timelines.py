"""Timelines: how many records lie in each interval, none left out and none invented."""

from bisect import bisect_right
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from records import publishing
from records.api.resource import RecordViewSet
from records.api.timelines import INTERVALS, MOST_INTERVALS, intervals
from tests import api_world, factories
from tests.api_world import get, problem, walk, wrong_parameters
from tests.factories import World
from tests.kept import Kept, kept_by

VIEWS: dict[str, type[RecordViewSet]] = {
    str(route.resource): route.view for route in api_world.record_lists()
}
#: Zones with what a calendar has to bear: half hours, midnights that clocks leap over or have
#: twice, a day that was left out.
ZONES = [
    "UTC", "Europe/Kyiv", "America/New_York", "Asia/Kolkata", "Asia/Beirut", "America/Havana",
    "Pacific/Apia", "Asia/Kathmandu",
]  # fmt: skip


def timeline(client: Client, resource: str, query: str) -> dict[str, Any]:
    return get(client, f"/api/v1/{resource}/timeline/?{query}")


def labels(answer: dict[str, Any]) -> dict[str, int]:
    return {told["label"]: told["count"] for told in answer["intervals"]}


def happened(*times: str | None) -> None:
    """Events at these times, in one change set."""
    made = [factories.row("events", f"at {n}", when=time) for n, time in enumerate(times)]
    factories.publish(*(("events", event) for event in made))


# Whole answers.


def test_a_timeline_of_days_with_none_left_out(client: Client, world: World) -> None:
    happened("2022-10-03", "2022-10-03T08:00:00Z", None)
    assert timeline(client, "events", "interval=day&since=2022-10&certainly=true&undated=true") == {
        "interval": "day",
        "time": "when",
        "tz": "UTC",
        "total": 4,
        "undated": {"count": 1},
        "intervals": [
            {
                "label": "2022-10-01",
                "start": "2022-10-01T00:00:00Z",
                "end": "2022-10-02T00:00:00Z",
                "count": 1,
            },
            {
                "label": "2022-10-02",
                "start": "2022-10-02T00:00:00Z",
                "end": "2022-10-03T00:00:00Z",
                "count": 0,
            },
            {
                "label": "2022-10-03",
                "start": "2022-10-03T00:00:00Z",
                "end": "2022-10-04T00:00:00Z",
                "count": 2,
            },
        ],
    }


def test_each_interval_is_split_by_a_facet(client: Client, world: World) -> None:
    assert timeline(client, "claims", "interval=month&by=party") == {
        "interval": "month",
        "time": "said",
        "tz": "UTC",
        "total": 6,
        "undated": {"count": 2, "counts": [1, 1, 0], "other": 0},
        "split": {
            "by": "party",
            "values": [
                {"value": str(world.red), "name": "Red", "count": 3},
                {"value": str(world.blue), "name": "Blue", "count": 2},
                {"value": None, "name": None, "count": 1},
            ],
            "other": {"values": 0, "count": 0},
        },
        "intervals": [
            {
                "label": "2022-10",
                "start": "2022-10-01T00:00:00Z",
                "end": "2022-11-01T00:00:00Z",
                "count": 4,
                "counts": [2, 1, 1],
                "other": 0,
            }
        ],
    }


def test_a_record_of_several_values_counts_once_in_all_and_under_each(
    client: Client, world: World
) -> None:
    answer = timeline(client, "events", "interval=year&by=place&since=2022")
    assert [told["name"] for told in answer["split"]["values"]] == ["Oakford", "Ferry"]
    assert [(told["count"], told["counts"]) for told in answer["intervals"]] == [(2, [2, 1])]


def test_values_beyond_a_hundred_are_split_off_together(client: Client, world: World) -> None:
    actors = [factories.row("actors", f"one {n}") for n in range(104)]
    factories.publish(*(("actors", actor) for actor in actors))
    for n, day in enumerate(("2022-10-05", "2022-10-06")):
        half = [{"actor": a, "role": "participant"} for a in actors[n * 52 : n * 52 + 52]]
        factories.public("events", f"crowd {n}", when=day, participants=half)
    answer = timeline(client, "events", "interval=day&by=participant&since=2022-10-05")
    assert len(answer["split"]["values"]) == 100
    assert answer["split"]["other"] == {"values": 4, "count": 4}
    assert [told["count"] for told in answer["intervals"]] == [1, 1]
    for told in answer["intervals"]:
        assert sum(told["counts"]) + told["other"] == 52
    assert sum(told["other"] for told in answer["intervals"]) == 4


def test_nothing_has_no_intervals(client: Client, world: World) -> None:
    for query in (f"place={world.red}", "type=battle&type=!battle"):
        assert timeline(client, "events", f"interval=hour&by=type&{query}") == {
            "interval": "hour",
            "time": "when",
            "tz": "UTC",
            "total": 0,
            "undated": {"count": 0, "counts": [], "other": 0},
            "split": {"by": "type", "values": [], "other": {"values": 0, "count": 0}},
            "intervals": [],
        }
    factories.public("events", "undated")
    answer = timeline(client, "events", "interval=hour&type=battle.clash")
    assert (answer["undated"], answer["intervals"]) == ({"count": 1}, [])


# Which time.


def test_the_times_are_the_documented_ones() -> None:
    assert {resource: list(view().all_times) for resource, view in VIEWS.items()} == {
        "places": ["recorded_at"],
        "actors": ["recorded_at"],
        "sources": ["recorded_at"],
        "documents": ["published", "recorded_at"],
        "events": ["when", "recorded_at"],
        "claims": ["said", "holds", "recorded_at"],
        "contradictions": ["said", "recorded_at"],
    }


def test_a_record_counts_at_its_earliest_bound_or_else_the_latest(
    client: Client, world: World
) -> None:
    happened("2022-03/2022-05", "../2022-06-30", "2022-09-15/..")
    answer = timeline(client, "events", f"interval=month&id={_made(3)}")
    assert {label: n for label, n in labels(answer).items() if n} == {
        "2022-03": 1, "2022-07": 1, "2022-09": 1,
    }  # fmt: skip


def _made(times: int) -> str:
    return ",".join(str(factories.ident("events", f"at {n}")) for n in range(times))


def test_claims_count_by_what_they_say_held_as_well(client: Client, world: World) -> None:
    answer = timeline(client, "claims", "interval=day&time=holds")
    assert (answer["time"], answer["total"], answer["undated"]) == ("holds", 6, {"count": 5})
    assert labels(answer) == {"2022-10-02": 1}


def test_a_contradiction_counts_when_the_later_claim_was_said(client: Client, world: World) -> None:
    assert labels(timeline(client, "contradictions", "interval=day")) == {"2022-10-03": 1}
    # Of one that nobody knows when it was said, when the other was.
    link = {"kind": "contradicts", "claim": world.held, "how": "scope"}
    factories.public("claims", "late", claimant=world.paper, actor=world.blue, relations=[link])
    answer = timeline(client, "contradictions", "interval=day")
    assert (labels(answer), answer["undated"]) == (
        {"2022-10-02": 1, "2022-10-03": 1},
        {"count": 0},
    )


@pytest.mark.parametrize("resource", VIEWS)
def test_all_records_count_by_when_they_were_recorded(
    resource: str, client: Client, world: World
) -> None:
    answer = timeline(client, resource, "interval=hour&time=recorded_at")
    (told,) = answer["intervals"]
    assert told["count"] == answer["total"] > 0
    assert answer["undated"] == {"count": 0}
    recorded = get(client, f"/api/v1/{resource}/?limit=1")["results"][0]["recorded_at"]
    assert told["start"] <= recorded < told["end"]


# The calendar.


def test_weeks_begin_on_monday_and_have_their_iso_name(client: Client, world: World) -> None:
    happened("2024-12-29", "2024-12-30", "2025-01-05", "2025-01-06")
    answer = timeline(client, "events", "interval=week&since=2024")
    assert labels(answer) == {"2024-W52": 1, "2025-W01": 2, "2025-W02": 1}
    assert [told["start"] for told in answer["intervals"]] == [
        "2024-12-23T00:00:00Z", "2024-12-30T00:00:00Z", "2025-01-06T00:00:00Z",
    ]  # fmt: skip


def test_a_day_has_the_hours_that_the_zone_gives_it(client: Client, world: World) -> None:
    happened("2024-03-30T21:30:00Z", "2024-03-30T22:30:00Z", "2024-04-01T00:30:00Z",
             "2024-10-26T20:30:00Z", "2024-10-27T21:30:00Z", "2024-10-27T22:30:00Z")  # fmt: skip
    spring = timeline(client, "events", "interval=day&tz=Europe/Kyiv&since=2024-03&until=2024-04")
    assert [(t["label"], t["start"], t["count"]) for t in spring["intervals"]] == [
        ("2024-03-30", "2024-03-29T22:00:00Z", 1),
        ("2024-03-31", "2024-03-30T22:00:00Z", 1),  # clocks go forward: 23 hours
        ("2024-04-01", "2024-03-31T21:00:00Z", 1),
    ]
    autumn = timeline(client, "events", "interval=day&tz=Europe/Kyiv&since=2024-10")
    assert [(t["label"], t["start"], t["end"], t["count"]) for t in autumn["intervals"]] == [
        ("2024-10-26", "2024-10-25T21:00:00Z", "2024-10-26T21:00:00Z", 1),
        ("2024-10-27", "2024-10-26T21:00:00Z", "2024-10-27T22:00:00Z", 1),  # back: 25 hours
        ("2024-10-28", "2024-10-27T22:00:00Z", "2024-10-28T22:00:00Z", 1),
    ]


def test_an_hour_that_a_zone_has_twice_is_two(client: Client, world: World) -> None:
    happened("2024-10-26T23:30:00Z", "2024-10-27T02:30:00Z")
    answer = timeline(client, "events", "interval=hour&tz=Europe/Kyiv&since=2024-10")
    assert labels(answer) == {
        "2024-10-27T02:00+03:00": 1,
        "2024-10-27T03:00+03:00": 0,
        "2024-10-27T03:00+02:00": 0,
        "2024-10-27T04:00+02:00": 1,
    }
    utc = timeline(client, "events", "interval=hour&since=2024-10")
    assert list(labels(utc)) == [
        "2024-10-26T23:00Z", "2024-10-27T00:00Z", "2024-10-27T01:00Z", "2024-10-27T02:00Z",
    ]  # fmt: skip


def test_a_day_that_a_zone_left_out_is_left_out(client: Client, world: World) -> None:
    happened("2011-12-30T09:30:00Z", "2011-12-30T10:30:00Z")
    answer = timeline(client, "events", "interval=day&tz=Pacific/Apia&until=2012")
    assert labels(answer) == {"2011-12-29": 1, "2011-12-31": 1}


instants = st.integers(0, 2**31).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def named(instant: datetime, interval: str, zone: str) -> str:
    """The label of the interval that an instant is in, by the calendar of its zone."""
    local = instant.astimezone(ZoneInfo(zone))
    if interval == "hour":
        hour = local.replace(minute=0, second=0, microsecond=0)
        return hour.isoformat(timespec="minutes").replace("+00:00", "Z")
    return local.strftime({"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}[
        interval
    ])  # fmt: skip


@given(instants, st.timedeltas(timedelta(0), timedelta(days=150)), st.floats(0, 1),
       st.sampled_from(INTERVALS), st.sampled_from(ZONES))  # fmt: skip
def test_intervals_follow_each_other_and_each_instant_is_in_the_one_of_its_name(
    first: datetime, span: timedelta, part: float, interval: str, zone: str
) -> None:
    last, between = first + span, first + span * part
    names, bounds = intervals(first, last, interval, ZoneInfo(zone))
    assert len(bounds) == len(names) + 1
    assert all(one < two for one, two in pairwise(bounds))
    assert bounds[0] <= first
    assert bounds[-2] <= last < bounds[-1]
    for instant in (first, between, last):
        found = names[bisect_right(bounds, instant) - 1]
        if interval == "hour" and bounds[0].minute != bounds[-1].minute:
            continue
        assert found == named(instant, interval, zone)


# Against the list.


def publish_many() -> World:
    """Publish the made-up world with more events and claims, at all sorts of times."""
    world = factories.world()
    happened("2021-12-31T23:30:00Z", "2022-03-27T01:30:00Z", "2022-03-27", "2022-10-30T00:30:00Z",
             "2022-10", "2022", "../2022-10-02", "2022-12-25/..", None, "2023-01-01")  # fmt: skip
    for name, times in {"advance": 3, "withdrawal": 2, "held": 2, "counted": 3, "post": 2}.items():
        api_world.multiply(factories.RESOURCES[name], getattr(world, name), times)
    api_world.multiply("contradictions", world.dispute, 2)
    return world


kept_many = kept_by(publish_many)


@pytest.fixture
def many(db: None, kept_many: Kept[World]) -> World:
    """More events and claims than the made-up world has, at all sorts of times."""
    return kept_many.bring_back()


#: Where a record shows the time by which it counts.
TIMES = {
    ("documents", "published"), ("events", "when"), ("claims", "said"), ("claims", "holds"),
    *((resource, "recorded_at") for resource in VIEWS),
}  # fmt: skip


@pytest.mark.parametrize(("resource", "time"), sorted(TIMES))
def test_a_timeline_agrees_with_the_listed_records(
    resource: str, time: str, client: Client, many: World
) -> None:
    shown: list[str | None] = []
    for page in walk(client, f"/api/v1/{resource}/?limit=200"):
        for record in page["results"]:
            value = record[time]
            bounds = value if isinstance(value, dict) else {"earliest": value, "latest": value}
            shown.append(bounds["earliest"] or bounds["latest"] if value else None)
    for interval, zone in product(("day", "week", "month", "year"), ZONES):
        answer = timeline(client, resource, f"interval={interval}&time={time}&tz={zone}")
        naive = Counter(named(datetime.fromisoformat(i), interval, zone) for i in shown if i)
        assert {label: count for label, count in labels(answer).items() if count} == naive
        assert answer["total"] == len(shown)
        assert answer["undated"] == {"count": shown.count(None)}
        ends = [told["end"] for told in answer["intervals"]]
        assert [told["start"] for told in answer["intervals"][1:]] == ends[:-1]


@pytest.mark.parametrize("resource", VIEWS)
def test_every_facet_splits_what_it_counts(resource: str, client: Client, many: World) -> None:
    view = VIEWS[resource]()
    whole = timeline(client, resource, "interval=year")
    for by in view.all_facets:
        answer = timeline(client, resource, f"interval=year&by={by}")
        assert labels(answer) == labels(whole)
        facet = get(client, f"/api/v1/{resource}/facets/?by={by}")["facets"][by]
        told = answer["split"]["values"]
        assert [(v["value"], v["name"], v["count"]) for v in told] == [
            (v["value"], v["name"], v["count"]) for v in facet["values"]
        ]
        parts = [answer["undated"], *answer["intervals"]]
        columns = zip(*(part["counts"] for part in parts), strict=True)
        assert [sum(column) for column in columns] == [value["count"] for value in told]
        assert all(part["other"] == 0 for part in parts)


def test_filters_choose_what_is_counted(client: Client, many: World) -> None:
    for query in (f"within={many.oakford}", "type=battle", "status=!claimed", "q=withdrawal",
                  "since=2022-10&certainly=true", "until=2022&undated=true",
                  f"claimant={many.paper}"):  # fmt: skip
        total = get(client, f"/api/v1/events/?count=exact&limit=1&{query}")["count"]
        answer = timeline(client, "events", f"interval=year&{query}")
        assert answer["total"] == total > 0
        assert sum(labels(answer).values()) + answer["undated"]["count"] == total


# Moments.


def test_a_timeline_is_of_the_moment_that_is_asked_for(client: Client, world: World) -> None:
    before = get(client, "/api/v1/")["seq"]
    told = timeline(client, "events", "interval=day&by=status")
    factories.republish("events", world.withdrawal, when="2022-10-04")
    publishing.retract([("claims", world.held)], reason="It was not said.")
    assert timeline(client, "events", f"interval=day&by=status&as_of={before}") == told
    now = timeline(client, "events", "interval=day&by=status")
    assert list(labels(told))[-1] == "2022-10-01"
    assert list(labels(now))[-1] == "2022-10-04"
    assert timeline(client, "events", "interval=day&as_of=0")["total"] == 0


# Over HTTP.


def test_a_timeline_has_a_tag_and_links_its_licences(client: Client, world: World) -> None:
    url = "/api/v1/events/timeline/?interval=day"
    answer = client.get(url)
    assert answer["Link"] == '<http://testserver/api/v1/datasets/>; rel="license"'
    assert (answer["Dateline-Seq"], answer["Content-Type"]) == ("24", "application/json")
    same = client.get(url, headers={"If-None-Match": answer["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    head = client.head(url)
    assert (head.status_code, head["ETag"], head.content) == (200, answer["ETag"], b"")
    options = client.options(url)
    assert (options.status_code, options["Allow"]) == (204, "GET, HEAD, OPTIONS")
    assert client.delete(url).status_code == 405


def test_a_closed_instance_asks_for_a_key(client: Client, world: World, settings: Any) -> None:
    settings.CLOSED = True
    assert problem(client, "/api/v1/events/timeline/?interval=day", 401)["status"] == 401


def test_the_cost_in_statements_does_not_grow(client: Client, many: World) -> None:
    # The newest number; the references of the filters; the period; the counts; the newest number
    # again. To split by what has names, also those.
    for query, statements in {
        "interval=day": 4,
        f"interval=day&within={many.oakford}": 5,
        "interval=day&by=type": 4,
        "interval=day&by=place": 5,
        f"interval=day&by=place&within={many.oakford}&participant={many.red}": 6,
    }.items():
        with CaptureQueriesContext(connection) as captured:
            timeline(client, "events", query)
        assert len(captured) == statements, query


# What is refused.


def test_five_thousand_intervals_are_told_and_no_more(client: Client, world: World) -> None:
    last = datetime(2022, 10, 1, tzinfo=UTC) + timedelta(hours=MOST_INTERVALS - 1)
    happened(
        "2022-10-01",
        f"{last:%Y-%m-%dT%H}:59:00Z",
        f"{last + timedelta(hours=1):%Y-%m-%dT%H}:00:00Z",
    )
    most = timeline(client, "events", "interval=hour&id=" + _made(2))
    assert len(most["intervals"]) == MOST_INTERVALS
    assert sum(labels(most).values()) == 2
    answer = problem(client, f"/api/v1/events/timeline/?interval=hour&id={_made(3)}")
    assert answer["errors"] == [
        {
            "parameter": "interval",
            "detail": "hour is too short: from 2022-10-01T00:00:00Z to 2023-04-27T08:00:00Z there "
            "are more than 5000 of them; ask for a longer one, or for fewer records (a time filter "
            "narrows the period, and more so with certainly=true)",
        }
    ]
    assert sum(labels(timeline(client, "events", f"interval=day&id={_made(3)}")).values()) == 3


def test_years_that_a_calendar_does_not_have_are_refused_by_name(
    client: Client, world: World
) -> None:
    happened("0001", "9998-12-31T23:59:59Z")
    first, last = (factories.ident("events", f"at {n}") for n in range(2))
    for event, zone in {first: "America/New_York", last: "Asia/Kolkata"}.items():
        url = f"/api/v1/events/timeline/?id={event}&interval=year&tz={zone}"
        assert wrong_parameters(client, url) == ["interval"]
    for interval, split in product(INTERVALS, ("", "&by=type")):
        query = f"id={first}&interval={interval}{split}"
        answer = timeline(client, "events", query)
        assert [told["count"] for told in answer["intervals"]] == [1]
        assert answer["undated"]["count"] == 0


def test_what_a_timeline_does_not_take_is_refused_by_name(client: Client, world: World) -> None:
    of_others = ["limit", "cursor", "ordering", "fields", "expand", "count", "nonsense"]
    for resource, name in product(VIEWS, of_others):
        url = f"/api/v1/{resource}/timeline/?interval=day&{name}=1"
        assert wrong_parameters(client, url) == [name]
    for query, parameter in {
        "": "interval",
        "interval=": "interval",
        "interval=decade": "interval",
        "interval=day&interval=week": "interval",
        "interval=day&time=published": "time",
        "interval=day&tz=Kyiv": "tz",
        "interval=day&tz=europe/kyiv": "tz",
        "interval=day&tz=../../etc/passwd": "tz",
        "interval=day&tz=Europe": "tz",
        "interval=day&tz=%2B03:00": "tz",
        "interval=day&tz=localtime": "tz",
        "interval=day&by=title": "by",
        "interval=day&by=type,status": "by",
        "interval=day&by=type&by=status": "by",
        "interval=day&type=war": "type",
        "interval=day&format=geojson": "format",
        "interval=day&certainly=true": "certainly",
        "interval=day&as_of=99": "as_of",
    }.items():
        assert wrong_parameters(client, f"/api/v1/events/timeline/?{query}") == [parameter], query


def test_the_error_says_what_is_known(client: Client, db: None) -> None:
    url = "/api/v1/claims/timeline/?interval="
    known = "known are hour, day, week, month, year"
    assert problem(client, "/api/v1/claims/timeline/")["errors"] == [
        {"parameter": "interval", "detail": f"is missing; {known}"}
    ]
    assert problem(client, f"{url}days")["errors"] == [
        {"parameter": "interval", "detail": f"'days' is not known here; {known}"}
    ]
    assert problem(client, f"{url}day&time=when")["errors"] == [
        {
            "parameter": "time",
            "detail": "'when' is not known here; known are said, holds, recorded_at",
        }
    ]
    assert problem(client, f"{url}day&tz=Kiev")["errors"] == [
        {
            "parameter": "tz",
            "detail": "'Kiev' is no zone of the IANA database, such as Europe/Kyiv or UTC",
        }
    ]
