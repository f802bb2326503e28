"""Retracting, merging and undoing: tombstones, what moves, and the way back."""

import pytest

from records import edition, publishing
from records.models import Change, Dataset, Origin, Refresh
from records.publishing import MergeConflict, PublishError
from records.registry import record_of
from tests.factories import (
    body,
    edit,
    ident,
    public,
    publish,
    record,
    republish,
    row,
    said,
    state,
    versions,
)

pytestmark = pytest.mark.django_db


def newest(resource, row_id):
    return record_of(resource).objects.newest().get(object_id=row_id)


def picture(world, *more):
    """What every row says, and what every record says, but for its number and instant."""
    keys = [*world.objects, *more]
    counted = ("version", "seq", "recorded_at")
    return {
        key: (
            said(*key),
            state(*key),
            {k: v for k, v in body(*key).items() if k not in counted},
            record(*key).refs,
            record(*key).line,
        )
        for key in keys
    }


@pytest.fixture
def twin(world):
    """A second row for Oakford, with names, codes and an origin of its own, and used."""
    Dataset.objects.create(slug="gazetteer", title="A gazetteer")
    twin = public(
        "places", "twin", name="Oakfort", kind="town", parent=world.southmark, dataset="gazetteer",
        datasets=[{"dataset": "gazetteer", "external_id": "77"}],
        names=[{"name": "Oakford"}, {"name": "Fort Oak", "language": "en", "kind": "former"}],
        codes={"geonames": "2002", "osm": "r5"},
    )  # fmt: skip
    public("places", "yard", name="Yard", parent=twin)
    public("claims", "seen", claimant=world.paper, places=[twin, world.ferry])
    public("claims", "both", claimant=world.paper, places=[twin, world.oakford])
    public("events", "there", title="A clash there", place=twin,
           places=[{"place": twin}, {"place": world.oakford}])  # fmt: skip
    return twin


def used(twin):
    return [
        ("places", twin),
        ("places", ident("places", "yard")),
        ("claims", ident("claims", "seen")),
        ("claims", ident("claims", "both")),
        ("events", ident("events", "there")),
    ]


def test_a_retraction_leaves_a_tombstone_with_the_reason(world):
    change_set = publishing.retract([("claims", world.held)], reason="It was never said.")
    change = change_set.changes.get(object_id=world.held)
    assert (change.op, change.cause, change.version) == ("retract", "edit", 2)
    assert [(c.object_id, c.op, c.cause) for c in change_set.changes.all()] == [
        (world.dispute, "retract", "derived"),
        (world.held, "retract", "edit"),
        (world.denied, "modify", "derived"),
    ]
    tombstone = newest("claims", world.held)
    at = change_set.recorded_at.isoformat().replace("+00:00", "Z")
    assert (tombstone.live, tombstone.op) == (False, "retract")
    assert tombstone.body == (
        f'{{"id":"{world.held}","op":"retract","reason":"It was never said.","merged_into":null,'
        f'"version":2,"seq":{change.seq},"recorded_at":"{at}"}}'
    )
    assert not record_of("claims").objects.current().filter(object_id=world.held).exists()
    assert state("claims", world.held) == "retracted"


def test_a_reason_is_needed(world):
    for act in (
        lambda: publishing.retract([("claims", world.held)], reason=" "),
        lambda: publishing.merge("places", world.oakford, world.ferry, reason=""),
        lambda: publishing.restore("claims", world.held, reason=""),
        lambda: publishing.erase("claims", world.held, reason=""),
    ):
        with pytest.raises(ValueError, match="reason"):
            act()


def test_a_retracted_row_is_restored_by_a_further_version(world):
    before = picture(world)
    publishing.retract([("claims", world.held)], reason="It was never said.")
    change_set = publishing.restore("claims", world.held, reason="It was.")
    assert [(c.object_id, c.op, c.version) for c in change_set.changes.all()] == [
        (world.held, "add", 3),
        (world.denied, "modify", 3),
        (world.dispute, "add", 3),
    ]
    assert picture(world) == before


