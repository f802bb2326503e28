"""GDELT 2.0: what its rows say here, on made-up rows; and its 15 minutes of 24 October 2019."""

import csv
import io
from collections import Counter, defaultdict
from uuid import UUID

import pycountry
import pytest
import yaml
from django.conf import settings

from events.event_types import event_types
from events.imports import cameo
from events.imports.fips import country_of
from events.imports.gdelt import COLUMNS, MENTION_COLUMNS, Gdelt
from events.models import Claim, Event
from records.imports import Asked, Import, Refused, formats, open_files
from records.models import ChangeSet, Origin, ReviewItem
from sources.models import Actor, ActorKind, Document, Source
from tests import factories

pytestmark = pytest.mark.django_db

REAL = settings.BASE_DIR.parent / "shared" / "data" / "gdelt"
EXPORT, MENTIONS = REAL / "20191024143000.export.CSV", REAL / "mentionssamp.csv"
real = pytest.mark.skipif(not EXPORT.is_file(), reason="the real files of GDELT are not here")

KEY = "900000001"
URL = "https://www.millpost.example/2030/05/rally"
ROW = {
    "GLOBALEVENTID": KEY,
    "SQLDATE": "20300501",
    "Actor1Code": "EGY",
    "Actor1Name": "A NAME THAT VARIES",
    "Actor2Code": "EGYCOP",
    "EventCode": "141",
    "EventBaseCode": "141",
    "EventRootCode": "14",
    "ActionGeo_Type": "4",
    "ActionGeo_FullName": "Milltown, Northmark, Ukraine",
    "ActionGeo_CountryCode": "UP",
    "ActionGeo_Lat": "48.5",
    "ActionGeo_Long": "37.25",
    "DATEADDED": "20300501143000",
    "SOURCEURL": URL,
}
MENTION = {
    "GLOBALEVENTID": KEY,
    "EventTimeDate": "20300501143000",
    "MentionTimeDate": "20300501143000",
    "MentionType": "1",
    "MentionSourceName": "millpost.example",
    "MentionIdentifier": URL,
    "SentenceID": "3",
    "Actor1CharOffset": "-1",
    "Actor2CharOffset": "410",
    "ActionCharOffset": "402",
    "InRawText": "1",
    "Confidence": "60",
}


def line(columns, cells, *, delimiter="\t"):
    assert not cells.keys() - set(columns)
    return delimiter.join(cells.get(name, "") for name in columns) + "\n"


def event(key=KEY, **cells):
    return line(COLUMNS, ROW | {"GLOBALEVENTID": key} | cells)


def mention(key=KEY, **cells):
    return line(MENTION_COLUMNS, MENTION | {"GLOBALEVENTID": key} | cells)


@pytest.fixture
def load(tmp_path):
    """Imports the texts of files: the counts, and the rows that were rejected."""

    def loaded(*texts, **asked):
        paths = [tmp_path / f"{number}.csv" for number, _ in enumerate(texts)]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text, encoding="utf-8")
        return run(*paths, **asked)

    return loaded


def run(*paths, **asked):
    rejects = io.StringIO()
    with open_files([str(path) for path in paths]) as files:
        counts = Import(formats()["gdelt"](), files, Asked(**asked), rejects=rejects).run()
    return counts, list(csv.DictReader(io.StringIO(rejects.getvalue())))


def of(resource, external_id):
    """The id of a row and what it says, by its id in the data set."""
    origin = Origin.objects.get(resource=resource, external_id=external_id)
    return str(origin.object_id), factories.said(resource, origin.object_id)


def citations(key=KEY):
    """What the public claim of an event cites: addresses, or titles, with where in them."""
    body = factories.body("claims", of("claims", f"{key}:claim")[0])
    return sorted(
        (c["document"]["url"] or c["document"]["title"], c["locator"]) for c in body["citations"]
    )


