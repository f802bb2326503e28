"""schema.org's articles and fact checks, tried with made-up objects."""

import csv
import io
import json
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from events.models import Claim
from records import imports
from records.imports import Asked, Import, Refused, Rejected, open_files
from records.models import ChangeSet, Origin
from records.registry import record_of
from sources.models import Document, Source
from tests import factories

pytestmark = pytest.mark.django_db

DATA = settings.BASE_DIR.parent / "shared" / "data" / "schemaorg"


def article(url="https://paper.example/fire", **other):
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "url": url,
        "headline": "A barn burned in Oakford",
        "author": [{"@type": "Person", "name": "A. Writer"}, "B. Reader"],
        "publisher": {"@type": "Organization", "name": "The Morning Post"},
        "datePublished": "2022-10-01T14:30:00+02:00",
        "inLanguage": "en_GB",
    } | other


def check(url="https://checks.example/barn", **other):
    return {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "url": url,
        "claimReviewed": "All barns of Oakford burned in one night.",
        "author": {"@type": "Organization", "name": "Barn Checks"},
        "datePublished": "2022-10-05",
        "reviewRating": {
            "@type": "Rating",
            "ratingValue": 2,
            "worstRating": 1,
            "bestRating": 5,
            "alternateName": "Far too much",
        },
        "itemReviewed": {
            "@type": "SocialMediaPosting",
            "author": {"@type": "Person", "name": "C. Loud"},
            "datePublished": "2022-10-02",
            "url": "https://posts.example/1",
            "name": "A post on barns",
        },
    } | other


@pytest.fixture
def write(tmp_path):
    """Writes an object, or a text, and gives the path of the file."""

    def written(said, name="given.json"):
        path = tmp_path / name
        text = said if isinstance(said, str) else json.dumps(said, indent=1)
        path.write_text(text, encoding="utf-8")
        return str(path)

    return written


def run(*paths, **asked):
    """Import files: what was done, and the rows that were rejected."""
    rejects = io.StringIO()
    with open_files(list(paths)) as files:
        form = imports.formats()["schemaorg"]()
        counts = Import(form, files, Asked(**asked), rejects=rejects).run()
    return counts, list(csv.DictReader(io.StringIO(rejects.getvalue())))


def one(resource):
    """The one public object of a resource."""
    return factories.body(resource, record_of(resource).objects.current().get().object_id)


def notes():
    return [note for origin in Origin.objects.all() for note in origin.notes]


def test_an_article_is_a_document(write):
    counts, rejected = run(write(article()))
    assert (counts.added, rejected) == (1, [])
    document = one("documents")
    assert {name: document[name] for name in (
        "kind", "title", "author", "url", "language", "status", "rights", "has_text", "dataset",
    )} == {
        "kind": "article",
        "title": "A barn burned in Oakford",
        "author": "A. Writer; B. Reader",
        "url": "https://paper.example/fire",
        "language": "en-GB",
        "status": "usable",
        "rights": "unknown",
        "has_text": False,
        "dataset": "schemaorg",
    }  # fmt: skip
    assert document["published"]["earliest"] == "2022-10-01T12:30:00Z"
    assert document["published"]["basis"] == "metadata"
    publisher = document["publisher"]
    assert (publisher["name"], publisher["kind"]) == ("The Morning Post", "news_outlet")


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        ("ReportageNewsArticle", "article"),
        ("Report", "article"),
        ("LiveBlogPosting", "liveblog"),
        ("SocialMediaPosting", "social_post"),
        (["NewsArticle", "LiveBlogPosting"], "liveblog"),
        ("https://schema.org/NewsArticle", "article"),
        ("schema:NewsArticle", "article"),
    ],
)
def test_the_type_says_what_kind_of_document_it_is(write, types, kind):
    run(write(article() | {"@type": types}))
    assert one("documents")["kind"] == kind