def test_restoring_brings_back_a_symmetric_link_on_both_sides(world):
    before = picture(world)
    publishing.retract([("claims", world.narrated)], reason="It was withdrawn.")
    publishing.restore("claims", world.narrated, reason="It was not.")
    assert picture(world) == before


def test_restoring_leaves_out_a_link_to_what_is_retracted(world):
    claims = [world.repeated, world.narrated, world.announced]
    edit("events", world.advance, relations=[])
    publish(("events", world.advance))
    publishing.retract([("claims", claim) for claim in claims], reason="All withdrawn.")
    publishing.restore("claims", world.narrated, reason="Not this one.")
    assert body("claims", world.narrated)["relations"] == []
    publishing.restore("claims", world.announced, reason="Nor this one.")
    assert len(body("claims", world.narrated)["relations"]) == 1


def test_an_event_is_restored_before_the_claims_that_support_it(world):
    edit("events", world.advance, relations=[])
    publish(("events", world.advance))
    claims = [
        ("claims", c) for c in (world.narrated, world.announced, world.repeated, world.counted)
    ]
    publishing.retract([("events", world.withdrawal), *claims], reason="A mistake.")
    publishing.restore("events", world.withdrawal, reason="It was none.")
    assert body("events", world.withdrawal)["status"] == "occurred"
    assert publishing.restore("claims", world.narrated, reason="It was none.")


def test_what_is_public_never_was_or_is_unknown_is_not_restored(world):
    for row_id, why in ((world.oakford, "is public"), (row("places"), "was never public"),
                        (ident("places", "nobody"), "was never public")):  # fmt: skip
        with pytest.raises(PublishError, match=why):
            publishing.restore("places", row_id, reason="Why not.")


def test_a_row_is_not_restored_while_what_it_refers_to_is_gone(world):
    publishing.retract([("claims", world.held)], reason="It was never said.")
    ghost = public("places", "ghost", name="Ghost town")
    lost = public("claims", "lost", claimant=world.paper, places=[ghost])
    publishing.retract([("claims", lost), ("places", ghost)], reason="Neither is real.")
    with pytest.raises(PublishError, match="which is not public"):
        publishing.restore("claims", lost, reason="It is.")
    assert state("claims", lost) == "retracted"


def test_a_row_that_is_restored_refers_to_what_its_places_were_merged_into(world, twin):
    seen = ident("claims", "seen")
    publishing.retract([("claims", seen)], reason="A mistake.")
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    publishing.restore("claims", seen, reason="It was none.")
    places = {place["name"] for place in body("claims", seen)["places"]}
    assert places == {"Oakford", "Ferry"}
    assert said("claims", seen)["places"] == sorted([str(world.oakford), str(world.ferry)])


def test_retracting_frees_a_code_and_restoring_asks_for_it_back(world):
    old = public("places", "old", codes={"osm": "r9"})
    publishing.retract([("places", old)], reason="It is gone.")
    new = public("places", "new", codes={"osm": "r9"})
    with pytest.raises(PublishError, match=f"its code osm:r9 belongs to places/{new} now"):
        publishing.restore("places", old, reason="It is back.")
    assert state("places", old) == "retracted"
    republish("places", new, codes={})
    publishing.restore("places", old, reason="It is back.")
    assert body("places", old)["codes"] == {"osm": "r9"}


def test_editing_a_retracted_row_does_not_take_its_code_again(world):
    old = public("places", "old", codes={"osm": "r9"})
    publishing.retract([("places", old)], reason="It is gone.")
    public("places", "new", codes={"osm": "r9"})
    edit("places", old, codes={"osm": "r9", "wikidata": "Q9"})
    assert state("places", old) == "retracted"


