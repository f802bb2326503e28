"""Caching, redirects, states of a record, CORS, and errors as problems."""

import re
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from events.api.views import EventViewSet
from records import publishing
from records.models import Dataset
from tests import api_world, factories
from tests.api_world import detail, get, problem
from tests.factories import World

RESOURCES = ["places", "actors", "sources", "documents", "events", "claims", "contradictions"]
NAMES = {resource: name for name, resource in factories.RESOURCES.items()} | {
    "claims": "held",
    "contradictions": "dispute",
}


def addresses(world: World) -> list[str]:
    """One address of every kind."""
    Dataset.objects.get_or_create(slug="story", defaults={"title": "A story"})
    held = world.held
    return [
        "/api/v1/", "/api/v1/changes/", "/api/v1/datasets/", "/api/v1/datasets/story/",
        *(f"/api/v1/{resource}/" for resource in RESOURCES),
        *(detail(resource, getattr(world, NAMES[resource])) for resource in RESOURCES),
        detail("claims", held, "history"), detail("claims", held, "history", 1),
        "/api/v1/events/?as_of=24", "/api/v1/events/?type=battle&count=exact",
        detail("claims", held) + "?as_of=24",
        detail("documents", world.article, "annotations"), "/api/v1/search/?q=oakford",
        detail("documents", world.article, "chronology"),
        detail("events", world.withdrawal, "chronology"),
        detail("events", world.withdrawal, "positions"),
        detail("places", world.oakford, "control"),
        detail("places", world.oakford, "control", "timeline"), "/api/v1/places/control/",
        "/api/v1/events/timeline/?interval=day&by=type", "/api/v1/claims/facets/?by=party,place",
        "/api/v1/coverage/", "/api/v1/events/?expand=claims", "/api/v1/places/?name=oakford",
    ]  # fmt: skip


def test_addresses_of_every_kind_are_among_those_tested(world: World) -> None:
    kinds = {route.action for route in api_world.routes()}
    assert kinds == {
        "get", "list", "retrieve", "history", "version", "annotations", "chronology", "positions",
        "control", "control_timeline", "controls", "timeline", "facets",
    }  # fmt: skip


# Caching.


def test_every_answer_has_a_tag_and_says_how_to_cache_it(client: Client, world: World) -> None:
    for url in addresses(world):
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert re.fullmatch(r'"[0-9a-f]{32}"', answer["ETag"]), url
        assert answer["Cache-Control"] == "public, no-cache"
        assert answer["Vary"] == "Accept"
        assert answer["Dateline-Seq"] == "24"
        assert answer["Content-Type"] == "application/json"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Last-Modified"].endswith(" GMT")
        assert UUID(answer["X-Request-Id"])


def test_a_known_tag_is_answered_304_with_the_same_headers(client: Client, world: World) -> None:
    for url in addresses(world):
        whole = client.get(url)
        tag = whole["ETag"]
        for given in (tag, f"W/{tag}", f'"other", {tag}', f'W/"other",W/{tag}', "*"):
            answer = client.get(url, headers={"If-None-Match": given})
            assert (answer.status_code, answer.content) == (304, b""), (url, given)
            for name in ("ETag", "Cache-Control", "Vary", "Dateline-Seq", "Last-Modified"):
                assert answer[name] == whole[name], (url, name)
        for given in ('"other"', tag.strip('"'), f'"{tag}"', 'W/"other"', "", "nonsense"):
            assert client.get(url, headers={"If-None-Match": given}).status_code == 200


def test_304_costs_one_statement(client: Client, world: World) -> None:
    # The newest number, or the record with it. A history and a data set also ask whether there is
    # one; an earlier moment asks for the newest number first.
    more = {"history": 2, "datasets/story": 2, "/?as_of": 2}
    for url in addresses(world):
        tag = client.get(url)["ETag"]
        with CaptureQueriesContext(connection) as captured:
            client.get(url, headers={"If-None-Match": tag})
        allowed = next((n for part, n in more.items() if part in url), 1)
        assert len(captured) <= allowed, (url, [query["sql"] for query in captured])


