"""Choosing members: `fields` keeps some, `expand` adds what they refer to."""

from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from records import publishing
from records.api import members
from tests import api_world, factories
from tests.api_world import Route, detail, get, ids, record_lists, wrong_parameters
from tests.factories import World, body

every_record_list = pytest.mark.parametrize("route", record_lists(), ids=str)


# fields


@every_record_list
def test_every_member_can_be_had_by_itself(route: Route, client: Client, world: World) -> None:
    url = f"/api/v1/{route.resource}/"
    whole = get(client, url)["results"]
    for name in whole[0]:
        some = get(client, f"{url}?fields={name}")["results"]
        assert some == [{name: record[name]} for record in whole]
        one = get(client, f"{url}{whole[0]['id']}/?fields={name}")
        assert one == {name: whole[0][name]}


@every_record_list
def test_all_members_are_the_record_byte_for_byte(
    route: Route, client: Client, world: World
) -> None:
    url = f"/api/v1/{route.resource}/"
    first = get(client, url)["results"][0]
    names = ",".join(reversed(first))
    pruned = client.get(f"{url}{first['id']}/?fields={names}").content
    assert pruned == client.get(f"{url}{first['id']}/").content


@pytest.mark.parametrize(
    ("resource", "name", "fields", "kept"),
    [
        ("places", "oakford", "name,codes.geonames",
         {"name": "Oakford", "codes": {"geonames": "1001"}}),
        ("places", "oakford", "codes.acled", {"codes": {}}),
        ("places", "oakford", "parent.name,ancestors.name",
         {"parent": {"name": "Northmark"},
          "ancestors": [{"name": "Northmark"}, {"name": "Landia"}]}),
        ("places", "landia", "parent.name", {"parent": None}),
        ("events", "withdrawal", "when.edtf,type.code,type.crosswalk.cameo,participants.actor.name",
         {"type": {"code": "territory.withdrawal", "crosswalk": {"cameo": ["0874"]}},
          "when": {"edtf": "2022-10-01"}, "participants": [{"actor": {"name": "Red Army"}}]}),
        ("claims", "announced",
         "citations.spans,citations.via.document.id,citations.via.source.name",
         {"citations": [{"spans": [[30, 60], [70, 90]],
                         "via": [{"document": {"id": str(factories.ident("documents", "post"))},
                                  "source": None},
                                 {"document": None, "source": {"name": "Red Ministry"}}]}]}),
        ("claims", "counted", "quantity,quantity.low",
         {"quantity": {"metric": "lost", "low": None, "best": 500.0, "high": None,
                       "unit": "troops", "approximator": "about"}}),
        ("claims", "held", "quantity.low,statement",
         {"statement": "Blue holds the whole of Oakford.", "quantity": None}),
    ],
)  # fmt: skip
def test_paths_lead_through_objects_and_lists(
    resource: str, name: str, fields: str, kept: dict[str, Any], client: Client, world: World
) -> None:
    object_id = getattr(world, name)
    answer = client.get(f"{detail(resource, object_id)}?fields={fields}")
    assert orjson.loads(answer.content) == kept
    assert list(orjson.loads(answer.content)) == list(kept)
    repeated = "&".join(f"fields={field}" for field in fields.split(","))
    assert client.get(f"{detail(resource, object_id)}?{repeated}").content == answer.content


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("nme", "is none of id, name, kind"),
        ("parent.nme", "'nme' is none of id, name, kind"),
        ("name.first", "leads into a plain value"),
        ("id,,name", "is none of"),
        ("codes.geonames.x", "leads into a plain value"),
        ("codes.", "leads into a plain value"),
        ("parent.", "is none of"),
        (".name", "is none of"),
        ("*", "is none of"),
        ("included", "is none of"),
        (",".join(["id"] * 101), "at most 100"),
    ],
)
def test_an_unknown_path_is_refused(fields: str, said: str, client: Client, world: World) -> None:
    for url in ("/api/v1/places/", detail("places", world.oakford)):
        answer = api_world.problem(client, f"{url}?fields={fields}")
        (error,) = answer["errors"]
        assert error["parameter"] == "fields"
        assert said in error["detail"]


def test_pages_of_some_members_lead_on(client: Client, world: World) -> None:
    url = "/api/v1/claims/?limit=2&fields=id"
    found = [r["id"] for page in api_world.walk(client, url) for r in page["results"]]
    assert found == ids(get(client, "/api/v1/claims/"))
    cursor = get(client, url)["next"].partition("cursor=")[2]
    assert wrong_parameters(client, f"/api/v1/claims/?cursor={cursor}") == ["cursor"]


# expand


EXPANDABLE = {
    "place-list": {"ancestors", "parent"},
    "actor-list": {"ancestors", "parent", "party"},
    "source-list": {"party", "speaks_for"},
    "document-list": {"claims", "mentions", "publisher", "relations"},
    "event-list": {"claims", "contradictions", "participants", "place", "places", "relations"},
    "claim-list": {
        "actor", "citations", "claimant", "contradictions", "document", "event", "object_actor",
        "party", "places", "relations",
    },
    "contradiction-list": {"claims"},
}  # fmt: skip


