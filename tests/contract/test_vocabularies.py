"""Every code list: complete, defined, as the rest of the API has it, and cacheable."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from django.contrib.auth.models import User
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from drf_spectacular.drainage import get_override
from rest_framework import serializers

from config.api import docs
from events import event_types
from records import models as records_models
from records import vocabularies as registry
from records.api.serializers import (
    ChangeSerializer,
    CodesField,
    DatasetSerializer,
    VersionSerializer,
    VocabularyPageSerializer,
    VocabularySerializer,
)
from records.api.serializers import Vocabulary as VocabularyField
from records.registry import resources
from records.vocabularies import Value, Vocabulary, read, vocabularies
from tests import api_world, factories
from tests.api_world import get, problem, wrong_parameters
from tests.factories import World

LIST = "/api/v1/vocabularies/"

#: Code lists of the workspace, which no public answer shows.
INSIDE = {"records.models.workspace.State", "records.models.dataset.ReviewItem.Kind"}
#: Code lists that are not ours: of GeoJSON and of JSON Patch.
FOREIGN = {"GeometryType", "JSONPatchOp"}
#: Lists of ours that no member or component enumerates.
UNLISTED = {"code-schemes", "count-kind"}
#: Answers that are no lists of records; their own tests hold their members against the lists.
COMPUTED = ("places.control.", "events.positions.")

#: How each system writes what a crosswalk has of it, in the lists that have one.
SYSTEMS = {
    "certainty": {"factbank": "CT[+-]|PR[+-]|PS[+-]"},
    "date-precision": {"acled": "[1-3]", "ucdp": "[1-5]"},
    "event-types": {
        "acled": "[A-Z][A-Za-z /-]+",
        "cameo": "[0-9]{3,4}",
        "medtop": "(0[1-9]|1[0-7])000000|2000[0-9]{4}",
        "plover": "[A-Z]+(:[a-z-]+)?",
        "ucdp": "[1-3]",
        "viina": "t_[a-z]+",
    },
    "geo-precision": {
        "acled": "[1-3]",
        "atlos": "exact|vicinity|locality",
        "gdelt": "[1-5]",
        "plover": "[1-5]",
        "ucdp": "[1-7]",
        "viina": "STREET|ADM1",
    },
    "place-kind": {"geonames": r"[AHLPRS](\.[A-Z0-9]+)?"},
    "polarity": {"factbank": "CT[+-]|PR[+-]|PS[+-]|Uu"},
    "rating": {"claimreview": "[1-5]"},
}

each = pytest.mark.parametrize("vocabulary", vocabularies().values(), ids=lambda found: found.name)


def detail(name: str) -> str:
    return reverse("vocabulary-detail", args=[name])


# What there is.


def choices() -> dict[str, type[models.TextChoices]]:
    """Every code list of ours that code declares, by its dotted name."""
    return {
        f"{found.__module__}.{found.__qualname__}": found
        for found in models.TextChoices.__subclasses__()
        if found.__module__.split(".")[0] in {"records", "places", "sources", "events"}
    }


def test_the_code_lists_of_the_workspace_are_there() -> None:
    assert set(choices()) >= INSIDE


@pytest.mark.parametrize("declared", sorted(set(choices()) - INSIDE))
def test_every_code_list_is_one_vocabulary_with_its_codes_and_labels(declared: str) -> None:
    wanted = choices()[declared].choices
    found = [
        name
        for name, vocabulary in vocabularies().items()
        if [(value.code, value.label) for value in vocabulary.values] == wanted
    ]
    assert len(found) == 1, f"{declared} is to be in one vocabularies.yaml: {found}"


def test_no_vocabulary_is_without_a_code_list() -> None:
    public = [declared.choices for name, declared in choices().items() if name not in INSIDE]
    spare = {
        name
        for name, vocabulary in vocabularies().items()
        if [(value.code, value.label) for value in vocabulary.values] not in public
    }
    assert spare == UNLISTED | {"event-types"}


@each
def test_every_list_and_every_code_is_explained(vocabulary: Vocabulary) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", vocabulary.name)
    assert re.fullmatch(r"[A-Z][A-Za-z -]+", vocabulary.title)
    assert re.fullmatch(r"(?s)[A-Z].+\.", vocabulary.description)
    assert vocabulary.members
    codes = [value.code for value in vocabulary.values]
    assert len(set(codes)) == len(codes) > 1
    definitions = [value.definition for value in vocabulary.values]
    assert len(set(definitions)) == len(definitions)
    for value in vocabulary.values:
        assert value.label
        # One sentence: a point ends it, and none is inside but in what is written as code.
        said = re.sub("`[^`]+`", "x", value.definition)
        assert re.fullmatch(r"[A-Z][^.\n]+\.", said), (value.code, value.definition)
        assert value.note is None or re.fullmatch(r"[A-Z][^\n]+\.", value.note), value.code
        assert set(value.unverified) <= set(value.crosswalk), value.code


@each
def test_codes_of_other_systems_are_written_as_they_write_them(vocabulary: Vocabulary) -> None:
    known = SYSTEMS.get(vocabulary.name, {})
    assert {system for value in vocabulary.values for system in value.crosswalk} == set(known)
    for value in vocabulary.values:
        for system, codes in value.crosswalk.items():
            assert codes, (value.code, system)
            assert [code for code in codes if not re.fullmatch(known[system], code)] == []


def test_an_id_scheme_leads_to_an_address() -> None:
    templates = {
        value.code: value.url_template
        for vocabulary in vocabularies().values()
        for value in vocabulary.values
        if value.url_template is not None
    }
    assert templates == {
        "geonames": "https://www.geonames.org/{code}",
        "ucdp-actor": "https://ucdp.uu.se/actor/{code}",
        "wikidata": "https://www.wikidata.org/wiki/{code}",
    }


def test_the_event_types_are_served_as_their_file_has_them(client: Client, db: None) -> None:
    served = {value["code"]: value for value in get(client, detail("event-types"))["values"]}
    written = yaml.safe_load(event_types.PATH.read_text())
    assert list(served) == [entry["code"] for entry in written]
    for entry in written:
        crosswalk = dict(entry.get("crosswalk", {}))
        assert served[entry["code"]] == {
            "code": entry["code"],
            "label": entry["label"],
            "definition": entry["definition"],
            "note": crosswalk.pop("note", None),
            "unverified": crosswalk.pop("unverified", []),
            "crosswalk": crosswalk,
            "url_template": None,
        }


# What the rest of the API has.


@cache
def document() -> dict[str, Any]:
    return json.loads(docs.document("json"))


def listed(node: Any) -> Iterator[list[str]]:
    """The codes of every open list in a part of the OpenAPI document."""
    if isinstance(node, dict):
        if "x-extensible-enum" in node:
            yield node["x-extensible-enum"]
        for child in node.values():
            yield from listed(child)
    elif isinstance(node, list):
        for child in node:
            yield from listed(child)


def codes_of(extensible: bool) -> dict[str, list[str]]:
    return {
        name: [value.code for value in vocabulary.values]
        for name, vocabulary in vocabularies().items()
        if vocabulary.extensible is extensible
    }


def test_open_and_closed_lists_are_those_of_the_openapi_document() -> None:
    components = document()["components"]["schemas"]
    closed = [
        said["enum"] for name, said in components.items() if "enum" in said and name not in FOREIGN
    ]
    assert sorted(closed) == sorted(codes_of(extensible=False).values())
    growing = codes_of(extensible=True)
    del growing["code-schemes"]
    assert {tuple(codes) for codes in listed(components)} == {tuple(c) for c in growing.values()}


def test_every_code_list_that_a_filter_takes_is_a_vocabulary() -> None:
    known = [[value.code for value in found.values] for found in vocabularies().values()]
    for codes in listed(document()["paths"]):
        assert codes in known or sorted(codes) == sorted(resources()), codes


def used(serializer: Any, path: str) -> Iterator[tuple[str, list[str], bool]]:
    """Where an answer has codes: the path, the codes, and whether more may be added.

    Embedded references, whose codes are those of what they refer to, are passed over.
    """
    for name, declared in serializer.fields.items():
        field, where = declared, f"{path}.{name}"
        while isinstance(field, serializers.ListField | serializers.ListSerializer):
            field = field.child
        if isinstance(field, serializers.Serializer):
            if not type(field).__name__.endswith("ReferenceSerializer"):
                yield from used(field, where)
        elif isinstance(field, VocabularyField):
            yield where, get_override(field, "field")["x-extensible-enum"], True
        elif isinstance(field, serializers.ChoiceField):
            yield where, list(field.choices), False


def answers() -> dict[str, Any]:
    """What each list answers with, by its name."""
    found = {route.resource: route.view.serializer_class() for route in api_world.record_lists()}
    assert set(found) == set(resources())
    return found | {
        "datasets": DatasetSerializer(),
        "changes": ChangeSerializer(),
        "history": VersionSerializer(),
    }


def test_every_member_with_codes_is_said_by_its_vocabulary_and_no_other() -> None:
    foreign = {"places.geometry.type", "history.patch.op"}
    found = {
        path: (codes, extensible)
        for name, serializer in answers().items()
        for path, codes, extensible in used(serializer, str(name))
        if path not in foreign
    }
    said = {
        member: ([value.code for value in vocabulary.values], vocabulary.extensible)
        for vocabulary in vocabularies().values()
        for member in vocabulary.members
        if vocabulary.name not in UNLISTED and not member.startswith(COMPUTED)
    }
    assert found == said


def test_members_with_external_codes_are_said_by_the_schemes() -> None:
    found = {
        f"{name}.{member}"
        for name, serializer in answers().items()
        if isinstance(serializer.fields.get("codes"), CodesField)
        for member in ("codes", "other_codes.scheme")
    }
    assert set(vocabularies()["code-schemes"].members) == found


# Answers.


def test_a_vocabulary_as_a_whole(client: Client, db: None) -> None:
    assert get(client, detail("polarity")) == {
        "name": "polarity",
        "title": "Polarity of a claim",
        "description": "Whether the claimant affirms or denies. Crosswalk: `factbank` is "
        "FactBank's factuality value, which takes `certainty` into it.",
        "extensible": False,
        "members": ["claims.polarity"],
        "values": [
            {
                "code": "affirmed",
                "label": "affirmed",
                "definition": "The claimant says that it is so.",
                "crosswalk": {"factbank": ["CT+", "PR+", "PS+"]},
                "note": "By certainty CT+ is certain, PR+ probable and PS+ possible.",
                "unverified": [],
                "url_template": None,
            },
            {
                "code": "denied",
                "label": "denied",
                "definition": "The claimant says that it is not so.",
                "crosswalk": {"factbank": ["CT-", "PR-", "PS-"]},
                "note": "By certainty CT- is certain, PR- probable and PS- possible.",
                "unverified": [],
                "url_template": None,
            },
            {
                "code": "unknown",
                "label": "unknown",
                "definition": "The claimant says that it is not known whether it is so.",
                "crosswalk": {"factbank": ["Uu"]},
                "note": "Only claims of the kind `unknown` have it.",
                "unverified": [],
                "url_template": None,
            },
        ],
    }


def test_the_list_has_every_vocabulary_by_name(client: Client, db: None) -> None:
    answer = get(client, LIST)
    assert list(answer) == ["next", "previous", "results"]
    assert (answer["next"], answer["previous"]) == (None, None)
    names = [entry["name"] for entry in answer["results"]]
    assert names == sorted(vocabularies())
    assert {entry["name"]: entry for entry in answer["results"]}["voice"] == {
        "name": "voice",
        "title": "Voice of a claim",
        "description": "Whose assertion a claim is in the document that carries it.",
        "extensible": False,
        "size": 2,
        "url": "http://testserver/api/v1/vocabularies/voice/",
    }
    for entry in answer["results"]:
        whole = get(client, entry["url"])
        assert len(whole["values"]) == entry["size"]
        assert {name: whole[name] for name in ("name", "title", "description", "extensible")} == {
            name: entry[name] for name in ("name", "title", "description", "extensible")
        }


def test_answers_have_the_members_that_are_declared(client: Client, db: None) -> None:
    page, whole = VocabularyPageSerializer(), VocabularySerializer()
    answer = get(client, LIST)
    assert list(answer) == list(page.fields)
    summary = list(page.fields["results"].child.fields)
    assert all(list(entry) == summary for entry in answer["results"])
    for name in vocabularies():
        one = get(client, detail(name))
        assert list(one) == list(whole.fields)
        shape = list(whole.fields["values"].child.fields)
        assert all(list(value) == shape for value in one["values"])


def test_the_root_leads_to_the_vocabularies(client: Client, db: None) -> None:
    assert get(client, "/api/v1/")["resources"]["vocabularies"] == f"http://testserver{LIST}"


# Errors.


@pytest.mark.parametrize("url", [LIST, detail("voice")])
@pytest.mark.parametrize("parameter", ["limit", "cursor", "q", "fields", "nonsense"])
def test_an_unknown_parameter_is_named(client: Client, db: None, url: str, parameter: str) -> None:
    assert wrong_parameters(client, f"{url}?{parameter}=1") == [parameter]


@pytest.mark.parametrize("url", [LIST, detail("voice")])
def test_there_is_no_earlier_state(client: Client, db: None, url: str) -> None:
    answer = problem(client, f"{url}?as_of=1")
    assert answer["errors"] == [
        {
            "parameter": "as_of",
            "detail": "vocabularies are not versioned; they have no earlier state",
        }
    ]


@pytest.mark.parametrize("name", ["voices", "Voice", "voice.json", "%C3%A9", "a" * 200])
def test_an_unknown_name_is_404_with_those_that_are_known(
    client: Client, db: None, name: str
) -> None:
    answer = problem(client, f"{LIST}{name}/", 404)
    assert (answer["type"], answer["errors"]) == ("/problems/not-found/", [])
    assert answer["detail"].startswith("There is no vocabulary '")
    assert answer["detail"].endswith(f"known are {', '.join(sorted(vocabularies()))}.")
    assert len(answer["detail"]) < 1_000
    star = client.get(f"{LIST}{name}/", headers={"If-None-Match": "*"})
    assert star.status_code == 404


def test_nothing_is_written_here(client: Client, db: None) -> None:
    for url in (LIST, detail("voice")):
        for method in (client.post, client.put, client.patch, client.delete):
            answer = method(url)
            assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, OPTIONS")


# Caching.


@pytest.mark.parametrize("url", [LIST, detail("voice")])
def test_a_known_tag_is_answered_304_at_the_cost_of_one_row(
    client: Client, world: World, url: str
) -> None:
    whole = client.get(url)
    assert re.fullmatch(r'"[0-9a-f]{32}"', whole["ETag"])
    assert whole["Cache-Control"] == "public, no-cache"
    assert whole["Vary"] == "Accept"
    assert whole["Content-Type"] == "application/json"
    assert "Last-Modified" not in whole
    for given in (whole["ETag"], f"W/{whole['ETag']}", "*"):
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(url, headers={"If-None-Match": given})
        assert (answer.status_code, answer.content) == (304, b"")
        assert len(captured) == 1  # the newest number
        for name in ("ETag", "Cache-Control", "Vary", "Dateline-Seq"):
            assert answer[name] == whole[name]
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_change_of_a_record_leaves_the_tag_and_a_release_changes_it(
    client: Client, world: World, settings: Any
) -> None:
    before = client.get(detail("voice"))
    factories.republish("claims", world.held, statement="Blue holds Oakford.")
    after = client.get(detail("voice"))
    assert after["ETag"] == before["ETag"]
    assert int(after["Dateline-Seq"]) > int(before["Dateline-Seq"])
    settings.VERSION = "999.0.0"
    assert client.get(detail("voice"))["ETag"] != before["ETag"]


def test_every_vocabulary_has_a_tag_of_its_own(client: Client, db: None) -> None:
    urls = [LIST, *map(detail, vocabularies())]
    assert len({client.get(url)["ETag"] for url in urls}) == len(urls)


@pytest.mark.parametrize("url", [LIST, detail("voice")])
def test_head_and_options_are_answered(client: Client, db: None, url: str) -> None:
    whole, head = client.get(url), client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head["ETag"] == whole["ETag"]
    options = client.options(url)
    assert (options.status_code, options["Allow"]) == (204, "GET, HEAD, OPTIONS")


def test_a_closed_instance_wants_a_key(client: Client, db: None, settings: Any) -> None:
    settings.CLOSED = True
    for url in (LIST, detail("voice")):
        assert problem(client, url, 401)["type"] == "/problems/needs-key/"
    client.force_login(User.objects.create_user("reader"))
    answer = client.get(LIST)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-cache")


# The files.

OPERATIONS = {
    "name": "change-op",
    "title": "Operations",
    "description": "What was done.",
    "extensible": False,
    "codes": "Op",
    "members": ["changes.op"],
    "values": {code: f"It is {code}." for code in ("add", "modify", "retract", "merge", "erase")},
}


def test_labels_and_the_order_come_from_the_code_list() -> None:
    values = dict(reversed(OPERATIONS["values"].items()))
    vocabulary = read(OPERATIONS | {"values": values}, [records_models])
    assert [(value.code, value.label) for value in vocabulary.values] == records_models.Op.choices
    assert vocabulary.values[0] == Value(
        "add", "first published, or published again after a retraction", "It is add."
    )


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"values": OPERATIONS["values"] | {"undo": "It is undone."}}, "undo"),
        ({"values": {"add": "It is added."}}, "erase, merge, modify, retract"),
        ({"values": OPERATIONS["values"] | {True: "It is so."}}, "True"),
        ({"codes": "Opp"}, "there is no code list Opp"),
        ({"limit": 1}, "limit"),
        ({"codes": None, "values": {"a": "Without a label."}}, "label"),
        ({"codes": None, "values": {1: {"label": "a", "definition": "B."}}}, "1 is no text"),
        (
            {
                "values": OPERATIONS["values"]
                | {"add": {"definition": "A.", "crosswalk": {"x": [74]}}}
            },
            "74 is no text",
        ),
        (
            {"values": OPERATIONS["values"] | {"add": {"definition": "A.", "unverified": ["x"]}}},
            "x is unverified and has no codes",
        ),
    ],
)
def test_a_file_that_does_not_fit_its_codes_is_refused(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=re.escape(named)):
        read(OPERATIONS | changed, [records_models])


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """A registry of its own."""
    monkeypatch.setattr(registry, "_registered", {})
    registry.vocabularies.cache_clear()
    yield registry.register
    monkeypatch.undo()
    registry.vocabularies.cache_clear()


def test_a_registered_file_is_served_and_a_name_is_taken_once(
    client: Client, db: None, tmp_path: Path, registered: Callable[..., None]
) -> None:
    given = {**OPERATIONS, "name": "given", "codes": None, "values": {}}
    (tmp_path / "one.yaml").write_text(yaml.safe_dump([OPERATIONS, given]))
    registered(
        tmp_path / "one.yaml",
        records_models,
        given={"given": lambda: [{"code": "a", "label": "A", "definition": "An A."}]},
    )
    assert [entry["name"] for entry in get(client, LIST)["results"]] == ["change-op", "given"]
    assert orjson.loads(client.get(detail("given")).content)["values"][0]["definition"] == "An A."
    (tmp_path / "two.yaml").write_text(yaml.safe_dump([OPERATIONS]))
    registered(tmp_path / "two.yaml", records_models)
    with pytest.raises(ValueError, match="change-op is there already"):
        vocabularies()
