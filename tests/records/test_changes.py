"""The change log and the histories: replayed, they give exactly what is public."""

from collections.abc import Callable
from typing import Any

import jsonpatch
import orjson
import pytest
from django.test import Client

from records import publishing
from records.models import Dataset
from records.registry import record_of, resources
from tests import api_world, factories
from tests.api_world import detail, get, walk, wrong_parameters
from tests.factories import World
from tests.kept import Kept, kept_by

Record = dict[str, Any]


def log(client: Client, query: str = "") -> list[dict[str, Any]]:
    """All pages of the change log."""
    pages = walk(client, f"/api/v1/changes/?limit=7{query}")
    return [change for page in pages for change in page["results"]]


def replayed(changes: list[dict[str, Any]]) -> dict[tuple[str, str], Record]:
    """What is there after the changes, each applied in its turn."""
    there: dict[tuple[str, str], Record] = {}
    for change in changes:
        key = (change["resource"], change["id"])
        there.pop(key, None)
        if change["op"] in ("add", "modify") and change["record"] is not None:
            there[key] = change["record"]
    return there


def current(client: Client) -> dict[tuple[str, str], Record]:
    """What the lists give."""
    return {
        (resource, record["id"]): record
        for resource in resources()
        for page in walk(client, f"/api/v1/{resource}/?limit=200")
        for record in page["results"]
    }


def live() -> World:
    """Publish the made-up world, and have everything happen to it that can happen."""
    world = factories.world()
    Dataset.objects.create(slug="story", title="A story")
    home = {"dataset": "story", "datasets": [{"dataset": "story", "external_id": "ferry"}]}
    twin = factories.public("places", "twin", name="Oakford town", codes={"geonames": "1002"})
    factories.republish("actors", world.red, name="Crimson")
    factories.republish("places", world.ferry, **home)
    publishing.retract([("claims", world.held)], reason="It was satire.")
    publishing.merge("places", twin, world.oakford, reason="The same town.")
    publishing.merge("sources", world.red_ministry, world.red_spokesman, reason="The same voice.")
    publishing.restore("claims", world.held, reason="It was none.")
    publishing.restore("places", twin, reason="Not the same town.")
    publishing.retract([("claims", world.counted)], reason="Wrong.")
    factories.republish("places", world.landia, name="Great Landia", codes={})
    publishing.erase("claims", world.repeated, reason="A person is in danger.")
    return world


kept_life = kept_by(live)


@pytest.fixture
def lived(db: None, kept_life: Kept[World]) -> World:
    """A world to which everything has happened that can happen."""
    return kept_life.bring_back()


def test_the_change_log_replayed_from_zero_gives_the_current_records(
    client: Client, lived: World
) -> None:
    changes = log(client)
    assert replayed(changes) == current(client)
    assert [change["seq"] for change in changes] == list(range(1, len(changes) + 1))
    assert get(client, "/api/v1/")["seq"] == len(changes)
    assert {change["op"] for change in changes} == {"add", "modify", "retract", "merge", "erase"}
    assert {change["cause"] for change in changes} >= {
        "edit", "merge", "reference", "derived", "erase"
    }  # fmt: skip


def test_a_copy_kept_at_any_number_follows_by_what_came_since(client: Client, lived: World) -> None:
    changes = log(client)
    whole = current(client)
    for seq in (1, 24, 25, 32, len(changes) - 1, len(changes)):
        since = log(client, f"&since={seq}")
        assert since == changes[seq:]
        copy = replayed(changes[:seq])
        for change in since:
            key = (change["resource"], change["id"])
            copy.pop(key, None)
            if change["record"] is not None:
                copy[key] = change["record"]
        assert copy == whole


def test_a_change_has_the_record_as_its_own_address_served_it(client: Client, lived: World) -> None:
    answer = client.get("/api/v1/changes/?limit=200").content
    for change in log(client):
        url = detail(change["resource"], change["id"], "history", change["version"])
        served = client.get(url)
        if change["record"] is not None:
            assert served.json() == change["record"]
            assert served.content in answer
            assert change["record"]["seq"] == change["seq"]
            assert change["record"]["version"] == change["version"]
            assert change["record"]["recorded_at"] == change["recorded_at"]


def test_one_change_whole(client: Client, world: World) -> None:
    publishing.retract([("claims", world.held)], reason="It was satire.")
    changes = get(client, "/api/v1/changes/?since=24")["results"]
    assert [(c["resource"], c["op"], c["cause"]) for c in changes] == [
        ("contradictions", "retract", "derived"),
        ("claims", "retract", "edit"),
        ("claims", "modify", "derived"),
    ]
    change = changes[1]
    recorded_at = change.pop("recorded_at")
    assert recorded_at.endswith("Z")
    assert change == {
        "seq": 26,
        "op": "retract",
        "cause": "edit",
        "resource": "claims",
        "id": str(world.held),
        "version": 2,
        "role": None,
        "reason": "It was satire.",
        "record": None,
    }


def is_home(slug: str) -> Callable[[dict[str, Any]], bool]:
    return lambda change: bool(change["record"]) and change["record"]["dataset"] == slug


