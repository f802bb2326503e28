"""Every question asked of the tables of places."""

import math
from collections.abc import Collection, Sequence
from typing import Any, Self
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Func

from records.distance import EARTH_KM
from records.folding import sound
from records.querysets import CuratedQuerySet, RecordQuerySet

#: That a version `r` is current, and lies in the country `p.country` for all that is known.
_IN_ITS_COUNTRY = (
    "r.superseded_seq is null and r.live"
    " and (p.country is null or r.country is null or r.country = p.country)"
)


class PlaceQuerySet(CuratedQuerySet):
    """Places of the workspace."""


class Unnest(Func):
    """The elements of an array, one a row."""

    function = "unnest"
    set_returning = True


class PlaceRecordQuerySet(RecordQuerySet):
    """Published versions of places."""

    def with_all_above(self, ids: Collection[UUID]) -> Self:
        """The current versions of the given places, and of every place that they lie in."""
        lines = self.current().filter(object_id__in=ids).annotate(above=Unnest(F("line")))
        return self.current().filter(object_id__in=lines.values("above"))

    def called(self, names: Sequence[tuple[str, str | None]]) -> list[tuple[int, UUID, bool, bool]]:
        """Which current places are called by the given names: one query.

        A name comes folded, with the country in which it is sought or None; places whose country is
        not known are found as well. A row has the number of the name from 0, the id of a place,
        whether one of its names is the same folded, else only by its sound, and whether that is the
        name that is shown.
        """
        table, key = self._tables()
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                select p.number - 1, r.object_id, bool_or(k.same),
                    bool_or(k.main) filter (where k.same) is true
                from unnest(%s::text[], %s::text[], %s::text[])
                    with ordinality as p (folded, sound, country, number)
                cross join lateral (
                    select k.seq, k.main, true as same from {key} k where k.folded = p.folded
                    union all
                    select k.seq, k.main, false from {key} k
                    where k.sound = p.sound and p.sound <> ''
                ) k
                join {table} r on r.seq = k.seq
                where {_IN_ITS_COUNTRY}
                group by 1, 2
                """,
                [
                    [name for name, _ in names],
                    [sound(name) for name, _ in names],
                    [country for _, country in names],
                ],
            )
            return cursor.fetchall()

    def called_alike(
        self, names: Sequence[tuple[str, str | None]], *, alike: float, most: int
    ) -> list[tuple[int, UUID, float]]:
        """Which current places have a name that sounds alike, by trigrams.

        A name comes folded, with the country in which it is sought or None. A row has the number of
        the name from 0, the id of a place, and how alike its name is, from `alike` to 1; there are
        at most `most` of each name, the best.
        """
        table, key = self._tables()
        # The index offers what is alike from a limit of the session on, which is lower here: it is
        # raised for this query, and the rollback sets it back.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "select set_config('pg_trgm.similarity_threshold', %s, true)", [str(alike)]
            )
            cursor.execute(
                f"""
                select p.number - 1, f.object_id, f.alike
                from unnest(%s::text[], %s::text[]) with ordinality as p (sound, country, number)
                cross join lateral (
                    select r.object_id, max(similarity(k.sound, p.sound)) as alike
                    from {key} k join {table} r on r.seq = k.seq
                    where k.sound %% p.sound and {_IN_ITS_COUNTRY}
                    group by r.object_id order by alike desc, r.object_id limit {most:d}
                ) f
                """,
                [[sound(name) for name, _ in names], [country for _, country in names]],
            )
            rows = cursor.fetchall()
            transaction.set_rollback(True)
        return rows

    def called_alike_near(
        self,
        names: Sequence[tuple[str, str | None, float, float]],
        *,
        alike: float,
        kilometres: float,
        most: int,
    ) -> list[tuple[int, UUID, float]]:
        """Which current places near a point have a name that sounds alike: one query.

        As `called_alike`, with the latitude and longitude of a point beside each name; what lies
        farther from it than so many kilometres is left out, though not by the metre.
        """
        table, key = self._tables()
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                select p.number - 1, f.object_id, f.alike
                from unnest(%(sounds)s::text[], %(countries)s::text[], %(lats)s::float8[],
                    %(lons)s::float8[]) with ordinality as p (sound, country, lat, lon, number)
                cross join lateral (
                    select r.object_id, max(similarity(k.sound, p.sound)) as alike
                    from {table} r join {key} k on k.seq = r.seq
                    where r.lat between p.lat - %(degrees)s and p.lat + %(degrees)s
                    and least(abs(r.lon - p.lon), 360 - abs(r.lon - p.lon)) * cos(radians(p.lat))
                        <= %(degrees)s * 1.01
                    and similarity(k.sound, p.sound) >= %(alike)s and {_IN_ITS_COUNTRY}
                    group by r.object_id order by alike desc, r.object_id limit {most:d}
                ) f
                """,
                {
                    "sounds": [sound(name) for name, *_ in names],
                    "countries": [country for _, country, *_ in names],
                    "lats": [lat for *_, lat, _ in names],
                    "lons": [lon for *_, lon in names],
                    "degrees": math.degrees(kilometres / EARTH_KM),
                    "alike": alike,
                },
            )
            return cursor.fetchall()

    def _tables(self) -> tuple[str, str]:
        model: Any = self.model
        return model._meta.db_table, model.name_key._meta.db_table
