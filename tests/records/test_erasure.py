"""Erasure: the one exception to append-only leaves no word of what it erased."""

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from events.contradictions import contradiction_id
from events.passages import text_hash
from records import publishing
from records.models import Change, Dataset, Erasure, ReviewItem
from records.publishing import PublishError
from records.registry import record_of
from sources.models import DocumentText
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
)

pytestmark = pytest.mark.django_db
SECRET = "s3cr3t"
AGAIN = {
    "places": {"name": "Again"},
    "actors": {"name": "Again"},
    "sources": {"name": "Again"},
    "documents": {"title": "Again"},
    "events": {"summary": "Again."},
    "claims": {"wording": "again"},
}


def everything():
    """Every text of every table of ours, as the database keeps it."""
    tables = [
        name
        for name in connection.introspection.table_names()
        if name.startswith(("records_", "places_", "sources_", "events_"))
    ]
    with connection.cursor() as cursor:
        found = []
        for table in tables:
            cursor.execute(f"select coalesce(string_agg(t::text, ' '), '') from {table} t")
            found.append(cursor.fetchone()[0])
    return "\n".join(found)


@pytest.fixture
def person(world):
    """A person with the secret everywhere, in several versions, embedded by everybody."""
    person = public("actors", "person", name=f"Jane {SECRET}", kind="person",
                    names=[{"name": f"J. {SECRET}"}], party_reason=f"{SECRET} stands alone.",
                    codes={"wikidata": SECRET})  # fmt: skip
    public("actors", "helper", name="Helper", parent=person)
    public("sources", "voice", name="Voice", speaks_for=person)
    public("events", "met", title="A meeting", participants=[{"actor": person, "role": "affected"}])
    public("claims", "said", claimant=ident("sources", "voice"), actor=person)
    republish("actors", person, name=f"Jane B. {SECRET}")
    republish("events", ident("events", "met"), title="A long meeting")
    edit("actors", person, name=f"Jane C. {SECRET}")
    return person


def test_no_word_of_an_erased_row_is_left_anywhere(world, person):
    ReviewItem.objects.create(kind="difference", resource="actors", object_id=person,
                              reason=SECRET, detail={"here": SECRET})  # fmt: skip
    assert everything().count(SECRET) > 20
    publishing.erase("actors", person, reason="A court ordered it.")
    assert SECRET not in everything()


def test_an_erased_place_is_no_longer_to_be_chosen(world):
    erased = str(public("places", "hidden", name=f"Upper {SECRET}"))
    other = str(world.northmark)
    question = ReviewItem.objects.create(
        kind="place", resource="events", object_id=ident("events", "strike"), member="place",
        reason="There are two.",
        detail={"name": "Upper", "candidates": [
            {"id": erased, "name": f"Upper {SECRET}", "score": 0.5},
            {"id": other, "name": "Northmark", "score": 0.4},
        ]},
    )  # fmt: skip
    publishing.erase("places", erased, reason="A court ordered it.")
    question.refresh_from_db()
    assert [c["id"] for c in question.detail["candidates"]] == [other]
    assert SECRET not in everything()


def test_an_erased_row_is_a_tombstone_with_a_reason_in_every_version(world, person):
    change_set = publishing.erase("actors", person, reason="A court ordered it.")
    change = change_set.changes.get()
    assert (change.op, change.cause) == ("erase", "erase")
    found = list(record_of("actors").objects.of(person).order_by("version"))
    assert [(v.version, v.op, v.live) for v in found] == [
        (1, "erase", False), (2, "erase", False), (3, "erase", False)]  # fmt: skip
    for version in found:
        read = orjson.loads(version.body)
        assert (read["id"], read["name"], read["erased"]) == (str(person), "[erased]", True)
        assert read["reason"] == "A court ordered it."
        assert (version.name, version.sort_name, version.codes) == ("", "", [])
    logged = Erasure.objects.get()
    assert (logged.resource, logged.object_id, logged.seq) == ("actors", person, change.seq)
    assert logged.reason == "A court ordered it."
    for seq in range(1, change.seq + 1):
        assert not record_of("actors").objects.at(seq).filter(object_id=person).exists()


