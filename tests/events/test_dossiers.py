"""Dossiers: what loading does, what it leaves alone, and how it refuses."""

import re

import pytest
import yaml
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from events.dossiers import DossierError, dump, load, read
from records import publishing
from records.ids import named
from records.models import Change, Dataset, Origin, ReviewItem
from records.registry import record_of, resources
from tests.factories import body, edit, publish, republish, said, state, versions

pytestmark = pytest.mark.django_db

BROOK = """\
dataset:
  slug: brook
  title: The ferry at Millbrook
  version: "1"

places:
  millbrook:
    name: Millbrook
    kind: town
    codes: {geonames: "9000001"}
    names:
      - {name: Mill Brook, kind: former}
  quay:
    name: Old Quay
    kind: facility
    parent: millbrook

actors:
  council: {name: Millbrook Council, kind: government, party_reason: A party of its own.}

sources:
  gazette: {name: Brook Gazette, kind: news_outlet, independent: true}
  mayor: {name: Ida Fenn, kind: local_authority, speaks_for: council}

documents:
  article:
    kind: article
    publisher: gazette
    published: "2031-05-04"
    text_length: 300
    mentions:
      - {span: [4, 13], place: millbrook, basis: text}
  post:
    kind: social_post

events:
  sinking:
    type: accident.transport
    title: Sinking of the ferry
    status: occurred
    when: {edtf: "2031-05-04", phrase: on 4 May}
    places:
      - {place: quay}
    participants:
      - {actor: council, role: participant}

claims:
  n_sank:
    statement: A ferry sank at the quay.
    kind: occurrence
    voice: narration
    claimant: gazette
    event: sinking
    citations:
      - {document: article, mode: narration, spans: [[0, 40]]}
  mayor_hurt:
    statement: About a dozen people were hurt.
    kind: quantity
    claimant: mayor
    event: sinking
    quantity: {metric: wounded, low: 10, best: 12, high: 14, unit: people, approximator: about}
    said: "2031-05-04"
    relations:
      - {kind: same_as, claim: mayor_post}
      - {kind: elaborates, claim: n_sank}
    citations:
      - document: article
        mode: direct_quote
        spans: [[50, 90], [95, 99]]
        insertions: [[60, 62]]
        quote: about a dozen
        via: [{document: post}, {source: mayor}]
  mayor_post:
    statement: Around twelve were hurt.
    kind: quantity
    claimant: mayor
    places: [quay]
    quantity: {metric: wounded, best: 12, unit: people}
    citations:
      - {document: post, mode: media_content, locator: "00:12"}
"""

#: A second story of the same town.
FLOOD = """\
dataset: {slug: flood, title: The flood at Millbrook}
places:
  town:
    name: Millbrook on Tarn
    kind: city
    lat: 51.5
    lon: -2.5
    codes: {geonames: "9000001", wikidata: Q900}
    names:
      - {name: Mølbro, language: da}
      - {name: Mill Brook, kind: alias}
  meadow: {name: Flooded Meadow, kind: area, parent: town}
"""

CANARY = "Xyzzy Canary"


@pytest.fixture
def folder(tmp_path):
    """Writes a dossier into a folder, and gives the folder."""

    def write(text, name="dossier", **files):
        made = tmp_path / name
        made.mkdir(exist_ok=True)
        for file, content in {"dossier": text, **files}.items():
            (made / f"{file}.yaml").write_text(content, encoding="utf-8")
        return made

    return write


@pytest.fixture(scope="session")
def kept_brook(keep, tmp_path_factory):
    """The story of the ferry, loaded and set aside."""
    made = tmp_path_factory.mktemp("brook")
    (made / "dossier.yaml").write_text(BROOK, encoding="utf-8")
    return keep(lambda: load(read(made)))


@pytest.fixture
def loaded(db, kept_brook):
    """The story of the ferry, loaded."""
    return kept_brook.bring_back()


def change(text, *pairs):
    """The text with each old part, which stands in it once, turned to the new one."""
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def ident(resource, name, slug="brook"):
    return Origin.objects.get(dataset__slug=slug, resource=resource, external_id=name).object_id


def total(counts):
    return sum(counts.values())


def public_bodies():
    """All that the world can read now, in one text."""
    current = [v.body for r in resources() for v in record_of(r).objects.current()]
    return "\n".join(current)


