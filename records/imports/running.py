"""One import: rows into the workspace and on to records, batch by batch, each whole or not at all.

A batch is one transaction: its rows, its change set, and how far the import has come. So an import
that is killed leaves every object as it was or as it will be, and the same command goes on after
the last whole batch. Batches are cut by what the files say alone, never by time.
"""

import csv
import gc
import hashlib
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any

import orjson
from django.apps import apps
from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import CheckConstraint

from records import publishing
from records.edition import PublishError, lock
from records.imports.counts import Counts
from records.imports.formats import Format, Item, Part, Rejected
from records.imports.loading import Invalid, Loading
from records.imports.opening import Opened, Refused, sha256_of
from records.imports.tables import Row
from records.imports.withdrawing import Seen, withdraw
from records.models import Dataset, Redistribution

#: A batch is full when its rows speak of so many rows of the workspace.
BATCH = 2_000

#: Key of the advisory locks that keep two imports of one data set apart; the data set's is beside.
LOCK = 0x444C_0002

REJECT_COLUMNS = ("file", "line", "column", "value", "reason", "row")


@dataclass(frozen=True)
class Asked:
    """What an import is asked to do beside reading the files."""

    #: Slug of the data set; empty for the format's own.
    dataset: str = ""
    #: The publisher's version; empty for the names of the files.
    release: str = ""
    #: Encoding of the files; empty to find it out.
    encoding: str = ""
    #: Whether the files are all of the release, so that what they lack is withdrawn.
    complete: bool = False
    #: Whether to say what would happen, and change nothing.
    dry_run: bool = False
    #: So many rows and no more.
    limit: int | None = None


#: Called after each batch: the counts, how many lines there are, rows and seconds of this run.
Progress = Callable[[Counts, int, int, float], None]


def _silent(counts: Counts, lines: int, rows: int, seconds: float) -> None:
    """Tell nobody."""