def test_a_star_does_not_hide_what_is_wrong(client: Client, world: World) -> None:
    star = {"If-None-Match": "*"}
    nobody = factories.ident("events", "nobody")
    for url, status in {
        "/api/v1/events/?limit=0": 400,
        "/api/v1/events/?ordering=x": 400,
        "/api/v1/events/?type=war": 400,
        "/api/v1/events/?count=x": 400,
        "/api/v1/events/?cursor=x": 400,
        "/api/v1/events/?certainly=true": 400,
        "/api/v1/changes/?cause=x": 400,
        "/api/v1/datasets/?limit=x": 400,
        "/api/v1/datasets/none/": 404,
        detail("events", nobody): 404,
        detail("events", nobody, "history"): 404,
        detail("events", nobody, "history", 1): 404,
    }.items():
        assert client.get(url, headers=star).status_code == status, url


def test_a_tag_changes_with_what_it_tags(client: Client, world: World) -> None:
    urls = addresses(world)
    before = {url: client.get(url)["ETag"] for url in urls}
    assert len(set(before.values())) == len(urls) - 2  # a version and an as_of are the same record
    factories.republish("claims", world.held, statement="Blue holds Oakford.")
    after = {url: client.get(url)["ETag"] for url in urls}
    same = {url for url in urls if before[url] == after[url]}
    assert same == {
        *(detail(r, getattr(world, NAMES[r])) for r in RESOURCES[:5]),
        detail("claims", world.held, "history", 1),
        detail("claims", world.held) + "?as_of=24",
    }
    assert client.get(detail("claims", world.held), headers={
        "If-None-Match": before[detail("claims", world.held)]
    }).status_code == 200  # fmt: skip


def test_publishing_what_is_published_changes_no_tag(client: Client, world: World) -> None:
    urls = addresses(world)
    before = [client.get(url)["ETag"] for url in urls]
    factories.edit("events", world.advance, title="Advance on Ferry")
    assert factories.publish(*world.objects) is None
    assert [client.get(url)["ETag"] for url in urls] == before


def test_a_data_set_has_another_tag_when_it_changes_without_a_record(
    client: Client, world: World
) -> None:
    row = Dataset.objects.create(slug="story", title="A story", state="loading")
    urls = ["/api/v1/datasets/", "/api/v1/datasets/story/"]
    before = [client.get(url)["ETag"] for url in urls]
    row.state = "complete"
    row.save()
    for url, tag in zip(urls, before, strict=True):
        assert client.get(url, headers={"If-None-Match": tag}).status_code == 200


def test_different_questions_have_different_tags(client: Client, world: World) -> None:
    urls = [f"/api/v1/events/{query}" for query in ("", "?limit=50", "?limit=49", "?as_of=24",
                                                    "?format=json", "?type=battle")]  # fmt: skip
    assert len({client.get(url)["ETag"] for url in urls}) == len(urls)


def test_a_detail_was_last_modified_when_it_was_recorded(client: Client, world: World) -> None:
    first = client.get(detail("events", world.advance))
    factories.republish("places", world.landia, name="Great Landia")
    again = client.get(detail("actors", world.red))
    assert again["Last-Modified"] == first["Last-Modified"]
    assert int(again["Dateline-Seq"]) > int(first["Dateline-Seq"])


# Methods.


def test_head_is_get_without_a_body(client: Client, world: World) -> None:
    for url in addresses(world):
        whole, head = client.get(url), client.head(url)
        assert (head.status_code, head.content) == (200, b"")
        ours = {"X-Request-Id"}
        assert {k: v for k, v in head.headers.items() if k not in ours} == {
            k: v for k, v in whole.headers.items() if k not in ours
        }
    for url in ("/api/v1/events/?x=1", "/api/v1/nothing/", detail("events", world.red)):
        assert client.head(url).status_code == client.get(url).status_code >= 400