def everything():
    """Every row of every table of ours, as far as a load may touch it."""
    return {
        model._meta.label: sorted(map(repr, model._default_manager.values_list()))
        for label in ("records", "places", "sources", "events")
        for model in apps.get_app_config(label).get_models()
        if model._meta.model_name != "eventtype"
    }


# Loading


def test_a_dossier_is_loaded_and_published_in_one_change_set(loaded):
    assert loaded.created == {
        "places": 2, "actors": 1, "sources": 2, "documents": 2, "events": 1, "claims": 3,
        "contradictions": 0,
    }  # fmt: skip
    assert loaded.published == (1, 11)
    assert set(Change.objects.values_list("cause", "op")) == {("import", "add")}
    assert body("places", ident("places", "quay"))["parent"]["name"] == "Millbrook"
    assert Dataset.objects.get().version == "1"
    assert body("places", ident("places", "quay"))["dataset"] == "brook"


def test_loading_it_again_changes_nothing(loaded, folder):
    before = everything()
    again = load(read(folder(BROOK)))
    assert (total(again.created), total(again.changed), again.published) == (0, 0, None)
    assert total(again.unchanged) == 11
    after = everything()
    before.pop("records.Dataset"), after.pop("records.Dataset")
    assert after == before


def test_a_symmetric_link_written_on_one_side_shows_on_both(loaded):
    hurt, post = ident("claims", "mayor_hurt"), ident("claims", "mayor_post")
    for one, other in ((hurt, post), (post, hurt)):
        links = [e for e in said("claims", one)["relations"] if e["kind"] == "same_as"]
        assert [e["claim"] for e in links] == [str(other)]


def test_sections_may_be_spread_over_files(folder):
    head, rest = BROOK.split("actors:")
    both = load(read(folder(head, others=f"actors:{rest}")))
    assert total(both.created) == 11


def test_only_what_changed_is_written_and_published(loaded, folder):
    changed = change(BROOK, ("about a dozen\n", "a dozen\n"), ("name: Old Quay", "name: New Quay"))
    again = load(read(folder(changed)))
    assert {name: n for name, n in again.changed.items() if n} == {"places": 1, "claims": 1}
    imported = Change.objects.filter(seq__gt=11, cause="import").values_list("object_id", flat=True)
    assert set(imported) == {ident("places", "quay"), ident("claims", "mayor_hurt")}
    followers = Change.objects.filter(seq__gt=11).exclude(cause="import")
    assert set(followers.values_list("cause", flat=True)) == {"reference"}
    assert body("events", ident("events", "sinking"))["places"][0]["place"]["name"] == "New Quay"
    assert versions("actors", ident("actors", "council")) == 1


def test_a_row_that_is_new_joins_those_that_are_there(loaded, folder):
    text = change(BROOK, ("  quay:\n", "  pier: {name: Pier, kind: facility}\n  quay:\n"))
    again = load(read(folder(text)))
    assert (total(again.created), total(again.changed)) == (1, 0)
    assert again.published == (12, 12)


def test_nothing_is_retracted_silently(loaded, folder):
    text = BROOK[: BROOK.index("  mayor_post:")]
    text = change(text, ("      - {kind: same_as, claim: mayor_post}\n", ""))
    again = load(read(folder(text)))
    assert again.left == ["claims.mayor_post"]
    assert body("claims", ident("claims", "mayor_post"))["statement"] == "Around twelve were hurt."
    assert not Change.objects.filter(op="retract").exists()
    assert load(read(folder(text))).left == ["claims.mayor_post"]


def test_a_renamed_row_keeps_its_id(loaded, folder):
    quay = ident("places", "quay")
    renamed = ("  quay:\n", "  wharf:\n    was: quay\n")
    text = change(BROOK, renamed, ("{place: quay}", "{place: wharf}"), ("[quay]", "[wharf]"))
    again = load(read(folder(text)))
    assert (total(again.created), again.left) == (0, [])
    assert ident("places", "wharf") == quay
    assert load(read(folder(text))).published is None
    text = change(text, ("was: quay", "was: [quay, wharf]"), ("  wharf:\n", "  jetty:\n"),
                  ("{place: wharf}", "{place: jetty}"), ("[wharf]", "[jetty]"))  # fmt: skip
    assert load(read(folder(text))).left == []
    assert ident("places", "jetty") == quay


