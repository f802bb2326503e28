"""A complete, dated snapshot as files: every resource at one number of the sequence.

Files are written under names that end in `.part`, and the manifest last, so that a folder with
`manifest.json` is whole. One that was begun and has none is taken up again where it was left.
"""

import gzip
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q, QuerySet

from records import flat
from records.api.rendition import feature
from records.copying import copy_texts, snapshot
from records.models import ChangeSet, Dataset, Erasure, Redistribution
from records.record import PublishedRecord
from records.registry import record_of, resources
from records.time import format_instant

MANIFEST = "manifest.json"
FORMATS = ("ndjson", "csv", "geojson", "parquet")
#: What is written unless other formats are chosen.
USUAL = ("ndjson", "csv", "geojson")
#: How many rows are written together as Parquet, column by column.
ROW_GROUP = 10_000
#: After how many rows progress is told.
TOLD = 100_000


class ExportError(Exception):
    """Why a snapshot cannot be written."""


@dataclass(frozen=True)
class Written:
    """One file of a snapshot, as its manifest names it."""

    name: str
    resource: str
    format: str
    rows: int
    bytes: int
    sha256: str


@dataclass
class Begun:
    """What an unfinished snapshot says of itself, in `manifest.json.part`."""

    seq: int
    #: The newest number when it was begun: what was erased since must not be in it.
    newest: int
    release: str
    formats: list[str]
    gzip: bool
    #: The data sets whose rows are left out.
    left_out: list[str]
    files: list[dict[str, Any]] = field(default_factory=list)


