"""References: what a record embeds follows what it names, as stored and never as drafted."""

from io import StringIO

import pytest
from django.core.management import call_command

from events.contradictions import contradiction_id
from events.records import ClaimPlaceLine, EventPlaceLine
from records import edition, publishing
from records.models import Change, Refresh
from records.publishing import PublishError
from tests.factories import body, edit, public, publish, record, republish, row, said, versions

pytestmark = pytest.mark.django_db


def changes(change_set):
    """Which objects a change set gave a version, and why."""
    return {c.object_id: c.cause for c in change_set.changes.all()}


def lines(model, row_id):
    """The places that the current record lies in, by the side table that `within` reads."""
    return set(
        model.objects.filter(object_id=row_id, current=True).values_list("place_id", flat=True)
    )


def test_a_renamed_row_is_renamed_wherever_it_is_embedded(world):
    change_set = republish("places", world.oakford, name="Oakton")
    assert changes(change_set) == {
        world.oakford: "edit",
        world.article: "reference",
        world.withdrawal: "reference",
        world.advance: "reference",
        world.held: "reference",
        world.denied: "reference",
        world.dispute: "reference",
    }
    assert body("documents", world.article)["mentions"][1]["place"]["name"] == "Oakton"
    assert body("events", world.withdrawal)["place"]["name"] == "Oakton"
    assert {e["place"]["name"] for e in body("events", world.advance)["places"]} == {
        "Oakton",
        "Ferry",
    }
    assert body("claims", world.held)["places"][0]["name"] == "Oakton"
    assert body("contradictions", world.dispute)["places"][0]["name"] == "Oakton"


def test_the_row_itself_is_numbered_before_what_follows_it(world):
    change_set = republish("places", world.oakford, name="Oakton")
    first = change_set.changes.order_by("seq").first()
    assert (first.object_id, first.seq) == (world.oakford, change_set.first_seq)


def test_what_is_not_part_of_the_reference_changes_nobody_else(world):
    change_set = republish("places", world.oakford, names=[{"name": "Oakton"}])
    assert changes(change_set) == {world.oakford: "edit"}


def test_a_stored_record_is_followed_and_not_its_draft(world):
    edit("events", world.withdrawal, title="An unapproved title")
    republish("places", world.oakford, name="Oakton")
    shown = body("events", world.withdrawal)
    assert (shown["title"], shown["place"]["name"]) == ("Withdrawal from Oakford", "Oakton")
    assert said("events", world.withdrawal)["title"] == "An unapproved title"


def test_a_new_name_reaches_grandchildren(world):
    farm = public("places", "farm", name="Farm", parent=world.oakford)
    republish("places", world.landia, name="New Landia")
    for place in (world.northmark, world.oakford, farm):
        assert body("places", place)["ancestors"][-1]["name"] == "New Landia"
    assert body("places", farm)["parent"]["name"] == "Oakford"
    assert versions("events", world.withdrawal) == 1


def test_a_region_that_moves_takes_its_places_events_and_claims_along(world):
    other = public("places", "otherland", name="Otherland", kind="country", country="OT")
    republish("places", world.northmark, parent=other)
    assert [a["name"] for a in body("places", world.oakford)["ancestors"]] == [
        "Northmark",
        "Otherland",
    ]
    inside = {world.oakford, world.northmark, other}
    assert set(record("events", world.withdrawal).line) == inside
    assert lines(EventPlaceLine, world.withdrawal) == inside
    assert lines(ClaimPlaceLine, world.held) == inside
    assert lines(ClaimPlaceLine, world.narrated) == inside
    # The advance also touches Ferry, which stays where it is.
    assert lines(EventPlaceLine, world.advance) == inside | {
        world.ferry,
        world.southmark,
        world.landia,
    }


def test_a_claim_lies_where_its_event_does(world):
    republish("events", world.withdrawal, place=world.ferry, places=[{"place": world.ferry}])
    assert record("claims", world.counted).places == [world.ferry]
    assert lines(ClaimPlaceLine, world.counted) == {world.ferry, world.southmark, world.landia}


def test_a_new_party_reaches_everyone_who_shows_it(world):
    republish("actors", world.red_army, parent=world.blue)
    assert body("actors", world.red_army)["party"] == "Blue"
    assert body("sources", world.red_spokesman)["party"] == "Blue"
    assert body("claims", world.announced)["party_id"] == str(world.blue)
    assert record("claims", world.announced).party == world.blue
    assert body("documents", world.post)["publisher"]["party"] == "Blue"
    assert body("claims", world.held)["citations"][0]["publisher"]["party"] == "Blue"
    assert record("events", world.withdrawal).parties == [world.blue]
    assert set(record("events", world.withdrawal).participants) == {world.red_army, world.blue}
    assert body("claims", world.counted)["object_actor"]["party"] == "Blue"