def test_a_renamed_row_has_the_same_id_on_a_machine_that_never_saw_the_old_name(folder):
    text = change(FLOOD, ("  meadow: {", "  field: {was: meadow, "))
    load(read(folder(text)))
    assert ident("places", "field", "flood") == named("flood", "places", "meadow")


def test_a_row_is_referred_to_by_data_set_or_code_or_id(loaded, folder):
    millbrook = ident("places", "millbrook")
    for name in ("brook:millbrook", "geonames:9000001", str(millbrook)):
        text = f"""
dataset: {{slug: mill, title: The mill}}
places:
  mill: {{name: Mill, kind: facility, parent: "{name}"}}
"""
        load(read(folder(text, "mill")))
        assert body("places", ident("places", "mill", "mill"))["parent"]["id"] == str(millbrook)


# Sharing rows


def test_two_dossiers_share_a_place_by_its_code(loaded, folder):
    second = load(read(folder(FLOOD, "flood")))
    millbrook = ident("places", "millbrook")
    assert ident("places", "town", "flood") == millbrook
    shown = body("places", millbrook)
    assert (shown["name"], shown["kind"], shown["dataset"]) == ("Millbrook", "town", "brook")
    assert (shown["lat"], shown["lon"]) == (51.5, -2.5)
    assert shown["codes"] == {"geonames": "9000001", "wikidata": "Q900"}
    names = {(name["name"], name["kind"]) for name in shown["names"]}
    assert {("Mill Brook", "former"), ("Mølbro", "alias")} <= names
    assert len([name for name in names if name[0] == "Mill Brook"]) == 1
    assert {o["dataset"] for o in shown["datasets"]} == {"brook", "flood"}
    assert second.differences == ReviewItem.objects.count() == 2
    asked = dict(ReviewItem.objects.values_list("member", "detail"))
    assert asked == {
        "name": {"here": "Millbrook", "there": "Millbrook on Tarn"},
        "kind": {"here": "town", "there": "city"},
    }


def test_each_difference_is_asked_once(loaded, folder):
    load(read(folder(FLOOD, "flood")))
    before = Change.objects.count()
    again = load(read(folder(FLOOD, "flood")))
    assert (again.differences, again.published) == (0, None)
    assert ReviewItem.objects.count() == 2
    assert load(read(folder(BROOK))).published is None
    assert Change.objects.count() == before


def test_a_difference_that_was_settled_does_not_come_back(loaded, folder):
    load(read(folder(FLOOD, "flood")))
    ReviewItem.objects.update(resolved_at=timezone.now(), resolution="It is a town.")
    assert load(read(folder(FLOOD, "flood"))).differences == 0
    assert not ReviewItem.objects.filter(resolved_at=None).exists()
    third = load(read(folder(change(FLOOD, ("kind: city", "kind: village")), "flood")))
    assert third.differences == 1
    assert ReviewItem.objects.get(resolved_at=None).detail["there"] == "village"


def test_the_home_data_set_still_changes_a_row_that_is_shared(loaded, folder):
    load(read(folder(FLOOD, "flood")))
    load(read(folder(change(BROOK, ("name: Millbrook\n", "name: Millbrook Town\n")))))
    shown = body("places", ident("places", "millbrook"))
    assert shown["name"] == "Millbrook Town"
    assert {o["dataset"] for o in shown["datasets"]} == {"brook", "flood"}


def test_a_code_that_two_data_sets_give_differently_is_asked_about(loaded, folder):
    load(read(folder(FLOOD, "flood")))
    third = change(FLOOD, ("slug: flood", "slug: storm"), ("Q900", "Q901"))
    assert load(read(folder(third, "storm"))).differences == 3
    item = ReviewItem.objects.get(member="codes")
    assert item.detail["there"] == {"wikidata": "Q901"}
    assert body("places", ident("places", "millbrook"))["codes"]["wikidata"] == "Q900"


def test_a_home_that_loads_again_keeps_what_another_data_set_added(loaded, folder):
    load(read(folder(FLOOD, "flood")))
    load(read(folder(change(BROOK, ("name: Millbrook\n", "name: Millbrook Town\n")))))
    shown = body("places", ident("places", "millbrook"))
    assert shown["codes"].get("wikidata") == "Q900"
    assert "Mølbro" in {name["name"] for name in shown["names"]}
    assert shown["lat"] == 51.5


