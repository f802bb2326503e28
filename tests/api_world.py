"""What the tests of the API share: its routes, read from the router, and many records made fast."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from records.models import ChangeSet
from records.registry import record_of

ROOT = "/api/v1/"


@dataclass(frozen=True)
class Route:
    """One address of the API: its name, its view class and what the view does there."""

    name: str
    view: Any
    action: str

    def __str__(self) -> str:
        return self.name

    @property
    def resource(self) -> str | None:
        """The resource whose records it serves; None for what is no resource."""
        return self.view.queryset.model.shape.resource if hasattr(self.view, "record") else None


def routes() -> Iterator[Route]:
    """Every address of the API, as the resolver has it."""
    for pattern in _patterns(get_resolver().url_patterns, ""):
        view = getattr(pattern.callback, "cls", None)
        if view is not None:
            actions = getattr(pattern.callback, "actions", {"get": "get"})
            yield Route(pattern.name, view, actions["get"])


def _patterns(patterns: list[Any], prefix: str) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if not str(pattern.pattern).startswith("admin"):
                yield from _patterns(pattern.url_patterns, prefix)
        else:
            yield pattern


def lists() -> list[Route]:
    """Every list."""
    return [route for route in routes() if route.action == "list"]


def record_lists() -> list[Route]:
    """The lists of records."""
    return [route for route in lists() if route.resource]


def get(client: Client, url: str, status: int = 200, **headers: str) -> Any:
    """The JSON of an answer, whose status is checked."""
    answer = client.get(url, headers=headers)
    assert answer.status_code == status, (url, answer.status_code, answer.content[:1000])
    return orjson.loads(answer.content)


def problem(client: Client, url: str, status: int = 400) -> dict[str, Any]:
    """The problem that an address answers with."""
    answer = client.get(url)
    assert answer.status_code == status, (url, answer.status_code, answer.content[:300])
    assert answer["Content-Type"] == "application/problem+json"
    return orjson.loads(answer.content)


def wrong_parameters(client: Client, url: str) -> list[str]:
    """The parameters that a 400 names."""
    return [error["parameter"] for error in problem(client, url)["errors"]]


def ids(answer: dict[str, Any]) -> list[str]:
    """The ids of a page."""
    return [record["id"] for record in answer["results"]]


def walk(client: Client, url: str | None, link: str = "next") -> Iterator[dict[str, Any]]:
    """The pages from an address on."""
    while url is not None:
        page = get(client, url)
        yield page
        url = page[link]


def detail(resource: str, object_id: UUID | str, *more: Any) -> str:
    """The address of a record."""
    name = record_of(resource).shape.model._meta.model_name
    return reverse(f"{name}-detail", args=[str(object_id)]) + "".join(f"{part}/" for part in more)


def multiply(resource: str, template: UUID, times: int) -> list[UUID]:
    """Append copies of a public record, each an object of its own: one change set, a few queries.

    Full text finds them; by name only the one that they were made from is found.

    Rows of the workspace are not made: only the public side has them.
    """
    record = record_of(resource)
    table, line = record._meta.db_table, record.place_line
    columns = [field.column for field in record._meta.concrete_fields if not field.generated]
    newest = ChangeSet.objects.order_by("-last_seq").values_list("last_seq", flat=True).first()
    new_id = "md5(t.object_id::text || n || ' ' || %(first)s::bigint)::uuid"
    said_of_it = "regexp_replace(t.body, ',\"version\":[^{]*$', '')"
    instant = "to_char(s.recorded_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    said = {
        "seq": "%(first)s::bigint + n",
        "object_id": new_id,
        "version": "1",
        "op": "'add'",
        "recorded_at": "s.recorded_at",
        "line": f"array_replace(t.line, t.object_id, {new_id})",
        "body": f"replace({said_of_it}, t.object_id::text, {new_id}::text)"
        ' || \',"version":1,"seq":\' || (%(first)s::bigint + n)'
        f" || ',\"recorded_at\":\"' || {instant} || '\"}}'",
        # A line ends with the same three, which are never quoted.
        "csv": "regexp_replace(replace(t.csv, t.object_id::text, "
        f"{new_id}::text), ',[^,]*,[^,]*,[^,]*$', '') || ',1,' || (%(first)s::bigint + n)"
        f" || ',' || {instant}",
    }
    copied = ", ".join(said.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    of_template = "superseded_seq is null and object_id = %(template)s"
    given = {"first": newest or 0, "times": times, "template": template, "resource": resource}
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into records_changeset (first_seq, last_seq, recorded_at, role, reason)"
            " select %(first)s::bigint + 1, %(first)s::bigint + %(times)s,"
            " greatest(clock_timestamp(), max(recorded_at) + interval '1 microsecond'), '', ''"
            " from records_changeset returning id",
            given,
        )
        given["change_set"] = cursor.fetchone()[0]
        cursor.execute(
            f"insert into {table} ({names}) select {copied} from {table} t,"
            " records_changeset s, generate_series(1, %(times)s::int) n"
            f" where t.{of_template.replace(' and ', ' and t.')} and s.id = %(change_set)s"
            " returning object_id",
            given,
        )
        made = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "insert into records_change"
            " (seq, change_set_id, op, cause, resource, object_id, version, dataset)"
            " select seq, %(change_set)s, 'add', 'import', %(resource)s, object_id, 1, dataset"
            f" from {table} where seq > %(first)s::bigint",
            given,
        )
        if line is not None:
            keys = [
                field.column
                for field in line._meta.concrete_fields
                if field.column not in ("id", "place_id", "object_id", "current", "seq")
            ]
            cursor.execute(
                f"insert into {line._meta.db_table}"
                f" (place_id, object_id, current, seq, {', '.join(keys)})"
                f" select unnest(line), object_id, true, seq, {', '.join(keys)}"
                f" from {table} where seq > %(first)s::bigint",
                given,
            )
        cursor.execute(f"analyze {table}")
    return made