class Import:
    """One run of an import: `form` says how rows are read, `rejects` takes those that cannot be."""

    def __init__(
        self,
        form: Format,
        files: Sequence[Opened],
        asked: Asked,
        *,
        rejects: IO[str],
        progress: Progress = _silent,
        user: Any = None,
    ) -> None:
        self.form, self.files, self.asked = form, list(files), asked
        self.progress, self.user = progress, user
        self.slug = asked.dataset or form.dataset["slug"]
        self.counts = Counts()
        self._rejects = csv.writer(rejects)
        self._rejects.writerow(REJECT_COLUMNS)
        self._first: dict[tuple[str, str], bytes] = {}
        self._seen = Seen()

    def run(self) -> Counts:
        """Load the files, and say what was done. Raises `Refused` where nothing is imported."""
        if not self.files:
            raise Refused("There is nothing to import: the archive has no files.")
        for file in self.files:
            file.examine(self.asked.encoding)
        self.form.check(self.files)
        with _alone(self.slug), _seldom_collecting():
            done = self._begin()
            started, position = time.monotonic(), 0
            lines = sum(file.lines for file in self.files)
            for rows, items, rejected in self._batches():
                position += rows
                if position <= done:
                    continue
                self._load(Counts(rows=rows, rejected=rejected), items)
                self.progress(self.counts, lines, position - done, time.monotonic() - started)
            self._finish()
        return self.counts

    # Before and after.

    def _begin(self) -> int:
        """Name the data set; how many rows an earlier run of the same import has done."""
        given = {name: text for name, text in self.form.dataset.items() if name != "slug"}
        self.dataset = Dataset.objects.filter(slug=self.slug).first() or Dataset(
            slug=self.slug, **given
        )
        digest = sha256_of(self.files)
        self._about = {
            "sha256": digest,
            "complete": self.asked.complete,
            "limit": self.asked.limit,
        }
        told = self.dataset.progress
        if (
            self.dataset.state != Dataset.State.COMPLETE
            and all(told.get(name) == value for name, value in self._about.items())
            and not self.asked.dry_run
        ):
            self.counts = Counts.of(told)
        release = self.asked.release or ", ".join(_stem(file.name) for file in self.files)
        self.dataset.version, self.dataset.sha256 = release[:64], digest
        forbidden = self.dataset.redistribution == Redistribution.FORBIDDEN
        self._publishes = settings.CLOSED or not forbidden
        return self.counts.rows

    def _keep(self, state: str) -> None:
        """Keep with the data set how far the import has come."""
        self.dataset.state = state
        self.dataset.progress = self._about | self.counts.as_json()
        self.dataset.save()

    def _finish(self) -> None:
        """Withdraw what a complete release lacks, work off what follows, and say it is done."""
        with transaction.atomic():
            self._keep(Dataset.State.PUBLISHING)
            if self.asked.complete:
                gone = withdraw(
                    self.dataset,
                    self._seen,
                    primary=self.form.primary,
                    publish=self._publishes,
                    user=self.user,
                )
                self.counts += Counts(
                    withdrawn=gone.rows,
                    kept=gone.kept,
                    questions=gone.questions,
                    withdrawals_skipped=gone.skipped,
                    written=gone.written,
                )
                self._keep(Dataset.State.PUBLISHING)
            if self.asked.dry_run:
                transaction.set_rollback(True)
        if self.asked.dry_run:
            return
        while publishing.refresh():
            pass
        self._keep(Dataset.State.COMPLETE)

    # Reading.

    def _batches(self) -> Iterator[tuple[int, list[Item], int]]:
        """Rows as what they say, in batches: how many rows, their items, how many rejected."""
        rows, items, rejected, weight = 0, list[Item](), 0, 0
        for number, row in enumerate(self.form.rows(self.files)):
            if self.asked.limit is not None and number >= self.asked.limit:
                break
            rows += 1
            try:
                item = self._read(row)
            except Rejected as fault:
                rejected += 1
                self._reject(row, fault)
                self._seen.rejected(fault.key)
            else:
                items.append(item)
                weight += len(item.parts)
            if weight >= BATCH or rows >= BATCH:
                yield rows, items, rejected
                rows, items, rejected, weight = 0, [], 0, 0
        if rows:
            yield rows, items, rejected

    def _read(self, row: Row) -> Item:
        if row.fault:
            raise Rejected("", "", row.fault)
        item = self.form.read(row)
        assert ":" not in item.key, f"{item.key}: a row's id is told from its parts' by the colon"
        if row.guessed:
            item.mend("encoding", "its text was read as Windows-1252")
        for part in item.parts:
            self._leave_to_the_first(item, part)
        if self.asked.complete:
            self._seen.item(item)
        return item

    def _leave_to_the_first(self, item: Item, part: Part) -> None:
        """Have a shared part say nothing new where the first row that spoke of it said otherwise.

        Documents are not remembered, there are too many: their ids follow from all that they say.
        """
        if item.owns(part.external_id) or part.resource == "documents":
            return
        said = hashlib.sha256(orjson.dumps(part.statement, option=orjson.OPT_SORT_KEYS)).digest()
        if self._first.setdefault((part.resource, part.external_id), said) != said:
            part.only_new = True
            told = f"{part.resource} {part.external_id} is as an earlier row has"
            item.mend("shared_differs", told)

    def _reject(self, row: Row, fault: Rejected) -> None:
        shown = fault.value if isinstance(fault.value, str) else repr(fault.value)
        self._rejects.writerow(
            (row.file, row.line, fault.column, shown, fault.reason, row.original)
        )

    # Loading.

    def _load(self, counts: Counts, items: list[Item]) -> None:
        """Load a batch, and keep how far the import has come: one transaction."""
        self.form.settle(items)
        with transaction.atomic():
            lock()
            self.dataset.save()
            self.counts += counts + (self._attempt(items) if items else Counts())
            self._keep(Dataset.State.LOADING)
            if self.asked.dry_run:
                transaction.set_rollback(True)
        if self.asked.dry_run and self.dataset._state.adding:
            self.dataset.pk = None

    def _attempt(self, items: list[Item]) -> Counts:
        """Load rows together; where they are refused, each half by itself, down to one row."""
        try:
            with transaction.atomic():
                return Loading(self.dataset, items, publish=self._publishes, user=self.user).run()
        except (PublishError, IntegrityError, DataError, Invalid) as error:
            if len(items) == 1:
                column = error.column if isinstance(error, Invalid) else ""
                self._reject(items[0].row, Rejected(column, "", _why(error)))
                return Counts(rejected=1)
        middle = len(items) // 2
        return self._attempt(items[:middle]) + self._attempt(items[middle:])


def lock_key(slug: str) -> int:
    """The data set's key beside `LOCK`."""
    return zlib.crc32(slug.encode()) - (1 << 31)


@contextmanager
def _alone(slug: str) -> Iterator[None]:
    """Hold a data set for one import. Raises `Refused` while another has it."""
    key = lock_key(slug)
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", [LOCK, key])
        if not cursor.fetchone()[0]:
            raise Refused(f"Another import of the data set {slug} is running; wait for its end.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s, %s)", [LOCK, key])


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Have the garbage collector look less often: rows become no cycles, and it takes a tenth."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _stem(name: str) -> str:
    return PurePath(name.split("!")[-1]).name.split(".")[0]


def _why(error: Exception) -> str:
    """What was refused, in words for people."""
    if isinstance(error, PublishError):
        return "; ".join(problem.detail for problem in error.problems[:3])
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is None:
        return str(error)
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == diagnosis.constraint_name and isinstance(
                constraint, CheckConstraint
            ):
                return str(constraint.get_violation_error_message())
    detail = f" ({diagnosis.message_detail})" if diagnosis.message_detail else ""
    return f"{diagnosis.message_primary}{detail}"
