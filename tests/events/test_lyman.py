"""The Lyman dossier: it loads, it fits the article, and it says who says what."""

import hashlib
import re
import shutil
import subprocess
from itertools import chain

import pytest
from django.conf import settings

from events.attaching import attach_text
from events.dossiers import load, read
from events.passages import passage_of, text_hash
from events.records import ClaimRecord
from records.models import Change, Origin
from records.registry import record_of, resources
from sources.models import Document
from tests.factories import body

FOLDER = settings.BASE_DIR / "seeds" / "lyman"
ARTICLE = settings.BASE_DIR.parent / "shared" / "lyman" / "article.txt"
#: How the one part of the article begins that is no text of it but a link beside it.
FURNITURE = "SEE ALSO:"
#: Share of the article's characters that citations cover, at least.
COVERED = 0.85
#: A sentence of the article is not kept: nowhere do so many of its words stand in a row.
RUN = 11

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded(lyman):
    """The dossier, loaded."""
    return lyman


@pytest.fixture(scope="module")
def article():
    """The article's text, which is never a part of the repository."""
    if not ARTICLE.is_file():
        pytest.skip(f"the article is not beside the checkout ({ARTICLE.name} is missing)")
    return ARTICLE.read_bytes().decode("utf-8")


def ident(resource, name):
    """The id of a row of the dossier by its local name."""
    origins = Origin.objects.filter(dataset__slug="lyman", resource=resource)
    return origins.get(external_id=name).object_id


def said(resource="claims"):
    """What the public records of the dossier's rows say."""
    current = record_of(resource).objects.current().filter(datasets__contains=["lyman"])
    return [version.statement() for version in current]


def citations():
    return list(chain.from_iterable(claim["citations"] for claim in said()))


def spans():
    """The stretches of the article that claims cite."""
    article_id = str(ident("documents", "article"))
    return [span for c in citations() if c["document"] == article_id for span in c["spans"]]


def sentences(text):
    """Start and end of each sentence; a link that is glued to the next one ends before it."""
    for line in re.finditer(r"[^\n]+", text):
        start = line.start()
        for end in [*re.finditer(r"""(?<=[.!?])["”]?\s+|(?<=[a-z])(?=[A-Z])""", line[0]), None]:
            stop = line.start() + (len(line[0]) if end is None else end.start())
            yield start, stop
            start = line.start() + end.end() if end else stop


def words(text):
    return re.findall(r"[\w'’]+", text.casefold())


def runs(text):
    found = words(text)
    return {tuple(found[i : i + RUN]) for i in range(len(found) - RUN + 1)}


def test_the_dossier_loads_and_every_row_of_it_is_public(loaded):
    for resource in resources():
        assert loaded.created[resource] == len(said(resource)) > 0, resource
    assert (loaded.left, loaded.held, loaded.retracted, loaded.differences) == ([], [], [], 0)
    computed = record_of("contradictions").objects.current().filter(dataset=None).count()
    assert (sum(loaded.created.values()), computed) == (128, 8)
    assert loaded.published == (1, 136)


def test_loading_it_again_changes_nothing(loaded):
    before = Change.objects.count()
    again = load(read(FOLDER))
    assert again.published is None
    assert Change.objects.count() == before
    assert again.unchanged == loaded.created
    assert not any(chain(again.created.values(), again.changed.values()))


def test_the_article_verifies_every_span_and_hash_and_quote(article):
    attached = attach_text(Document.objects.get(pk=ident("documents", "article")), article)
    article_id = str(ident("documents", "article"))
    assert attached.citations == sum(c["document"] == article_id for c in citations()) > 50
    assert attached.mentions > 50
    assert (attached.filled, attached.drafts) == (0, [])
    assert body("documents", ident("documents", "article"))["has_text"] is True
    assert not [p for p in (s[1] for s in spans()) if p > len(article)]


def test_each_passage_hash_is_of_the_passage_it_names(article):
    article_id = str(ident("documents", "article"))
    for citation in citations():
        if citation["document"] == article_id:
            assert citation["passage_sha256"] == text_hash(passage_of(article, citation["spans"]))
            assert citation["quote"] is None or len(citation["quote"].split()) <= 10


