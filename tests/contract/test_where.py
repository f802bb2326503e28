"""Where: boxes across the antimeridian, circles around the poles, distances along great circles."""

import math
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.records import EventPoint
from records import publishing
from records.api.position import FARTHEST_KM
from records.distance import EARTH_KM
from tests import api_world, factories
from tests.api_world import get, ids, wrong_parameters
from tests.factories import World, public
from tests.kept import Kept, kept_by

#: Name, latitude, longitude.
SPOTS = {
    "north pole": (90.0, 0.0),
    "near it": (89.9, 179.0),
    "south pole": (-90.0, 12.0),
    "date line west": (0.0, 179.9),
    "date line east": (0.0, -179.9),
    "on the line": (-16.5, 180.0),
    "on it too": (-16.5, -180.0),
    "origin": (0.0, 0.0),
    "beside": (0.0, 0.5),
    "high": (60.0, 0.5),
}


def publish_spots() -> None:
    for name, (lat, lon) in SPOTS.items():
        public("places", name, name=name, lat=lat, lon=lon)
    public("places", "nowhere", name="nowhere")


kept_spots = kept_by(publish_spots)


@pytest.fixture
def spots(db: None, kept_spots: Kept[None]) -> None:
    kept_spots.bring_back()


def found(client: Client, query: str, resource: str = "places") -> set[str]:
    answer = get(client, f"/api/v1/{resource}/?{query}")
    return {place["name"] for place in answer["results"]}


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ("-1,-1,1,1", "origin,beside"),
        ("0,0,0,0", "origin"),
        ("0.5,0,0.5,60", "beside,high"),
        ("179,-1,-179,1", "date line west,date line east"),
        ("-179,-1,179,1", "origin,beside"),
        ("170,-20,180,20", "date line west,on the line"),
        ("170,-20,-180,20", "date line west,on the line,on it too"),
        ("-180,-20,-170,20", "date line east,on it too"),
        ("-180,-90,180,90", ",".join(SPOTS)),
        ("-10,80,10,90", "north pole"),
        ("5,5,6,6", ""),
    ],
)
def test_a_box_holds_what_lies_in_it(box: str, inside: str, client: Client, spots: None) -> None:
    assert found(client, f"bbox={box}") == set(filter(None, inside.split(",")))


