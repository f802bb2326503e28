"""What follows from claims, however they came: classes, contradictions, corroboration."""

from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events import derivation
from events.models import Claim
from events.records import ClaimRecord, ContradictionRecord, EventRecord
from events.resolving import resolve
from records import edition, publishing
from records.models import Change, ChangeSet, ReviewItem
from records.registry import record_of
from tests import factories
from tests.api_world import get
from tests.factories import World, body, ident, public, publish, record, republish, row, versions
from tests.kept import Kept, kept_by

pytestmark = pytest.mark.django_db


def examples(most: int) -> settings:
    """How many examples to try, each in a transaction of its own that is rolled back."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=most, deadline=None, suppress_health_check=checks)


def drain() -> None:
    """Have everything that waits follow."""
    for _ in range(100):
        if not publishing.refresh():
            return
    raise AssertionError("the queue does not come to an end")


def contradictions() -> dict[frozenset[str], dict[str, Any]]:
    """Every public contradiction by the ids of its two claims."""
    found = {}
    for object_id in ContradictionRecord.objects.current().values_list("object_id", flat=True):
        said = body("contradictions", object_id)
        found[frozenset(side["claim"]["id"] for side in said["claims"])] = said
    return found


def of(*claims: UUID) -> frozenset[str]:
    """The key of the contradiction of two claims."""
    return frozenset(map(str, claims))


def computed() -> dict[tuple[str, str], Any]:
    """All that is computed, by resource and id, with the columns that filters read."""
    found: dict[tuple[str, str], Any] = {}
    for claim in ClaimRecord.objects.current():
        said = body("claims", claim.object_id)
        shown = [
            said[name]
            for name in ("contradicted", "contradictions", "contradictions_total", "corroboration")
        ]
        columns = claim.class_id, claim.level, claim.contradicted, sorted(claim.matters)
        found["claims", str(claim.object_id)] = (shown, columns)
    for event in EventRecord.objects.current():
        said = body("events", event.object_id)["corroboration"]
        found["events", str(event.object_id)] = (said, event.level, event.contradicted)
    for object_id in ContradictionRecord.objects.current().values_list("object_id", flat=True):
        said = body("contradictions", object_id)
        kept = {k: v for k, v in said.items() if k not in ("version", "seq", "recorded_at")}
        found["contradictions", str(object_id)] = (kept, found_by(object_id))
    return found


def found_by(contradiction: UUID | str) -> dict[str, list[UUID]]:
    """The ids by which the filters find a contradiction."""
    version = record("contradictions", UUID(str(contradiction)))
    return {name: getattr(version, name) for name in ("claims", "parties", "documents")}


def recompute() -> str:
    """Compute everything anew by the command; what it prints at the end."""
    out = StringIO()
    call_command("recompute", stdout=out)
    return out.getvalue().splitlines()[-1]


@pytest.fixture
def stage(db: None, kept_stage: Kept[World]) -> World:
    """The made-up world with a second independent paper and a data set as sources."""
    return kept_stage.bring_back()


def set_stage() -> World:
    made = factories.world()
    public("sources", "gazette", name="The Gazette", kind="news_outlet", independent=True)
    public("sources", "rows", name="Rows", kind="dataset")
    public("sources", "seat", name="The Seat", kind="metonym", speaks_for=made.red)
    public("sources", "somebody", name="Somebody", kind="unknown")
    return made


kept_stage = kept_by(set_stage)


def said(world: World, name: str, claimant: UUID | str, **members: Any) -> UUID:
    """Publish an occurrence claim about the withdrawal."""
    voice = claimant if isinstance(claimant, UUID) else ident("sources", claimant)
    given = {"kind": "occurrence", "event": world.advance, "said": "2022-10-01"} | members
    return public("claims", name, claimant=voice, **given)


def repeats(claim: UUID) -> dict[str, Any]:
    """That a claim only repeats another."""
    return {"relations": [{"kind": "repeats", "claim": claim}]}


def level(claim: UUID, name: str = "level") -> Any:
    """A count of a claim's corroboration."""
    return body("claims", claim)["corroboration"][name]


