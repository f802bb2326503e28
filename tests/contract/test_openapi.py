import json
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from django.conf import settings
from django.contrib.admindocs.views import simplify_regex
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate
from rest_framework import serializers

from config.api import docs, schema
from events.dossiers import load, read
from records.models import Dataset
from records.registry import record_of, resources
from records.shape import Codes, Member, Rows
from tests import factories

COMMITTED = Path(settings.BASE_DIR) / "openapi.yaml"
SCHEMA = "/api/v1/schema/"
#: The safe loader of libyaml, ten times as fast as Python's own, where there is libyaml.
YAML_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

#: Paths that are no part of what the document describes.
UNDESCRIBED = {"/api/v1/schema/", "/api/v1/docs/", "/api/v1/redoc/"}

#: Clients call these by name: one that is renamed breaks them.
OPERATION_IDS = {
    "root_retrieve",
    "places_list",
    "places_retrieve",
    "places_history_list",
    "places_history_retrieve",
    "places_timeline_retrieve",
    "places_facets_retrieve",
    "actors_list",
    "actors_retrieve",
    "actors_history_list",
    "actors_history_retrieve",
    "actors_timeline_retrieve",
    "actors_facets_retrieve",
    "sources_list",
    "sources_retrieve",
    "sources_history_list",
    "sources_history_retrieve",
    "sources_timeline_retrieve",
    "sources_facets_retrieve",
    "documents_list",
    "documents_retrieve",
    "documents_history_list",
    "documents_history_retrieve",
    "documents_timeline_retrieve",
    "documents_facets_retrieve",
    "events_list",
    "events_retrieve",
    "events_history_list",
    "events_history_retrieve",
    "events_timeline_retrieve",
    "events_facets_retrieve",
    "claims_list",
    "claims_retrieve",
    "claims_history_list",
    "claims_history_retrieve",
    "claims_timeline_retrieve",
    "claims_facets_retrieve",
    "contradictions_list",
    "contradictions_retrieve",
    "contradictions_history_list",
    "contradictions_history_retrieve",
    "contradictions_timeline_retrieve",
    "contradictions_facets_retrieve",
    "places_control_list",
    "places_control_retrieve",
    "places_control_timeline_retrieve",
    "events_positions_retrieve",
    "events_chronology_retrieve",
    "documents_chronology_retrieve",
    "changes_list",
    "datasets_list",
    "datasets_retrieve",
    "documents_annotations_retrieve",
    "search_retrieve",
    "coverage_retrieve",
    "vocabularies_list",
    "vocabularies_retrieve",
}

#: Code lists that are closed: a generated client refuses any other code, so none is ever added.
CLOSED = {
    "Approximator": ["exact", "about", "at_least", "at_most", "unquantified"],
    "Certainty": ["certain", "probable", "possible", "unstated"],
    "ChangeOp": ["add", "modify", "retract", "merge", "erase"],
    "CountKind": ["exact", "estimate"],
    "Credibility": ["1", "2", "3", "4", "5", "6"],
    "Extent": ["whole", "part", "unstated"],
    "GeometryType": [
        "Point",
        "MultiPoint",
        "LineString",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
    ],
    "Interest": ["self_serving", "neutral", "against_interest", "unknown"],
    "JSONPatchOp": ["add", "remove", "replace", "move", "copy", "test"],
    "Polarity": ["affirmed", "denied", "unknown"],
    "PublishingStatus": ["usable", "withheld", "canceled"],
    "Redistribution": ["open", "attribution", "share_alike", "forbidden"],
    "Reliability": ["A", "B", "C", "D", "E", "F"],
    "Rights": ["open", "attribution", "share_alike", "forbidden", "unknown"],
    "TimeBasis": ["text", "completed", "metadata", "inferred"],
    "Voice": ["attributed", "narration"],
}