def test_a_merge_retracts_the_loser_and_leads_to_the_survivor(world, twin):
    change_set = publishing.merge("places", twin, world.oakford, reason="They are one.")
    tombstone = newest("places", twin)
    assert (tombstone.op, tombstone.live, tombstone.merged_into) == ("merge", False, world.oakford)
    assert f'"merged_into":"{world.oakford}"' in tombstone.body
    assert state("places", twin) == "retracted"
    assert record_of("places").shape.model.objects.get(pk=twin).merged_into_id == world.oakford
    causes = dict(change_set.changes.values_list("object_id", "cause"))
    assert causes[twin] == causes[world.oakford] == "merge"
    assert causes[ident("claims", "seen")] == "reference"


def test_a_merge_moves_names_codes_and_origins(world, twin):
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    expected = {
        "name": "Oakford",
        "names": [
            {"name": "Fort Oak", "language": "en", "kind": "former", "since": None, "until": None},
            {"name": "Oakfort", "language": None, "kind": "alias", "since": None, "until": None},
            {
                "name": "Old Oakford",
                "language": None,
                "kind": "former",
                "since": None,
                "until": "1999",
            },
            {"name": "Дубове", "language": "uk", "kind": "official", "since": None, "until": None},
        ],
        "codes": {"geonames": "1001", "osm": "r5"},
        "other_codes": [{"scheme": "geonames", "code": "2002"}],
        "dataset": None,
        "datasets": [{"dataset": "gazetteer", "external_id": "77"}],
    }
    for statement in (body("places", world.oakford), said("places", world.oakford)):
        assert {key: statement[key] for key in expected} == expected
    assert record("places", world.oakford).codes == ["geonames:1001", "osm:r5", "geonames:2002"]
    assert Origin.objects.get().object_id == world.oakford


def test_a_merge_turns_every_reference_in_public_and_in_the_workspace(world, twin):
    draft = row("claims", "draft", claimant=world.paper, places=[twin])
    edit("claims", ident("claims", "seen"), statement="An unapproved statement.")
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    oakford = str(world.oakford)
    assert said("claims", draft)["places"] == [oakford]
    assert state("claims", draft) == "draft"
    seen = ident("claims", "seen")
    assert said("claims", seen)["statement"] == "An unapproved statement."
    assert oakford in said("claims", seen)["places"]
    assert body("claims", seen)["statement"] == "Something was so."
    assert {place["name"] for place in body("claims", seen)["places"]} == {"Oakford", "Ferry"}
    assert [a["name"] for a in body("places", ident("places", "yard"))["ancestors"]] == [
        "Oakford", "Northmark", "Landia"]  # fmt: skip
    for claim in (body("claims", ident("claims", "both")),):
        assert [place["id"] for place in claim["places"]] == [oakford]
    event = body("events", ident("events", "there"))
    assert [e["place"]["name"] for e in event["places"]] == ["Oakford"]
    assert twin not in record("events", ident("events", "there")).refs
    assert twin not in record("events", ident("events", "there")).line


def test_a_merge_keeps_the_draft_of_the_survivor(world, twin):
    edit("places", world.oakford, name="An unapproved name")
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    assert state("places", world.oakford) == "draft"
    assert said("places", world.oakford)["name"] == "An unapproved name"
    assert said("places", world.oakford)["codes"] == {"geonames": "1001", "osm": "r5"}
    assert body("places", world.oakford)["name"] == "Oakford"


def test_a_merge_undone_leaves_everything_as_it_was(world, twin):
    edit("claims", ident("claims", "seen"), statement="An unapproved statement.")
    edit("events", world.advance, title="An unapproved title", places=[{"place": twin}])
    row("claims", "draft", claimant=world.paper, places=[twin])
    drafted = ("claims", ident("claims", "draft"))
    before, draft = picture(world, *used(twin)), said(*drafted)
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    assert picture(world) != {key: before[key] for key in world.objects}
    change_set = publishing.restore("places", twin, reason="They are two.")
    assert picture(world, *used(twin)) == before
    assert said(*drafted) == draft
    assert state(*drafted) == "draft"
    assert set(change_set.changes.values_list("cause", flat=True)) <= {"merge", "reference"}
    assert record_of("places").shape.model.objects.get(pk=twin).merged_into_id is None
    assert publish(*world.objects[:3], ("places", twin)) is None


