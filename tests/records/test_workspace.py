"""The workspace: writing statements, marking edits, and what is said of a wrong statement."""

import pytest
from django.contrib.auth import get_user_model

from places.models import Place
from records import publishing, workspace
from records.models import Dataset, Origin
from records.registry import record_of
from tests.factories import DEFAULTS, ident, public, row, said, state

pytestmark = pytest.mark.django_db

OAK = {"name": "Oakford", "kind": "town"}


def test_rows_are_made_changed_and_left_alone():
    ids = [ident("places", name) for name in "abc"]
    first = workspace.apply("places", dict.fromkeys(ids[:2], OAK))
    assert (first.created, first.changed, first.unchanged) == (ids[:2], [], [])
    second = workspace.apply(
        "places", {ids[0]: OAK, ids[1]: OAK | {"kind": "village"}, ids[2]: OAK}
    )
    assert (second.created, second.changed, second.unchanged) == ([ids[2]], [ids[1]], [ids[0]])
    assert second.touched == [ids[2], ids[1]]


def test_a_row_that_says_the_same_keeps_its_state_and_its_instant(world):
    before = Place.objects.get(pk=world.oakford)
    workspace.apply("places", {world.oakford: said("places", world.oakford)})
    after = Place.objects.get(pk=world.oakford)
    assert (after.state, after.updated_at) == ("published", before.updated_at)


def test_members_that_are_left_out_take_their_defaults():
    row_id = row("sources")
    assert said("sources", row_id) == {
        "name": "Some voice",
        "kind": "unknown",
        "speaks_for": None,
        "independent": False,
        "country": None,
        "url": None,
        "reliability": {"value": "F", "reason": None, "at": None},
        "names": [],
        "codes": {},
        "other_codes": [],
        "dataset": None,
        "datasets": [],
    }


def test_many_rows_cost_as_many_queries_as_few(django_assert_max_num_queries):
    def count(prefix, number):
        statements = {
            ident("places", f"{prefix}{n}"): OAK
            | {"names": [{"name": f"{prefix}{n}"}], "codes": {"osm": f"{prefix}{n}"}}
            for n in range(number)
        }
        with django_assert_max_num_queries(50) as counted:
            workspace.apply("places", statements)
        return len(counted)

    assert count("few", 2) == count("many", 200)


def test_origins_are_kept_with_the_row():
    dataset = Dataset.objects.create(slug="lists", title="Lists")
    origins = [{"dataset": "lists", "external_id": "7"}]
    row_id = row("places", dataset="lists", datasets=origins)
    assert Place.objects.get(pk=row_id).dataset == dataset
    assert said("places", row_id)["datasets"] == origins
    workspace.apply("places", {row_id: OAK | {"dataset": "lists"}})
    assert not Origin.objects.exists()


def test_an_edited_row_is_a_draft_that_imports_leave_alone(world):
    curator = get_user_model().objects.create(username="anna")
    workspace.mark_edited(Place.objects.get(pk=world.oakford), user=curator)
    place = Place.objects.get(pk=world.oakford)
    assert (place.state, place.curated, place.updated_by) == ("draft", True, curator)


def test_an_edited_row_that_is_retracted_stays_retracted(world):
    place = public("places", "gone")
    publishing.retract([("places", place)], reason="It is gone.")
    workspace.mark_edited(Place.objects.get(pk=place))
    assert state("places", place) == "retracted"


def test_an_unknown_resource_is_named_with_those_that_are_known():
    with pytest.raises(LookupError, match="'towns' is no resource; known are places, actors"):
        workspace.apply("towns", {})


def problems(resource, **members):
    statement = DEFAULTS[resource] | members
    if resource == "claims":
        statement = {"claimant": str(ident("sources", "x")), "actor": str(ident("actors", "x")),
                     "citations": [{"document": str(ident("documents", "x")),
                                    "mode": "paraphrase"}]} | statement  # fmt: skip
    found = workspace.validate(resource, ident(resource, "tried"), statement)
    return [(".".join(map(str, path)), message) for path, message in found]


@pytest.mark.parametrize("resource", DEFAULTS)
def test_a_right_statement_has_no_problems(resource):
    assert problems(resource) == []


CITED = {"document": str(ident("documents", "x")), "mode": "paraphrase"}


@pytest.mark.parametrize(
    ("resource", "members", "path", "message"),
    [
        ("places", {"kind": "hamlet"}, "kind", "not a valid choice"),
        ("places", {"country": "Landia"}, "country", "two capital letters"),
        ("places", {"lat": 1.0}, "", "both latitude and longitude"),
        ("places", {"lat": 91.0, "lon": 0.0}, "", "-90 to 90"),
        ("places", {"name": "x" * 201}, "name", "at most 200"),
        ("places", {"names": [{"name": "a"}, {"name": "b", "kind": "nick"}]}, "names.1.kind",
         "not a valid choice"),
        ("places", {"names": [{"language": "en"}]}, "names.0.name", "cannot be null"),
        ("places", {"codes": {"Geo Names": "1"}}, "codes.Geo Names", "well_formed"),
        ("places", {"other_codes": [{"scheme": "X", "code": "1"}]}, "other_codes.0", "well_formed"),
        ("sources", {"reliability": {"value": "A"}}, "", "needs a reason and a date"),
        ("documents", {"published": "last year"}, "published", "last year"),
        ("documents", {"mentions": [{"span": [5, 2], "place": str(ident("places", "x")),
                                     "basis": "text"}]}, "mentions.0", "starts before it ends"),
        ("documents", {"mentions": [{"span": [1, 2], "basis": "text"}]}, "mentions.0",
         "one place, one actor or one source"),
        ("documents", {"text_sha256": "abc"}, "", "is_a_hash"),
        ("events", {"contexts": ["military", "gossip"]}, "contexts", "gossip"),
        ("events", {"when": {"edtf": "2022-13"}}, "when", "2022-13"),
        ("events", {"when": {"edtf": "2022", "precision": "unknown"}}, "when", "no edtf text"),
        ("claims", {"statement": "x" * 301}, "statement", "at most 300"),
        ("claims", {"kind": "quantity"}, "", "names its metric"),
        ("claims", {"quantity": {"metric": "killed", "low": 5, "best": 3}}, "", "low <= best"),
        ("claims", {"polarity": "unknown"}, "", "kind unknown alone"),
        ("claims", {"citations": [CITED | {"quote": "one two three four five six seven eight nine "
                                           "ten eleven"}]}, "citations.0", "ten words"),
        ("claims", {"citations": [CITED | {"spans": [[5, 2]]}]}, "citations.0", "in order"),
        ("claims", {"citations": [CITED | {"spans": [[1, 5]], "insertions": [[6, 7]]}]},
         "citations.0", "inside the spans"),
        ("claims", {"citations": [CITED | {"via": [{}]}]}, "citations.0.via.0",
         "where none is known, a source"),
        ("claims", {"relations": [{"kind": "contradicts", "claim": str(ident("claims", "y"))}]},
         "relations.0", "says how"),
    ],
)  # fmt: skip
def test_a_wrong_statement_is_told_where_and_why(resource, members, path, message):
    assert [(where, text) for where, text in problems(resource, **members) if message in text], (
        problems(resource, **members)
    )
    assert path in [where for where, _ in problems(resource, **members)]


def test_the_row_is_not_written_by_validating():
    problems("places")
    assert record_of("places").shape.read([ident("places", "tried")]) == {}
