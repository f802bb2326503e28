"""A document's citations as W3C Web Annotations."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pyld import jsonld

from events.dossiers import Loaded
from events.passages import passage_of, text_hash
from records import publishing
from records.api import paging
from tests import api_world, factories
from tests.api_world import detail, get, wrong_parameters
from tests.factories import World, body

ARTICLE = settings.BASE_DIR.parent / "shared" / "lyman" / "article.txt"

#: What the vocabulary of Web Annotations says of the terms that are used here.
OA, AS = "http://www.w3.org/ns/oa#", "http://www.w3.org/ns/activitystreams#"
XSD = "http://www.w3.org/2001/XMLSchema#"
PROFILED = 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'
VOCABULARY = {
    "id": "@id",
    "type": "@type",
    "Annotation": f"{OA}Annotation",
    "TextualBody": f"{OA}TextualBody",
    "TextPositionSelector": f"{OA}TextPositionSelector",
    "TextQuoteSelector": f"{OA}TextQuoteSelector",
    "AnnotationPage": f"{AS}OrderedCollectionPage",
    "AnnotationCollection": f"{AS}OrderedCollection",
    "body": {"@id": f"{OA}hasBody", "@type": "@id"},
    "target": {"@id": f"{OA}hasTarget", "@type": "@id"},
    "source": {"@id": f"{OA}hasSource", "@type": "@id"},
    "selector": {"@id": f"{OA}hasSelector", "@type": "@id"},
    "refinedBy": {"@id": f"{OA}refinedBy", "@type": "@id"},
    "motivation": {"@id": f"{OA}motivatedBy", "@type": "@vocab"},
    "purpose": {"@id": f"{OA}hasPurpose", "@type": "@vocab"},
    "describing": f"{OA}describing",
    "tagging": f"{OA}tagging",
    "bookmarking": f"{OA}bookmarking",
    "start": {"@id": f"{OA}start", "@type": f"{XSD}nonNegativeInteger"},
    "end": {"@id": f"{OA}end", "@type": f"{XSD}nonNegativeInteger"},
    "exact": f"{OA}exact",
    "value": "http://www.w3.org/1999/02/22-rdf-syntax-ns#value",
    "format": "http://purl.org/dc/elements/1.1/format",
    "items": {"@id": f"{AS}items", "@container": "@list"},
    "next": {"@id": f"{AS}next", "@type": "@id"},
    "prev": {"@id": f"{AS}prev", "@type": "@id"},
    "total": {"@id": f"{AS}totalItems", "@type": f"{XSD}nonNegativeInteger"},
    "partOf": {"@id": f"{AS}partOf", "@type": "@id"},
}


def vocabulary(url: str, options: dict[str, Any]) -> dict[str, Any]:
    """What the processor gets for the one context that it may ask for."""
    assert url == "http://www.w3.org/ns/anno.jsonld"
    document = {"@context": VOCABULARY}
    return {"documentUrl": url, "contextUrl": None, "document": document}


def page_of(client: Client, document: Any, query: str = "") -> dict[str, Any]:
    return get(client, detail("documents", document, "annotations") + query)


def walk(client: Client, url: str) -> Iterator[dict[str, Any]]:
    """All annotations from a page on."""
    while url:
        page = get(client, url)
        yield from page["items"]
        url = page.get("next", "")


def test_the_citations_of_a_document_are_annotations_of_it(client: Client, world: World) -> None:
    page = page_of(client, world.article)
    url = f"http://testserver/api/v1/documents/{world.article}/annotations/"
    assert {name: value for name, value in page.items() if name != "items"} == {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "id": url,
        "type": "AnnotationPage",
        "partOf": {"id": f"{url}#all", "type": "AnnotationCollection"},
    }
    cited_in_it = (
        world.narrated, world.announced, world.repeated, world.counted, world.denied,
    )  # fmt: skip
    claims = sorted(map(str, cited_in_it))
    cited = [i for i in page["items"] if i["motivation"] == "describing"]
    assert [item["id"] for item in cited] == [f"{url}#{claim}-1" for claim in claims]
    by_claim = {item["id"].partition("#")[2]: item for item in page["items"]}
    source = "https://paper.example/oakford"

    def span(start: int, end: int, **more: Any) -> dict[str, Any]:
        selector = {"type": "TextPositionSelector", "start": start, "end": end, **more}
        return {"source": source, "selector": selector}

    assert by_claim[f"{world.announced}-1"] == {
        "id": f"{url}#{world.announced}-1",
        "type": "Annotation",
        "motivation": "describing",
        "body": [
            {
                "id": f"http://testserver{detail('claims', world.announced)}",
                "type": "TextualBody",
                "value": "Red's troops left Oakford.",
                "format": "text/plain",
                "purpose": "describing",
            }
        ],
        "target": [
            span(30, 60),
            span(70, 90),
            span(30, 90, refinedBy={"type": "TextQuoteSelector", "exact": "left for better lines"}),
        ],
    }
    assert by_claim[f"{world.announced}-1-insertion-72"] == {
        "id": f"{url}#{world.announced}-1-insertion-72",
        "type": "Annotation",
        "motivation": "tagging",
        "body": [
            {
                "type": "TextualBody",
                "value": "insertion",
                "format": "text/plain",
                "purpose": "tagging",
            }
        ],
        "target": [span(72, 75)],
    }
    assert by_claim[f"{world.narrated}-1"]["target"] == [span(0, 28)]
    assert len(page["items"]) == 6


def test_a_citation_without_spans_is_of_the_whole_document(client: Client, world: World) -> None:
    (item,) = page_of(client, world.post)["items"]
    assert item["target"] == [{"source": f"http://testserver{detail('documents', world.post)}"}]
    assert [(part["value"], part["purpose"]) for part in item["body"]] == [
        ("Blue holds the whole of Oakford.", "describing"),
        ("00:12", "bookmarking"),
    ]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/ld+json", PROFILED),
        (PROFILED, PROFILED),
    ],
)
def test_a_processor_reads_every_annotation(
    accept: str, kind: str, client: Client, world: World
) -> None:
    url = detail("documents", world.article, "annotations")
    answer = client.get(url, headers={"Accept": accept})
    assert answer["Content-Type"] == kind
    page = orjson.loads(answer.content)
    (read_back,) = jsonld.expand(page, {"documentLoader": vocabulary})
    (items,) = read_back[f"{AS}items"]
    assert len(items["@list"]) == len(page["items"]) == 6
    for item in items["@list"]:
        assert item["@type"] == [f"{OA}Annotation"]
        assert item["@id"].startswith("http://testserver/")
        assert item[f"{OA}motivatedBy"][0]["@id"].startswith(OA)
        for target in item[f"{OA}hasTarget"]:
            (selector,) = target[f"{OA}hasSelector"]
            assert set(selector) >= {"@type", f"{OA}start", f"{OA}end"}
    keys = {key for node in _objects(page) for key in node}
    assert keys - {"@context"} <= set(VOCABULARY)


def test_an_annotation_has_one_name_in_every_format(client: Client, world: World) -> None:
    url = detail("documents", world.article, "annotations")
    answer = client.get(f"{url}?format=jsonld&limit=1")
    assert answer["Content-Type"] == PROFILED
    page, plain = orjson.loads(answer.content), get(client, f"{url}?limit=1")
    assert (page["items"], page["partOf"]) == (plain["items"], plain["partOf"])
    # The pages are addresses of their own, which keep the format.
    assert page["id"] == f"http://testserver{url}?format=jsonld&limit=1"
    assert "format=jsonld" in page["next"]


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for element in value:
            yield from _objects(element)
    elif isinstance(value, dict):
        yield value
        for element in value.values():
            yield from _objects(element)


def test_pages_have_each_annotation_once(client: Client, world: World) -> None:
    url = detail("documents", world.article, "annotations")
    whole = get(client, url)["items"]
    assert list(walk(client, f"{url}?limit=1")) == whole
    first = get(client, f"{url}?limit=1")
    second = get(client, first["next"])
    assert get(client, second["prev"])["items"] == first["items"]
    assert second["partOf"]["id"] == f"http://testserver{url}#all"


def test_annotations_are_as_they_were_at_a_moment(client: Client, world: World) -> None:
    before = get(client, "/api/v1/")["seq"]
    url = detail("documents", world.article, "annotations")
    was = get(client, f"{url}?as_of={before}&limit=1")
    publishing.retract([("claims", world.counted)], reason="A mistake.")
    assert len(get(client, url)["items"]) == 5
    again = get(client, f"{url}?as_of={before}&limit=1")
    assert again == was
    assert len(list(walk(client, f"{url}?as_of={before}&limit=1"))) == 6
    assert get(client, f"{url}?as_of=0", 404)["title"] == "It was not recorded yet at that moment"


def test_the_states_of_a_document_are_those_of_its_own_address(
    client: Client, world: World
) -> None:
    gone = factories.public("documents", "gone")
    twin = factories.public("documents", "twin")
    publishing.retract([("documents", gone)], reason="A mistake.")
    publishing.merge("documents", twin, world.article, reason="The same.")
    assert client.get(detail("documents", gone, "annotations")).status_code == 410
    answer = client.get(detail("documents", twin, "annotations") + "?limit=2")
    url = detail("documents", world.article, "annotations")
    assert (answer.status_code, answer["Location"]) == (308, f"http://testserver{url}?limit=2")
    lost = factories.public("documents", "lost")
    publishing.erase("documents", lost, reason="A court ordered it.")
    assert client.get(detail("documents", lost, "annotations")).status_code == 451
    nobody = factories.ident("documents", "nobody")
    assert client.get(detail("documents", nobody, "annotations")).status_code == 404
    for wrong in ("limit=0", "cursor=x", "kind=article", "as_of=x", "format=geojson"):
        assert wrong_parameters(client, f"{url}?{wrong}") == [wrong.partition("=")[0]]


def test_the_document_and_its_claims_are_of_one_moment(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change between the two readings must not be half seen under one entity tag."""
    real, url = paging.page, detail("documents", world.article, "annotations")

    def moved_meanwhile(*args: Any, **kwargs: Any) -> paging.Page:
        monkeypatch.setattr(paging, "page", real)
        factories.republish("documents", world.article, url="https://paper.example/moved")
        return real(*args, **kwargs)

    monkeypatch.setattr(paging, "page", moved_meanwhile)
    answer = client.get(url)
    page = orjson.loads(answer.content)
    sources = {target["source"] for item in page["items"] for target in item["target"]}
    assert sources == {"https://paper.example/moved"}
    assert answer["Dateline-Seq"] == str(get(client, "/api/v1/")["seq"])
    assert answer["ETag"] == client.get(url)["ETag"]


