"""Objects of JSON: read from files, line by line or out of pages, and what their members say."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from records import edtf
from records.imports import Item, Opened, Refused, Row
from records.time import bounds
from sources.models import Rights

#: As long a URL is kept.
LONGEST_URL = 2000

_TIME = re.compile(
    r"(\d{4}(?:-\d{2}(?:-\d{2})?)?)"
    r"(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,]\d+)?)? ?(Z|[+-]\d{2}(?::?\d{2})?)?)?"
)
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})((?:-[A-Za-z0-9]{2,8})*)")
_RIGHTS = (
    ("creativecommons.org/publicdomain/", Rights.OPEN),
    ("creativecommons.org/licenses/by/", Rights.ATTRIBUTION),
    ("creativecommons.org/licenses/by-sa/", Rights.SHARE_ALIKE),
)
_valid_url = URLValidator(schemes=["http", "https"])


# Files.


Text = tuple[int, Any]


def texts(file: Opened) -> Iterator[list[Text]]:
    """The JSON texts of a file, each as its value and the line that it begins on.

    A file is one text, or has one on each line, or is a page of HTML with texts in scripts of type
    `application/ld+json`, which come together. What cannot be read gives a `Fault` for a value.
    Raises `Refused` for a file that is none of these. All but lines are read as a whole.
    """
    with file.text() as stream:
        first = next((line for line in stream if line.strip()), "").lstrip()
    if first.startswith("<"):
        yield _scripts(file)
    elif first[:1] in ("{", "["):
        alone = not isinstance(_read(first), Fault)
        yield from _lines(file) if alone else _value(file)
    else:
        raise Refused(f"{file.name} is neither JSON nor a page of HTML: it begins {first[:40]!a}.")


class Fault:
    """A text that is no JSON, and why."""

    def __init__(self, text: str, why: str) -> None:
        self.text, self.why = text, why


def row_of(file: Opened, position: int, value: Any, fields: Any = None) -> Row:
    """The row that an object of a file is; for anything else, one with a fault."""
    if isinstance(value, Fault):
        return Row(file.name, position, None, value.text, value.why)
    try:
        original = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return Row(file.name, position, None, "", "is nested too deep")
    fault = ""
    if not isinstance(value, dict):
        fault = "is no object"
    elif "\\u0000" in original:
        fault = "has a NUL character"
    try:
        original.encode()
    except UnicodeEncodeError:
        original, fault = json.dumps(value), "has half of a surrogate pair"
    guessed = file.encoding == "windows-1252" and not original.isascii()
    said = None if fault else fields or value
    return Row(file.name, position, said, original, fault, guessed)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return Fault(text.rstrip("\r\n"), f"is no JSON: {error}")


def _lines(file: Opened) -> Iterator[list[Text]]:
    with file.text() as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield [(number, _read(line))]


def _value(file: Opened) -> Iterator[list[Text]]:
    with file.text() as stream:
        value = _read(stream.read())
    if isinstance(value, Fault):
        raise Refused(f"{file.name} {value.why}.")
    yield [(1, value)]


def _scripts(file: Opened) -> list[Text]:
    page = _Page()
    with file.text() as stream:
        page.feed(stream.read())
    page.close()
    if not page.scripts:
        raise Refused(
            f"{file.name} has no JSON: it is a page without a script of type application/ld+json."
        )
    return [(line, _read(text)) for line, text in page.scripts]


class _Page(HTMLParser):
    """Collects the JSON-LD of a page: the line that each script begins on, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[tuple[int, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = (
            tag == "script" and (dict(attrs).get("type") or "").lower() == "application/ld+json"
        )
        if self._inside:
            self.scripts.append((self.getpos()[0], ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            line, text = self.scripts[-1]
            self.scripts[-1] = line, text + data


# Members.


def every(value: Any) -> list[Any]:
    """The values of a member that has none, one or a list of them."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def text_of(value: Any) -> str | None:
    """The first text of a member, white space joined; None for none."""
    for one in every(value):
        if isinstance(one, dict):
            one = one.get("@value")
        if isinstance(one, str) and (text := " ".join(one.split())):
            return text
    return None


def url_of(value: Any) -> str | None:
    """The first of the values that is a URL which can be kept; None for none."""
    for one in every(value):
        if isinstance(one, dict):
            one = one.get("url") or one.get("@id")
        if isinstance(one, str) and len(one) <= LONGEST_URL:
            try:
                _valid_url(one)
            except ValidationError:
                continue
            return one
    return None


def host_of(url: str) -> str:
    """The host of a URL, without www."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def cut(text: str | None, longest: int) -> str | None:
    """A text with an ellipsis where it is longer than is kept."""
    if text is None or len(text) <= longest:
        return text
    return text[: longest - 1].rstrip() + "…"


def time_of(item: Item, member: str, value: Any) -> dict[str, str] | None:
    """The time that a member gives; None where it gives none, noted where it cannot be read.

    A clock time without a zone may belong to another day elsewhere: the day alone is kept.
    """
    text = text_of(value)
    if text is None:
        return None
    written, clock, zone = _written(text)
    if written is None:
        item.mend("date_unread", f"{member} “{text[:40]}” is no date")
        return None
    if clock and not zone:
        item.mend("zone_missing", f"{member} has a clock time without a zone: its day is kept")
    return {"edtf": written, "basis": "metadata"}


def instant_of(value: Any) -> datetime | None:
    """The earliest instant of the time that a member gives; None where it gives none."""
    written, _, _ = _written(text_of(value) or "")
    return bounds(written)[0]


def _written(text: str) -> tuple[str | None, str | None, str | None]:
    """A time in EDTF, None for what is none, and the clock time and the zone that it has."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None, None, None
    day, clock, second, zone = match.groups()
    written = day
    if clock and zone:
        offset = zone if zone == "Z" else f"{zone[:3]}:{zone[3:].lstrip(':') or '00'}"
        written = f"{day}T{clock}:{second or '00'}{offset}"
    try:
        edtf.parse(written)
    except edtf.EdtfError:
        return None, None, None
    return written, clock, zone


def language_of(item: Item, member: str, value: Any) -> str | None:
    """The language that a member gives as a BCP 47 tag, noted where it gives something else."""
    for one in every(value):
        if isinstance(one, dict):
            one = one.get("alternateName") or one.get("name")
        text = text_of(one)
        if text and (match := _LANGUAGE.fullmatch(text.replace("_", "-"))) and len(text) <= 35:
            return match[1].lower() + match[2]
        if text:
            item.mend("language_unread", f"{member} “{text[:40]}” is no tag of a language")
    return None


def rights_of(value: Any) -> Rights:
    """What a licence at a URL allows, where it is one of Creative Commons."""
    url = url_of(value) or ""
    return next((rights for part, rights in _RIGHTS if part in url), Rights.UNKNOWN)