@every_record_list
def test_an_unknown_name_is_refused_with_those_that_are_known(
    route: Route, client: Client, world: World
) -> None:
    known = EXPANDABLE[route.name]
    for wrong in ("name", "seq", "claim", "places.parent", "*", "parent,", "PARENT"):
        (error,) = api_world.problem(client, f"/api/v1/{route.resource}/?expand={wrong}")["errors"]
        assert error["parameter"] == "expand"
        assert set(error["detail"].rpartition("known are ")[2].split(", ")) == known


@every_record_list
def test_what_is_added_is_what_is_referred_to_whole_and_once(
    route: Route, client: Client, world: World
) -> None:
    url = f"/api/v1/{route.resource}/"
    plain = get(client, url)
    for name in EXPANDABLE[route.name]:
        page = get(client, f"{url}?expand={name}")
        added = page.pop("included")
        assert page == plain
        for resource, records in added.items():
            found = [record["id"] for record in records]
            assert found == sorted(set(found))
            assert records == [body(resource, object_id) for object_id in found]
        one = get(client, f"{url}{plain['results'][0]['id']}/?expand={name}")
        assert list(one)[-1] == "included"
        one.pop("included")
        assert one == plain["results"][0]


def test_an_event_comes_with_its_claims_and_all_that_they_name(
    client: Client, world: World
) -> None:
    url = f"{detail('events', world.withdrawal)}?expand=claims,place,places,participants"
    added = get(client, url)["included"]
    assert {name: {r["id"] for r in records} for name, records in added.items()} == {
        "actors": {str(world.red_army)},
        "claims": set(map(str, (world.narrated, world.announced, world.repeated, world.counted))),
        "places": {str(world.oakford)},
    }
    added = get(client, f"{detail('claims', world.announced)}?expand=citations,party")["included"]
    assert {name: {r["id"] for r in records} for name, records in added.items()} == {
        "actors": {str(world.red)},
        "documents": {str(world.article), str(world.post)},
        "sources": {str(world.paper), str(world.red_ministry)},
    }


def test_what_refers_to_nothing_adds_empty_lists(client: Client, world: World) -> None:
    alone = factories.public("events", "alone")
    assert get(client, f"{detail('events', alone)}?expand=claims,place")["included"] == {
        "claims": []
    }
    assert get(client, f"/api/v1/events/?id={world.oakford}&expand=claims") == {
        "next": None, "previous": None, "results": [], "included": {"claims": []},
    }  # fmt: skip


def test_what_is_added_is_of_the_moment_of_the_records(client: Client, world: World) -> None:
    url = f"{detail('events', world.withdrawal)}?expand=claims,participants"
    before = get(client, "/api/v1/")["seq"]
    was = client.get(url).content
    factories.republish("actors", world.red_army, name="Red Host")
    publishing.retract([("claims", world.counted)], reason="A mistake.")
    now = get(client, url)["included"]
    assert [actor["name"] for actor in now["actors"]] == ["Red Host"]
    assert len(now["claims"]) == 3
    assert client.get(f"{url}&as_of={before}").content == was


def test_more_than_fits_is_said_and_led_to(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "INCLUDED_LIMIT", 10)
    monkeypatch.setattr(members, "IDS_IN_A_LINK", 3)
    api_world.multiply("claims", world.announced, 20)
    page = get(client, f"{detail('events', world.withdrawal)}?expand=claims,place")
    assert page["included_truncated"] is True
    assert len(page["included"]["claims"]) == 10
    assert page["included"]["places"] == []
    claims = [
        claim["id"]
        for link in page["included_rest"]["claims"]
        for part in api_world.walk(client, link)
        for claim in part["results"]
    ]
    assert len(set(claims)) == 24
    assert {claim["id"] for claim in page["included"]["claims"]} < set(claims)
    (link,) = page["included_rest"]["places"]
    assert ids(get(client, link)) == [str(world.oakford)]
    assert "included_truncated" not in get(client, "/api/v1/places/?expand=parent")


@every_record_list
def test_adding_costs_the_same_for_fifty_records_as_for_one(
    route: Route, client: Client, world: World
) -> None:
    names = ",".join(EXPANDABLE[route.name])

    def statements(limit: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            get(client, f"/api/v1/{route.resource}/?expand={names}&limit={limit}")
        return len(captured)

    for name, resource in factories.RESOURCES.items():
        if resource == route.resource:
            api_world.multiply(resource, getattr(world, name), 10)
    if route.resource == "contradictions":
        api_world.multiply("contradictions", world.dispute, 10)
    # The newest number before and after, the page, and one for each resource that is added.
    assert statements(50) <= 3 + 7
    assert statements(50) <= statements(5) + 3


def test_the_tag_of_an_answer_changes_with_what_is_added(client: Client, world: World) -> None:
    url = f"{detail('events', world.withdrawal)}?expand=claims"
    answer = client.get(url)
    assert client.get(url, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    factories.republish("claims", world.counted, wording="lost")
    changed = client.get(url, headers={"If-None-Match": answer["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != answer["ETag"]