@pytest.mark.parametrize(
    ("said", "edtf", "mended"),
    [
        ("2022-10-01", "2022-10-01", None),
        ("2022-10", "2022-10", None),
        ("2022-10-01T14:30:00.123Z", "2022-10-01T14:30:00Z", None),
        ("2022-10-01T14:30+0200", "2022-10-01T14:30:00+02:00", None),
        ("2022-10-01 14:30:05 +02", "2022-10-01T14:30:05+02:00", None),
        ("2022-10-01T14:30:00", "2022-10-01", "zone_missing"),
        ("2022-02-30", None, "date_unread"),
        ("last Tuesday", None, "date_unread"),
        ({"@type": "Date", "@value": "2022-10-01"}, "2022-10-01", None),
    ],
)
def test_dates_are_read_as_far_as_they_are_dates(write, said, edtf, mended):
    counts, _ = run(write(article(datePublished=said)))
    published = one("documents")["published"]
    assert (published and published["edtf"]) == edtf
    assert list(counts.repaired) == ([mended] if mended else [])


@pytest.mark.parametrize(
    ("said", "language", "mended"),
    [
        ("EN", "en", 0),
        (["fr-CA", "en"], "fr-CA", 0),
        ({"@type": "Language", "name": "Danish", "alternateName": "da"}, "da", 0),
        ("English", None, 1),
    ],
)
def test_a_language_is_a_tag_or_none(write, said, language, mended):
    counts, _ = run(write(article(inLanguage=said)))
    assert one("documents")["language"] == language
    assert counts.repaired["language_unread"] == mended


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ({"url": None, "mainEntityOfPage": "https://paper.example/a"}, "https://paper.example/a"),
        ({"url": None, "mainEntityOfPage": {"@type": "WebPage", "@id": "https://paper.example/b"}},
         "https://paper.example/b"),
        ({"url": "/relative", "@id": "https://paper.example/c"}, "https://paper.example/c"),
        ({"url": None, "@id": "urn:paper:1"}, None),
    ],
)  # fmt: skip
def test_the_address_of_an_article_may_stand_elsewhere(write, said, url):
    counts, rejected = run(write(article() | said))
    assert (counts.added, rejected) == (1, [])
    assert one("documents")["url"] == url


@pytest.mark.parametrize(
    ("licence", "rights"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "attribution"),
        ("https://creativecommons.org/licenses/by-sa/4.0/", "share_alike"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "open"),
        ("https://creativecommons.org/licenses/by-nc/4.0/", "unknown"),
        ("https://paper.example/terms", "unknown"),
    ],
)
def test_rights_follow_from_licences_of_creative_commons_alone(write, licence, rights):
    run(write(article(license=licence)))
    assert one("documents")["rights"] == rights


def test_what_an_article_is_about_is_left_out_and_said_so(write):
    counts, _ = run(write(article(about={"name": "Barns"}, mentions=[{"name": "Oakford"}])))
    assert counts.repaired == {"left_out": 1}
    assert notes() == ["about, mentions: not kept"]
    assert one("documents")["mentions"] == []


def test_a_publisher_without_a_name_is_called_by_its_host(write):
    counts, _ = run(
        write(article(publisher={"@type": "Organization", "url": "https://www.paper.example/"}))
    )
    assert one("documents")["publisher"]["name"] == "paper.example"
    assert counts.repaired == {"named_by_host": 1}


def test_a_fact_check_is_the_claim_with_its_verdict(write):
    counts, rejected = run(write(check()))
    assert (counts.added, rejected) == (1, [])
    claim = one("claims")
    assert claim["statement"] == "All barns of Oakford burned in one night."
    assert (claim["kind"], claim["voice"], claim["certainty"]) == (
        "description", "attributed", "unstated",
    )  # fmt: skip
    assert (claim["claimant"]["name"], claim["claimant"]["kind"]) == ("C. Loud", "unknown")
    assert claim["said"]["edtf"] == "2022-10-02"
    assert claim["rating"] == {
        "value": "misleading",
        "reason": "Rated by Barn Checks: “Far too much”; 2, where 1 is the worst and 5 the best.",
        "at": "2022-10-05",
    }
    (citation,) = claim["citations"]
    review = factories.body("documents", UUID(citation["document"]["id"]))
    assert (review["kind"], review["url"], review["publisher"]["name"]) == (
        "article", "https://checks.example/barn", "Barn Checks",
    )  # fmt: skip
    assert review["published"]["edtf"] == "2022-10-05"
    (hop,) = citation["via"]
    post = factories.body("documents", UUID(hop["document"]["id"]))
    assert (post["kind"], post["url"], post["title"]) == (
        "social_post", "https://posts.example/1", "A post on barns",
    )  # fmt: skip
    assert claim["document"]["id"] == post["id"]


