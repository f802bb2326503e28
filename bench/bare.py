"""The bare rows: events and claims as plain normalised tables, filled from the same records.

The floors read and write these. Importing them is measured in processes of their own:
`python -m bench.bare bulk_create FILES…` and `python -m bench.bare merge FILES…`.
"""

import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psycopg.rows
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction

from bench.instance import Instance

#: Rows to a batch of the ORM.
BATCH = 2_000

EVENT = {
    "id": "uuid", "type": "text", "contexts": "text[]", "title": "text", "summary": "text",
    "status": "text", "edtf": "text", "earliest": "timestamptz", "latest": "timestamptz",
    "precision": "text", "phrase": "text", "basis": "text", "place": "uuid", "lat": "float8",
    "lon": "float8", "geo_precision": "text", "level": "text", "citations": "int8",
    "claimants": "int8", "origins": "int8", "parties": "int8", "outlets": "int8",
    "against_interest": "int8", "contradicted": "bool", "ucdp": "text", "dataset": "text",
    "version": "int8", "seq": "int8", "recorded_at": "timestamptz", "regions": "uuid[]",
}  # fmt: skip
CLAIM = {
    "id": "uuid", "event": "uuid", "statement": "text", "kind": "text", "voice": "text",
    "claimant": "uuid", "object_actor": "uuid", "polarity": "text", "certainty": "text",
    "metric": "text", "low": "float8", "best": "float8", "high": "float8", "unit": "text",
    "evidence": "text", "interest": "text", "edtf": "text", "earliest": "timestamptz",
    "latest": "timestamptz", "document": "uuid", "mode": "text", "locator": "text",
}  # fmt: skip
TABLES = {"event": EVENT, "claim": CLAIM}

#: The tables that answers are made of, and what fills them from records `r` and their JSON `b`.
FILLED = {
    "bench_type": (
        "code text primary key, label text, crosswalk json",
        """
        select distinct on (b->'type'->>'code')
               b->'type'->>'code', b->'type'->>'label', (b->'type'->'crosswalk')::json
        from {events}
        """,
    ),
    "bench_place": (
        "id uuid primary key, name text, kind text, country text, lat float8, lon float8",
        """
        select object_id, b->>'name', b->>'kind', b->>'country',
               (b->>'lat')::float8, (b->>'lon')::float8
        from {places}
        """,
    ),
    "bench_actor": (
        "id uuid primary key, name text, kind text, party text, party_id uuid",
        """
        select object_id, b->>'name', b->>'kind', b->>'party', (b->>'party_id')::uuid
        from {actors}
        """,
    ),
    "bench_participant": (
        "event uuid, actor uuid, role text",
        """
        select object_id, (p->'actor'->>'id')::uuid, p->>'role'
        from (select object_id, jsonb_array_elements(b->'participants') as p from {events}) l
        """,
    ),
    "bench_event_place": (
        "event uuid, place uuid, role text, basis text",
        """
        select object_id, (p->'place'->>'id')::uuid, p->>'role', p->>'basis'
        from (select object_id, jsonb_array_elements(b->'places') as p from {events}) l
        """,
    ),
    "bench_event": (
        ", ".join(f"{name} {kind}" for name, kind in EVENT.items()),
        """
        select object_id, type, contexts, title, b->>'summary', status, b->'when'->>'edtf',
               when_earliest, when_latest, b->'when'->>'precision', b->'when'->>'phrase',
               b->'when'->>'basis', (b->'place'->>'id')::uuid, (b->>'lat')::float8,
               (b->>'lon')::float8, b->>'geo_precision', c->>'level', (c->>'citations')::int8,
               (c->>'claimants')::int8, (c->>'origins')::int8, (c->>'parties')::int8,
               (c->>'outlets')::int8, (c->>'against_interest')::int8, (c->>'contradicted')::bool,
               b->'codes'->>'ucdp', dataset, version, seq, recorded_at, line
        from (select *, nullif(b->'corroboration', 'null') as c from {events}) r
        """,
    ),
    "bench_claim": (
        ", ".join(f"{name} {kind}" for name, kind in CLAIM.items()),
        """
        select object_id, event, b->>'statement', kind, voice, claimant, object_actor, polarity,
               certainty, q->>'metric', (q->>'low')::float8, (q->>'best')::float8,
               (q->>'high')::float8, q->>'unit', evidence, interest, b->'holds'->>'edtf',
               holds_earliest, holds_latest, (c->'document'->>'id')::uuid, c->>'mode',
               c->>'locator'
        from (
            select *, nullif(b->'quantity', 'null') as q, b->'citations'->0 as c from {claims}
        ) r
        """,
    ),
}
RECORDS = {
    "places": "places_placerecord",
    "actors": "sources_actorrecord",
    "events": "events_eventrecord",
    "claims": "events_claimrecord",
}
INDEXES = {
    "event": (
        "create unique index on {table} (id)",
        "create index on {table} (earliest desc, id desc)",
        "create index on {table} (type, earliest desc, id desc)",
        "create index on {table} (place)",
    ),
    "claim": (
        "create unique index on {table} (id)",
        "create index on {table} (event)",
        "create index on {table} (claimant)",
    ),
}
#: Only what is read needs these.
READING = (
    "create index on bench_participant (event)",
    "create index on bench_event_place (event)",
    "create index on bench_event using gin (regions)",
)


