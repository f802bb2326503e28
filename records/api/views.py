"""What the records app serves of its own: the root, the change log and the data sets."""

import hashlib
import re
from typing import Any, ClassVar
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import F
from django.http import (
    HttpResponse,
)
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from records.api import paging
from records.api.filters import SLUG_PATTERN
from records.api.filtersets import ChangeFilter
from records.api.moments import Moment, moment, newest
from records.api.problems import (
    BadParameter,
    NotFoundProblem,
)
from records.api.queries import text_query
from records.api.reading import AS_OF, PAGING, ReadView, newest_seq
from records.api.searching import (
    LENGTH_LIMIT,
    Matches,
    QueryField,
    Rank,
    best,
    by_name,
)
from records.api.serializers import (
    ChangeSerializer,
    DatasetSerializer,
    RootSerializer,
    SearchSerializer,
)
from records.imports import Counts
from records.models import Change, Dataset
from records.registry import record_of, resources
from records.time import format_instant

#: Records of each resource that a search shows, and at most.
BEST, BEST_MOST = 5, 20


def list_routes() -> dict[str, str]:
    """The name of the route to each resource's list."""
    return {
        resource: f"{record_of(resource).shape.model._meta.model_name}-list"
        for resource in resources()
    }


class RootView(ReadView):
    """What there is: the resources, where each is listed, and the newest number."""

    @extend_schema(operation_id="root_retrieve", responses=RootSerializer, tags=["root"])
    def get(self, request: Request) -> HttpResponse:
        """The resources with the address of each, the newest number, and where to read more."""
        now = moment(None)
        if (same := self.unchanged(now)) is not None:
            return same
        names = list_routes() | {
            "datasets": "dataset-list",
            "changes": "changes",
            "vocabularies": "vocabulary-list",
            "coverage": "coverage",
            "search": "search",
        }
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


class SearchView(ReadView):
    """The best of each resource for some words."""

    parameters: ClassVar = {"q": False, "as_of": False, "limit": False}

    @extend_schema(
        operation_id="search_retrieve",
        parameters=[
            OpenApiParameter(
                "q",
                {"type": "string", "minLength": 1, "maxLength": LENGTH_LIMIT},
                required=True,
                description="A name in any spelling, or words; see `name` and `q` of the lists.",
            ),
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": BEST_MOST, "default": BEST},
                description="How many of each resource.",
            ),
            AS_OF,
        ],
        responses=SearchSerializer,
        tags=["search"],
    )
    def get(self, request: Request) -> HttpResponse:
        """Places, actors and sources by their names, the rest by their words, best first."""
        params = request.query_params
        text, limit = self.asked()
        now = moment(params.get("as_of"))
        if (same := self.unchanged(now)) is not None:
            return same
        while True:
            query = text_query(text, now)
            found = {name: self.best_of(name, text, query, now, limit) for name in resources()}
            if now.seq is not None or newest().newest == now.newest:
                break
            now = moment(None)
        head = {"q": text, "more": {name: self.more(name, text) for name in resources()}}
        results = b",".join(
            orjson.dumps(name) + b":[" + ",".join(bodies).encode() + b"]"
            for name, bodies in found.items()
        )
        body = orjson.dumps(head)[:-1] + b',"results":{' + results + b"}}"
        return self.licensed(self.answer(body, self.tag(now.newest), now.newest, now.recorded_at))

    def asked(self) -> tuple[str, int]:
        """What is looked for, and how many of each resource are shown."""
        params = self.request.query_params
        if "q" not in params:
            raise BadParameter(("q", "is needed: what to look for"))
        try:
            text = QueryField().clean([params["q"]])
        except ValidationError as error:
            raise BadParameter(("q", " ".join(error.messages))) from None
        given = params.get("limit", str(BEST))
        if not (re.fullmatch("[0-9]{1,3}", given, re.ASCII) and 1 <= int(given) <= BEST_MOST):
            raise BadParameter(
                ("limit", f"{given[:40]!a} is not a whole number from 1 to {BEST_MOST}")
            )
        return text, int(given)

    def best_of(self, resource: str, text: str, query: Any, now: Moment, limit: int) -> list[str]:
        """The JSON of the records of a resource that fit best: by name, or else by words."""
        record = record_of(resource)
        versions = record.objects.at(now.seq)
        if record.name_key is None:
            matching = versions.filter(Matches(F("vector"), query))
            ranked = best(matching, Rank(F("vector"), query), limit, ["body"])
            return [body for (body,) in ranked]
        ids = by_name(record, text, now)[:limit]
        by_id = dict(versions.filter(object_id__in=ids).values_list("object_id", "body"))
        return [by_id[object_id] for object_id in ids if object_id in by_id]

    def more(self, resource: str, text: str) -> str:
        """The address of the list that goes on where a search ends."""
        params = self.request.query_params
        named = record_of(resource).name_key is not None
        asked = {"name": text} if named else {"q": text, "ordering": "relevance"}
        if "as_of" in params:
            asked["as_of"] = params["as_of"]
        url = reverse(list_routes()[resource])
        return self.request.build_absolute_uri(f"{url}?{urlencode(asked)}")


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
                "change_set__recorded_at", "change_set__role", "change_set__reason", newest_seq(),
            ],
        )  # fmt: skip
        bodies = _bodies([(row[4], row[0]) for row in found.rows])
        newest = found.rows[0][10] if found.rows else now.newest
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
    seq, _, op, cause, resource, object_id, version, recorded_at, role, reason, _ = row
    head = {
        "seq": seq,
        "op": op,
        "cause": cause,
        "resource": resource,
        "id": str(object_id),
        "version": version,
        "recorded_at": format_instant(recorded_at),
        "role": role or None,
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
    "sha256", "state", "progress", "updated_at",
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
        "progress": Counts.of(said["progress"]).as_json() if said["progress"] else None,
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
