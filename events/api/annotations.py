"""A document's citations as W3C Web Annotations (https://www.w3.org/TR/annotation-model/).

Each citation is an annotation whose body is the claim and whose target is the passage. Positions
count Unicode code points of the text as given, as the model asks. No text of the document is
repeated but the short quote that is stored with a citation.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.db.models import IntegerField, QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from events.api.serializers import AnnotationPageSerializer
from events.records import ClaimRecord
from records.api import paging
from records.api.formats import JSONLDRenderer, JSONRenderer
from records.api.moments import moment
from records.api.problems import BadParameter
from records.api.reading import AS_OF, newest_seq
from records.api.resource import RecordViewSet
from records.shape import Body
from sources.api.filters import DocumentFilter
from sources.records import DocumentRecord

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
#: The media type of annotations (https://www.w3.org/TR/annotation-protocol/).
MEDIA_TYPE = f'application/ld+json; profile="{CONTEXT}"'


class AnnotationsView(RecordViewSet):
    """The citations of a document, as annotations of it."""

    queryset = DocumentRecord.objects.all()
    serializer_class = AnnotationPageSerializer
    filterset_class = DocumentFilter
    orderings = {}
    default_ordering = ""

    def known_parameters(self) -> dict[str, bool]:
        return {"as_of": False, "limit": False, "cursor": False, "count": False}

    def get_renderers(self) -> Sequence[Any]:
        return [JSONRenderer(), JSONLDRenderer()]

    @extend_schema(
        operation_id="documents_annotations_retrieve",
        parameters=[
            AS_OF,
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
                description="How many claims to a page.",
            ),
            OpenApiParameter(
                "cursor", OpenApiTypes.STR, description="Where the page starts, from `next`."
            ),
            OpenApiParameter(
                "count",
                {"type": "string", "enum": ["exact"]},
                description="Adds `total` to the collection; it may be slow.",
            ),
        ],
        responses=AnnotationPageSerializer,
        filters=False,
        tags=["documents"],
    )
    def annotations(self, request: Request, pk: str) -> HttpResponse:
        """A page of the document's citations as W3C Web Annotations, ordered by claim.

        The body of each is the claim; its target are the spans that carry it, or the document
        where there are none. `limit` counts claims.
        """
        params = request.query_params
        limit, binding = paging.read_limit(params), paging.bound_to(request.path, params)
        cursor = paging.read_cursor(params, binding)
        counted = params.get("count")
        if counted not in (None, "exact"):
            raise BadParameter(("count", f"{counted[:40]!a} is not exact"))
        now = moment(params.get("as_of"))
        if (same := self.unchanged(now)) is not None:
            return same
        while True:
            document = self.find(pk, now)
            if isinstance(document, HttpResponse):
                return document
            claims = self.at(
                ClaimRecord.objects.filter(documents__contains=[document.object_id]), now
            )
            total = _total(claims, document.object_id) if counted else None
            found = paging.page(
                claims,
                ("object_id", "seq"),
                descending=False,
                limit=limit,
                cursor=cursor,
                binding=binding,
                shown=["body", newest_seq()],
            )
            # The page is read last: what was read ahead of it must be of the same moment.
            seen = found.rows[0][3] if found.rows else moment(None).newest
            if now.seq is not None or seen == document.newest:
                break
        newest = document.newest
        body = self.annotation_page(orjson.loads(document.body), found, total)
        answer = self.answer(orjson.dumps(body), self.tag(newest), newest, now.recorded_at)
        if request.accepted_renderer.format == JSONLDRenderer.format:
            answer["Content-Type"] = MEDIA_TYPE
        return self.licensed(answer, found)

    def annotation_page(self, document: Body, found: paging.Page, total: int | None) -> Body:
        """The page as an `AnnotationPage` of the collection of all of them, `total` in number."""
        # Names are the same in both formats and on every page.
        whole = self.url_with(cursor=None, limit=None, format=None, count=None)
        collection: Body = {"id": f"{whole}#all", "type": "AnnotationCollection"}
        if total is not None:
            collection["total"] = total
        items = [
            annotation
            for row in found.rows
            for annotation in self.of_claim(orjson.loads(row[2]), document, whole)
        ]
        beside = {
            name: self.url_with(cursor=cursor)
            for name, cursor in (("next", found.next), ("prev", found.previous))
            if cursor
        }
        return {
            "@context": CONTEXT,
            "id": self.url_with(),
            "type": "AnnotationPage",
            "partOf": collection,
            **beside,
            "items": items,
        }

    def of_claim(self, claim: Body, document: Body, whole: str) -> Iterator[Body]:
        """The annotations that a claim makes of a document: its citations there, in their order."""
        source = document["url"] or self.address("documents", document["id"])
        for number, citation in enumerate(claim["citations"], start=1):
            if citation["document"]["id"] != document["id"]:
                continue
            name = f"{whole}#{claim['id']}-{number}"
            # The claim says in other words what the passage says.
            bodies = [
                {
                    "id": self.address("claims", claim["id"]),
                    **_text(claim["statement"], "describing"),
                }
            ]
            if citation["locator"]:
                bodies.append(_text(citation["locator"], "bookmarking"))
            yield {
                "id": name,
                "type": "Annotation",
                "motivation": "describing",
                "body": bodies,
                "target": _targets(source, citation),
            }
            for insertion in citation["insertions"]:
                yield {
                    "id": f"{name}-insertion-{insertion[0]}",
                    "type": "Annotation",
                    "motivation": "tagging",
                    "body": [_text("insertion", "tagging")],
                    "target": [_target(source, insertion)],
                }


def _total(claims: QuerySet[ClaimRecord], document: UUID) -> int:
    """How many annotations claims make of a document: each citation, and its insertions."""
    of_claim = RawSQL(
        "select coalesce(sum(1 + jsonb_array_length(c -> 'insertions')), 0)"
        " from jsonb_array_elements(body::jsonb -> 'citations') c"
        " where c -> 'document' ->> 'id' = %s",
        [str(document)],
        output_field=IntegerField(),
    )
    return claims.aggregate(total=Coalesce(Sum(of_claim), 0))["total"]


def _text(text: str, purpose: str) -> Body:
    return {"type": "TextualBody", "value": text, "format": "text/plain", "purpose": purpose}


def _targets(source: str, citation: Body) -> list[Body]:
    """What a citation is of: each of its spans, and in them the quote; else the whole document.

    The context of the model has no word for a target of several parts, so each is a target.
    """
    spans = citation["spans"]
    if not spans:
        return [{"source": source}]
    targets = [_target(source, span) for span in spans]
    if citation["quote"]:
        quoted = _target(source, [spans[0][0], spans[-1][1]])
        quoted["selector"]["refinedBy"] = {
            "type": "TextQuoteSelector",
            "exact": citation["quote"],
        }
        targets.append(quoted)
    return targets


def _target(source: str, span: list[int]) -> Body:
    start, end = span
    return {
        "source": source,
        "selector": {"type": "TextPositionSelector", "start": start, "end": end},
    }