# Curators' work


def test_a_curators_draft_is_neither_published_nor_overwritten(loaded, folder):
    millbrook = ident("places", "millbrook")
    edit("places", millbrook, name=CANARY)
    text = change(BROOK, ("kind: town\n", "kind: city\n"), ("name: Old Quay", "name: New Quay"),
                  ("name: Mill Brook, kind: former}", "name: Milbroke, kind: former}"))  # fmt: skip
    again = load(read(folder(text)))
    assert again.held == ["places.millbrook"]
    assert CANARY not in public_bodies()
    draft = said("places", millbrook)
    assert (draft["name"], draft["kind"], state("places", millbrook)) == (CANARY, "town", "draft")
    assert "Milbroke" in {name["name"] for name in draft["names"]}
    assert body("places", ident("places", "quay"))["name"] == "New Quay"
    assert body("places", ident("places", "quay"))["parent"]["name"] == "Millbrook"
    assert set(ReviewItem.objects.values_list("member", flat=True)) == {"name", "kind"}
    for dossier in (text, BROOK):
        load(read(folder(dossier)))
        assert CANARY not in public_bodies()
        assert said("places", millbrook)["name"] == CANARY


def test_a_draft_made_by_hand_is_not_published_by_another_dossier(loaded, folder):
    edit("places", ident("places", "millbrook"), name=CANARY)
    second = load(read(folder(FLOOD, "flood")))
    assert second.held == ["places.town"]
    assert CANARY not in public_bodies()
    shown = body("places", ident("places", "meadow", "flood"))
    assert shown["parent"]["name"] == "Millbrook"


def test_a_row_that_a_curator_changed_is_not_overwritten(loaded, folder):
    quay = ident("places", "quay")
    republish("places", quay, name="Quay of the Curator")
    again = load(read(folder(BROOK)))
    assert (again.differences, again.published) == (1, None)
    assert load(read(folder(BROOK))).differences == 0
    load(read(folder(change(BROOK, ("name: Old Quay", "name: New Quay")))))
    assert body("places", quay)["name"] == said("places", quay)["name"] == "Quay of the Curator"
    item = ReviewItem.objects.get(resolved_at=None)
    assert item.detail == {"here": "Quay of the Curator", "there": "New Quay"}


def test_a_retracted_row_stays_so_and_does_not_fail_the_load(loaded, folder):
    post = ident("claims", "mayor_post")
    publishing.retract([("claims", post)], reason="It was a hoax.")
    text = change(BROOK, ("Around twelve were hurt.", "Around twenty were hurt."),
                  ("name: Old Quay", "name: New Quay"))  # fmt: skip
    again = load(read(folder(text)))
    assert again.retracted == ["claims.mayor_post"]
    assert state("claims", post) == "retracted"
    assert not record_of("claims").objects.current().filter(object_id=post).exists()
    assert body("places", ident("places", "quay"))["name"] == "New Quay"
    assert load(read(folder(text))).published is None


def test_two_rows_that_were_merged_here_do_not_fail_the_load(loaded, folder):
    text = change(BROOK, ("  quay:\n", "  dock: {name: Dock, kind: facility}\n  quay:\n"))
    load(read(folder(text)))
    dock, quay = ident("places", "dock"), ident("places", "quay")
    publishing.merge("places", dock, quay, reason="They are one.")
    before = body("places", quay)
    again = load(read(folder(text)))
    assert ident("places", "dock") == ident("places", "quay") == quay
    assert (again.left, again.retracted) == ([], [])
    assert load(read(folder(text))).published is None
    assert body("places", quay)["name"] == before["name"] == "Old Quay"
    assert state("places", dock) == "retracted"


def test_a_row_of_the_dossier_that_was_taken_back_to_a_draft_is_published(loaded, folder):
    """A load that was refused at publishing leaves nothing; one that a curator left is held."""
    quay = ident("places", "quay")
    edit("places", quay, name="Half a name")
    publishing.discard("places", quay)
    load(read(folder(change(BROOK, ("name: Old Quay", "name: New Quay")))))
    assert body("places", quay)["name"] == "New Quay"


# Bad dossiers: the part that is changed, where the fault is told, and how it is mended.