# Corroboration.


def test_three_echoes_of_one_spokesman_are_one_origin_of_one_party(stage: World) -> None:
    first = said(stage, "first", stage.red_spokesman)
    for number in range(3):
        said(stage, f"echo {number}", "seat", **repeats(first))
    assert body("claims", first)["corroboration"] == {
        "level": "uncorroborated",
        "citations": 4,
        "claimants": 1,
        "origins": 1,
        "parties": 1,
        "outlets": 0,
        "against_interest": 0,
        "contradicted": False,
    }
    event = body("events", stage.advance)["corroboration"]
    assert event == body("claims", first)["corroboration"]


@examples(8)
@given(st.lists(st.sampled_from(["seat", "red_ministry", "blue_spokesman", "paper"]), max_size=4))
def test_an_echo_never_raises_a_level(db: None, kept_stage: Kept[World], echoes: list[str]) -> None:
    with transaction.atomic():
        world = kept_stage.bring_back()
        first = said(world, "first", world.red_spokesman)
        before = level(first), body("events", world.advance)["corroboration"]["level"]
        last = first
        for number, source in enumerate(echoes):
            last = said(world, f"echo {number}", source, **repeats(last))
            assert (level(first), level(last)) == (before[0], before[0])
            assert body("events", world.advance)["corroboration"]["level"] == before[1]
            assert level(first, "citations") == number + 2
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("voices", "expected"),
    [
        (["red_spokesman"], "uncorroborated"),
        (["red_spokesman", "red_ministry"], "same_party"),
        (["red_spokesman", "paper"], "third_party"),
        (["paper", "gazette"], "third_party"),
        (["paper"], "uncorroborated"),
        (["somebody", "paper"], "uncorroborated"),
        (["somebody", "red_spokesman"], "uncorroborated"),
        (["rows", "paper"], "uncorroborated"),
        (["rows"], "uncorroborated"),
        (["red_spokesman", "red_ministry", "blue_spokesman"], "cross_party"),
    ],
)
def test_levels_count_origins_parties_and_outlets(
    stage: World, voices: list[str], expected: str
) -> None:
    first, *others = [said(stage, f"by {voice}", voice) for voice in voices]
    event = body("events", stage.advance)["corroboration"]
    assert event["level"] == expected
    for other in others:
        republish("claims", other, relations=[{"kind": "same_as", "claim": first}])
        first = other
    assert level(first) == expected
    assert level(ident("claims", f"by {voices[0]}")) == expected


def test_an_event_that_nobody_affirms_has_no_level(stage: World) -> None:
    assert body("events", stage.advance)["corroboration"]["level"] is None
    said(stage, "denied here", stage.red_spokesman, polarity="denied")
    said(stage, "perhaps", stage.red_spokesman, condition="if it rains")
    assert body("events", stage.advance)["corroboration"]["level"] is None
    assert body("events", stage.advance)["corroboration"]["citations"] == 0


def test_against_interest_counts_origins(stage: World) -> None:
    first = said(stage, "first", stage.red_spokesman, interest="against_interest")
    said(stage, "echo", "seat", interest="against_interest", **repeats(first))
    assert level(first, "against_interest") == 1


def test_an_event_that_two_parties_affirm_may_be_said_to_have_occurred(stage: World) -> None:
    said(stage, "red", stage.red_spokesman)
    factories.edit("events", stage.advance, status="occurred")
    with pytest.raises(publishing.PublishError, match="not corroborated beyond one party"):
        publish(("events", stage.advance))
    blue = row("claims", "blue", claimant=stage.blue_spokesman, kind="occurrence",
               event=stage.advance)  # fmt: skip
    publish(("events", stage.advance), ("claims", blue))
    assert body("events", stage.advance)["status"] == "occurred"
    publishing.retract([("claims", blue)], reason="It was satire.")
    assert body("events", stage.advance)["status"] == "occurred"
    item = ReviewItem.objects.get(resolved_at__isnull=True)
    assert (item.kind, item.object_id) == ("support", stage.advance)