def test_a_renamed_party_reaches_everyone_who_shows_it(world):
    republish("actors", world.red, name="Crimson")
    assert body("actors", world.red_army)["party"] == "Crimson"
    assert body("sources", world.red_spokesman)["party"] == "Crimson"
    assert body("claims", world.announced)["party"] == "Crimson"
    assert body("documents", world.article)["mentions"][0]["actor"]["party"] == "Crimson"
    assert body("claims", world.held)["citations"][0]["publisher"]["party"] == "Crimson"


def test_a_new_publisher_reaches_the_claims_that_its_documents_carry(world):
    republish("documents", world.article, publisher=world.red_ministry)
    for claim in (world.narrated, world.announced, world.repeated, world.counted):
        assert body("claims", claim)["citations"][0]["publisher"]["name"] == "Red Ministry"
        assert record("claims", claim).publishers == [world.red_ministry]


def test_a_source_that_speaks_for_another_changes_the_actors_of_its_claims(world):
    republish("sources", world.red_spokesman, speaks_for=world.red)
    assert record("claims", world.announced).actors == [world.red]


def test_a_symmetric_link_is_stored_once_shown_on_both_sides_and_dropped_on_both(world):
    link = {"kind": "contradicts", "claim": world.counted, "how": "value"}
    change_set = republish("claims", world.held, relations=[link])
    curated = contradiction_id("curated", *sorted(map(str, (world.held, world.counted))))
    assert changes(change_set) == {
        world.held: "edit",
        world.counted: "reference",
        curated: "derived",
    }
    assert body("claims", world.counted)["relations"] == [
        {
            "kind": "contradicts",
            "claim": {"id": str(world.held), "statement": "Blue holds the whole of Oakford."},
            "phrase": None,
            "how": "value",
        }
    ]
    republish("claims", world.counted, relations=[])
    assert body("claims", world.held)["relations"] == []
    assert said("claims", world.held)["relations"] == []


def test_a_changed_symmetric_link_changes_on_both_sides(world):
    link = {"kind": "contradicts", "claim": world.counted, "how": "value"}
    republish("claims", world.held, relations=[link])
    republish("claims", world.held, relations=[link | {"how": "scope"}])
    for claim in (world.held, world.counted):
        assert [r["how"] for r in body("claims", claim)["relations"]] == ["scope"]
        assert [r["how"] for r in said("claims", claim)["relations"]] == ["scope"]


def test_other_links_are_shown_where_they_start_alone(world):
    assert [r["kind"] for r in body("claims", world.repeated)["relations"]] == ["repeats"]
    assert [r["kind"] for r in body("claims", world.announced)["relations"]] == ["same_as"]


def test_a_symmetric_link_to_a_draft_waits_until_both_are_public(world):
    draft = row("claims", "draft", statement="A draft.", claimant=world.paper,
                places=[world.oakford])  # fmt: skip
    edit("claims", world.held, relations=[{"kind": "same_as", "claim": draft}])
    publish(("claims", world.held))
    assert body("claims", world.held)["relations"] == []
    publish(("claims", draft))
    assert [r["claim"]["id"] for r in body("claims", world.held)["relations"]] == [str(draft)]
    assert [r["claim"]["id"] for r in body("claims", draft)["relations"]] == [str(world.held)]


def test_a_symmetric_link_changes_once_neither_side_is_a_draft(world):
    link = {"kind": "contradicts", "claim": world.counted, "how": "value"}
    edit("claims", world.held, relations=[link], wording="unapproved")
    republish("claims", world.counted, wording="approved")
    for claim in (world.held, world.counted):
        assert body("claims", claim)["relations"] == []
    publish(("claims", world.held))
    for claim in (world.held, world.counted):
        assert [r["how"] for r in body("claims", claim)["relations"]] == ["value"]
    edit("claims", world.held, relations=[])
    republish("claims", world.counted, wording="as before")
    for claim in (world.held, world.counted):
        assert [r["how"] for r in body("claims", claim)["relations"]] == ["value"]
    publish(("claims", world.held))
    for claim in (world.held, world.counted):
        assert body("claims", claim)["relations"] == []


def test_retracting_is_refused_while_public_records_refer_to_it(world):
    before = Change.objects.count()
    with pytest.raises(PublishError) as refused:
        publishing.retract([("places", world.northmark)], reason="A mistake.")
    assert [str(problem) for problem in refused.value.problems] == [
        (
            f"places/{world.northmark}: places/{world.oakford} refers to it; "
            "retract that as well, or edit it first"
        )
    ]
    assert Change.objects.count() == before


