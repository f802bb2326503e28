"""Reading cells of a table: numbers, positions and codes, or the row's rejection."""

from collections.abc import Mapping

from records.imports.formats import Rejected

#: So many digits has no number of people.
LONGEST_COUNT = 9


class Cells:
    """The cells of a row, by column, with the row's id. What cannot be read raises `Rejected`."""

    def __init__(self, cells: dict[str, str], key: str) -> None:
        self.cells, self.key = cells, key

    def coded(self, column: str, codes: Mapping[str, str]) -> str:
        """What a code stands for."""
        code = self.cells[column]
        if code not in codes:
            raise Rejected(column, code, f"is none of {', '.join(codes)}", self.key)
        return codes[code]

    def count(self, column: str) -> int:
        """A whole number from 0."""
        text = self.cells[column]
        if not (text.isascii() and text.isdecimal()) or len(text) > LONGEST_COUNT:
            raise Rejected(column, text, "is no count", self.key)
        return int(text)

    def degrees(self, column: str, most: int) -> float:
        """A latitude (`most` 90) or a longitude (180)."""
        text = self.cells[column]
        try:
            degrees = float(text)
        except ValueError:
            raise Rejected(column, text, "is no number", self.key) from None
        if not -most <= degrees <= most:
            raise Rejected(column, text, f"lies beyond {most} degrees", self.key)
        return degrees
