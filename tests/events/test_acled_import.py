"""ACLED's exports, tried with made-up rows under both of its headers."""

import csv
import io
from uuid import UUID

import pytest

from events.event_types import event_types
from events.imports.acled import AMBIGUOUS
from events.models import Claim, Event
from records import imports
from records.imports import Asked, Import, Refused, open_files
from records.models import ChangeSet, Dataset, Origin, ReviewItem, State
from records.registry import record_of
from sources.models import Actor, Document, Source
from tests import factories

pytestmark = pytest.mark.django_db

OLD = (
    "data_id,iso,event_id_cnty,event_id_no_cnty,event_date,year,time_precision,event_type,"
    "sub_event_type,actor1,assoc_actor_1,inter1,actor2,assoc_actor_2,inter2,interaction,region,"
    "country,admin1,admin2,admin3,location,latitude,longitude,geo_precision,source,source_scale,"
    "notes,fatalities,timestamp,iso3"
)
NEW = (
    "event_id_cnty,event_date,year,time_precision,disorder_type,event_type,sub_event_type,actor1,"
    "assoc_actor_1,inter1,actor2,assoc_actor_2,inter2,interaction,civilian_targeting,iso,region,"
    "country,admin1,admin2,admin3,location,latitude,longitude,geo_precision,source,source_scale,"
    "notes,fatalities,tags,timestamp"
)

#: A row of an invented clash; what old and new rows write otherwise is below.
ROW = {
    "event_id_cnty": "FRA101",
    "event_date": "2022-04-22",
    "year": "2022",
    "time_precision": "1",
    "event_type": "Battles",
    "sub_event_type": "Armed clash",
    "actor1": "Military Forces of Landia (2000-)",
    "actor2": "Hill Riders (Landia)",
    "iso": "250",
    "country": "France",
    "admin1": "Northmark",
    "admin2": "Oak County",
    "location": "Oakford",
    "latitude": "48.5",
    "longitude": "2.5",
    "geo_precision": "1",
    "source": "The Morning Post",
    "source_scale": "National",
    "notes": "Some words of those who made the table.",
    "fatalities": "7",
    "timestamp": "1650909060",
}
AS_OLD = {"inter1": "1", "inter2": "2", "interaction": "12", "data_id": "9000001", "iso3": "FRA"}
AS_NEW = {
    "inter1": "State forces",
    "inter2": "Rebel group",
    "interaction": "State forces-Rebel group",
    "disorder_type": "Political violence",
}


def row(key="FRA101", **other):
    return ROW | {"event_id_cnty": key} | other


@pytest.fixture
def write(tmp_path):
    """Writes rows under a header and gives the path of the file."""

    def written(*rows, header=NEW, delimiter=",", name="acled.csv"):
        given = AS_NEW if header is NEW else AS_OLD
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as stream:
            columns = header.split(",")
            table = csv.DictWriter(stream, columns, restval="", delimiter=delimiter)
            table.writeheader()
            for cells in rows:
                table.writerow({k: v for k, v in (given | cells).items() if k in columns})
        return str(path)

    return written


@pytest.fixture
def closed(settings):
    """An instance that is closed to anonymous reading, on which ACLED's rows are public."""
    settings.CLOSED = True


def run(path, **asked):
    """Import a file: what was done, and the rows that were rejected."""
    rejects = io.StringIO()
    with open_files([path]) as files:
        form = imports.formats()["acled"]()
        counts = Import(form, files, Asked(**asked), rejects=rejects).run()
    return counts, list(csv.DictReader(io.StringIO(rejects.getvalue())))


def loaded(path):
    """Import a file of one good row; what the event says, with its claims by their parts."""
    counts, rejected = run(path)
    assert rejected == []
    assert counts.added == 1
    event = Event.objects.get()
    return factories.said("events", event.pk), claims()


def claims():
    """The claims by what they are called in the data set, without the key of the row."""
    return {
        origin.external_id.partition(":")[2].split()[0]: factories.said("claims", origin.object_id)
        for origin in Origin.objects.filter(resource="claims")
    }


