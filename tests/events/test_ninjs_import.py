"""News items in ninjs, tried with made-up ones."""

import csv
import io
import json
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from events.imports.voices import digest
from events.models import Claim, Event
from records import imports
from records.imports import Asked, Import, Refused, Rejected, open_files
from records.models import ChangeSet, Origin
from records.registry import record_of
from sources.models import Document, Source
from tests import factories

pytestmark = pytest.mark.django_db

DATA = settings.BASE_DIR.parent / "shared" / "data" / "ninjs"
URI = "urn:newsml:agency.example:20221001:fire"


def news(uri=URI, **other):
    """An item of ninjs 3."""
    return {
        "standard": {"name": "ninjs", "version": "3.0"},
        "uri": uri,
        "type": "text",
        "version": "1",
        "versionCreated": "2022-10-01T14:30:00+02:00",
        "pubStatus": "usable",
        "language": "en",
        "by": "A. Writer",
        "copyrightHolder": "Landia Press Agency",
        "headlines": [
            {"role": "short", "value": "Barn burns"},
            {"role": "main", "value": "A barn burned in Oakford"},
        ],
        "bodies": [{"value": "Zanzibar words that are not kept."}],
    } | other


def fair(**other):
    """An item of ninjs 3 that announces an event."""
    return {
        "uri": "urn:newsml:agency.example:20221001:fair",
        "type": "event",
        "versionCreated": "2022-10-01T08:00:00Z",
        "copyrightHolder": "Landia Press Agency",
        "title": "Oakford Fair",
        "eventDetails": {
            "dates": {"expectedStartDate": "2022-11-05", "expectedEndDate": "2022-11-06"},
            "organiser": {"name": "Oakford Farmers"},
        },
        "places": [
            {
                "name": "Fair Ground",
                "contactInfo": [
                    {"type": "phone", "value": "0"},
                    {"address": {"locality": "Oakford", "country": "France"}},
                ],
            }
        ],
    } | other


@pytest.fixture
def write(tmp_path):
    """Writes an object, or a text, and gives the path of the file."""

    def written(said, name="items.json"):
        path = tmp_path / name
        path.write_text(
            said if isinstance(said, str) else json.dumps(said, indent=1), encoding="utf-8"
        )
        return str(path)

    return written


def run(*paths, **asked):
    """Import files: what was done, and the rows that were rejected."""
    rejects = io.StringIO()
    with open_files(list(paths)) as files:
        form = imports.formats()["ninjs"]()
        counts = Import(form, files, Asked(**asked), rejects=rejects).run()
    return counts, list(csv.DictReader(io.StringIO(rejects.getvalue())))


def one(resource):
    """The one public object of a resource."""
    return factories.body(resource, record_of(resource).objects.current().get().object_id)


def by_key(external_id):
    """A public document by its id in the data set."""
    origin = Origin.objects.get(resource="documents", external_id=external_id)
    return factories.body("documents", origin.object_id)


def notes():
    return [note for origin in Origin.objects.all() for note in origin.notes]


def test_an_item_is_a_document(write):
    counts, rejected = run(write(news()))
    assert (counts.added, rejected) == (1, [])
    document = one("documents")
    assert {name: document[name] for name in (
        "kind", "title", "author", "url", "language", "status", "rights", "has_text", "relations",
    )} == {
        "kind": "article",
        "title": "A barn burned in Oakford",
        "author": "A. Writer",
        "url": None,
        "language": "en",
        "status": "usable",
        "rights": "unknown",
        "has_text": False,
        "relations": [],
    }  # fmt: skip
    assert document["published"]["earliest"] == "2022-10-01T12:30:00Z"
    assert (document["publisher"]["name"], document["publisher"]["kind"]) == (
        "Landia Press Agency", "news_outlet",
    )  # fmt: skip
    assert [o["external_id"] for o in document["datasets"]] == [digest(URI)]
    assert "anzibar" not in json.dumps(document)


def test_version_2_writes_its_members_in_small_letters_and_says_the_same(write):
    run(write(news()))
    given = news()
    small = {name.lower(): value for name, value in given.items()}
    sets = ChangeSet.objects.count()
    counts, _ = run(write(small))
    assert (counts.changed, counts.unchanged) == (0, 1)
    assert ChangeSet.objects.count() == sets