def test_a_merge_of_drafts_is_undone_with_their_edits(world, twin):
    edit("places", world.oakford, name="An unapproved name")
    edit("places", twin, names=[{"name": "An unapproved alias"}])
    before = picture(world, *used(twin))
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    publishing.restore("places", twin, reason="They are two.")
    assert picture(world, *used(twin)) == before


def test_undoing_a_merge_keeps_what_was_edited_since_and_not_published(world, twin):
    seen = ident("claims", "seen")
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    edit("claims", seen, statement="An unapproved statement.")
    publishing.restore("places", twin, reason="They are two.")
    assert said("claims", seen)["statement"] == "An unapproved statement."
    assert str(twin) in said("claims", seen)["places"]
    assert str(twin) in str(body("claims", seen)["places"])


def test_a_merge_is_not_undone_once_what_it_moved_was_published_anew(world, twin):
    seen = ident("claims", "seen")
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    republish("claims", seen, statement="Something else was so.")
    republish("places", world.oakford, lat=1.0)
    before = Change.objects.count()
    with pytest.raises(MergeConflict) as refused:
        publishing.restore("places", twin, reason="They are two.")
    assert {str(problem) for problem in refused.value.problems} == {
        f"claims/{seen}: has been published anew since the merge",
        f"places/{world.oakford}: has been published anew since the merge",
    }
    assert Change.objects.count() == before
    assert state("places", twin) == "retracted"


def test_a_merge_is_undone_though_what_it_moved_followed_a_rename_since(world, twin):
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    republish("places", world.northmark, name="New Northmark")
    republish("sources", world.paper, name="The New Paper")
    publishing.restore("places", twin, reason="They are two.")
    assert body("claims", ident("claims", "seen"))["claimant"]["name"] == "The New Paper"
    assert {p["name"] for p in body("claims", ident("claims", "seen"))["places"]} == {
        "Oakfort", "Ferry"}  # fmt: skip


def test_a_chain_of_merges_is_followed_and_undone_from_its_end(world, twin):
    before = picture(world, *used(twin))
    third = public("places", "third", name="Third")
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    between = picture(world)
    publishing.merge("places", world.oakford, third, reason="They are one, too.")
    assert {p["name"] for p in body("claims", ident("claims", "seen"))["places"]} == {
        "Third", "Ferry"}  # fmt: skip
    with pytest.raises(MergeConflict):
        publishing.restore("places", twin, reason="They are two.")
    publishing.restore("places", world.oakford, reason="They are two.")
    assert picture(world) == between
    publishing.restore("places", twin, reason="They are two.")
    assert picture(world, *used(twin)) == before


def test_a_merge_with_a_large_fan_out_is_undone_before_and_after_the_queue(
    world, twin, monkeypatch
):
    before = picture(world, *used(twin))
    monkeypatch.setattr(edition, "FOLLOWERS", 1)
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    assert Refresh.objects.exists()
    publishing.restore("places", twin, reason="They are two.")
    while publishing.refresh():
        pass
    assert picture(world, *used(twin)) == before
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    while publishing.refresh():
        pass
    assert not record_of("claims").objects.current().referring_to(twin).exists()
    publishing.restore("places", twin, reason="They are two.")
    while publishing.refresh():
        pass
    assert picture(world, *used(twin)) == before


def test_a_merge_of_claims_moves_citations_and_symmetric_links(world):
    edit("claims", world.repeated, relations=[
        {"kind": "contradicts", "claim": world.counted, "how": "scope"},
        {"kind": "same_as", "claim": world.announced}])  # fmt: skip
    publish(("claims", world.repeated))
    before = picture(world)
    publishing.merge("claims", world.repeated, world.announced, reason="One and the same.")
    kinds = {(r["kind"], r["claim"]["id"]) for r in body("claims", world.announced)["relations"]}
    assert kinds == {("same_as", str(world.narrated)), ("contradicts", str(world.counted))}
    assert [r["claim"]["id"] for r in body("claims", world.counted)["relations"]] == [
        str(world.announced)]  # fmt: skip
    assert [c["mode"] for c in body("claims", world.announced)["citations"]] == [
        "mixed", "paraphrase"]  # fmt: skip
    for claim in (world.announced, world.counted, world.narrated):
        shown, row_says = body("claims", claim)["relations"], said("claims", claim)["relations"]
        assert [(r["kind"], r["claim"]["id"], r["how"]) for r in shown] == [
            (r["kind"], r["claim"], r["how"]) for r in row_says]  # fmt: skip
    publishing.restore("claims", world.repeated, reason="Two after all.")
    assert picture(world) == before


