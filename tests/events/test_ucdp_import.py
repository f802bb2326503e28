"""UCDP: what a row says here, on made-up rows; and what the real releases need mended."""

import csv
import io
from collections import Counter

import orjson
import pytest
from django.conf import settings

from events.imports.ucdp import REQUIRED, Ucdp
from records import publishing, workspace
from records.ids import named
from records.imports import Asked, Import, Refused, formats, open_files, running
from records.models import ChangeSet, Origin, ReviewItem
from records.registry import record_of

pytestmark = pytest.mark.django_db

RELEASES = settings.BASE_DIR.parent / "shared" / "data" / "ucdp"

ROW = {
    "id": "900001",
    "type_of_violence": "1",
    "dyad_name": "Government of Arland - Hill Front",
    "side_a_new_id": "9001",
    "side_a": "Government of Arland (Old Arland)",
    "side_b_new_id": "9002",
    "side_b": "Hill Front",
    "number_of_sources": "2",
    "source_article": '"Arland Post,2022-05-02,Fighting near the mill";'
    '"Hill Radio,2022-05-03,Two dead"',
    "source_office": "Arland Post;Hill Radio",
    "source_date": "2022-05-02;2022-05-03",
    "source_headline": "Fighting near the mill;Two dead",
    "source_original": "army spokesman; Hill Radio",
    "where_prec": "2",
    "where_coordinates": "Milltown town",
    "adm_1": "North province",
    "adm_2": "",
    "latitude": "48.5",
    "longitude": "37.5",
    "country": "Arland",
    "event_clarity": "1",
    "date_prec": "2",
    "date_start": "2022-05-01T00:00:00",
    "date_end": "2022-05-02T00:00:00",
    "deaths_a": "1",
    "deaths_b": "0",
    "deaths_civilians": "2",
    "deaths_unknown": "0",
    "best": "3",
    "high": "4",
    "low": "2",
}


@pytest.fixture
def load(tmp_path):
    """Imports made-up rows; the counts and the rejects."""

    def loaded(*rows, encoding="utf-8", **asked):
        path = tmp_path / "release.csv"
        with path.open("w", encoding=encoding, newline="") as stream:
            writer = csv.DictWriter(stream, REQUIRED)
            writer.writeheader()
            writer.writerows({**ROW, **row} for row in rows)
        rejects = io.StringIO()
        with open_files([str(path)]) as files:
            counts = Import(formats()["ucdp"](), files, Asked(**asked), rejects=rejects).run()
        return counts, list(csv.DictReader(io.StringIO(rejects.getvalue())))

    return loaded


def bodies(resource):
    return [
        orjson.loads(body)
        for body in record_of(resource).objects.current().values_list("body", flat=True)
    ]


def event(number="900001"):
    return orjson.loads(
        record_of("events").objects.current().get(codes__contains=[f"ucdp:{number}"]).body
    )


def claims(kind=None):
    found = sorted(bodies("claims"), key=lambda claim: claim["datasets"][0]["external_id"])
    return [claim for claim in found if kind in (None, claim["kind"])]


def test_a_row_is_an_event_with_its_sides_time_and_position(load):
    counts, rejects = load({})
    assert (counts.added, rejects) == (1, [])
    said = event()
    assert said["type"]["code"] == "conflict.state_based"
    assert said["status"] == "claimed"
    assert said["title"] == "Government of Arland and Hill Front: Milltown town"
    assert (said["when"]["edtf"], said["when"]["precision"]) == ("2022-05-01/2022-05-02", "days")
    assert (said["lat"], said["lon"], said["geo_precision"]) == (48.5, 37.5, "near_settlement")
    assert {(p["actor"]["name"], p["role"]) for p in said["participants"]} == {
        ("Government of Arland", "participant"),
        ("Hill Front", "participant"),
    }
    assert said["codes"] == {"ucdp": "900001"}
    assert said["datasets"] == [{"dataset": "ucdp-ged", "external_id": "900001"}]


def test_each_speaker_and_ucdp_itself_make_a_claim(load):
    load({})
    said = [
        (c["claimant"]["name"], c["claimant"]["kind"], c["voice"]) for c in claims("occurrence")
    ]
    assert sorted(said) == [
        ("Hill Radio", "news_outlet", "attributed"),
        ("UCDP", "dataset", "narration"),
        ("army spokesman", "unknown", "attributed"),
    ]