def test_nothing_cited_is_an_empty_page(client: Client, world: World) -> None:
    unread = factories.public("documents", "unread")
    page = page_of(client, unread)
    assert page["items"] == []
    assert not {"next", "prev"} & set(page)


def test_only_the_citations_of_the_document_are_shown(client: Client, world: World) -> None:
    both = factories.public(
        "claims", "both", claimant=world.paper, event=world.withdrawal, citations=[
            {"document": world.post, "mode": "media_content", "locator": "00:30"},
            {"document": world.article, "mode": "narration", "spans": [[5, 9]]},
        ],
    )  # fmt: skip
    found = [
        item
        for document in (world.article, world.post)
        for item in page_of(client, document)["items"]
        if f"#{both}-" in item["id"]
    ]
    numbers = [c["document"]["id"] for c in body("claims", both)["citations"]]
    named = [item["id"].rpartition("-")[2] for item in found]
    assert named == [str(numbers.index(str(d)) + 1) for d in (world.article, world.post)]
    assert [item["target"][0].get("selector", {}).get("start") for item in found] == [5, None]


def test_how_many_there_are_is_told_to_who_asks(client: Client, world: World) -> None:
    url = detail("documents", world.article, "annotations")
    assert "total" not in get(client, url)["partOf"]
    first = get(client, f"{url}?count=exact&limit=1")
    assert first["partOf"] == {
        "id": f"http://testserver{url}#all", "type": "AnnotationCollection", "total": 6,
    }  # fmt: skip
    assert get(client, first["next"])["partOf"] == first["partOf"]
    before = get(client, "/api/v1/")["seq"]
    factories.public(
        "claims", "both", claimant=world.paper, event=world.withdrawal, citations=[
            {"document": world.post, "mode": "media_content", "locator": "00:30"},
            {"document": world.article, "mode": "narration", "spans": [[5, 9]]},
            {"document": world.article, "mode": "headline", "spans": [[0, 3], [5, 9]],
             "insertions": [[0, 1], [6, 8]]},
        ],
    )  # fmt: skip
    page = get(client, f"{url}?count=exact")
    assert page["partOf"]["total"] == len(page["items"]) == 10
    assert get(client, f"{url}?count=exact&as_of={before}")["partOf"]["total"] == 6
    unread = factories.public("documents", "unread")
    page = page_of(client, unread, "?count=exact")
    assert (page["partOf"]["total"], page["items"]) == (0, [])
    assert wrong_parameters(client, f"{url}?count=estimate") == ["count"]