def of(resource, external_id):
    origin = Origin.objects.get(resource=resource, external_id=external_id)
    return str(origin.object_id), factories.said(resource, origin.object_id)


def test_a_row_is_an_event_with_what_acled_and_its_publication_say(write):
    event, said = loaded(write(row()))
    assert {name: event[name] for name in (
        "type", "title", "status", "lat", "lon", "geo_precision", "codes", "dataset",
    )} == {
        "type": "battle.clash",
        "title": "Clash: Military Forces of Landia and Hill Riders, Oakford",
        "status": "claimed",
        "lat": 48.5,
        "lon": 2.5,
        "geo_precision": "settlement",
        "codes": {"acled": "FRA101"},
        "dataset": "acled",
    }  # fmt: skip
    assert event["when"] == {
        "edtf": "2022-04-22", "precision": "day", "phrase": None, "basis": "metadata",
    }  # fmt: skip
    assert {p["role"] for p in event["participants"]} == {"participant"}
    assert sorted(Actor.objects.values_list("name", "kind")) == [
        ("Hill Riders (Landia)", "group"),
        ("Military Forces of Landia (2000-)", "armed_force"),
    ]

    acled = str(Source.objects.get(name="ACLED", kind="dataset").pk)
    post = str(Source.objects.get(name="The Morning Post", kind="news_outlet").pk)
    row_id, document = of("documents", "FRA101:row")
    article = str(Document.objects.get(publisher=post).pk)
    assert (document["kind"], document["title"]) == ("dataset", "ACLED event FRA101")
    assert (document["publisher"], document["rights"]) == (acled, "forbidden")
    assert document["published"]["edtf"] == "2022-04-25"
    assert document["relations"] == [{"kind": "cites", "document": article}]

    assert {part: (c["kind"], c["voice"], c["claimant"]) for part, c in said.items()} == {
        f"said:{article_of('FRA101')}": ("occurrence", "attributed", post),
        "occurrence": ("occurrence", "narration", acled),
        "killed": ("quantity", "narration", acled),
    }
    assert said["killed"]["quantity"] == {
        "metric": "killed", "low": 7, "best": 7, "high": 7, "unit": "people",
        "approximator": None,
    }  # fmt: skip
    assert said["killed"]["holds"] == event["when"]
    cited = {
        part: [(c["document"], c["locator"], c["via"]) for c in claim["citations"]]
        for part, claim in said.items()
    }
    assert cited == {
        f"said:{article_of('FRA101')}": [
            (row_id, "FRA101, source", [{"document": article, "source": None}])
        ],
        "occurrence": [(row_id, "FRA101, event_type, sub_event_type; source_scale National", [])],
        "killed": [(row_id, "FRA101, fatalities", [])],
    }


def article_of(key):
    """The hexadecimal digits by which the one article of a row is told."""
    name = Origin.objects.get(external_id__startswith=f"{key}:article").external_id
    return name.split()[-1]


def test_both_headers_and_delimiters_say_the_same(write):
    new, told = loaded(write(row()))
    for header, delimiter in ((OLD, ","), (OLD, ";"), (NEW, ";")):
        counts, rejected = run(write(row(), header=header, delimiter=delimiter))
        assert (counts.unchanged, rejected) == (1, [])
    assert factories.said("events", Event.objects.get().pk) == new
    assert claims() == told


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("2022-04-22", 0),
        ("2022-04-22T00:00:00Z", 0),
        ("22 April 2022", 0),
        ("22/04/2022 00:00:00", 1),
        ("22/04/2022", 1),
    ],
)
def test_a_date_is_read_in_each_form_that_acled_has_used(write, text, mended):
    counts, rejected = run(write(row(event_date=text)))
    assert rejected == []
    assert Event.objects.get().when_edtf == "2022-04-22"
    assert counts.repaired["date_form"] == mended


