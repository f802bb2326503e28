"""Publishing: what becomes public, when, and what never does."""

import re
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from django.db import IntegrityError, connection, transaction

from records import publishing, shape
from records.models import Change, ChangeSet, Dataset, ReviewItem
from records.publishing import PublishError
from records.record import content_hash
from records.registry import record_of, resources
from tests.factories import (
    DEFAULTS,
    body,
    edit,
    ident,
    plain,
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


def test_what_is_published_together_is_one_change_set_of_one_instant(world):
    change_set = ChangeSet.objects.get()
    assert (change_set.first_seq, change_set.last_seq) == (1, 24)
    assert change_set.reason == "The made-up world."
    changes = list(Change.objects.order_by("seq"))
    assert [change.seq for change in changes] == list(range(1, 25))
    assert {(c.op, c.version) for c in changes} == {("add", 1)}
    assert [change.cause for change in changes] == ["edit"] * 23 + ["derived"]
    objects = [*world.objects, ("contradictions", world.dispute)]
    assert [(c.resource, c.object_id) for c in changes] == objects
    recorded = {record(*key).recorded_at for key in objects}
    assert recorded == {change_set.recorded_at}


def test_a_record_is_the_json_of_its_row_with_its_number_and_instant(world):
    at = ChangeSet.objects.get().recorded_at.isoformat().replace("+00:00", "Z")
    country = {"id": str(world.landia), "name": "Landia", "kind": "country", "country": "LA",
               "lat": None, "lon": None}  # fmt: skip
    region = country | {"id": str(world.northmark), "name": "Northmark", "kind": "admin1"}
    assert body("places", world.oakford) == {
        "id": str(world.oakford),
        "name": "Oakford",
        "kind": "town",
        "country": "LA",
        "parent": region,
        "ancestors": [region, country],
        "lat": 48.5,
        "lon": 37.25,
        "names": [
            {"name": "Old Oakford", "language": None, "kind": "former", "since": None,
             "until": "1999"},
            {"name": "Дубове", "language": "uk", "kind": "official", "since": None,
             "until": None},
        ],
        "codes": {"geonames": "1001"},
        "other_codes": [],
        "geometry": None,
        "dataset": None,
        "datasets": [],
        "version": 1,
        "seq": 4,
        "recorded_at": at,
    }  # fmt: skip


def test_the_content_hash_is_over_the_json_without_number_and_instant(world):
    for key in world.objects:
        found = record(*key)
        left = orjson.loads(found.body)
        for name in ("version", "seq", "recorded_at"):
            del left[name]
        assert found.content_hash == content_hash(orjson.dumps(left))


def test_publishing_what_says_the_same_makes_no_version(world):
    before = Change.objects.count()
    assert publish(*world.objects) is None
    edit("places", world.oakford, lat=48.5)
    assert publish(("places", world.oakford)) is None
    assert state("places", world.oakford) == "published"
    assert Change.objects.count() == before


def test_a_set_whose_clock_is_behind_takes_the_instant_after_the_last(world):
    ahead = datetime.now(UTC).replace(microsecond=5) + timedelta(days=1)
    ChangeSet.objects.update(recorded_at=ahead)
    change_set = republish("places", world.oakford, lat=48.25)
    assert change_set.recorded_at == ahead + timedelta(microseconds=1)
    again = republish("places", world.oakford, lat=48.5)
    assert again.recorded_at == ahead + timedelta(microseconds=2)


def test_numbers_have_no_gap_where_a_set_was_refused(world):
    row("events", "bad", status="occurred")
    with pytest.raises(PublishError):
        publish(("events", ident("events", "bad")))
    first = ChangeSet.objects.latest("last_seq").last_seq + 1
    assert republish("places", world.oakford, lat=1.0).first_seq == first


def test_the_one_current_version_is_guaranteed_by_the_database(world):
    newest = record("places", world.oakford)
    newest.seq = 1_000
    newest.version = 2
    with pytest.raises(IntegrityError, match="one_newest"), transaction.atomic():
        type(newest).objects.bulk_create([newest])


@pytest.mark.parametrize(
    "resource", ["places", "actors", "sources", "documents", "events", "claims"]
)
def test_a_version_is_never_changed_or_deleted(world, resource):
    table = record_of(resource)._meta.db_table
    for statement in (
        f"update {table} set body = '{{}}'",
        f"update {table} set superseded_seq = 1000, body = '{{}}'",
        f"delete from {table}",
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            connection.cursor().execute(statement)
    with transaction.atomic():
        connection.cursor().execute(f"update {table} set superseded_seq = 1000")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            connection.cursor().execute(f"update {table} set superseded_seq = 2000")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            connection.cursor().execute(f"update {table} set superseded_seq = null")


def test_the_change_log_is_append_only_too(world):
    for statement in (
        "update records_change set cause = 'schema'",
        "update records_change set change_set_id = null",
        "delete from records_change",
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            connection.cursor().execute(statement)


def test_append_only_tables_are_not_emptied(world):
    connection.check_constraints()
    tables = ["records_change", *(record_of(name)._meta.db_table for name in resources())]
    with transaction.atomic():
        connection.cursor().execute("set local dateline.truncate = ''")
        for table in tables:
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                connection.cursor().execute(f"truncate {table} cascade")
        connection.cursor().execute("set local dateline.truncate = 'on'")


def test_an_edited_row_is_a_draft_and_its_record_stays(world):
    before = record("places", world.oakford).body
    edit("places", world.oakford, name="Oakton")
    assert state("places", world.oakford) == "draft"
    assert record("places", world.oakford).body == before
    publish(("places", world.oakford))
    assert state("places", world.oakford) == "published"
    assert body("places", world.oakford)["name"] == "Oakton"
    assert versions("places", world.oakford) == 2


def test_a_row_is_refused_while_what_it_refers_to_is_not_public():
    parent = row("places", "parent")
    child = row("places", "child", parent=parent)
    with pytest.raises(PublishError) as refused:
        publish(("places", child))
    assert [str(problem) for problem in refused.value.problems] == [
        (
            f"places/{child}: refers to places/{parent}, which is not public; "
            "publish it first or in the same change set"
        )
    ]
    assert state("places", child) == "draft"
    assert not Change.objects.exists()
    publish(("places", child), ("places", parent))
    assert body("places", child)["parent"]["id"] == str(parent)


def test_an_unknown_and_a_retracted_row_are_refused_by_name(world):
    nobody = ident("places", "nowhere")
    publishing.retract([("claims", world.held)], reason="It was never said.")
    with pytest.raises(PublishError) as refused:
        publish(("places", nobody), ("claims", world.held))
    assert {str(problem) for problem in refused.value.problems} == {
        f"places/{nobody}: does not exist",
        f"claims/{world.held}: is retracted; restore it first",
    }


CANARY = "c4n4ry"
NAMED = {"places": "name", "actors": "name", "sources": "name", "documents": "title",
         "events": "title", "claims": "statement"}  # fmt: skip
DATED = {"edtf": "1999", "phrase": CANARY}
CANARIES = {
    "places": {"names": [{"name": CANARY, "language": CANARY}], "lat": 12.34567, "lon": 12.34567,
               "geometry": {"type": "Point", "coordinates": [1, 2], "note": CANARY}},
    "actors": {"party_reason": CANARY, "names": [{"name": CANARY}]},
    "sources": {"url": f"https://{CANARY}.example", "names": [{"name": CANARY}],
                "reliability": {"value": "E", "reason": CANARY, "at": "2024-01-01"}},
    "documents": {"author": CANARY, "url": f"https://{CANARY}.example", "language": CANARY,
                  "published": DATED},
    "events": {"summary": CANARY, "when": DATED, "lat": 12.34567, "lon": 12.34567},
    "claims": {"condition": CANARY, "wording": CANARY, "said": DATED, "holds": DATED,
               "quantity": {"metric": CANARY, "unit": CANARY, "best": 12.34567},
               "credibility": {"value": "1", "reason": CANARY, "at": "2024-01-01"},
               "rating": {"value": "false", "reason": CANARY, "at": "2024-01-01"}},
}  # fmt: skip


def put_canaries(world):
    """Edit every row of the world, so that every text that it may hold is the canary."""
    for number, (resource, row_id) in enumerate(world.objects):
        old = said(resource, row_id)
        members = CANARIES[resource] | {NAMED[resource]: CANARY}
        if "codes" in old:
            members["codes"] = {CANARY: f"{CANARY}-{number}"}
            members["other_codes"] = [{"scheme": CANARY, "code": f"{CANARY}-{number}-2"}]
        if resource == "claims":
            members["citations"] = [
                citation | {"quote": CANARY, "locator": CANARY} for citation in old["citations"]
            ]
        if resource in ("claims", "events"):
            members["relations"] = [link | {"phrase": CANARY} for link in old["relations"]]
        if resource == "documents":
            members["mentions"] = [m | {"candidates": [CANARY]} for m in old["mentions"]]
        edit(resource, row_id, **members)


def public_text():
    """All that any version of any resource says, its columns too."""
    return "".join(
        orjson.dumps(version, default=str).decode()
        for name in resources()
        for version in record_of(name).objects.values()
    )


def texts(value):
    """All texts of a statement, but for the keys of its objects."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict | list):
        elements = value.values() if isinstance(value, dict) else value
        return {text for element in elements for text in texts(element)}
    return set()


def test_every_text_of_our_own_has_a_canary(world):
    before = {key: said(*key) for key in world.objects}
    put_canaries(world)
    for key, statement in before.items():
        # What stays is codes, ids, dates and the names of data sets.
        stays = texts(statement) & texts(said(*key))
        assert [text for text in stays if not re.fullmatch(r"[A-Za-z0-9_.-]+", text)] == []


def test_a_draft_never_shows_also_when_what_it_refers_to_is_renamed_or_merged(world):
    twin = public("places", "twin", name="Twin", parent=world.northmark)
    public("places", "other", name="Other", parent=twin)
    put_canaries(world)
    assert CANARY not in public_text()
    republish("places", twin, name="Twin town")
    for number, (resource, row_id) in enumerate(world.objects):
        publishing.discard(resource, row_id)
        republish(resource, row_id, **{NAMED[resource]: f"Renamed {number}"})
        assert f"Renamed {number}" in public_text()
        assert CANARY not in public_text()
        later = world.objects[number + 1 :]
        assert {state(*key) for key in later} <= {"draft"}
    put_canaries(world)
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    assert CANARY not in public_text()
    publishing.restore("places", twin, reason="They are two.")
    assert CANARY not in public_text()
    assert said("places", world.oakford)["name"] == CANARY


def test_discarding_gives_back_exactly_what_the_record_says(world):
    before = {key: (said(*key), record(*key).body) for key in world.objects}
    put_canaries(world)
    for resource, row_id in world.objects:
        publishing.discard(resource, row_id)
    for key, (statement, text) in before.items():
        assert said(*key) == statement
        assert state(*key) == "published"
        assert record(*key).body == text
    assert publish(*world.objects) is None


def test_discarding_a_row_that_was_never_published_removes_it_and_its_origins():
    Dataset.objects.create(slug="lists", title="Lists")
    draft = row("places", "draft", dataset="lists",
                datasets=[{"dataset": "lists", "external_id": "7"}])  # fmt: skip
    publishing.discard("places", draft)
    assert not record_of("places").shape.model.objects.filter(pk=draft).exists()
    assert not Dataset.objects.get().origins.exists()
    with pytest.raises(LookupError):
        publishing.discard("places", draft)


def test_discarding_takes_back_a_new_symmetric_link_on_both_sides(world):
    edit("claims", world.held, relations=[
        {"kind": "contradicts", "claim": world.counted, "how": "value"}])  # fmt: skip
    assert said("claims", world.counted)["relations"] != []
    publishing.discard("claims", world.held)
    assert said("claims", world.counted)["relations"] == []


def test_a_long_list_is_cut_in_the_body_counted_and_kept_whole():
    names = [{"name": f"Name {number:03}", "language": "en"} for number in range(130)]
    place = public("places", "many", name="Many names", names=names)
    shown = body("places", place)
    assert len(shown["names"]) == shape.NESTED_LIMIT == 100
    assert shown["names_total"] == 130
    assert record("places", place).statement() == said("places", place)
    whole = said("places", place)
    edit("places", place, names=[])
    publishing.discard("places", place)
    assert said("places", place) == whole


def test_a_change_beyond_the_cut_makes_a_version_and_is_not_lost():
    names = [{"name": f"Name {number:03}"} for number in range(130)]
    place = public("places", "many", names=names)
    names[125] = {"name": "Name 125", "language": "uk"}
    assert republish("places", place, names=names) is not None
    edit("places", place, names=[])
    publishing.discard("places", place)
    assert [n["language"] for n in said("places", place)["names"]].count("uk") == 1


def test_a_list_of_a_hundred_is_whole_and_not_counted():
    names = [{"name": f"Name {number:03}"} for number in range(100)]
    place = public("places", "many", names=names)
    assert len(body("places", place)["names"]) == 100
    assert "names_total" not in body("places", place)
    assert record("places", place).whole is None


def test_an_event_occurred_only_where_a_narration_affirms_it(world):
    event = row("events", "stated", status="occurred", title="A raid")
    with pytest.raises(PublishError, match="narration of a document affirms it"):
        publish(("events", event))
    for name, members in {
        "attributed": {"voice": "attributed"},
        "denied": {"polarity": "denied"},
        "conditional": {"condition": "if it did not rain"},
        "described": {"kind": "description"},
    }.items():
        members = {"kind": "occurrence", "voice": "narration"} | members
        claim = row("claims", name, claimant=world.paper, event=event, **members)
        with pytest.raises(PublishError, match="narration of a document affirms it"):
            publish(("events", event), ("claims", claim))
    narrated = row("claims", "affirmed", claimant=world.paper, event=event, kind="occurrence",
                   voice="narration")  # fmt: skip
    assert publish(("events", event), ("claims", narrated)) is not None


@pytest.mark.parametrize("loss", ["retracted", "denied", "moved"])
def test_an_event_that_loses_its_support_stays_and_is_put_to_a_curator(world, loss):
    if loss == "retracted":
        publishing.retract([("claims", world.narrated)], reason="The paper withdrew it.")
    elif loss == "denied":
        republish("claims", world.narrated, polarity="denied", relations=[])
    else:
        republish("claims", world.narrated, event=world.advance)
    assert body("events", world.withdrawal)["status"] == "occurred"
    item = ReviewItem.objects.get()
    assert (item.kind, item.resource, item.object_id) == ("support", "events", world.withdrawal)


def test_an_event_that_lost_its_support_still_follows_a_rename(world):
    publishing.retract([("claims", world.narrated)], reason="The paper withdrew it.")
    republish("places", world.oakford, name="Oakton")
    assert body("events", world.withdrawal)["place"]["name"] == "Oakton"
    with pytest.raises(PublishError, match="narration of a document affirms it"):
        republish("events", world.withdrawal, title="Withdrawal from Oakton")
    assert ReviewItem.objects.count() == 1


def test_an_event_keeps_its_support_while_another_claim_affirms_it(world):
    public("claims", "second", claimant=world.paper, event=world.withdrawal, kind="occurrence",
           voice="narration")  # fmt: skip
    publishing.retract([("claims", world.narrated)], reason="The paper withdrew it.")
    assert not ReviewItem.objects.exists()


def test_what_may_not_be_redistributed_is_published_on_a_closed_instance_only(settings):
    Dataset.objects.create(slug="secret", title="Secret", redistribution="forbidden")
    Dataset.objects.create(slug="open", title="Open")
    origins = [{"dataset": "secret", "external_id": "1"}]
    home = row("places", "home", dataset="secret", datasets=origins)
    guest = row(
        "places",
        "guest",
        dataset="open",
        datasets=[
            {"dataset": "open", "external_id": "1"},
            {"dataset": "secret", "external_id": "2"},
        ],
    )
    for place in (home, guest):
        with pytest.raises(PublishError, match="data set secret forbids redistribution"):
            publish(("places", place))
    settings.CLOSED = True
    assert publish(("places", home), ("places", guest)) is not None


def test_the_set_takes_every_row_or_none(world):
    edit("places", world.oakford, name="Oakton")
    lost = row("claims", "lost", claimant=row("sources", "unheard"), places=[world.oakford])
    with pytest.raises(PublishError):
        publish(("places", world.oakford), ("claims", lost))
    assert body("places", world.oakford)["name"] == "Oakford"
    assert state("places", world.oakford) == "draft"


def test_a_set_whose_places_would_lie_under_each_other_is_refused():
    upper = public("places", "upper", name="Upper")
    lower = public("places", "lower", name="Lower", parent=upper)
    edit("places", lower, parent=None)
    edit("places", upper, parent=lower)
    with pytest.raises(PublishError, match="would lie under itself"):
        publish(("places", upper))
    publish(("places", upper), ("places", lower))
    assert [a["name"] for a in body("places", upper)["ancestors"]] == ["Lower"]


def test_a_code_is_not_public_on_two_rows(world):
    edit("places", world.oakford, codes={})
    taken = row("places", "taken", codes={"geonames": "1001"})
    with pytest.raises(PublishError) as refused:
        publish(("places", taken))
    assert [str(problem) for problem in refused.value.problems] == [
        (
            f"places/{taken}: its code geonames:1001 is public on places/{world.oakford}; "
            "publish that first or in the same change set"
        )
    ]
    publish(("places", taken), ("places", world.oakford))
    assert body("places", taken)["codes"] == {"geonames": "1001"}


def test_the_number_of_queries_does_not_grow_with_the_rows(world, django_assert_max_num_queries):
    few = [row("places", f"few {number}", parent=world.oakford) for number in range(2)]
    many = [row("places", f"many {number}", parent=world.oakford) for number in range(60)]

    def count_queries(ids):
        with django_assert_max_num_queries(200) as counted:
            publish(*(("places", place) for place in ids))
        return len(counted)

    assert count_queries(few) == count_queries(many)


def test_the_defaults_of_the_factories_are_statements(world):
    for resource, members in DEFAULTS.items():
        assert set(members) <= set(said(*next(k for k in world.objects if k[0] == resource)))
    assert plain({"a": [world.oakford]}) == {"a": [str(world.oakford)]}
