"""The examples of the OpenAPI document are real answers on the Lyman story.

`make examples` writes them anew; without it they are compared with what is answered.
"""

import json
import os
import re
from typing import Any

import pytest
from django.test import Client

from config.api import docs
from config.api.schema import EXAMPLES
from events.dossiers import Loaded
from tests.api_world import get

LYMAN = "e1ad8b24-8523-5e52-a338-4a9dfa5fc53e"
MINISTRY = "c6d948b6-4471-5fe7-b5c8-508ad24af482"
WITHDRAWN = "521e531a-b190-505b-8578-fd456ea1bd1c"

#: Which request shows what an operation answers; ids in braces are asked for first.
ASKED: dict[str, str] = {
    "root_retrieve": "",
    "places_list": "places/?name=Krasny+Liman&limit=1",
    "places_retrieve": f"places/{LYMAN}/",
    "places_history_list": f"places/{LYMAN}/history/",
    "places_history_retrieve": f"places/{LYMAN}/history/1/",
    "actors_list": "actors/?name=Ukrainian+armed+forces&limit=1",
    "actors_retrieve": "actors/{actor}/",
    "actors_history_list": "actors/{actor}/history/",
    "actors_history_retrieve": "actors/{actor}/history/1/",
    "sources_list": "sources/?name=Cherevatyi",
    "sources_retrieve": f"sources/{MINISTRY}/",
    "sources_history_list": f"sources/{MINISTRY}/history/",
    "sources_history_retrieve": f"sources/{MINISTRY}/history/1/",
    "documents_list": "documents/?kind=social_post,video",
    "documents_retrieve": "documents/{document}/",
    "documents_history_list": "documents/{document}/history/",
    "documents_history_retrieve": "documents/{document}/history/1/",
    "documents_annotations_retrieve": "documents/{article}/annotations/?limit=2",
    "events_list": "events/?type=territory.withdrawal",
    "events_retrieve": "events/{event}/",
    "events_history_list": "events/{event}/history/",
    "events_history_retrieve": "events/{event}/history/1/",
    "claims_list": "claims/?q=surrounded&kind=quantity",
    "claims_retrieve": f"claims/{WITHDRAWN}/",
    "claims_history_list": f"claims/{WITHDRAWN}/history/",
    "claims_history_retrieve": f"claims/{WITHDRAWN}/history/1/",
    "contradictions_list": "contradictions/?how=wording",
    "contradictions_retrieve": "contradictions/{contradiction}/",
    "contradictions_history_list": "contradictions/{contradiction}/history/",
    "contradictions_history_retrieve": "contradictions/{contradiction}/history/1/",
    "places_control_list": "places/control/?within=iso3166-2:UA-09&on=2022-10-01&limit=1",
    "places_control_retrieve": f"places/{LYMAN}/control/?on=2022-10-01",
    "places_control_timeline_retrieve": "places/{kreminna}/control/timeline/",
    "events_positions_retrieve": "events/{entry}/positions/",
    "events_chronology_retrieve": "events/{entry}/chronology/",
    "documents_chronology_retrieve": "documents/{document}/chronology/",
    "places_timeline_retrieve": "places/timeline/?interval=year",
    "actors_timeline_retrieve": "actors/timeline/?interval=year",
    "sources_timeline_retrieve": "sources/timeline/?interval=year",
    "documents_timeline_retrieve": "documents/timeline/?interval=month",
    "events_timeline_retrieve": "events/timeline/?interval=day&by=type_prefix&since=2022-09-30"
    "&until=2022-10-03&certainly=true",
    "claims_timeline_retrieve": "claims/timeline/?interval=day&by=party&said_since=2022-10"
    "&certainly=true&tz=Europe/Kyiv",
    "contradictions_timeline_retrieve": "contradictions/timeline/?interval=day&by=rule",
    "places_facets_retrieve": "places/facets/?by=kind",
    "actors_facets_retrieve": "actors/facets/?by=kind,party",
    "sources_facets_retrieve": "sources/facets/?by=party",
    "documents_facets_retrieve": "documents/facets/?by=kind,publisher",
    "events_facets_retrieve": "events/facets/?by=type",
    "claims_facets_retrieve": "claims/facets/?by=party",
    "contradictions_facets_retrieve": "contradictions/facets/?by=rule,how,resolution",
    "changes_list": "changes/?since=135",
    "datasets_list": "datasets/",
    "datasets_retrieve": "datasets/lyman/",
    "vocabularies_list": "vocabularies/",
    "vocabularies_retrieve": "vocabularies/polarity/",
    "search_retrieve": "search/?q=Severodonetsk&limit=1",
    "coverage_retrieve": "coverage/",
}
CURSOR = re.compile(r'cursor=[^"&]+')
INSTANT = re.compile(r'("(?:recorded_at|updated_at|last_change)": ?)"[^"]+"')


def steady(answer: Any) -> Any:
    """An answer without what differs from one loading of the story to the next."""
    text = json.dumps(answer, ensure_ascii=False)
    text = INSTANT.sub(r'\1"2026-01-01T12:00:00Z"', CURSOR.sub("cursor=OPAQUE", text))
    told = json.loads(text.replace("http://testserver/", "http://127.0.0.1:8000/"))
    if told.get("time") == "recorded_at":
        for interval in told["intervals"]:
            interval |= {"label": "2026"}
            interval |= {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
    return told


@pytest.fixture
def answers(client: Client, lyman: Loaded) -> dict[str, dict[str, Any]]:
    """What each of the requests is answered."""

    def first(query: str) -> str:
        return get(client, f"/api/v1/{query}&limit=1")["results"][0]["id"]

    ids = {
        "actor": first("actors/?name=Ukrainian+armed+forces"),
        "article": first("documents/?kind=article"),
        "document": first("documents/?kind=social_post,video"),
        "contradiction": first("contradictions/?how=wording"),
        "entry": first("events/?type=territory.entry"),
        "event": first("events/?type=territory.withdrawal"),
        "kreminna": first("places/?name=Kreminna"),
    }
    found = {}
    for operation, query in ASKED.items():
        path = f"/api/v1/{query.format_map(ids)}"
        found[operation] = {"path": path, "answer": steady(get(client, path))}
    return found


def test_every_example_is_what_is_answered(answers: dict[str, dict[str, Any]]) -> None:
    if "WRITE_EXAMPLES" in os.environ:
        text = json.dumps(answers, ensure_ascii=False, indent=1)
        EXAMPLES.write_text(text + "\n", encoding="utf-8")
    assert json.loads(EXAMPLES.read_text(encoding="utf-8")) == answers, "run `make examples`"


def test_no_example_of_a_list_is_empty(answers: dict[str, dict[str, Any]]) -> None:
    for operation, example in answers.items():
        answer = example["answer"]
        assert answer.get("results", answer.get("items", [1])) != [], operation


def test_every_operation_has_its_example() -> None:
    document = json.loads(docs.document("json"))
    shown = {
        operation["operationId"]: operation["responses"]["200"]["content"]["application/json"]
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    assert {name: content["examples"]["lyman"]["value"] for name, content in shown.items()} == {
        name: example["answer"] for name, example in examples.items()
    }