def test_options_says_what_is_allowed(client: Client, world: World) -> None:
    for url in (*addresses(world), "/api/v1/schema/", "/api/v1/docs/", "/api/v1/redoc/"):
        answer = client.options(url)
        assert (answer.status_code, answer.content) == (204, b""), url
        assert answer["Allow"] == "GET, HEAD, OPTIONS"


def test_browsers_of_other_origins_may_read(client: Client, world: World) -> None:
    exposed = (
        "Content-Disposition, ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, "
        "Dateline-Seq, X-Request-Id"
    )
    gone = detail("places", factories.ident("places", "nothing"))
    for url in (*addresses(world), gone, "/api/v1/events/?x=1", "/api/v1/nothing/",
                "/api/v1/places/geonames:1001/"):  # fmt: skip
        answer = client.get(url, headers={"Origin": "https://reader.example"})
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer["Access-Control-Expose-Headers"] == exposed
        assert "Access-Control-Allow-Credentials" not in answer
        assert "Origin" not in answer.get("Vary", "")


def test_a_preflight_is_answered_without_the_database(client: Client, world: World) -> None:
    with CaptureQueriesContext(connection) as captured:
        answer = client.options(
            "/api/v1/events/",
            headers={"Origin": "https://reader.example", "Access-Control-Request-Method": "GET",
                     "Access-Control-Request-Headers": "if-none-match"},
        )  # fmt: skip
    assert answer.status_code == 204
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert "If-None-Match" in answer["Access-Control-Allow-Headers"]
    assert answer["Access-Control-Max-Age"] == "86400"
    assert len(captured) == 0


def test_every_list_links_its_licences(client: Client, world: World) -> None:
    for route in api_world.lists():
        link = client.get(reverse(route.name))["Link"]
        assert link == '<http://testserver/api/v1/datasets/>; rel="license"'


def test_an_address_without_its_last_slash_leads_to_the_one_with_it(client: Client) -> None:
    answer = client.get("/api/v1/events?type=battle&limit=5")
    assert answer.status_code == 301
    assert answer["Location"] == "/api/v1/events/?type=battle&limit=5"


# States of a record.


def test_a_code_leads_to_the_canonical_address(client: Client, world: World) -> None:
    for path, query in {"": "", "history/": "?limit=3", "history/1/": "?as_of=24"}.items():
        answer = client.get(f"/api/v1/places/geonames:1001/{path}{query}")
        assert answer.status_code == 307
        place = f"http://testserver/api/v1/places/{world.oakford}/"
        assert answer["Location"] == f"{place}{path}{query}"
        assert client.get(answer["Location"]).status_code == 200
    assert client.get("/api/v1/events/acled:LAN1/")["Location"].endswith(f"/{world.withdrawal}/")
    assert client.get("/api/v1/actors/wikidata:Q1red/")["Location"].endswith(f"/{world.red_army}/")


def test_a_code_is_resolved_at_the_moment_asked_for(client: Client, world: World) -> None:
    code = "/api/v1/places/geonames:1001/"
    factories.republish("places", world.oakford, codes={})
    free = get(client, "/api/v1/")["seq"]
    factories.republish("places", world.ferry, codes={"geonames": "1001"})
    assert client.get(code)["Location"].endswith(f"/{world.ferry}/")
    for seq, holder in ((24, world.oakford), (free + 1, world.ferry)):
        answer = client.get(f"{code}?as_of={seq}")
        assert answer["Location"].endswith(f"/{holder}/?as_of={seq}")
    assert client.get(f"{code}?as_of={free}").status_code == 404
    assert client.get(f"{code}?as_of=0").status_code == 404


def test_the_code_of_a_retracted_record_leads_to_its_tombstone(
    client: Client, world: World
) -> None:
    twin = factories.public("places", "twin", name="Twin", codes={"geonames": "7"})
    publishing.retract([("places", twin)], reason="There is none.")
    answer = client.get("/api/v1/places/geonames:7/")
    assert answer.status_code == 307
    assert client.get(answer["Location"]).status_code == 410
    factories.public("places", "heir", name="Heir", codes={"geonames": "7"})
    heir = factories.ident("places", "heir")
    assert client.get("/api/v1/places/geonames:7/")["Location"].endswith(f"/{heir}/")