def test_what_ucdp_counts_is_a_claim_of_its_own(load):
    load({})
    counted = {
        (c["object_actor"] and c["object_actor"]["name"], c["quantity"]["unit"]): (
            c["quantity"]["low"], c["quantity"]["best"], c["quantity"]["high"],
        )
        for c in claims("quantity")
    }  # fmt: skip
    assert counted == {
        (None, "people"): (2, 3, 4),
        ("Government of Arland", "people"): (1, 1, 1),
        (None, "civilians"): (2, 2, 2),
    }
    assert {c["claimant"]["name"] for c in claims("quantity")} == {"UCDP"}
    # A data set codes what others said: it is never an origin.
    assert {c["corroboration"]["origins"] for c in claims("quantity")} == {0}


def test_the_row_is_a_document_that_cites_its_articles(load):
    load({})
    row = next(d for d in bodies("documents") if d["kind"] == "dataset")
    assert row["title"] == "UCDP event 900001"
    cited = {link["document"]["title"] for link in row["relations"]}
    assert cited == {"Fighting near the mill", "Two dead"}
    assert {c["document"]["id"] for claim in claims() for c in claim["citations"]} == {row["id"]}


def test_one_article_is_what_a_speaker_reached_ucdp_through(load):
    load({"source_office": "Arland Post", "source_date": "02/05/2022",
          "source_headline": "Fighting near the mill"})  # fmt: skip
    spoke = next(c for c in claims("occurrence") if c["claimant"]["name"] == "army spokesman")
    via = spoke["citations"][0]["via"]
    assert [hop["document"]["title"] for hop in via] == ["Fighting near the mill"]
    article = next(d for d in bodies("documents") if d["kind"] == "article")
    assert article["published"]["edtf"] == "2022-05-02"


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"best": "1"}, "interval_widened"),
        ({"high": "2"}, "interval_widened"),
        ({"date_start": "5/1/2022 12:00:00 AM"}, "date_form"),
        ({"date_start": "05/01/2022 00:00"}, "date_form"),
        ({"source_date": "02/05/2022;2022-05-03"}, "article_date_form"),
        ({"source_date": "soon;2022-05-03"}, "article_date_unread"),
        ({"source_headline": "Fighting; near the mill;Two dead"}, "lists_unequal"),
        ({"where_coordinates": "Milltown\ntown"}, "line_breaks"),
        ({"source_original": "army ???? spokesman"}, "lost_letters"),
        ({"source_original": "????"}, "speaker_lost"),
        ({"source_original": "army spokesman, General Ash"}, "speakers_undivided"),
        ({"number_of_sources": "-1"}, "sources_unknown"),
    ],
)
def test_each_repair_is_counted_and_kept_with_the_row(load, row, kind):
    counts, rejects = load(row)
    assert rejects == []
    assert counts.repaired[kind] == 1
    assert Origin.objects.get(external_id="900001").notes


def test_a_best_estimate_outside_its_interval_widens_it_and_the_citation_says_so(load):
    load({"best": "9"})
    claim = next(c for c in claims("quantity") if c["object_actor"] is None and
                 c["quantity"]["unit"] == "people")  # fmt: skip
    assert (claim["quantity"]["low"], claim["quantity"]["high"]) == (2, 9)
    assert "best 9 lies outside 2 to 4" in claim["citations"][0]["locator"]


def test_a_comma_parts_speakers_only_where_each_is_one_elsewhere(load):
    counts, _ = load(
        {"source_original": "Hill Radio, army spokesman"},
        {"id": "900002", "source_original": "Hill Radio"},
        {"id": "900003", "source_original": "army spokesman (x2)"},
        {"id": "900004", "source_original": "army spokesman, General Ash"},
    )
    assert counts.repaired["speakers_divided"] == 1
    spoke = Counter(c["claimant"]["name"] for c in claims("occurrence"))
    assert spoke == {
        "UCDP": 4, "Hill Radio": 2, "army spokesman": 2, "army spokesman, General Ash": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"id": "x"}, "id"),
        ({"date_start": "yesterday"}, "date_start"),
        ({"date_start": "2022-02-30"}, "date_start"),
        ({"date_end": "2022-04-30"}, "date_end"),
        ({"type_of_violence": "4"}, "type_of_violence"),
        ({"where_prec": "8"}, "where_prec"),
        ({"event_clarity": ""}, "event_clarity"),
        ({"best": "many"}, "best"),
        ({"latitude": "91"}, "latitude"),
        ({"longitude": ""}, "longitude"),
        ({"side_b": ""}, "side_b"),
    ],
)
def test_a_row_that_cannot_be_read_goes_to_the_rejects(load, row, column):
    counts, rejects = load({**row}, {"id": "900002"})
    assert (counts.added, counts.rejected) == (1, 1)
    assert (rejects[0]["line"], rejects[0]["column"]) == ("2", column)


