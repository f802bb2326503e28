"""Every question asked of the tables of events and claims."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.db import connection
from django.db.models import F, Q

from records.querysets import CuratedQuerySet, RecordQuerySet


class EventQuerySet(CuratedQuerySet):
    """Events of the workspace."""


class ClaimQuerySet(CuratedQuerySet):
    """Claims of the workspace."""


class ContradictionQuerySet(CuratedQuerySet):
    """Contradictions of the workspace."""

    def of_claims(self, claim_ids: Iterable[str]) -> Self:
        """Those with any of the claims on a side."""
        ids = list(claim_ids)
        return self.filter(Q(first__in=ids) | Q(second__in=ids))

    def decided(self) -> Self:
        """Those that a curator or a dossier resolved; others go along with what was decided."""
        return self.filter(Q(curated=True) | Q(dataset__isnull=False))


class EventRecordQuerySet(RecordQuerySet):
    """Published versions of events."""


class ClaimRecordQuerySet(RecordQuerySet):
    """Published versions of claims."""

    def narrating(self, event_ids: Iterable[str]) -> Self:
        """Claims by which a document, in its own voice, affirms that events happened."""
        return self.filter(
            event__in=list(event_ids),
            kind="occurrence",
            voice="narration",
            polarity="affirmed",
            conditional=False,
        )

    def in_classes(self, class_ids: Iterable[str]) -> Self:
        """Claims of the given classes, each named by the claim that it stands by."""
        return self.filter(class_id__in=list(class_ids))

    def standing(self) -> Self:
        """The claims that their classes stand by."""
        return self.filter(class_id=F("object_id"))

    def arguing(self, keys: Iterable[str]) -> Self:
        """The claims of classes that a rule may compare with one that looks for these keys."""
        return self.standing().filter(matters__overlap=list(keys))

    def occurring(self, event_ids: Iterable[str]) -> Self:
        """Claims that affirm, without a condition, that events happened."""
        return self.filter(
            event__in=list(event_ids), kind="occurrence", polarity="affirmed", conditional=False
        )

    def preceding(self, claim: UUID, *, seq: int | None) -> Self:
        """The claims that were certainly said before one, as of `seq`: by time, else by links.

        Links are `precedes`, closed over chains and over `same_as`. Time decides first: what was
        certainly said after it is left out, whatever links say, and a link against the times of its
        own two claims leads nowhere. The claim itself and what is the same as it are left out too.
        """
        rows = self._led_to(
            "r.precedes @> array[w.object_id]"
            " and (w.said_latest <= r.said_earliest) is not true",
            claim, seq,
        )  # fmt: skip
        own, linked = _parted(rows)
        if claim not in own:
            return self.none()
        start, end = own[claim][:2]
        keys = [key[2:] for key in linked.values() if not _ended(end, key[0])]
        matches = Q(object_id__in=[i for i, key in linked.items() if not _ended(end, key[0])])
        if start is not None:
            matches |= Q(said_latest__lte=start)
            # Follows from that: so a page is read from its part of the index.
            matches &= Q(said_first__lte=max([start, *(first for first, _ in keys)]))
            matches &= Q(said_last__lte=max([start, *(last for _, last in keys)]))
        return self.filter(matches).exclude(object_id__in=list(own))

    def following(self, claim: UUID, *, seq: int | None) -> Self:
        """The claims that were certainly said after one, as of `seq`; see `preceding`."""
        rows = self._led_to(
            "r.object_id = any(w.precedes) and (r.said_latest <= w.said_earliest) is not true",
            claim, seq,
        )  # fmt: skip
        own, linked = _parted(rows)
        if claim not in own:
            return self.none()
        start, end = own[claim][:2]
        keys = [key[2:] for key in linked.values() if not _ended(key[1], start)]
        matches = Q(object_id__in=[i for i, key in linked.items() if not _ended(key[1], start)])
        if end is not None:
            matches |= Q(said_earliest__gte=end)
            matches &= Q(said_first__gte=min([end, *(first for first, _ in keys)]))
            matches &= Q(said_last__gte=min([end, *(last for _, last in keys)]))
        return self.filter(matches).exclude(object_id__in=list(own))

    def _led_to(self, step: str, claim: UUID, seq: int | None) -> list[tuple[Any, ...]]:
        """What steps from `w` to `r` lead to from a claim, and what is the same as any of it.

        A row has the id, whether a step led there, and the bounds and sort keys of `said`.
        """
        visible, moment = "r.live and r.superseded_seq is null", []
        if seq is not None:
            moment = [seq, seq]
            visible = (
                "r.live and r.seq <= %s::bigint"
                " and (r.superseded_seq is null or r.superseded_seq > %s::bigint)"
            )
        columns = (
            "r.object_id, {}, r.said_earliest, r.said_latest, r.said_first, r.said_last,"
            " r.precedes, r.same_as"
        )
        versions = f"from {self.model._meta.db_table} r where {visible} and"
        sql = (
            "with recursive w (object_id, stepped, said_earliest, said_latest, said_first,"
            " said_last, precedes, same_as) as ("
            f"select {columns.format('false')} {versions} r.object_id = %s"
            " union select n.* from w cross join lateral ("
            f"select {columns.format('true')} {versions} {step}"
            " union all"
            f" select {columns.format('w.stepped')} {versions} r.object_id = any(w.same_as)) n)"
            " select object_id, stepped, said_earliest, said_latest, said_first, said_last from w"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [*moment, claim, *moment, *moment])
            return cursor.fetchall()


#: Bounds of when a claim was said, and its two sort keys.
_Said = tuple[datetime | None, datetime | None, datetime, datetime]


def _parted(rows: Iterable[tuple[Any, ...]]) -> tuple[dict[UUID, _Said], dict[UUID, _Said]]:
    """The claims that are the same as the one that was started from, and those beyond a step."""
    rows = list(rows)
    own = {row[0]: row[2:] for row in rows if not row[1]}
    return own, {row[0]: row[2:] for row in rows if row[1] and row[0] not in own}


def _ended(end: datetime | None, start: datetime | None) -> bool:
    """Whether a time has certainly ended when another begins."""
    return end is not None and start is not None and end <= start


class ContradictionRecordQuerySet(RecordQuerySet):
    """Published versions of contradictions."""

    def of_claims(self, claim_ids: Iterable[str]) -> Self:
        """Those with any of the claims on a side."""
        ids = list(claim_ids)
        return self.filter(Q(first__in=ids) | Q(second__in=ids))