@pytest.mark.parametrize(
    ("query", "inside"),
    [
        ("near=0,0&radius=1", "origin"),
        ("near=0,0&radius=55.5", "origin"),
        ("near=0,0&radius=55.7", "origin,beside"),
        ("near=0,180&radius=12", "date line west,date line east"),
        ("near=0,-180&radius=12", "date line west,date line east"),
        ("near=90,77&radius=12", "north pole,near it"),
        ("near=89.9,-1&radius=23", "north pole,near it"),
        ("near=-89.95,-100&radius=6", "south pole"),
        ("near=-16.5,180&radius=0.001", "on the line,on it too"),
        ("near=60,-0.5&radius=55.5", ""),
        ("near=60,-0.5&radius=56", "high"),
        (f"near=10,10&radius={FARTHEST_KM}", ",".join(SPOTS)),
    ],
)
def test_a_circle_holds_what_lies_in_it(
    query: str, inside: str, client: Client, spots: None
) -> None:
    assert found(client, query) == set(filter(None, inside.split(",")))


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The great-circle distance in kilometres by vectors: another way than the one tested."""

    def vector(lat: float, lon: float) -> tuple[float, float, float]:
        phi, lam = math.radians(lat), math.radians(lon)
        return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)

    a, b = vector(*one), vector(*other)
    cross = (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return EARTH_KM * math.atan2(math.hypot(*cross), dot)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lat=st.floats(-90, 90), lon=st.floats(-180, 180), radius=st.floats(1, FARTHEST_KM))
def test_circles_and_boxes_are_as_vectors_have_them(
    lat: float, lon: float, radius: float, client: Client, spots: None
) -> None:
    apart = {name: distance((lat, lon), spot) for name, spot in SPOTS.items()}
    if any(abs(km - radius) < 0.01 for km in apart.values()):
        return  # on the edge, rounding decides
    query = f"near={lat:.10f},{lon:.10f}&radius={radius:.10f}"
    assert found(client, query) == {name for name, km in apart.items() if km < radius}


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("bbox=1,2,3", "bbox"),
        ("bbox=1,2,3,4,5", "bbox"),
        ("bbox=a,b,c,d", "bbox"),
        ("bbox=nan,0,1,1", "bbox"),
        ("bbox=0,0,inf,1", "bbox"),
        ("bbox=1e400,0,1,1", "bbox"),
        ("bbox=-181,0,1,1", "bbox"),
        ("bbox=0,-91,1,1", "bbox"),
        ("bbox=0,2,1,1", "bbox"),
        ("bbox=٣,0,1,1", "bbox"),
        ("bbox=1_0,0,11,1", "bbox"),
        ("near=1,2", "near"),
        ("near=1&radius=1", "near"),
        ("near=91,2&radius=1", "near"),
        ("near=1,181&radius=1", "near"),
        ("radius=1", "radius"),
        ("near=1,2&radius=0", "radius"),
        ("near=1,2&radius=-1", "radius"),
        ("near=1,2&radius=20039", "radius"),
        ("near=1,2&radius=nan", "radius"),
        ("near=1,2&radius=1km", "radius"),
        ("near=1,2&near=1,2&radius=1", "near"),
    ],
)
@pytest.mark.parametrize("resource", ["places", "events"])
def test_what_is_nowhere_on_earth_is_refused(
    resource: str, query: str, wrong: str, client: Client, db: None
) -> None:
    assert wrong_parameters(client, f"/api/v1/{resource}/?{query}") == [wrong]


def test_an_event_lies_where_its_position_or_its_place_is(client: Client, world: World) -> None:
    own = public("events", "own", place=world.oakford, lat=48.9, lon=37.9)
    assert set(ids(get(client, "/api/v1/events/?bbox=37,48,38,48.6"))) == {str(world.withdrawal)}
    assert set(ids(get(client, "/api/v1/events/?near=48.9,37.9&radius=1"))) == {str(own)}
    before = get(client, "/api/v1/")["seq"]
    factories.republish("places", world.oakford, lat=10.0, lon=10.0)
    assert ids(get(client, "/api/v1/events/?bbox=37,48,38,48.6")) == []
    url = f"/api/v1/events/?bbox=37,48,38,48.6&as_of={before}"
    assert ids(get(client, url)) == [str(world.withdrawal)]


def test_pages_of_a_circle_lead_on(client: Client, world: World) -> None:
    api_world.multiply("events", world.withdrawal, 30)
    url = "/api/v1/events/?near=48.5,37.25&radius=5&limit=7"
    whole: list[Any] = [i for page in api_world.walk(client, url) for i in ids(page)]
    assert len(whole) == len(set(whole)) == 31


def test_an_event_in_several_places_lies_in_each_of_them(client: Client, world: World) -> None:
    hill = public("places", "hill", name="A hill", lat=10.0, lon=20.0)
    far = public("places", "far", name="Far", lat=-30.0, lon=-40.0)
    both = public("events", "both", title="In both", places=[
        {"place": hill}, {"place": world.oakford}, {"place": far, "role": "destination"},
    ])  # fmt: skip
    one = public("events", "one", title="In one", places=[{"place": hill}])
    found = {str(world.withdrawal): "withdrawal", str(both): "both", str(one): "one"}

    def inside(query: str) -> set[str]:
        return {found[i] for i in ids(get(client, f"/api/v1/events/?{query}"))}

    assert inside("bbox=37,48,38,49") == {"withdrawal", "both"}
    assert inside("near=48.5,37.25&radius=1") == {"withdrawal", "both"}
    assert inside("bbox=19,9,21,11") == inside("near=10,20&radius=1") == {"both", "one"}
    assert inside("bbox=-41,-31,-39,-29") == set()
    assert inside("bbox=-180,-90,180,90") == {"withdrawal", "both", "one"}
    assert inside("bbox=19,9,21,11&type=battle&q=both") == {"both"}
    url = api_world.detail("events", both) + "?format=geojson"
    geometry = get(client, url)["geometry"]
    assert geometry["type"] == "MultiPoint"
    assert sorted(geometry["coordinates"]) == [[20.0, 10.0], [37.25, 48.5]]
    claim = public("claims", "of both", claimant=world.paper, event=both)
    url = api_world.detail("claims", claim) + "?format=geojson"
    assert get(client, url)["geometry"] == geometry

    before = get(client, "/api/v1/")["seq"]
    factories.republish("places", hill, lat=50.0, lon=60.0)
    assert inside("bbox=19,9,21,11") == set()
    assert inside("bbox=59,49,61,51") == {"both", "one"}
    assert inside(f"bbox=19,9,21,11&as_of={before}") == {"both", "one"}
    factories.republish("events", both, lat=1.0, lon=1.0, geo_precision="exact")
    assert inside("bbox=59,49,61,51") == {"one"}
    assert inside("bbox=0,0,2,2") == {"both"}


def test_a_place_that_is_erased_leaves_no_point_behind(client: Client, world: World) -> None:
    hill = public("places", "hill", name="A hill", lat=10.0, lon=20.0)
    other = public("places", "other", name="Other", lat=11.0, lon=21.0)
    public("events", "both", places=[{"place": hill}, {"place": other}])
    seq = get(client, "/api/v1/")["seq"]
    publishing.erase("places", hill, reason="A person is in danger.")
    for as_of in ("", f"&as_of={seq}"):
        assert ids(get(client, f"/api/v1/events/?bbox=19.5,9.5,20.5,10.5{as_of}")) == []
    assert not EventPoint.objects.filter(lat=10.0).exists()