def test_citations_cover_the_article_but_for_page_furniture(article):
    covered = set(chain.from_iterable(range(*span) for span in spans()))
    share = len(covered) / len(article)
    uncovered = [s for s in sentences(article) if covered.isdisjoint(range(*s))]
    print(f"\ncitations cover {share:.1%} of the article's {len(article)} characters")
    print(f"uncovered: {uncovered} of {len(list(sentences(article)))} sentences")
    assert share >= COVERED
    assert len(uncovered) == 1
    assert all(article[start:end].startswith(FURNITURE) for start, end in uncovered)


def test_no_citation_is_of_the_link_beside_the_text(article):
    stubs = {str(v.object_id) for v in record_of("documents").objects.current().filter(
        kind="link_stub", datasets__contains=["lyman"])}  # fmt: skip
    assert stubs == {str(ident("documents", "see_also"))}
    assert not [c for c in citations() if c["document"] in stubs]
    assert not [c for c in citations() if {h.get("document") for h in c["via"]} & stubs]
    assert not [claim for claim in said() if claim["document"] in stubs]
    start = article.index(FURNITURE)
    end = next(end for low, end in sentences(article) if low == start)
    assert not [span for span in spans() if span[0] < end and start < span[1]]


def test_every_claim_is_bound_to_a_passage_by_its_hash():
    unbound = [
        claim["statement"]
        for claim in said()
        if not any(c["passage_sha256"] for c in claim["citations"])
    ]
    assert unbound == []


def test_one_claim_alone_comes_expressly_without_evidence():
    without = [claim for claim in said() if claim["evidence"] == "none_provided"]
    assert len(without) == 1
    assert without[0]["claimant"] == str(ident("sources", "s_rumod"))


def test_one_thing_alone_is_said_not_to_be_known():
    unknown = [claim for claim in said() if claim["kind"] == "unknown"]
    assert len(unknown) == 1
    assert unknown[0]["quantity"] == {
        "metric": "escaped", "low": None, "best": None, "high": None, "unit": "troops",
        "approximator": None,
    }  # fmt: skip
    assert (unknown[0]["polarity"], unknown[0]["voice"]) == ("unknown", "narration")


def test_nobody_but_russia_says_that_its_troops_withdrew():
    shown = [body("claims", v.object_id) for v in ClaimRecord.objects.current()]
    parties = {
        claim["claimant"]["party"] for claim in shown if claim["control_status"] == "withdrawn_from"
    }
    assert parties == {"Russia"}


def test_the_figure_of_surrounded_troops_never_becomes_one_of_casualties():
    figures = [(c["quantity"]["metric"], c["quantity"]["best"]) for c in said() if c["quantity"]]
    assert ("surrounded", 5000) in figures
    assert {best for metric, best in figures if metric in ("killed", "wounded", "casualties")} <= {
        None
    }


def corroboration(resource, name):
    """How far a claim or an event is corroborated, without what counts nothing."""
    return {what: n for what, n in body(resource, ident(resource, name))["corroboration"].items()
            if n not in (0, False)}  # fmt: skip


def test_three_citations_of_the_encirclement_are_one_voice_and_are_contradicted():
    expected = {
        "level": "uncorroborated", "citations": 3, "claimants": 1, "origins": 1, "parties": 1,
        "contradicted": True,
    }  # fmt: skip
    assert corroboration("claims", "cherevatiy_surrounded") == expected
    assert corroboration("claims", "kyiv_surrounded") == expected
    assert corroboration("events", "encirclement") == expected


def test_the_withdrawal_rests_on_one_party_that_says_it_against_its_interest():
    expected = {
        "level": "uncorroborated", "citations": 2, "claimants": 1, "origins": 1, "parties": 1,
        "against_interest": 1, "contradicted": True,
    }  # fmt: skip
    assert corroboration("claims", "rumod_withdrew") == expected
    assert corroboration("events", "withdrawal") == expected
    assert body("claims", ident("claims", "rumod_withdrew"))["interest"] == "against_interest"