@pytest.mark.parametrize(
    ("value", "worst", "best", "rating"),
    [
        (1, 1, 5, "false"),
        (2, 1, 5, "misleading"),
        (3, 1, 5, "mixed"),
        (4, 1, 5, "mostly_accurate"),
        (5, 1, 5, "verified"),
        ("5", "1", "5", "verified"),
        (4.5, 1, 5, "mostly_accurate"),
        (1.5, 1, 5, "misleading"),
        (2.5, 1, 5, "mixed"),
        (6, 1, 6, "verified"),
        (1, None, 6, "false"),
        (5, None, None, "verified"),
        (0, 0, 10, "false"),
        (100, 0, 100, "verified"),
        (1, 5, 1, "verified"),
        (-1, 1, 5, "unrated"),
        (7, 1, 5, "unrated"),
        (1, 1, 1, "unrated"),
        (None, 1, 5, "unrated"),
        ("three stars", 1, 5, "unrated"),
        (True, 1, 5, "unrated"),
        ("nan", 1, 5, "unrated"),
    ],
)
def test_a_figure_is_graded_between_the_worst_and_the_best(write, value, worst, best, rating):
    grades = {"ratingValue": value, "worstRating": worst, "bestRating": best}
    said = {name: grade for name, grade in grades.items() if grade is not None}
    run(write(check(reviewRating={"alternateName": "So so"} | said)))
    given = one("claims")["rating"]
    assert given["value"] == rating
    assert "“So so”" in given["reason"]


def test_a_check_without_a_verdict_rates_nothing(write):
    run(write(check(reviewRating=None)))
    assert one("claims")["rating"] is None


def test_a_verdict_without_a_day_is_not_kept_and_said_so(write):
    counts, _ = run(write(check(datePublished="2022")))
    assert one("claims")["rating"] is None
    assert counts.repaired == {"rating_undated": 1}


def test_where_nobody_is_named_each_claim_has_a_claimant_of_its_own(write):
    nobody = {"@type": "CreativeWork", "datePublished": "2022-10-02"}
    counts, _ = run(
        write([check(itemReviewed=nobody), check("https://checks.example/2", itemReviewed=nobody)])
    )
    assert counts.added == 2
    claims = Claim.objects.all()
    assert len({claim.claimant_id for claim in claims}) == 2
    assert set(Source.objects.filter(claims__isnull=False).values_list("name", "kind")) == {
        ("Unknown claimant", "unknown")
    }
    for claim in claims:  # nothing is known of where it appeared: it is about the check
        assert claim.document_id == claim.citations.get().document_id
        assert not claim.citations.get().via.exists()


def test_the_newer_form_names_appearances(write):
    reviewed = {
        "@type": "Claim",
        "author": {"@type": "Organization", "name": "Barn League"},
        "datePublished": "2022-10-01",
        "firstAppearance": {"@type": "VideoObject", "url": "https://films.example/1"},
        "appearance": ["https://posts.example/2", {"@type": "CreativeWork", "name": "A leaflet"}],
    }
    counts, _ = run(write(check(itemReviewed=reviewed)))
    claim = one("claims")
    assert claim["claimant"]["name"] == "Barn League"
    assert (claim["document"]["kind"], claim["document"]["url"]) == (
        "video", "https://films.example/1",
    )  # fmt: skip
    assert counts.repaired == {"first_appearance": 1}


def test_of_several_claimants_the_first_is_kept(write):
    said = check()
    said["itemReviewed"]["author"] = [{"name": "C. Loud"}, {"name": "D. Louder"}]
    counts, _ = run(write(said))
    assert one("claims")["claimant"]["name"] == "C. Loud"
    assert counts.repaired == {"first_claimant": 1}


