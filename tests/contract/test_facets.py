"""Facets: how many records have which values, under every filter, as of any moment."""

from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from records import publishing
from records.api import resource as record_views
from records.api.facets import several
from records.api.resource import RecordViewSet
from records.models import Dataset
from tests import api_world, factories
from tests.api_world import detail, get, problem, walk, wrong_parameters
from tests.factories import World
from tests.kept import Kept, kept_by

VIEWS: dict[str, type[RecordViewSet]] = {
    str(route.resource): route.view for route in api_world.record_lists()
}
#: The filter that takes a facet's values, where it has another name.
FILTER = {"type_prefix": "type"}


def facets(client: Client, resource: str, query: str) -> dict[str, Any]:
    return get(client, f"/api/v1/{resource}/facets/?{query}")


def counts(client: Client, resource: str, by: str, query: str = "") -> dict[str | None, int]:
    """What a facet counts, by value, where all values are told."""
    facet = facets(client, resource, f"by={by}&{query}".rstrip("&"))["facets"][by]
    assert facet["other"]["values"] == facet["other"]["count"] == 0
    return {told["value"]: told["count"] for told in facet["values"]}


def exact(client: Client, resource: str, query: str) -> int:
    return get(client, f"/api/v1/{resource}/?limit=1&count=exact&{query}")["count"]


def test_the_facets_are_the_documented_ones() -> None:
    documented = {
        "places": "kind country parent",
        "actors": "kind party parent",
        "sources": "kind party speaks_for country reliability",
        "documents": "kind publisher language has_text place actor",
        "events": "type type_prefix context status place participant party corroboration "
        "contradicted part_of",
        "claims": "kind voice claimant party event place actor object_actor document publisher "
        "polarity certainty evidence interest mode metric control_status conditional contradicted "
        "corroboration",
        "contradictions": "rule how party claim event document place resolution",
    }
    assert {resource: list(view().all_facets) for resource, view in VIEWS.items()} == {
        resource: [*names.split(), "dataset"] for resource, names in documented.items()
    }


# Whole answers.


def test_a_facet_counts_codes_and_what_has_none(client: Client, world: World) -> None:
    factories.public("places", "sea", name="The Sea", kind="river")
    assert facets(client, "places", "by=kind,country") == {
        "total": 6,
        "facets": {
            "kind": {
                "values": [
                    {"value": "admin1", "name": None, "count": 2},
                    {"value": "country", "name": None, "count": 1},
                    {"value": "river", "name": None, "count": 1},
                    {"value": "town", "name": None, "count": 1},
                    {"value": "village", "name": None, "count": 1},
                ],
                "other": {"values": 0, "count": 0},
            },
            "country": {
                "values": [
                    {"value": "LA", "name": None, "count": 5},
                    {"value": None, "name": None, "count": 1},
                ],
                "other": {"values": 0, "count": 0},
            },
        },
    }


def test_a_facet_of_claims_names_records_and_counts_citations(client: Client, world: World) -> None:
    factories.republish("claims", world.denied, citations=[
        {"document": world.article, "mode": "paraphrase", "spans": [[200, 240]]},
        {"document": world.post, "mode": "paraphrase", "locator": "its picture"},
    ])  # fmt: skip
    assert facets(client, "claims", "by=party&by=voice&voice=!narration") == {
        "total": 5,
        "facets": {
            "party": {
                "values": [
                    {"value": str(world.red), "name": "Red", "count": 3, "citations": 4},
                    {"value": str(world.blue), "name": "Blue", "count": 2, "citations": 2},
                ],
                "other": {"values": 0, "count": 0, "citations": 0},
            },
            "voice": {
                "values": [{"value": "attributed", "name": None, "count": 5, "citations": 6}],
                "other": {"values": 0, "count": 0, "citations": 0},
            },
        },
    }


def test_citations_beyond_a_hundred_are_counted_as_well(client: Client, world: World) -> None:
    told = 'He wrote of a "passage_sha256": and no more.'
    factories.public("claims", "famous", claimant=world.paper, actor=world.red, wording=told,
        statement=told, citations=[
            {"document": world.article, "mode": "paraphrase", "locator": f"line {n}"}
            for n in range(103)
        ])  # fmt: skip
    (value,) = facets(client, "claims", "by=kind&kind=description")["facets"]["kind"]["values"]
    assert value == {"value": "description", "name": None, "count": 1, "citations": 103}