def test_retracting_takes_what_goes_with_it(world):
    public("places", "farm", name="Farm", parent=world.ferry)
    change_set = publishing.retract(
        [("claims", world.held), ("claims", world.counted)], reason="A mistake."
    )
    ops = {c.object_id: c.op for c in change_set.changes.all()}
    assert ops == {
        world.held: "retract",
        world.counted: "retract",
        world.dispute: "retract",
        world.denied: "modify",  # which nobody contradicts any more
    }
    with pytest.raises(PublishError):
        publishing.retract([("events", world.withdrawal)], reason="A mistake.")


def test_a_symmetric_link_does_not_hold_a_row_and_goes_on_both_sides(world):
    publishing.retract([("claims", world.narrated)], reason="The paper withdrew it.")
    assert body("claims", world.announced)["relations"] == []
    assert said("claims", world.announced)["relations"] == []


@pytest.fixture
def few_followers(monkeypatch):
    """Let two records follow in the same change set, and the rest by the queue."""
    monkeypatch.setattr(edition, "FOLLOWERS", 2)


def test_a_large_fan_out_waits_in_the_queue_and_is_worked_off(world, few_followers):
    towns = [public("places", f"town {n}", parent=world.southmark) for n in range(7)]
    change_set = republish("places", world.southmark, name="New Southmark")
    assert change_set.changes.count() == 3
    waiting = set(Refresh.objects.values_list("object_id", flat=True))
    assert len(waiting) == 6
    assert set(Refresh.objects.values_list("because_seq", flat=True)) == {change_set.first_seq}
    assert {body("places", t)["parent"]["name"] for t in towns} == {"Southmark", "New Southmark"}
    out = StringIO()
    call_command("work_queue", stdout=out)
    assert "0 waiting" in out.getvalue()
    assert not Refresh.objects.exists()
    for town in [*towns, world.ferry]:
        assert body("places", town)["parent"]["name"] == "New Southmark"
    assert set(
        Change.objects.filter(seq__gt=change_set.last_seq).values_list("cause", flat=True)
    ) == {"reference"}


def test_the_queue_is_resumable(world, few_followers):
    for number in range(5):
        public("places", f"town {number}", parent=world.southmark)
    republish("places", world.southmark, name="New Southmark")
    assert publishing.refresh(limit=1) == 1
    assert publishing.refresh(limit=2) == 2
    assert publishing.refresh() == 1
    assert publishing.refresh() == 0


def test_a_name_reaches_all_descendants_by_the_queue_whatever_its_order(world, few_followers):
    chain = [world.southmark]
    for number in range(6):
        chain.append(public("places", f"chain {number}", name=f"P{number}", parent=chain[-1]))
    # The row nearest the top is the newest record, so the queue has it last.
    republish("places", chain[1], lat=1.0, lon=1.0)
    call_command("work_queue", stdout=StringIO())
    republish("places", world.southmark, name="New Southmark")
    call_command("work_queue", stdout=StringIO())
    for place in chain[1:]:
        names = [a["name"] for a in body("places", place)["ancestors"]]
        assert names[-2:] == ["New Southmark", "Landia"]


def test_a_draft_does_not_show_by_way_of_the_queue(world, monkeypatch):
    monkeypatch.setattr(edition, "FOLLOWERS", 0)
    edit("events", world.withdrawal, title="An unapproved title")
    republish("places", world.oakford, name="Oakton")
    assert body("events", world.withdrawal)["place"]["name"] == "Oakford"
    publishing.refresh()
    shown = body("events", world.withdrawal)
    assert (shown["title"], shown["place"]["name"]) == ("Withdrawal from Oakford", "Oakton")


def test_the_survivor_is_not_retracted_while_the_queue_still_leads_to_it(world, monkeypatch):
    twin = public("places", "twin", name="Twin")
    public("claims", "there", claimant=world.paper, places=[twin])
    monkeypatch.setattr(edition, "FOLLOWERS", 0)
    survivor = public("places", "survivor", name="Survivor")
    publishing.merge("places", twin, survivor, reason="They are one.")
    assert Refresh.objects.count() == 1
    with pytest.raises(PublishError, match="refers to it"):
        publishing.retract([("places", survivor)], reason="A mistake.")
    publishing.refresh()
    with pytest.raises(PublishError, match="refers to it"):
        publishing.retract([("places", survivor)], reason="A mistake.")