def test_a_long_claim_is_cut(write):
    run(write(check(claimReviewed="Barns " * 100)))
    statement = one("claims")["statement"]
    assert len(statement) <= 300
    assert statement.endswith("Barns…")


def test_a_graph_is_read_with_what_its_objects_refer_to(write):
    graph = {
        "@context": "https://schema.org",
        "@graph": [
            article(
                publisher={"@id": "https://paper.example/#us"},
                author={"@id": "https://paper.example/#writer"},
                isPartOf={"@id": "https://paper.example/#page"},
            ),
            {"@type": "Organization", "@id": "https://paper.example/#us", "name": "Our Paper"},
            {"@type": "Person", "@id": "https://paper.example/#writer", "name": "E. Writer"},
            {"@type": "WebPage", "@id": "https://paper.example/#page"},
        ],
    }
    counts, rejected = run(write(graph))
    assert (counts.rows, counts.added, rejected) == (1, 1, [])
    document = one("documents")
    assert (document["publisher"]["name"], document["author"]) == ("Our Paper", "E. Writer")


def test_a_feed_of_fact_checks_is_read(write):
    feed = {
        "@type": "DataFeed",
        "dataFeedElement": [
            {"@type": "DataFeedItem", "item": [check()]},
            {"@type": "DataFeedItem", "item": check("https://checks.example/2")},
            {"@type": "DataFeedItem", "item": None},
        ],
    }
    counts, rejected = run(write(feed))
    assert (counts.added, rejected) == (2, [])


def test_lines_are_read_one_by_one_and_a_bad_one_is_rejected(write):
    lines = [json.dumps(article()), "", '{"@type": "News', json.dumps(check())]
    counts, rejected = run(write("\n".join(lines) + "\n", "given.ndjson"))
    assert (counts.added, counts.rejected) == (2, 1)
    assert rejected[0]["line"] == "3"
    assert rejected[0]["reason"].startswith("is no JSON: ")
    assert rejected[0]["row"] == '{"@type": "News'


def test_a_page_is_read_by_its_scripts(write):
    page = f"""<!DOCTYPE html>
<html><head>
<script>var shown = "<b>";</script>
<script type="application/ld+json">{json.dumps(article(publisher={"@id": "#us"}))}</script>
<script type="application/ld+json">
{{"@type": "Organization", "@id": "#us", "name": "Our Paper"}}
</script>
<script type="application/ld+json">{{broken}}</script>
</head><body><p>Text</p></body></html>"""
    counts, rejected = run(write(page, "page.html"))
    assert (counts.added, [row["line"] for row in rejected]) == (1, ["8"])
    assert one("documents")["publisher"]["name"] == "Our Paper"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "neither JSON nor a page of HTML"),
        ("id,name\n1,2\n", "neither JSON nor a page of HTML"),
        ('{\n "@type": "NewsArticle",\n', "is no JSON"),
        ("<html><body>No data</body></html>", "without a script of type"),
    ],
)
def test_other_files_are_refused(write, content, told):
    with pytest.raises(Refused, match=told):
        run(write(content))


@pytest.mark.parametrize(
    ("said", "column", "reason"),
    [
        ({"@type": "MusicAlbum", "name": "Songs"}, "@type",
         "is none of ClaimReview, NewsArticle and the other articles"),
        ({"name": "Nothing"}, "@type",
         "is none of ClaimReview, NewsArticle and the other articles"),
        (article(url=None), "url", "is missing, and so is an absolute @id"),
        (article(url="fire.html", **{"@id": "#fire"}), "url",
         "is missing, and so is an absolute @id"),
        (check(url=None), "url", "is no URL, nor is @id"),
        (check(claimReviewed="  "), "claimReviewed", "is missing"),
        ("a text", "", "is no object"),
        (article(headline="A\0B"), "", "has a NUL character"),
        (article(headline="\ud83d"), "", "has half of a surrogate pair"),
    ],
)  # fmt: skip
def test_a_bad_object_is_rejected_with_member_and_reason_and_the_others_load(
    write, said, column, reason
):
    good = article("https://paper.example/other")
    counts, rejected = run(write([good, said, check("https://checks.example/other")]))
    assert (counts.rows, counts.added, counts.rejected) == (3, 2, 1)
    assert [(r["line"], r["column"], r["reason"]) for r in rejected] == [("2", column, reason)]


