"""The chronologies of documents and events: what came before what, and what nobody can tell."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events.api import chronology
from events.dossiers import Loaded
from records import publishing
from records.models import Origin
from tests import api_world, factories
from tests.api_world import detail, get, wrong_parameters
from tests.factories import World, body

pytestmark = pytest.mark.django_db


def of(client: Client, resource: str, row: UUID | str, query: str = "") -> dict[str, Any]:
    return get(client, detail(resource, row, "chronology") + query)


def entries(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [*part["statements"], *part["happenings"]]


def ident_of(entry: dict[str, Any]) -> str:
    """The id of what an entry, or a reference to one, is about."""
    return (entry.get("claim") or entry.get("event"))["id"]


def every_entry(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in (*answer["steps"], answer["undecided"], answer["unknown"]):
        yield from entries(part)


# The made-up world.


def test_a_document_is_told_in_steps_and_what_they_leave_open(client: Client, world: World) -> None:
    answer = of(client, "documents", world.article)
    article, withdrawal = body("documents", world.article), body("events", world.withdrawal)
    assert {name: answer[name] for name in ("document", "set_aside", "truncated")} == {
        "document": {"id": article["id"], "kind": "article", "title": "Troops leave Oakford",
                     "url": "https://paper.example/oakford"},
        "set_aside": [],
        "truncated": False,
    }  # fmt: skip
    (first, *later) = answer["steps"]
    assert {name: first[name] for name in ("position", "tied", "earliest", "latest")} == {
        "position": 1,
        "tied": True,
        "earliest": "2022-10-01T00:00:00Z",
        "latest": "2022-10-02T00:00:00Z",
    }
    by_id = {ident_of(entry): entry for entry in entries(first)}
    assert by_id == {
        str(world.announced): {
            "kind": "statement",
            "claim": {"id": str(world.announced), "statement": "Red's troops left Oakford."},
            "claimant": body("claims", world.announced)["claimant"],
            "voice": "attributed",
            "time": body("claims", world.announced)["said"],
            "after": [],
        },
        str(world.narrated): {
            "kind": "statement",
            "claim": {"id": str(world.narrated), "statement": "Troops left Oakford."},
            "claimant": body("claims", world.narrated)["claimant"],
            "voice": "narration",
            "time": body("claims", world.narrated)["said"],
            "after": [],
        },
        str(world.withdrawal): {
            "kind": "happening",
            "event": {
                "id": str(world.withdrawal),
                "title": "Withdrawal from Oakford",
                "type": "territory.withdrawal",
            },
            "status": "occurred",
            "time": withdrawal["when"],
            "after": [],
        },
    }
    assert [ident_of(entry) for step in later for entry in entries(step)] == [str(world.denied)]
    assert later[0]["statements"][0]["after"][0]["by"] == "time"
    unknown = [ident_of(entry) for entry in entries(answer["unknown"])]
    assert sorted(unknown) == sorted(map(str, (world.repeated, world.counted)))
    assert answer["undecided"] == {"statements": [], "happenings": []}


def test_an_event_is_told_with_its_parts_its_links_and_what_is_said_of_it(
    client: Client, world: World
) -> None:
    part = factories.public("events", "part", when="2022-09-30",
                            relations=[{"kind": "part_of", "event": world.advance}])  # fmt: skip
    factories.public("events", "twin", relations=[{"kind": "same_as", "event": world.advance}])
    factories.public("events", "elsewhere", when="2022-09-30")
    answer = of(client, "events", world.advance)
    assert answer["event"]["id"] == str(world.advance)
    assert {ident_of(entry) for entry in every_entry(answer)} == {
        str(world.advance), str(world.withdrawal), str(part),
    }  # fmt: skip
    (one, two) = answer["steps"]
    assert one["tied"]
    assert {ident_of(entry) for entry in entries(one)} == {str(world.advance), str(part)}
    (later,) = entries(two)
    reference = {"id": str(part), "title": "Some clash", "type": "battle.clash"}
    # A cause says nothing of when; the link `precedes` does, and its words say so.
    assert later["after"] == [
        {"kind": "happening", "claim": None, "event": reference, "by": "time", "phrase": None},
        {"kind": "happening", "claim": None, "event": answer["event"], "by": "precedes",
         "phrase": "days before"},
    ]  # fmt: skip
    told = of(client, "events", world.withdrawal)
    claims = (world.narrated, world.announced, world.repeated, world.counted)
    assert {ident_of(entry) for entry in every_entry(told)} == {
        *map(str, claims), str(world.withdrawal), str(world.advance),
    }  # fmt: skip


def test_an_order_runs_over_claims_that_are_not_shown(client: Client, world: World) -> None:
    """From one statement of a document to another, over those of a second document."""
    elsewhere = {"claimant": world.paper, "document": factories.cited()}
    here = {"claimant": world.paper, "event": world.advance, "citations": [
        {"document": world.post, "mode": "paraphrase", "locator": "00:01"}]}  # fmt: skip
    last = factories.public("claims", "last", **here)
    again = factories.public("claims", "again", **elsewhere, relations=[
        {"kind": "precedes", "claim": last, "phrase": "moments before"}])  # fmt: skip
    between = factories.public(
        "claims", "between", **elsewhere, relations=[{"kind": "same_as", "claim": again}]
    )
    first = factories.public("claims", "first", **here, relations=[
        {"kind": "precedes", "claim": between, "phrase": "hours before"}])  # fmt: skip
    answer = of(client, "documents", world.post)
    assert not {str(between), str(again)} & {ident_of(entry) for entry in every_entry(answer)}
    shown = {ident_of(entry): entry for entry in every_entry(answer)}
    (reason,) = shown[str(last)]["after"]
    assert (ident_of(reason), reason["by"]) == (str(first), "precedes")
    assert reason["phrase"] == "hours before; moments before"
    assert shown[str(last)]["time"] is None


def test_a_link_against_the_times_is_set_aside_and_said(client: Client, world: World) -> None:
    factories.republish("claims", world.held, relations=[
        {"kind": "precedes", "claim": world.announced, "phrase": "the day before"}])  # fmt: skip
    factories.republish("claims", world.held, citations=[
        {"document": world.article, "mode": "paraphrase", "spans": [[0, 5]]}])  # fmt: skip
    answer = of(client, "documents", world.article)
    (aside,) = answer["set_aside"]
    assert (ident_of(aside["before"]), ident_of(aside["after"]), aside["phrase"]) == (
        str(world.held), str(world.announced), "the day before",
    )  # fmt: skip
    positions = {ident_of(e): s["position"] for s in answer["steps"] for e in entries(s)}
    assert positions[str(world.announced)] < positions[str(world.held)]


def test_what_only_is_about_a_document_is_not_told_of_it(client: Client, world: World) -> None:
    about = factories.public("claims", "about", claimant=world.paper, document=world.article)
    shown = {ident_of(entry) for entry in every_entry(of(client, "documents", world.article))}
    assert str(about) not in shown
    assert str(world.counted) in shown


def test_a_chronology_of_nothing_is_empty(client: Client, world: World) -> None:
    empty = {"statements": [], "happenings": []}
    answer = of(client, "documents", factories.public("documents", "untold"))
    assert (answer["steps"], answer["undecided"], answer["unknown"]) == ([], empty, empty)


def test_more_than_is_ordered_is_cut_and_said(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = of(client, "documents", world.article, f"?as_of={get(client, '/api/v1/')['seq']}")
    assert whole["truncated"] is False
    monkeypatch.setattr(chronology, "MOST", 3)
    answer = of(client, "documents", world.article)
    assert answer["truncated"] is True
    assert len(list(every_entry(answer))) == 3
    url = urlsplit(answer["claims_url"])
    listed = get(client, f"{url.path}?{url.query}")["results"]
    cited = {ident_of(e) for e in every_entry(whole) if e["kind"] == "statement"}
    assert {claim["id"] for claim in listed} == cited
    told = of(client, "events", world.withdrawal)
    assert told["truncated"] is True
    assert str(world.withdrawal) in {ident_of(entry) for entry in every_entry(told)}
    monkeypatch.undo()
    assert of(client, "documents", world.article)["truncated"] is False


@pytest.mark.parametrize(("resource", "most"), [("documents", 6), ("events", 7)])
def test_it_costs_a_few_queries_however_much_there_is(
    resource: str, most: int, client: Client, world: World
) -> None:
    row = world.article if resource == "documents" else world.withdrawal
    api_world.multiply("claims", world.announced, 40)
    with CaptureQueriesContext(connection) as captured:
        answer = of(client, resource, row)
    assert len(list(every_entry(answer))) > 40
    # The newest number, the record, its claims and events; what links lead to; the number again.
    assert len(captured) <= most


def test_an_earlier_moment_is_told_as_it_was(client: Client, world: World) -> None:
    url, told = detail("documents", world.article, "chronology"), detail(
        "events", world.advance, "chronology"
    )  # fmt: skip
    then = get(client, "/api/v1/")["seq"]
    before, told_before = get(client, f"{url}?as_of={then}"), get(client, f"{told}?as_of={then}")
    now = get(client, url)
    assert before["steps"] == now["steps"]
    assert before["claims_url"] == f"{now['claims_url']}&as_of={then}"
    factories.republish("claims", world.announced, said="2022-10-05")
    factories.republish("events", world.advance, relations=[])
    factories.republish("claims", world.counted, citations=[
        {"document": world.post, "mode": "media_content", "locator": "00:13"}])  # fmt: skip
    assert get(client, f"{url}?as_of={then}") == before
    assert get(client, f"{told}?as_of={then}") == told_before
    assert get(client, url) != now
    assert [ident_of(entry) for entry in every_entry(get(client, told))] == [str(world.advance)]


@pytest.mark.parametrize(("resource", "name"), [("documents", "article"), ("events", "advance")])
def test_it_answers_like_other_details(
    resource: str, name: str, client: Client, world: World
) -> None:
    row = getattr(world, name)
    url = detail(resource, row, "chronology")
    answer = client.get(url)
    assert answer["Content-Type"] == "application/json"
    assert 'rel="license"' in answer["Link"]
    assert answer["Dateline-Seq"] == str(get(client, "/api/v1/")["seq"])
    assert client.get(url, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert client.head(url)["ETag"] == answer["ETag"]
    assert client.options(url)["Allow"] == "GET, HEAD, OPTIONS"
    assert client.post(url).status_code == 405
    for wrong in ("limit=5", "as_of=", "as_of=1&as_of=1", "format=csv", "since=2022"):
        assert client.get(f"{url}?{wrong}").status_code in (400, 406), wrong
    assert wrong_parameters(client, f"{url}?until=2022") == ["until"]
    missing = detail(resource, factories.ident(resource, "nothing"), "chronology")
    assert client.get(missing).status_code == 404
    assert client.get(detail(resource, "x:1", "chronology")).status_code == 404
    assert client.get(f"{url}?as_of=0").status_code == 404
    factories.republish(resource, row, title="Another title")
    assert client.get(url, headers={"If-None-Match": answer["ETag"]}).status_code == 200


@pytest.mark.parametrize("resource", ["documents", "events"])
def test_it_says_what_became_of_its_record(resource: str, client: Client, world: World) -> None:
    kept, merged, retracted, erased = (
        factories.public(resource, name) for name in ("kept", "merged", "retracted", "erased")
    )
    then = get(client, "/api/v1/")["seq"]
    publishing.merge(resource, merged, kept, reason="The same.")
    publishing.retract([(resource, retracted)], reason="An error.")
    publishing.erase(resource, erased, reason="A court order.")
    moved = client.get(detail(resource, merged, "chronology"))
    assert moved.status_code == 308
    assert moved["Location"] == f"http://testserver{detail(resource, kept, 'chronology')}"
    assert client.get(detail(resource, retracted, "chronology")).status_code == 410
    assert client.get(detail(resource, erased, "chronology")).status_code == 451
    earlier = client.get(detail(resource, retracted, "chronology") + f"?as_of={then}")
    assert earlier.status_code == 200


def test_a_code_leads_to_the_chronology_of_its_event(client: Client, world: World) -> None:
    answer = client.get(detail("events", "acled:LAN1", "chronology"))
    assert answer.status_code == 307
    assert answer["Location"].endswith(detail("events", world.withdrawal, "chronology"))


@pytest.mark.parametrize("resource", ["documents", "events"])
def test_the_answer_is_what_its_serializer_declares(
    resource: str, client: Client, world: World
) -> None:
    factories.republish("claims", world.counted, said="2022-09/2022-11")
    view = {
        "documents": chronology.DocumentChronologySerializer,
        "events": chronology.EventChronologySerializer,
    }[resource]
    row = world.article if resource == "documents" else world.advance
    check(of(client, resource, row), view())


def check(value: Any, declared: Any) -> None:
    """That a value has the members that a serializer declares, at every depth."""
    if value is None:
        assert declared.allow_null
    elif hasattr(declared, "child") and isinstance(value, list):
        for element in value:
            check(element, declared.child)
    elif hasattr(declared, "fields"):
        required = {name for name, field in declared.fields.items() if field.required}
        assert required <= set(value) <= set(declared.fields), (type(declared), set(value))
        for name, member in value.items():
            check(member, declared.fields[name])


# The Lyman dossier.


@pytest.fixture
def told(lyman: Loaded, client: Client) -> tuple[dict[str, Any], dict[str, str]]:
    """The chronology of the article, and the local names of its claims and events by id."""
    origins = Origin.objects.filter(dataset__slug="lyman", resource__in=["claims", "events"])
    names = {str(origin.object_id): origin.external_id for origin in origins}
    article = Origin.objects.get(dataset__slug="lyman", resource="documents", external_id="article")
    return of(client, "documents", article.object_id), names


def test_the_article_is_told_from_the_spokesman_over_one_ministry_to_the_other(
    told: tuple[dict[str, Any], dict[str, str]],
) -> None:
    answer, names = told
    steps = [{names[ident_of(entry)] for entry in entries(step)} for step in answer["steps"]]
    assert steps[-3:] == [
        {
            "kyiv_surrounded", "cherevatiy_surrounded", "cherevatiy_settlements",
            "cherevatiy_stabilization",
        },
        {"uamod_had_entered", "uamod_entering"},
        # The first sentence of the article is the last in time.
        {"rumod_withdrew", "rumod_threat", "rumod_better_lines"},
    ]  # fmt: skip
    assert [step["tied"] for step in answer["steps"][-3:]] == [True, True, True]
    assert {"putin_four_regions", "moscow_annexing", "annexation"} <= steps[-4]
    assert answer["set_aside"] == []


def test_the_words_of_the_article_say_why(
    told: tuple[dict[str, Any], dict[str, str]],
) -> None:
    answer, names = told
    after = {
        names[ident_of(entry)]: {
            names[ident_of(reason)]: (reason["by"], reason["phrase"]) for reason in entry["after"]
        }
        for entry in every_entry(answer)
    }
    assert after["rumod_withdrew"] == {
        "moscow_annexing": ("time", "a day after"),
        "uamod_had_entered": ("precedes", "Moments before"),
        "uamod_entering": ("precedes", "Moments before"),
        "kyiv_surrounded": ("precedes", "hours after"),
    }
    assert after["uamod_entering"]["cherevatiy_surrounded"] == ("precedes", "earlier on October 1")


def test_what_the_article_leaves_open_is_undecided_and_not_guessed(
    told: tuple[dict[str, Any], dict[str, str]],
) -> None:
    answer, names = told
    last = len(answer["steps"])
    loose = {names[ident_of(entry)]: entry for entry in entries(answer["undecided"])}
    for name in ("n_road_open", "cherevatiy_5000", "rumod_casualties", "withdrawal_announced"):
        # After the last day of September, and nothing more.
        assert (loose[name]["after_position"], loose[name]["before_position"]) == (last - 3, None)
    assert {names[ident_of(e)] for e in answer["undecided"]["statements"] if (
        e["voice"] == "narration"
    )} >= {"n_road_open", "n_last_way_out", "n_fighting", "n_announced"}  # fmt: skip
    soldier = loose["soldier_flag"]
    assert soldier["before_position"] == last - 1
    unknown = {names[ident_of(entry)] for entry in entries(answer["unknown"])}
    assert unknown == {"kyiv_no_talks", "talks_refused", "luhansk_push"}


def test_no_clock_time_is_invented(told: tuple[dict[str, Any], dict[str, str]]) -> None:
    answer, _ = told
    instants = re.findall(rb'"[0-9]{4}-[0-9]{2}-[0-9]{2}T([^"]*)"', orjson.dumps(answer))
    assert instants
    assert set(instants) == {b"00:00:00Z"}  # the bounds of whole days
    times = [entry["time"] for entry in every_entry(answer) if entry["time"]]
    assert not [time for time in times if time["edtf"] and "T" in time["edtf"]]
