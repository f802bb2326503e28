"""Finding: words and names in any spelling, best first, and the search over everything."""

from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from records import publishing
from records.models import Dataset
from tests import api_world, factories
from tests.api_world import get, ids, problem, wrong_parameters
from tests.factories import World, public
from tests.kept import Kept, kept_by


def publish_gazetteer() -> None:
    """Publish places with names in several languages and scripts, among them homonyms."""
    for region in ("East", "West"):
        public("places", region, name=f"{region} region", kind="admin1", country="LA")
    public("places", "milin", name="Milyn", parent=factories.ident("places", "East"), names=[
        {"name": "Милин", "language": "uk", "kind": "official"},
        {"name": "Krasny Milin", "language": "ru-Latn", "kind": "former", "until": "2016"},
        {"name": "Красний Милин", "language": "uk", "kind": "former", "until": "2016"},
    ])  # fmt: skip
    for region in ("East", "West"):
        public("places", f"{region} Zelen", name="Zelenivka", kind="village",
               parent=factories.ident("places", region))  # fmt: skip
    public("places", "severno", name="Syevyernodolsk", names=[
        {"name": "Сєвєрнодольськ", "language": "uk", "kind": "official"},
        {"name": "Севернодольск", "language": "ru", "kind": "exonym"},
    ])  # fmt: skip
    public("places", "stare", name="Stare", names=[{"name": "שׂדה", "language": "he"}])
    public("places", "chinese", name="Lishui", names=[{"name": "麗水", "language": "zh"}])
    public("places", "oslo", name="Ålesund")


kept_gazetteer = kept_by(publish_gazetteer)


@pytest.fixture
def gazetteer(db: None, kept_gazetteer: Kept[None]) -> None:
    """Places with names in several languages and scripts, among them homonyms of two regions."""
    kept_gazetteer.bring_back()


def named(client: Client, name: str, more: str = "") -> list[str]:
    answer = get(client, f"/api/v1/places/?name={quote(name)}{more}")
    return [place["name"] for place in answer["results"]]


@pytest.mark.parametrize(
    "spelling",
    [
        "Milyn",
        "Милин",
        "милин",
        "Krasny Milin",
        "Красный Милин",
        "KRASNYI MYLYN",
        "Milynn",
        "Mliyn",
    ],
)
def test_a_place_is_found_by_any_spelling_of_its_names(
    spelling: str, client: Client, gazetteer: None
) -> None:
    assert named(client, spelling)[0] == "Milyn"


@pytest.mark.parametrize(
    ("spelling", "found"),
    [
        ("Severnodolsk", "Syevyernodolsk"),
        ("Sievernodolsk", "Syevyernodolsk"),
        ("Сєверно-Дольск", "Syevyernodolsk"),
        ("Sevrnodolsk", "Syevyernodolsk"),
        ("שדה", "Stare"),
        ("麗水", "Lishui"),
        ("Alesund", "Ålesund"),
        ("A\N{COMBINING RING ABOVE}lesund", "Ålesund"),
        ("Alesnud", "Ålesund"),
    ],
)
def test_slips_accents_and_scripts_do_not_hide_a_place(
    spelling: str, found: str, client: Client, gazetteer: None
) -> None:
    assert named(client, spelling)[0] == found


def test_what_is_no_name_here_finds_nothing(client: Client, gazetteer: None) -> None:
    for name in ("Berlin", "Ouagadougou", "Zzz", "東京", "Paris"):
        assert named(client, name) == []


def test_homonyms_come_with_the_region_that_tells_them_apart(
    client: Client, gazetteer: None
) -> None:
    answer = get(client, "/api/v1/places/?name=Zelenivka&fields=name,kind,parent.name")
    found = sorted(answer["results"], key=lambda place: place["parent"]["name"])
    assert found == [
        {"name": "Zelenivka", "kind": "village", "parent": {"name": f"{region} region"}}
        for region in ("East", "West")
    ]
    east = factories.ident("places", "East")
    only = get(client, f"/api/v1/places/?name=Zelenivka&within={east}")
    assert [place["parent"]["id"] for place in only["results"]] == [str(east)]