#: Members that an answer may lack, beside `<name>_total`; every other one is always there.
OPTIONAL = {
    ("AnnotationBody", "id"),
    ("AnnotationCollection", "total"),
    ("AnnotationPage", "next"),
    ("AnnotationPage", "prev"),
    ("AnnotationTarget", "selector"),
    ("TextPositionSelector", "refinedBy"),
    ("Crosswalk", "acled"),
    ("Crosswalk", "cameo"),
    ("Crosswalk", "medtop"),
    ("Crosswalk", "note"),
    ("Crosswalk", "plover"),
    ("Crosswalk", "ucdp"),
    ("Crosswalk", "unverified"),
    ("Crosswalk", "viina"),
    ("Fault", "parameter"),
    ("Fault", "pointer"),
    ("Geometry", "coordinates"),
    ("Geometry", "geometries"),
    ("JSONPatchOperation", "from"),
    ("JSONPatchOperation", "value"),
}

#: What is there only where a request asks for it.
ASKED_FOR = {
    "count", "count_kind", "included", "included_truncated", "included_rest", "split", "counts",
    "other", "citations",
}  # fmt: skip

formats = FormatChecker(["uuid", "date", "regex"])


@formats.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    """An instant as the API writes it: in UTC, with a Z."""
    return not isinstance(value, str) or (
        value.endswith("Z") and datetime.fromisoformat(value).tzinfo is not None
    )


@cache
def document() -> dict[str, Any]:
    return json.loads(docs.document("json"))


@cache
def components() -> dict[str, Any]:
    return document()["components"]["schemas"]


def operations() -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        operation["operationId"]: (path, operation)
        for path, methods in document()["paths"].items()
        for operation in methods.values()
    }


@cache
def strict(component: str) -> Draft202012Validator:
    """A validator that refuses members that the component does not declare."""
    schemas = deepcopy(components())
    for declared in schemas.values():
        if "properties" in declared and "additionalProperties" not in declared:
            declared["additionalProperties"] = False
    root = {"$ref": f"#/components/schemas/{component}", "components": {"schemas": schemas}}
    return Draft202012Validator(root, format_checker=formats)


def faults(component: str, body: Any) -> list[str]:
    """What of a body its component does not allow."""
    return [f"{error.json_path}: {error.message}" for error in strict(component).iter_errors(body)]


def nodes(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the document, with where it is."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from nodes(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from nodes(value, f"{path}/{index}")


def routes(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    """Every path that the URL configuration routes."""
    for entry in patterns:
        whole = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, whole)
        elif isinstance(entry, URLPattern):
            yield simplify_regex(whole.replace("^", ""))


# The document


def test_the_document_is_valid_openapi() -> None:
    assert document()["openapi"] == "3.1.0"
    validate(document())


def test_the_committed_document_is_current() -> None:
    assert COMMITTED.read_bytes() == docs.document("yaml"), "run `make openapi`"


def test_the_document_is_made_without_a_warning(tmp_path: Path) -> None:
    written = tmp_path / "openapi.yaml"
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(written))
    assert written.read_bytes() == docs.document("yaml")


def test_every_path_is_described() -> None:
    shown = {
        path.replace("<pk>", "{id}").replace("<", "{").replace(">", "}")
        for path in routes(get_resolver().url_patterns)
        if path.startswith("/api/v1/")
    }
    assert shown - UNDESCRIBED == set(document()["paths"])


def test_operations_keep_their_ids() -> None:
    assert set(operations()) == OPERATION_IDS


def test_every_operation_says_what_it_does_and_what_it_answers() -> None:
    known_tags = {tag["name"] for tag in document()["tags"]}
    for name, (_, operation) in operations().items():
        assert operation["summary"], name
        assert operation["description"], name
        assert set(operation["tags"]) <= known_tags, name
        assert {"200", "304", "400", "401", "406", "503"} <= set(operation["responses"]), name
        assert operation["responses"]["200"]["description"], name


def test_every_parameter_and_every_member_is_described() -> None:
    silent = [
        f"{name} {parameter['name']}"
        for name, (_, operation) in operations().items()
        for parameter in operation.get("parameters", ())
        if not parameter.get("description")
    ] + [
        f"{component}.{member}"
        for component, declared in components().items()
        for member, said in declared.get("properties", {}).items()
        if not said.get("description")
    ]
    assert silent == []
    assert [name for name, declared in components().items() if not declared.get("description")
            and not name.startswith("Paginated") and name not in CLOSED] == []  # fmt: skip