def test_a_record_counts_under_each_of_its_values(client: Client, world: World) -> None:
    assert facets(client, "events", "by=place")["facets"]["place"]["values"] == [
        {"value": str(world.oakford), "name": "Oakford", "count": 2},
        {"value": str(world.ferry), "name": "Ferry", "count": 1},
    ]
    # With the actors above those that take part.
    assert counts(client, "events", "participant") == {
        str(actor): 1 for actor in (world.red, world.red_army, world.blue, world.blue_army)
    }
    assert counts(client, "events", "context") == {"military": 1, "territory": 1, None: 1}


def test_a_prefix_counts_all_types_below_it(client: Client, world: World) -> None:
    factories.public("events", "bare", type="battle", title="A battle")
    assert counts(client, "events", "type") == {
        "battle": 1, "battle.offensive": 1, "territory.withdrawal": 1,
    }  # fmt: skip
    assert counts(client, "events", "type_prefix") == {"battle": 2, "territory": 1}


def test_a_title_and_a_statement_name_their_records(client: Client, world: World) -> None:
    found = facets(client, "contradictions", "by=claim,document,event,rule")["facets"]
    assert {told["value"]: told["name"] for told in found["claim"]["values"]} == {
        str(world.held): "Blue holds the whole of Oakford.",
        str(world.denied): "Blue does not hold Oakford.",
    }
    assert {told["value"]: told["name"] for told in found["document"]["values"]} == {
        str(world.article): "Troops leave Oakford",
        str(world.post): None,
    }
    assert found["event"]["values"] == [{"value": None, "name": None, "count": 1}]
    assert found["rule"]["values"] == [{"value": "negation", "name": None, "count": 1}]


def test_a_hundred_values_are_told_and_the_rest_together(client: Client, world: World) -> None:
    claimants = [factories.row("sources", f"voice {n}", name=f"Voice {n}") for n in range(103)]
    said = [
        factories.row("claims", f"said {n}", claimant=claimant, actor=world.red)
        for n, claimant in enumerate([*claimants, claimants[100]])
    ]
    factories.publish(*(("sources", i) for i in claimants), *(("claims", i) for i in said))
    answer = facets(client, "claims", "by=claimant&kind=description")
    claimant = answer["facets"]["claimant"]
    assert answer["total"] == 104
    assert len(claimant["values"]) == 100
    assert claimant["values"][0] == {
        "value": str(claimants[100]), "name": "Voice 100", "count": 2, "citations": 2,
    }  # fmt: skip
    told = [told["value"] for told in claimant["values"][1:]]
    assert told == sorted(map(str, set(claimants) - {claimants[100]}))[:99]
    assert claimant["other"] == {"values": 3, "count": 3, "citations": 3}


def test_nothing_has_no_values(client: Client, world: World) -> None:
    nothing = {"values": [], "other": {"values": 0, "count": 0}}
    for query in ("id=" + str(world.red), "kind=town&kind=!town", f"within={world.red}"):
        answer = facets(client, "places", f"by=kind,parent&{query}")
        assert answer == {"total": 0, "facets": {"kind": nothing, "parent": nothing}}


# Against the list.


def publish_many() -> World:
    """Publish the made-up world with more of some of it, and rows that lack what others have."""
    world = factories.world()
    factories.public("events", "bare", title="Something")
    factories.public("claims", "bare", claimant=world.paper, actor=world.red)
    factories.public("documents", "bare", kind="video", title=None)
    factories.public("places", "bare", kind="road")
    factories.public("actors", "bare", parent=world.red)
    factories.public("sources", "bare", country="LA")
    for name, times in {"ferry": 3, "red_army": 2, "paper": 1, "post": 4, "advance": 5}.items():
        api_world.multiply(factories.RESOURCES[name], getattr(world, name), times)
    for name in ("held", "counted", "narrated"):
        api_world.multiply("claims", getattr(world, name), 2)
    api_world.multiply("contradictions", world.dispute, 3)
    return world


kept_many = kept_by(publish_many)


@pytest.fixture
def many(db: None, kept_many: Kept[World]) -> World:
    """The made-up world with more of some of it, and with rows that lack what others have."""
    return kept_many.bring_back()


@pytest.mark.parametrize("resource", VIEWS)
def test_every_facet_agrees_with_the_list_filtered_by_each_value(
    resource: str, client: Client, many: World
) -> None:
    total = exact(client, resource, "")
    for name, facet in VIEWS[resource]().all_facets.items():
        assert facets(client, resource, f"by={name}")["total"] == total
        found = counts(client, resource, name)
        taken = FILTER.get(name, name)
        for value, count in found.items():
            if value is not None:
                assert exact(client, resource, f"{taken}={value}") == count, (name, value)
        valued = [value for value in found if value is not None]
        if valued and not set(valued) <= {"true", "false"}:
            any_of = f"{taken}={','.join(valued)}"
            assert found.get(None, 0) == total - exact(client, resource, any_of), name
        if not several(VIEWS[resource].queryset.model, facet):
            assert sum(found.values()) == total