def test_the_name_that_is_shown_goes_before_a_further_one_and_that_before_a_likeness(
    client: Client, db: None
) -> None:
    public("places", "likeness", name="Dolinske")
    public("places", "further", name="Aaa", names=[{"name": "Dolyna"}])
    public("places", "sound", name="Dolina")
    public("places", "shown", name="Dolyna")
    assert named(client, "dolyna") == ["Dolyna", "Aaa", "Dolina"]
    assert named(client, "dolyna", "&ordering=name") == ["Aaa", "Dolina", "Dolyna"]
    assert named(client, "dolyna", "&limit=2") == ["Dolyna", "Aaa"]
    # Where nothing is the same, what is alike is shown.
    assert named(client, "dolinsky")[0] == "Dolinske"
    # A part of a longer name is much alike.
    public("places", "longer", name="Upper Dolyna")
    assert named(client, "dolyna") == ["Dolyna", "Aaa", "Dolina", "Upper Dolyna"]


def test_a_name_is_found_as_it_was_at_a_moment(client: Client, db: None) -> None:
    place = public("places", "old", name="Oldname")
    before = factories.record("places", place).seq
    factories.republish("places", place, name="Newname")
    assert named(client, "oldname") == []
    assert named(client, "oldname", f"&as_of={before}") == ["Oldname"]
    assert named(client, "newname", f"&as_of={before}") == []
    publishing.retract([("places", place)], reason="It is not there.")
    assert named(client, "newname") == []


def test_actors_and_sources_are_found_by_name(client: Client, world: World) -> None:
    public("sources", "voice", name="Serhii Dibrova", names=[{"name": "Сергій Діброва"}])
    for spelling in ("Sergiy Dibrova", "Dibrova", "Діброва", "Serhij Dibrova"):
        (found, *_) = get(client, f"/api/v1/sources/?name={quote(spelling)}")["results"]
        assert found["name"] == "Serhii Dibrova"
    (army, *_) = get(client, "/api/v1/actors/?name=blue+army")["results"]
    assert army["id"] == str(world.blue_army)


def test_an_answer_by_relevance_is_one_page(client: Client, world: World) -> None:
    api_world.multiply("events", world.withdrawal, 60)
    for url in ("/api/v1/events/?q=withdrawal&ordering=relevance", "/api/v1/places/?name=oakford"):
        answer = get(client, url)
        assert (answer["next"], answer["previous"]) == (None, None)
        assert wrong_parameters(client, f"{url}&cursor=x") == ["cursor"]
    assert len(get(client, "/api/v1/events/?q=withdrawal&ordering=relevance")["results"]) == 50
    page = get(client, "/api/v1/events/?q=withdrawal&limit=20")
    assert len(page["results"]) == 20
    assert len(ids(get(client, page["next"]))) == 20
    for url in ("/api/v1/events/?ordering=relevance", "/api/v1/changes/?ordering=relevance"):
        assert wrong_parameters(client, url) == ["ordering"]


def test_relevance_puts_first_what_has_the_words_most(client: Client, world: World) -> None:
    public("events", "far", title="A bridge", summary="Somebody spoke of a tunnel.")
    public("events", "near", title="A tunnel", summary="The tunnel and no other tunnel.")
    answer = get(client, "/api/v1/events/?q=tunnel&ordering=relevance")
    assert [event["title"] for event in answer["results"]] == ["A tunnel", "A bridge"]


def say_in_languages() -> None:
    """Publish the made-up world, and claims in several languages."""
    world = factories.world()
    for statement in (
        "The ship is sunken.",
        "Корабли ушли.",
        "It has tall masts.",
        "Some 5,000 tons were lost.",
        "麗水在東。",
    ):
        public("claims", statement, claimant=world.paper, event=world.advance, statement=statement)


