"""The floor: the least that a page costs. psycopg (binary) -> dict -> orjson, over a bare WSGI
callable, on the same server as Dateline's, from plain normalised tables.

It has the same rows and the same members as a page of Dateline's, and none of its promises: no
filters, no errors, no entity tags, no `as_of`, and cursors that are not signed.
`python -m bench.floor PORT` serves it.
"""

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import orjson
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool

PAGE = """
    select e.id, e.type, e.contexts, e.title, e.summary, e.status, e.edtf, e.earliest, e.latest,
           e.precision, e.phrase, e.basis, e.place, e.lat, e.lon, e.geo_precision, e.level,
           e.citations, e.claimants, e.origins, e.parties, e.outlets, e.against_interest,
           e.contradicted, e.ucdp, e.dataset, e.version, e.seq, e.recorded_at, t.label,
           t.crosswalk, p.name as place_name, p.kind as place_kind, p.country as place_country,
           p.lat as place_lat, p.lon as place_lon
    from bench_event e join bench_type t on t.code = e.type
    left join bench_place p on p.id = e.place
    where (e.earliest, e.id) < (%s, %s)
    order by e.earliest desc, e.id desc limit 51
"""
PLACES = """
    select l.event, l.role, l.basis, p.id, p.name, p.kind, p.country, p.lat, p.lon
    from bench_event_place l join bench_place p on p.id = l.place
    where l.event = any(%s) order by p.id, l.role
"""
PARTICIPANTS = """
    select l.event, l.role, a.id, a.name, a.kind, a.party, a.party_id
    from bench_participant l join bench_actor a on a.id = l.actor
    where l.event = any(%s) order by a.id, l.role
"""
GROUPS = """
    select date_trunc('day', earliest) as day, type, count(*) from bench_event
    where regions @> array[%s::uuid] and earliest >= %s and earliest < %s
    group by 1, 2 order by 1, 2
"""
#: All columns of a CSV of events, put together from the same tables.
CSV = """
    select e.id, e.type, t.label, array_to_string(e.contexts, ';'), e.title, e.summary, e.status,
           e.edtf, e.earliest, e.latest, e.precision, e.phrase, e.basis, e.place, p.name, p.country,
           e.lat, e.lon, e.geo_precision, l.names, l.ids, l.roles, a.names, a.ids, a.roles,
           e.level, e.citations, e.claimants, e.origins, e.parties, e.outlets, e.against_interest,
           e.contradicted, 'ucdp:' || e.ucdp, e.dataset, e.version, e.seq, e.recorded_at
    from bench_event e join bench_type t on t.code = e.type
    left join bench_place p on p.id = e.place
    left join lateral (
        select string_agg(p.name, ';') as names, string_agg(p.id::text, ';') as ids,
               string_agg(l.role, ';') as roles
        from bench_event_place l join bench_place p on p.id = l.place where l.event = e.id
    ) l on true
    left join lateral (
        select string_agg(a.name, ';') as names, string_agg(a.id::text, ';') as ids,
               string_agg(l.role, ';') as roles
        from bench_participant l join bench_actor a on a.id = l.actor where l.event = e.id
    ) a on true
    order by e.id
"""
LAST = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
REFERENCE = ("id", "name", "kind", "country", "lat", "lon")
COUNTS = ("level", "citations", "claimants", "origins", "parties", "outlets", "against_interest",
          "contradicted")  # fmt: skip

_pool: list[ConnectionPool[Any]] = []


def pool() -> ConnectionPool[Any]:
    """The connections to the database of the state folder, made by the first request."""
    if not _pool:
        from config.postgres import Server

        set_json_loads(orjson.loads)
        at = Server().address()
        assert at is not None
        given = {
            "host": at.host, "port": at.port, "user": at.user, "password": at.password,
            "dbname": "dateline", "autocommit": True, "row_factory": dict_row,
        }  # fmt: skip
        _pool.append(ConnectionPool("", kwargs=given, min_size=1, max_size=6, open=True))
    return _pool[0]


def page(query: dict[str, list[str]]) -> dict[str, Any]:
    """Fifty events, the newest first, with their places and participants."""
    after: tuple[Any, Any] = LAST
    if "after" in query:
        at, object_id = query["after"][0].split(",")
        after = (datetime.fromisoformat(at), UUID(object_id))
    with pool().connection() as database, database.cursor(binary=True) as cursor:
        rows = cursor.execute(PAGE, after).fetchall()
        ids = [row["id"] for row in rows[:50]]
        places = _by_event(cursor.execute(PLACES, [ids]))
        participants = _by_event(cursor.execute(PARTICIPANTS, [ids]))
    last = rows[49] if len(rows) > 50 else None
    return {
        "next": last and f"/api/v1/events/?after={last['earliest'].isoformat()},{last['id']}",
        "previous": None,
        "results": [_event(row, places, participants) for row in rows[:50]],
    }


def _by_event(rows: Iterable[dict[str, Any]]) -> dict[UUID, list[dict[str, Any]]]:
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["event"], []).append(row)
    return found


def _event(
    row: dict[str, Any],
    places: dict[UUID, list[dict[str, Any]]],
    participants: dict[UUID, list[dict[str, Any]]],
) -> dict[str, Any]:
    place = None
    if row["place"]:
        place = {
            "id": row["place"],
            "name": row["place_name"],
            "kind": row["place_kind"],
            "country": row["place_country"],
            "lat": row["place_lat"],
            "lon": row["place_lon"],
        }
    return {
        "id": row["id"],
        "type": {"code": row["type"], "label": row["label"], "crosswalk": row["crosswalk"]},
        "contexts": row["contexts"],
        "title": row["title"],
        "summary": row["summary"],
        "status": row["status"],
        "when": {
            "edtf": row["edtf"],
            "earliest": row["earliest"],
            "latest": row["latest"],
            "precision": row["precision"],
            "phrase": row["phrase"],
            "basis": row["basis"],
        },
        "place": place,
        "lat": row["lat"],
        "lon": row["lon"],
        "geo_precision": row["geo_precision"],
        "places": [
            {
                "place": {name: found[name] for name in REFERENCE},
                "role": found["role"],
                "basis": found["basis"],
            }
            for found in places.get(row["id"], ())
        ],
        "participants": [
            {
                "actor": {
                    "id": found["id"],
                    "name": found["name"],
                    "kind": found["kind"],
                    "party": found["party"],
                    "party_id": found["party_id"],
                },
                "role": found["role"],
            }
            for found in participants.get(row["id"], ())
        ],
        "relations": [],
        "corroboration": {name: row[name] for name in COUNTS},
        "codes": {"ucdp": row["ucdp"]},
        "other_codes": [],
        "dataset": row["dataset"],
        "datasets": [{"dataset": row["dataset"], "external_id": row["ucdp"]}],
        "version": row["version"],
        "seq": row["seq"],
        "recorded_at": row["recorded_at"],
    }


def groups(query: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Events of a region and a year by day and type, by `GROUP BY` with a GIN index."""
    given = [query[name][0] for name in ("within", "since", "until")]
    with pool().connection() as database, database.cursor(binary=True) as cursor:
        return cursor.execute(GROUPS, given).fetchall()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """The WSGI callable."""
    answer = groups if environ["PATH_INFO"] == "/groups/" else page
    body = orjson.dumps(answer(parse_qs(environ["QUERY_STRING"])), option=orjson.OPT_UTC_Z)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]


def main(port: str) -> None:
    """Serve until ended, as `config.serve` does."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    Granian(
        "bench.floor:application",
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=4,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