def test_an_independent_source_that_is_none_any_more_no_longer_counts(stage: World) -> None:
    first = said(stage, "first", stage.red_spokesman)
    said(stage, "own", "gazette", relations=[{"kind": "same_as", "claim": first}])
    assert level(first) == "third_party"
    republish("sources", ident("sources", "gazette"), independent=False)
    assert level(first) == "uncorroborated"
    republish("sources", ident("sources", "gazette"), speaks_for=stage.blue)
    assert level(first) == "cross_party"


# Classes.


def test_the_same_with_the_opposite_polarity_is_refused(stage: World) -> None:
    first = said(stage, "first", stage.red_spokesman)
    with pytest.raises(publishing.PublishError, match="opposite polarity"):
        said(stage, "not", stage.blue_spokesman, polarity="denied",
             relations=[{"kind": "same_as", "claim": first}])  # fmt: skip


def test_a_class_stands_by_its_lowest_claim_that_repeats_none(stage: World) -> None:
    echo = said(stage, "echo", "seat", **repeats(stage.announced))
    classes = dict(ClaimRecord.objects.current().values_list("object_id", "class_id"))
    expected = min(stage.announced, stage.narrated, key=str)
    together = (echo, stage.announced, stage.narrated, stage.repeated)
    assert {classes[claim] for claim in together} == {expected}
    assert classes[stage.held] == stage.held


# Contradictions.


def toll(world: World, name: str, claimant: UUID | str, best: int, **members: Any) -> UUID:
    """Publish how many were killed."""
    figure = {"metric": "killed", "best": best, "unit": "people"}
    return said(world, name, claimant, kind="quantity", quantity=figure, holds="2022-10", **members)


def test_a_contradiction_is_a_record_and_shows_on_both_claims(stage: World) -> None:
    few = toll(stage, "few", stage.red_spokesman, 10)
    many = toll(stage, "many", stage.blue_spokesman, 90)
    found = contradictions()[of(few, many)]
    sides = {side["claim"]["id"]: side for side in found["claims"]}
    assert sides[str(few)]["party"] == "Red"
    assert sides[str(many)]["claimant"]["name"] == "Blue spokesman"
    assert (found["rule"], found["how"], found["resolution"]) == ("quantity", None, "unresolved")
    assert found["event"]["id"] == str(stage.advance)
    for claim, other, party, figures in (
        (few, many, "Blue", [10, 90]), (many, few, "Red", [90, 10]),
    ):  # fmt: skip
        shown = body("claims", claim)
        assert shown["contradicted"] is True
        assert shown["corroboration"]["contradicted"] is True
        (one,) = shown["contradictions"]
        assert shown["contradictions_total"] == 1
        assert (one["id"], one["claim"]["id"], one["party"]) == (found["id"], str(other), party)
        assert [value["best"] for value in one["difference"]["values"]] == figures
    change = Change.objects.get(resource="contradictions", object_id=UUID(found["id"]))
    assert (change.op, change.cause) == ("add", "derived")
    changed = Change.objects.filter(change_set=change.change_set)
    assert [(c.resource, c.cause) for c in changed] == [
        ("claims", "edit"), ("claims", "derived"), ("contradictions", "derived"),
    ]  # fmt: skip


def test_retracting_a_claim_removes_exactly_its_contradictions(stage: World) -> None:
    few = toll(stage, "few", stage.red_spokesman, 10)
    many = toll(stage, "many", stage.blue_spokesman, 90)
    most = toll(stage, "most", stage.paper, 900)
    before = contradictions()
    assert {of(few, many), of(few, most), of(many, most)} <= before.keys()
    publishing.retract([("claims", most)], reason="It was a misprint.")
    gone = {of(few, most), of(many, most)}
    assert contradictions().keys() == before.keys() - gone
    assert body("claims", few)["contradictions_total"] == 1
    publishing.restore("claims", most, reason="It was none.")
    assert contradictions().keys() == before.keys()


