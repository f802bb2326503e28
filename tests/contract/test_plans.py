"""What lists and counts read, in miniature: no page reads more as the records grow.

`make bench` measures the same at a hundred thousand events and more.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.plans import explained
from records.timeline import FIRST, LAST, time_values
from tests import api_world, factories
from tests.api_world import get
from tests.factories import World

FEW, MANY = 150, 2_400

#: Pages that none, few or half of the records fill, of filters that most records do not pass.
PAGES = {
    "events": [
        "since=2999", "since=2022-10-05", "until=0100", "until=2013", "until=2022-09",
        "since=2999&undated=false", "context=!military", "status=!claimed", "dataset=!none",
        "within={landia}", "within={landia}&since=2999", "within={landia}&until=2013",
        "corroboration=cross_party", "claimant={paper}",
    ],
    "claims": [
        "said_since=2999", "said_until=0100", "said_until=2022-09", "holds_on=2999",
        "holds_on=2022-10-02", "polarity=denied", "polarity=unknown", "polarity=!affirmed",
        "certainty=possible", "certainty=!certain", "evidence=document_cited",
        "evidence=!none_mentioned", "interest=self_serving", "interest=!unknown",
        "mode=caption", "mode=direct_quote", "mode=!paraphrase", "mode=!paraphrase,!caption",
        "conditional=true", "publisher=!{paper}", "corroboration=cross_party",
        "within={landia}&said_since=2999",
    ],
}  # fmt: skip


@pytest.mark.parametrize("resource", PAGES)
def test_a_page_reads_no_more_where_there_are_more_records(resource: str, world: World) -> None:
    template = usual(world, resource)
    paths = [f"/api/v1/{resource}/?{query.format(**vars(world))}" for query in PAGES[resource]]
    api_world.multiply(resource, template, FEW)
    before = read(paths)
    api_world.multiply(resource, template, MANY)
    after = read(paths)
    # An index may have one level more: 50 rows, each from another place of it.
    most = {path: before[path] + 250 for path in paths}
    assert {path: read for path, read in after.items() if read > most[path]} == {}


def usual(world: World, resource: str) -> UUID:
    """A record like most of an import: said by the document, and without a time of its own."""
    if resource == "events":
        return factories.public(
            "events", "usual", title="Usual", contexts=["military"], when="2014-05-01",
            place=world.oakford,
        )  # fmt: skip
    cited = {"document": world.article, "mode": "paraphrase"}
    return factories.public(
        "claims", "usual", statement="Something was counted.", claimant=world.paper,
        event=world.advance, said=None, holds="2014-05-01", citations=[cited],
    )  # fmt: skip


def read(paths: list[str]) -> dict[str, float]:
    """Buffers that pages touch, by their address."""
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    return {path: explained(path)["buffers"] for path in paths}


def test_counts_of_a_place_are_read_from_its_lines_alone(client: Client, world: World) -> None:
    period = f"within={world.landia}&since=2022&until=2022"
    for path in (f"timeline/?interval=day&by=type&{period}", f"facets/?by=type&{period}"):
        with CaptureQueriesContext(connection) as queries:
            get(client, f"/api/v1/events/{path}")
        counting = [q["sql"] for q in queries if "events_eventplaceline" in q["sql"]]
        assert counting
        assert not [sql for sql in counting if 'join "events_eventrecord"' in sql.casefold()]


COUNTED = [
    "since=2022", "until=2022-10-02", "since=2022-10-02&until=2022-10-02",
    "since=2022&certainly=true", "since=2022-10-02&undated=true", "type=battle", "type=!battle",
    "updated_since=2022", "status=claimed", "participant={red}",
]  # fmt: skip


@pytest.mark.parametrize("query", COUNTED)
def test_counts_of_a_place_are_those_of_its_list(query: str, client: Client, world: World) -> None:
    factories.public("events", "undated", title="Undated", place=world.ferry)
    factories.public("events", "open", title="Open", when="../2022-10-03", place=world.ferry)
    given = f"within={world.landia}&{query.format(**vars(world))}"
    listed = get(client, f"/api/v1/events/?{given}")["results"]
    newest = get(client, "/api/v1/")["seq"]
    for path in ("facets/?by=type", "timeline/?interval=day&by=type"):
        now = get(client, f"/api/v1/events/{path}&{given}")
        assert now["total"] == len(listed)
        assert now == get(client, f"/api/v1/events/{path}&{given}&as_of={newest}")
    assert len({event["id"] for event in listed}) == len(listed)


def time(earliest: str | None, latest: str | None) -> dict[str, Any]:
    return time_values("when", {"earliest": earliest, "latest": latest})


def test_what_periods_are_compared_with_is_never_null() -> None:
    first, second = (datetime(2022, 10, day, tzinfo=UTC) for day in (1, 2))
    spans = {
        (first.isoformat(), second.isoformat()): (first, second),
        (None, second.isoformat()): (FIRST, second),
        (first.isoformat(), None): (first, LAST),
        (None, None): (LAST, FIRST),
    }
    for bounds, compared in spans.items():
        columns = time(*bounds)
        assert (columns["when_from"], columns["when_to"]) == compared
    assert time_values("when", None)["when_from"] == LAST


def test_the_first_instant_that_there_is_sorts_apart_from_a_missing_time() -> None:
    columns = time(FIRST.isoformat(), None)
    assert columns["when_last"] > FIRST
    assert columns["when_first"] == FIRST