def test_version_1_has_one_headline_and_associations_by_name(write):
    item = {
        "uri": "https://agency.example/items/1",
        "type": "text",
        "versioncreated": "2022-10-01T14:30:00Z",
        "headline": "A barn burned",
        "byline": "A. Writer",
        "associations": {"photo": {"uri": "https://agency.example/items/2", "type": "picture"}},
    }
    run(write(item))
    document = by_key(digest(item["uri"]))
    assert (document["title"], document["author"], document["url"]) == (
        "A barn burned", "A. Writer", item["uri"],
    )  # fmt: skip
    assert [r["kind"] for r in document["relations"]] == ["embeds"]


@pytest.mark.parametrize("status", ["usable", "withheld", "canceled"])
def test_the_publishing_status_is_kept(write, status):
    run(write(news(pubStatus=status)))
    assert one("documents")["status"] == status


@pytest.mark.parametrize(
    ("said", "kind"),
    [("text", "article"), ("composite", "article"), ("picture", "image"), ("graphic", "image"),
     ("audio", "audio"), ("video", "video"), (None, "article")],
)  # fmt: skip
def test_the_type_says_what_kind_of_document_it_is(write, said, kind):
    run(write(news(type=said)))
    assert one("documents")["kind"] == kind


def test_rights_follow_from_a_link_to_a_licence(write):
    licence = {"linkedRights": "https://creativecommons.org/licenses/by-sa/4.0/"}
    run(write(news(rightsInfo=licence)))
    assert one("documents")["rights"] == "share_alike"


def test_associations_are_embedded_documents(write):
    photo = {
        "name": "photo",
        "uri": "urn:agency:photo",
        "type": "picture",
        "by": "B. Photographer",
        "headlines": [{"value": "The barn"}],
    }
    unnamed = {"name": "sound", "type": "audio", "headlines": [{"value": "The bell"}]}
    counts, rejected = run(write(news(associations=[photo, unnamed, {"uri": URI, "name": "it"}])))
    assert (counts.rows, counts.added, rejected) == (1, 1, [])
    document = by_key(digest(URI))
    assert {(r["kind"], r["document"]["kind"], r["document"]["title"]) for r in
            document["relations"]} == {
        ("embeds", "image", "The barn"), ("embeds", "audio", "The bell"),
    }  # fmt: skip
    assert by_key(digest("urn:agency:photo"))["author"] == "B. Photographer"


@pytest.mark.parametrize("backwards", [False, True])
def test_what_an_item_says_of_itself_stands_before_what_others_say_of_it(write, backwards):
    short = {"name": "photo", "uri": "urn:agency:photo", "type": "picture"}
    full = news("urn:agency:photo", type="picture")
    items = [news(associations=[short]), full]
    path = write(items[::-1] if backwards else items)
    run(path)
    assert by_key(digest("urn:agency:photo"))["title"] == "A barn burned in Oakford"
    assert Document.objects.count() == 2
    sets = ChangeSet.objects.count()
    counts, _ = run(path)
    assert (counts.changed, counts.unchanged) == (0, 2)
    assert ChangeSet.objects.count() == sets


def test_items_that_embed_each_other_load(write):
    one_, other = "urn:agency:1", "urn:agency:2"
    items = [
        news(one_, associations=[{"name": "a", "uri": other}]),
        news(other, associations=[{"name": "b", "uri": one_}]),
    ]
    counts, rejected = run(write(items))
    assert (counts.added, rejected) == (2, [])
    assert Document.objects.count() == 2


@pytest.mark.parametrize("backwards", [False, True])
def test_of_two_versions_the_newer_one_loads(write, backwards):
    later = news(
        version="2",
        versionCreated="2022-10-01T15:00:00+02:00",
        headlines=[{"value": "Two barns burned"}],
    )
    items = [news(), later]
    counts, rejected = run(write(items[::-1] if backwards else items))
    assert (counts.added, counts.rejected) == (1, 1)
    assert [(r["column"], r["value"]) for r in rejected] == [("version", "1")]
    assert one("documents")["title"] == "Two barns burned"


def test_the_same_version_twice_loads_once(write):
    counts, rejected = run(write([news(), news()]))
    assert (counts.added, [r["column"] for r in rejected]) == (1, ["version"])


def test_a_newer_version_in_a_later_file_changes_the_document(write):
    run(write(news()))
    counts, _ = run(write(news(version="2", pubStatus="canceled")))
    assert (counts.added, counts.changed) == (0, 1)
    assert one("documents")["status"] == "canceled"