BAD = {
    "YAML": ("kind: town\n", "kind: [town\n", None, "is not YAML"),
    "unknown section": ("actors:\n", "people:\n", "people:",
                        "people: is not known here; known are actors, claims"),
    "unknown member": ("kind: town\n", "kind: town\n    mayor: Ida\n", "    mayor: Ida",
                       "places.millbrook.mayor: is not known here; known are codes, country"),
    "unknown member of a part": ("{place: quay}", "{place: quay, part: 1}", "{place: quay, part",
                                 "events.sinking.places.0.part: is not known here; known are"),
    "missing member": ("    title: Sinking of the ferry\n", "", "  sinking:", "title is missing"),
    "wrong code": ("kind: town\n", "kind: hamlet\n", "kind: hamlet",
                   "'hamlet' is not in the code list; known are country, admin1"),
    "wrong event type": ("accident.transport", "accident.ferry", "type: accident.ferry",
                         "'accident.ferry' is not in the code list; known are "),
    "mention beyond the text": ("span: [4, 13]", "span: [4, 301]", "{span: [4, 301]",
                                "documents.article.mentions.0.span: a span ends at 301"),
    "dangling name": ("parent: millbrook", "parent: milbrook", "parent: milbrook",
                      "'milbrook' names nothing in places; is 'millbrook' meant?"),
    "dangling name in a list": ("{place: quay}", "{place: quai}", "{place: quai}",
                                "'quai' names nothing in places; is 'quay' meant?"),
    "dangling name of nothing near": ("speaks_for: council", "speaks_for: zzz", "speaks_for: zzz",
                                      "'zzz' names nothing in actors"),
    "name given twice": ("  quay:\n", "  millbrook: {name: Again, kind: town}\n  quay:\n",
                         "  millbrook: {name: Again", "is given twice; keep one"),
    "member given twice": ("kind: town\n", "kind: town\n    kind: city\n", "kind: city",
                           "is given twice; keep one"),
    "bad EDTF": ('published: "2031-05-04"', 'published: "4 May 2031"', 'published: "4 May', "EDTF"),
    "day that is none": ('published: "2031-05-04"', 'published: "2031-02-30"', "2031-02-30", None),
    "span reversed": ("[50, 90]", "[90, 50]", "document: article\n        mode: direct",
                      "Spans are pairs"),
    "span of one": ("[[0, 40]]", "[[0]]", "[[0]]", "[0] is too short"),
    "span beyond the text": ("[[0, 40]]", "[[0, 301]]", "[[0, 301]]", "300 characters"),
    "insertion outside": ("[[60, 62]]", "[[91, 93]]", "document: article\n        mode: direct",
                          "Insertions are ordered pairs that lie inside the spans"),
    "statement too long": ("A ferry sank at the quay.", "A ferry sank. " * 30, "A ferry sank. A",
                           "at most 300 are allowed"),
    "unquoted year": ('version: "1"', "version: 1", "version: 1", 'write it in quotes: "1"'),
    "unquoted code": ('{geonames: "9000001"}', "{geonames: 9000001}", "{geonames: 9000001}",
                      'write it in quotes: "9000001"'),
    "unquoted time": ('said: "2031-05-04"', "said: 2031", "said: 2031",
                      'write it in quotes: "2031"'),
    "no claimant": ("    claimant: gazette\n", "", "  n_sank:", "claimant is missing"),
    "no subject": ("    places: [quay]\n", "", "  mayor_post:",
                   "a claim is about an event, places, an actor or a document"),
    "no citation": (BROOK[BROOK.rindex("    citations:") :], "", "  mayor_post:",
                    "has no citation"),
    "low above best": ("low: 10, best: 12, high", "low: 13, best: 12, high", "  mayor_hurt:",
                       "A quantity is low <= best <= high."),
    "quantity without metric": ("{metric: wounded, best: 12, unit: people}", "{best: 12}",
                                "  mayor_post:", "A quantity names its metric."),
    "occurred without narration": ("voice: narration", "voice: attributed", "  sinking:",
                                   "give it the status claimed"),
    "quote of eleven words": ("quote: about a dozen", "quote: a b c d e f g h i j k",
                              None, "A quote has at most ten words."),
    "bad slug": ("slug: brook", "slug: The Brook", "slug: The Brook", None),
    "bad local name": ("  millbrook:\n", "  mill-brook:\n", "  mill-brook:",
                       "'mill-brook' is not a local name: use letters, digits and _"),
    "half a position": ("kind: town\n", "kind: town\n    lat: 51.5\n", "  millbrook:",
                        "Give both latitude and longitude, or neither."),
    "parent cycle": ("kind: town\n", "kind: town\n    parent: quay\n", "  millbrook:",
                     "a parent chain has an end"),
    "independent voice": ("speaks_for: council", "speaks_for: council, independent: true",
                          "  mayor:", "A source that speaks for an actor is not independent."),
    "judged without reason": ("independent: true", "independent: true, reliability: {value: A}",
                              "  gazette:", "A judgement needs a reason and a date."),
    "two rows of one code": ("kind: facility\n",
                             'kind: facility\n    codes: {geonames: "9000001"}\n',
                             '    codes: {geonames: "9000001"}\n    parent',
                             "geonames:9000001 is the code of millbrook as well"),
    "empty text": ("name: Old Quay", 'name: ""', 'name: ""', "is empty; leave it out"),
    "list for a text": ("name: Old Quay", "name: [Old Quay]", "name: [Old Quay]", "must be string"),
    "unknown link": ("kind: elaborates", "kind: refines", "kind: refines", "not in the code list"),
    "link without how": ("{kind: elaborates,", "{kind: contradicts,", None, "says how"),
}  # fmt: skip