def test_annotations_cost_the_same_however_many_there_are(client: Client, world: World) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(client, world.article, "?limit=200")
        return len(captured)

    few = statements()
    api_world.multiply("claims", world.announced, 100)
    assert statements() == few == 3  # the newest number, the document, the claims
    assert len(page_of(client, world.article, "?limit=200")["items"]) == 206


def test_an_answer_that_is_known_is_not_sent_again(client: Client, world: World) -> None:
    url = detail("documents", world.article, "annotations")
    answer = client.get(url)
    assert client.get(url, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert 'rel="license"' in answer["Link"]
    assert client.head(url)["ETag"] == answer["ETag"]


def test_the_spans_of_the_story_are_the_passages_that_were_read(
    client: Client, lyman: Loaded
) -> None:
    if not ARTICLE.is_file():
        pytest.skip(f"the article is not beside the checkout ({ARTICLE.name} is missing)")
    text = ARTICLE.read_bytes().decode()
    (document,) = (
        one for one in get(client, "/api/v1/documents/?kind=article")["results"]
        if one["text_sha256"] == text_hash(text)
    )  # fmt: skip
    url = detail("documents", document["id"], "annotations")
    checked = 0
    for item in walk(client, f"{url}?limit=20"):
        if item["motivation"] != "describing":
            continue
        claim, _, number = item["id"].partition("#")[2].rpartition("-")
        citation = body("claims", claim)["citations"][int(number) - 1]
        selectors = [target["selector"] for target in item["target"] if "selector" in target]
        spans = [[s["start"], s["end"]] for s in selectors if "refinedBy" not in s]
        if citation["passage_sha256"]:
            assert text_hash(passage_of(text, spans)) == citation["passage_sha256"]
            checked += 1
        for selector in selectors:
            if quote := selector.get("refinedBy"):
                assert quote["exact"] in text[selector["start"] : selector["end"]]
    assert checked > 50