def test_echoes_add_no_contradiction_and_show_that_of_their_class(stage: World) -> None:
    few = toll(stage, "few", stage.red_spokesman, 10)
    many = toll(stage, "many", stage.blue_spokesman, 90)
    before = contradictions().keys()
    echo = toll(stage, "echo", "seat", 10, **repeats(few))
    assert contradictions().keys() == before
    shown = body("claims", echo)
    assert shown["contradicted"] is True
    assert [c["claim"]["id"] for c in shown["contradictions"]] == [str(many)]


def test_a_contradiction_is_found_by_every_claim_of_both_classes(
    stage: World, client: Client
) -> None:
    few = toll(stage, "few", stage.paper, 10)
    many = toll(stage, "many", stage.red_spokesman, 90)
    dispute = UUID(contradictions()[of(few, many)]["id"])
    before = record("contradictions", dispute)
    assert found_by(dispute) == {
        "claims": sorted((few, many)), "parties": [stage.red], "documents": [ident("documents",
        "cited")],
    }  # fmt: skip
    echo = toll(stage, "echo", stage.blue_spokesman, 10, **repeats(few), citations=[
        {"document": stage.article, "mode": "paraphrase", "spans": [[1, 9]]}])  # fmt: skip
    asked = (f"claim={echo}", "party=Blue", f"document={stage.article}")

    def found(query: str) -> bool:
        results = get(client, f"/api/v1/contradictions/?rule=quantity&{query}")["results"]
        return [one["id"] for one in results] == [str(dispute)]

    assert [found(query) for query in asked] == [True, True, True]
    assert found_by(dispute) == {
        "claims": sorted((few, many, echo)),
        "parties": sorted((stage.red, stage.blue)),
        "documents": sorted((ident("documents", "cited"), stage.article)),
    }
    # What it says is what it said.
    now = record("contradictions", dispute)
    assert (now.version, now.content_hash) == (before.version + 1, before.content_hash)
    assert [found(f"{query}&as_of={before.seq}") for query in asked] == [False] * 3
    republish("claims", echo, citations=[{"document": stage.post, "mode": "paraphrase"}])
    assert [found(query) for query in asked] == [True, True, False]
    assert found(f"document={stage.post}")
    republish("sources", stage.blue_spokesman, speaks_for=None)
    assert [found(query) for query in asked] == [True, False, False]
    assert recompute() == "done: 0 records appended"
    # Until it says something else.
    republish("claims", echo, relations=[])
    assert found_by(dispute)["claims"] == sorted((few, many))
    publishing.retract([("claims", echo)], reason="A mistake.")
    assert recompute() == "done: 0 records appended"


def test_a_contradiction_within_a_class_is_found_by_its_two_claims_alone(stage: World) -> None:
    entered = said(stage, "entered", stage.red_spokesman)
    entering = said(stage, "entering", stage.red_spokesman, relations=[
        {"kind": "same_as", "claim": entered},
        {"kind": "contradicts", "claim": entered, "how": "wording"}])  # fmt: skip
    said(stage, "echo", "seat", **repeats(entered))
    dispute = contradictions()[of(entered, entering)]["id"]
    assert found_by(dispute)["claims"] == sorted((entered, entering))


def test_of_a_large_class_a_contradiction_is_found_by_the_first_claims(
    stage: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derivation, "MOST_MEMBERS", 3)
    few = toll(stage, "few", stage.red_spokesman, 10)
    many = toll(stage, "many", stage.blue_spokesman, 90)
    echoes = [toll(stage, f"echo {n}", "seat", 10, **repeats(few)) for n in range(5)]
    dispute = contradictions()[of(few, many)]["id"]
    assert found_by(dispute)["claims"] == sorted((few, many, *sorted(echoes)[:2]))
    assert recompute() == "done: 0 records appended"