def fill(instance: Instance) -> None:
    """Make the tables of the floors, with the rows that the records have now."""
    current = {
        name: f"(select *, body::jsonb as b from {table} where superseded_seq is null and live) r"
        for name, table in RECORDS.items()
    }
    with instance.database() as database:
        for table, (columns, rows) in FILLED.items():
            database.execute(f"drop table if exists {table}".encode())
            database.execute(f"create table {table} ({columns})".encode())
            database.execute(f"insert into {table} {rows.format(**current)}".encode())
        for kind, indexes in INDEXES.items():
            for index in indexes:
                database.execute(index.format(table=f"bench_{kind}").encode())
        for index in READING:
            database.execute(index.encode())


def write_rows(instance: Instance) -> None:
    """Write the bare rows as files: those of the first import, and those of the further one."""
    early = f"e.dataset = 'ucdp-ged' and e.ucdp::int8 <= {instance.first}"
    late = f"e.dataset = 'ucdp-ged' and e.ucdp::int8 > {instance.first}"
    for name, condition in (("first", early), ("further", late)):
        for kind in TABLES:
            of = "e" if kind == "event" else "c"
            join = "" if kind == "event" else "join bench_claim c on c.event = e.id"
            query = f"select {of}.* from bench_event e {join} where {condition}"
            with (
                instance.database(row_factory=psycopg.rows.dict_row) as database,
                (instance.files / f"{name}.{kind}.ndjson").open("wb") as file,
                database.transaction(),
                database.cursor(name="rows") as cursor,
            ):
                for row in cursor.execute(query.encode()):
                    file.write(orjson.dumps(row) + b"\n")


def make_new_tables(instance: Instance) -> None:
    """Empty tables for the bare rows, with their indexes."""
    with instance.database() as database:
        for kind, columns in TABLES.items():
            table = f"bench_new_{kind}"
            described = ", ".join(f"{name} {given}" for name, given in columns.items())
            database.execute(f"drop table if exists {table}".encode())
            database.execute(f"create table {table} ({described})".encode())
            for index in INDEXES[kind]:
                database.execute(index.format(table=table).encode())


# The floors of an import.

_READ: dict[str, Callable[[Any], Any]] = {
    "uuid": UUID,
    "timestamptz": datetime.fromisoformat,
    "uuid[]": lambda values: [UUID(value) for value in values],
}


def read_rows(path: Path, kind: str) -> Iterator[list[Any]]:
    """The rows of a file, with values as the database has them."""
    columns = [(name, _READ.get(given)) for name, given in TABLES[kind].items()]
    with path.open("rb") as file:
        for line in file:
            row = orjson.loads(line)
            yield [
                read(row[name]) if read and row[name] is not None else row[name]
                for name, read in columns
            ]


def _model(kind: str) -> type[models.Model]:
    """The bare rows of a kind for the ORM."""

    def field(name: str, given: str) -> Any:
        made: dict[str, Callable[..., Any]] = {
            "uuid": models.UUIDField,
            "text": models.TextField,
            "timestamptz": models.DateTimeField,
            "float8": models.FloatField,
            "int8": models.BigIntegerField,
            "bool": models.BooleanField,
            "text[]": lambda **more: ArrayField(models.TextField(), **more),
            "uuid[]": lambda **more: ArrayField(models.UUIDField(), **more),
        }
        return made[given](**({"primary_key": True} if name == "id" else {"null": True}))

    about = {"app_label": "bench", "managed": False, "db_table": f"bench_new_{kind}"}
    fields = {name: field(name, given) for name, given in TABLES[kind].items()}
    return type(
        kind.title(),
        (models.Model,),
        {**fields, "Meta": type("Meta", (), about), "__module__": __name__},
    )


def bulk_create(files: dict[str, Path]) -> None:
    """Load the bare rows by the ORM."""
    for kind, path in files.items():
        model, names = _model(kind), list(TABLES[kind])
        rows = read_rows(path, kind)
        while batch := list(islice(rows, BATCH)):
            with transaction.atomic():
                model._default_manager.bulk_create(
                    model(**dict(zip(names, row, strict=True))) for row in batch
                )


def merge(files: dict[str, Path]) -> None:
    """Load the bare rows by binary `COPY` into a staging table, then `MERGE`: one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        for kind, path in files.items():
            table, columns = f"bench_new_{kind}", TABLES[kind]
            names = ", ".join(columns)
            cursor.execute(f"create temporary table staged_{kind} (like {table}) on commit drop")
            copy: Any = cursor.copy  # type: ignore[attr-defined]  # psycopg's
            with copy(f"copy staged_{kind} ({names}) from stdin (format binary)") as stream:
                stream.set_types(list(columns.values()))
                for row in read_rows(path, kind):
                    stream.write_row(row)
            said = ", ".join(f"s.{name}" for name in columns)
            changes = ", ".join(f"{name} = s.{name}" for name in columns if name != "id")
            cursor.execute(
                f"merge into {table} t using staged_{kind} s on t.id = s.id "
                f"when matched and t.* is distinct from s.* then update set {changes} "
                f"when not matched then insert ({names}) values ({said})"
            )


def main(how: str, *files: str) -> None:
    """Load files of bare rows, events before claims."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    {"bulk_create": bulk_create, "merge": merge}[how](
        dict(zip(TABLES, map(Path, files), strict=True))
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