@pytest.mark.parametrize(
    ("code", "edtf", "precision", "basis"),
    [
        ("1", "2022-04-22", "day", "metadata"),
        ("2", "2022-04-19/2022-04-25", "week", "inferred"),
        ("3", "2022-04", "month", "inferred"),
    ],
)
def test_time_precision_widens_the_date(write, code, edtf, precision, basis):
    run(write(row(time_precision=code)))
    when = factories.said("events", Event.objects.get().pk)["when"]
    assert (when["edtf"], when["precision"], when["basis"]) == (edtf, precision, basis)


@pytest.mark.parametrize(
    ("code", "precision", "place"),
    [
        ("1", "settlement", "Oakford"),
        ("2", "near_settlement", "Oakford"),
        ("3", "admin1", "Northmark"),
    ],
)
def test_an_event_lies_in_what_its_precision_allows(write, code, precision, place):
    land = factories.public("places", name="France", kind="country", country="FR")
    north = factories.public("places", name="Northmark", kind="admin1", country="FR", parent=land)
    town = factories.public(
        "places", name="Oakford", kind="town", country="FR", parent=north, lat=48.5, lon=2.5
    )
    run(write(row(geo_precision=code, location="Oakford")))
    event = factories.said("events", Event.objects.get().pk)
    assert event["geo_precision"] == precision
    meant = {"Oakford": town, "Northmark": north}[place]
    assert [(p["place"], p["role"]) for p in event["places"]] == [(str(meant), "location")]
    assert event["title"].endswith(f", {place}")


def test_a_place_that_cannot_be_told_is_left_to_a_curator(write):
    for name in ("one", "other"):
        factories.public(
            "places", name, name="Oakford", kind="town", country="FR", lat=48.5, lon=2.5
        )
    counts, _ = run(write(row()))
    assert counts.questions == 1
    asked = ReviewItem.objects.get()
    assert (asked.kind, asked.resource, asked.member) == ("place", "events", "places")


def test_every_sub_event_has_one_type_and_what_several_share_the_most_general():
    codes = {}
    for entry in event_types():
        for code in entry["crosswalk"].get("acled", []):
            codes.setdefault(code, []).append(entry["code"])
    several = {code for code, types in codes.items() if len(types) > 1}
    assert set(AMBIGUOUS) == several
    assert len([code for code in codes if " / " in code]) == 25
    known = {entry["code"] for entry in event_types()}
    assert set(AMBIGUOUS.values()) <= known


@pytest.mark.parametrize(
    ("main", "sub", "ours"),
    [
        ("Battles", "Government regains territory", "territory.control_gained"),
        ("Explosions/Remote violence", "Air/drone strike", "strike"),
        ("Explosions/Remote violence", "Shelling/artillery/missile attack",
         "strike.artillery_missile"),
        ("Strategic developments", "Non-violent transfer of territory", "territory"),
        ("Strategic developments", "Other", "other"),
        ("Protests", "Peaceful protest", "unrest.protest"),
        ("Violence against civilians", "Attack", "civilians.attack"),
    ],
)  # fmt: skip
def test_a_sub_event_becomes_our_type(write, main, sub, ours):
    counts, _ = run(write(row(event_type=main, sub_event_type=sub)))
    assert Event.objects.get().type_id == ours
    assert counts.repaired == {}


def test_a_sub_event_that_is_not_known_takes_the_type_above(write):
    counts, _ = run(write(row(sub_event_type="Naval encounter")))
    assert Event.objects.get().type_id == "battle"
    assert counts.repaired == {"sub_event_unknown": 1}
    assert Origin.objects.get(resource="events").notes == [
        "“Naval encounter” is no known kind of “Battles”"
    ]


@pytest.mark.parametrize("header", [OLD, NEW])
def test_no_deaths_are_never_a_zero(write, header):
    _, said = loaded(write(row(fatalities="0"), header=header))
    killed = said["killed"]
    assert (killed["kind"], killed["polarity"]) == ("unknown", "unknown")
    assert killed["quantity"] == {
        "metric": "killed", "low": None, "best": None, "high": None, "unit": "people",
        "approximator": None,
    }  # fmt: skip
    assert not Claim.objects.filter(kind="quantity").exists()