def test_what_more_contradictions_are_found_by_than_there_is_room_for_follows(
    stage: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = toll(stage, "few", stage.red_spokesman, 10)
    others = [toll(stage, f"toll {n}", stage.blue_spokesman, 100 + n) for n in range(3)]
    disputes = [contradictions()[of(few, other)]["id"] for other in others]
    monkeypatch.setattr(derivation, "LIMIT", 2)
    echo = toll(stage, "echo", "seat", 10, **repeats(few))
    assert [versions("contradictions", UUID(i)) for i in sorted(disputes)] == [2, 2, 1]
    assert [echo in found_by(i)["claims"] for i in sorted(disputes)] == [True, True, False]
    drain()
    assert [versions("contradictions", UUID(i)) for i in sorted(disputes)] == [2, 2, 2]
    assert [echo in found_by(i)["claims"] for i in sorted(disputes)] == [True, True, True]


def test_erasing_a_claim_leaves_no_trace_of_it_in_what_it_only_repeated_a_side_of(
    stage: World,
) -> None:
    few = toll(stage, "few", stage.paper, 10)
    many = toll(stage, "many", stage.red_spokesman, 90)
    cited = [{"document": stage.article, "mode": "paraphrase"}]
    kept = toll(stage, "kept", "seat", 10, **repeats(few),
                citations=[{"document": stage.post, "mode": "paraphrase"}])  # fmt: skip
    echo = toll(stage, "echo", stage.blue_spokesman, 10, **repeats(few), citations=cited)
    dispute = UUID(contradictions()[of(few, many)]["id"])
    publishing.retract([("claims", many)], reason="A mistake.")
    publishing.erase("claims", echo, reason="A court order.")
    rows = list(ContradictionRecord.objects.of(dispute).order_by("version"))
    assert [version.op for version in rows] == ["add", "modify", "modify", "retract"]
    for version in rows:
        assert echo not in version.claims
        assert version.parties == [stage.red]
        assert stage.article not in version.documents
    assert rows[2].claims == sorted((few, many, kept))
    assert rows[2].documents == sorted((ident("documents", "cited"), stage.post))


def test_a_later_claim_of_one_claimant_is_a_revision(stage: World) -> None:
    few = toll(stage, "few", stage.red_spokesman, 10)
    assert of(few, toll(stage, "more", stage.red_spokesman, 90)) not in contradictions()
    voice = toll(stage, "another voice", stage.red_ministry, 95)
    assert of(few, voice) in contradictions()
    republish("claims", voice, relations=[{"kind": "supersedes", "claim": few}])
    assert of(few, voice) not in contradictions()


def test_a_later_and_larger_toll_starts_as_a_change_over_time(stage: World) -> None:
    few = toll(stage, "few", stage.red_spokesman, 10, said="2022-10-01")
    more = toll(stage, "more", stage.blue_spokesman, 90, said="2022-10-03")
    assert contradictions()[of(few, more)]["resolution"] == "change_over_time"
    republish("claims", more, said="2022-09-30")
    assert contradictions()[of(few, more)]["resolution"] == "unresolved"
    republish("claims", more, said="2022-10")
    assert contradictions()[of(few, more)]["resolution"] == "unresolved"
    republish("claims", few, relations=[{"kind": "precedes", "claim": more}])
    assert contradictions()[of(few, more)]["resolution"] == "change_over_time"


def test_what_a_curator_links_contradicts_and_wording_by_oneself_does_not_count(
    stage: World,
) -> None:
    entered = said(stage, "entered", stage.red_spokesman)
    entering = said(stage, "entering", stage.red_spokesman, relations=[
        {"kind": "same_as", "claim": entered},
        {"kind": "contradicts", "claim": entered, "how": "wording"}])  # fmt: skip
    found = contradictions()[of(entered, entering)]
    assert (found["rule"], found["how"]) == ("curated", "wording")
    for claim in (entered, entering):
        shown = body("claims", claim)
        assert (shown["contradictions_total"], shown["contradicted"]) == (1, False)
    elsewhere = said(stage, "elsewhere", stage.blue_spokesman, relations=[
        {"kind": "contradicts", "claim": entering, "how": "scope"}])  # fmt: skip
    head = min(entered, entering, key=str)
    assert contradictions()[of(head, elsewhere)]["how"] == "scope"
    assert body("claims", entered)["contradicted"] is True


def test_a_resolution_stays_however_often_all_is_computed_anew(stage: World) -> None:
    few = toll(stage, "few", stage.red_spokesman, 10)
    many = toll(stage, "many", stage.blue_spokesman, 90)
    found = UUID(contradictions()[of(few, many)]["id"])
    resolve(found, "error", reason="The second counts the whole month.")
    assert body("claims", few)["contradictions"][0]["resolution"] == "error"
    assert recompute() == "done: 0 records appended"
    republish("claims", many, statement="Very many were killed.")
    publishing.retract([("claims", few)], reason="For a while.")
    publishing.restore("claims", few, reason="Back.")
    now = body("contradictions", found)
    assert (now["resolution"], now["resolution_reason"]) == (
        "error", "The second counts the whole month.",
    )  # fmt: skip


def test_a_resolution_goes_along_when_classes_join(stage: World) -> None:
    many = toll(stage, "many", stage.blue_spokesman, 90)
    pair = sorted(
        (toll(stage, "few", stage.red_spokesman, 10), toll(stage, "twin", stage.red_ministry, 10)),
        key=str,
    )
    resolve(UUID(contradictions()[of(pair[1], many)]["id"]), "both_possible", reason="By day.")
    republish("claims", pair[1], relations=[{"kind": "same_as", "claim": pair[0]}])
    assert contradictions()[of(pair[0], many)]["resolution"] == "both_possible"
    assert of(pair[1], many) not in contradictions()


def test_a_merge_takes_the_contradictions_along_and_is_undone(stage: World) -> None:
    few = toll(stage, "few", stage.red_spokesman, 10)
    many = toll(stage, "many", stage.blue_spokesman, 90)
    twin = toll(stage, "twin", stage.blue_spokesman, 90)
    resolve(UUID(contradictions()[of(few, twin)]["id"]), "error", reason="A misprint.")
    before = computed()
    publishing.merge("claims", twin, many, reason="One and the same.")
    assert of(few, twin) not in contradictions()
    assert contradictions()[of(few, many)]["resolution"] == "error"
    assert body("claims", few)["contradictions_total"] == 1
    publishing.restore("claims", twin, reason="Not the same.")
    assert computed() == before


def test_erasing_a_claim_erases_its_contradictions_in_every_version(stage: World) -> None:
    few = toll(stage, "few", stage.red_spokesman, 10)
    many = toll(stage, "many", stage.blue_spokesman, 90, statement="A name and a secret.")
    found = contradictions()[of(few, many)]["id"]
    publishing.erase("claims", many, reason="A court order.")
    assert ContradictionRecord.objects.filter(object_id=found).exclude(op="erase").count() == 0
    kept = [*ContradictionRecord.objects.all(), *ClaimRecord.objects.all()]
    assert not [version for version in kept if "secret" in version.body + version.words]
    assert body("claims", few)["contradictions_total"] == 0
    old = ClaimRecord.objects.filter(object_id=few, body__contains=found)
    assert not [version for version in old if '"best":90' in version.body]


def test_a_contradiction_shows_who_and_where_as_they_are_called_now(stage: World) -> None:
    few = toll(stage, "few", stage.red_spokesman, 10, places=[stage.oakford])
    many = toll(stage, "many", stage.blue_spokesman, 90, places=[stage.oakford])
    republish("actors", stage.blue, name="Azure")
    republish("places", stage.oakford, name="Oakham")
    republish("sources", stage.red_spokesman, name="A spokesman of Red")
    found = contradictions()[of(few, many)]
    sides = {side["claim"]["id"]: side for side in found["claims"]}
    assert sides[str(many)]["party"] == "Azure"
    assert sides[str(few)]["claimant"]["name"] == "A spokesman of Red"
    assert [place["name"] for place in found["places"]] == ["Oakham"]
    assert body("claims", few)["contradictions"][0]["party"] == "Azure"


def test_at_most_twenty_are_shown_and_all_are_counted(stage: World) -> None:
    few = toll(stage, "few", stage.red_spokesman, 10)
    others = [toll(stage, f"toll {n}", stage.blue_spokesman, 100 + n) for n in range(22)]
    shown = body("claims", few)
    listed = sorted(found["id"] for key, found in contradictions().items() if str(few) in key)
    assert [one["id"] for one in shown["contradictions"]] == listed[:20]
    assert shown["contradictions_total"] == 22
    first = shown["contradictions"][0]["claim"]["id"]
    publishing.retract([("claims", UUID(first))], reason="A misprint.")
    shown = body("claims", few)
    assert [one["id"] for one in shown["contradictions"]] == listed[1:21]
    assert shown["contradictions_total"] == 21
    assert len(others) == 22
    assert recompute() == "done: 0 records appended"


# However it came about.


NAMES = ["one", "two", "three", "four", "five"]
VOICES = ["red_spokesman", "red_ministry", "blue_spokesman", "paper", "gazette", "rows", "seat"]
member = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            ["occurrence", "quantity", "control", "sovereignty", "responsibility"]
        ),
        "claimant": st.sampled_from(VOICES),
        "polarity": st.sampled_from(["affirmed", "affirmed", "denied"]),
        "condition": st.sampled_from([None, None, None, "if it rains"]),
        "place": st.sampled_from(["oakford", "northmark"]),
        "object": st.sampled_from(["red", "red_army", "blue"]),
        "best": st.sampled_from([10, 90]),
        "extent": st.sampled_from(["whole", "part"]),
        "link": st.sampled_from(
            [None, None, "same_as", "repeats", "supersedes", "contradicts", "precedes"]
        ),
        "to": st.sampled_from(NAMES),
    }
)


