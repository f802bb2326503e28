"""The dossier of three tolls: it loads alone and beside Lyman, and says who says what."""

import csv
import re
from itertools import chain

import pytest
from django.conf import settings

from events.dossiers import load, read
from records.models import Change, Origin, ReviewItem
from records.registry import record_of
from tests.factories import body

pytestmark = pytest.mark.django_db

SLUG = "ukraine-2022-tolls"
FOLDER = settings.BASE_DIR / "seeds" / SLUG
LYMAN = settings.BASE_DIR / "seeds" / "lyman"
RELEASE = settings.BASE_DIR.parent / "shared" / "data" / "ucdp" / "UCDP-Ukraine_2023-05-03.csv"
SECTIONS = ("places", "actors", "sources", "documents", "events", "claims")
#: The rows of the release that were read, and their events here.
ROWS = {"448959": "convoy", "449183": "withdrawal", "449787": "fighting"}
#: What the Lyman dossier has as well, by section.
SHARED = {
    "places": ["ukraine", "donetsk", "zaporizhzhya", "lyman"],
    "actors": ["russia", "ru_gov", "ukraine_state", "ua_gov"],
}
#: A headline is not kept: nowhere do so many of its words stand in a row.
RUN = 6


@pytest.fixture(scope="session")
def kept_tolls(keep):
    """The dossier alone, loaded into an empty database and set aside."""
    return keep(lambda: load(read(FOLDER)))


@pytest.fixture
def loaded(db, kept_tolls):
    """The dossier alone."""
    return kept_tolls.bring_back()


def ident(resource, name, slug=SLUG):
    """The id of a row of a dossier by its local name."""
    origins = Origin.objects.filter(dataset__slug=slug, resource=resource)
    return origins.get(external_id=name).object_id


def claim(name):
    return body("claims", ident("claims", name))


def names_of(resource):
    """The local name of each row of the dossier by its id, as text."""
    origins = Origin.objects.filter(dataset__slug=SLUG, resource=resource)
    return {str(row_id): name for row_id, name in origins.values_list("object_id", "external_id")}


def figures(metric, event):
    """Local name, claimant and figure of each claim that counts something of an event."""
    return {
        name: (shown["claimant"]["name"], shown["quantity"]["best"], shown["quantity"]["unit"])
        for row_id, name in names_of("claims").items()
        if (shown := body("claims", row_id))["kind"] == "quantity"
        and shown["event"]["id"] == str(ident("events", event))
        and shown["quantity"]["metric"] == metric
    }


def links(kind):
    """Pairs of local names of claims that a link of a kind joins, the one that has it first."""
    names = names_of("claims")
    return {
        (name, names[link["claim"]["id"]])
        for row_id, name in names.items()
        for link in body("claims", row_id)["relations"]
        if link["kind"] == kind
    }


def test_it_loads_alone_and_every_row_of_it_is_public(loaded):
    for section in SECTIONS:
        current = record_of(section).objects.current()
        assert loaded.created[section] == current.count() > 0, section
    assert (loaded.left, loaded.held, loaded.retracted, loaded.differences) == ([], [], [], 0)


def test_loading_it_again_changes_nothing(loaded):
    before = Change.objects.count()
    again = load(read(FOLDER))
    assert again.published is None
    assert Change.objects.count() == before
    assert again.unchanged == loaded.created
    assert not any(chain(again.created.values(), again.changed.values()))


@pytest.mark.parametrize("folders", [[LYMAN, FOLDER], [FOLDER, LYMAN]], ids=["after", "before"])
def test_beside_lyman_what_both_have_is_one_row_of_which_they_say_the_same(folders):
    for folder in folders:
        load(read(folder))
    for resource, names in SHARED.items():
        for name in names:
            assert ident(resource, name) == ident(resource, name, "lyman"), name
    shared = set(chain.from_iterable(SHARED.values()))
    places = record_of("places").objects.current()
    assert [str(place.object_id) for place in places if place.statement()["name"] == "Lyman"] == [
        str(ident("places", "lyman"))
    ]
    assert {name for name in names_of("places").values() if name not in shared} == {
        "zaporizhzhya_city",
        "car_market",
    }
    assert not ReviewItem.objects.exists()
    before = Change.objects.count()
    assert [load(read(folder)).published for folder in folders] == [None, None]
    assert Change.objects.count() == before