def test_a_row_is_a_claimed_event_with_actors_told_by_their_codes(load):
    counts, rejected = load(event())
    assert (counts.added, rejected) == (1, [])
    said = of("events", KEY)[1]
    country, country_says = of("actors", "actor EGY")
    police, police_says = of("actors", "actor EGYCOP")
    assert said == {
        "type": "unrest.protest",
        "contexts": [],
        "title": "Demonstration or rally: Egypt and Police (Egypt), at Milltown",
        "summary": None,
        "status": "claimed",
        "when": {"edtf": "2030-05-01", "precision": "day", "phrase": None, "basis": "metadata"},
        "places": [],
        "place": None,
        "lat": 48.5,
        "lon": 37.25,
        "geo_precision": "settlement",
        "participants": sorted(
            [{"actor": actor, "role": "participant"} for actor in (country, police)],
            key=lambda one: one["actor"],
        ),
        "relations": [],
        "codes": {"gdelt": KEY},
        "other_codes": [],
        "dataset": "gdelt",
        "datasets": [{"dataset": "gdelt", "external_id": KEY}],
    }
    assert (country_says["name"], country_says["kind"]) == ("Egypt", "collective")
    assert (police_says["name"], police_says["codes"]) == ("Police (Egypt)", {"cameo": "EGYCOP"})


def test_gdelt_claims_what_the_article_is_coded_as(load):
    load(event())
    said = of("claims", f"{KEY}:claim")[1]
    gdelt = Source.objects.get(kind="dataset")
    article = Document.objects.get()
    assert {name: said[name] for name in (
        "statement", "kind", "voice", "claimant", "event", "polarity", "certainty", "said",
        "citations",
    )} == {
        "statement": "A report is coded as “demonstration or rally” (CAMEO 141): Egypt towards "
        "Police (Egypt), at Milltown, Northmark, Ukraine.",
        "kind": "occurrence",
        "voice": "narration",
        "claimant": str(gdelt.pk),
        "event": of("events", KEY)[0],
        "polarity": "affirmed",
        "certainty": "unstated",
        "said": {
            "edtf": "2030-05-01T14:30:00Z", "precision": "minute", "phrase": None,
            "basis": "metadata",
        },
        "citations": [
            {
                "document": str(article.pk), "mode": "paraphrase", "spans": [], "insertions": [],
                "locator": f"GDELT event {KEY}, SOURCEURL", "quote": None,
                "passage_sha256": None, "via": [],
            }
        ],
    }  # fmt: skip
    assert (gdelt.name, article.url, article.kind) == ("GDELT", URL, "article")
    assert (article.publisher.name, article.publisher.kind) == ("millpost.example", "news_outlet")


def test_what_is_only_coded_corroborates_nothing(load):
    load(event())
    body = factories.body("claims", of("claims", f"{KEY}:claim")[0])
    assert (body["corroboration"]["origins"], body["corroboration"]["level"]) == (
        0, "uncorroborated",
    )  # fmt: skip


def test_events_of_one_article_share_it(load):
    load(event() + event("900000002") + event("900000003", SOURCEURL=f"{URL}/2"))
    assert Event.objects.count() == 3
    assert Document.objects.count() == 2
    assert set(Source.objects.values_list("name", flat=True)) == {"GDELT", "millpost.example"}
    assert Actor.objects.count() == 2


def test_a_row_without_a_position_is_kept(load):
    nowhere = {f"ActionGeo_{name}": "" for name in ("FullName", "CountryCode", "Lat", "Long")}
    counts, _ = load(event(ActionGeo_Type="0", **nowhere))
    assert counts.added == 1
    said = of("events", KEY)[1]
    assert (said["lat"], said["lon"], said["geo_precision"]) == (None, None, None)
    assert said["title"] == "Demonstration or rally: Egypt and Police (Egypt)"


@pytest.mark.parametrize(
    ("codes", "title", "statement"),
    [
        (("", ""), "Mediation, in Ukraine", "“mediation” (CAMEO 045), in Ukraine."),
        (("UKR", ""), "Mediation: Ukraine, in Ukraine", "045): Ukraine, in Ukraine."),
        (("", "UKR"), "Mediation: Ukraine, in Ukraine", "045): towards Ukraine, in Ukraine."),
        (("UKR", "UKR"), "Mediation: Ukraine, in Ukraine", "Ukraine towards Ukraine, in Ukraine."),
    ],
)
def test_either_actor_may_be_missing_or_be_the_other(load, codes, title, statement):
    first, second = codes
    load(
        event(
            Actor1Code=first,
            Actor2Code=second,
            EventCode="045",
            ActionGeo_Type="1",
            ActionGeo_FullName="Ukraine",
        )
    )
    said = of("events", KEY)[1]
    assert (said["title"], said["geo_precision"]) == (title, "country")
    assert len(said["participants"]) == len(set(codes) - {""})
    assert of("claims", f"{KEY}:claim")[1]["statement"].endswith(statement)


