"""JSON-LD: an independent processor reads every record, offline, and finds schema.org's terms."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pyld import jsonld

from events.api.jsonld import GRADES
from events.dossiers import Loaded
from events.models import Rating
from places.api import jsonld as places
from places.models import PlaceKind
from sources.api import jsonld as sources
from sources.models import ActorKind, DocumentKind, SourceKind
from tests import factories
from tests.api_world import detail, get, problem
from tests.factories import World, body

SCHEMA, OURS = "https://schema.org/", "urn:dateline:"
IRI = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
ISO_8601 = re.compile(
    r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z)?)?)?"
)
DATES = {f"{SCHEMA}{name}" for name in ("startDate", "endDate", "datePublished", "dateCreated")}

#: The terms of schema.org that are used: types, and properties.
TYPES = {
    "Thing",
    "Place", "Country", "AdministrativeArea", "City", "GeoCoordinates", "PostalAddress",
    "PropertyValue", "Person", "Organization", "PoliticalParty", "GovernmentOrganization",
    "NewsMediaOrganization", "NGO", "Corporation", "NewsArticle", "LiveBlogPosting", "Article",
    "SocialMediaPosting", "VideoObject", "ImageObject", "AudioObject", "Map", "Dataset",
    "Legislation", "CreativeWork", "Event", "Claim", "ClaimReview", "Rating",
}  # fmt: skip
PROPERTIES = {
    "name", "alternateName", "geo", "latitude", "longitude", "address", "addressCountry",
    "containedInPlace", "identifier", "propertyID", "value", "sameAs", "url", "memberOf",
    "parentOrganization", "author", "publisher", "inLanguage", "datePublished", "mentions",
    "description", "startDate", "endDate", "location", "eventStatus", "text", "dateCreated",
    "about", "appearance", "review", "claimReviewed", "itemReviewed", "reviewRating",
    "ratingValue", "bestRating", "worstRating", "reviewBody",
}  # fmt: skip


def offline(url: str, options: dict[str, Any]) -> dict[str, Any]:
    """What the processor asks for a remote document: there is none to be asked for."""
    raise AssertionError(f"{url} is looked for")


def expanded(document: dict[str, Any]) -> list[dict[str, Any]]:
    return jsonld.expand(document, {"documentLoader": offline})


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for element in value:
            yield from nodes(element)
    elif isinstance(value, dict):
        yield value
        for element in value.values():
            yield from nodes(element)


def leaves(value: Any) -> int:
    """How many plain values a document has, ids and types apart, and its context."""
    if isinstance(value, list):
        return sum(map(leaves, value))
    if not isinstance(value, dict):
        return 1
    if "@value" in value:
        return 1
    return sum(leaves(v) for k, v in value.items() if k not in ("@context", "@id", "@type"))


def check(document: dict[str, Any], count: int) -> None:
    """That a processor reads a list of records whole, in known terms."""
    found = expanded(document)
    assert len(found) == count
    seen: set[str] = set()
    for node in nodes(found):
        for kind in node.get("@type", ()) if "@value" not in node else ():
            assert kind.removeprefix(SCHEMA) in TYPES, kind
        for name in node:
            if name.startswith("@"):
                continue
            assert name.startswith(OURS) or name.removeprefix(SCHEMA) in PROPERTIES, name
            seen.add(name)
        if "@id" in node:
            assert IRI.fullmatch(node["@id"]), node["@id"]
        for name in DATES & set(node):
            assert all(ISO_8601.fullmatch(date["@value"]) for date in node[name]), node[name]
    assert any(name.startswith(SCHEMA) for name in seen)
    # An expanded document has each value once more as an object: none was dropped on the way.
    assert sum("@value" in node for node in nodes(found)) == leaves(document) - links(document)
    # A triple with an IRI that is none would be left out without a word.
    quads = jsonld.to_rdf(document, {"documentLoader": offline, "format": "application/n-quads"})
    subjects = {line.partition(" ")[0] for line in quads.splitlines()}
    assert {f"<{one['@id']}>" for one in found} <= subjects


def links(value: Any) -> int:
    """How many plain values of a document are links: a processor makes ids of them."""
    return sum(
        len(node[name]) if isinstance(node[name], list) else 1
        for node in nodes(value)
        for name in ("sameAs", "url")
        if name in node and isinstance(node[name], str | list)
    )


@pytest.mark.parametrize("resource", factories.curated_resources())
def test_every_record_of_the_made_up_world_is_read(
    resource: str, client: Client, world: World
) -> None:
    document = get(client, f"/api/v1/{resource}/?format=jsonld")
    count = sum(found == resource for found in factories.RESOURCES.values())
    check(document, count)
    for record in get(client, f"/api/v1/{resource}/")["results"]:
        one = get(client, f"{detail(resource, record['id'])}?format=jsonld")
        (read_back,) = expanded(one)
        assert read_back["@id"] == f"http://testserver{detail(resource, record['id'])}"
        assert {k: v for k, v in one.items() if k != "@context"} in document["@graph"]


@pytest.mark.parametrize("resource", factories.curated_resources())
def test_every_record_of_the_story_is_read(resource: str, client: Client, lyman: Loaded) -> None:
    count = get(client, f"/api/v1/{resource}/?count=exact&limit=1")["count"]
    check(get(client, f"/api/v1/{resource}/?format=jsonld&limit=200"), count)


def test_a_contradiction_has_no_json_ld(client: Client, world: World) -> None:
    known = {
        "/api/v1/contradictions/": "json, csv, ndjson",
        detail("contradictions", world.dispute): "json",
    }
    for url, formats in known.items():
        (error,) = problem(client, f"{url}?format=jsonld")["errors"]
        detail_text = f"'jsonld' is not known here; known are {formats}"
        assert error == {"parameter": "format", "detail": detail_text}
        answer = client.get(url, headers={"Accept": "application/ld+json"})
        assert answer.status_code == 406


@pytest.mark.parametrize(
    ("types", "kinds"),
    [
        (places.TYPES, PlaceKind),
        (sources.ACTOR_TYPES, ActorKind),
        (sources.SOURCE_TYPES, SourceKind),
        (sources.DOCUMENT_TYPES, DocumentKind),
        (GRADES, Rating),
    ],
)
def test_kinds_are_known_and_types_are_schema_orgs(types: dict[str, Any], kinds: Any) -> None:
    assert set(types) <= set(kinds.values)
    assert {kind for kind in types.values() if isinstance(kind, str)} <= TYPES


def test_a_rated_claim_comes_with_its_review(client: Client, world: World) -> None:
    factories.republish("claims", world.held, rating={
        "value": "mostly_accurate", "reason": "Two of three hills.", "at": "2024-02-01",
    })  # fmt: skip
    record = body("claims", world.held)
    found = get(client, f"{detail('claims', world.held)}?format=jsonld")
    here = "http://testserver/api/v1"
    town = {
        "@type": "City", "@id": f"{here}/places/{world.oakford}/", "name": "Oakford",
        "geo": {"@type": "GeoCoordinates", "latitude": 48.5, "longitude": 37.25},
        "dateline:kind": "town",
    }  # fmt: skip
    post = {
        "@type": "SocialMediaPosting", "@id": f"{here}/documents/{world.post}/",
        "dateline:kind": "social_post",
    }  # fmt: skip
    red_spokesman = {
        "@type": "Person", "@id": f"{here}/sources/{world.red_spokesman}/",
        "name": "Red spokesman", "dateline:kind": "spokesperson", "dateline:party": "Red",
    }  # fmt: skip
    iri = f"{here}/claims/{world.held}/"
    found.pop("@context")
    assert found == {
        "@type": "Claim",
        "@id": iri,
        "text": "Blue holds the whole of Oakford.",
        "author": {
            "@type": "Person", "@id": f"{here}/sources/{world.blue_spokesman}/",
            "name": "Blue spokesman", "dateline:kind": "spokesperson", "dateline:party": "Blue",
        },
        "dateCreated": "2022-10-02",
        "about": [town],
        "appearance": [post],
        "review": {
            "@type": "ClaimReview",
            "@id": f"{iri}#review",
            "url": iri,
            "claimReviewed": "Blue holds the whole of Oakford.",
            "itemReviewed": {"@id": iri},
            "reviewRating": {
                "@type": "Rating", "alternateName": "mostly_accurate", "ratingValue": 4,
                "bestRating": 5, "worstRating": 1,
            },
            "reviewBody": "Two of three hills.",
            "datePublished": "2024-02-01",
        },
        "dateline:kind": "control",
        "dateline:voice": "attributed",
        "dateline:object_actor": {
            "@type": "Organization", "@id": f"{here}/actors/{world.blue}/",
            "name": "Blue", "dateline:kind": "state", "dateline:party": "Blue",
        },
        "dateline:polarity": "affirmed",
        "dateline:certainty": "certain",
        "dateline:control_status": "controlled",
        "dateline:extent": "whole",
        "dateline:evidence": "none_mentioned",
        "dateline:interest": "unknown",
        "dateline:said": {
            "dateline:edtf": "2022-10-02", "dateline:earliest": "2022-10-02T00:00:00Z",
            "dateline:latest": "2022-10-03T00:00:00Z", "dateline:precision": "day",
            "dateline:basis": "text",
        },
        "dateline:holds": {
            "dateline:edtf": "2022-10-02/..", "dateline:earliest": "2022-10-02T00:00:00Z",
            "dateline:precision": "lower_bound_day", "dateline:basis": "text",
        },
        "dateline:credibility": {"dateline:value": "6"},
        "dateline:contradictions_total": 1,
        "dateline:citations": [
            {
                "dateline:document": {"@id": f"{here}/documents/{world.post}/"},
                "dateline:publisher": red_spokesman,
                "dateline:mode": "media_content",
                "dateline:locator": "00:12",
            }
        ],
        "dateline:version": 2,
        "dateline:seq": record["seq"],
        "dateline:recorded_at": record["recorded_at"],
    }  # fmt: skip


@pytest.mark.parametrize("value", ["unrated", "inconclusive", "not_checkable"])
def test_a_verdict_without_a_grade_has_none(value: str, client: Client, world: World) -> None:
    rating = {"value": value, "reason": "Nobody could tell.", "at": "2024-02-01"}
    factories.republish("claims", world.held, rating=rating)
    found = get(client, f"{detail('claims', world.held)}?format=jsonld")
    assert found["review"]["reviewRating"] == {"@type": "Rating", "alternateName": value}


def test_an_event_comes_with_its_status_and_who_took_part(client: Client, world: World) -> None:
    record = body("events", world.withdrawal)
    found = get(client, f"{detail('events', world.withdrawal)}?format=jsonld")
    here = "http://testserver/api/v1"
    town = {
        "@type": "City", "@id": f"{here}/places/{world.oakford}/", "name": "Oakford",
        "geo": {"@type": "GeoCoordinates", "latitude": 48.5, "longitude": 37.25},
        "dateline:kind": "town",
    }  # fmt: skip
    found.pop("@context")
    assert found == {
        "@type": "Event",
        "@id": f"{here}/events/{world.withdrawal}/",
        "name": "Withdrawal from Oakford",
        "startDate": "2022-10-01",
        "endDate": "2022-10-01",
        "location": [town],
        "identifier": [{"@type": "PropertyValue", "propertyID": "acled", "value": "LAN1"}],
        "dateline:type": "territory.withdrawal",
        "dateline:contexts": ["military", "territory"],
        "dateline:status": "occurred",
        "dateline:when": {
            "dateline:edtf": "2022-10-01", "dateline:earliest": "2022-10-01T00:00:00Z",
            "dateline:latest": "2022-10-02T00:00:00Z", "dateline:precision": "day",
            "dateline:basis": "text",
        },
        "dateline:places": [
            {"dateline:place": town, "dateline:role": "location", "dateline:basis": "text"}
        ],
        "dateline:participants": [
            {
                "dateline:actor": {
                    "@type": "Organization", "@id": f"{here}/actors/{world.red_army}/",
                    "name": "Red Army", "dateline:kind": "armed_force", "dateline:party": "Red",
                },
                "dateline:role": "initiator",
            }
        ],
        "dateline:version": 1,
        "dateline:seq": record["seq"],
        "dateline:recorded_at": record["recorded_at"],
    }  # fmt: skip


def test_an_event_says_how_far_it_is_settled(client: Client, world: World) -> None:
    found = get(client, f"{detail('events', world.withdrawal)}?format=jsonld")
    assert (found["startDate"], found["endDate"]) == ("2022-10-01", "2022-10-01")
    assert found["dateline:status"] == "occurred"
    assert "eventStatus" not in found
    found = get(client, f"{detail('events', world.advance)}?format=jsonld")
    assert (found["startDate"], found["endDate"]) == ("2022-09-01", "2022-10-01")
    assert found["dateline:when"]["dateline:edtf"] == "2022-09/2022-10-01"
    for relation, kind in zip(found["dateline:relations"], ("causes", "precedes"), strict=True):
        assert relation["dateline:kind"] == kind
        assert relation["dateline:event"]["name"] == "Withdrawal from Oakford"


def test_an_event_is_located_where_it_happened_alone(client: Client, world: World) -> None:
    withdrawal = get(client, f"{detail('events', world.withdrawal)}?format=jsonld")
    assert [place["name"] for place in withdrawal["location"]] == ["Oakford"]
    # An advance from one place on another happened at neither.
    advance = get(client, f"{detail('events', world.advance)}?format=jsonld")
    assert "location" not in advance
    roles = {
        one["dateline:place"]["name"]: one["dateline:role"] for one in advance["dateline:places"]
    }
    assert roles == {"Ferry": "destination", "Oakford": "origin"}
    near = factories.public(
        "events", "near", place=world.ferry, places=[{"place": world.ferry, "role": "near"}],
        lat=48.51, lon=37.26, geo_precision="exact",
    )  # fmt: skip
    found = get(client, f"{detail('events', near)}?format=jsonld")
    geo = {"@type": "GeoCoordinates", "latitude": 48.51, "longitude": 37.26}
    assert found["location"] == [{"@type": "Place", "geo": geo}]
    main = factories.public("events", "main", place=world.oakford)
    found = get(client, f"{detail('events', main)}?format=jsonld")
    assert [place["name"] for place in found["location"]] == ["Oakford"]


@pytest.mark.parametrize(
    ("edtf", "start", "end"),
    [
        ("2022", "2022-01-01", "2022-12-31"),
        ("2022-02", "2022-02-01", "2022-02-28"),
        ("../2022-10-01", None, "2022-10-01"),
        ("2022-10-01/..", "2022-10-01", None),
        ("2022-10-01T14:30:00Z", "2022-10-01T14:30:00Z", "2022-10-01T14:31:00Z"),
        ("2022-10-01T23:59:00Z", "2022-10-01T23:59:00Z", "2022-10-02T00:00:00Z"),
        ("2022-10-01T00:00:00Z", "2022-10-01T00:00:00Z", "2022-10-01T00:01:00Z"),
    ],
)
def test_dates_end_on_their_last_day(
    edtf: str, start: str | None, end: str | None, client: Client, world: World
) -> None:
    event = factories.public("events", "dated", when=edtf)
    found = get(client, f"{detail('events', event)}?format=jsonld")
    assert (found.get("startDate"), found.get("endDate")) == (start, end)


@pytest.mark.parametrize(
    ("time", "date"),
    [
        ("2022", "2022"),
        ("2022-10", "2022-10"),
        ("2022-10-01", "2022-10-01"),
        ({"edtf": "2022-10-01", "precision": "part_of_day"}, "2022-10-01"),
        ("2022-10-01T14:30:00+03:00", "2022-10-01T11:30:00Z"),
        ({"edtf": "2022-10-01T14:00:00Z", "precision": "hour"}, "2022-10-01"),
        ("2022-10-01~", None),
        ("2022-22", None),
        ("201X", None),
        ("../2022-10-01", None),
        ("2022-09/2022-10-01", None),
        ({"edtf": None, "phrase": "moments before"}, None),
    ],
)
def test_a_date_is_as_fine_as_it_was_given(
    time: Any, date: str | None, client: Client, world: World
) -> None:
    document = factories.public("documents", "dated", published=time)
    found = get(client, f"{detail('documents', document)}?format=jsonld")
    assert found.get("datePublished") == date
    claim = factories.public(
        "claims", "dated", claimant=world.paper, event=world.advance, said=time
    )
    found = get(client, f"{detail('claims', claim)}?format=jsonld")
    assert found.get("dateCreated") == date


def test_nothing_is_cut_without_a_word(client: Client, world: World) -> None:
    places = [factories.public("places", f"place {n}") for n in range(101)]
    claim = factories.public("claims", "wide", claimant=world.paper, places=places)
    found = get(client, f"{detail('claims', claim)}?format=jsonld")
    assert (len(found["about"]), found["dateline:places_total"]) == (100, 101)


@pytest.mark.parametrize(
    ("kind", "term", "where"),
    [
        ("government", "GovernmentOrganization", "address"),
        ("spokesperson", "Person", "address"),
        ("metonym", "Organization", "address"),
        ("social_account", "Thing", "dateline:country"),
        ("dataset", "Dataset", "dateline:country"),
    ],
)
def test_a_source_is_typed_no_closer_than_it_is_known(
    kind: str, term: str, where: str, client: Client, world: World
) -> None:
    source = factories.public("sources", "voice", kind=kind, country="UA")
    found = get(client, f"{detail('sources', source)}?format=jsonld")
    country = {"@type": "PostalAddress", "addressCountry": "UA"} if where == "address" else "UA"
    assert (found["@type"], found[where]) == (term, country)
    assert not {"address", "dateline:country"} - {where} & set(found)
    assert "alternateName" not in found


def test_a_code_is_written_as_an_address_has_it(client: Client, world: World) -> None:
    codes = {"wikidata": "Q1", "osm": "node/<1>"}
    place = factories.public("places", "coded", codes=codes)
    found = get(client, f"{detail('places', place)}?format=jsonld")
    assert sorted(found["sameAs"]) == [
        "http://www.wikidata.org/entity/Q1",
        "https://www.openstreetmap.org/node/%3C1%3E",
    ]


def test_names_keep_their_languages_and_codes_lead_to_pages(client: Client, world: World) -> None:
    found = get(client, f"{detail('places', world.oakford)}?format=jsonld")
    assert {"@value": "Дубове", "@language": "uk"} in found["alternateName"]
    assert "Old Oakford" in found["alternateName"]
    assert found["sameAs"] == ["https://sws.geonames.org/1001/"]
    (read_back,) = expanded(found)
    assert read_back[f"{SCHEMA}sameAs"] == [{"@id": "https://sws.geonames.org/1001/"}]
    assert found["containedInPlace"]["name"] == "Northmark"
