"""The view set that a resource subclasses: its list, its records, and their history."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

import jsonpatch
import orjson
from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import (
    HttpResponse,
    HttpResponseBase,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from records.api import exports, paging, timelines
from records.api.facets import Facet, FacetsSerializer, count_facets, read_facets
from records.api.filters import (
    CODE_PATTERN,
    UUID_PATTERN,
)
from records.api.filtersets import RecordFilter
from records.api.formats import (
    CSVRenderer,
    GeoJSONRenderer,
    JSONLDRenderer,
    JSONRenderer,
    NDJSONRenderer,
)
from records.api.members import Backwards, read_expand, read_fields
from records.api.moments import PRESENT, Moment, moment, newest
from records.api.problems import (
    BadParameter,
    Erased,
    NotFoundProblem,
    NotYetRecorded,
    ProblemError,
    Retracted,
)
from records.api.reading import AS_OF, PAGING, ReadView, newest_seq
from records.api.rendition import Rendition
from records.api.searching import best
from records.api.serializers import (
    VersionSerializer,
)
from records.models import Change, ChangeSet, Op
from records.record import PublishedRecord
from records.registry import record_of
from records.shape import Body
from records.time import format_instant


class RecordViewSet(ReadView, GenericViewSet):  # type: ignore[type-arg]
    """A resource: its list, its records, and their history.

    A subclass names `queryset`, `serializer_class`, `filterset_class`, `orderings` and
    `default_ordering`.
    """

    lookup_value_regex = "[^/]+"
    queryset: ClassVar[QuerySet[Any]]
    serializer_class: ClassVar[type[BaseSerializer[Any]]]
    filterset_class: ClassVar[type[RecordFilter]]
    orderings: ClassVar[dict[str, paging.Ordering]]
    default_ordering: ClassVar[str]
    #: Who points at the records of the resource, for `expand`.
    backwards: ClassVar[Backwards] = {}
    #: The times that a timeline counts by beside `recorded_at`, the default first.
    times: ClassVar[timelines.Times] = {}
    #: What records are counted by, and what is added up beside their count.
    facets_by: ClassVar[dict[str, Facet]] = {}
    measures: ClassVar[dict[str, str]] = {}
    #: Whether records lie somewhere, so that they come as GeoJSON too.
    located: ClassVar[bool] = False
    #: Whether schema.org has terms for the records, so that they come as JSON-LD too.
    linked: ClassVar[bool] = True

    @property
    def record(self) -> type[PublishedRecord]:
        """The record model."""
        return self.queryset.model

    def known_parameters(self) -> dict[str, bool]:
        known = {"as_of": False}
        if self.action == "list":
            known |= PAGING
        if self.action in ("list", "timeline", "facets"):
            filters = self.filterset_class.base_filters
            known |= {name: found.repeatable for name, found in filters.items()}
        if self.action in ("list", "retrieve"):
            known |= {"fields": True, "expand": True}
        elif self.action == "history":
            known |= {"limit": False, "cursor": False, "count": False}
        elif self.action == "timeline":
            known |= dict.fromkeys(timelines.PARAMETERS, False)
        elif self.action == "facets":
            known |= {"by": True}
        return known

    def at(self, queryset: QuerySet[Any], when: Moment, *, live: bool = True) -> QuerySet[Any]:
        """The versions that answer at a moment."""
        if live:
            return queryset.at(when.seq)
        return queryset.newest() if when.seq is None else queryset.newest_at(when.seq)

    def get_renderers(self) -> Sequence[Any]:
        """Records come in all formats, what is told of them in JSON alone."""
        if self.action not in ("list", "retrieve"):
            return [JSONRenderer()]
        located = [GeoJSONRenderer()] if self.located else []
        linked = [JSONLDRenderer()] if self.linked else []
        whole = [CSVRenderer(), NDJSONRenderer()] if self.action == "list" else []
        return [JSONRenderer(), *located, *linked, *whole]

    def list(self, request: Request) -> HttpResponseBase:
        params = request.query_params
        if request.accepted_renderer.format in exports.FORMATS:
            return exports.whole_set(self)
        limit, binding = paging.read_limit(params), paging.bound_to(request.path, params)
        cursor = paging.read_cursor(params, binding)
        filters = self.filterset_class(params)
        ordering = self.asked_ordering(cursor)
        self.read_count()
        rendition = self.rendition()
        now = moment(params.get("as_of"))
        if (same := self.unchanged(now)) is not None:
            return same
        while True:
            queryset = filters.apply(self.at(self.queryset.all(), now), now)
            if ordering is None:
                found = self.best(queryset, filters, limit)
            else:
                found = self.page(queryset, filters, ordering, limit, cursor, binding)
            newest = found.rows[0][3] if found.rows else now.newest
            written = rendition.written([row[2] for row in found.rows], replace(now, newest=newest))
            # References were resolved ahead of the page, and what is added to it is read after it:
            # all must speak of the same moment.
            if now.seq is not None or (
                (newest == now.newest or not filters.read_ahead) and rendition.still(newest)
            ):
                break
            now = moment(None)
        body = rendition.collection(written, self.heading(found, self.counted(queryset)))
        answer = self.answer(body, self.tag(newest), newest, now.recorded_at)
        return self.licensed(answer, found)

    def asked_ordering(self, cursor: paging.Cursor | None) -> tuple[paging.Ordering, bool] | None:
        """The ordering that is asked for; None for what fits best first."""
        params = self.request.query_params
        default = "relevance" if "name" in params else self.default_ordering
        if params.get("ordering", default) != "relevance":
            return self.read_ordering(self.orderings, default)
        if not {"q", "name"} & set(params):
            raise BadParameter(("ordering", "relevance needs q or name, to which it relates"))
        if cursor is not None:
            raise BadParameter(("cursor", "an answer by relevance is one page"))
        return None

    def page(
        self,
        queryset: QuerySet[Any],
        filters: RecordFilter,
        ordering: tuple[paging.Ordering, bool],
        limit: int,
        cursor: paging.Cursor | None,
        binding: str,
    ) -> paging.Page:
        """A page of versions in an order: rows of two sort values, the body, the newest number."""
        prefix = "place_lines__" if filters.sorted_by_line else ""
        by, descending = ordering
        return paging.page(
            queryset,
            (prefix + (by.descending if descending else by.ascending), f"{prefix}object_id"),
            descending=descending,
            limit=limit,
            cursor=cursor,
            binding=binding,
            shown=["body", newest_seq()],
        )

    def best(self, queryset: QuerySet[Any], filters: RecordFilter, limit: int) -> paging.Page:
        """The one page of what fits best, its rows as those of `page`."""
        if queryset.query.is_empty():
            return paging.Page()
        shown = ["object_id", "object_id", "body", newest_seq()]
        return paging.Page(best(queryset, filters.rank, limit, shown))

    def rendition(self) -> Rendition:
        """The format that is asked for, with the members chosen."""
        params, renderer = self.request.query_params, self.request.accepted_renderer
        fields = read_fields(params, self.serializer_class)
        expand = read_expand(params, self.record, self.backwards)
        if renderer.format == "jsonld":
            for name in ("fields", "expand"):
                if name in params:
                    raise BadParameter((name, "JSON-LD shows whole records, each by itself"))
        return Rendition(self, renderer.format, fields, expand)

    def address(self, resource: str, object_id: str = "") -> str:
        """The URL of a record, or of the list of a resource."""
        name = record_of(resource).shape.model._meta.model_name
        route = (
            reverse(f"{name}-detail", args=[object_id]) if object_id else reverse(f"{name}-list")
        )
        return self.request.build_absolute_uri(route)

    def json_ld(self, body: Body) -> Body:
        """A record as a node of JSON-LD, with the terms of schema.org."""
        raise NotImplementedError

    def geometries(self, bodies: Sequence[Body], now: Moment) -> Sequence[Body | None]:
        """The GeoJSON geometry of each body, for resources whose records lie somewhere."""
        found = self.record.geometries(bodies, now.seq)
        return [None for _ in bodies] if found is None else found

    @extend_schema(parameters=[AS_OF])
    def retrieve(self, request: Request, pk: str) -> HttpResponse:
        """One record, by its id or one of its codes, as it is or as it stood at `as_of`."""
        rendition, as_of = self.rendition(), request.query_params.get("as_of")
        now = PRESENT if as_of is None else moment(as_of)
        while True:
            version = self.find(pk, now)
            if isinstance(version, HttpResponse):
                return version
            if rendition.plain:
                return self.whole(version)
            of_version = Moment(version.newest, version.recorded_at, now.seq)
            written = rendition.written([version.body], of_version)
            if now.seq is not None or rendition.still(version.newest):
                break
        return self.hashed(rendition.single(written), of_version)

    def whole(self, version: Any) -> HttpResponse:
        """The answer with one version, exactly as it is stored. It has `newest` beside it."""
        return self.hashed(version.body.encode(), Moment(version.newest, version.recorded_at))

    def hashed(self, body: bytes, now: Moment) -> HttpResponse:
        """An answer whose tag is the hash of what it says, or the 304 to who has it."""
        tag = hashlib.sha256(body).hexdigest()[:32]
        return self.not_modified(tag, now) or self.answer(body, tag, now.newest, now.recorded_at)

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
                Subquery(Change.objects.filter(seq=OuterRef("seq")).values("op")),
                "live",
                "body",
                "recorded_at",
                "superseded_seq",
                Subquery(superseded.values("change_set__recorded_at")),
                Subquery(before.values("body")),
                Subquery(before.values("live")),
                Subquery(Change.objects.filter(seq=OuterRef("seq")).values("cause")),
                Subquery(Change.objects.filter(seq=OuterRef("seq")).values("change_set__role")),
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

    # Counting.

    @extend_schema(responses=timelines.TimelineSerializer, filters=True)
    @action(detail=False, pagination_class=None)
    def timeline(self, request: Request) -> HttpResponse:
        """How many records there are in each interval of time, those with none between them too.

        It takes every filter of the list. A record counts once, at the earliest bound of its time,
        or where that is open at the latest; those without a time are counted in `undated`.
        """
        params, times = request.query_params, self.all_times
        asked = timelines.read_asked(params, times, self.all_facets)
        return self.computed(
            timelines.columns(self.record, asked, times),
            lambda matching, seq: timelines.timeline(matching, asked, times, seq),
        )

    @extend_schema(responses=FacetsSerializer, filters=True)
    @action(detail=False, pagination_class=None)
    def facets(self, request: Request) -> HttpResponse:
        """How many records have each value of one or more kinds, those with most first.

        It takes every filter of the list. At most 100 values of each kind are told one by one.
        """
        facets = read_facets(request.query_params, self.all_facets)
        filtered = bool(set(request.query_params) & set(self.filterset_class.base_filters))
        return self.computed(
            [*(facet.column for facet in facets.values()), *self.measures.values()],
            lambda matching, seq: count_facets(
                matching, facets, seq, measures=self.measures, filtered=filtered
            ),
        )

    @property
    def all_times(self) -> timelines.Times:
        """The times that a timeline counts by."""
        return {**self.times, "recorded_at": ("recorded_at",)}

    @property
    def all_facets(self) -> dict[str, Facet]:
        """What records are counted by."""
        return {**self.facets_by, "dataset": Facet("datasets")}

    def computed(
        self, columns: Sequence[str], compute: Callable[[QuerySet[Any], int | None], Body]
    ) -> HttpResponse:
        """What is computed by columns of all that match at a moment, or the 304 to who has it."""
        filters = self.filterset_class(self.request.query_params)
        now = moment(self.request.query_params.get("as_of"))
        if (same := self.unchanged(now)) is not None:
            return same
        while True:
            versions = self.at(self.queryset.all(), now)
            said = compute(filters.apply(versions, now, counted=columns), now.seq)
            # Several queries were made: they must have seen the same records.
            if now.seq is not None or newest().newest == now.newest:
                break
            now = moment(None)
        body = orjson.dumps(said)
        return self.licensed(self.answer(body, self.tag(now.newest), now.newest, now.recorded_at))

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
    number, seq, op, live, body, at, superseded, until, before, before_live, cause, role, reason = (
        row
    )
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
        "role": role or None,
        "reason": reason or None,
        "recorded_at": format_instant(at),
        "superseded_at": format_instant(until),
        "patch": patch,
    }