def test_a_date_of_a_year_before_is_kept_and_noted(load):
    counts, _ = load(event(SQLDATE="20290501") + event("900000002", SQLDATE="20300401"))
    assert counts.repaired == {"dated_long_before": 1}
    assert of("events", KEY)[1]["when"]["edtf"] == "2029-05-01"
    (note,) = Origin.objects.get(resource="events", external_id=KEY).notes
    assert note.startswith("SQLDATE is 2029-05-01, and DATEADDED 2030-05-01")


def test_the_place_is_found_by_the_country_that_fips_means(load):
    places = {
        country: factories.public(
            "places", f"town {country}", name="Milltown", kind="town", country=country,
            lat=48.5, lon=37.25,
        )
        for country in ("UA", "US")
    }  # fmt: skip
    load(event())
    assert of("events", KEY)[1]["places"] == [
        {"place": str(places["UA"]), "role": "location", "basis": "inferred"}
    ]


def test_where_the_place_cannot_be_told_the_country_stands_and_a_curator_is_asked(load):
    country = factories.public(
        "places", "ua", name="Ukraine", kind="country", country="UA", codes={"iso3166-1": "UA"}
    )
    factories.public(
        "places", "town", name="Milltown", kind="town", country="UA", lat=48.7, lon=37.25
    )
    counts, _ = load(event())
    assert of("events", KEY)[1]["places"] == [
        {"place": str(country), "role": "location", "basis": "gazetteer"}
    ]
    assert counts.questions == 1
    asked = ReviewItem.objects.get()
    assert (asked.kind, asked.detail["name"]) == ("place", "Milltown")
    assert asked.detail["within"] == ["Northmark"]


def test_a_country_that_is_none_now_is_noted(load):
    counts, _ = load(event(ActionGeo_CountryCode="YI"))
    assert counts.repaired == {"country_unknown": 1}


def test_a_mention_stands_in_for_the_row_and_others_join_it(load):
    other = "http://hillradio.example/a"
    counts, rejected = load(event(), mention() + mention(MentionIdentifier=other, SentenceID="9"))
    assert (counts.rows, counts.added, rejected) == (1, 1, [])
    where = "action at character 402, actor 2 at character 410; confidence 60 %"
    assert citations() == [
        (other, f"GDELT mention of 20300501143000: sentence 9; {where}"),
        (URL, f"GDELT mention of 20300501143000: sentence 3; {where}"),
    ]


def test_mentions_of_documents_that_are_no_web_pages(load):
    load(
        event()
        + event("900000002", SOURCEURL="Mill Monitoring, 1 May 2030")
        + event("900000003", SOURCEURL="http://not an address"),
        mention(MentionType="2", MentionIdentifier="Mill Gazette, p. 4", MentionSourceName="MG")
        + mention(MentionType="5", MentionIdentifier="10.9/1", MentionSourceName="JSTOR")
        + mention(MentionType="6", MentionIdentifier="https://tv.example/v/1"),
    )
    told = {
        (d.kind, d.url, d.title, d.publisher and (d.publisher.name, d.publisher.kind))
        for d in Document.objects.select_related("publisher")
    }
    assert told == {
        ("article", URL, None, ("millpost.example", "news_outlet")),
        ("article", None, "Mill Monitoring, 1 May 2030", None),
        ("article", None, "http://not an address", None),
        ("article", None, "Mill Gazette, p. 4", ("MG", "news_outlet")),
        ("article", None, "10.9/1", ("JSTOR", "unknown")),
        ("video", "https://tv.example/v/1", None, ("tv.example", "news_outlet")),
    }
    notes = Origin.objects.get(resource="events", external_id="900000003").notes
    assert notes == ["SOURCEURL is no address that can be followed"]


def test_mentions_of_public_events_add_to_what_is_cited_whatever_comes_first(load):
    other = {"MentionIdentifier": "http://hillradio.example/a"}
    load(event(SQLDATE="20290501"))
    counts, rejected = load(mention(**other))
    assert (counts.rows, counts.changed, rejected) == (1, 1, [])
    assert [url for url, _ in citations()] == ["http://hillradio.example/a", URL]
    load(mention())
    both = citations()
    assert [locator.split()[1] for _, locator in both] == ["mention", "mention"]
    sets = ChangeSet.objects.count()
    for texts in ((event(SQLDATE="20290501"),), (mention(**other),), (mention(), mention(**other))):
        counts, _ = load(*texts)
        assert (counts.added, counts.changed, counts.unchanged) == (0, 0, 1)
    assert ChangeSet.objects.count() == sets
    assert citations() == both
    assert Document.objects.count() == 2
    assert Origin.objects.get(resource="events", external_id=KEY).notes  # those of its row