def line_of(text, part):
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize("case", BAD)
def test_a_bad_dossier_changes_nothing_and_says_where_and_how_to_mend_it(folder, case):
    old, new, at, message = BAD[case]
    before = everything()
    text = change(BROOK, (old, new)) if BROOK.count(old) == 1 else BROOK.replace(old, new, 1)
    bad = folder(text)
    with pytest.raises(DossierError) as refused:
        load(read(bad))
    told = str(refused.value)
    assert everything() == before
    for line in told.split("\n"):
        assert re.match(re.escape(str(bad / "dossier.yaml")) + r":\d+: \S+: .", line), line
    if message:
        assert message in told
    if at:
        assert f"dossier.yaml:{line_of(text, at)}: " in told


def test_a_bad_dossier_changes_nothing_of_what_is_there(loaded, folder):
    before = everything()
    for case in ("no citation", "low above best", "parent cycle", "span beyond the text"):
        old, new, *_ = BAD[case]
        text = change(BROOK, (old, new), ("name: Old Quay", "name: New Quay"))
        with pytest.raises(DossierError):
            load(read(folder(text)))
        assert everything() == before


def test_a_fault_in_a_list_is_told_at_its_line_as_written(folder):
    """Lists are kept sorted; a fault speaks of the order in the file."""
    second = "      - {document: article, mode: mixed, spans: [[9, 8]]}\n"
    first = "      - {document: article, mode: narration, spans: [[20, 40]]}\n"
    for written in (first + second, second + first):
        text = change(
            BROOK, ("      - {document: article, mode: narration, spans: [[0, 40]]}\n", written)
        )
        with pytest.raises(DossierError) as refused:
            load(read(folder(text)))
        assert [fault.line for fault in refused.value.faults] == [line_of(text, second)]


def test_all_faults_are_named_at_once_in_the_order_of_the_lines(folder):
    text = change(BROOK, ("parent: millbrook", "parent: milbrook"), ("[quay]", "[quai]"))
    with pytest.raises(DossierError) as refused:
        load(read(folder(text)))
    lines = [fault.line for fault in refused.value.faults]
    assert lines == [line_of(text, "milbrook"), line_of(text, "[quai]")]


def test_a_name_given_in_two_files_is_refused(folder):
    with pytest.raises(DossierError, match=r"more\.yaml:2: places\.quay: is given in two files"):
        read(folder(BROOK, more="places:\n  quay: {name: Another, kind: facility}\n"))


def test_a_file_that_is_no_dossier_is_refused(folder, tmp_path):
    with pytest.raises(DossierError, match="is no folder"):
        read(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DossierError, match=r"has no \*\.yaml file"):
        read(tmp_path / "empty")
    with pytest.raises(DossierError, match="must be sections"):
        read(folder("- a list\n"))
    (tmp_path / "latin").mkdir()
    (tmp_path / "latin" / "one.yaml").write_bytes("name: Mølbro".encode("latin-1"))
    with pytest.raises(DossierError, match="is not UTF-8"):
        read(tmp_path / "latin")