def test_an_actor_of_another_name_in_a_later_batch_stays_as_the_first_row_has_it(load, monkeypatch):
    monkeypatch.setattr(running, "BATCH", 1)
    rows = [{}, {"id": "900002", "side_b": "Hill Front (new)"}, {"id": "900003", "side_b": "Hills"}]
    counts, rejects = load(*rows)
    assert (counts.added, rejects) == (3, [])
    assert counts.repaired["shared_differs"] == 1
    names = [actor["name"] for actor in bodies("actors")]
    assert sorted(names) == ["Government of Arland", "Hill Front"]
    sets = ChangeSet.objects.count()
    load(*rows)
    assert ChangeSet.objects.count() == sets


def test_an_id_that_comes_twice_is_rejected_the_second_time(load):
    counts, rejects = load({}, {})
    assert (counts.added, counts.rejected) == (1, 1)
    assert rejects[0]["reason"] == "is the id of an earlier row of the files"


def test_a_later_release_changes_what_changed_and_withdraws_what_is_gone(load):
    load({}, {"id": "900002"}, {"id": "900003"})
    counts, _ = load({"best": "4"}, {"id": "900002"}, complete=True)
    assert (counts.changed, counts.unchanged, counts.withdrawn) == (1, 1, 1)
    assert len(bodies("events")) == 2
    sets = ChangeSet.objects.count()
    counts, _ = load({"best": "4"}, {"id": "900002"}, complete=True)
    assert (counts.changed, counts.withdrawn, ChangeSet.objects.count()) == (0, 0, sets)


def test_a_file_without_ucdp_s_columns_is_refused(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("id,year\n1,2022\n")
    with (
        open_files([str(path)]) as files,
        pytest.raises(Refused, match="has no column type_of_violence"),
    ):
        Import(Ucdp(), files, Asked(), rejects=io.StringIO()).run()


def milltowns(*positions):
    """Places of one name, at the given positions; their ids."""
    rows = {
        named("test", "places", f"milltown {lat}"): {
            "name": "Milltown", "kind": "town", "country": "UA", "lat": lat, "lon": lon,
        }
        for lat, lon in positions
    }  # fmt: skip
    workspace.apply("places", rows)
    publishing.publish([("places", row_id) for row_id in rows])
    return [str(row_id) for row_id in rows]


def test_an_event_lies_in_the_place_of_that_name_at_its_position(load):
    near, _ = milltowns((48.51, 37.5), (50.0, 30.0))
    load({"country": "Ukraine"})
    assert [(p["place"]["id"], p["basis"]) for p in event()["places"]] == [(near, "inferred")]
    assert not ReviewItem.objects.exists()


def test_homonyms_are_not_guessed_and_a_curator_is_asked_once(load):
    both = milltowns((48.7, 37.5), (48.3, 37.5))
    row = {"country": "Ukraine"}
    load(row)
    assert event()["places"] == []
    item = ReviewItem.objects.get(kind="place")
    assert (item.member, item.detail["name"]) == ("places", "Milltown town")
    assert {candidate["id"] for candidate in item.detail["candidates"]} == set(both)
    load(row)
    assert ReviewItem.objects.count() == 1


@pytest.mark.skipif(not RELEASES.is_dir(), reason="the releases of UCDP are not here")
@pytest.mark.parametrize(
    ("release", "rows", "repairs"),
    [
        (
            "UCDP-Ukraine_2023-02-03.csv",
            3000,
            {"interval_widened": 13, "lists_unequal": 16, "line_breaks": 132},
        ),
        (
            "UCDP-Ukraine_2023-05-03.csv",
            3883,
            {
                "interval_widened": 31, "lists_unequal": 18, "line_breaks": 147,
                "lost_letters": 174, "date_form": 3883, "encoding": 301,
            },
        ),
    ],
)  # fmt: skip
def test_the_real_releases_are_read_whole_with_their_oddities_counted(release, rows, repairs):
    form = Ucdp()
    with open_files([str(RELEASES / release)]) as files:
        files[0].examine()
        form.check(files)
        items = [(row, form.read(row)) for row in form.rows(files)]
    assert len(items) == rows
    told = Counter(kind for _, item in items for kind in {kind for kind, _ in item.repairs})
    told["encoding"] = sum(row.guessed for row, _ in items)
    assert {kind: told[kind] for kind in repairs} == repairs
