"""The views that every resource shares, and those of the sequence itself."""

import hashlib
import re
from typing import Any, ClassVar
from uuid import UUID

import jsonpatch
import orjson
from django.conf import settings
from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import (
    HttpResponse,
    HttpResponseNotModified,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.urls import reverse
from django.utils.http import http_date, parse_etags, quote_etag
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from records.api import paging
from records.api.filters import (
    CODE_PATTERN,
    SLUG_PATTERN,
    UUID_PATTERN,
    ChangeFilter,
    RecordFilter,
)
from records.api.moments import PRESENT, Moment, moment
from records.api.parameters import check_format, check_names, check_query
from records.api.problems import (
    BadParameter,
    Erased,
    NeedsKey,
    NotFoundProblem,
    NotYetRecorded,
    ProblemError,
    Retracted,
)
from records.api.serializers import (
    ChangeSerializer,
    DatasetSerializer,
    RootSerializer,
    VersionSerializer,
)
from records.models import Change, ChangeSet, Dataset, Op
from records.record import PublishedRecord
from records.registry import record_of, resources
from records.time import format_instant

JSON = "application/json"

#: Parameters that every answer takes.
COMMON = {"format": False}
#: Parameters that every list takes.
PAGING = {"limit": False, "cursor": False, "ordering": False, "count": False}

AS_OF = OpenApiParameter(
    "as_of",
    OpenApiTypes.STR,
    description="Answer as it stood at a moment: an RFC 3339 instant, or a number of the sequence.",
)


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
        check_format(request.query_params, self.renderer_classes)
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
        tags = [found.removeprefix("W/") for found in parse_etags(given)]
        if "*" not in tags and quote_etag(tag) not in tags:
            return None
        return self._headed(HttpResponseNotModified(), tag, now.newest, now.recorded_at)

    def answer(self, body: bytes, tag: str, newest: int, recorded_at: Any = None) -> HttpResponse:
        """A JSON answer with its headers."""
        return self._headed(HttpResponse(body, content_type=JSON), tag, newest, recorded_at)

    def _headed(
        self, response: HttpResponse, tag: str, newest: int, recorded_at: Any
    ) -> HttpResponse:
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

    def licensed(self, response: HttpResponse) -> HttpResponse:
        """Add where the licences of what is listed can be read."""
        url = self.request.build_absolute_uri(reverse("dataset-list"))
        response["Link"] = f'<{url}>; rel="license"'
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

    def written(self, found: paging.Page, results: bytes, counted: dict[str, Any]) -> bytes:
        """The JSON of a list, from its results as JSON."""
        head = {
            "next": found.next and self.url_with(cursor=found.next),
            "previous": found.previous and self.url_with(cursor=found.previous),
            **counted,
        }
        return orjson.dumps(head)[:-1] + b',"results":[' + results + b"]}"

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


def newest_seq() -> Subquery:
    """The newest number, as one more column: a page and its number are of one snapshot."""
    return Subquery(ChangeSet.objects.order_by("-last_seq").values("last_seq")[:1])


class RecordViewSet(ReadView, GenericViewSet):  # type: ignore[type-arg]
    """A resource: its list, its records, and their history.

    A subclass names `queryset`, `serializer_class`, `filterset_class`, `orderings` and
    `default_ordering`.
    """

    lookup_value_regex = "[^/]+"
    queryset: ClassVar[QuerySet[Any]]
    filterset_class: ClassVar[type[RecordFilter]]
    orderings: ClassVar[dict[str, paging.Ordering]]
    default_ordering: ClassVar[str]

    @property
    def record(self) -> type[PublishedRecord]:
        """The record model."""
        return self.queryset.model

    def known_parameters(self) -> dict[str, bool]:
        known = {"as_of": False}
        if self.action == "list":
            known |= PAGING
            filters = self.filterset_class.base_filters
            known |= {name: found.repeatable for name, found in filters.items()}
        elif self.action == "history":
            known |= {"limit": False, "cursor": False, "count": False}
        return known

    def at(self, queryset: QuerySet[Any], when: Moment, *, live: bool = True) -> QuerySet[Any]:
        """The versions that answer at a moment."""
        if when.seq is None:
            return queryset.current() if live else queryset.newest()
        return queryset.at(when.seq) if live else queryset.newest_at(when.seq)

    def list(self, request: Request) -> HttpResponse:
        params = request.query_params
        limit, binding = paging.read_limit(params), paging.bound_to(request.path, params)
        cursor = paging.read_cursor(params, binding)
        ordering, descending = self.read_ordering(self.orderings, self.default_ordering)
        self.read_count()
        filters = self.filterset_class(params)
        now = moment(params.get("as_of"))
        if (same := self.unchanged(now)) is not None:
            return same
        while True:
            queryset = filters.apply(self.at(self.queryset.all(), now), now)
            prefix = "place_lines__" if filters.sorted_by_line else ""
            column = ordering.descending if descending else ordering.ascending
            found = paging.page(
                queryset,
                (prefix + column, f"{prefix}object_id"),
                descending=descending,
                limit=limit,
                cursor=cursor,
                binding=binding,
                shown=["body", newest_seq()],
            )
            newest = found.rows[0][3] if found.rows else now.newest
            # References were resolved ahead of the page: they must speak of the same moment.
            if newest == now.newest or now.seq is not None or not filters.resolved:
                break
            now = moment(None)
        results = ",".join(row[2] for row in found.rows).encode()
        body = self.written(found, results, self.counted(queryset))
        return self.licensed(self.answer(body, self.tag(newest), newest, now.recorded_at))

    @extend_schema(parameters=[AS_OF])
    def retrieve(self, request: Request, pk: str) -> HttpResponse:
        """One record, by its id or one of its codes, as it is or as it stood at `as_of`."""
        as_of = request.query_params.get("as_of")
        version = self.find(pk, PRESENT if as_of is None else moment(as_of))
        return version if isinstance(version, HttpResponse) else self.whole(version)

    def whole(self, version: Any) -> HttpResponse:
        """The answer with one version, exactly as it is stored. It has `newest` beside it."""
        body = version.body.encode()
        tag = hashlib.sha256(body).hexdigest()[:32]
        of_version = Moment(version.newest, version.recorded_at)
        return self.not_modified(tag, of_version) or self.answer(
            body, tag, version.newest, version.recorded_at
        )

    @extend_schema(parameters=[AS_OF], responses=VersionSerializer(many=True), filters=False)
    @action(detail=True)
    def history(self, request: Request, pk: str) -> HttpResponse:
        """Every version of the record, newest first: when, why, and what it changed.

        `patch` is the JSON Patch (RFC 6902) that leads from the version before to this one.
        """
        params = request.query_params
        limit, binding = paging.read_limit(params), paging.bound_to(request.path, params)
        cursor = paging.read_cursor(params, binding)
        now = moment(params.get("as_of"))
        object_id = self.any_id(pk, now)
        if isinstance(object_id, HttpResponse):
            return object_id
        if (same := self.unchanged(now)) is not None:
            return same
        versions = self.queryset.of(object_id)
        if now.seq is not None:
            versions = versions.filter(seq__lte=now.seq)
        before = self.record.objects.of(object_id).filter(version=OuterRef("version") - 1)
        superseded = Change.objects.filter(seq=OuterRef("superseded_seq"))
        found = paging.page(
            versions,
            ("version", "seq"),
            descending=True,
            limit=limit,
            cursor=cursor,
            binding=binding,
            shown=[
                "op",
                "live",
                "body",
                "recorded_at",
                "superseded_seq",
                Subquery(superseded.values("change_set__recorded_at")),
                Subquery(before.values("body")),
                Subquery(before.values("live")),
                Subquery(Change.objects.filter(seq=OuterRef("seq")).values("cause")),
                Subquery(Change.objects.filter(seq=OuterRef("seq")).values("change_set__reason")),
            ],
        )
        results = b",".join(orjson.dumps(_version(row, now)) for row in found.rows)
        body = self.written(found, results, self.counted(versions))
        return self.answer(body, self.tag(now.newest), now.newest, now.recorded_at)

    @extend_schema(
        parameters=[
            AS_OF,
            OpenApiParameter(
                "version",
                OpenApiTypes.INT,
                OpenApiParameter.PATH,
                description="Number of the version, from 1.",
            ),
        ],
        filters=False,
    )
    @action(
        detail=True,
        url_path=r"history/(?P<version>[^/]+)",
        url_name="version",
        pagination_class=None,
    )
    def version(self, request: Request, pk: str, version: str) -> HttpResponse:
        """One whole version of the record, exactly as it was served."""
        as_of = request.query_params.get("as_of")
        now = PRESENT if as_of is None else moment(as_of)
        object_id = self.any_id(pk, now)
        if isinstance(object_id, HttpResponse):
            return object_id
        number = int(version) if re.fullmatch("[0-9]{1,9}", version) else 0
        found = (
            self.queryset.of(object_id).filter(version=number).annotate(newest=newest_seq()).first()
        )
        if found is None or (now.seq is not None and found.seq > now.seq):
            raise NotFoundProblem(
                f"There is no version {version[:40]!a}; the history lists those there are."
            )
        if found.op == Op.ERASE:
            raise self.erased(object_id)
        return self.whole(found)

    # Finding one record.

    def find(self, pk: str, now: Moment) -> PublishedRecord | HttpResponse:
        """The record at an address at a moment, or the redirect that leads to it.

        Raises the problem that fits its state: never existed, not yet recorded, retracted, erased.
        """
        if not UUID_PATTERN.fullmatch(pk):
            return self.by_code(pk, now)
        object_id = UUID(pk)
        versions = self.at(self.queryset.of(object_id), now, live=False)
        version = versions.annotate(newest=newest_seq()).first()
        if version is None:
            raise self.missing(object_id, now)
        if version.op == Op.MERGE:
            return self.to_survivor(version, now)
        if version.op == Op.RETRACT:
            raise self.retracted(version)
        if version.op == Op.ERASE:
            raise self.erased(object_id)
        return version

    def any_id(self, pk: str, now: Moment) -> UUID | HttpResponse:
        """The id at an address whatever its state; its history outlives a retraction."""
        if not UUID_PATTERN.fullmatch(pk):
            return self.by_code(pk, now)
        object_id = UUID(pk)
        versions = self.queryset.of(object_id)
        if now.seq is not None:
            versions = versions.filter(seq__lte=now.seq)
        if not versions.exists():
            raise self.missing(object_id, now)
        return object_id

    def by_code(self, pk: str, now: Moment) -> HttpResponse:
        """The redirect from a `scheme:code` to the canonical address."""
        resource = self.record.shape.resource
        if not CODE_PATTERN.fullmatch(pk):
            raise NotFoundProblem(
                f"{pk[:80]!a} is neither an id (a UUID) nor a scheme:code such as geonames:704204."
            )
        holders = self.at(self.queryset.filter(codes__contains=[pk]), now, live=False)
        found = holders.order_by("-live", "-seq").values_list("object_id", flat=True).first()
        if found is None:
            raise NotFoundProblem(f"No record of the {resource} has the code {pk[:80]!a}.")
        return self.redirect(found)

    def redirect(self, object_id: UUID, *, permanent: bool = False) -> HttpResponse:
        """A redirect (307, or 308) to the same question of another id, its query kept."""
        kwargs = {**self.kwargs, "pk": str(object_id)}
        match = self.request.resolver_match
        assert match is not None
        url = reverse(match.view_name, kwargs=kwargs)
        query = self.request.META.get("QUERY_STRING", "")
        url = self.request.build_absolute_uri(url) + (f"?{query}" if query else "")
        kind = HttpResponsePermanentRedirect if permanent else HttpResponseRedirect
        response = kind(url, preserve_request=True)
        response["Cache-Control"] = "private, no-cache" if settings.CLOSED else "public, no-cache"
        return response

    def to_survivor(self, version: PublishedRecord, now: Moment) -> HttpResponse:
        """The redirect from a merged record to what it was merged into, at the end of the chain."""
        seen = {version.object_id}
        while version.op == Op.MERGE and version.merged_into not in seen:
            assert version.merged_into is not None
            seen.add(version.merged_into)
            version = self.at(self.queryset.of(version.merged_into), now, live=False).get()
        return self.redirect(version.object_id, permanent=True)

    def missing(self, object_id: UUID, now: Moment) -> ProblemError:
        """The problem for an id that has no version at the moment."""
        first = None
        if now.seq is not None:
            first = self.queryset.of(object_id).order_by("version").first()
        if first is None:
            return NotFoundProblem(
                f"No record of the {self.record.shape.resource} has the id {object_id}."
            )
        instant = format_instant(first.recorded_at)
        return NotYetRecorded(
            f"It was first recorded at {instant}, as number {first.seq}.",
            first_recorded_at=instant,
            first_seq=first.seq,
        )

    def retracted(self, version: PublishedRecord) -> Retracted:
        """The problem for a tombstone, with its reason and instant."""
        reason = ChangeSet.objects.filter(changes__seq=version.seq).values_list("reason", flat=True)
        instant = format_instant(version.recorded_at)
        return Retracted(
            f"It was retracted at {instant}: {reason[0]}",
            reason=reason[0],
            retracted_at=instant,
            seq=version.seq,
        )

    def erased(self, object_id: UUID) -> Erased:
        """The problem for what was erased."""
        return Erased("It was erased in every version, for legal reasons or for a person's safety.")


def _version(row: tuple[Any, ...], now: Moment) -> dict[str, Any]:
    """One entry of a history."""
    number, seq, op, live, body, at, superseded, until, before, before_live, cause, reason = row
    patch = None
    if live and before_live:
        patch = jsonpatch.make_patch(orjson.loads(before), orjson.loads(body)).patch
    if superseded is None or (now.seq is not None and superseded > now.seq):
        until = None
    return {
        "version": number,
        "seq": seq,
        "op": op,
        "cause": cause,
        "reason": reason or None,
        "recorded_at": format_instant(at),
        "superseded_at": format_instant(until),
        "patch": patch,
    }


class RootView(ReadView):
    """What there is: the resources, where each is listed, and the newest number."""

    @extend_schema(operation_id="root_retrieve", responses=RootSerializer, tags=["root"])
    def get(self, request: Request) -> HttpResponse:
        """The resources with the address of each, the newest number, and where to read more."""
        now = moment(None)
        if (same := self.unchanged(now)) is not None:
            return same
        names = {
            resource: f"{record_of(resource).shape.model._meta.model_name}-list"
            for resource in resources()
        }
        names |= {"datasets": "dataset-list", "changes": "changes"}
        documentation = {"openapi": "schema", "swagger_ui": "docs", "redoc": "redoc"}
        absolute = request.build_absolute_uri
        body = {
            "name": "Dateline",
            "version": settings.VERSION,
            "seq": now.newest,
            "resources": {name: absolute(reverse(route)) for name, route in names.items()},
            "documentation": {n: absolute(reverse(route)) for n, route in documentation.items()},
        }
        return self.answer(orjson.dumps(body), self.tag(now.newest), now.newest, now.recorded_at)


class ChangesView(ReadView, GenericViewSet):  # type: ignore[type-arg]
    """The change log."""

    queryset = Change.objects.all()
    serializer_class = ChangeSerializer
    filterset_class = ChangeFilter

    def known_parameters(self) -> dict[str, bool]:
        filters = ChangeFilter.base_filters
        known = {name: found.repeatable for name, found in filters.items()}
        return known | {"as_of": False, "limit": False, "cursor": False, "count": False}

    @extend_schema(operation_id="changes_list", tags=["changes"])
    def list(self, request: Request) -> HttpResponse:
        """Every change in the order of its number, oldest first.

        Replayed from 0 it gives exactly the current records: `add` and `modify` set a record to
        `record`, the other operations take it away.
        """
        params = request.query_params
        limit, binding = paging.read_limit(params), paging.bound_to(request.path, params)
        cursor = paging.read_cursor(params, binding)
        self.read_count()
        filters = ChangeFilter(params)
        now = moment(params.get("as_of"))
        if (same := self.unchanged(now)) is not None:
            return same
        queryset = filters.apply(self.queryset.all(), now)
        if now.seq is not None:
            queryset = queryset.filter(seq__lte=now.seq)
        found = paging.page(
            queryset,
            ("seq", "seq"),
            descending=False,
            limit=limit,
            cursor=cursor,
            binding=binding,
            shown=[
                "op", "cause", "resource", "object_id", "version",
                "change_set__recorded_at", "change_set__reason", newest_seq(),
            ],
        )  # fmt: skip
        bodies = _bodies([(row[4], row[0]) for row in found.rows])
        newest = found.rows[0][9] if found.rows else now.newest
        results = b",".join(_change(row, bodies.get(row[0])) for row in found.rows)
        body = self.written(found, results, self.counted(queryset))
        return self.licensed(self.answer(body, self.tag(newest), newest, now.recorded_at))


def _bodies(wanted: list[tuple[str, int]]) -> dict[int, str]:
    """The JSON of live versions by number, whatever their resource: one query."""
    parts = [
        record_of(resource)
        .objects.filter(seq__in=[seq for name, seq in wanted if name == resource], live=True)
        .values_list("seq", "body")
        for resource in sorted({name for name, _ in wanted})
    ]
    if not parts:
        return {}
    return dict(parts[0].union(*parts[1:], all=True))


def _change(row: tuple[Any, ...], record: str | None) -> bytes:
    seq, _, op, cause, resource, object_id, version, recorded_at, reason, _ = row
    head = {
        "seq": seq,
        "op": op,
        "cause": cause,
        "resource": resource,
        "id": str(object_id),
        "version": version,
        "recorded_at": format_instant(recorded_at),
        "reason": reason or None,
    }
    whole = (record or "null").encode()
    return orjson.dumps(head)[:-1] + b',"record":' + whole + b"}"


class DatasetViewSet(ReadView, GenericViewSet):  # type: ignore[type-arg]
    """Data sets: where rows came from as a batch, under which terms."""

    queryset = Dataset.objects.all()
    serializer_class = DatasetSerializer
    lookup_field = "slug"
    lookup_value_regex = "[^/]+"
    orderings: ClassVar = {"slug": paging.same("slug")}

    def known_parameters(self) -> dict[str, bool]:
        if "as_of" in self.request.query_params:
            raise BadParameter(("as_of", "data sets are not versioned; they have no earlier state"))
        return dict(PAGING) if self.action == "list" else {}

    def list(self, request: Request) -> HttpResponse:
        """Every data set, with its terms and how many public records it has."""
        params = request.query_params
        limit, binding = paging.read_limit(params), paging.bound_to(request.path, params)
        cursor = paging.read_cursor(params, binding)
        ordering, descending = self.read_ordering(self.orderings, "slug")
        self.read_count()
        now, tag = self.state()
        if (same := self.not_modified(tag, now)) is not None:
            return same
        found = paging.page(
            self.queryset,
            (ordering.ascending, "id"),
            descending=descending,
            limit=limit,
            cursor=cursor,
            binding=binding,
            shown=_DATASET_COLUMNS,
        )
        counts = dataset_counts([row[0] for row in found.rows])
        results = b",".join(orjson.dumps(_dataset(row[0], row[2:], counts)) for row in found.rows)
        body = self.written(found, results, self.counted(self.queryset))
        return self.licensed(self.answer(body, tag, now.newest, now.recorded_at))

    def retrieve(self, request: Request, slug: str) -> Response | HttpResponse:
        """One data set, by its slug."""
        now, tag = self.state()
        row = None
        if SLUG_PATTERN.fullmatch(slug):
            row = self.queryset.filter(slug=slug).values_list(*_DATASET_COLUMNS).first()
        if row is None:
            raise NotFoundProblem(f"There is no data set {slug[:80]!a}.")
        if (same := self.not_modified(tag, now)) is not None:
            return same
        body = orjson.dumps(_dataset(slug, row, dataset_counts([slug])))
        return self.licensed(self.answer(body, tag, now.newest, now.recorded_at))

    def state(self) -> tuple[Moment, str]:
        """The newest number, and a tag: data sets change without one as well. One query."""
        with connection.cursor() as cursor:
            cursor.execute(
                "select n.last_seq, n.recorded_at, d.count, d.last"
                " from (select count(*), max(updated_at) as last from records_dataset) d"
                " left join (select last_seq, recorded_at from records_changeset"
                " order by last_seq desc limit 1) n on true"
            )
            seq, at, count, last = cursor.fetchone()
        now = Moment(seq or 0, at)
        tag = hashlib.sha256(f"{self.tag(now.newest)} {count} {last}".encode())
        return now, tag.hexdigest()[:32]


_DATASET_COLUMNS = [
    "title", "version", "publisher", "licence", "licence_url", "attribution", "redistribution",
    "sha256", "state", "updated_at",
]  # fmt: skip


def _dataset(slug: str, row: tuple[Any, ...], counts: dict[str, dict[str, int]]) -> dict[str, Any]:
    said = dict(zip(_DATASET_COLUMNS, row, strict=True))
    return {
        "slug": slug,
        **{name: said[name] or None for name in _DATASET_COLUMNS[:6]},
        "redistribution": said["redistribution"],
        "counts": dict.fromkeys(resources(), 0) | counts.get(slug, {}),
        "sha256": said["sha256"] or None,
        "state": said["state"],
        "updated_at": format_instant(said["updated_at"]),
    }


def dataset_counts(slugs: list[str]) -> dict[str, dict[str, int]]:
    """How many current records each data set has, by resource: one query."""
    if not slugs:
        return {}
    parts = [
        f"select '{resource}', d, count(*) from {record_of(resource)._meta.db_table} r,"
        " unnest(r.datasets) d where r.superseded_seq is null and r.live"
        " and r.datasets && %s::varchar[] and d = any(%s::varchar[]) group by d"
        for resource in resources()
    ]
    counts: dict[str, dict[str, int]] = {slug: {} for slug in slugs}
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(parts), [slugs, slugs] * len(parts))
        for resource, slug, count in cursor.fetchall():
            counts[slug][resource] = count
    return counts
