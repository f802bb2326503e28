"""Formats whose files are tables with a header."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from records.imports.formats import Format, Rejected
from records.imports.opening import Opened
from records.imports.tables import Row, check_header, header_of, read_table


class Headed(Format):
    """A table with a header: a subclass says what it is called and which columns it needs."""

    #: What a file is, as a refusal calls it.
    called: ClassVar[str]
    columns: ClassVar[Sequence[str]]

    def __init__(self) -> None:
        self._keys: set[str] = set()

    def check(self, files: Sequence[Opened]) -> None:
        for file in files:
            header, _ = header_of(file)
            check_header(file, header, self.columns, self.called)

    def rows(self, files: Sequence[Opened]) -> Iterator[Row]:
        self._keys = set()
        for file in files:
            header, delimiter = header_of(file)
            yield from read_table(file, header, delimiter, header=True)

    def take(self, column: str, key: str) -> None:
        """Take a row's id. Raises `Rejected` for one that an earlier row has."""
        if key in self._keys:
            raise Rejected(column, key, "is the id of an earlier row of the files", key)
        self._keys.add(key)