def test_what_was_met_before_is_rejected(write):
    counts, rejected = run(write([article(), article(headline="Again"), check(), check()]))
    assert (counts.added, counts.rejected) == (2, 2)
    assert {(r["line"], r["column"]) for r in rejected} == {("2", "url"), ("4", "url")}
    assert Document.objects.filter(title="Again").count() == 0


def test_two_checks_on_one_page_are_two_claims_in_one_document(write):
    counts, _ = run(write([check(), check(claimReviewed="No barn of Oakford burned.")]))
    assert counts.added == 2
    assert Document.objects.filter(url="https://checks.example/barn").count() == 1
    assert Claim.objects.count() == 2


def test_the_same_file_again_writes_nothing(write):
    path = write([article(), check(), article("https://paper.example/2", publisher=None)])
    run(path)
    sets = ChangeSet.objects.count()
    counts, _ = run(path)
    assert (counts.added, counts.changed, counts.unchanged) == (0, 0, 3)
    assert counts.written == {}
    assert ChangeSet.objects.count() == sets


def test_a_changed_verdict_changes_the_claim_and_what_is_gone_is_withdrawn(write):
    run(write([article(), check()]))
    worse = check()
    worse["reviewRating"]["ratingValue"] = 1
    counts, _ = run(write([worse]), complete=True)
    assert (counts.changed, counts.withdrawn) == (1, 1)
    assert one("claims")["rating"]["value"] == "false"
    urls = record_of("documents").objects.current().values_list("object_id", flat=True)
    assert "https://paper.example/fire" not in {
        factories.body("documents", pk)["url"] for pk in urls
    }


MEMBERS = (
    "@id url headline name author publisher datePublished inLanguage license about claimReviewed "
    "reviewRating ratingValue worstRating bestRating alternateName itemReviewed appearance isPartOf"
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.sampled_from(
        ["https://a.example/", "Claim", "2022-10-01", "2022-10-01T10:00:00", "3", "x" * 400]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(MEMBERS.split()), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    said=st.dictionaries(st.sampled_from(MEMBERS.split()), VALUES),
    kind=st.sampled_from(["ClaimReview", "NewsArticle", "LiveBlogPosting"]),
    whole=st.booleans(),
)
def test_whatever_members_hold_an_object_is_read_or_rejected(tmp_path_factory, said, kind, whole):
    path = tmp_path_factory.mktemp("any") / "given.json"
    needed = {"url": "https://a.example/1", "claimReviewed": "Some claim."} if whole else {}
    path.write_text(json.dumps([{**said, **needed, "@type": kind}]))
    form = imports.formats()["schemaorg"]()
    with open_files([str(path)]) as (file,):
        file.examine()
        for row in form.rows([file]):
            with suppress(Rejected):
                item = form.read(row)
                assert item.parts[0].external_id == item.key
                assert all(part.statement for part in item.parts)


@pytest.mark.skipif(not DATA.is_dir(), reason="the examples of schema.org are not here")
def test_examples_of_schema_org_load():
    paths = sorted(map(str, DATA.glob("*.json")))
    counts, rejected = run(*paths)
    types = [json.loads(Path(path).read_text())["@type"] for path in paths]
    articles = [t for t in types if t.endswith(("Article", "Posting"))]
    assert counts.added == len(articles) + types.count("ClaimReview")
    assert sorted(r["value"] for r in rejected) == sorted(
        t for t in types if t not in articles and t != "ClaimReview"
    )
    ratings = {claim.claimant.name: claim.rating for claim in Claim.objects.all()}
    assert ratings == {"Rich Perry": "false", "Barack Obama": None}
    sets = ChangeSet.objects.count()
    assert run(*paths)[0].unchanged == counts.added
    assert ChangeSet.objects.count() == sets