def test_closed_lists_stay_as_they_are_and_no_other_list_is_closed() -> None:
    assert {n: d["enum"] for n, d in components().items() if "enum" in d} == CLOSED
    inline = [path for path, node in nodes(components()) if "enum" in node and path.count("/") > 1]
    assert inline == []


def test_every_member_is_required_but_those_that_are_listed() -> None:
    optional = {
        (component, member)
        for component, declared in components().items()
        if component != "Included"
        for member in declared.get("properties", {})
        if member not in declared.get("required", ()) and not member.endswith("_total")
        if member not in ASKED_FOR
    }
    assert optional == OPTIONAL


def test_every_page_has_the_same_members() -> None:
    for component, declared in components().items():
        if component.startswith("Paginated"):
            assert declared["required"] == ["next", "previous", "results"]
            added = {"included", "included_truncated", "included_rest"} & set(components()[
                component.removeprefix("Paginated").removesuffix("List")
            ]["properties"])  # fmt: skip
            assert set(declared["properties"]) == {
                "next", "previous", "results", "count", "count_kind"
            } | added, component  # fmt: skip
            assert len(added) in (0, 3)


def test_null_is_a_type() -> None:
    for path, node in nodes(document()):
        assert node.get("nullable") is not True, path
        assert None not in node.get("enum", ()), path
    assert not {"NullEnum", "BlankEnum"} & set(components())
    for name, (_, operation) in operations().items():
        for parameter in operation.get("parameters", ()):
            assert "null" not in parameter["schema"].get("type", ()), f"{name} {parameter['name']}"


def test_every_pattern_is_one_of_javascript_too() -> None:
    """Those of JSON Schema are ECMA-262's, which has no inline flags, `\\A` or `\\Z`."""
    for path, node in nodes(document()):
        if isinstance(node.get("pattern"), str):
            re.compile(node["pattern"])
            assert not re.search(r"\(\?[^:=!<]|\(\?<[^=!]|\\[AZ]", node["pattern"]), path


def test_every_example_is_valid() -> None:
    root = {"components": document()["components"]}
    for path, node in nodes(document()):
        given = [*node.get("examples", ()), *([node["example"]] if "example" in node else [])]
        if isinstance(node.get("examples"), list) or "example" in node:
            declared = {k: v for k, v in node.items() if k not in ("example", "examples")}
            validator = Draft202012Validator(root | declared, format_checker=formats)
            for example in given:
                validator.validate(example), path