def members(name: str, drawn: dict[str, Any], there: set[str]) -> dict[str, Any]:
    """What a claim says, from what was drawn."""
    given: dict[str, Any] = {
        "kind": drawn["kind"],
        "claimant": ident("sources", drawn["claimant"]),
        "polarity": drawn["polarity"],
        "condition": drawn["condition"],
        "event": ident("events", "advance"),
        "said": "2022-10-01",
        "places": [],
        "object_actor": None,
        "quantity": None,
        "control_status": None,
        "extent": None,
        "relations": [],
    }
    held = ident("actors", drawn["object"])
    place = [ident("places", drawn["place"])]
    given |= {
        "occurrence": {},
        "quantity": {"quantity": {"metric": "killed", "best": drawn["best"], "unit": "people"}},
        "control": {"control_status": "controlled", "places": place, "object_actor": held,
                    "extent": drawn["extent"], "event": None},
        "sovereignty": {"places": place, "object_actor": held, "event": None},
        "responsibility": {"object_actor": held},
    }[drawn["kind"]]  # fmt: skip
    if drawn["link"] and drawn["to"] in there - {name}:
        link = {"kind": drawn["link"], "claim": ident("claims", drawn["to"])}
        link |= {"how": "value"} if drawn["link"] == "contradicts" else {}
        given["relations"] = [link]
    return given


