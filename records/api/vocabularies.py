"""Reading the code lists of the API, with their definitions and crosswalks."""

import hashlib
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from records.api.moments import Moment, newest
from records.api.problems import BadParameter, NotFoundProblem
from records.api.reading import ReadView
from records.api.serializers import VocabularyPageSerializer, VocabularySerializer
from records.vocabularies import Vocabulary, vocabularies


class VocabularyReadView(ReadView):
    """A view of code lists, which a release changes and nothing else does."""

    def known_parameters(self) -> dict[str, bool]:
        if "as_of" in self.request.query_params:
            detail = "vocabularies are not versioned; they have no earlier state"
            raise BadParameter(("as_of", detail))
        return {}

    def said(self, content: Vocabulary | dict[str, Any]) -> HttpResponse:
        """The answer, or the 304; its tag stays the same however many changes are recorded."""
        body = orjson.dumps(content)
        tag = hashlib.sha256(settings.VERSION.encode() + b"\n" + body).hexdigest()[:32]
        # Without an instant: what was recorded last did not modify a code list.
        now = Moment(newest().newest, None)
        return self.not_modified(tag, now) or self.answer(body, tag, now.newest)


class VocabularyListView(VocabularyReadView):
    """Code lists: what each code means, and what other systems call it."""

    @extend_schema(
        operation_id="vocabularies_list", responses=VocabularyPageSerializer, tags=["vocabularies"]
    )
    def get(self, request: Request) -> HttpResponse:
        """Every code list of the API, by name, with the address of its codes. One page has all."""
        results = [
            {
                "name": name,
                "title": vocabulary.title,
                "description": vocabulary.description,
                "extensible": vocabulary.extensible,
                "size": len(vocabulary.values),
                "url": request.build_absolute_uri(reverse("vocabulary-detail", args=[name])),
            }
            for name, vocabulary in vocabularies().items()
        ]
        return self.said({"next": None, "previous": None, "results": results})


class VocabularyView(VocabularyReadView):
    """One code list: its codes in their order, each with its definition and crosswalk."""

    @extend_schema(
        operation_id="vocabularies_retrieve",
        parameters=[OpenApiParameter("name", str, OpenApiParameter.PATH)],
        responses=VocabularySerializer,
        tags=["vocabularies"],
    )
    def get(self, request: Request, name: str) -> HttpResponse:
        """The codes of one list, with their labels, definitions and crosswalks.

        A crosswalk says what other systems call the same thing; one that has no code for it is left
        out. `unverified` names those whose codes were not checked against their codebook.
        """
        known = vocabularies()
        if name not in known:
            raise NotFoundProblem(
                f"There is no vocabulary {name[:80]!a}; known are {', '.join(known)}."
            )
        return self.said(known[name])