#: Where a record shows the values of a facet, for those that show them just so.
SHOWN: dict[str, dict[str, str]] = {
    "places": {"kind": "kind", "country": "country", "parent": "parent.id"},
    "actors": {"kind": "kind", "party": "party_id", "parent": "parent.id"},
    "sources": {
        "kind": "kind", "party": "party_id", "speaks_for": "speaks_for.id", "country": "country",
        "reliability": "reliability.value",
    },
    "documents": {"kind": "kind", "publisher": "publisher.id", "language": "language"},
    "events": {
        "type": "type.code", "status": "status", "context": "contexts",
        "corroboration": "corroboration.level",
    },
    "claims": {
        "kind": "kind", "voice": "voice", "claimant": "claimant.id", "party": "party_id",
        "event": "event.id", "object_actor": "object_actor.id", "polarity": "polarity",
        "certainty": "certainty", "evidence": "evidence", "interest": "interest",
        "metric": "quantity.metric", "control_status": "control_status",
        "corroboration": "corroboration.level",
    },
    "contradictions": {"rule": "rule", "how": "how", "resolution": "resolution"},
}  # fmt: skip


@pytest.mark.parametrize("resource", VIEWS)
def test_a_facet_agrees_with_what_the_listed_records_show(
    resource: str, client: Client, many: World
) -> None:
    pages = walk(client, f"/api/v1/{resource}/?limit=200")
    records = [record for page in pages for record in page["results"]]
    for name, path in SHOWN[resource].items():
        naive: dict[str | None, int] = {}
        for record in records:
            value: Any = record
            for part in path.split("."):
                value = None if value is None else value[part]
            for one in (value or [None]) if isinstance(value, list) else [value]:
                naive[one] = naive.get(one, 0) + 1
        assert counts(client, resource, name) == naive, name


@pytest.mark.parametrize("resource", VIEWS)
def test_all_facets_come_in_one_answer_as_they_come_alone(
    resource: str, client: Client, many: World
) -> None:
    names = list(VIEWS[resource]().all_facets)
    together = facets(client, resource, f"by={','.join(names)}")
    assert list(together["facets"]) == names
    for name in names:
        alone = facets(client, resource, f"by={name}")
        assert alone["facets"][name] == together["facets"][name], name
        # However it is found: with a filter that lets everything through.
        filtered = facets(client, resource, f"by={name}&updated_since=2000")
        assert filtered == alone


def test_filters_choose_what_is_counted_as_in_the_list(client: Client, many: World) -> None:
    for resource, queries in {
        "places": ["kind=town,village", f"within={many.southmark}", "name=oakford",
                   "bbox=36,48,38,49", "near=48.5,37.25&radius=10", "q=oakford"],
        "events": ["type=battle", f"within={many.landia}", "since=2022-10&certainly=true",
                   "until=2022-10&undated=true", f"claimant={many.paper}", "q=withdrawal"],
        "claims": [f"within={many.landia},{many.oakford}", "distinct=true", "party=Red,Blue",
                   f"after={many.announced}", f"before={many.denied}", "said_since=2022-10-02"],
        "contradictions": ["since=2022-10-01&until=2022-10", f"claim=!{many.held}"],
        "documents": [f"place={many.oakford}", "publisher=!x:1"],
    }.items():  # fmt: skip
        for query in queries:
            total = exact(client, resource, query)
            name = next(iter(VIEWS[resource]().all_facets))
            assert facets(client, resource, f"by={name}&{query}")["total"] == total, query
            assert sum(counts(client, resource, name, query).values()) == total, query


# Moments.


def test_facets_are_of_the_moment_that_is_asked_for(client: Client, world: World) -> None:
    before = get(client, "/api/v1/")["seq"]
    told = facets(client, "claims", "by=party,polarity")
    factories.republish("actors", world.red, name="Crimson")
    factories.republish("claims", world.denied, polarity="affirmed")
    publishing.retract([("claims", world.counted)], reason="It was not said.")
    now = facets(client, "claims", "by=party,polarity")
    assert facets(client, "claims", f"by=party,polarity&as_of={before}") == told
    assert [(v["name"], v["count"]) for v in told["facets"]["party"]["values"]] == [
        ("Red", 3), ("Blue", 2), (None, 1),
    ]  # fmt: skip
    assert [(v["name"], v["count"]) for v in now["facets"]["party"]["values"]] == [
        ("Crimson", 3), ("Blue", 1), (None, 1),
    ]  # fmt: skip
    assert counts(client, "claims", "polarity") == {"affirmed": 5}
    assert facets(client, "claims", "by=party&as_of=0")["total"] == 0