def test_a_merged_record_leads_to_the_last_survivor(client: Client, world: World) -> None:
    steps = [factories.public("places", name, name=name, codes={"x": name})
             for name in ("first", "second", "third")]  # fmt: skip
    before = get(client, "/api/v1/")["seq"]
    for loser, survivor in zip(steps, [*steps[1:], world.oakford], strict=True):
        publishing.merge("places", loser, survivor, reason="The same town.")
    for step in steps:
        answer = client.get(f"{detail('places', step)}?format=json")
        assert answer.status_code == 308
        assert answer["Location"] == (
            f"http://testserver{detail('places', world.oakford)}?format=json"
        )
    then = client.get(f"{detail('places', steps[0])}?as_of={before + 2}")
    assert then["Location"].endswith(f"{detail('places', steps[1])}?as_of={before + 2}")
    assert client.get(f"{detail('places', steps[0])}?as_of={before}").status_code == 200
    assert client.get("/api/v1/places/x:first/")["Location"].endswith(f"/{world.oakford}/")
    history = get(client, detail("places", steps[0], "history"))["results"]
    assert [entry["op"] for entry in history] == ["merge", "add"]


def test_a_survivor_that_was_retracted_answers_410(client: Client, world: World) -> None:
    loser, kept = (factories.public("places", name, name=name) for name in ("loser", "kept"))
    publishing.merge("places", loser, kept, reason="The same.")
    publishing.retract([("places", kept)], reason="There is none.")
    answer = client.get(detail("places", loser))
    assert answer.status_code == 308
    assert client.get(answer["Location"]).status_code == 410


def test_what_never_existed_is_404(client: Client, world: World) -> None:
    nobody = factories.ident("places", "nobody")
    answer = problem(client, detail("places", nobody), 404)
    del answer["request_id"]
    assert answer == {
        "type": "/problems/not-found/",
        "title": "There is nothing at this address",
        "status": 404,
        "detail": f"No record of the places has the id {nobody}.",
        "errors": [],
    }
    assert problem(client, detail("actors", world.landia), 404)
    assert problem(client, detail("places", world.landia, "history", 2), 404)
    draft = factories.row("places", "draft", name="Draft")
    for parts in ((), ("history",), ("history", 1)):
        assert problem(client, detail("places", draft, *parts), 404)["type"] == (
            "/problems/not-found/"
        )


def test_what_was_not_recorded_yet_is_404_with_its_first_instant(
    client: Client, world: World
) -> None:
    later = factories.public("places", "later", name="Later")
    made = get(client, detail("places", later))
    for parts in ((), ("history",), ("history", 1)):
        answer = problem(client, detail("places", later, *parts) + "?as_of=24", 404)
        del answer["request_id"]
        assert answer == {
            "type": "/problems/not-yet-recorded/",
            "title": "It was not recorded yet at that moment",
            "status": 404,
            "detail": f"It was first recorded at {made['recorded_at']}, as number 25.",
            "errors": [],
            "first_recorded_at": made["recorded_at"],
            "first_seq": 25,
        }


def test_what_was_retracted_is_410_with_the_reason_and_the_time(
    client: Client, world: World
) -> None:
    publishing.retract([("claims", world.held)], reason="It was satire.")
    change = get(client, "/api/v1/changes/?since=24")["results"][1]
    answer = problem(client, detail("claims", world.held), 410)
    del answer["request_id"]
    assert answer == {
        "type": "/problems/retracted/",
        "title": "It was retracted",
        "status": 410,
        "detail": f"It was retracted at {change['recorded_at']}: It was satire.",
        "errors": [],
        "reason": "It was satire.",
        "retracted_at": change["recorded_at"],
        "seq": change["seq"],
    }
    assert get(client, detail("claims", world.held) + "?as_of=24")["id"] == str(world.held)
    assert get(client, detail("claims", world.held, "history"))["results"][0]["reason"] == (
        "It was satire."
    )
    publishing.restore("claims", world.held, reason="It was none.")
    assert get(client, detail("claims", world.held))["version"] == 3