def test_mentions_of_events_that_are_neither_in_the_files_nor_public_are_rejected(load):
    draft = factories.row("events", title="A draft", type="other", codes={"gdelt": "900000005"})
    known = factories.public("events", title="By hand", type="other", codes={"gdelt": "900000006"})
    counts, rejected = load(
        mention("900000005") + mention("900000006") + mention("900000004", SentenceID="1")
        + mention("900000004", SentenceID="2")
    )  # fmt: skip
    assert (counts.rows, counts.rejected, counts.added) == (3, 3, 0)
    assert [(row["line"], row["column"], row["value"]) for row in rejected] == [
        ("3", "GLOBALEVENTID", "900000004"),
        ("1", "GLOBALEVENTID", "900000005"),
        ("2", "GLOBALEVENTID", "900000006"),
    ]
    assert {row["reason"] for row in rejected} == {"its event is neither in the files nor public"}
    assert rejected[0]["row"].count("\n") == 1  # both of its mentions
    assert Claim.objects.filter(event__in=[draft, known]).count() == 0


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"GLOBALEVENTID": "9x"}, "GLOBALEVENTID", "is no id of digits"),
        ({"SQLDATE": "20300231"}, "SQLDATE", "is no date: YYYYMMDD"),
        ({"SQLDATE": "2030051"}, "SQLDATE", "is no date: YYYYMMDD"),
        ({"DATEADDED": "20300501"}, "DATEADDED", "is no date: YYYYMMDDHHMMSS"),
        ({"EventCode": "999"}, "EventCode", "is no event code of CAMEO"),
        ({"EventCode": ""}, "EventCode", "is no event code of CAMEO"),
        ({"ActionGeo_Type": "7"}, "ActionGeo_Type", "is none of 0 to 5"),
        ({"ActionGeo_Lat": "95"}, "ActionGeo_Lat", "lies beyond 90 degrees"),
        ({"ActionGeo_Lat": "nan"}, "ActionGeo_Lat", "lies beyond 90 degrees"),
        ({"ActionGeo_Long": ""}, "ActionGeo_Long", "is no number"),
        ({"SOURCEURL": ""}, "SOURCEURL", "names no report, and no mention does"),
    ],
)
def test_a_row_that_cannot_be_read_goes_to_the_rejects(load, cells, column, reason):
    bad = line(COLUMNS, ROW | {"GLOBALEVENTID": "900000002"} | cells)
    counts, rejected = load(event() + bad + "cut short\n")
    assert (counts.added, counts.rejected) == (1, 2)
    assert [(row["line"], row["column"], row["reason"]) for row in rejected] == [
        ("2", column, reason),
        ("3", "", "has 1 cells where the file has 61 columns"),
    ]


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"GLOBALEVENTID": ""}, "GLOBALEVENTID", "is no id of digits"),
        ({"MentionType": "9"}, "MentionType", "is none of 1 to 6"),
        ({"MentionIdentifier": ""}, "MentionIdentifier", "names no document"),
    ],
)
def test_a_mention_that_cannot_be_read_does_not_keep_its_event_away(load, cells, column, reason):
    counts, rejected = load(event(), mention(SentenceID="1") + mention(**cells))
    assert (counts.rows, counts.added, counts.rejected) == (2, 1, 1)
    assert [(r["line"], r["column"], r["reason"]) for r in rejected] == [("2", column, reason)]
    assert len(citations()) == 1


def test_a_second_row_of_an_event_is_rejected(load):
    counts, rejected = load(event() + event(SQLDATE="20300430"))
    assert (counts.added, counts.rejected) == (1, 1)
    assert rejected[0]["reason"] == "is the id of an earlier row of the files"


def test_files_may_name_their_columns_and_part_them_by_commas(load):
    header = ",".join(MENTION_COLUMNS).lower() + "\n"
    quoted = line(
        MENTION_COLUMNS, MENTION | {"MentionIdentifier": f'"{URL}?a,b"'}, delimiter=","
    )  # fmt: skip
    load("\t".join(COLUMNS) + "\n" + event(), header + quoted)
    assert [url for url, _ in citations()] == [URL, f"{URL}?a,b"]