def test_what_is_published_between_the_queries_is_counted_or_not_as_a_whole(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, calls = record_views.count_facets, []

    def counted(*args: Any, **options: Any) -> Any:
        answer = count(*args, **options)
        if not calls:
            factories.public("places", "late", name="Late", kind="road")
        calls.append(answer)
        return answer

    monkeypatch.setattr(record_views, "count_facets", counted)
    answer = client.get("/api/v1/places/facets/?by=kind")
    assert answer["Dateline-Seq"] == "25"
    assert answer.json()["total"] == 6
    assert [found["total"] for found in calls] == [5, 6]


# Over HTTP.


def test_facets_have_a_tag_and_link_their_licences(client: Client, world: World) -> None:
    url = "/api/v1/claims/facets/?by=kind"
    answer = client.get(url)
    assert answer["Link"] == '<http://testserver/api/v1/datasets/>; rel="license"'
    assert (answer["Dateline-Seq"], answer["Content-Type"]) == ("24", "application/json")
    assert answer["Cache-Control"] == "public, no-cache"
    same = client.get(url, headers={"If-None-Match": answer["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    head = client.head(url)
    assert (head.status_code, head["ETag"], head.content) == (200, answer["ETag"], b"")
    options = client.options(url)
    assert (options.status_code, options["Allow"]) == (204, "GET, HEAD, OPTIONS")
    assert client.post(url).status_code == 405


def test_a_closed_instance_asks_for_a_key(client: Client, world: World, settings: Any) -> None:
    settings.CLOSED = True
    assert problem(client, "/api/v1/claims/facets/?by=kind", 401)["status"] == 401


def test_the_cost_in_statements_does_not_grow(client: Client, many: World) -> None:
    # The newest number; the references of the filters; all facets; the places, actors, sources,
    # events and documents that are named; the newest number again.
    names = ",".join(VIEWS["claims"]().all_facets)
    for query, statements in {
        "by=kind": 3,
        "by=claimant": 4,
        f"by={names}": 8,
        f"by={names}&within={many.oakford}": 9,
    }.items():
        with CaptureQueriesContext(connection) as captured:
            facets(client, "claims", query)
        assert len(captured) == statements, query


# What is refused.


def test_what_facets_do_not_take_is_refused_by_name(client: Client, world: World) -> None:
    of_others = [
        "limit", "cursor", "ordering", "fields", "expand", "count", "interval", "tz", "time", "x",
    ]  # fmt: skip
    for resource, name in product(VIEWS, of_others):
        url = f"/api/v1/{resource}/facets/?by=kind&{name}=1"
        assert wrong_parameters(client, url) == [name]
    for url, parameter in {
        "claims/facets/?by=kind&format=csv": "format",
        "claims/facets/?by=kind&type=battle": "type",
        "claims/facets/?by=kind&kind=war": "kind",
        "claims/facets/?by=kind&certainly=true": "certainly",
        "claims/facets/?by=kind&as_of=tomorrow": "as_of",
        "claims/facets/": "by",
        "claims/facets/?by=": "by",
        "claims/facets/?by=kind,": "by",
        "claims/facets/?by=Kind": "by",
        "claims/facets/?by=!kind": "by",
        "claims/facets/?by=kind&by=voice,kind": "by",
        "claims/facets/?by=type": "by",
    }.items():
        assert wrong_parameters(client, f"/api/v1/{url}") == [parameter], url


def test_the_error_says_what_is_known(client: Client, db: None) -> None:
    known = "known are kind, country, parent, dataset"
    assert problem(client, "/api/v1/places/facets/?by=size")["errors"] == [
        {"parameter": "by", "detail": f"'size' is not known here; {known}"}
    ]
    assert problem(client, "/api/v1/places/facets/")["errors"] == [
        {"parameter": "by", "detail": f"is missing: it says what to count by; {known}"}
    ]
    assert problem(client, "/api/v1/places/facets/?by=kind,kind")["errors"] == [
        {"parameter": "by", "detail": "names kind more than once"}
    ]


def test_facets_are_no_record(client: Client, world: World) -> None:
    assert client.get(detail("places", "facets")).status_code == 400  # the facets, without `by`
    assert client.get("/api/v1/places/facets/history/").status_code == 404


def test_a_data_set_is_a_value(client: Client, world: World) -> None:
    Dataset.objects.create(slug="story", title="A story")
    factories.public("places", "of a set", datasets=[{"dataset": "story", "external_id": "1"}])
    assert counts(client, "places", "dataset") == {None: 5, "story": 1}