kept_sayings = kept_by(say_in_languages)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("sunken", ["The ship is sunken."]),
        ("ships", ["The ship is sunken."]),
        ("корабль", ["Корабли ушли."]),
        ("кораблей", ["Корабли ушли."]),
        ("“tall masts”", ["It has tall masts."]),
        ('"tall masts"', ["It has tall masts."]),
        ('"masts tall"', []),
        ("tall -masts", []),
        ("MÁSTS", ["It has tall masts."]),
        ("5000", ["Some 5,000 tons were lost."]),
        ("5,000 tons", ["Some 5,000 tons were lost."]),
        ("sunken or masts", ["It has tall masts.", "The ship is sunken."]),
        ("水", ["麗水在東。"]),
        ("麗水", ["麗水在東。"]),
        ("水麗", []),
    ],
)
def test_words_are_found_in_their_inflections(
    q: str, found: list[str], client: Client, db: None, kept_sayings: Kept[None]
) -> None:
    kept_sayings.bring_back()
    answer = get(client, f"/api/v1/claims/?q={quote(q)}")
    assert sorted(claim["statement"] for claim in answer["results"]) == found


@pytest.mark.parametrize("wrong", ["((", "…", "'", "%22%22", "-", "a" * 257, "%F0%9F%8C%8D"])
def test_what_has_no_word_or_too_many_is_refused(wrong: str, client: Client, db: None) -> None:
    for url in (f"/api/v1/places/?q={wrong}", f"/api/v1/places/?name={wrong}"):
        assert len(wrong_parameters(client, url)) == 1
    assert wrong_parameters(client, f"/api/v1/search/?q={wrong}") == ["q"]


def hold_the_hills() -> None:
    """Publish the made-up world, and two claims about a place."""
    world = factories.world()
    for what in ("hills", "river"):
        public("claims", what, claimant=world.red_spokesman, places=[world.oakford],
               statement=f"They hold the {what}.")  # fmt: skip


kept_holdings = kept_by(hold_the_hills)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("Dubove hills", ["hills"]),
        ("hills Dubove", ["hills"]),
        ("Дубове hills", ["hills"]),
        ("old Okford hills", []),
        ("Old Oakford hills", ["hills"]),
        ('"old oakford" hills', ["hills"]),
        ('"oakford old" hills', []),
        ("Dubove -hills", ["river"]),
        ("hills -Dubove", []),
        ('river -"Old Oakford"', []),
        ("Landia river", []),
        ("nowhere or river Dubove", ["river"]),
        ("the Red Spokesmen hills", []),
        ("Red spokesman hills", ["hills"]),
    ],
)
def test_a_name_in_any_spelling_stands_beside_other_words(
    q: str, found: list[str], client: Client, db: None, kept_holdings: Kept[None]
) -> None:
    kept_holdings.bring_back()
    answer = get(client, f"/api/v1/claims/?q={quote(q)}&kind=description")
    assert sorted(claim["statement"].split()[-1].strip(".") for claim in answer["results"]) == found


def test_operators_of_searches_are_words_like_others(client: Client, world: World) -> None:
    for strange in ("a & b | !c", "<->", "oakford:*", "(oakford", 'oakford"', "!oakford", "or or"):
        answer = client.get("/api/v1/claims/", {"q": strange})
        assert answer.status_code in (200, 400), (strange, answer.content)
    assert ids(get(client, "/api/v1/places/?q=oakford:*")) == [str(world.oakford)]


def test_a_search_shows_the_best_of_every_resource(client: Client, world: World) -> None:
    answer = get(client, f"/api/v1/search/?q={quote('Дубове')}&limit=20")
    assert list(answer) == ["q", "more", "results"]
    assert answer["q"] == "Дубове"
    found = {name: ids({"results": records}) for name, records in answer["results"].items()}
    assert found["places"] == [str(world.oakford)]
    assert (found["actors"], found["sources"]) == ([], [])
    assert found["documents"] == [str(world.article)]
    assert sorted(found["events"]) == sorted(map(str, (world.withdrawal, world.advance)))
    assert len(found["claims"]) == 6
    for name, url in answer["more"].items():
        assert sorted(ids(get(client, url))) == sorted(found[name])
    whole = get(client, api_world.detail("places", world.oakford))
    assert answer["results"]["places"] == [whole]