def export(
    folder: Path,
    *,
    as_of: int | None = None,
    formats: tuple[str, ...] = USUAL,
    compressed: bool = False,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Write a snapshot into a folder; what its manifest says.

    Raises `ExportError` for a number that does not exist, a folder that has something else in it,
    and Parquet without its library.
    """
    if "parquet" in formats:
        _pyarrow()
    with snapshot() as source:
        writer = _Writer(folder, source, progress)
        writer.begin(as_of, [name for name in FORMATS if name in formats], compressed, overwrite)
        return writer.run()


class _Writer:
    def __init__(
        self, folder: Path, source: BaseDatabaseWrapper, progress: Callable[[str], None]
    ) -> None:
        self.folder, self.source, self.progress = folder, source, progress

    # Where it begins.

    def begin(self, as_of: int | None, formats: list[str], compressed: bool, over: bool) -> None:
        """Decide on a number, and take up what was left unfinished."""
        newest = self._newest()
        if as_of is not None and as_of > newest:
            raise ExportError(f"Number {as_of} is not recorded yet; the newest is {newest}.")
        seq = newest if as_of is None else as_of
        wanted = Begun(seq, newest, settings.VERSION, formats, compressed, _forbidden())
        left = self._left(as_of, wanted)
        if left is None and self.folder.exists() and any(self.folder.iterdir()) and not over:
            raise ExportError(
                f"{self.folder} is not empty, and has no unfinished export of the same number and "
                "formats: choose another folder, or overwrite it with --yes."
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        if left is None:
            self._clear()
        self.begun = left or wanted
        if left is not None:
            self.progress(f"Going on with number {left.seq}: {len(left.files)} files are there.")
        self._keep()

    def _left(self, as_of: int | None, wanted: Begun) -> Begun | None:
        """The unfinished snapshot in the folder, if it is the one that is wanted."""
        path = self.folder / f"{MANIFEST}.part"
        if not path.is_file() or (self.folder / MANIFEST).exists():
            return None
        try:
            left = Begun(**orjson.loads(path.read_bytes()))
        except (orjson.JSONDecodeError, TypeError):
            return None
        alike = ("release", "formats", "gzip", "left_out", *(() if as_of is None else ("seq",)))
        if any(getattr(left, name) != getattr(wanted, name) for name in alike):
            return None
        if Erasure.objects.filter(seq__gt=left.newest).exists():
            self.progress("Something was erased since it was begun: all is written anew.")
            left.files, left.newest = [], wanted.newest
        left.files = [f for f in left.files if self._is_whole(f)]
        return left

    def _is_whole(self, file: dict[str, Any]) -> bool:
        path = self.folder / file["name"]
        return path.is_file() and _sha256(path) == file["sha256"]

    def _clear(self) -> None:
        """Delete the files of an earlier snapshot, and nothing else."""
        (self.folder / MANIFEST).unlink(missing_ok=True)
        for resource in resources():
            for form in FORMATS:
                for ending in ("", ".gz", ".part", ".gz.part"):
                    (self.folder / f"{resource}.{form}{ending}").unlink(missing_ok=True)

    def _keep(self) -> None:
        _write_json(self.folder / f"{MANIFEST}.part", asdict(self.begun))

    def _newest(self) -> int:
        with self.source.cursor() as cursor:
            cursor.execute("select coalesce(max(last_seq), 0) from records_changeset")
            return cursor.fetchone()[0]

    # What is written.

    def run(self) -> dict[str, Any]:
        """Write every file that is missing, then the manifest."""
        there = {file["name"] for file in self.begun.files}
        for resource in resources():
            record = record_of(resource)
            for form in self.begun.formats:
                if form == "geojson" and record.geometries([], None) is None:
                    continue
                gz = ".gz" if self.begun.gzip and form != "parquet" else ""
                name = f"{resource}.{form}{gz}"
                if name not in there:
                    self.begun.files.append(asdict(self._file(name, record, form)))
                    self._keep()
        manifest = self._manifest()
        _write_json(self.folder / MANIFEST, manifest)
        (self.folder / f"{MANIFEST}.part").unlink()
        return manifest

    def _file(self, name: str, record: type[PublishedRecord], form: str) -> Written:
        part, path = self.folder / f"{name}.part", self.folder / name
        rows = 0
        with _opened(part, compressed=name.endswith(".gz")) as file:
            for count in _WRITERS[form](self, file, record):
                if rows // TOLD != (rows + count) // TOLD:
                    self.progress(f"{name}: {rows + count:,} rows so far")
                rows += count
        part.replace(path)
        self.progress(f"{name}: {rows:,} rows")
        resource = record.shape.resource
        return Written(name, resource, form, rows, path.stat().st_size, _sha256(path))

    def records(self, record: type[PublishedRecord]) -> QuerySet[Any]:
        """The versions that belong to the snapshot, by id."""
        seq = None if self.begun.seq == self._newest() else self.begun.seq
        versions = record.objects.at(seq).order_by("object_id")
        left_out = self.begun.left_out
        if not left_out:
            return versions
        return versions.exclude(Q(dataset__in=left_out) | Q(datasets__overlap=left_out))

    def _manifest(self) -> dict[str, Any]:
        recorded = ChangeSet.objects.filter(first_seq__lte=self.begun.seq).order_by("-last_seq")
        instant = recorded.values_list("recorded_at", flat=True).first()
        return {
            "dateline": self.begun.release,
            "seq": self.begun.seq,
            "recorded_at": format_instant(instant),
            "changes": f"/api/v1/changes/?since={self.begun.seq}",
            "files": sorted(self.begun.files, key=self._place),
            "datasets": [self._dataset(dataset) for dataset in Dataset.objects.order_by("slug")],
        }

    def _place(self, file: dict[str, Any]) -> tuple[int, int]:
        return resources().index(file["resource"]), FORMATS.index(file["format"])

    def _dataset(self, dataset: Dataset) -> dict[str, Any]:
        shown = ("title", "version", "publisher", "licence", "licence_url", "attribution")
        return {
            "slug": dataset.slug,
            **{name: getattr(dataset, name) or None for name in shown},
            "redistribution": dataset.redistribution,
            "left_out": dataset.slug in self.begun.left_out,
        }

    def _bodies(self, record: type[PublishedRecord]) -> Iterator[list[bytes]]:
        return copy_texts(self.source, self.records(record), "body")

    def ndjson(self, file: IO[bytes], record: type[PublishedRecord]) -> Iterator[int]:
        """Each record as JSON on a line of its own."""
        for batch in self._bodies(record):
            file.write(b"\n".join([*batch, b""]))
            yield len(batch)

    def csv(self, file: IO[bytes], record: type[PublishedRecord]) -> Iterator[int]:
        """Each record as a line of CSV, the names of the columns first."""
        file.write(flat.header(record.csv_columns).encode() + flat.LINE_END)
        for batch in copy_texts(self.source, self.records(record), "csv"):
            file.write(flat.LINE_END.join([*batch, b""]))
            yield len(batch)

    def geojson(self, file: IO[bytes], record: type[PublishedRecord]) -> Iterator[int]:
        """Each record as a feature on a line of its own, in one collection."""
        file.write(b'{"type":"FeatureCollection","features":[')
        before = b"\n"
        for batch in self._bodies(record):
            bodies = [orjson.loads(body) for body in batch]
            geometries = record.geometries(bodies, self.begun.seq) or []
            for body, text, geometry in zip(bodies, batch, geometries, strict=True):
                file.write(before + feature(body["id"], geometry, text))
                before = b",\n"
            yield len(batch)
        file.write(b"\n]}\n")

    def parquet(self, file: IO[bytes], record: type[PublishedRecord]) -> Iterator[int]:
        """The columns of CSV, each with a type of its own."""
        arrow, parquet = _pyarrow()
        types = {
            "text": arrow.string(),
            "whole": arrow.int64(),
            "number": arrow.float64(),
            "flag": arrow.bool_(),
            "instant": arrow.timestamp("us", tz="UTC"),
            "list": arrow.list_(arrow.string()),
        }
        columns = record.csv_columns
        schema = arrow.schema([(column.name, types[column.kind]) for column in columns])
        waiting: list[Any] = []
        with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in self._bodies(record):
                bodies = [orjson.loads(body) for body in batch]
                arrays = [
                    arrow.array(map(column.typed, bodies), types[column.kind]) for column in columns
                ]
                waiting.append(arrow.record_batch(arrays, schema=schema))
                if sum(map(len, waiting)) >= ROW_GROUP:
                    writer.write_table(arrow.Table.from_batches(waiting))
                    waiting = []
                yield len(batch)
            if waiting:
                writer.write_table(arrow.Table.from_batches(waiting))


_WRITERS: dict[str, Callable[[_Writer, IO[bytes], type[PublishedRecord]], Iterator[int]]] = {
    "ndjson": _Writer.ndjson,
    "csv": _Writer.csv,
    "geojson": _Writer.geojson,
    "parquet": _Writer.parquet,
}


def _forbidden() -> list[str]:
    """The data sets whose rows are left out: a closed instance keeps them to itself anyway."""
    if settings.CLOSED:
        return []
    found = Dataset.objects.filter(redistribution=Redistribution.FORBIDDEN)
    return list(found.values_list("slug", flat=True))


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ExportError(
            "Parquet needs pyarrow, which is not installed: pip install 'dateline[parquet]'."
        ) from error
    return pyarrow, parquet


@contextmanager
def _opened(path: Path, *, compressed: bool) -> Iterator[IO[bytes]]:
    """A file to write, on the disk when it is closed; compressed bytes do not tell the time."""
    with path.open("wb") as file:
        if compressed:
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                yield packed  # type: ignore[misc]
        else:
            yield file
        file.flush()
        os.fsync(file.fileno())


def _write_json(path: Path, value: Any) -> None:
    new = path.with_name(f"{path.name}.new")
    with _opened(new, compressed=False) as file:
        file.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
    new.replace(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