def test_what_embeds_an_erased_row_shows_it_erased_in_every_version(world, person):
    before = Change.objects.count()
    publishing.erase("actors", person, reason="A court ordered it.")
    assert Change.objects.count() == before + 1
    for version in record_of("events").objects.of(ident("events", "met")):
        actor = orjson.loads(version.body)["participants"][0]["actor"]
        assert (actor["id"], actor["name"], actor["party"]) == (str(person), "[erased]", None)
    claim = body("claims", ident("claims", "said"))
    assert claim["party"] == "[erased]"
    assert body("actors", ident("actors", "helper"))["parent"]["name"] == "[erased]"


def test_the_line_of_csv_is_erased_as_the_json_is(world, person):
    met, voice = ident("events", "met"), ident("sources", "voice")
    assert SECRET in record("actors", person).csv
    assert SECRET in record("events", met).csv
    publishing.erase("actors", person, reason="A court ordered it.")
    assert [v.csv for v in record_of("actors").objects.of(person)] == ["", "", ""]
    for resource, row_id in (("events", met), ("sources", voice)):
        for version in record_of(resource).objects.of(row_id):
            assert SECRET not in version.csv
            assert "[erased]" in version.csv
            assert version.csv == version.csv_line(orjson.loads(version.body))
    publishing.retract([("claims", ident("claims", "said"))], reason="It was never said.")
    publishing.erase("claims", ident("claims", "said"), reason="A court ordered it.")
    assert {v.csv for v in record_of("claims").objects.of(ident("claims", "said"))} == {""}


def test_what_embeds_an_erased_row_is_published_again(world, person):
    publishing.erase("actors", person, reason="A court ordered it.")
    for resource, name, members in (
        ("events", "met", {"title": "A short meeting"}),
        ("claims", "said", {"statement": "Something else."}),
        ("actors", "helper", {"name": "Aide"}),
        ("sources", "voice", {"name": "Speaker"}),
    ):
        assert republish(resource, ident(resource, name), **members) is not None
    assert body("events", ident("events", "met"))["participants"][0]["actor"]["name"] == "[erased]"


def test_an_erased_row_is_not_restored_erased_again_or_published(world, person):
    publishing.erase("actors", person, reason="A court ordered it.")
    with pytest.raises(PublishError, match="was erased"):
        publishing.restore("actors", person, reason="Why not.")
    with pytest.raises(PublishError, match="was erased already"):
        publishing.erase("actors", person, reason="Once more.")
    with pytest.raises(PublishError, match="is retracted"):
        publish(("actors", person))
    row("actors", "person", name="Jane again")
    with pytest.raises(PublishError, match="was erased"):
        publish(("actors", person))


def test_what_was_never_public_is_not_erased(world):
    with pytest.raises(PublishError, match="was never public"):
        publishing.erase("places", row("places"), reason="A court ordered it.")


def test_the_triggers_guard_again_after_an_erasure(world, person):
    publishing.erase("actors", person, reason="A court ordered it.")
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('dateline.erasing', true)")
        assert cursor.fetchone()[0] == "off"


def test_a_retracted_row_is_erased(world):
    edit("claims", world.held, wording=SECRET)
    publish(("claims", world.held))
    publishing.retract([("claims", world.held)], reason="It was never said.")
    publishing.erase("claims", world.held, reason="A court ordered it.")
    assert SECRET not in everything()


@pytest.mark.parametrize("ended", ["by nothing", "by a correction", "by a retraction"])
def test_no_figure_of_an_erased_claim_is_left_in_what_contradicted_it(world, ended):
    figures = {"metric": "lost", "best": 987654, "unit": "troops"}
    republish("claims", world.counted, said="2022-10-01")
    wild = public("claims", "wild", kind="quantity", claimant=world.red_spokesman,
                  event=world.withdrawal, object_actor=world.red_army, said="2022-10-01",
                  quantity=figures)  # fmt: skip
    dispute = contradiction_id("quantity", *sorted(map(str, (wild, world.counted))))
    assert "987654" in record("contradictions", dispute).body
    if ended == "by a correction":
        republish("claims", wild, quantity=figures | {"best": 500})
    elif ended == "by a retraction":
        publishing.retract([("claims", wild)], reason="It was never said.")
    publishing.erase("claims", wild, reason="A court ordered it.")
    assert "987654" not in everything()
    for version in record_of("contradictions").objects.of(dispute):
        assert version.op == "erase"
    assert body("claims", world.counted)["contradictions"] == []