def test_a_search_takes_names_with_slips(client: Client, world: World) -> None:
    answer = get(client, "/api/v1/search/?q=okford&limit=1")
    assert ids({"results": answer["results"]["places"]}) == [str(world.oakford)]


def test_a_search_says_what_it_needs(client: Client, db: None) -> None:
    assert wrong_parameters(client, "/api/v1/search/") == ["q"]
    for wrong in ("0", "21", "x", "-1", "٣"):
        assert wrong_parameters(client, f"/api/v1/search/?q=a&limit={wrong}") == ["limit"]
    assert wrong_parameters(client, "/api/v1/search/?q=a&kind=town") == ["kind"]
    assert get(client, "/api/v1/search/?q=nothing")["results"] == {
        name: []
        for name in (
            "places",
            "actors",
            "sources",
            "documents",
            "events",
            "claims",
            "contradictions",
        )
    }


def test_a_search_costs_the_same_however_many_records_fit(client: Client, world: World) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            get(client, "/api/v1/search/?q=oakford")
        return len(captured)

    few = statements()
    for name in ("oakford", "withdrawal", "held", "article"):
        api_world.multiply(factories.RESOURCES[name], getattr(world, name), 30)
    # The newest number twice; what the words mean; by name and by words of each resource.
    assert statements() == few <= 17


def test_the_coverage_tells_what_was_read(client: Client, world: World) -> None:
    answer: dict[str, Any] = get(client, "/api/v1/coverage/")
    total = answer["total"]
    assert total["counts"] == {
        "places": 5, "actors": 4, "sources": 4, "documents": 2, "events": 2, "claims": 6,
        "contradictions": 1,
    }  # fmt: skip
    by_publisher = {p["source"]["name"]: p["documents"] for p in total["publishers"]}
    assert by_publisher == {"The Paper": 1, "Red spokesman": 1}
    by_party = {p["party"] and p["party"]["name"]: p["claims"] for p in total["parties"]}
    assert by_party == {"Red": 3, "Blue": 2, None: 1}
    assert (total["publishers_total"], total["parties_total"]) == (2, 2)
    assert total["period"] == {"earliest": "2022-09-01T00:00:00Z", "latest": "2022-10-02T00:00:00Z"}
    assert total["published"] == {
        "earliest": "2022-10-01T00:00:00Z", "latest": "2022-10-02T00:00:00Z",
    }  # fmt: skip
    assert total["last_seq"] == get(client, "/api/v1/")["seq"]
    assert answer["datasets"] == [total]
    assert problem(client, "/api/v1/coverage/?dataset=x")["errors"][0]["parameter"] == "dataset"


def test_the_coverage_of_nothing_is_nothing(client: Client, db: None) -> None:
    answer = get(client, "/api/v1/coverage/")
    assert answer["datasets"] == []
    assert answer["total"]["last_change"] is None
    assert set(answer["total"]["counts"].values()) == {0}
    assert get(client, "/api/v1/coverage/?as_of=0") == answer


def test_a_record_of_two_data_sets_counts_in_each_and_once_in_all(
    client: Client, world: World
) -> None:
    Dataset.objects.bulk_create(Dataset(slug=s, title=f"Set {s}") for s in ("one", "two"))
    origins = [{"dataset": slug, "external_id": "1"} for slug in ("one", "two")]
    factories.republish("places", world.oakford, dataset="one", datasets=origins)
    answer = get(client, "/api/v1/coverage/")
    counted = {one["dataset"]: one["counts"]["places"] for one in answer["datasets"]}
    assert counted == {"one": 1, "two": 1, None: 4}
    assert answer["total"]["counts"]["places"] == 5
    assert [one["title"] for one in answer["datasets"]] == ["Set one", "Set two", None]
