"""The plan guard: buffers that PostgreSQL touches for a page of 50, by every documented filter.

`python -m bench.plans` asks the lists of the instance of its state folder, explains every query
that they run, and prints what it found as JSON.
"""

import json
import os
import statistics
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

NOWHERE = "00000000-0000-4000-8000-000000000000"
RESOURCES = ("events", "claims")
#: The most buffers that a page may touch.
MOST = 5_000
#: How selective a value is, and the share of the newest that a bound of that kind leaves.
SHARES = {"rare": 0.0005, "middling": 0.03, "common": 0.5}


def main() -> None:
    """Print the buffers of each page, and how long pages of regions take."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    found = [
        {"path": path, "selectivity": selectivity, "buffers": explained(path)["buffers"]}
        for resource in RESOURCES
        for selectivity, path in pages(resource)
    ]
    json.dump({"pages": found, "regions": regions()}, sys.stdout)


def explained(path: str) -> dict[str, float]:
    """Buffers that all queries of a page touch, and milliseconds that they take."""
    from django.db import connection
    from django.test import Client

    statements: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        answer = Client(headers={"host": "localhost"}).get(path)
    assert answer.status_code == 200, f"{path} answered {answer.status_code}: {answer.content!r}"
    buffers, milliseconds = 0, 0.0
    with connection.cursor() as cursor:
        for sql, params in statements:
            if sql.lstrip(" (").lower().startswith(("select", "with")):
                # Reading the clock for each row would cost more than small plans do.
                cursor.execute(f"explain (analyze, buffers, timing off, format json) {sql}", params)
                plan = cursor.fetchone()[0]
                [told] = json.loads(plan) if isinstance(plan, str) else plan
                buffers += told["Plan"]["Shared Hit Blocks"] + told["Plan"]["Shared Read Blocks"]
                milliseconds += told["Execution Time"]
    return {"buffers": buffers, "milliseconds": milliseconds}


def pages(resource: str) -> Iterator[tuple[str, str]]:
    """Each documented filter with values of each selectivity, as how selective and a path."""
    from events.api.filters import ClaimFilter, EventFilter

    filterset: Any = {"events": EventFilter, "claims": ClaimFilter}[resource]
    for name, found in filterset.base_filters.items():
        for selectivity, query in _queries(filterset._meta.model, name, found):
            yield selectivity, f"/api/v1/{resource}/?{query}"


def _queries(model: Any, name: str, found: Any) -> Iterator[tuple[str, str]]:
    """Queries by one filter, each with how selective it is.

    Bounds of claims are taken from the events' times, for most of the made-up claims have none.
    """
    from events.api.filters import ClaimantFilter, DistinctFilter, OrderFilter
    from events.records import ClaimRecord, EventRecord
    from records.api import filters as of
    from records.api.position import BoxFilter, NearFilter, RadiusFilter
    from records.api.searching import TextFilter

    time = model.newest_first.removesuffix("_last")
    since = "since" if time == "when" else "said_since"
    match found:
        case RadiusFilter():
            return  # asked for with `near`
        case NearFilter() | BoxFilter():
            yield from _positions(model, name)
        case TextFilter():
            yield from ((kind, f"q={quote(word)}") for kind, word in _words(model))
        case DistinctFilter():
            yield "common", "distinct=true"
        case of.ModifierFilter():
            for kind, share in SHARES.items():
                yield (
                    kind,
                    f"{since}={_instant(EventRecord, 'when_earliest', 1 - share)}&{name}=true",
                )
        case of.FlagFilter():
            yield "rare", f"{name}=true"
            yield "common", f"{name}=false"
        case of.UpdatedSinceFilter():
            yield "empty", f"{name}=2999"
            for kind, share in SHARES.items():
                yield kind, f"{name}={_instant(model, 'recorded_at', 1 - share)}"
        case of.BoundFilter():
            until = found.side == "until"
            yield "empty", f"{name}={'0100' if until else '2999'}"
            for kind, share in SHARES.items():
                at = share if until else 1 - share
                yield kind, f"{name}={_instant(EventRecord, 'when_earliest', at)}"
        case OrderFilter():
            yield "empty", f"{name}={NOWHERE}"
            for kind, share in SHARES.items():
                at = share if name == "before" else 1 - share
                yield kind, f"{name}={_id(model, f'{time}_last', at)}"
        case of.IdFilter():
            yield "empty", f"id={NOWHERE}"
            yield "rare", f"id={_id(model, 'seq', 0.5)}"
            yield "middling", f"id={','.join(_id(model, 'seq', n / 100) for n in range(100))}"
        case ClaimantFilter():
            yield from _terms(name, found, _counts(ClaimRecord, "claimant"))
        case of.WithinFilter():
            yield from _terms(name, found, _counted(
                f"select place_id, count(*) from {model.place_line._meta.db_table} "
                "where current group by 1 order by 2 desc, 1"
            ))  # fmt: skip
        case of.TermsFilter():
            yield from _terms(name, found, _counts(model, found.field_name))
        case _:
            raise AssertionError(f"the plan guard does not know how to ask by {name}")


def _terms(name: str, found: Any, counts: list[tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """A value that nothing has, the rarest, one between, the commonest, and all but that."""
    values = [value for value, _ in counts]
    unused = [value for value in getattr(found, "choices", None) or () if value not in values]
    if unused:
        yield "empty", f"{name}={unused[0]}"
    elif found.field_name in ("codes", "datasets"):
        yield "empty", f"{name}={'none:0' if found.field_name == 'codes' else 'none'}"
    elif not getattr(found, "choices", None):
        yield "empty", f"{name}={NOWHERE}"
    if not counts:
        return
    goal = (counts[0][1] * counts[-1][1]) ** 0.5
    middle = min(counts, key=lambda counted: abs(counted[1] - goal))[0]
    for kind, value in (("rare", values[-1]), ("middling", middle), ("common", values[0])):
        yield kind, f"{name}={quote(value)}"
    yield "common", f"{name}=!{quote(values[0])}"


def _counts(model: Any, column: str) -> list[tuple[str, int]]:
    """The values that current records have in a column, the commonest first."""
    from django.contrib.postgres.fields import ArrayField

    array = isinstance(model._meta.get_field(column), ArrayField)
    value = f"unnest({column})" if array else column
    return _counted(
        f"select {value} as value, count(*) from {model._meta.db_table} "
        f"where superseded_seq is null and live and {column} is not null "
        "group by 1 order by 2 desc, 1"
    )


def _counted(sql: str) -> list[tuple[str, int]]:
    return [(str(value), count) for value, count in _rows(sql)]


def _rows(sql: str, *params: Any) -> list[Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _at(model: Any, column: str, share: float) -> Any:
    """The record at a share of the way through an order: its id and its value in it."""
    table = f"{model._meta.db_table} where superseded_seq is null and live"
    [[count]] = _rows(f"select count(*) from {table} and {column} is not null")
    return _rows(
        f"select object_id, {column} from {table} and {column} is not null "
        f"order by {column}, object_id offset {min(int(count * share), count - 1)} limit 1"
    )[0]


def _instant(model: Any, column: str, share: float) -> str:
    return quote(f"{_at(model, column, share)[1]:%Y-%m-%dT%H:%M:%SZ}")


def _id(model: Any, column: str, share: float) -> str:
    return str(_at(model, column, share)[0])


def _positions(model: Any, name: str) -> Iterator[tuple[str, str]]:
    """Boxes or circles around where most events are, from none to all."""
    from events.records import EventRecord

    [[lat, lon]] = _rows(
        f"select lat, lon from {EventRecord._meta.db_table} where superseded_seq is null and live "
        "and lat is not null group by 1, 2 order by count(*) desc, 1, 2 limit 1"
    )
    if name == "near":
        yield "empty", "near=-89,0&radius=10"
        sizes = {"rare": 1.0, "middling": 100.0, "common": 5_000.0}
        yield from ((kind, f"near={lat},{lon}&radius={km}") for kind, km in sizes.items())
        return
    yield "empty", "bbox=0,-89,1,-88"
    for kind, size in {"rare": 0.01, "middling": 1.0, "common": 20.0}.items():
        box = (lon - size, max(-90, lat - size), lon + size, min(90, lat + size))
        yield kind, f"bbox={','.join(f'{side:.5f}' for side in box)}"


def _words(model: Any) -> Iterator[tuple[str, str]]:
    """Words that no record has, few, some and most."""
    table = model._meta.db_table
    counted = _rows(
        "select word, ndoc from ts_stat("
        f"'select vector from {table} where superseded_seq is null and live limit 50000') "
        "where word ~ '^[a-z]{4,}$' order by ndoc desc, word"
    )
    yield "empty", "unheardofword"
    yield from zip(SHARES, (counted[-1][0], counted[len(counted) // 20][0], counted[0][0]))  # noqa: B905


def regions() -> dict[str, Any]:
    """Milliseconds of the newest 50 of the whole, and of a region of each kind."""
    from events.records import EventPlaceLine
    from places.records import PlaceRecord

    found = _rows(
        f"select distinct on (p.kind) p.kind, l.place_id from (select place_id, count(*) as n "
        f"from {EventPlaceLine._meta.db_table} where current group by 1) l "
        f"join {PlaceRecord._meta.db_table} p on p.object_id = l.place_id "
        "where p.superseded_seq is null and p.live order by p.kind, l.n desc, l.place_id"
    )
    paths = {"whole": "/api/v1/events/"} | {
        kind: f"/api/v1/events/?within={place}" for kind, place in found
    }
    taken: dict[str, list[float]] = {name: [] for name in paths}
    for _ in range(5):
        for name, path in paths.items():
            taken[name].append(explained(path)["milliseconds"])
    return {name: statistics.median(times) for name, times in taken.items()}


if __name__ == "__main__":
    main()