def test_each_publication_makes_a_claim_of_its_own(write):
    _, said = loaded(write(row(source="The Morning Post; Valley Radio; The Morning Post")))
    attributed = [claim for claim in said.values() if claim["voice"] == "attributed"]
    assert len(attributed) == 2
    publishers = {claim["claimant"] for claim in attributed}
    assert publishers == {
        str(pk) for pk in Source.objects.filter(kind="news_outlet").values_list("pk", flat=True)
    }
    for claim in attributed:
        (hop,) = claim["citations"][0]["via"]
        article = factories.said("documents", UUID(hop["document"]))
        assert article["publisher"] == claim["claimant"]
        assert (article["kind"], article["title"], article["url"]) == ("article", None, None)
    _, document = of("documents", "FRA101:row")
    assert len(document["relations"]) == 2


def test_articles_of_two_rows_are_two_though_one_paper_has_them(write):
    run(write(row("FRA1"), row("FRA2")))
    paper = Source.objects.get(name="The Morning Post")
    assert Document.objects.filter(publisher=paper).count() == 2


def test_those_who_went_along_are_participants_too(write):
    event, _ = loaded(
        write(
            row(
                assoc_actor_1="Dawn Front; Labour Group (Landia)",
                actor2="Civilians (Landia)",
                assoc_actor_2="Dawn Front",
            )
        )
    )
    assert len(event["participants"]) == 4
    kinds = dict(Actor.objects.values_list("name", "kind"))
    assert kinds["Civilians (Landia)"] == "collective"
    assert kinds["Labour Group (Landia)"] == kinds["Dawn Front"] == "group"


def test_a_row_without_a_second_side_is_of_one(write):
    event, _ = loaded(
        write(row(actor1="Protesters (Landia)", actor2="", event_type="Protests",
                  sub_event_type="Peaceful protest"))
    )  # fmt: skip
    assert len(event["participants"]) == 1
    assert event["title"] == "Protest: Protesters, Oakford"


def test_that_civilians_are_the_target_is_a_claim(write):
    _, said = loaded(write(row(civilian_targeting="Civilian targeting")))
    assert said["civilians"]["kind"] == "description"
    assert said["civilians"]["citations"][0]["locator"] == "FRA101, civilian_targeting"


def test_notes_and_tags_are_nowhere_kept(write):
    run(write(row(notes="Zanzibar words", tags="crowd size=zanzibar")))
    for resource in ("events", "claims", "documents", "sources", "actors"):
        for pk in record_of(resource).shape.model.objects.values_list("pk", flat=True):
            assert "anzibar" not in str(factories.said(resource, pk))


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"event_id_cnty": ""}, "event_id_cnty", "is no id of letters and digits"),
        ({"event_id_cnty": "FRA:1"}, "event_id_cnty", "is no id of letters and digits"),
        ({"event_date": "2022-02-30"}, "event_date", "is no day of the calendar"),
        ({"event_date": "04/22/2022"}, "event_date", "is no day of the calendar"),
        ({"event_date": "spring"}, "event_date",
         "is no date: YYYY-MM-DD, D/M/YYYY or a day with the month in English"),
        ({"event_date": "1 Brumaire 2022"}, "event_date",
         "is no date: YYYY-MM-DD, D/M/YYYY or a day with the month in English"),
        ({"time_precision": "4"}, "time_precision", "is none of 1, 2, 3"),
        ({"geo_precision": ""}, "geo_precision", "is none of 1, 2, 3"),
        ({"latitude": "91"}, "latitude", "lies beyond 90 degrees"),
        ({"longitude": "-180.5"}, "longitude", "lies beyond 180 degrees"),
        ({"longitude": "nan"}, "longitude", "lies beyond 180 degrees"),
        ({"longitude": "east"}, "longitude", "is no number"),
        ({"fatalities": ""}, "fatalities", "is no count"),
        ({"fatalities": "-1"}, "fatalities", "is no count"),
        ({"fatalities": "9" * 5000}, "fatalities", "is no count"),
        ({"event_date": "0001-01-01", "time_precision": "2"}, "event_date",
         "lies outside the years 1900 to 2199"),
        ({"event_type": "Weather"}, "event_type", "is no event type of ACLED"),
        ({"actor1": ""}, "actor1", "is missing"),
    ],
)  # fmt: skip
def test_a_bad_row_is_rejected_with_column_and_reason_and_the_others_load(
    write, cells, column, reason
):
    counts, rejected = run(write(row("FRA1"), row("FRA2") | cells, row("FRA3")))
    assert (counts.rows, counts.added, counts.rejected) == (3, 2, 1)
    value = cells[column]
    assert [(r["line"], r["column"], r["value"], r["reason"]) for r in rejected] == [
        ("3", column, value, reason)
    ]
    assert sorted(Event.objects.values_list("codes__code", flat=True)) == ["FRA1", "FRA3"]