@pytest.mark.parametrize("text", ["a\tb\n", "\t".join(["x"] * 61) + "\n", ""])
def test_other_files_are_refused(load, text):
    with pytest.raises(Refused, match="neither a table of events nor one of mentions of GDELT"):
        load(event(), text)
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("code", "of_type"),
    [
        ("141", "unrest.protest"),
        ("1413", "unrest.protest"),
        ("0874", "territory.withdrawal"),
        ("1821", "civilians.sexual_violence"),
        ("1823", "civilians.attack"),
        ("1832", "strike"),
        ("190", "battle"),
        ("017", "other"),
        ("010", "politics.declaration"),
        ("0211", "other"),
        ("042", "politics"),
        ("143", "labour.stoppage"),
        ("144", "unrest"),
        ("184", "conflict"),
    ],
)
def test_the_longest_code_that_the_crosswalk_has_gives_the_type(code, of_type):
    assert cameo.type_of(code) == of_type


def test_codes_of_several_types_are_settled_each_by_a_type_that_holds_of_all():
    types = defaultdict(set)
    for entry in event_types():
        for code in entry["crosswalk"].get("cameo", []):
            types[code].add(entry["code"])
    shared = {code for code, of in types.items() if len(of) > 1}
    wider = {"017", "128"}  # of which the crosswalk says that they are more than its type
    assert cameo.AMBIGUOUS.keys() == shared | wider
    settled = {*cameo.AMBIGUOUS.values(), *cameo.ROOTS.values()}
    assert settled <= {entry["code"] for entry in event_types()}
    assert (
        cameo.ROOTS.keys()
        <= yaml.safe_load(cameo.PATH.read_text(encoding="utf-8"))["events"].keys()
    )


def test_what_the_crosswalk_and_the_contexts_name_are_codes_with_a_meaning():
    codes = yaml.safe_load(cameo.PATH.read_text(encoding="utf-8"))
    named = [c for entry in event_types() for c in entry["crosswalk"].get("cameo", [])]
    named += [c for some in codes["contexts"].values() for c in some]
    assert set(named) <= codes["events"].keys()
    for code in codes["events"]:
        assert len(code) == 2 or code[:-1] in codes["events"]
    assert cameo.contexts_of("193") == ["military"]
    assert cameo.contexts_of("192") == ["territory"]
    assert cameo.contexts_of("042") == []
    assert cameo.meaning("1416") == cameo.meaning("141")
    assert cameo.meaning("99") is None


@pytest.mark.parametrize(
    ("code", "name", "kind"),
    [
        ("UKR", "Ukraine", ActorKind.COLLECTIVE),
        ("AFR", "Africa", ActorKind.COLLECTIVE),
        ("COP", "Police", ActorKind.COLLECTIVE),
        ("LKAGOVMIL", "Government, military (Sri Lanka)", ActorKind.GOVERNMENT),
        ("DEUMIL", "Military (Germany)", ActorKind.ARMED_FORCE),
        ("MNCJPN", "Multinational corporation (Japan)", ActorKind.COLLECTIVE),
        ("IGOEUREEC", "European Union", ActorKind.ORGANIZATION),
        ("IGOUNODEVWBKMED", "World Bank, media", ActorKind.ORGANIZATION),
        ("PAKINSTAL", "Taliban (Pakistan)", ActorKind.ORGANIZATION),
        ("MOZSEP", "Separatists (Mozambique)", ActorKind.GROUP),
        ("kur", "Kurds", ActorKind.COLLECTIVE),
        ("QQQGOV", "QQQ, government", ActorKind.GOVERNMENT),
        ("qqq", "Qqq", ActorKind.COLLECTIVE),
    ],
)
def test_an_actor_is_called_by_what_its_code_says(code, name, kind):
    assert cameo.actor(code) == cameo.CodedActor(code, name, kind)


def test_a_part_that_comes_twice_in_an_actors_code_counts_once():
    assert cameo.actor("JUDJUD") == cameo.actor("JUD")


def test_no_part_of_an_actors_code_means_two_things():
    codes = yaml.safe_load(cameo.PATH.read_text(encoding="utf-8"))
    parts = [
        part
        for section in ("roles", "organizations", "regions", "religions", "ethnicities")
        for part in codes[section]
    ]
    countries = [country.alpha_3 for country in pycountry.countries]
    assert [part for part, count in Counter(parts + countries).items() if count > 1] == []