def test_a_place_loses_its_position_wherever_it_was_borrowed(world):
    publishing.erase("places", world.oakford, reason="People are in danger.")
    assert "48.5" not in everything()
    assert (record("events", world.withdrawal).lat, record("events", world.withdrawal).lon) == (
        None, None)  # fmt: skip
    assert record("events", world.withdrawal).places == [world.oakford]
    assert said("places", world.oakford)["name"] == "[erased]"


def test_a_text_goes_with_its_document_unless_another_has_it(world):
    kept = {}
    for text in (SECRET, "shared"):
        kept[text] = {"text_sha256": text_hash(text), "text_length": len(text)}
        DocumentText.objects.create(sha256=text_hash(text), text=text)
    mine = public("documents", "mine", **kept[SECRET])
    both = public("documents", "both", **kept["shared"])
    public("documents", "other", **kept["shared"])
    assert body("documents", mine)["has_text"] is True
    for document in (mine, both):
        publishing.erase("documents", document, reason="A court ordered it.")
    assert list(DocumentText.objects.values_list("text", flat=True)) == ["shared"]
    assert SECRET not in everything()


@pytest.mark.parametrize(
    "resource", ["places", "actors", "sources", "documents", "events", "claims"]
)
def test_rows_of_every_resource_are_erased(world, resource):
    name = {"documents": "title", "events": "title", "claims": "statement"}.get(resource, "name")
    for key in [key for key in world.objects if key[0] == resource]:
        edit(*key, **{name: SECRET})
        publish(key)
    for key in [key for key in world.objects if key[0] == resource]:
        publishing.erase(*key, reason="A court ordered it.")
        assert state(*key) == "retracted"
    assert SECRET not in everything()
    for key in [key for key in world.objects if key[0] != resource]:
        # The claim that says so went, so this event may no longer be said to have occurred.
        status = {"status": "claimed"} if key == ("events", world.withdrawal) else {}
        assert republish(*key, **AGAIN[key[0]], **status) is not None


def test_what_was_merged_into_an_erased_row_is_erased_with_it(world, person):
    double = public("actors", "double", name=f"Double {SECRET}")
    publishing.merge("actors", double, person, reason="They are one.")
    with pytest.raises(PublishError, match=f"was merged into actors/{person}; erase that"):
        publishing.erase("actors", double, reason="A court ordered it.")
    publishing.erase("actors", person, reason="A court ordered it.")
    assert SECRET not in everything()
    assert Erasure.objects.count() == 2


def test_a_merge_is_not_undone_once_what_it_moved_was_erased(world):
    twin = public("places", "twin", name="Twin")
    seen = public("claims", "seen", claimant=world.paper, places=[twin], wording=SECRET)
    publishing.merge("places", twin, world.oakford, reason="They are one.")
    publishing.erase("claims", seen, reason="A court ordered it.")
    assert SECRET not in everything()
    with pytest.raises(PublishError, match="was erased"):
        publishing.restore("places", twin, reason="They are two.")


def test_the_home_of_an_erased_row_is_kept_so_that_no_import_brings_it_back(world):
    Dataset.objects.create(slug="lists", title="Lists")
    place = public("places", "listed", name=SECRET, dataset="lists",
                   datasets=[{"dataset": "lists", "external_id": "7"}])  # fmt: skip
    publishing.erase("places", place, reason="A court ordered it.")
    assert said("places", place)["datasets"] == [{"dataset": "lists", "external_id": "7"}]


def test_the_command_erases_and_says_what_it_did(world, person, capsys):
    call_command("erase", "actors", str(person), reason="A court ordered it.", yes=True)
    assert SECRET not in everything()
    assert str(person) in capsys.readouterr().out
    with pytest.raises(CommandError, match="was erased already"):
        call_command("erase", "actors", str(person), reason="Once more.", yes=True)