def test_the_offensive_is_said_by_both_sides_and_by_the_reporter():
    assert corroboration("events", "offensive") == {
        "level": "cross_party", "citations": 3, "claimants": 3, "origins": 3, "parties": 2,
        "outlets": 1, "against_interest": 2,
    }  # fmt: skip
    crossing = [
        version.object_id
        for version in record_of("events").objects.current()
        if body("events", version.object_id)["corroboration"]["level"] == "cross_party"
    ]
    assert crossing == [ident("events", "offensive")]


def test_what_contradicts_what_is_found_and_what_was_decided_of_it_stands():
    names = {
        str(origin.object_id): origin.external_id
        for origin in Origin.objects.filter(dataset__slug="lyman", resource="claims")
    }
    found = {}
    for version in record_of("contradictions").objects.current():
        shown = body("contradictions", version.object_id)
        sides = frozenset(names[side["claim"]["id"]] for side in shown["claims"])
        found[sides] = (shown["rule"], shown["how"], shown["resolution"])
    unresolved = {
        # Surrounded or withdrawn in time, with a road open.
        ("cherevatiy_surrounded", "rumod_threat"): ("curated", "value"),
        ("cherevatiy_surrounded", "n_road_open"): ("curated", "value"),
        # Heavy losses, or none reported.
        ("rumod_casualties", "n_no_reports"): ("curated", "scope"),
        # Whose land it is, of which no fact decides.
        ("putin_four_regions", "n_illegal"): ("curated", "legal"),
        ("putin_four_regions", "n_ukrainian"): ("sovereignty", None),
        ("putin_four_regions", "soldier_our_land"): ("sovereignty", None),
        # Trapped, or gone.
        ("cherevatiy_5000", "rumod_withdrew"): ("curated", "value"),
        ("cherevatiy_breakout", "rumod_withdrew"): ("curated", "value"),
    }
    resolved = {
        # All of the region held in July, a part of it in September.
        ("kremlin_luhansk", "n_partly_held"): ("curated", "temporal", "change_over_time"),
        # Had entered, by the reporter's paraphrase; are entering, in the ministry's own words.
        ("uamod_had_entered", "uamod_entering"): ("curated", "wording", "quotation_governs"),
    }
    expected = {sides: (*by, "unresolved") for sides, by in unresolved.items()} | resolved
    assert found == {frozenset(sides): how for sides, how in expected.items()}


def test_a_source_does_not_contradict_itself_by_how_it_is_worded():
    for name in ("uamod_had_entered", "uamod_entering"):
        shown = body("claims", ident("claims", name))
        assert (shown["contradicted"], shown["contradictions_total"]) == (False, 1)


def test_nobody_asserts_full_control_of_lyman():
    lyman = str(ident("places", "lyman"))
    statuses = set()
    for version in ClaimRecord.objects.current():
        claim = body("claims", version.object_id)
        if claim["control_status"] and lyman in {place["id"] for place in claim["places"]}:
            statuses.add((claim["party"], claim["control_status"], claim["extent"]))
    assert statuses == {
        ("Russia", "withdrawn_from", "unstated"),
        ("Ukraine", "entered", "unstated"),
        ("Ukraine", "encircled", "unstated"),
    }


def test_every_event_that_is_said_to_have_occurred_rests_on_the_reporters_word():
    supported = {
        claim["event"]
        for claim in said()
        if (claim["kind"], claim["voice"], claim["polarity"], claim["condition"])
        == ("occurrence", "narration", "affirmed", None)
    }
    current = record_of("events").objects.current().filter(datasets__contains=["lyman"])
    stated = {
        str(e.object_id) for e in current if e.statement()["status"] in ("occurred", "ongoing")
    }
    assert stated
    assert stated <= supported


def test_no_sentence_of_the_article_is_kept_in_the_repository(article):
    git = shutil.which("git")
    if git is None:
        pytest.skip("there is no git to ask which files are tracked")
    listed = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=settings.BASE_DIR, capture_output=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("this is no checkout of git")
    sought = runs(article)
    holding = {}
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = settings.BASE_DIR / name
        if path.is_file() and (found := runs(path.read_text("utf-8", errors="replace")) & sought):
            digest = hashlib.sha256(" ".join(min(found)).encode()).hexdigest()[:12]
            holding[name] = f"{len(found)} runs of {RUN} words, one with hash {digest}"
    assert holding == {}
