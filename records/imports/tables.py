"""Reading rows of a table: delimiters, headers, and the text of each row as it was given."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from records.imports.opening import Opened, Refused

#: What may stand between cells where a format has a header to tell it by.
DELIMITERS = ",;\t|"

csv.field_size_limit(10_000_000)


@dataclass(frozen=True)
class Row:
    """One row of a file, or one object of a JSON document."""

    file: str
    #: The line that it begins on, from 1; for JSON the position of the object.
    line: int
    #: Its cells by column, or the object.
    fields: Any
    #: The row as it was given.
    original: str
    #: What is wrong with its shape, so that it has no fields.
    fault: str = ""
    #: Whether the encoding of its text was guessed.
    guessed: bool = False


class _Remembered:
    """Lines, with those kept that were read since it was last asked."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines, self._kept = iter(lines), []  # type: ignore[var-annotated]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._kept.append(line)
        # A NUL ends the row for the reader and is no text for the database.
        return line.replace("\x00", "�")

    def taken(self) -> str:
        kept, self._kept = "".join(self._kept), []
        return kept


def header_of(file: Opened, delimiters: str = DELIMITERS) -> tuple[list[str], str]:
    """The first row of a file and the delimiter that splits it into most columns."""
    with file.text() as stream:
        first = stream.readline()
    best = max(delimiters, key=first.count)
    return [name.strip() for name in next(csv.reader([first], delimiter=best), [])], best


def check_header(file: Opened, header: Sequence[str], required: Sequence[str], what: str) -> None:
    """Refuse a file whose header lacks a column or names one twice."""
    missing = [name for name in required if name not in header]
    if missing:
        raise Refused(
            f"{file.name} is no {what}: its first row has no column {', '.join(missing[:5])}"
            f"{' and others' if len(missing) > 5 else ''}. It begins {', '.join(header[:5])!a}."
        )
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise Refused(f"{file.name} names the column {twice[0]} twice.")


def read_table(
    file: Opened, columns: Sequence[str], delimiter: str, *, header: bool, quoted: bool = True
) -> Iterator[Row]:
    """The rows of a table as dictionaries of cells, white space around them taken off.

    A row with another number of cells than `columns` has a `fault` and no fields.
    """
    with file.text() as stream:
        lines = _Remembered(stream)
        cells = csv.reader(
            lines,
            delimiter=delimiter,
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
            strict=quoted,
        )
        number = 1
        while True:
            fault, row = "", []
            try:
                row = next(cells)
            except StopIteration:
                return
            except csv.Error as error:
                fault = f"is not a row of {len(columns)} cells: {error}"
            original, begins = lines.taken(), number
            number = cells.line_num + 1
            if begins == 1 and header:
                continue
            if not original.strip("\r\n"):
                continue
            if not fault and len(row) != len(columns):
                fault = f"has {len(row)} cells where the file has {len(columns)} columns"
            fields = (
                None
                if fault
                else {name: cell.strip() for name, cell in zip(columns, row, strict=True)}
            )
            guessed = file.encoding == "windows-1252" and not original.isascii()
            yield Row(file.name, begins, fields, original.rstrip("\r\n"), fault, guessed)
