"""What search reads of a version: its words, what it names, its names, and its positions."""

from collections.abc import Iterable
from typing import Any

from django.db import connection

from records.copying import copy_rows
from records.folding import coded, fold, sound, words
from records.record import PublishedRecord
from records.shape import Body


def words_of(record: type[PublishedRecord], body: Body, columns: dict[str, Any]) -> str:
    """What full text finds a version by: words, and each id that it names as one more word."""
    named = {ref["id"]: ref["name"] for ref in record.named(body) if ref}
    said = [text for text in [*record.said(body), *named.values()] if text]
    heard = [sound(name) for name in said] if record.name_key is not None else []
    ids = sorted({*named, *map(str, record.meant(columns))})
    return " ".join([words(" ".join(said)), *filter(None, heard), *map(coded, ids)])


def write_names(
    record: type[PublishedRecord], versions: Iterable[tuple[PublishedRecord, Body]]
) -> None:
    """Write the names of new versions, given with their bodies, where the resource has names."""
    key = record.name_key
    if key is not None:
        copy_rows(
            key,
            (
                {"record_id": version.seq, "folded": folded, "sound": sound(name), "main": main}
                for version, body in versions
                for folded, (name, main) in _names(body).items()
            ),
        )


def _names(body: Body) -> dict[str, tuple[str, bool]]:
    """Every name of a body by its folded form, and whether it is the one that is shown."""
    names = {fold(name["name"]): (name["name"], False) for name in body["names"]}
    return names | {fold(body["name"]): (body["name"], True)}


def write_points(
    record: type[PublishedRecord], versions: Iterable[tuple[PublishedRecord, Body]]
) -> None:
    """Write the positions of new versions that have several, given with their bodies."""
    table = record.point_table
    if table is not None:
        copy_rows(
            table,
            (
                {"record_id": version.seq, "lat": lat, "lon": lon}
                for version, body in versions
                for lat, lon in record.several(body)
            ),
        )


def forget(record: type[PublishedRecord], versions: Iterable[int]) -> None:
    """Delete the names and positions of versions."""
    given = list(versions)
    for table in filter(None, (record.name_key, record.point_table)):
        with connection.cursor() as cursor:
            sql = f"delete from {table._meta.db_table} where seq = any(%s::bigint[])"
            cursor.execute(sql, [given])