def test_beside_lyman_both_dossiers_tell_of_the_withdrawal_from_the_one_lyman(stories):
    assert stories == ["lyman", SLUG]
    lyman = str(ident("places", "lyman"))
    left = {
        (shown["claimant"]["name"], shown["claimant"]["party"])
        for version in record_of("claims").objects.current()
        if (shown := body("claims", version.object_id))["control_status"] == "withdrawn_from"
        and lyman in [place["id"] for place in shown["places"]]
    }
    assert left == {
        ("Russian Ministry of Defence", "Russia"),
        ("Igor Konashenkov", "Russia"),
        ("Unified news feed", None),
    }


def test_the_toll_of_the_convoy_runs_from_23_to_32_by_three_claimants(loaded):
    assert figures("killed", "convoy") == {
        "starukh_killed_23": ("Oleksandr Starukh", 23, "people"),
        "ukrinform_killed_some": ("Ukrinform", None, "people"),
        "ukrinform_killed_23": ("Ukrinform", 23, "people"),
        "ukrinform_killed_25": ("Ukrinform", 25, "people"),
        "ukrinform_killed_26": ("Ukrinform", 26, "people"),
        "ukrinform_killed_30": ("Ukrinform", 30, "people"),
        "ukrinform_killed_children": ("Ukrinform", 2, "children"),
        "ukrinform_killed_31": ("Ukrinform", 31, "people"),
        "ucdp_killed_32": ("Uppsala Conflict Data Program", 32, "people"),
        "ucdp_killed_civilians": ("Uppsala Conflict Data Program", 31, "civilians"),
        "ucdp_killed_ukrainian_side": ("Uppsala Conflict Data Program", 1, "troops"),
    }
    assert set(figures("wounded", "convoy").values()) == {
        ("Ukrinform", 28, "people"),
        ("Ukrinform", 50, "people"),
        ("Ukrinform", 85, "people"),
    }
    quantity = claim("ucdp_killed_32")["quantity"]
    assert (quantity["low"], quantity["high"]) == (23, 32)


def test_a_later_and_larger_figure_of_one_claimant_takes_the_place_of_the_one_before(loaded):
    assert links("supersedes") == {
        ("ukrinform_killed_23", "ukrinform_killed_some"),
        ("ukrinform_killed_25", "ukrinform_killed_23"),
        ("ukrinform_killed_26", "ukrinform_killed_25"),
        ("ukrinform_killed_30", "ukrinform_killed_26"),
        ("ukrinform_killed_31", "ukrinform_killed_30"),
        ("ukrinform_wounded_50", "ukrinform_wounded_28"),
        ("ukrinform_wounded_85", "ukrinform_wounded_50"),
    }
    for later, earlier in links("supersedes"):
        new, old = claim(later), claim(earlier)
        assert new["claimant"] == old["claimant"]
        assert new["said"]["earliest"] >= old["said"]["earliest"]
        assert (old["quantity"]["best"] or 0) < new["quantity"]["best"]
    assert claim("ukrinform_killed_31")["said"]["edtf"] == "2022-10-01"
    assert claim("ukrinform_killed_30")["said"]["edtf"] == "2022-09-30"


def test_a_figure_that_an_outlet_only_passes_on_repeats_the_officials(loaded):
    assert links("repeats") == {
        ("ukrinform_killed_23", "starukh_killed_23"),
        ("ucdp_struck", "ukrinform_struck"),
        ("feed_withdrew", "konashenkov_withdrew"),
    }
    echo, own = claim("ukrinform_killed_23"), claim("starukh_killed_23")
    assert echo["quantity"] == own["quantity"]
    assert echo["claimant"]["party"] == own["claimant"]["party"] == "Ukraine"


def test_each_side_holds_the_other_to_be_responsible_and_nobody_is_the_initiator(loaded):
    blamed = [
        (
            shown["claimant"]["name"],
            shown["claimant"]["party"],
            shown["object_actor"]["party"],
            shown["polarity"],
            shown["event"]["id"],
        )
        for row_id in names_of("claims")
        if (shown := body("claims", row_id))["kind"] == "responsibility"
    ]
    convoy = str(ident("events", "convoy"))
    assert sorted(blamed, key=lambda row: row[0]) == [
        ("Amnesty International", None, "Russia", "affirmed", convoy),
        ("Ukrinform", "Ukraine", "Russia", "affirmed", convoy),
        ("Vladimir Rogov", "Russia", "Ukraine", "affirmed", convoy),
    ]
    participants = body("events", convoy)["participants"]
    assert {row["role"] for row in participants} == {"participant"}