def test_what_is_named_without_a_place_in_the_text_is_left_out_and_said_so(write):
    counts, _ = run(
        write(news(people=[{"name": "C. Loud"}], places=[{"name": "Oakford"}], subjects=[{}]))
    )
    assert counts.repaired == {"left_out": 1}
    assert notes() == ["people, places, subjects: not kept, as no span of a text has it"]
    assert one("documents")["mentions"] == []


def test_an_event_that_an_item_is_about_is_an_event(write):
    about = {"name": "Oakford Fire", "uri": "https://events.example/1"}
    run(write([news(events=[about]), news("urn:agency:2", events=[about])]))
    event = one("events")
    assert (event["title"], event["type"]["code"], event["status"], event["when"]) == (
        "Oakford Fire", "other", "unknown", None,
    )  # fmt: skip
    claims = Claim.objects.all()
    assert {(c.kind, c.claimant.name, c.event.title) for c in claims} == {
        ("description", "Landia Press Agency", "Oakford Fire")
    }
    assert {c.document_id for c in claims} == set(Document.objects.values_list("pk", flat=True))


def test_an_item_that_announces_an_event_is_the_event_too(write):
    land = factories.public("places", name="France", kind="country", country="FR")
    town = factories.public("places", name="Oakford", kind="town", country="FR", parent=land)
    counts, rejected = run(write(fair()))
    assert (counts.added, rejected) == (1, [])
    document, event, claim = one("documents"), one("events"), one("claims")
    assert (document["kind"], document["title"]) == ("dataset", "Oakford Fair")
    assert (event["title"], event["status"], event["when"]["edtf"]) == (
        "Oakford Fair", "planned", "2022-11-05/2022-11-06",
    )  # fmt: skip
    assert [(p["place"]["id"], p["role"]) for p in event["places"]] == [(str(town), "location")]
    assert [(p["actor"]["name"], p["role"]) for p in event["participants"]] == [
        ("Oakford Farmers", "participant")
    ]
    assert (claim["kind"], claim["polarity"], claim["claimant"]["name"]) == (
        "prediction", "affirmed", "Landia Press Agency",
    )  # fmt: skip
    assert claim["statement"] == "It will take place: Oakford Fair."
    assert claim["event"]["id"] == event["id"]
    assert claim["said"]["earliest"] == "2022-10-01T08:00:00Z"
    assert [(c["document"]["id"], c["locator"]) for c in claim["citations"]] == [
        (document["id"], "eventDetails")
    ]


def test_an_event_that_was_over_when_the_item_was_made_is_claimed(write):
    run(write(fair(versionCreated="2022-11-07T00:00:00Z")))
    assert (one("events")["status"], one("claims")["kind"]) == ("claimed", "occurrence")


def test_an_event_that_is_called_off_is_negated(write):
    said = fair()
    said["eventDetails"]["eventStatus"] = "https://codes.example/eventstatus/cancelled"
    run(write(said))
    assert one("events")["status"] == "negated"
    assert (one("claims")["kind"], one("claims")["polarity"]) == ("prediction", "denied")


@pytest.mark.parametrize(
    ("dates", "edtf", "mended"),
    [
        ({"startDate": "2022-11-05T10:00:00+01:00"}, "2022-11-05T10:00:00+01:00", []),
        ({"startDate": "2022-11-05T10:00:00Z", "endDate": "2022-11-06T18:00:00Z"},
         "2022-11-05/2022-11-06", []),
        ({"expectedStartDate": "2022-11", "expectedEndDate": "2022-12"}, "2022-11/2022-12", []),
        ({"expectedStartDate": "2022"}, "2022", []),
        ({"startDate": "2022-11-06", "endDate": "2022-11-05"}, "2022-11-06", ["date_unread"]),
        ({"startDate": "soon"}, None, ["date_unread"]),
        ({}, None, []),
    ],
)  # fmt: skip
def test_an_event_is_on_its_dates(write, dates, edtf, mended):
    said = fair(places=[])
    said["eventDetails"]["dates"] = dates
    counts, rejected = run(write(said))
    assert rejected == []
    when = one("events")["when"]
    assert (when and when["edtf"]) == edtf
    assert list(counts.repaired) == mended


def test_where_no_publisher_is_named_each_item_has_a_voice_of_its_own(write):
    run(write([fair(copyrightHolder=None), fair(copyrightHolder=None, uri="urn:agency:other")]))
    assert set(Source.objects.values_list("name", "kind")) == {("Unknown publisher", "unknown")}
    assert len({claim.claimant_id for claim in Claim.objects.all()}) == 2
    assert Document.objects.filter(publisher=None).count() == 2


