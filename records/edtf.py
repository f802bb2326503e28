"""A parser for uncertain dates: EDTF, the Extended Date/Time Format, levels 0 and 1.

The rules are those of the Library of Congress' specification of 4 February 2019
(https://www.loc.gov/standards/datetime/), the public form of ISO 8601-2. Level 2 is refused, and
so is what lies outside the years 1 to 9998, because the end of the year 9999 is not a `datetime`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

MAX_LENGTH = 64
FIRST_YEAR = 1
LAST_YEAR = 9998

Granularity = Literal["second", "day", "month", "season", "year", "decade", "century", "interval"]


@dataclass(frozen=True, slots=True)
class Edtf:
    """What an EDTF text says.

    `earliest` and `latest` are instants in UTC, half-open: a day ends where the next begins. None
    is a side that is open (`..`) or unknown (empty); an `Edtf` has at least one bound.
    `approximate` is `~`, `uncertain` is `?`, and `%` is both; they never move a bound.
    `granularity` is the unit that the bounds span, or `interval`. `unspecified` says that digits
    were replaced by `X`.
    """

    text: str
    earliest: datetime | None
    latest: datetime | None
    granularity: Granularity
    approximate: bool = False
    uncertain: bool = False
    unspecified: bool = False


class EdtfError(ValueError):
    """A text that is not EDTF level 0 or 1, or that Dateline cannot bound.

    The message says what is wrong, at which character, and shows a valid text. `position` counts
    characters from 0.
    """

    def __init__(self, problem: str, *, text: str, position: int, example: str) -> None:
        shown = text if len(text) <= MAX_LENGTH else text[:MAX_LENGTH] + "…"
        super().__init__(
            f"{problem} (character {position + 1} of {shown!a}). A valid example: {example}"
        )
        self.problem = problem
        self.position = position
        self.example = example


_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?([?~%]?)")
_UNSPECIFIED = re.compile(
    r"(?:([0-9]{3})X|([0-9]{2})XX|([0-9]{4})-(?:XX(?:-XX)?|([0-9]{2})-XX))([?~%]?)"
)
_DATE_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])"
    r"(?:Z|([+-])([01][0-9]|2[0-3])(?::([0-5][0-9]))?)?"
)

#: First month of each season: northern meteorological seasons, winter from December of the year
#: named to the end of February of the next.
_SEASON_STARTS = {21: 3, 22: 6, 23: 9, 24: 12}
_DAY = timedelta(days=1)


def parse(text: str) -> Edtf:
    """Read an EDTF text of level 0 or 1, at most 64 characters, with nothing around it.

    Raises `EdtfError`. Read are dates (`2022`, `2022-10`, `2022-10-01`), date-times
    (`2022-10-01T14:30:00Z`; without a zone it is UTC), unspecified digits (`201X`, `20XX`,
    `2022-XX`, `2022-10-XX`, `2022-XX-XX`), seasons (`2022-21` to `2022-24`), the marks `?`, `~`
    and `%`, and intervals of two dates, a side of which may be open (`..`) or unknown (empty).
    """
    if "/" in text:
        return _parse_interval(text)
    match = _DATE.fullmatch(text)
    if match:
        year, month, day, mark = match.groups()
        earliest, latest, granularity = _date_bounds(year, month, day, text, 0)
        if granularity == "season" and mark:
            raise EdtfError(
                "level 1 puts no mark on a season; write its months as an interval",
                text=text,
                position=match.start(4),
                example=f"{earliest:%Y-%m}{mark}/{latest - _DAY:%Y-%m}{mark}",
            )
        return Edtf(text, earliest, latest, granularity, mark in ("~", "%"), mark in ("?", "%"))
    match = _UNSPECIFIED.fullmatch(text)
    if match:
        return _parse_unspecified(match, text)
    match = _DATE_TIME.fullmatch(text)
    if match:
        return _parse_date_time(match, text)
    raise _explained(text)


def _parse_interval(text: str) -> Edtf:
    """Read `start/end`: dates with or without marks, one side possibly `..` or empty."""
    first, _, second = text.partition("/")
    dates: list[tuple[datetime, datetime] | None] = []
    marks = ""
    offset = 0
    for part in (first, second):
        if part in ("", ".."):
            dates.append(None)
        else:
            match = _DATE.fullmatch(part)
            if not match:
                raise _side_explained(part, text, offset)
            year, month, day, mark = match.groups()
            earliest, latest, granularity = _date_bounds(year, month, day, text, offset)
            if granularity == "season":
                raise EdtfError(
                    "level 1 has no season in an interval; write its first or last month",
                    text=text,
                    position=offset + 5,
                    example=f"{earliest:%Y-%m}/{latest - _DAY:%Y-%m}",
                )
            dates.append((earliest, latest))
            marks += mark
        offset = len(first) + 1
    start, end = dates
    if start is None and end is None:
        raise EdtfError(
            "an interval needs a date on one side; where nothing is known leave the text out",
            text=text,
            position=0,
            example="../2022-10-01",
        )
    earliest_bound = start[0] if start else None
    latest_bound = end[1] if end else None
    if earliest_bound and latest_bound and earliest_bound >= latest_bound:
        raise EdtfError(
            f"the interval ends before it begins: {second} is before {first}",
            text=text,
            position=len(first) + 1,
            example=f"{second}/{first}",
        )
    return Edtf(
        text,
        earliest_bound,
        latest_bound,
        "interval",
        "~" in marks or "%" in marks,
        "?" in marks or "%" in marks,
    )


def _date_bounds(
    year_digits: str, month_digits: str | None, day_digits: str | None, text: str, offset: int
) -> tuple[datetime, datetime, Granularity]:
    """The half-open bounds of a date or season.

    `offset` is where the date begins in `text`, for the error's position.
    """
    year = int(year_digits)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise _year_refused(year_digits, text, offset)
    if month_digits is None:
        return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC), "year"
    month = int(month_digits)
    if day_digits is None:
        if 1 <= month <= 12:
            return *_months(year, month, 1), "month"
        if month in _SEASON_STARTS:
            return *_months(year, _SEASON_STARTS[month], 3), "season"
        raise EdtfError(
            f"there is no month {month_digits}: months are 01 to 12 and seasons 21 to 24",
            text=text,
            position=offset + 5,
            example=f"{year_digits}-10",
        )
    if not 1 <= month <= 12:
        raise EdtfError(
            f"there is no month {month_digits} with days: months are 01 to 12",
            text=text,
            position=offset + 5,
            example=f"{year_digits}-10-01",
        )
    try:
        start = datetime(year, month, int(day_digits), tzinfo=UTC)
    except ValueError as error:
        last = _months(year, month, 1)[1] - _DAY
        raise EdtfError(
            f"{year_digits}-{month_digits} has no day {day_digits}: its last is {last:%d}",
            text=text,
            position=offset + 8,
            example=f"{year_digits}-{month_digits}-{last:%d}",
        ) from error
    return start, start + _DAY, "day"


def _months(year: int, month: int, count: int) -> tuple[datetime, datetime]:
    """The bounds of `count` months from the given one."""
    years, end = divmod(month - 1 + count, 12)
    return (
        datetime(year, month, 1, tzinfo=UTC),
        datetime(year + years, end + 1, 1, tzinfo=UTC),
    )


def _parse_unspecified(match: re.Match[str], text: str) -> Edtf:
    """Read a date whose rightmost digits are `X`: the bounds span all they may stand for."""
    decade, century, year_digits, month_digits, mark = match.groups()
    granularity: Granularity
    if year_digits is None:
        digits, span = (decade, 10) if decade else (century, 100)
        year = int(digits) * span
        if not FIRST_YEAR <= year <= LAST_YEAR + 1 - span:
            raise _year_refused(text[:4], text, 0)
        earliest = datetime(year, 1, 1, tzinfo=UTC)
        latest = datetime(year + span, 1, 1, tzinfo=UTC)
        granularity = "decade" if decade else "century"
    else:
        earliest, latest, granularity = _date_bounds(year_digits, month_digits, None, text, 0)
        if granularity == "season":
            raise EdtfError(
                "a season has no days: months are 01 to 12",
                text=text,
                position=5,
                example=f"{year_digits}-{month_digits}",
            )
    return Edtf(text, earliest, latest, granularity, mark in ("~", "%"), mark in ("?", "%"), True)


def _parse_date_time(match: re.Match[str], text: str) -> Edtf:
    """Read a date with a clock time: the bounds span the second written."""
    year, month, day, hour, minute, second, sign, shift_hours, shift_minutes = match.groups()
    start, _, _ = _date_bounds(year, month, day, text, 0)
    start = start.replace(hour=int(hour), minute=int(minute), second=int(second))
    if sign:
        shift = timedelta(hours=int(shift_hours), minutes=int(shift_minutes or 0))
        if sign == "-" and not shift:
            raise EdtfError(
                "a zone of no difference is written + or Z, never -",
                text=text,
                position=match.start(7),
                example=text[: match.start(7)] + "Z",
            )
        try:
            zone = timezone(shift if sign == "+" else -shift)
            start = start.replace(tzinfo=zone).astimezone(UTC)
        except OverflowError as error:
            raise _year_refused(year, text, 0) from error
    return Edtf(text, start, start + timedelta(seconds=1), "second")


def _year_refused(year: str, text: str, position: int) -> EdtfError:
    return EdtfError(
        f"year {year}: Dateline bounds only the years {FIRST_YEAR} to {LAST_YEAR}",
        text=text,
        position=position,
        example="2022",
    )


#: What people write instead of level 1, and what to tell them. Tried in order, on a whole text
#: that did not parse; the position is that of the group, or of the whole match.
_MISTAKES = [
    (
        re.compile(r"\s"),
        "white space is not part of EDTF",
        "2022-10-01",
    ),
    (
        re.compile(r"[\x00-\x1f\x7f]"),
        "a control character is not part of EDTF",
        "2022-10-01",
    ),
    (
        re.compile(r"[\u2010-\u2015\u2212]"),
        "the dash is not the ASCII hyphen -",
        "2022-10-01",
    ),
    (
        re.compile(r"[^\x00-\x7f]"),
        "only ASCII characters are part of EDTF, the digits 0 to 9 included",
        "2022-10-01",
    ),
    (
        re.compile(r"(?i)unknown|open|now|present"),
        "an open side of an interval is written .. and an unknown one is left empty",
        "2022-10-01/..",
    ),
    (
        re.compile(r"(?<![a-z])[ux]+(?![a-z])"),
        "an unspecified digit is a capital X",
        "201X",
    ),
    (
        re.compile(r"(?<=[0-9])[tz]"),
        "the letters of a date-time are capitals, T and Z",
        "2022-10-01T14:30:00Z",
    ),
    (
        re.compile(r"[\[\]{},]"),
        "sets of dates are level 2; write one date or an interval",
        "2022-10-01/2022-10-03",
    ),
    (
        re.compile(r"^Y"),
        f"long years are not kept: Dateline bounds only the years {FIRST_YEAR} to {LAST_YEAR}",
        "2022",
    ),
    (
        re.compile(r"^-"),
        f"negative years are not kept: Dateline bounds only the years {FIRST_YEAR} to {LAST_YEAR}",
        "2022",
    ),
    (
        re.compile(r"^[0-9]{4}S[0-9]"),
        "significant digits are level 2",
        "201X",
    ),
    (
        re.compile(r"[^0-9XTZ:/.?~%+-]"),
        "this character is not part of EDTF level 1",
        "2022-10-01",
    ),
    (
        re.compile(r"^[0-9]X{3}|^X|^[0-9]{2}X[0-9]|^[0-9]X"),
        "level 1 leaves only the last one or two digits of a year unspecified",
        "20XX",
    ),
    (
        re.compile(r"^[0-9]{2}[0-9X]X-"),
        "level 1 leaves digits of a year unspecified only where no month follows",
        "201X",
    ),
    (
        re.compile(r"X"),
        "level 1 leaves a month or day unspecified only as a whole, and from the right",
        "2022-10-XX",
    ),
    (
        re.compile(r"T.*?([?~%])"),
        "level 1 marks only dates; of a clock time say so in precision and phrase",
        "2022-10-01T14:00:00Z",
    ),
    (
        re.compile(r"[?~%](?=[?~%])"),
        "one mark is enough: % is both uncertain and approximate",
        "2022-10-01%",
    ),
    (
        re.compile(r"[?~%](?=.)"),
        "level 1 has a mark only at the end of a date",
        "2022-10-01~",
    ),
    (
        re.compile(r"T[0-9]{2}:[0-9]{2}:[0-9]{2}([.,])"),
        "fractions of a second are not part of EDTF",
        "2022-10-01T14:30:00Z",
    ),
    (
        re.compile(r"T()(?:2[4-9]|[3-9][0-9]):"),
        "hours are 00 to 23; midnight is 00:00:00 of the day that begins",
        "2022-10-02T00:00:00Z",
    ),
    (
        re.compile(r"T[0-9]{2}:(?:[0-9]{2}:)?([6-9][0-9])"),
        "minutes and seconds are 00 to 59, leap seconds are not kept",
        "2022-10-01T23:59:59Z",
    ),
    (
        re.compile(r"T[0-9:]{8}([+-](?:[3-9]|2[4-9]|[0-9]{2}:[6-9]))"),
        "a zone is written +hh:mm or -hh:mm, less than 24 hours from UTC",
        "2022-10-01T14:30:00+03:00",
    ),
    (
        re.compile(r"T()"),
        "a clock time is written whole, after a whole date, and may end in Z or a zone",
        "2022-10-01T14:30:00+03:00",
    ),
    (
        re.compile(r"^[0-9]{5}"),
        "there is a hyphen between year, month and day, and a year has four digits",
        "2022-10-01",
    ),
    (
        re.compile(r"^(?:[0-9]{4}|[0-9]{4}-[0-9]{2})-()[0-9](?![0-9])"),
        "months and days have two digits",
        "2022-10-01",
    ),
    (
        re.compile(r"\.\."),
        "an open side is written .. and parted from the date by /",
        "../2022-10-01",
    ),
]


def _explained(text: str) -> EdtfError:
    """The error that says best why `text` did not parse."""
    if not text:
        return EdtfError("the text is empty", text=text, position=0, example="2022-10-01")
    if len(text) > MAX_LENGTH:
        return EdtfError(
            f"the text is longer than {MAX_LENGTH} characters",
            text=text,
            position=MAX_LENGTH,
            example="2022-10-01",
        )
    return _part_explained(text, text, 0)


def _side_explained(part: str, text: str, offset: int) -> EdtfError:
    """The error that says why a side of the interval `text` did not parse."""
    if len(text) > MAX_LENGTH:
        return _explained(text)
    if "/" in part:
        return EdtfError(
            "an interval has one / only",
            text=text,
            position=offset + part.index("/"),
            example="2022-09-28/2022-10-01",
        )
    if _DATE_TIME.fullmatch(part):
        return EdtfError(
            "an interval of EDTF has dates without clock times",
            text=text,
            position=offset + part.index("T"),
            example="2022-09-28/2022-10-01",
        )
    if _UNSPECIFIED.fullmatch(part):
        return EdtfError(
            "unspecified digits in an interval are level 2; write the shorter date",
            text=text,
            position=offset + part.index("X"),
            example="2022-09/2022-10-01",
        )
    return _part_explained(part, text, offset)


def _part_explained(part: str, text: str, offset: int) -> EdtfError:
    for pattern, problem, example in _MISTAKES:
        match = pattern.search(part)
        if match:
            position = offset + match.start(match.lastindex or 0)
            return EdtfError(problem, text=text, position=position, example=example)
    return EdtfError(
        "this is not a date: a year, with or without month and day, is expected",
        text=text,
        position=offset,
        example="2022-10-01",
    )
