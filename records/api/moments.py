"""The moment that an answer speaks of: now, or as of an earlier one."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from records.api.problems import BadParameter
from records.edition import LOCK
from records.models import ChangeSet
from records.time import parse_bound

#: The newest change set.
NEWEST = "from records_changeset order by last_seq desc limit 1"

_SEQ = re.compile(r"[0-9]{1,18}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]")


@dataclass(frozen=True)
class Moment:
    """`newest` is the newest number there is; `seq` the one asked for, None for the present."""

    newest: int
    recorded_at: datetime | None
    seq: int | None = None

    def visible(self) -> tuple[str, list[int]]:
        """That a version `r` answers at this moment, as SQL with its parameters."""
        if self.seq is None:
            return "r.superseded_seq is null and r.live", []
        until = "(r.superseded_seq is null or r.superseded_seq > %s::bigint)"
        return f"r.live and r.seq <= %s::bigint and {until}", [self.seq, self.seq]


#: The present, for who reads the newest number together with a record.
PRESENT = Moment(0, None)


def newest() -> Moment:
    """The present: the newest number and its instant; one indexed row.

    Every answer asks for it, and putting the statement together anew would cost as much as it does.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"select last_seq, recorded_at {NEWEST}")
        row = cursor.fetchone()
    return Moment(*(row or (0, None)))


def moment(as_of: str | None) -> Moment:
    """The moment that `as_of` names: an RFC 3339 instant, or a number of the sequence.

    An instant means the last number recorded at or before it. Raises `BadParameter` for a moment
    in the future, a number that does not exist yet, and for what is neither.
    """
    now = newest()
    if as_of is None:
        return now
    if _SEQ.fullmatch(as_of):
        if int(as_of) > now.newest:
            raise BadParameter(
                ("as_of", f"{as_of} is not recorded yet; the newest is {now.newest}")
            )
        return Moment(now.newest, now.recorded_at, int(as_of))
    if not _INSTANT.match(as_of):
        raise BadParameter(
            ("as_of", f"{as_of[:60]!a} is neither a number nor an instant (2022-10-01T14:30:00Z)")
        )
    try:
        instant, _ = parse_bound(as_of)
    except ValueError as error:
        raise BadParameter(("as_of", str(error))) from None
    return _at(instant, now)


def _at(instant: datetime, now: Moment) -> Moment:
    if now.recorded_at is None or instant > now.recorded_at:
        with connection.cursor() as cursor:
            cursor.execute("select clock_timestamp()")
            clock = cursor.fetchone()[0]
            if instant > clock:
                raise BadParameter(("as_of", "lies in the future"))
            # A change set that is still committing may have an earlier instant: wait for it.
            cursor.execute("select pg_advisory_xact_lock_shared(%s)", [LOCK])
        now = newest()
    until = ChangeSet.objects.filter(recorded_at__lte=instant).order_by("-recorded_at")
    seq = until.values_list("last_seq", flat=True).first()
    return Moment(now.newest, now.recorded_at, seq or 0)
