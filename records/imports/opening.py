"""Opening what is to be imported: plain, gzip, zip or standard input, in whatever encoding."""

import codecs
import gzip
import hashlib
import io
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

#: Beyond so many bytes, what unpacks to more than `LARGEST_RATIO` times its size is no data file.
HARMLESS = 50_000_000
LARGEST_RATIO = 100
_CHUNK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Refused(Exception):
    """A file that is not imported at all; nothing has changed."""


@dataclass
class Opened:
    """One file to read, unpacked as it is read."""

    #: What people know it by: its path, with the member of an archive after `!`.
    name: str
    _open: Callable[[], IO[bytes]]
    #: Bytes on disk, packed if it is packed; for an archive its member's.
    packed: int
    encoding: str = ""
    #: How many lines it has.
    lines: int = 0

    @contextmanager
    def binary(self) -> Iterator[IO[bytes]]:
        """The bytes, unpacked; refuses those of an archive that swells without end."""
        try:
            with self._open() as stream:
                yield _Bounded(stream, self)  # type: ignore[misc]
        except (gzip.BadGzipFile, zipfile.BadZipFile, EOFError, zlib.error) as error:
            raise Refused(f"{self.name} cannot be unpacked: {error}") from error

    @contextmanager
    def text(self) -> Iterator[io.TextIOWrapper]:
        """The characters, line ends as they are."""
        with self.binary() as stream:
            yield io.TextIOWrapper(stream, encoding=self.encoding, newline="")

    def examine(self, encoding: str = "") -> None:
        """Read it once to the end: find its encoding, count its lines, see that it unpacks.

        Without a byte order mark it is UTF-8 if it can be read as that, else Windows-1252.
        """
        with self.binary() as stream:
            start = stream.read(4)
        known = encoding or next((name for bom, name in _BOMS if start.startswith(bom)), "")
        tried = [known] if known else ["utf-8", "windows-1252"]
        for name in tried:
            wrong = self._wrong_in(name)
            if wrong is None:
                self.encoding = name
                return
        raise Refused(
            f"{self.name} is not text in {' or '.join(tried)}: {wrong}. "
            "Name its encoding with --encoding, for example --encoding windows-1251."
        )

    def _wrong_in(self, encoding: str) -> str | None:
        try:
            decoder = codecs.getincrementaldecoder(encoding)()
        except LookupError as error:
            raise Refused(f"There is no encoding {encoding!r}.") from error
        lines, last = 0, ""
        with self.binary() as stream:
            while chunk := stream.read(_CHUNK):
                try:
                    text = decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    return f"byte 0x{error.object[error.start]:02x} after line {lines + 1}"
                lines += text.count("\n")
                last = text[-1:] or last
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "it ends in the middle of a character"
        self.lines = lines + (last not in ("", "\n"))
        return None


class _Bounded(io.RawIOBase):
    """Reads on while what was unpacked is in proportion to what it was packed in."""

    def __init__(self, stream: IO[bytes], opened: Opened) -> None:
        self.stream, self.opened, self.count = stream, opened, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.count += len(data)
        if self.count > max(HARMLESS, self.opened.packed * LARGEST_RATIO):
            raise Refused(
                f"{self.opened.name} unpacks to more than {LARGEST_RATIO} times its size: "
                "that is no data file. Unpack it yourself if it is."
            )
        return data

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def open_files(paths: list[str]) -> Iterator[list[Opened]]:
    """Open files by path, `-` for standard input; archives give each of their members.

    Raises `Refused` for what is missing or cannot be unpacked.
    """
    with tempfile.TemporaryDirectory(prefix="dateline-import-") as folder:
        files: list[Opened] = []
        for position, path in enumerate(paths):
            if path == "-":
                copy = Path(folder) / str(position)
                with copy.open("wb") as spool:
                    shutil.copyfileobj(sys.stdin.buffer, spool)
                files += _unpacked("standard input", copy)
            elif not Path(path).is_file():
                raise Refused(f"There is no file {path}.")
            else:
                files += _unpacked(path, Path(path))
        yield files


def _unpacked(name: str, path: Path) -> list[Opened]:
    with path.open("rb") as stream:
        start = stream.read(4)
    size = path.stat().st_size
    if start.startswith(b"\x1f\x8b"):
        return [Opened(name, lambda: cast(IO[bytes], gzip.open(path)), size)]
    if start.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(path) as archive:
                members = [
                    member
                    for member in archive.infolist()
                    if not member.is_dir() and not Path(member.filename).name.startswith(".")
                ]
        except zipfile.BadZipFile as error:
            raise Refused(f"{name} cannot be unpacked: {error}") from error
        members = [m for m in members if not Path(m.filename).name.lower().startswith("readme")]
        return [
            Opened(f"{name}!{m.filename}", _member(path, m.filename), m.compress_size)
            for m in members
        ]
    return [Opened(name, lambda: path.open("rb"), size)]


def _member(path: Path, member: str) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        return zipfile.ZipFile(path).open(member)

    return opened


def sha256_of(files: list[Opened]) -> str:
    """SHA-256 of the unpacked bytes of all files, in their order, in hexadecimal."""
    digest = hashlib.sha256()
    for file in files:
        with file.binary() as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()