def test_items_are_read_one_a_line(write):
    lines = [json.dumps(news()), "{", json.dumps(fair())]
    counts, rejected = run(write("\n".join(lines), "items.ndjson"))
    assert (counts.added, counts.rejected) == (2, 1)
    assert rejected[0]["line"] == "2"


@pytest.mark.parametrize(
    ("said", "column", "reason"),
    [
        (news(None), "uri", "is missing"),
        (news(pubStatus="gone"), "pubStatus", "is none of usable, withheld, canceled"),
        (news(type="planning"), "type",
         "is none of text, composite, component, picture, graphic, audio, video, event"),
        (fair(title=None), "title", "is missing: the event has no name"),
        (["no", "item"], "", "is no object"),
    ],
)  # fmt: skip
def test_a_bad_item_is_rejected_with_member_and_reason_and_the_others_load(
    write, said, column, reason
):
    good = [news("urn:agency:1"), news("urn:agency:3")]
    counts, rejected = run(write([good[0], said, good[1]]))
    assert (counts.rows, counts.added, counts.rejected) == (3, 2, 1)
    assert [(r["line"], r["column"], r["reason"]) for r in rejected] == [("2", column, reason)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"name": "no item"}, "no object in it has a uri"),
        ([], "no object in it has a uri"),
        ("uri,type\n1,text\n", "neither JSON nor a page of HTML"),
        ('<?xml version="1.0"?><newsItem/>', "has no JSON"),
    ],
)
def test_other_files_are_refused(write, content, told):
    with pytest.raises(Refused, match=told):
        run(write(content))


def test_the_same_file_again_writes_nothing(write):
    photo = {"name": "photo", "uri": "urn:agency:photo", "type": "picture"}
    path = write([news(associations=[photo], events=[{"name": "Oakford Fire"}]), fair()])
    run(path)
    sets = ChangeSet.objects.count()
    counts, _ = run(path)
    assert (counts.added, counts.changed, counts.unchanged) == (0, 0, 2)
    assert counts.written == {}
    assert ChangeSet.objects.count() == sets


def test_what_a_complete_release_lacks_is_withdrawn_with_its_event(write):
    run(write([news(), fair()]))
    counts, _ = run(write([news()]), complete=True)
    assert (counts.withdrawn, counts.kept) == (1, 0)
    assert record_of("events").objects.current().count() == 0
    assert record_of("documents").objects.current().count() == 1


MEMBERS = (
    "uri version versionCreated pubStatus language by headlines value role copyrightHolder "
    "rightsInfo linkedRights associations events eventDetails dates startDate endDate organiser "
    "name title places contactInfo address locality country people"
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.sampled_from(
        ["https://a.example/", "usable", "2022-10-01", "2022-10-01T10:00:00", "3", "x" * 400]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(MEMBERS.split()), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    said=st.dictionaries(st.sampled_from(MEMBERS.split()), VALUES),
    kind=st.sampled_from(["text", "picture", "event"]),
    whole=st.booleans(),
)
def test_whatever_members_hold_an_object_is_read_or_rejected(tmp_path_factory, said, kind, whole):
    path = tmp_path_factory.mktemp("any") / "given.json"
    needed = {"uri": "urn:a:1", "title": "Some title"} if whole else {}
    path.write_text(json.dumps([{**said, **needed, "type": kind}]))
    form = imports.formats()["ninjs"]()
    with open_files([str(path)]) as (file,):
        file.examine()
        for row in form.rows([file]):
            with suppress(Rejected):
                item = form.read(row)
                assert item.parts[0].external_id == item.key
                assert all(part.statement for part in item.parts)


@pytest.mark.skipif(not DATA.is_dir(), reason="the examples of IPTC are not here")
def test_examples_of_iptc_load():
    paths = sorted(map(str, DATA.glob("*.json")))
    counts, rejected = run(*paths)
    assert (counts.added, rejected) == (len(paths), [])
    announced = [p for p in paths if "eventDetails" in json.loads(Path(p).read_text())]
    assert Event.objects.count() == len(announced) == 2
    assert sorted(Event.objects.values_list("when_edtf", "status")) == [
        ("2011-03-16/2011-03-17", "claimed"),
        ("2022-02-02T10:00:00+08:00", "planned"),
    ]
    sets = ChangeSet.objects.count()
    assert run(*paths)[0].unchanged == counts.added
    assert ChangeSet.objects.count() == sets