def attempt(act: Any, *given: Any, **options: Any) -> bool:
    """Whether an act was done; what is refused changes nothing."""
    try:
        with transaction.atomic():
            act(*given, **options)
    except (publishing.PublishError, IntegrityError):
        return False
    return True


def do(done: list[tuple[str, str, dict[str, Any]]], there: set[str]) -> None:
    """Publish, edit, retract, restore and merge claims."""
    made: set[str] = set()
    for act, name, drawn in done:
        claim = ident("claims", name)
        if act == "publish":
            if name in made and name not in there:
                continue
            if attempt(_publish, name, claim, members(name, drawn, there)):
                made.add(name)
                there.add(name)
        elif act == "retract" and name in there:
            if attempt(publishing.retract, [("claims", claim)], reason="One."):
                there.discard(name)
        elif act == "restore" and name in made - there:
            if attempt(publishing.restore, "claims", claim, reason="Two."):
                there.add(name)
        elif act == "merge" and {name, drawn["to"]} <= there and name != drawn["to"]:
            into = ident("claims", drawn["to"])
            if attempt(publishing.merge, "claims", claim, into, reason="Three."):
                there.discard(name)


def _publish(name: str, claim: UUID, said: dict[str, Any]) -> None:
    if Claim.objects.filter(pk=claim).exists():
        republish("claims", claim, **said)
    else:
        public("claims", name, **said)


