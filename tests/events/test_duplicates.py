"""Rows that may be one: which pairs are proposed, which near misses are not, and asking once."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events import duplicates
from events.duplicates import RULES, ask, look_for, proposals, settled
from records import publishing
from records.models import Dataset, ReviewItem
from tests.factories import edit, ident, public, publish, row

pytestmark = pytest.mark.django_db


def found(resource, at_least=0.5, among=None):
    """The pairs that are proposed, each as two ids, with their proposals."""
    batches = proposals(resource, at_least=at_least, among=among)
    return {frozenset([p.row.id, p.other.id]): p for batch in batches for p in batch.proposals}


def score(resource, one, other):
    """The score of a pair; None where it is no candidate."""
    pair = found(resource, at_least=0).get(frozenset([one, other]))
    return pair and pair.score


def village(key, /, **members):
    said = {"name": "Novoselivka", "kind": "village", "country": "LA", "lat": 48.5, "lon": 30.0}
    return public("places", key, **said | members)


# Places.


def test_nothing_in_the_made_up_world_is_proposed(world):
    assert {resource: found(resource) for resource in RULES} == {resource: {} for resource in RULES}


def test_places_of_one_name_near_each_other_are_proposed_with_reasons(world):
    one = village("one", parent=world.northmark)
    two = village("two", parent=world.northmark, name="NOVOSELÍVKA", kind="settlement", lat=48.51)
    (proposal,) = found("places").values()
    assert {proposal.row.id, proposal.other.id} == {one, two}
    assert proposal.row.id > proposal.other.id
    assert proposal.score == 1.0
    assert proposal.reasons == ["one name", "1.1 km apart", "filed under one place"]
    assert proposal.sentence == (
        f"“{proposal.row.name}” and “{proposal.other.name}” may be one place: "
        "one name; 1.1 km apart; filed under one place."
    )


@pytest.mark.parametrize(
    "members",
    [
        {"lat": 49.5},
        {"lat": 49.5, "codes": {"geonames": "2"}},
        {"lat": 48.51, "codes": {"geonames": "2"}},
        {"lat": 48.6, "country": "LB"},
        {"kind": "river"},
        {"name": "Stepove"},
        {"name": "Novosilivka", "lat": 48.7},
    ],
    ids=["far", "far, own codes", "own codes", "abroad", "a river", "another name", "only alike"],
)
def test_places_that_only_share_something_are_two(world, members):
    village("one", codes={"geonames": "1"})
    village("two", **members)
    assert found("places") == {}


def test_the_same_pair_without_a_near_miss_is_proposed(world):
    one, two = village("one", codes={"geonames": "1"}), village("two", codes={"osm": "n2"})
    assert set(found("places")) == {frozenset([one, two])}


def test_neighbours_are_one_by_names_that_are_only_alike_or_sound_the_same(world):
    one = village("one", name="Krasnyi Lyman")
    alike = village("alike", name="Krasny Lymany", lat=48.52)
    sound = village("sound", name="Красный Лиман", lat=48.48)
    pairs = found("places")
    assert frozenset([one, alike]) in pairs
    assert pairs[frozenset([one, sound])].reasons[0] == "names that sound the same"


def test_a_village_filed_in_two_countries_is_one_where_it_lies_in_one_spot(world):
    one, two = village("one"), village("two", country="LB")
    assert set(found("places")) == {frozenset([one, two])}


def test_places_on_both_sides_of_the_antimeridian_are_near(world):
    one, two = village("one", lat=0.0, lon=179.99), village("two", lat=0.0, lon=-179.99,
                                                            name="Novoselivkа")  # fmt: skip
    assert found("places")[frozenset([one, two])].reasons[1] == "2.2 km apart"


def test_namesakes_without_a_position_are_told_apart_by_what_they_lie_in(world):
    nowhere = {"lat": None, "lon": None}
    one = village("one", **nowhere, parent=world.northmark)
    two = village("two", **nowhere, parent=world.southmark)
    assert score("places", one, two) == 0.4
    three = village("three", **nowhere, parent=world.landia)
    assert score("places", one, three) == score("places", two, three) == 0.6


def test_a_place_in_the_other_is_not_the_same(world):
    town = village("town", kind="town")
    village("quarter", kind="district", parent=town)
    assert found("places") == {}


def test_former_names_that_neither_is_shown_by_count_for_less(world):
    old = [{"name": "Leninske", "kind": "former"}]
    nowhere = {"lat": None, "lon": None}
    one = village("one", name="Kalynove", names=old, **nowhere)
    two = village("two", name="Vyshneve", names=old, **nowhere)
    three = village("three", name="Leninske", **nowhere)
    assert score("places", one, two) == 0.5
    assert score("places", one, three) == score("places", two, three) == 0.6


def test_a_row_is_compared_with_so_many_namesakes_the_nearest_first(world, monkeypatch):
    monkeypatch.setattr(duplicates, "NAMESAKES", 1)
    one = village("one")
    near = village("near", lat=48.6)
    village("farther", lat=48.7)
    assert set(found("places", among=[one], at_least=0)) == {frozenset([one, near])}


# Actors and sources.


def test_sources_of_one_name_kind_and_party_are_proposed(world):
    twin = public("sources", "twin", name="Red Spokesman", kind="spokesperson",
                  speaks_for=world.red)  # fmt: skip
    (proposal,) = found("sources").values()
    assert {proposal.row.id, proposal.other.id} == {twin, world.red_spokesman}
    assert (proposal.score, proposal.reasons) == (
        1.0, ["one name", "both of kind spokesperson", "one party"])  # fmt: skip


def test_another_kind_party_country_or_code_lowers_the_score_of_sources(world):
    def twin(**members):
        said = {"name": "The Paper", "kind": "news_outlet"}
        return score("sources", world.paper, public("sources", None, **said | members))

    assert twin() == 0.8
    assert twin(kind="ministry") == 0.5
    assert twin(country="LC") == 0.5
    assert twin(kind="ministry", country="LC") == 0.2
    assert twin(name="The Papers") is None
    red = {"name": "Red spokesman", "kind": "spokesperson", "speaks_for": world.blue}
    assert score("sources", world.red_spokesman, public("sources", **red)) == 0.4


def test_a_party_of_its_own_does_not_speak_against_a_second_row_for_it(world):
    twin = public("actors", "twin", name="RED", kind="state", party_reason="It is one.")
    assert found("actors")[frozenset([twin, world.red])].score == 0.8


def test_an_actor_under_its_namesake_and_one_of_another_party_are_two(world):
    public("actors", "part", name="Red", kind="state", parent=world.red)
    public("actors", "army", name="Red Army", kind="armed_force", parent=world.blue)
    assert found("actors") == {}


# Events.


def clash(key=None, /, actor=None, **members):
    said = {"type": "battle.clash", "title": "A clash", "when": "2022-09-05"}
    said |= {"place": ident("places", "ferry")}
    if actor:
        said["participants"] = [{"actor": actor, "role": "participant"}]
    return public("events", key, **said | members)


def test_events_of_one_type_time_and_place_are_proposed(world):
    one, two = clash(actor=world.red_army), clash(actor=world.red_army, title="The clash")
    (proposal,) = found("events").values()
    assert {proposal.row.id, proposal.other.id} == {one, two}
    assert proposal.score == 0.95
    assert proposal.reasons == ["both battle.clash", "possibly at one time", "in one place",
                                "participants in common", "titles alike to 50%"]  # fmt: skip


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"type": "battle"}, 0.7),
        ({"type": "battle.offensive"}, None),
        ({"when": "2022-09-08"}, 0.7),
        ({"when": "2022-09-09"}, None),
        ({"when": "2022-09"}, 0.7),
        ({"when": "2022"}, None),
        ({"when": None}, None),
        ({"place": ident("places", "landia")}, None),
        ({"place": None, "lat": 47.05, "lon": 36.0, "geo_precision": "exact"}, 0.8),
        ({"place": None, "lat": 47.15, "lon": 36.0, "geo_precision": "exact"}, None),
        ({"title": "Something else"}, 0.7),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_events_near_in_type_time_and_place_are_weighed(world, members, expected):
    where = {"place": None, "lat": 47.0, "lon": 36.0, "geo_precision": "exact"}
    one = clash(**where) if "lat" in members else clash()
    assert score("events", one, clash(**members)) == expected


def test_what_two_events_share_beside_type_time_and_place_decides(world):
    country = clash("country", place=world.landia)
    assert score("events", country, clash("country too", place=world.landia)) == 0.5
    red, blue = clash(actor=world.red_army), clash(actor=world.blue_army)
    assert score("events", red, blue) == 0.5
    acled = clash("acled", codes={"acled": "X1"})
    assert score("events", acled, clash("other", codes={"acled": "X2"})) == 0.2


def test_two_events_that_a_data_set_lists_are_two_to_it(world):
    Dataset.objects.create(slug="tally", title="A tally")
    one, two = (
        clash(name, dataset="tally", datasets=[{"dataset": "tally", "external_id": name}])
        for name in ("first", "second")
    )
    assert score("events", one, two) == 0.5


@pytest.mark.parametrize("kind", ["same_as", "part_of", "precedes"])
def test_linked_events_are_known_to_be_two(world, kind):
    one = clash("one")
    two = clash("two", relations=[{"kind": kind, "event": one}])
    assert score("events", one, two) is None


# Claims.


def claim(key=None, /, **members):
    said = {"statement": "Forty soldiers left the town of Oakford.", "kind": "occurrence",
            "claimant": ident("sources", "red_spokesman"), "said": "2022-10-01",
            "event": ident("events", "advance")}  # fmt: skip
    return public("claims", key, **said | members)


def test_claims_of_one_claimant_on_one_subject_are_proposed(world):
    one = claim("one")
    two = claim("two", statement="Forty soldiers have left Oakford.")
    (proposal,) = found("claims").values()
    assert {proposal.row.id, proposal.other.id} == {one, two}
    assert proposal.reasons[0] == "one claimant and subject"
    assert proposal.reasons[-1] == "possibly said at one time"


@pytest.mark.parametrize(
    "members",
    [
        {"claimant": ident("sources", "red_ministry")},
        {"event": ident("events", "withdrawal")},
        {"kind": "assessment"},
        {"polarity": "denied"},
        {"condition": "if it rains"},
        {"statement": "A bridge was blown up."},
        {"said": "2022-10-02"},
        {"holds": "2022-08"},
        {"places": [ident("places", "ferry")]},
        {"object_actor": ident("actors", "blue_army")},
    ],
    ids=lambda members: next(iter(members)),
)
def test_claims_that_differ_in_what_they_say_are_two(world, members):
    about = {"places": [world.oakford], "object_actor": world.red_army, "holds": "2022-09"}
    one = claim("one", **about)
    assert score("claims", one, claim("two", **about | members)) is None
    same = claim("same", **about)
    assert score("claims", one, same) == 0.8


def counted(best, **members):
    quantity = {"metric": "killed", "best": best, "unit": "soldiers", "approximator": "exact"}
    return claim(None, kind="quantity", quantity=quantity, **members)


def test_equal_figures_speak_for_a_pair_and_another_figure_is_a_revision(world):
    one = counted(40)
    assert score("claims", one, counted(40, statement="The dead number two score.")) >= 0.5
    assert score("claims", one, counted(41)) is None
    assert score("claims", one, counted(41, said="2022-10-05")) is None


@pytest.mark.parametrize("subject", ["places", "actor", "document"])
def test_claims_without_an_event_are_compared_by_what_they_are_about(world, subject):
    first, other = {
        "places": ([world.oakford], [world.ferry]),
        "actor": (world.red_army, world.blue_army),
        "document": (world.article, world.post),
    }[subject]
    none = {"event": None, "kind": "description"}
    one = claim("one", **none, **{subject: first})
    two = claim("two", **none, **{subject: first})
    claim("three", **none, **{subject: other})
    claim("four", kind="description", **{subject: first})
    assert set(found("claims")) == {frozenset([one, two])}


def test_a_narration_and_an_attributed_claim_are_less_likely_one(world):
    assert score("claims", claim(), claim(voice="narration")) == 0.6


@pytest.mark.parametrize(
    "kind", ["same_as", "repeats", "elaborates", "supersedes", "contradicts", "supports"]
)
def test_linked_claims_are_known_to_be_two(world, kind):
    one = claim("one")
    how = {"how": "wording"} if kind == "contradicts" else {}
    two = claim("two", relations=[{"kind": kind, "claim": one, **how}])
    assert score("claims", one, two) is None


# Asking.


@pytest.fixture
def twins(world):
    """Two rows for Oakford."""
    return world.oakford, public("places", "twin", name="Oakford", kind="city", country="LA",
                                 lat=48.51, lon=37.25)  # fmt: skip


def run(capsys, *options):
    call_command("find_duplicates", *options)
    return capsys.readouterr().out.splitlines()


def test_a_question_says_what_is_to_be_decided(twins):
    assert look_for("places", twins)[0] == 1
    item = ReviewItem.objects.get()
    later, earlier = sorted(twins, reverse=True)
    assert (item.kind, item.resource, item.object_id, item.member) == (
        "duplicate", "places", later, str(earlier))  # fmt: skip
    assert item.reason == "“Oakford” and “Oakford” may be one place: one name; 1.1 km apart."
    assert item.detail == {"other": str(earlier), "score": 0.9, "names": ["Oakford", "Oakford"],
                           "reasons": ["one name", "1.1 km apart"]}  # fmt: skip
    assert item.resolved_at is None


def test_a_pair_is_asked_about_once_whichever_of_the_two_is_looked_at(twins):
    one, other = twins
    assert look_for("places", [one])[0] == 1
    new, waiting = look_for("places", [other])
    assert (new, [item.pk for item in waiting]) == (0, [ReviewItem.objects.get().pk])


def test_a_pair_that_a_curator_settled_is_not_asked_about_again(twins):
    look_for("places", twins)
    ReviewItem.objects.update(resolved_at=timezone.now(), resolution="They are two.")
    assert look_for("places", twins) == (0, [])
    assert ReviewItem.objects.count() == 1


def test_a_question_that_was_asked_the_other_way_round_counts(twins):
    earlier, later = sorted(twins)
    ReviewItem.objects.create(kind="duplicate", resource="places", object_id=earlier,
                              member=str(later), reason="By hand.")  # fmt: skip
    new, waiting = look_for("places", twins)
    assert (new, [item.reason for item in waiting]) == (0, ["By hand."])


def test_a_pair_that_was_merged_and_parted_again_is_not_asked_about(twins):
    one, other = twins
    publishing.merge("places", other, one, reason="They are one.")
    assert found("places") == {}
    publishing.restore("places", other, reason="They are two.")
    assert len(found("places")) == 1
    assert look_for("places", twins) == (0, [])
    assert not ReviewItem.objects.exists()


def test_only_public_rows_are_compared(world):
    draft = row("places", "draft", name="Oakford", kind="town", country="LA")
    assert look_for("places", [draft, world.oakford]) == (0, [])
    publish(("places", draft))
    edit("places", draft, name="Another name")
    assert look_for("places", [draft])[0] == 1


@pytest.mark.parametrize("erased", [0, 1], ids=["the later", "the earlier"])
def test_what_is_erased_goes_from_the_questions_about_it(world, erased):
    pair = village("one"), village("two")
    assert look_for("places", pair)[0] == 1
    publishing.erase("places", sorted(pair, reverse=True)[erased], reason="A court order.")
    assert not ReviewItem.objects.exists()


def test_the_command_asks_and_says_so_in_a_line_a_pair(twins, capsys):
    later, earlier = sorted(twins, reverse=True)
    sentence = "“Oakford” and “Oakford” may be one place: one name; 1.1 km apart."
    assert run(capsys, "--resource", "places") == [
        f"0.90 places/{later} {earlier} {sentence}",
        "places: 6 looked at, 1 pair may be one, 1 asked about, 0 known already",
    ]
    assert ReviewItem.objects.count() == 1
    assert run(capsys, "--resource", "places") == [
        "places: 6 looked at, 1 pair may be one, 0 asked about, 1 known already"
    ]


def test_a_dry_run_prints_the_same_and_asks_nothing(twins, capsys):
    dry = run(capsys, "--dry-run")
    assert not ReviewItem.objects.exists()
    assert [line.replace("would be asked", "asked") for line in dry] == run(capsys)
    assert len(dry) == 1 + len(RULES)


def test_the_command_leaves_out_pairs_of_a_lower_score(twins, capsys):
    run(capsys, "--at-least", "0.91")
    assert not ReviewItem.objects.exists()
    run(capsys, "--at-least", "0.9", "--resource", "actors", "--resource", "places")
    assert ReviewItem.objects.count() == 1


@pytest.mark.parametrize(
    "options", [("--at-least", "2"), ("--at-least", "much"), ("--resource", "documents")]
)
def test_the_command_refuses_what_it_does_not_know(db, options):
    with pytest.raises(CommandError):
        call_command("find_duplicates", *options)


def test_a_run_that_was_ended_keeps_what_it_found_and_goes_on(world, capsys, monkeypatch):
    monkeypatch.setattr(duplicates, "BATCH", 2)
    for number in range(4):
        village(f"a{number}", lat=10.0 * number)
        village(f"b{number}", lat=10.0 * number)
    batches = proposals("places")
    first = next(batch for batch in batches if batch.proposals)
    asked, _ = ask("places", first.proposals)
    batches.close()
    assert len(asked) == len(first.proposals) == ReviewItem.objects.count() < 4
    call_command("find_duplicates", "--resource", "places")
    printed = capsys.readouterr()
    assert ReviewItem.objects.count() == 4
    assert f"4 pairs may be one, {4 - len(asked)} asked about" in printed.out
    assert "places: 2 of 13 looked at" in printed.err


def test_narrowed_to_rows_in_several_batches_a_pair_is_met_once(twins, monkeypatch):
    monkeypatch.setattr(duplicates, "BATCH", 1)
    met = [p for batch in proposals("places", among=twins) for p in batch.proposals]
    assert len(met) == 1
    assert list(settled("places", met)) == []


@pytest.mark.parametrize("resource", RULES)
def test_a_batch_takes_as_many_queries_for_ten_pairs_as_for_one(world, resource):
    # The ids twice (the second time there are none left), the candidates (places by two queries),
    # the versions, the similarity of texts where they are weighed.
    make = {
        "places": lambda n: village(f"v{n}"),
        "actors": lambda n: public("actors", f"a{n}", name="Someone"),
        "sources": lambda n: public("sources", f"s{n}", name="Some voice"),
        "events": lambda n: clash(f"e{n}"),
        "claims": lambda n: claim(f"c{n}"),
    }[resource]
    counts = []
    for size in (2, 5):
        for number in range(size):
            make(f"{size}.{number}")
        with CaptureQueriesContext(connection) as queries:
            assert len(found(resource)) >= size * (size - 1) / 2
        counts.append(len(queries))
    assert counts[0] == counts[1] == {"places": 5, "events": 5, "claims": 5}.get(resource, 4)
