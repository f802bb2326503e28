from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser

from events.records import ClaimRecord, EventRecord
from records.edition import edition
from records.models import Cause, Refresh
from records.publishing import refresh

#: Records looked at in one change set: memory and the time of the lock are bounded by it.
BATCH = 500


class Command(BaseCommand):
    help = (
        "Compute everything that follows from claims anew: classes, contradictions, corroboration. "
        "Appends only what differs. It may be interrupted: go on with --after."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--after",
            metavar="ID",
            type=UUID,
            help="Leave out claims up to this id: the last one that an interrupted run named.",
        )

    def handle(self, *args: Any, after: UUID | None, **options: Any) -> None:
        written = self._recompute("claims", ClaimRecord, after)
        written += self._recompute("events", EventRecord, None)
        while done := refresh():
            written += done
            self.stdout.write(f"{done} records followed, {Refresh.objects.count()} waiting")
        self.stdout.write(f"done: {written} records appended")

    def _recompute(self, resource: str, record: Any, after: UUID | None) -> int:
        objects = record.objects.current().order_by("object_id")
        total, done, written = objects.count(), 0, 0
        if after is not None:
            done = objects.filter(object_id__lte=after).count()
            objects = objects.filter(object_id__gt=after)
        while True:
            batch = objects if after is None else objects.filter(object_id__gt=after)
            ids = list(batch.values_list("object_id", flat=True)[:BATCH])
            if not ids:
                return written
            with edition(Cause.DERIVED, reason="Computed anew") as made:
                made.stale |= {(resource, str(object_id)) for object_id in ids}
            if made.change_set is not None:
                written += made.change_set.last_seq - made.change_set.first_seq + 1
            after, done = ids[-1], done + len(ids)
            self.stdout.write(f"{resource}: {done} of {total}, up to {after}")