@examples(15)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["publish"] * 4 + ["retract", "restore", "merge"]),
            st.sampled_from(NAMES),
            member,
        ),
        min_size=3,
        max_size=14,
    ),
    st.sampled_from([1, 2, 5, 1000]),
)
def test_computing_everything_anew_gives_what_is_there_already(
    db: None, kept_stage: Kept[World], done: list[tuple[str, str, dict[str, Any]]], limit: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr(derivation, "LIMIT", limit)
        patch.setattr(edition, "FOLLOWERS", limit)
        kept_stage.bring_back()
        do(done, set())
        drain()
        before, newest = computed(), ChangeSet.objects.count()
        patch.setattr(derivation, "LIMIT", 1000)
        assert recompute() == "done: 0 records appended"
        assert (computed(), ChangeSet.objects.count()) == (before, newest)
        for (resource, object_id), found in before.items():
            if resource == "contradictions":
                sides = [side["claim"]["id"] for side in found[0]["claims"]]
                assert len({*sides}) == 2
                assert {*sides} <= {str(claim) for claim in found[1]["claims"]}
            elif resource == "claims":
                finding = ContradictionRecord.objects.current().filter(claims__contains=[object_id])
                ids = [str(i) for i in finding.values_list("object_id", flat=True)]
                assert sorted(ids) == [one["id"] for one in found[0][1]]
        transaction.set_rollback(True)


@examples(10)
@given(st.lists(member, min_size=2, max_size=5), st.permutations(NAMES))
def test_the_order_of_publishing_does_not_matter(
    db: None, kept_stage: Kept[World], drawn: list[dict[str, Any]], order: list[str]
) -> None:
    names = NAMES[: len(drawn)]
    found = []
    for sequence in (names, [name for name in order if name in names]):
        with transaction.atomic():
            kept_stage.bring_back()
            for name in names:
                row(
                    "claims",
                    name,
                    **members(name, drawn[names.index(name)] | {"link": None}, set()),
                )
            done = attempt(publish, *(("claims", ident("claims", name)) for name in sequence[:1]))
            for name in sequence[1:]:
                done &= attempt(publish, ("claims", ident("claims", name)))
            for name in sequence:
                later = {*names[names.index(name) + 1 :]}  # so that no link closes a cycle
                said = members(name, drawn[names.index(name)], later)
                republish_if_linked(name, said)
            found.append(computed())
            transaction.set_rollback(True)
    assert found[0] == found[1]


def republish_if_linked(name: str, said: dict[str, Any]) -> None:
    """Add the links of a claim, unless they are refused for what they say alone.

    A symmetric link that another claim has given it stays: it is said on both sides.
    """
    if said["relations"]:
        claim = ident("claims", name)
        there = record_of("claims").shape.read([claim])[claim]["relations"]
        attempt(republish, "claims", claim, **said | {"relations": there + said["relations"]})