def test_what_was_erased_is_451_at_every_moment(client: Client, world: World) -> None:
    publishing.retract([("claims", world.held)], reason="Asked to.")
    publishing.erase("claims", world.held, reason="A person is in danger.")
    for url in (detail("claims", world.held), detail("claims", world.held) + "?as_of=24",
                detail("claims", world.held, "history", 1)):  # fmt: skip
        answer = problem(client, url, 451)
        assert (answer["type"], answer["title"]) == ("/problems/erased/", "It was erased")
        assert "Blue holds" not in str(answer)
    assert b"Blue holds" not in client.get(detail("claims", world.held, "history")).content
    assert b"Blue holds" not in client.get("/api/v1/changes/?limit=200").content


def test_every_problem_has_its_page(client: Client, world: World) -> None:
    for slug in ("bad-parameter", "not-found", "retracted", "unavailable", "server-error"):
        answer = client.get(f"/problems/{slug}/")
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/plain; charset=utf-8"


# Errors.


def test_an_error_that_nobody_foresaw_is_a_problem(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("secret")

    monkeypatch.setattr(EventViewSet, "list", broken)
    client.raise_request_exception = False
    answer = client.get("/api/v1/events/")
    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Access-Control-Allow-Origin"] == "*"
    said = orjson.loads(answer.content)
    assert said["request_id"] == answer["X-Request-Id"]
    del said["request_id"]
    assert said == {
        "type": "/problems/server-error/",
        "title": "Something broke on our side",
        "status": 500,
        "detail": "Something broke on our side. It was logged; please report the request_id.",
        "errors": [],
    }


def test_a_database_that_is_down_is_503_with_a_time_to_retry(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("the database system is shutting down; password=hunter2")

    urls = addresses(world)
    for url in urls:
        with monkeypatch.context() as patch:
            patch.setattr(connection, "cursor", down)
            answer = client.get(url)
        assert (answer.status_code, answer["Retry-After"]) == (503, "2"), url
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["Cache-Control"] == "no-store"
        assert b"hunter2" not in answer.content
    assert client.get("/api/v1/schema/").status_code == 200


def test_a_problem_is_never_cached(client: Client, world: World) -> None:
    for url in ("/api/v1/events/?x=1", "/api/v1/nothing/", "/nothing/",
                detail("events", world.red)):  # fmt: skip
        answer = client.get(url)
        assert answer["Cache-Control"] == "no-store"
        assert "ETag" not in answer


# A closed instance.


def test_a_closed_instance_wants_a_key_on_every_path_to_data(
    client: Client, world: World, settings: Any
) -> None:
    urls = addresses(world)
    settings.CLOSED = True
    more = ["/api/v1/places/geonames:1001/", detail("events", factories.ident("x", "nobody"))]
    for url in (*urls, *more):
        for method in (client.get, client.head, client.options):
            with CaptureQueriesContext(connection) as captured:
                answer = method(url)
            assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer"), url
            assert answer["Cache-Control"] == "no-store"
            assert len(captured) == 0
    said = problem(client, "/api/v1/events/", 401)
    assert (said["type"], said["title"]) == (
        "/problems/needs-key/", "This instance is closed to anonymous reading",
    )  # fmt: skip
    for url in ("/api/v1/schema/", "/api/v1/docs/", "/api/v1/redoc/", "/problems/needs-key/"):
        assert client.get(url).status_code == 200


def test_a_closed_instance_answers_who_signed_in_and_no_cache_keeps_it(
    client: Client, world: World, settings: Any
) -> None:
    settings.CLOSED = True
    client.force_login(User.objects.create_user("reader"))
    for url in addresses(world):
        answer = client.get(url)
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "private, no-cache"
        assert "Cookie" in answer["Vary"]
        assert "Authorization" in answer["Vary"]
