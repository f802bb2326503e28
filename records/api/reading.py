"""What every read view shares: a strict query, entity tags, and how a list is written."""

import hashlib
from typing import Any, ClassVar, TypeVar

import orjson
from django.conf import settings
from django.db.models import BigIntegerField, QuerySet
from django.db.models.expressions import RawSQL
from django.http import (
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
)
from django.urls import reverse
from django.utils.http import http_date, parse_etags, quote_etag
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.views import APIView

from records.api import paging
from records.api.moments import NEWEST, Moment
from records.api.parameters import check_format, check_names, check_query
from records.api.problems import (
    BadParameter,
    NeedsKey,
    NotFoundProblem,
)

JSON = "application/json"
Answer = TypeVar("Answer", bound=HttpResponseBase)

#: Parameters that every answer takes.
COMMON = {"format": False}
#: Parameters that every list takes.
PAGING = {"limit": False, "cursor": False, "ordering": False, "count": False}

AS_OF = OpenApiParameter(
    "as_of",
    OpenApiTypes.STR,
    description="Answer as it stood at a moment: an RFC 3339 instant, or a number of the sequence.",
)


def has_tag(given: str, tag: str) -> bool:
    """Whether an `If-None-Match` names a tag, weakly or not, or any with `*`."""
    tags = [found.removeprefix("W/") for found in parse_etags(given)]
    return "*" in tags or quote_etag(tag) in tags


class ReadView(APIView):
    """A view that answers reads: strict about its query, cacheable, the same on every path."""

    #: The query parameters that the view takes beside `format`, and whether each may be repeated.
    parameters: ClassVar[dict[str, bool]] = {}

    def get_authenticators(self) -> list[Any]:
        return [SessionAuthentication()] if settings.CLOSED else []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method not in self.allowed_methods:
            self.http_method_not_allowed(request)
        if "\0" in request.path:
            raise NotFoundProblem("The address has a NUL character; nothing has one.")
        check_query(request.META.get("QUERY_STRING", ""))
        check_format(request.query_params, self.get_renderers())
        super().initial(request, *args, **kwargs)
        if settings.CLOSED and not request.user:
            raise NeedsKey(
                "This instance is closed to anonymous reading: sign in, or send a key.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if request.method != "OPTIONS":
            check_names(
                request.query_params, COMMON | self.known_parameters(), f"at {request.path[:200]}"
            )

    def known_parameters(self) -> dict[str, bool]:
        """The query parameters that this request may have."""
        return self.parameters

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    # Answers and their caching.

    def unchanged(self, now: Moment) -> HttpResponse | None:
        """The 304 for a client that has the answer already, ahead of everything costly."""
        return self.not_modified(self.tag(now.newest), now)

    def tag(self, newest: int) -> str:
        """The entity tag of an answer that may change with every change of the records."""
        parts = (
            self.request.get_full_path(),
            getattr(self.request.accepted_renderer, "media_type", JSON),
            str(newest),
            settings.VERSION,
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def not_modified(self, tag: str, now: Moment) -> HttpResponse | None:
        """The 304 for a client that has this tag, or any with `*`."""
        given = self.request.META.get("HTTP_IF_NONE_MATCH")
        if not given:
            return None
        if not has_tag(given, tag):
            return None
        return self.headed(HttpResponseNotModified(), tag, now.newest, now.recorded_at)

    def answer(self, body: bytes, tag: str, newest: int, recorded_at: Any = None) -> HttpResponse:
        """An answer with its headers, in the format that was negotiated."""
        written_in = self.request.accepted_renderer.media_type
        return self.headed(HttpResponse(body, content_type=written_in), tag, newest, recorded_at)

    def headed(self, response: Answer, tag: str, newest: int, recorded_at: Any) -> Answer:
        """An answer with what tells caches of it."""
        response["ETag"] = quote_etag(tag)
        response["Dateline-Seq"] = str(newest)
        if recorded_at is not None:
            response["Last-Modified"] = http_date(recorded_at.timestamp())
        if settings.CLOSED:
            response["Cache-Control"] = "private, no-cache"
            response["Vary"] = "Accept, Authorization, Cookie"
        else:
            response["Cache-Control"] = "public, no-cache"
            response["Vary"] = "Accept"
        return response

    def licensed(self, response: Answer, found: paging.Page | None = None) -> Answer:
        """Add where the licences of what is listed can be read, and the pages beside this one."""
        links = {"license": self.request.build_absolute_uri(reverse("dataset-list"))}
        if found is not None and found.next:
            links["next"] = self.url_with(cursor=found.next)
        if found is not None and found.previous:
            links["prev"] = self.url_with(cursor=found.previous)
        response["Link"] = ", ".join(f'<{url}>; rel="{kind}"' for kind, url in links.items())
        return response

    def url_with(self, **params: str | None) -> str:
        """This request's URL with other parameters; None takes one away."""
        query = self.request.query_params.copy()
        for name, value in params.items():
            if value is None:
                query.pop(name, None)
            else:
                query[name] = value
        encoded = query.urlencode()
        return self.request.build_absolute_uri(self.request.path) + (
            f"?{encoded}" if encoded else ""
        )

    def heading(self, found: paging.Page, counted: dict[str, Any]) -> dict[str, Any]:
        """What a list says beside its results."""
        return {
            "next": found.next and self.url_with(cursor=found.next),
            "previous": found.previous and self.url_with(cursor=found.previous),
            **counted,
        }

    def written(self, found: paging.Page, results: bytes, counted: dict[str, Any]) -> bytes:
        """The JSON of a list, from its results as JSON."""
        return orjson.dumps(self.heading(found, counted))[:-1] + b',"results":[' + results + b"]}"

    def read_ordering(
        self, orderings: dict[str, paging.Ordering], default: str
    ) -> tuple[paging.Ordering, bool]:
        """The ordering that is asked for, and whether it is descending."""
        given = self.request.query_params.get("ordering", default)
        name = given.removeprefix("-")
        if name not in orderings:
            known = ", ".join(f"{known}, -{known}" for known in orderings)
            raise BadParameter(("ordering", f"{given[:40]!a} is not known here; known are {known}"))
        return orderings[name], given.startswith("-")

    def read_count(self) -> str | None:
        """`count`: `exact`, `estimate`, or None where it is not asked for."""
        kind = self.request.query_params.get("count")
        if kind not in (None, "exact", "estimate"):
            raise BadParameter(("count", f"{kind[:40]!a} is neither exact nor estimate"))
        return kind

    def counted(self, queryset: QuerySet[Any]) -> dict[str, Any]:
        """`count` and `count_kind`, if they were asked for."""
        kind = self.read_count()
        if kind is None:
            return {}
        if kind == "exact":
            return {"count": queryset.count(), "count_kind": kind}
        plan = queryset.order_by().explain(format="json")
        # A filter that nothing can match is not even sent to the database.
        count = int(orjson.loads(plan)[0]["Plan"]["Plan Rows"]) if plan else 0
        return {"count": count, "count_kind": kind}


def newest_seq() -> RawSQL:
    """The newest number, as one more column: a page and its number are of one snapshot."""
    return RawSQL(f"select last_seq {NEWEST}", [], BigIntegerField())  # noqa: S611 constant text
