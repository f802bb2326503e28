"""Every list: its cost, its order, its parameters and its filters."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from records import publishing
from records.folding import fold
from records.models import Dataset
from tests import api_world, factories
from tests.api_world import Route, get, ids, lists, problem, record_lists, wrong_parameters
from tests.factories import World
from tests.kept import Kept, kept_by

every_list = pytest.mark.parametrize("route", lists(), ids=str)
every_record_list = pytest.mark.parametrize("route", record_lists(), ids=str)


def publish_fifty() -> World:
    """Publish the made-up world and fifty more of everything; many share each sort value."""
    world = factories.world()
    for name, resource in factories.RESOURCES.items():
        if name in ("ferry", "blue_army", "paper", "post", "advance", "held"):
            api_world.multiply(resource, getattr(world, name), 50)
    api_world.multiply("contradictions", world.dispute, 50)
    Dataset.objects.bulk_create(Dataset(slug=f"set-{n}", title="A set") for n in range(60))
    return world


kept_fifty = kept_by(publish_fifty)


@pytest.fixture
def fifty(db: None, kept_fifty: Kept[World]) -> World:
    """Fifty more of everything, of which many share each sort value."""
    return kept_fifty.bring_back()


def statements(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        get(client, url)
    return len(captured)


#: The newest number and its instant; the page. For data sets also how many records each has, for
#: changes also the records that they left. Filters that take references resolve them in one more.
STATEMENTS = {
    "place-list": 2,
    "actor-list": 2,
    "source-list": 2,
    "document-list": 2,
    "event-list": 2,
    "claim-list": 2,
    "contradiction-list": 2,
    "dataset-list": 3,
    "changes": 3,
}


@every_list
def test_a_list_costs_as_many_statements_for_fifty_rows_as_for_one(
    route: Route, client: Client, fifty: World
) -> None:
    url = reverse(route.name)
    one, many = statements(client, f"{url}?limit=1"), statements(client, f"{url}?limit=50")
    assert len(get(client, f"{url}?limit=50")["results"]) == 50
    assert one == many == STATEMENTS[route.name] <= 3


@every_record_list
def test_a_filtered_list_costs_three_statements(route: Route, client: Client, world: World) -> None:
    # The newest number; the references of all filters together; the page.
    query = f"related_to={world.oakford}&id=!{world.red}&code=!x:1&updated_since=2020"
    for given in route.view.filterset_class.base_filters:
        if given in ("place", "within", "party", "actor", "participant", "claimant"):
            query += f"&{given}={world.oakford},!geonames:1001"
    assert statements(client, f"{reverse(route.name)}?{query}") == 3


def sort_value(record: dict[str, Any], ordering: str) -> Any:
    value = record[{"name": "name", "slug": "slug"}.get(ordering, ordering)]
    if ordering == "name":
        return fold(value)
    if isinstance(value, dict):
        return value["earliest"] or value["latest"]
    return value


@every_list
def test_a_list_is_totally_ordered_and_what_has_no_value_comes_last(
    route: Route, client: Client, fifty: World
) -> None:
    api_world.multiply("events", factories.public("events", "undated", title="Undated"), 5)
    for ordering in getattr(route.view, "orderings", {}):
        for sign in ("", "-"):
            url = f"{reverse(route.name)}?ordering={sign}{ordering}&limit=200"
            records = get(client, url)["results"]
            assert len(records) > 50
            known = [r for r in records if sort_value(r, ordering) is not None]
            unknown = [r for r in records if sort_value(r, ordering) is None]
            assert records == known + unknown
            for part in (known, unknown):
                keys = [(sort_value(r, ordering), r.get("id", "")) for r in part]
                assert keys == sorted(keys, reverse=bool(sign)), url


@every_list
def test_the_default_ordering_is_the_documented_one(
    route: Route, client: Client, fifty: World
) -> None:
    default = {
        "place-list": "name", "actor-list": "name", "source-list": "name", "dataset-list": "slug",
        "document-list": "-published", "event-list": "-when", "claim-list": "-said",
        "contradiction-list": "-recorded_at", "changes": None,
    }[route.name]  # fmt: skip
    url = reverse(route.name)
    if default is None:
        numbers = [change["seq"] for change in get(client, f"{url}?limit=200")["results"]]
        assert numbers == sorted(numbers)
    else:
        given = get(client, f"{url}?ordering={default}")["results"]
        assert get(client, url)["results"] == given


def test_the_orderings_are_the_documented_ones() -> None:
    assert {route.name: list(getattr(route.view, "orderings", {})) for route in lists()} == {
        "place-list": ["name", "recorded_at"],
        "actor-list": ["name", "recorded_at"],
        "source-list": ["name", "recorded_at"],
        "document-list": ["published", "recorded_at"],
        "event-list": ["when", "recorded_at"],
        "claim-list": ["said", "recorded_at"],
        "contradiction-list": ["recorded_at"],
        "dataset-list": ["slug"],
        "changes": [],
    }


@every_list
def test_a_wrong_limit_is_refused(route: Route, client: Client, db: None) -> None:
    for limit in ("0", "-1", "201", "1e9", "abc", "1.0", "%2B5", "5+", "٥", "9" * 20):
        assert wrong_parameters(client, f"{reverse(route.name)}?limit={limit}") == ["limit"]


@every_list
def test_a_limit_is_one_to_two_hundred_and_fifty_by_default(
    route: Route, client: Client, fifty: World
) -> None:
    api_world.multiply("events", fifty.advance, 200)
    url = reverse(route.name)
    for limit in (1, 7, 50):
        assert len(get(client, f"{url}?limit={limit}")["results"]) == limit
    assert len(get(client, url)["results"]) == 50
    if route.name == "event-list":
        assert len(get(client, f"{url}?limit=200")["results"]) == 200


@every_list
def test_an_unknown_parameter_is_refused_by_name(route: Route, client: Client, db: None) -> None:
    url = f"{reverse(route.name)}?limit=5&sort=name&page=2"
    answer = problem(client, url)
    assert [error["parameter"] for error in answer["errors"]] == ["sort", "page"]
    assert "known are " in answer["errors"][0]["detail"]
    assert "limit" in answer["errors"][0]["detail"]


def parameters(route: Route) -> dict[str, bool]:
    """The parameters of a list, and whether each may be repeated."""
    known = dict.fromkeys(("limit", "cursor", "count", "format"), False)
    if route.resource:
        known |= {"fields": True, "expand": True}
    if hasattr(route.view, "orderings"):
        known["ordering"] = False
    if route.name != "dataset-list":
        known["as_of"] = False
    filters = getattr(route.view, "filterset_class", None)
    return known | {n: f.repeatable for n, f in filters.base_filters.items()} if filters else known


@every_list
def test_an_empty_parameter_is_refused_by_name(route: Route, client: Client, db: None) -> None:
    for name in parameters(route):
        for empty in ("", "+", "%20%09"):
            assert wrong_parameters(client, f"{reverse(route.name)}?{name}={empty}") == [name]


@every_list
def test_a_repeated_single_valued_parameter_is_refused_by_name(
    route: Route, client: Client, db: None
) -> None:
    values = {"limit": "5", "count": "exact", "format": "json", "ordering": "id", "as_of": "0"}
    for name, repeatable in parameters(route).items():
        if not repeatable:
            value = values.get(name, "true")
            url = f"{reverse(route.name)}?{name}={value}&{name}={value}"
            assert wrong_parameters(client, url) == [name]


@every_record_list
def test_an_unknown_ordering_is_refused_by_name(route: Route, client: Client, db: None) -> None:
    for wrong in ("id", "-id", "--name", "-", "name,id", "NAME", "-seq", "?"):
        answer = problem(client, f"{reverse(route.name)}?ordering={wrong}")
        assert [error["parameter"] for error in answer["errors"]] == ["ordering"]
        assert "recorded_at, -recorded_at" in answer["detail"]


@every_list
def test_a_count_is_there_only_if_it_is_asked_for(
    route: Route, client: Client, fifty: World
) -> None:
    url = reverse(route.name)
    assert list(get(client, url)) == ["next", "previous", "results"]
    exact = get(client, f"{url}?count=exact&limit=1")
    assert list(exact) == ["next", "previous", "count", "count_kind", "results"]
    whole = [r for page in api_world.walk(client, f"{url}?limit=200") for r in page["results"]]
    assert (exact["count"], exact["count_kind"]) == (len(whole), "exact")
    estimate = get(client, f"{url}?count=estimate&limit=1")
    assert isinstance(estimate["count"], int)
    assert estimate["count_kind"] == "estimate"
    second = get(client, exact["next"])
    assert second["count"] == exact["count"]
    assert wrong_parameters(client, f"{url}?count=true") == ["count"]


@every_record_list
def test_a_count_counts_what_the_filters_leave(route: Route, client: Client, world: World) -> None:
    url = f"{reverse(route.name)}?id={world.oakford},{world.red},{world.paper},{world.article},"
    url += f"{world.advance},{world.held},{world.dispute}&count="
    assert get(client, url + "exact")["count"] == 1
    for nothing in (f"related_to=x:1&count={kind}" for kind in ("exact", "estimate")):
        assert get(client, f"{reverse(route.name)}?{nothing}") == {
            "next": None,
            "previous": None,
            "count": 0,
            "count_kind": nothing.rpartition("=")[2],
            "results": [],
        }


@every_list
def test_an_empty_list_is_a_list(route: Route, client: Client, db: None) -> None:
    assert get(client, reverse(route.name)) == {"next": None, "previous": None, "results": []}


def test_no_event_and_no_claim_is_left_out_by_default(client: Client, world: World) -> None:
    for status in ("planned", "hypothetical", "negated"):
        factories.public("events", status, title=f"One that is {status}", status=status)
    factories.public(
        "claims", "denied", claimant=world.paper, event=world.advance, polarity="denied",
        condition="if it rains",
    )  # fmt: skip
    statuses = {event["status"] for event in get(client, "/api/v1/events/")["results"]}
    assert statuses == {"occurred", "claimed", "planned", "hypothetical", "negated"}
    (denied,) = get(client, "/api/v1/claims/?polarity=denied")["results"]
    assert denied["condition"] == "if it rains"
    assert get(client, "/api/v1/claims/?count=exact")["count"] == 6


# Filters.


def publish_story() -> dict[str, UUID]:
    """Publish the made-up world and, beside it, what some filters need; ids by name."""
    world = factories.world()
    Dataset.objects.bulk_create(Dataset(slug=slug, title=slug) for slug in ("story", "other"))
    homes = {"dataset": "story", "datasets": [{"dataset": "story", "external_id": "x"}]}
    for name in ("oakford", "red", "paper", "article", "withdrawal", "held"):
        factories.republish(factories.RESOURCES[name], getattr(world, name), **homes)
    made = {name: getattr(world, name) for name in factories.RESOURCES}

    def add(resource: str, name: str, /, **members: Any) -> None:
        made[name] = factories.public(resource, name, **members)

    add("places", "twin", name="Oakford town", kind="town", codes={"geonames": "1002"})
    add("actors", "twin_army", name="Red forces", kind="armed_force", codes={"wikidata": "Q2red"})
    publishing.merge("places", made["twin"], world.oakford, reason="The same town.")
    publishing.merge("actors", made["twin_army"], world.red_army, reason="The same army.")
    add("documents", "row", kind="dataset", title="A row", publisher=None)
    add("events", "plan", title="A plan", type="battle.clash", status="planned",
        relations=[{"kind": "part_of", "event": world.advance}])  # fmt: skip
    add("claims", "threat", claimant=world.red_ministry, event=made["plan"], kind="intention",
        condition="if they come", certainty="probable", polarity="denied",
        said={"edtf": None, "phrase": "one day"}, citations=[
            {"document": made["row"], "mode": "paraphrase", "locator": "row 7"}])  # fmt: skip
    made["dispute"] = world.dispute
    return made


kept_story = kept_by(publish_story)


@pytest.fixture
def story(db: None, kept_story: Kept[dict[str, UUID]]) -> dict[str, UUID]:
    """The made-up world and, beside it, what some filters need; ids by name."""
    return kept_story.bring_back()


#: For every filter: queries, and the names of what they leave.
FILTERS: dict[str, dict[str, dict[str, str]]] = {
    "places": {
        "q": {
            "q=oakford": "oakford",
            "q=Дубове": "oakford",
            "q=DUBOVE": "oakford",
            "q=old+oakford": "oakford",
            "q=landia": "landia",
            "q=northmark+or+ferry": "northmark ferry",
            "q=-oakford": "landia northmark southmark ferry",
            "q=nowhere": "",
        },
        "name": {
            "name=Oakford": "oakford",
            "name=дубово": "oakford",
            "name=okford": "oakford",
            "name=Dubove": "oakford",
            "name=Nörthmárk&limit=1": "northmark",
            "name=zanzibar": "",
            "name=Oakford,Ferry": "oakford",
        },
        "bbox": {
            "bbox=37,48,38,49": "oakford",
            "bbox=37.25,48.5,37.25,48.5": "oakford",
            "bbox=38,48,37,49": "",
            "bbox=37,-90,-170,90": "oakford",
        },
        "near": {"near=48.5,37.25&radius=1": "oakford", "near=-48.5,37.25&radius=100": ""},
        "radius": {"near=48,37&radius=55": "", "near=48,37&radius=60": "oakford"},
        "id": {
            "id={ferry}": "ferry",
            "id={ferry},{landia}": "landia ferry",
            "id=!{ferry}": "landia northmark southmark oakford",
            "id={red}": "",
        },
        "code": {
            "code=geonames:1001": "oakford",
            "code=geonames:1002": "oakford",
            "code=geonames:9,iso3166-1:LA": "landia",
            "code=!geonames:1001": "landia northmark southmark ferry",
        },
        "updated_since": {
            "updated_since=2020": "landia northmark southmark oakford ferry",
            "updated_since=2990-01-01T00:00:00Z": "",
        },
        "dataset": {
            "dataset=story": "oakford",
            "dataset=!story": "landia northmark southmark ferry",
            "dataset=unheard-of": "",
        },
        "related_to": {
            "related_to={landia}": "northmark southmark",
            "related_to=!{landia}": "landia oakford ferry",
            "related_to=geonames:1001": "",
        },
        "kind": {
            "kind=town": "oakford",
            "kind=town,village": "oakford ferry",
            "kind=town&kind=village": "oakford ferry",
            "kind=!admin1": "landia oakford ferry",
            "kind=!admin1,!country": "oakford ferry",
            "kind=!admin1&kind=!country": "oakford ferry",
            "kind=town,!town": "",
        },
        "country": {"country=LA": "landia northmark southmark oakford ferry", "country=ZZ": ""},
        "within": {
            "within={landia}": "landia northmark southmark oakford ferry",
            "within={northmark}": "northmark oakford",
            "within={northmark},{ferry}": "northmark oakford ferry",
            "within=iso3166-1:LA,!geonames:1001": "landia northmark southmark ferry",
            "within=!{northmark}": "landia southmark ferry",
            "within={twin}": "oakford",
            "within=geonames:1002": "oakford",
            "within=geonames:3": "",
            "within=!geonames:3": "landia northmark southmark oakford ferry",
            "within={landia}&ordering=-name": "southmark oakford northmark landia ferry",
        },
        "parent": {
            "parent={landia}": "northmark southmark",
            "parent=iso3166-1:LA": "northmark southmark",
            "parent=!iso3166-1:LA": "landia oakford ferry",
        },
    },
    "actors": {
        "q": {"q=army": "red_army blue_army", 'q="red army"': "red_army", "q=green": ""},
        "name": {"name=red+forces": "red_army", "name=green": ""},
        "kind": {"kind=state": "red blue", "kind=!state": "red_army blue_army"},
        "party": {
            "party=Red": "red red_army",
            "party={blue}": "blue blue_army",
            "party=Red,Blue": "red blue red_army blue_army",
            "party=!Red": "blue blue_army",
            "party=red": "",
            "party={red_army}": "",
        },
        "parent": {
            "parent={red}": "red_army",
            "parent={red},{blue}": "red_army blue_army",
            "parent=!{red}": "red blue blue_army",
            "parent={twin_army}": "",
        },
        "id": {"id={twin_army}": ""},
        "code": {"code=wikidata:Q1red": "red_army", "code=wikidata:Q2red": "red_army"},
        "updated_since": {"updated_since=2020-01": "red blue red_army blue_army"},
        "dataset": {"dataset=story,other": "red", "dataset=!story": "red_army blue blue_army"},
        "related_to": {"related_to={red}": "red_army"},
    },
    "sources": {
        "q": {"q=spokesman": "red_spokesman blue_spokesman", "q=paper": "paper", "q=green": ""},
        "name": {"name=the+papr": "paper", "name=green": ""},
        "kind": {
            "kind=spokesperson": "red_spokesman blue_spokesman",
            "kind=unheard_of": "",
            "kind=!spokesperson,!ministry": "paper",
        },
        "party": {
            "party=Red": "red_ministry red_spokesman",
            "party=!Red": "paper blue_spokesman",
        },
        "speaks_for": {
            "speaks_for={red}": "red_ministry",
            "speaks_for=wikidata:Q1red": "red_spokesman",
            "speaks_for={twin_army}": "red_spokesman",
            "speaks_for=wikidata:Q2red": "red_spokesman",
            "speaks_for=!wikidata:Q1red,!{red}": "paper blue_spokesman",
        },
        "country": {
            "country=LB": "paper",
            "country=!LB": "red_ministry red_spokesman blue_spokesman",
        },
        "reliability": {
            "reliability=B": "paper",
            "reliability=B,F": "paper red_ministry red_spokesman blue_spokesman",
        },
        "id": {"id={paper}": "paper"},
        "code": {"code=x:1": ""},
        "updated_since": {"updated_since=9998": ""},
        "dataset": {"dataset=story": "paper"},
        "related_to": {"related_to={red_army}": "red_spokesman"},
    },
    "documents": {
        "q": {
            "q=troop": "article",
            "q=Дубове": "article",
            "q=red+army": "article",
            "q=red+spokesman": "post",
            "q=nowhere": "",
        },
        "kind": {"kind=article": "article", "kind=!article,!dataset": "post"},
        "publisher": {
            "publisher={paper}": "article",
            "publisher=!{paper}": "post row",
        },
        "language": {"language=uk,en": "article post", "language=!uk": "article row"},
        "since": {
            "since=2022-10-01": "article post",
            "since=2022-10-01T12:31:00Z": "article",
            "since=2022-10-02": "",
            "since=2022-10-01T14:30:00%2B02:00": "article post",
        },
        "until": {
            "until=2022-10-01": "article post",
            "until=2022-10-01T12:00:00Z": "article",
            "until=2022-09": "",
            "since=2022&until=2022": "article post",
        },
        "certainly": {
            "since=2022-10-01T12:00:00Z&certainly=true": "post",
            "since=2022-10-01&until=2022-10-01&certainly=true": "article post",
            "until=2022-10-01T12:30:00Z&certainly=true": "",
            "until=2022-10-01T23:00:00Z&certainly=true": "post",
            "since=2022-10-01T12:00:00Z&certainly=false": "article post",
        },
        "undated": {
            "since=2022&undated=true": "article post row",
            "since=2023&undated=true": "row",
            "since=2023&until=2024&undated=true&certainly=true": "row",
            "since=2022&undated=false": "article post",
        },
        "has_text": {"has_text=false": "article post row", "has_text=true": ""},
        "place": {
            "place={oakford}": "article",
            "place=geonames:1002": "article",
            "place=!{twin}": "post row",
            "place={northmark}": "",
        },
        "actor": {"actor={red_army}": "article", "actor={red}": ""},
        "id": {"id=!{post}": "article row"},
        "code": {"code=x:1": ""},
        "updated_since": {"updated_since=2020": "article post row"},
        "dataset": {"dataset=story": "article"},
        "related_to": {
            "related_to={post}": "article",
            "related_to={red_army}": "article",
            "related_to={paper}": "article",
        },
    },
    "events": {
        "q": {
            "q=withdrawals": "withdrawal",
            "q=Дубове": "withdrawal advance",
            "q=ferry": "advance",
            'q="advance on"': "advance",
            "q=oakford+-withdrawal": "advance",
            "q=nowhere": "",
        },
        "bbox": {"bbox=37,48,38,49": "withdrawal", "bbox=0,0,1,1": ""},
        "near": {"near=48.5,37.25&radius=1": "withdrawal"},
        "radius": {"near=48,37&radius=55": "", "near=48,37&radius=60": "withdrawal"},
        "type": {
            "type=battle": "advance plan",
            "type=battle.clash": "plan",
            "type=territory,battle.clash": "withdrawal plan",
            "type=battle,!battle.clash": "advance",
            "type=!battle": "withdrawal",
        },
        "context": {
            "context=military": "withdrawal",
            "context=military,legal": "withdrawal",
            "context=!military": "advance plan",
        },
        "status": {
            "status=occurred,planned": "withdrawal plan",
            "status=!occurred": "advance plan",
        },
        "place": {
            "place={oakford}": "withdrawal advance",
            "place={ferry}": "advance",
            "place=!{ferry}": "withdrawal plan",
            "place={northmark}": "",
            "place=geonames:1001": "withdrawal advance",
        },
        "within": {
            "within={northmark}": "withdrawal advance",
            "within={southmark}": "advance",
            "within={southmark},{northmark}": "withdrawal advance",
            "within={northmark}&ordering=when": "advance withdrawal",
            "within=!{southmark}": "withdrawal plan",
            "within={northmark},!{southmark}": "withdrawal",
            "within={twin}": "withdrawal advance",
        },
        "since": {
            "since=2022-10-01": "withdrawal advance",
            "since=2022-10-01T23:59:59Z": "withdrawal advance",
            "since=2022-10-02": "",
        },
        "until": {
            "until=2022-09-30": "advance",
            "until=2022-08": "",
            "until=2022-10-01T00:00:00%2B03:00": "advance",
        },
        "certainly": {
            "since=2022-10&until=2022-10&certainly=true": "withdrawal",
            "since=2022-09&until=2022-10&certainly=true": "withdrawal advance",
        },
        "undated": {"since=2022-10-02&undated=true": "plan"},
        "participant": {
            "participant={red_army}": "withdrawal",
            "participant={red}": "withdrawal",
            "participant=wikidata:Q2red": "withdrawal",
            "participant=!{red}": "advance plan",
        },
        "party": {
            "party=Blue": "advance",
            "party=Blue,Red": "withdrawal advance",
            "party=!Blue": "withdrawal plan",
            "party={red}": "withdrawal",
            "party=wikidata:Q1red": "",
        },
        "claimant": {
            "claimant={paper}": "withdrawal",
            "claimant={red_ministry}": "withdrawal plan",
            "claimant=!{paper}": "advance plan",
            "claimant=x:1": "",
            "claimant=!x:1": "withdrawal advance plan",
        },
        "corroboration": {
            "corroboration=third_party": "withdrawal",
            "corroboration=uncorroborated": "",
            "corroboration=!third_party": "advance plan",
        },
        "contradicted": {
            "contradicted=true": "",
            "contradicted=false": "withdrawal advance plan",
        },
        "part_of": {"part_of={advance}": "plan", "part_of=!{advance}": "withdrawal advance"},
        "id": {"id={plan}": "plan"},
        "code": {"code=acled:LAN1": "withdrawal"},
        "updated_since": {"updated_since=2020": "withdrawal advance plan"},
        "dataset": {"dataset=story": "withdrawal"},
        "related_to": {
            "related_to={withdrawal}": "advance",
            "related_to=acled:LAN1": "advance",
            "related_to={announced}": "advance",
            "related_to={oakford}": "withdrawal advance",
        },
    },
    "claims": {
        "q": {
            "q=troop": "narrated announced counted",
            "q=redeployed": "announced",
            'q="better lines"': "announced",
            "q=if+they+come": "threat",
            "q=Дубове": "narrated announced repeated counted held denied",
            "q=Red+Ministry": "repeated denied threat",
            "q=500": "counted",
            "q=nowhere": "",
        },
        "kind": {"kind=quantity": "counted", "kind=!occurrence": "counted held denied threat"},
        "voice": {"voice=narration": "narrated"},
        "claimant": {
            "claimant={blue_spokesman}": "counted held",
            "claimant={paper},{red_spokesman}": "narrated announced",
            "claimant=!{blue_spokesman}": "narrated announced repeated denied threat",
        },
        "party": {
            "party=Red": "announced repeated denied threat",
            "party=!Red": "narrated counted held",
            "party={blue}": "counted held",
        },
        "event": {
            "event={withdrawal}": "narrated announced repeated counted",
            "event=acled:LAN1": "narrated announced repeated counted",
            "event=!{withdrawal}": "held denied threat",
        },
        "place": {
            "place={oakford}": "narrated announced repeated counted held denied",
            "place=!{oakford}": "threat",
        },
        "within": {
            "within={landia}": "narrated announced repeated counted held denied",
            "within={landia}&ordering=-said&limit=1": "denied",
            "within={southmark}": "",
            "within=!{northmark}": "threat",
        },
        "actor": {
            "actor={red_army}": "announced counted",
            "actor={red}": "repeated denied threat",
            "actor={twin_army}": "announced counted",
            "actor=!{red_army},!{red}": "narrated held",
        },
        "object_actor": {
            "object_actor={red_army}": "counted",
            "object_actor={blue},wikidata:Q2red": "counted held denied",
            "object_actor=!{blue}": "narrated announced repeated counted threat",
        },
        "document": {"document={post}": "held", "document=!{article}": "held threat"},
        "publisher": {
            "publisher={paper}": "narrated announced repeated counted denied",
            "publisher=!{paper}": "held threat",
        },
        "polarity": {"polarity=denied": "denied threat"},
        "certainty": {"certainty=probable,possible": "threat"},
        "evidence": {
            "evidence=!none_mentioned": "",
            "evidence=none_mentioned&kind=control": "held denied",
        },
        "interest": {"interest=against_interest": "announced"},
        "mode": {
            "mode=media_content,narration": "narrated held",
            "mode=!paraphrase": "narrated announced counted held",
        },
        "metric": {
            "metric=lost": "counted",
            "metric=!lost": "narrated announced repeated held denied threat",
            "metric=later_metric": "",
        },
        "control_status": {
            "control_status=controlled": "held denied",
            "control_status=!controlled": "narrated announced repeated counted threat",
        },
        "said_since": {
            "said_since=2022-10-02": "held denied",
            "said_since=2022": "narrated announced held denied",
        },
        "said_until": {
            "said_until=2022-10-01": "narrated announced",
            "said_since=2022-10-01&said_until=2022-10-02": "narrated announced held",
        },
        "before": {
            "before={held}": "narrated announced",
            "before={held}&voice=narration": "narrated",
            "before={announced}": "",
            "before={counted}": "",
            "before=x:1": "",
            "before={oakford}": "",
        },
        "after": {
            "after={announced}": "held denied",
            "after={announced}&before={held}": "",
            "after={held}": "denied",
            "after=x:1": "",
        },
        "holds_on": {
            "holds_on=2022-10-02": "held",
            "holds_on=2025": "held",
            "holds_on=2022-10-01": "",
        },
        "certainly": {
            "said_since=2022-10-01T06:00:00Z&certainly=true": "held denied",
            "holds_on=2022&certainly=true": "",
        },
        "undated": {
            "said_since=2022-10-02&undated=true": "repeated counted held denied threat",
        },
        "conditional": {
            "conditional=true": "threat",
            "conditional=false": "narrated announced repeated counted held denied",
        },
        "contradicted": {
            "contradicted=true": "held denied",
            "contradicted=false": "narrated announced repeated counted threat",
        },
        "corroboration": {
            "corroboration=third_party": "narrated announced repeated",
            "corroboration=!third_party": "counted held denied threat",
            "corroboration=cross_party": "",
        },
        "distinct": {
            "distinct=true": "narrated counted held denied threat",
            "distinct=true&claimant={red_ministry}": "repeated denied threat",
            "distinct=true&event={withdrawal}&voice=attributed": "repeated counted",
            "distinct=true&within={landia}": "narrated counted held denied",
            "distinct=false&event={withdrawal}": "narrated announced repeated counted",
        },
        "id": {"id={held},{counted}": "counted held"},
        "code": {"code=x:1": ""},
        "updated_since": {
            "updated_since=2020-01-01": "narrated announced repeated counted held denied threat"
        },
        "dataset": {"dataset=story": "held"},
        "related_to": {
            "related_to={announced}": "narrated repeated",
            "related_to={post}": "announced held",
            "related_to={red_army}": "counted",
            "related_to=!{article}": "held threat",
        },
    },
    "contradictions": {
        "q": {"q=does+not+hold": "dispute", "q=Дубове": "dispute", "q=nowhere": ""},
        "rule": {"rule=negation": "dispute", "rule=!negation": "", "rule=control": ""},
        "how": {"how=value": "", "how=!value": "dispute"},
        "party": {"party=Red": "dispute", "party={blue}": "dispute", "party=!Blue": ""},
        "claim": {"claim={held}": "dispute", "claim={denied}": "dispute", "claim={counted}": ""},
        "event": {"event={withdrawal}": "", "event=!{withdrawal}": "dispute"},
        "document": {"document={post}": "dispute", "document={article}": "dispute",
                     "document={row}": ""},
        "place": {"place={oakford}": "dispute", "place=geonames:1002": "dispute",
                  "place={ferry}": ""},
        "within": {"within={landia}": "dispute", "within={southmark}": "",
                   "within=!{northmark}": ""},
        "resolution": {"resolution=unresolved": "dispute", "resolution=!unresolved": ""},
        "since": {"since=2022-10-03": "dispute", "since=2022-10-04": "",
                  "since=2022-10-03&until=2022-10-03": "dispute"},
        "until": {"until=2022-10-02": "dispute", "until=2022-10-01": ""},
        "id": {"id={dispute}": "dispute", "id={held}": ""},
        "code": {"code=x:1": ""},
        "updated_since": {"updated_since=2020": "dispute"},
        "dataset": {"dataset=story": ""},
        "related_to": {"related_to={denied}": "dispute", "related_to={counted}": ""},
    },
}  # fmt: skip


@pytest.mark.parametrize("resource", FILTERS)
def test_every_filter_leaves_what_matches(
    resource: str, client: Client, story: dict[str, UUID]
) -> None:
    names = {str(object_id): name for name, object_id in story.items()}
    order = list(story)
    wrong = {}
    for queries in FILTERS[resource].values():
        for query, expected in queries.items():
            answer = get(client, f"/api/v1/{resource}/?{query.format_map(story)}")
            found = [names[object_id] for object_id in ids(answer)]
            if "ordering" not in query:
                found.sort(key=order.index)
            wanted = expected.split()
            if "ordering" not in query:
                wanted.sort(key=order.index)
            if found != wanted:
                wrong[query] = (found, wanted)
    assert wrong == {}


def test_every_filter_has_its_queries() -> None:
    for route in record_lists():
        assert set(route.view.filterset_class.base_filters) == set(FILTERS[route.resource])


SHARED = {"q", "id", "code", "updated_since", "dataset", "related_to"}


def test_the_filters_are_the_documented_ones() -> None:
    documented = {
        "places": "kind country within parent bbox near radius name",
        "actors": "kind party parent name",
        "sources": "kind party speaks_for country reliability name",
        "documents": "kind publisher language since until certainly undated has_text place actor",
        "events": "type context status place within bbox near radius since until certainly undated "
        "participant party claimant corroboration contradicted part_of",
        "claims": "kind voice claimant party event place within actor object_actor document "
        "publisher polarity certainty evidence interest mode metric control_status said_since "
        "said_until before after holds_on conditional distinct certainly undated contradicted "
        "corroboration",
        "contradictions": "rule how party claim event document place within resolution since until",
    }
    for route in record_lists():
        names = set(route.view.filterset_class.base_filters)
        assert names == SHARED | set(documented[route.resource].split())


def test_the_order_of_parameters_and_of_values_does_not_matter(
    client: Client, story: dict[str, UUID]
) -> None:
    one = get(client, "/api/v1/events/?type=battle,territory&status=!planned&since=2022&limit=1")
    two = get(client, "/api/v1/events/?limit=1&since=2022&type=territory,battle&status=!planned")
    assert one["results"] == two["results"]
    cursor = one["next"].partition("cursor=")[2]
    url = f"/api/v1/events/?cursor={cursor}&since=2022&status=!planned&type=battle,territory"
    assert get(client, url)["results"] == get(client, one["next"])["results"]


def test_blanks_around_values_are_no_part_of_them(client: Client, world: World) -> None:
    assert ids(get(client, "/api/v1/places/?kind=town,+village")) == [
        str(world.ferry), str(world.oakford),
    ]  # fmt: skip


def test_an_id_may_be_written_in_capitals(client: Client, world: World) -> None:
    upper = str(world.northmark).upper()
    assert ids(get(client, f"/api/v1/places/?parent={upper}")) == [str(world.oakford)]
    assert ids(get(client, f"/api/v1/places/?id={upper}")) == [str(world.northmark)]


def test_a_chain_of_merges_leads_a_filter_to_the_last_survivor(
    client: Client, world: World
) -> None:
    for name in ("first", "second", "third"):
        factories.public("places", name, name=name, codes={"x": name})
    steps = [factories.ident("places", name) for name in ("first", "second", "third")]
    for loser, survivor in zip(steps, [*steps[1:], world.oakford], strict=True):
        publishing.merge("places", loser, survivor, reason="The same.")
    expected = ids(get(client, f"/api/v1/claims/?within={world.oakford}"))
    assert len(expected) == 6
    for reference in (*steps, "x:first", "x:third"):
        assert ids(get(client, f"/api/v1/claims/?within={reference}")) == expected


def test_a_code_in_a_filter_means_its_holder_at_the_moment_asked_for(
    client: Client, world: World
) -> None:
    before = get(client, "/api/v1/")["seq"]
    factories.republish("places", world.oakford, codes={})
    factories.republish("places", world.ferry, codes={"geonames": "1001"})
    assert ids(get(client, "/api/v1/claims/?place=geonames:1001")) == []
    assert len(ids(get(client, f"/api/v1/claims/?place=geonames:1001&as_of={before}"))) == 6
    assert ids(get(client, "/api/v1/events/?place=geonames:1001")) == [str(world.advance)]


def test_a_party_in_a_filter_has_its_name_of_the_moment_asked_for(
    client: Client, world: World
) -> None:
    before = get(client, "/api/v1/")["seq"]
    factories.republish("actors", world.red, name="Crimson")
    assert ids(get(client, "/api/v1/actors/?party=Red")) == []
    assert len(ids(get(client, "/api/v1/actors/?party=Crimson"))) == 2
    assert len(ids(get(client, f"/api/v1/actors/?party=Red&as_of={before}"))) == 2


#: A query with a wrong value, and the parameter that has it.
WRONG = {
    "places": ["kind=city2", "kind=town,", "kind=!", "kind=!!town", "country=la", "country=LAX",
               "within=Oakford", "within=1", "parent=geonames", "parent=:1", "id=1", "id=x:1",
               "code=1001", "code=:1", "updated_since=yesterday", "dataset=a.b", "related_to=x"],
    "actors": ["kind=town", "parent=Red", "party=,", "party=!"],
    "sources": ["reliability=b", "reliability=G", "speaks_for=Red", "country=12"],
    "documents": ["has_text=yes", "has_text=1", "has_text=True", "language=u_k", "since=2022-13",
                  "since=22", "until=2022-02-30", "publisher=Paper", "certainly=true",
                  "undated=true"],
    "events": ["type=war", "type=battle.", "type=Battle", "context=sports", "status=Occurred",
               "since=2022-10-01T00:00:00", "until=2022-10-01T25:00:00Z",
               "certainly=maybe&since=2022", "participant=Red", "claimant=The+Paper", "part_of=x"],
    "claims": ["kind=", "voice=loud", "polarity=yes", "mode=quote", "metric=KILLED",
               "said_since=2022-10-01T00:00:00+02:00", "said_until=now", "holds_on=2022-W40",
               "conditional=true,false", "evidence=none", "interest=self-serving",
               "control_status=held", "document=a", "event=1e3", "before=x", "after=x:1,x:2",
               "before=!x:1", "object_actor=Q1"],
}  # fmt: skip


@pytest.mark.parametrize("resource", WRONG)
def test_a_wrong_value_is_refused_by_name(resource: str, client: Client, db: None) -> None:
    for query in WRONG[resource]:
        parameter = query.partition("=")[0]
        assert wrong_parameters(client, f"/api/v1/{resource}/?{query}") == [parameter]


def test_several_wrong_parameters_are_all_named(client: Client, world: World) -> None:
    url = "/api/v1/events/?type=war&status=done&since=then&party=Red"
    assert wrong_parameters(client, url) == ["type", "status", "since"]


def test_a_plus_that_was_not_escaped_is_explained(client: Client, world: World) -> None:
    for query in ("since=2022-10-01T00:00:00+02:00", "as_of=2022-10-01T00:00:00+02:00"):
        answer = problem(client, f"/api/v1/events/?{query}")
        assert "write + as %2B" in answer["errors"][0]["detail"]


def test_a_hundred_values_are_taken_and_one_more_is_not(client: Client, world: World) -> None:
    many = ",".join(str(factories.ident("x", str(n))) for n in range(99))
    assert ids(get(client, f"/api/v1/places/?id={many},{world.ferry}")) == [str(world.ferry)]
    answer = problem(client, f"/api/v1/places/?id={many},{world.ferry},{world.oakford}")
    assert answer["errors"] == [
        {"parameter": "id", "detail": "takes at most 100 values; 101 were given"}
    ]
