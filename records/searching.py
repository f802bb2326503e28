"""Writing what search reads of a version: its words, the ids of what it names, and its names."""

from collections.abc import Iterable

from django.db import connection

from records.copying import copy_rows
from records.folding import fold, sound, words
from records.record import PublishedRecord
from records.shape import Body


def write(record: type[PublishedRecord], versions: Iterable[tuple[PublishedRecord, Body]]) -> None:
    """Write the search rows of new versions of one resource, given with their bodies."""
    versions = list(versions)
    texts, ids = [], []
    for version, body in versions:
        named = {ref["id"]: ref["name"] for ref in record.named(body) if ref}
        texts.append(
            words(" ".join(text for text in [*record.said(body), *named.values()] if text))
        )
        ids.append(" ".join({*named, *map(str, version.meant())}))
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into {record.search_text._meta.db_table} (seq, vector)"
            " select seq, to_tsvector('dateline', text)"
            " || array_to_tsvector(string_to_array(ids, ' '))"
            " from unnest(%s::bigint[], %s::text[], %s::text[]) as given (seq, text, ids)",
            [[version.seq for version, _ in versions], texts, ids],
        )
    key = record.name_key
    if key is not None:
        copy_rows(
            key,
            (
                key(record_id=version.seq, folded=folded, sound=sound(name), main=main)  # type: ignore[misc]
                for version, body in versions
                for folded, (name, main) in _names(body).items()
            ),
        )


def _names(body: Body) -> dict[str, tuple[str, bool]]:
    """Every name of a body by its folded form, and whether it is the one that is shown."""
    names = {fold(name["name"]): (name["name"], False) for name in body["names"]}
    return names | {fold(body["name"]): (body["name"], True)}


def forget(record: type[PublishedRecord], versions: Iterable[int]) -> None:
    """Delete the search rows of versions."""
    tables = filter(None, (record.search_text, record.name_key))
    given = list(versions)
    with connection.cursor() as cursor:
        for table in tables:
            sql = f"delete from {table._meta.db_table} where seq = any(%s::bigint[])"
            cursor.execute(sql, [given])
