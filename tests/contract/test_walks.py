"""Walks through lists whose rows share one sort value, while rows come and go."""

from itertools import cycle
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from records import publishing
from tests import api_world, factories
from tests.api_world import get, ids, record_lists, walk
from tests.factories import World

ROWS = 3_000
ORDERINGS = {route.resource: list(route.view.orderings) for route in record_lists()}

#: Rows with one sort value, and rows without one. Names and `recorded_at` are never missing.
PLAIN: dict[str, list[dict[str, Any]]] = {
    "places": [{"name": "Same"}],
    "actors": [{"name": "Same"}],
    "sources": [{"name": "Same"}],
    "documents": [{"published": "2022-10-01"}, {}],
    "events": [{"when": "2022-10-01"}, {}],
    "claims": [{"said": "2022-10-01"}, {}],
}


def what_a_claim_needs(world: World) -> dict[str, Any]:
    """What a claim cannot do without."""
    return {"claimant": world.paper, "event": world.advance}


def three_thousand(resource: str, world: World) -> list[UUID]:
    """That many rows, all alike but for a third that has no value to sort by."""
    needed = what_a_claim_needs(world) if resource == "claims" else {}
    templates = [
        factories.public(resource, f"template {n}", **needed, **members)
        for n, members in enumerate(PLAIN[resource])
    ]
    shares = [ROWS] if len(templates) == 1 else [ROWS * 2 // 3, ROWS // 3]
    return [
        made
        for template, share in zip(templates, shares, strict=True)
        for made in api_world.multiply(resource, template, share)
    ]


class Traffic:
    """What is published and retracted between pages: rows beside those of the walk."""

    def __init__(self, resource: str, world: World, *, victims: int) -> None:
        self.resource = resource
        self.needed = what_a_claim_needs(world) if resource == "claims" else {}
        self.shapes = cycle(PLAIN[resource])
        self.victims = [self._publish() for _ in range(victims)]

    def _publish(self) -> UUID:
        return factories.public(self.resource, **self.needed, **next(self.shapes))

    def passes(self) -> None:
        """One row comes, an older one goes."""
        publishing.retract([(self.resource, self.victims.pop(0))], reason="It was a mistake.")
        self.victims.append(self._publish())


def walked(client: Client, url: str, traffic: Traffic | None, times: int, pages: int) -> list[str]:
    """The ids of a walk, while traffic passes so many times over so many pages."""
    found: list[str] = []
    every = max(pages // times, 1) if times else 0
    for number, page in enumerate(walk(client, url)):
        found += ids(page)
        if traffic and every and number % every == 0:
            traffic.passes()
    return found


@pytest.mark.parametrize("resource", PLAIN)
def test_a_walk_gives_every_row_that_stays_exactly_once(
    resource: str, client: Client, world: World
) -> None:
    stays = set(map(str, three_thousand(resource, world)))
    traffic = Traffic(resource, world, victims=8)
    for ordering in ORDERINGS[resource]:
        for sign in ("", "-"):
            url = f"/api/v1/{resource}/?ordering={sign}{ordering}&limit="
            # By its own order in small pages; by `recorded_at`, which is the same column for all
            # resources, in pages of the usual size.
            small = (50, 6) if ordering == "recorded_at" else (7, 6)
            for size, times in (small, (200, 4)):
                found = walked(client, f"{url}{size}", traffic, times, ROWS // size)
                again = [object_id for object_id in found if object_id in stays]
                assert len(again) == ROWS, (url, size)
                assert set(again) == stays
                assert len(found) == len(set(found))


# One row a page over all 3,000 rows in every ordering would be 72,000 requests: it is done for the
# ordering that has most to lose, and below over fewer rows in every ordering.
def test_a_walk_row_by_row_gives_every_row_that_stays_exactly_once(
    client: Client, world: World
) -> None:
    stays = set(map(str, three_thousand("events", world)))
    traffic = Traffic("events", world, victims=8)
    url = "/api/v1/events/?ordering=-when&limit=1"
    found = walked(client, url, traffic, 6, ROWS)
    assert len([object_id for object_id in found if object_id in stays]) == ROWS
    assert set(found) >= stays


@pytest.mark.parametrize("resource", PLAIN)
def test_a_short_walk_row_by_row_is_right_in_every_ordering(
    resource: str, client: Client, world: World
) -> None:
    names = {r: n for n, r in factories.RESOURCES.items()}
    stays = api_world.multiply(resource, getattr(world, names[resource]), 12)
    traffic = Traffic(resource, world, victims=4)
    for ordering in ORDERINGS[resource]:
        for sign in ("", "-"):
            url = f"/api/v1/{resource}/?ordering={sign}{ordering}&limit=1"
            found = walked(client, url, traffic, 4, 20)
            assert sorted(i for i in found if UUID(i) in stays) == sorted(map(str, stays))


@pytest.mark.parametrize("resource", PLAIN)
@pytest.mark.parametrize("size", [1, 7])
def test_previous_walks_back_through_the_same_pages(
    resource: str, size: int, client: Client, world: World
) -> None:
    names = {r: n for n, r in factories.RESOURCES.items()}
    api_world.multiply(resource, getattr(world, names[resource]), 20)
    for ordering in ORDERINGS[resource]:
        for sign in ("", "-"):
            url = f"/api/v1/{resource}/?ordering={sign}{ordering}&limit={size}"
            there = list(walk(client, url))
            back = list(walk(client, there[-1]["previous"], "previous"))
            assert [ids(page) for page in back] == [ids(page) for page in there[-2::-1]]
            assert there[0]["previous"] is None
            assert there[-1]["next"] is None
            assert ids(get(client, back[-1]["next"])) == ids(there[1])


@pytest.mark.parametrize("resource", ["documents", "events", "claims"])
def test_what_has_no_value_comes_last_both_ways(
    resource: str, client: Client, world: World
) -> None:
    stays = three_thousand(resource, world)
    unknown = set(map(str, stays[ROWS * 2 // 3 :]))
    ordering = ORDERINGS[resource][0]
    for sign in ("", "-"):
        url = f"/api/v1/{resource}/?ordering={sign}{ordering}&limit=200"
        found = [record for page in walk(client, url) for record in page["results"]]
        times = [record[ordering] for record in found]
        first = times.index(None)
        assert [time for time in times[first:] if time is not None] == []
        assert unknown <= {record["id"] for record in found[first:]}


def test_a_walk_as_of_a_number_is_frozen(client: Client, world: World) -> None:
    stays = three_thousand("events", world)
    seq = get(client, "/api/v1/")["seq"]
    expected = [i for p in walk(client, "/api/v1/events/?limit=200") for i in ids(p)]
    traffic = Traffic("events", world, victims=3)
    found: list[str] = []
    for number, page in enumerate(walk(client, f"/api/v1/events/?limit=200&as_of={seq}")):
        found += ids(page)
        if number == 2:
            publishing.retract([("events", stays[0]), ("events", stays[-1])], reason="Wrong.")
        traffic.passes()
    assert found == expected
    assert f"as_of={seq}" in get(client, f"/api/v1/events/?limit=1&as_of={seq}")["next"]


def test_a_page_whose_rows_were_all_retracted_leads_back(client: Client, world: World) -> None:
    first = get(client, "/api/v1/places/?limit=4")
    publishing.retract([("places", world.southmark), ("places", world.ferry),
                        ("claims", world.held), ("events", world.advance)],
                       reason="They were made up.")  # fmt: skip
    names = ["Ferry", "Landia", "Northmark", "Oakford"]
    assert [place["name"] for place in first["results"]] == names
    beyond = get(client, first["next"])
    assert beyond["results"] == []
    assert beyond["next"] is None
    back = get(client, beyond["previous"])
    assert [place["name"] for place in back["results"]] == names[1:]
    assert back["previous"] is None
    assert get(client, back["next"])["results"] == []


def test_the_change_log_and_a_history_are_walked_both_ways(client: Client, world: World) -> None:
    for n in range(9):
        factories.republish("places", world.ferry, name=f"Ferry {n}")
    for url in ("/api/v1/changes/", api_world.detail("places", world.ferry, "history")):
        whole = get(client, f"{url}?limit=200")["results"]
        there = list(walk(client, f"{url}?limit=3"))
        assert [entry for page in there for entry in page["results"]] == whole
        back = list(walk(client, there[-1]["previous"], "previous"))
        assert [page["results"] for page in back] == [page["results"] for page in there[-2::-1]]