def test_a_second_row_with_an_id_is_rejected(write):
    counts, rejected = run(write(row("FRA1"), row("FRA1", fatalities="9")))
    assert counts.added == 1
    assert [(r["column"], r["value"]) for r in rejected] == [("event_id_cnty", "FRA1")]
    assert Claim.objects.get(kind="quantity").quantity_best == 7


def test_a_timestamp_that_counts_nothing_is_left_out(write):
    counts, _ = run(write(row(timestamp="last week")))
    assert counts.repaired == {"timestamp_unread": 1}
    assert of("documents", "FRA101:row")[1]["published"] is None


@pytest.mark.parametrize("missing", ["event_id_cnty", "fatalities", "sub_event_type"])
def test_a_file_with_another_header_is_refused(write, missing):
    header = NEW.replace(f"{missing},", "")
    with pytest.raises(Refused, match=f"no table of ACLED events.*{missing}"):
        run(write(row(), header=header))
    assert not Dataset.objects.filter(slug="acled").exists()


def test_on_an_open_instance_its_rows_stay_drafts(write):
    path = write(row("FRA1"), row("FRA2"))
    run(path)
    assert ChangeSet.objects.count() == 0
    for resource in ("events", "claims", "documents", "sources", "actors"):
        model = record_of(resource).shape.model
        assert set(model.objects.values_list("state", flat=True)) == {State.DRAFT}
        assert not record_of(resource).objects.exists()
    counts, _ = run(path)
    assert (counts.added, counts.changed, counts.unchanged) == (0, 0, 2)
    assert counts.written == {}


def test_on_a_closed_instance_its_rows_are_public_and_again_write_nothing(write, closed):
    path = write(row("FRA1"), row("FRA2", fatalities="0", civilian_targeting="Civilian targeting"))
    run(path)
    events = record_of("events").objects.current()
    assert events.count() == 2
    assert record_of("claims").objects.current().count() == 7
    sets = ChangeSet.objects.count()
    counts, _ = run(path)
    assert (counts.added, counts.changed, counts.unchanged) == (0, 0, 2)
    assert ChangeSet.objects.count() == sets
    body = factories.body("events", events.get(codes__contains=["acled:FRA1"]).object_id)
    assert body["corroboration"]["level"] == "uncorroborated"
    assert body["corroboration"]["origins"] == 1


def test_a_revised_row_changes_and_one_that_is_gone_is_withdrawn(write, closed):
    run(write(row("FRA1"), row("FRA2")))
    counts, _ = run(write(row("FRA1", fatalities="0")), complete=True)
    assert (counts.changed, counts.withdrawn) == (1, 1)
    assert record_of("events").objects.current().count() == 1
    killed = Claim.objects.get(pk=of("claims", "FRA1:killed")[0])
    assert (killed.kind, killed.quantity_best) == ("unknown", None)