@pytest.mark.parametrize(
    ("fips", "iso"),
    [
        ("UP", "UA"), ("RS", "RU"), ("AU", "AT"), ("AS", "AU"), ("CH", "CN"), ("SZ", "CH"),
        ("GM", "DE"), ("UK", "GB"), ("IZ", "IQ"), ("RI", "RS"), ("WE", "PS"), ("US", "US"),
        ("UA", None), ("OS", None), ("", None),
    ],
)  # fmt: skip
def test_fips_codes_are_not_those_of_iso(fips, iso):
    assert country_of(fips) == iso


def test_every_country_but_two_has_a_fips_code():
    letters = [chr(n) for n in range(ord("A"), ord("Z") + 1)]
    given = {country_of(a + b) for a in letters for b in letters} - {None}
    countries = {country.alpha_2 for country in pycountry.countries}
    # The Åland Islands and Bonaire are parts of other countries in FIPS 10-4.
    assert given == countries - {"AX", "BQ"}


def test_a_curators_edit_of_a_claim_is_not_overwritten_by_a_mention(load):
    load(event())
    claim = UUID(of("claims", f"{KEY}:claim")[0])
    factories.republish("claims", claim, statement="A curator's words.")
    before = citations()
    counts, _ = load(mention())
    assert factories.body("claims", claim)["statement"] == "A curator's words."
    assert citations() == before
    assert counts.questions == 1
    assert ReviewItem.objects.get().member == "citations"


def test_mentions_alone_as_a_complete_release_take_no_event_back(load):
    load(event() + event("900000002"))
    load(event("900000002"), mention(), complete=True)
    for key in (KEY, "900000002"):
        assert factories.body("events", UUID(of("events", key)[0]))["status"] == "claimed"
    assert len(citations()) == 1


@real
def test_the_columns_are_those_of_gdelts_own_labels():
    for name, columns, delimiter in (
        ("GDELT_2.0_Events_Column_Labels_Header_Row_Sep2016.csv", COLUMNS, ","),
        ("GDELT_2.0_eventMentions_Column_Labels_Header_Row_Sep2016.tsv", MENTION_COLUMNS, "\t"),
    ):
        with (REAL / name).open(encoding="utf-8", newline="") as stream:
            head, *rows = csv.reader(stream, delimiter=delimiter)
        assert tuple(row[head.index("tableId")] for row in rows) == columns


@real
def test_every_row_of_the_real_file_can_be_read():
    form = Gdelt()
    with open_files([str(EXPORT)]) as files:
        files[0].examine()
        form.check(files)
        items = [form.read(row) for row in form.rows(files)]
    assert len(items) == 2111
    events = [item.parts[0].statement for item in items]
    assert sum(event["lat"] is None for event in events) == 38
    assert Counter(kind for item in items for kind, _ in item.repairs) == {
        "dated_long_before": 24, "country_unknown": 2,
    }  # fmt: skip
    assert Counter(event["type"] for event in events).most_common(4) == [
        ("other", 844), ("politics", 541), ("politics.declaration", 160), ("battle", 107),
    ]  # fmt: skip
    documents = {p.external_id for item in items for p in item.parts if p.resource == "documents"}
    assert len(documents) == 425
    names = defaultdict(set)
    for item in items:
        for part in item.parts:
            if part.resource in ("actors", "sources"):
                names[part.external_id].add(part.statement["name"])
    assert {len(some) for some in names.values()} == {1}


@real
def test_real_rows_load_with_all_that_have_no_position_and_a_second_run_writes_nothing(tmp_path):
    rows = EXPORT.read_text(encoding="utf-8").splitlines(keepends=True)
    lat = COLUMNS.index("ActionGeo_Lat")
    chosen = rows[:100] + [row for row in rows[100:] if not row.split("\t")[lat]]
    part = tmp_path / "part.export.CSV"
    part.write_text("".join(chosen), encoding="utf-8")
    counts, rejected = run(part, MENTIONS)
    # The mentions are of other events, of two years before.
    assert (counts.rows, counts.added, counts.rejected) == (
        len(chosen) + 1430, len(chosen), 1430,
    )  # fmt: skip
    assert {row["file"] for row in rejected} == {str(MENTIONS)}
    assert Event.objects.filter(lat=None).count() == 38
    assert Event.objects.count() == Claim.objects.count() == len(chosen)
    sets = ChangeSet.objects.count()
    again, _ = run(part, MENTIONS)
    assert (again.added, again.changed, again.unchanged) == (0, 0, len(chosen))
    assert not again.written
    assert ChangeSet.objects.count() == sets
