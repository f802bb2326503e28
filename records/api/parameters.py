"""Reading a query strictly: nothing unknown, empty, repeated or malformed is let through."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from django.http import QueryDict

from records.api.problems import BadParameter, QueryTooLong

#: Bytes of a query string that are read.
QUERY_LIMIT = 8_192
#: Parameters that are read.
PARAMETERS_LIMIT = 200


def check_query(raw: str) -> None:
    """Refuse a query that is too long, not UTF-8, or has a NUL or a lone surrogate in it."""
    if len(raw) > QUERY_LIMIT:
        raise QueryTooLong(f"The query has {len(raw)} bytes; at most {QUERY_LIMIT} are read.")
    parts = raw.split("&")
    if len(parts) > PARAMETERS_LIMIT:
        raise QueryTooLong(
            f"The query has {len(parts)} parameters; at most {PARAMETERS_LIMIT} are read."
        )
    for part in parts:
        name, _, value = part.partition("=")
        for text in (name, value):
            try:
                decoded = unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
            except UnicodeDecodeError:
                raise BadParameter((_printable(name), "is not UTF-8")) from None
            if "\0" in decoded:
                raise BadParameter((_printable(name), "has a NUL character"))


def _printable(name: str) -> str:
    text = unquote_to_bytes(name).decode("utf-8", "replace")
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text[:100] or "(empty name)"


def check_names(
    params: QueryDict, known: Mapping[str, bool] | Collection[str], context: str = "here"
) -> None:
    """Refuse unknown, empty and repeated parameters, naming each.

    `known` maps a name to whether it may be repeated; a collection of names allows none to be.
    """
    repeatable = known if isinstance(known, Mapping) else dict.fromkeys(known, False)
    errors: list[tuple[str, str]] = []
    known_are = f"; known are {', '.join(sorted(repeatable))}"
    for name in params:
        values = params.getlist(name)
        if name not in repeatable:
            errors.append((name[:100] or "(empty name)", f"is not known {context}{known_are}"))
            known_are = ""  # once is enough
        elif any(not value.strip() for value in values):
            errors.append((name, "is empty; leave it out or give it a value"))
        elif len(values) > 1 and not repeatable[name]:
            errors.append((name, f"is given {len(values)} times and takes one value"))
    if errors:
        raise BadParameter(*errors)


def check_format(params: QueryDict, renderers: Iterable[Any]) -> None:
    """Refuse an unknown `format` by name, ahead of content negotiation."""
    known = [renderer.format for renderer in renderers]
    wanted = params.get("format")
    if wanted is not None and wanted not in known:
        raise BadParameter(
            ("format", f"{wanted[:40]!a} is not known here; known are {', '.join(known)}")
        )
