"""Formats: GeoJSON and JSON-LD beside JSON, chosen by `format` or `Accept`, each its own answer."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests import api_world, factories
from tests.api_world import detail, get, ids, problem, wrong_parameters
from tests.factories import World, public

OGRINFO = shutil.which("ogrinfo")

LOCATED = ["places", "events", "claims"]
OTHERS = ["actors", "sources", "documents"]
JSON, GEOJSON, JSONLD = "application/json", "application/geo+json", "application/ld+json"


def features(client: Client, url: str) -> dict[str, Any]:
    """The geometry of each feature, by the id of its record."""
    answer = get(client, url)
    assert answer["type"] == "FeatureCollection"
    for feature in answer["features"]:
        assert list(feature) == ["type", "id", "geometry", "properties"]
        assert feature["type"] == "Feature"
    return {feature["id"]: feature["geometry"] for feature in answer["features"]}


OAKFORD = {"type": "Point", "coordinates": [37.25, 48.5]}


def test_a_place_has_its_outline_or_its_position(client: Client, world: World) -> None:
    line = {"type": "LineString", "coordinates": [[37.0, 48.0], [37.5, 48.5]]}
    road = public("places", "road", name="A road", kind="road", geometry=line, lat=48.2, lon=37.2)
    found = features(client, "/api/v1/places/?format=geojson")
    assert found[str(world.oakford)] == OAKFORD
    assert found[str(road)] == line
    assert found[str(world.ferry)] is None
    assert len(found) == 6


def test_an_event_has_its_own_position_or_its_places(client: Client, world: World) -> None:
    own = public("events", "own", place=world.oakford, lat=48.51, lon=37.26, geo_precision="exact")
    found = features(client, "/api/v1/events/?format=geojson")
    assert found == {
        str(own): {"type": "Point", "coordinates": [37.26, 48.51]},
        str(world.withdrawal): OAKFORD,
        str(world.advance): None,
    }


def test_a_claim_has_its_places_positions_or_else_its_events(client: Client, world: World) -> None:
    hill = public("places", "hill", name="A hill", lat=48.0, lon=37.0)
    two = public("claims", "two", claimant=world.paper, places=[world.oakford, hill, world.ferry])
    other = public("claims", "other", claimant=world.paper, event=world.withdrawal, places=[hill])
    found = features(client, "/api/v1/claims/?format=geojson")
    assert sorted(found.pop(str(two))["coordinates"]) == [[37.0, 48.0], [37.25, 48.5]]
    assert found.pop(str(other)) == {"type": "Point", "coordinates": [37.0, 48.0]}
    assert found.pop(str(world.held)) == OAKFORD
    assert found.pop(str(world.denied)) == OAKFORD
    assert found == dict.fromkeys(
        map(str, (world.narrated, world.announced, world.repeated, world.counted)), OAKFORD
    )


def test_a_feature_is_as_it_was_at_a_moment(client: Client, world: World) -> None:
    before = get(client, "/api/v1/")["seq"]
    factories.republish("places", world.oakford, lat=1.5, lon=2.5)
    url = detail("claims", world.announced) + "?format=geojson"
    assert get(client, url)["geometry"] == {"type": "Point", "coordinates": [2.5, 1.5]}
    assert get(client, f"{url}&as_of={before}")["geometry"] == OAKFORD


@pytest.mark.parametrize("resource", LOCATED)
def test_the_properties_of_a_feature_are_the_record(
    resource: str, client: Client, world: World
) -> None:
    for record in get(client, f"/api/v1/{resource}/")["results"]:
        feature = get(client, f"/api/v1/{resource}/{record['id']}/?format=geojson")
        assert (feature["id"], feature["properties"]) == (record["id"], record)
    some = get(client, f"/api/v1/{resource}/?format=geojson&fields=id,seq&limit=1")
    (feature,) = some["features"]
    assert list(feature["properties"]) == ["id", "seq"]


def test_a_page_of_features_leads_on(client: Client, world: World) -> None:
    url = "/api/v1/claims/?format=geojson&limit=2&count=exact"
    pages = list(api_world.walk(client, url))
    assert [len(page["features"]) for page in pages] == [2, 2, 2]
    assert all(page["count"] == 6 for page in pages)
    answer = client.get(url)
    assert f'<{pages[0]["next"]}>; rel="next"' in answer["Link"]
    assert 'rel="license"' in answer["Link"]


@pytest.mark.skipif(OGRINFO is None, reason="ogrinfo is not installed (Debian: gdal-bin)")
@pytest.mark.parametrize(
    ("resource", "kind", "count"),
    [("places", "Point", 5), ("events", "Point", 2), ("claims", "Unknown (any)", 7)],
)
def test_a_map_program_reads_the_features(
    resource: str, kind: str, count: int, client: Client, world: World, tmp_path: Path
) -> None:
    hill = public("places", "hill", name="A hill", lat=-10.0, lon=179.5, kind="area")
    if resource == "claims":
        public("claims", "two", claimant=world.paper, places=[world.oakford, hill])
    else:
        factories.publish(("places", hill))
    count += resource == "places"
    file = tmp_path / f"{resource}.geojson"
    file.write_bytes(client.get(f"/api/v1/{resource}/?format=geojson").content)
    assert OGRINFO is not None
    read = subprocess.run([OGRINFO, "-ro", "-al", file], capture_output=True, text=True, check=True)
    said = read.stdout
    assert "using driver `GeoJSON' successful." in said
    assert f"\nGeometry: {kind}\n" in said
    assert f"\nFeature Count: {count}\n" in said
    assert 'ID["EPSG",4326]' in said
    for field in ("id: String", "seq: Integer", "version: Integer", "recorded_at: DateTime"):
        assert f"\n{field} " in said
    if resource == "claims":
        assert "Extent: (37.250000, -10.000000) - (179.500000, 48.500000)" in said
        assert "MULTIPOINT" in said
    assert "POINT (37.25 48.5)" in said


@pytest.mark.parametrize("resource", [*LOCATED, *OTHERS])
def test_the_format_is_chosen_by_parameter_or_accept(
    resource: str, client: Client, world: World
) -> None:
    url = f"/api/v1/{resource}/"
    one = detail(resource, get(client, url)["results"][0]["id"])
    kinds = {"json": JSON, "jsonld": JSONLD}
    if resource in LOCATED:
        kinds["geojson"] = GEOJSON
    for address in (url, one):
        tags = set()
        for name, kind in kinds.items():
            by_name = client.get(f"{address}?format={name}")
            by_accept = client.get(address, headers={"Accept": kind})
            assert by_name["Content-Type"] == by_accept["Content-Type"] == kind
            assert by_accept["Vary"] == "Accept"
            if name == "json":
                assert by_name.content == by_accept.content
            tags.add(by_accept["ETag"])
            again = client.get(
                address, headers={"Accept": kind, "If-None-Match": by_accept["ETag"]}
            )
            assert (again.status_code, again.content) == (304, b"")
            head = client.head(address, headers={"Accept": kind})
            assert (head["ETag"], head["Content-Type"]) == (by_accept["ETag"], kind)
        assert len(tags) == len(kinds)
        browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        assert client.get(address, headers={"Accept": browser})["Content-Type"] == JSON


@pytest.mark.parametrize("resource", OTHERS)
def test_what_lies_nowhere_is_no_feature(resource: str, client: Client, db: None) -> None:
    url = f"/api/v1/{resource}/"
    assert wrong_parameters(client, f"{url}?format=geojson") == ["format"]
    answer = client.get(url, headers={"Accept": GEOJSON})
    assert answer.status_code == 406
    assert JSONLD in answer.json()["detail"]


def test_what_is_told_of_records_is_json_alone(client: Client, world: World) -> None:
    for url in (
        detail("places", world.oakford, "history"),
        detail("places", world.oakford, "history", 1),
        "/api/v1/changes/",
        "/api/v1/datasets/",
        "/api/v1/search/?q=a",
        "/api/v1/coverage/",
        "/api/v1/",
    ):
        for name in ("geojson", "jsonld", "csv", "xml", "JSON"):
            joined = f"{url}{'&' if '?' in url else '?'}format={name}"
            assert wrong_parameters(client, joined) == ["format"]


@pytest.mark.parametrize("name", ["fields=id", "expand=parent"])
def test_json_ld_shows_whole_records(name: str, client: Client, world: World) -> None:
    url = f"/api/v1/places/?format=jsonld&{name}"
    assert wrong_parameters(client, url) == [name.partition("=")[0]]


def test_errors_are_problems_whatever_is_accepted(client: Client, db: None) -> None:
    for kind in (GEOJSON, JSONLD):
        answer = client.get("/api/v1/places/?nonsense=1", headers={"Accept": kind})
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    nobody = detail("places", factories.ident("places", "x"))
    missing = problem(client, f"{nobody}?format=geojson", 404)
    assert missing["status"] == 404


def test_features_of_an_empty_list_are_none(client: Client, db: None) -> None:
    assert get(client, "/api/v1/events/?format=geojson") == {
        "type": "FeatureCollection", "next": None, "previous": None, "features": [],
    }  # fmt: skip
    assert ids(get(client, "/api/v1/events/")) == []