def test_a_claim_of_more_than_200_dead_stands_against_2_that_the_data_set_codes(loaded):
    claimed, coded = claim("konashenkov_killed_200"), claim("ucdp_killed_2")
    assert figures("killed", "fighting").keys() == {"konashenkov_killed_200", "ucdp_killed_2"}
    assert claimed["quantity"] == {
        "metric": "killed", "low": None, "best": 200, "high": None, "unit": "troops",
        "approximator": "at_least",
    }  # fmt: skip
    assert coded["quantity"] == {
        "metric": "killed", "low": 2, "best": 2, "high": 2, "unit": "troops",
        "approximator": "exact",
    }  # fmt: skip
    # They speak of one thing: else no rule would compare them.
    for member in ("event", "places", "actor", "document", "object_actor", "polarity"):
        assert claimed[member] == coded[member], member
    assert claimed["holds"]["earliest"] == coded["holds"]["earliest"] == "2022-09-30T00:00:00Z"
    assert (claimed["voice"], coded["voice"]) == ("attributed", "narration")


def test_the_data_set_is_a_source_whose_rows_are_documents_cited_by_column(loaded):
    documents = {
        str(ident("documents", f"row_{number}")): (number, str(ident("events", event)))
        for number, event in ROWS.items()
    }
    for row_id, name in names_of("claims").items():
        shown = body("claims", row_id)
        for citation in shown["citations"]:
            number, _ = documents[citation["document"]["id"]]
            assert citation["spans"] == [], name
            assert citation["quote"] is None, name
            assert citation["locator"].startswith(f"{number}, "), name
            coded = shown["claimant"]["name"] == "Uppsala Conflict Data Program"
            assert bool(citation["via"]) is not coded, name
    kinds = {body("documents", row_id)["kind"] for row_id in documents}
    assert kinds == {"dataset"}
    assert body("sources", ident("sources", "ucdp"))["kind"] == "dataset"
    for number, event in documents.values():
        assert body("events", event)["codes"] == {"ucdp": number}


@pytest.fixture(scope="module")
def release():
    """The three rows as the data set has them, which are never a part of the repository."""
    if not RELEASE.is_file():
        pytest.skip(f"the data set is not beside the checkout ({RELEASE.name} is missing)")
    with RELEASE.open(encoding="cp1252", newline="") as lines:
        return {row["id"]: row for row in csv.DictReader(lines) if row["id"] in ROWS}


def test_figures_dates_and_articles_are_those_of_the_rows(loaded, release):
    assert release.keys() == ROWS.keys()
    totals = {"448959": "ucdp_killed_32", "449183": "ucdp_withdrawal_killed_2"}
    for number, name in (totals | {"449787": "ucdp_killed_2"}).items():
        quantity = claim(name)["quantity"]
        for bound in ("low", "best", "high"):
            assert quantity[bound] == float(release[number][bound]), (number, bound)
    for number, row in release.items():
        cited = [
            body("documents", relation["document"]["id"])
            for relation in body("documents", ident("documents", f"row_{number}"))["relations"]
            if relation["kind"] == "cites"
        ]
        assert len(cited) == int(row["number_of_sources"])
        assert {document["title"] for document in cited} == {None}
        listed = re.findall(r'"([^",]+),(\d{4}-\d\d-\d\d),', row["source_article"])
        assert sorted((d["publisher"]["name"], d["published"]["edtf"]) for d in cited) == sorted(
            listed
        )


def test_no_headline_of_the_rows_is_kept(release):
    def runs(text):
        words = re.findall(r"[\w'’]+", text.casefold())
        return {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}

    sought = set().union(*(runs(row["source_headline"]) for row in release.values()))
    assert sought
    for path in sorted(FOLDER.glob("*.yaml")):
        assert not runs(path.read_text(encoding="utf-8")) & sought, path.name