#: Queries, and whether a change is among what each leaves.
FILTERS: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
    ("&since=0", lambda c: True),
    ("&since=24", lambda c: c["seq"] > 24),
    ("&since=99999", lambda c: False),
    ("&resource=claims", lambda c: c["resource"] == "claims"),
    ("&resource=claims,places", lambda c: c["resource"] in ("claims", "places")),
    ("&resource=claims&resource=places", lambda c: c["resource"] in ("claims", "places")),
    ("&resource=!claims", lambda c: c["resource"] != "claims"),
    ("&cause=reference", lambda c: c["cause"] == "reference"),
    ("&cause=derived", lambda c: c["cause"] == "derived"),
    ("&cause=merge,erase", lambda c: c["cause"] in ("merge", "erase")),
    ("&cause=!edit&since=24", lambda c: c["cause"] != "edit" and c["seq"] > 24),
    ("&dataset=story", is_home("story")),
    (
        "&dataset=!story&resource=places&cause=edit",
        lambda c: not is_home("story")(c) and (c["resource"], c["cause"]) == ("places", "edit"),
    ),
    ("&dataset=unheard-of", lambda c: False),
    ("&as_of=24", lambda c: c["seq"] <= 24),
    ("&as_of=30&since=25", lambda c: 25 < c["seq"] <= 30),
]


def test_the_change_log_is_filtered(client: Client, lived: World) -> None:
    whole = log(client)
    for query, wanted in FILTERS:
        expected = [change for change in whole if wanted(change)]
        assert log(client, query) == expected, query
        counted = get(client, f"/api/v1/changes/?count=exact&limit=1{query}")
        assert counted["count"] == len(expected), query


def test_the_change_log_refuses_what_it_does_not_know(client: Client, db: None) -> None:
    for query, parameter in {
        "since=-1": "since", "since=2022-10-01": "since", "since=1.5": "since",
        "since=1,2": "since", "resource=datasets": "resource", "resource=claims,": "resource",
        "cause=whim": "cause", "cause=!": "cause", "dataset=a.b": "dataset",
        "dataset=a,,b": "dataset", "ordering=-seq": "ordering", "id=1": "id",
    }.items():  # fmt: skip
        assert wrong_parameters(client, f"/api/v1/changes/?{query}") == [parameter]


def test_a_history_whole(client: Client, world: World) -> None:
    factories.republish("claims", world.held, wording="freed")
    publishing.retract([("claims", world.held)], reason="It was satire.")
    answer = get(client, detail("claims", world.held, "history"))
    third, second, first = answer.pop("results")
    assert answer == {"next": None, "previous": None}
    assert third == {
        "version": 3,
        "seq": 27,
        "op": "retract",
        "cause": "edit",
        "role": None,
        "reason": "It was satire.",
        "recorded_at": third["recorded_at"],
        "superseded_at": None,
        "patch": None,
    }
    assert second | {"patch": None} == {
        "version": 2,
        "seq": 25,
        "op": "modify",
        "cause": "edit",
        "role": None,
        "reason": None,
        "recorded_at": second["recorded_at"],
        "superseded_at": third["recorded_at"],
        "patch": None,
    }
    changed = {operation["path"]: operation["value"] for operation in second["patch"]}
    assert changed == {
        "/wording": "freed",
        "/version": 2,
        "/seq": 25,
        "/recorded_at": second["recorded_at"],
    }
    assert (first["version"], first["reason"]) == (1, "The made-up world.")
    assert (first["patch"], first["superseded_at"]) == (None, second["recorded_at"])
    then = get(client, detail("claims", world.held, "history") + "?as_of=25")["results"]
    assert then == [second | {"superseded_at": None}, first]


def test_patches_lead_from_version_to_version(client: Client, lived: World) -> None:
    patched = 0
    for resource in resources():
        record = record_of(resource)
        for object_id in set(record.objects.values_list("object_id", flat=True)):
            pages = walk(client, detail(resource, object_id, "history") + "?limit=2")
            entries = [entry for page in pages for entry in page["results"]]
            numbers = [entry["version"] for entry in entries]
            assert numbers == list(range(len(entries), 0, -1))
            before: Record | None = None
            for entry in reversed(entries):
                answer = client.get(detail(resource, object_id, "history", entry["version"]))
                whole = orjson.loads(answer.content) if answer.status_code == 200 else None
                if entry["op"] not in ("add", "modify"):
                    whole = None
                if entry["patch"] is not None:
                    assert jsonpatch.apply_patch(before, entry["patch"]) == whole
                    patched += 1
                else:
                    assert before is None or whole is None
                before = whole
    assert patched > 15


def test_a_version_is_exactly_what_was_served(client: Client, world: World) -> None:
    before = client.get(detail("places", world.oakford)).content
    factories.republish("places", world.landia, name="Great Landia")
    assert client.get(detail("places", world.oakford, "history", 1)).content == before
    now = client.get(detail("places", world.oakford)).content
    assert client.get(detail("places", world.oakford, "history", 2)).content == now != before
    for wrong in ("0", "3", "-1", "x", "99999999999999999999", "٢"):
        assert api_world.problem(client, detail("places", world.oakford, "history", wrong), 404)