def test_a_control_character_in_a_file_is_refused_with_its_line(folder):
    with pytest.raises(DossierError, match=r"dossier\.yaml:\d+: dossier: is not YAML"):
        read(folder(BROOK.replace("Old Quay", "Old\0Quay")))


def test_the_command_says_what_is_wrong_and_that_nothing_was_loaded(folder):
    text = change(BROOK, ("parent: millbrook", "parent: milbrook"))
    with pytest.raises(CommandError, match=r"dossier\.yaml:16: .*\n1 faults: nothing of"):
        call_command("load_dossier", str(folder(text)))


def test_words_that_yaml_takes_for_something_else_stay_text(folder):
    text = change(
        BROOK, ("name: Old Quay", "name: No"), ("title: The ferry at Millbrook", "title: On")
    )
    load(read(folder(text)))
    assert body("places", ident("places", "quay"))["name"] == "No"


# Dumping


def unchanged_by(load_again):
    return (total(load_again.created), total(load_again.changed), load_again.published,
            load_again.left, load_again.differences)  # fmt: skip


def test_what_was_dumped_loads_to_the_same(loaded, tmp_path):
    counts = dump("brook", tmp_path / "out")
    assert counts == loaded.created
    assert unchanged_by(load(read(tmp_path / "out"))) == (0, 0, None, [], 0)


def test_a_dump_of_what_was_shared_and_curated_loads_to_the_same(loaded, folder, tmp_path):
    load(read(folder(FLOOD, "flood")))
    republish("places", ident("places", "quay"), name="Quay of the Curator")
    for slug in ("brook", "flood"):
        dump(slug, tmp_path / "out" / slug)
        assert unchanged_by(load(read(tmp_path / "out" / slug))) == (0, 0, None, [], 0)


def test_a_dump_is_equal_after_a_fresh_load(loaded, tmp_path):
    dump("brook", tmp_path / "first")
    bodies = {r: [v.content_hash for v in record_of(r).objects.current().order_by("object_id")]
              for r in resources()}  # fmt: skip
    _forget_everything()
    load(read(tmp_path / "first"))
    again = {r: [v.content_hash for v in record_of(r).objects.current().order_by("object_id")]
             for r in resources()}  # fmt: skip
    assert again == bodies
    dump("brook", tmp_path / "second")
    first, second = (
        {file.name: file.read_text("utf-8") for file in (tmp_path / name).iterdir()}
        for name in ("first", "second")
    )
    assert first == second


def _forget_everything():
    """Empty our tables, as a fresh machine has them."""
    tables = [
        model._meta.db_table
        for label in ("records", "places", "sources", "events")
        for model in apps.get_app_config(label).get_models()
        if model._meta.model_name != "eventtype"
    ]
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(f"truncate {', '.join(tables)} cascade")


def test_a_dump_leaves_out_what_is_the_default_and_writes_names(loaded, tmp_path):
    dump("brook", tmp_path)
    claims = yaml.safe_load((tmp_path / "claims.yaml").read_text("utf-8"))["claims"]
    assert claims["n_sank"] == {
        "statement": "A ferry sank at the quay.", "kind": "occurrence", "voice": "narration",
        "claimant": "gazette", "event": "sinking",
        "citations": [{"document": "article", "mode": "narration", "spans": [[0, 40]]}],
    }  # fmt: skip
    links = [claims[n].get("relations", []) for n in ("mayor_hurt", "mayor_post")]
    assert sum(e["kind"] == "same_as" for part in links for e in part) == 1


def test_a_dump_overwrites_nothing_and_knows_its_data_sets(loaded, tmp_path):
    dump("brook", tmp_path)
    with pytest.raises(FileExistsError):
        dump("brook", tmp_path)
    with pytest.raises(LookupError, match="there is no data set 'brok'; known are brook"):
        dump("brok", tmp_path / "other")
    with pytest.raises(CommandError, match="name an empty folder"):
        call_command("dump_dossier", "brook", str(tmp_path))


def test_a_draft_and_its_publication_survive_a_load_between_them(loaded, folder):
    quay = ident("places", "quay")
    edit("places", quay, name="Quay of the Curator")
    load(read(folder(BROOK)))
    publish(("places", quay))
    assert body("places", quay)["name"] == "Quay of the Curator"
    load(read(folder(BROOK)))
    assert body("places", quay)["name"] == "Quay of the Curator"