def test_where_two_links_become_one_the_survivors_stays(world):
    edit("claims", world.narrated, relations=[
        {"kind": "contradicts", "claim": world.held, "how": "scope"}])  # fmt: skip
    edit("claims", world.counted, relations=[
        {"kind": "contradicts", "claim": world.held, "how": "value"}])  # fmt: skip
    publish(("claims", world.narrated), ("claims", world.counted))
    before = picture(world)
    publishing.merge("claims", world.narrated, world.counted, reason="One and the same.")
    for claim in (world.held, world.counted):
        assert [r["how"] for r in body("claims", claim)["relations"]] == ["value"]
        assert [r["how"] for r in said("claims", claim)["relations"]] == ["value"]
    publishing.restore("claims", world.narrated, reason="Two after all.")
    assert picture(world) == before


def test_two_citations_of_one_passage_stay_two_when_their_documents_are_merged(world):
    copy = public("documents", "copy", title="A copy")
    span = {"mode": "paraphrase", "spans": [[1, 5]]}
    claim = public("claims", "twice", claimant=world.paper, places=[world.ferry], citations=[
        span | {"document": world.post, "quote": "one"},
        span | {"document": copy, "quote": "two"}])  # fmt: skip
    publishing.merge("documents", copy, world.post, reason="They are one.")
    assert [c["quote"] for c in body("claims", claim)["citations"]] == ["one", "two"]
    assert [c["quote"] for c in said("claims", claim)["citations"]] == ["one", "two"]


@pytest.mark.parametrize("resource", ["actors", "sources", "documents", "events"])
def test_rows_of_every_resource_are_merged_and_parted(world, resource):
    loser, winner = {
        "actors": (world.blue_army, world.red_army),
        "sources": (world.blue_spokesman, world.red_ministry),
        "documents": (world.post, world.article),
        "events": (world.advance, world.withdrawal),
    }[resource]
    if resource == "documents":
        edit("documents", world.article, relations=[])
        publish(("documents", world.article))
    before = picture(world)
    publishing.merge(resource, loser, winner, reason="They are one.")
    for name in ("places", "actors", "sources", "documents", "events", "claims"):
        assert not record_of(name).objects.current().referring_to(loser).exists()
        assert publishing.referring(name, resource, loser) <= {loser}
    publishing.restore(resource, loser, reason="They are two.")
    assert picture(world) == before


def test_a_row_is_not_merged_into_itself_what_lies_under_it_or_what_is_not_public(world):
    draft = row("places", "draft")
    for loser, into, why in (
        (world.oakford, world.oakford, "into itself"),
        (world.northmark, world.oakford, "lies under the other"),
        (world.landia, world.oakford, "lies under the other"),
        (draft, world.oakford, "is not public"),
        (world.oakford, draft, "is not public"),
    ):
        with pytest.raises(PublishError, match=why):
            publishing.merge("places", loser, into, reason="They are one.")
    assert versions("places", world.oakford) == 1


def test_a_merge_that_would_close_a_circle_of_drafts_is_refused_and_nothing_changes(world):
    edit("places", world.southmark, parent=world.oakford)
    before = said("places", world.southmark)
    with pytest.raises(PublishError):
        publishing.merge("places", world.oakford, world.ferry, reason="They are one.")
    assert said("places", world.southmark) == before
    assert state("places", world.oakford) == "published"