def test_repeated_parameters_are_exploded() -> None:
    for name, (_, operation) in operations().items():
        for parameter in operation.get("parameters", ()):
            if parameter["schema"].get("type") == "array":
                form = parameter.get("style", "form"), parameter.get("explode", True)
                assert form == ("form", True), f"{name} {parameter['name']}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"$ref": "#/x", "nullable": True, "description": "An x."},
            {"oneOf": [{"$ref": "#/x"}, {"type": "null"}], "description": "An x."},
        ),
        ({"nullable": {"type": "string"}}, {"nullable": {"type": "string"}}),
        (
            {"oneOf": [{"$ref": "#/Voice"}, {"$ref": "#/BlankEnum"}, {"$ref": "#/NullEnum"}]},
            {"oneOf": [{"$ref": "#/Voice"}, {"type": "null"}]},
        ),
        (
            {"oneOf": [{"$ref": "#/Voice"}, {"$ref": "#/BlankEnum"}]},
            {"allOf": [{"$ref": "#/Voice"}]},
        ),
        (
            {"oneOf": [{"type": "string", "format": "uri"}, {"type": "string", "maxLength": 0}]},
            {"type": "string"},
        ),
        (
            {"allOf": [{"$ref": "#/Voice"}], "description": "Whose.\n\n* `narration` - the text's"},
            {"allOf": [{"$ref": "#/Voice"}], "description": "Whose."},
        ),
    ],
)
def test_what_generators_stumble_over_is_made_plain(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    schema.plain(before)
    assert before == after


# What is stored and what is answered


def test_every_serializer_declares_the_members_of_its_shape() -> None:
    from events.api import serializers as events
    from places.api import serializers as places
    from sources.api import serializers as sources

    declared = {
        "places": places.PlaceSerializer,
        "actors": sources.ActorSerializer,
        "sources": sources.SourceSerializer,
        "documents": sources.DocumentSerializer,
        "events": events.EventSerializer,
        "claims": events.ClaimSerializer,
        "contradictions": events.ContradictionSerializer,
    }
    assert set(declared) == set(resources())
    for resource, serializer in declared.items():
        assert list(serializer().fields) == [
            "id",
            *_members(record_of(resource).shape.members, serializer()),
            "version",
            "seq",
            "recorded_at",
        ], resource


def _members(members: list[Member], serializer: serializers.Serializer) -> Iterator[str]:
    """The members of a body in their order; those of nested lists are compared on the way."""
    for member in members:
        yield from member.keys
        if isinstance(member, Rows):
            yield f"{member.name}_total"
            if not member.key:
                element = serializer.fields[member.name].child
                assert list(element.fields) == list(_members(member.members, element)), member.name
        elif isinstance(member, Codes):
            assert list(serializer.fields["other_codes"].child.fields) == ["scheme", "code"]


@pytest.fixture
def published(world: factories.World) -> factories.World:
    """The made-up world, and rows that have what it has not."""
    long = [{"name": f"Name {number}"} for number in range(101)]
    factories.public("places", "long", name="Long", names=long, geometry={
        "type": "GeometryCollection",
        "geometries": [{"type": "Point", "coordinates": [37.8, 48.9]}],
    })  # fmt: skip
    factories.public("places", "line", kind="road", other_codes=[{"scheme": "osm", "code": "1"}],
        geometry={"type": "LineString", "coordinates": [[1, 2], [3, 4.5]]})  # fmt: skip
    factories.public("claims", "rated", claimant=world.paper, document=world.post,
        rating={"value": "false", "reason": "It is older.", "at": "2024-02-01"},
        credibility={"value": "5", "reason": "It is older.", "at": "2024-02-01"},
        holds={"edtf": None, "phrase": "last month", "basis": None},
        citations=[{"document": world.article, "mode": "caption", "spans": [[1, 9]]}],
        relations=[{"kind": "contradicts", "claim": world.held, "how": "wording"}])  # fmt: skip
    return world


COMPONENTS = {
    "places": "Place",
    "actors": "Actor",
    "sources": "Source",
    "documents": "Document",
    "events": "Event",
    "claims": "Claim",
    "contradictions": "Contradiction",
}


def test_every_stored_body_is_as_its_component_says(published: factories.World) -> None:
    for folder in sorted((Path(settings.BASE_DIR) / "seeds").iterdir()):
        load(read(folder))
    assert set(COMPONENTS) == set(resources())
    for resource, component in COMPONENTS.items():
        bodies = list(record_of(resource).objects.current().values_list("body", flat=True))
        assert bodies, resource
        for body in bodies:
            assert faults(component, json.loads(body)) == [], body


def test_a_member_that_is_missing_or_not_declared_is_found(world: factories.World) -> None:
    body = factories.body("claims", world.held)
    assert faults("Claim", body) == []
    assert faults("Claim", body | {"more": 1}) == [
        "$: Additional properties are not allowed ('more' was unexpected)"
    ]
    body["citations"][0]["publisher"].pop("party")
    assert faults("Claim", body) != []
    dispute = factories.body("contradictions", world.dispute)
    assert faults("Contradiction", dispute) == []
    for value in (1, None, {"best": 1}):
        dispute["difference"]["values"][1] = value
        assert faults("Contradiction", dispute) != []


def test_every_answer_is_as_its_operation_says(published: factories.World, client: Client) -> None:
    factories.republish("places", published.oakford, name="New Oakford")
    Dataset.objects.create(slug="tests", title="Tests")
    for name, (path, operation) in operations().items():
        resource = path.split("/")[3]
        ids = dict(published.objects) | {"contradictions": published.dispute}
        url = path.format(id=ids.get(resource), slug="tests", version=1, name="voice")
        if name == "places_history_list":
            url = path.format(id=published.oakford)
        query = {"q": "oakford"} if name == "search_retrieve" else {}
        if name.endswith("_facets_retrieve"):
            query = {"by": "dataset"}
        elif name.endswith("_timeline_retrieve") and "control" not in name:
            query = {"by": "dataset", "interval": "month"}
        described = operation["responses"]["200"]
        alternatives = described.get("x-alternatives", {})
        for kind, content in (described["content"] | alternatives).items():
            answer = client.get(url, query, headers={"Accept": kind})
            written_in = answer["Content-Type"].partition(";")[0]
            assert (answer.status_code, written_in) == (200, kind), (
                url,
                answer.content,
            )
            assert set(described["headers"]) <= set(answer.headers) | {"Last-Modified"}, url
            if "$ref" in content["schema"]:
                component = content["schema"]["$ref"].rpartition("/")[2]
                assert faults(component, answer.json()) == [], (url, kind)
        for more in (p for p in operation.get("parameters", ()) if p["name"] == "expand"):
            names = ",".join(more["schema"]["items"]["enum"])
            component = described["content"]["application/json"]["schema"]["$ref"]
            answer = client.get(url, {"expand": names})
            assert faults(component.rpartition("/")[2], answer.json()) == [], url


def test_every_problem_is_as_the_document_says(published: factories.World, client: Client) -> None:
    for name, (path, operation) in operations().items():
        filled = path.format(id=uuid4(), slug="nothing", version=9, name="nothing")
        asked = [(filled + "?nonsense=1", 400)] + ([(filled, 404)] if filled != path else [])
        for url, status in asked:
            answer = client.get(url)
            assert answer.status_code == status, (name, url)
            assert str(status) in operation["responses"], name
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert faults("Problem", answer.json()) == [], url


@pytest.mark.parametrize("name", sorted(OPERATION_IDS))
def test_every_parameter_that_is_taken_is_described_and_no_other(
    name: str, world: factories.World, client: Client
) -> None:
    path, operation = operations()[name]
    url = path.format(id=world.oakford, slug="nothing", version=1, name="voice")
    detail = client.get(url + "?nonsense=1").json()["detail"]
    known = set(detail.rpartition("known are ")[2].split(", "))
    described = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
    assert described == known - {"format"}


# Where it is served


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "application/vnd.oai.openapi"),
        ("text/html,*/*;q=0.8", "application/vnd.oai.openapi"),
        ("application/yaml", "application/yaml"),
        ("application/json", "application/json"),
        ("application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
    ],
)
def test_the_document_comes_in_the_form_that_is_asked_for(
    client: Client, accept: str, content_type: str
) -> None:
    answer = client.get(SCHEMA, **({"headers": {"Accept": accept}} if accept else {}))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == content_type
    assert yaml.load(answer.content, Loader=YAML_LOADER) == document()  # noqa: S506 (it is safe)
    again = client.get(
        SCHEMA, headers={"If-None-Match": answer.headers["ETag"], "Accept": accept or "*/*"}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("url", "accept", "status"),
    [
        (SCHEMA, "image/png", 406),
        (f"{SCHEMA}?x=1", "*/*", 400),
        ("/api/v1/docs/", "application/json", 406),
        ("/api/v1/redoc/?x=1", "text/html", 400),
    ],
)
def test_errors_of_the_documentation_are_problems(
    client: Client, url: str, accept: str, status: int
) -> None:
    answer = client.get(url, headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("page", ["docs", "redoc"])
def test_the_documentation_comes_from_here_alone(client: Client, page: str) -> None:
    answer = client.get(f"/api/v1/{page}/")
    text = answer.content.decode()
    assert "://" not in text
    assert re.findall(r"<script(?! src=)", text) == []
    assert SCHEMA in text
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert "default-src 'self'" in policy
    assert ("style-src 'self' 'unsafe-inline'" in policy) == (page == "redoc")
    assert not [part for part in policy if part.startswith("script-src")]
    for asset in re.findall(r'(?:src|href)="(/static/[^"]+)"', text):
        assert finders.find(asset.removeprefix("/static/")), asset


def test_swagger_ui_starts_from_a_script_of_its_own(client: Client) -> None:
    text = client.get("/api/v1/docs/").content.decode()
    (script,) = re.findall(r'src="(/api/[^"]+)"', text)
    answer = client.get(script)
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert b"SwaggerUIBundle(" in answer.content
