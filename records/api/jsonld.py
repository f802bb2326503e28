"""Records as JSON-LD: what schema.org has a word for in its words, the rest in our own.

Nothing contested is said as a fact: an event comes with the status that it has, and what somebody
asserts is a `Claim` of whoever asserts it. Our own terms begin with `urn:dateline:` and are those
of the JSON. The context is in the answer, so that a processor needs no network.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from records.shape import Body

#: Gives the absolute URL of a record, by its resource and its id.
Address = Callable[[str, str], str]

CONTEXT: dict[str, Any] = {
    "@vocab": "https://schema.org/",
    "dateline": "urn:dateline:",
    "sameAs": {"@type": "@id"},
    "url": {"@type": "@id"},
}

#: Where the codes of a scheme can be read; `{}` stands for the code.
PAGES = {
    "geonames": "https://sws.geonames.org/{}/",
    "wikidata": "http://www.wikidata.org/entity/{}",
    "osm": "https://www.openstreetmap.org/{}",
}

#: The dates that EDTF writes as ISO 8601 does, by how finely they are known.
_PLAIN_DATES = {
    "year": re.compile(r"[0-9]{4}"),
    "month": re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])"),
    "day": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "part_of_day": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}
_DAY = timedelta(days=1)


def node(kind: str, iri: str, **members: Any) -> Body:
    """A node of a type, without the members that have no value."""
    written = {"@type": kind, "@id": iri} if iri else {"@type": kind}
    return written | {name: value for name, value in members.items() if value not in (None, [])}


def ours(**members: Any) -> Body:
    """Members in our own terms, without those that have no value."""
    return {f"dateline:{name}": value for name, value in members.items() if value not in (None, [])}


def filed(body: Body) -> Body:
    """What every record has: its codes, its data sets, its version."""
    codes = list(body.get("codes", {}).items())
    codes += [(other["scheme"], other["code"]) for other in body.get("other_codes", ())]
    identifiers = [
        node("PropertyValue", "", propertyID=scheme, value=code) for scheme, code in codes
    ]
    members: Body = {"identifier": identifiers} if identifiers else {}
    pages = [PAGES[scheme].format(quote(code)) for scheme, code in codes if scheme in PAGES]
    if pages:
        members["sameAs"] = pages
    return members | ours(
        **totals(body),
        dataset=[origin["dataset"] for origin in body["datasets"]],
        version=body["version"],
        seq=body["seq"],
        recorded_at=body["recorded_at"],
    )


def totals(body: Body) -> Body:
    """How long the nested lists are that are cut."""
    return {name: value for name, value in body.items() if name.endswith("_total")}


def alternate_names(body: Body) -> list[Any]:
    """Further names, with their language where it is known."""
    return [
        {"@value": name["name"], "@language": name["language"]}
        if name["language"]
        else name["name"]
        for name in body["names"]
    ]


def time(value: Body | None) -> Body | None:
    """An uncertain time in our own terms: all six parts that are known."""
    return value and ours(**value)


def first_date(span: Body | None) -> str | None:
    """The first day that a time may mean, or the instant at which it begins at the earliest."""
    if not span or not span["earliest"]:
        return None
    return _day(span["earliest"]) if _of_days(span) else str(span["earliest"])


def last_date(span: Body | None) -> str | None:
    """The last day that a time may mean, or the instant at which it ends at the latest."""
    if not span or not span["latest"]:
        return None
    # Spans are half-open: a day ends where the next begins.
    return _day(span["latest"], before=_DAY) if _of_days(span) else str(span["latest"])


def one_date(span: Body | None) -> str | None:
    """The one date that a time gives, as finely as it is known; None for a span or a guess.

    A date that was not given is not made up: a month has no day, an hour has no minute.
    """
    if not span or not span["edtf"]:
        return None
    plain = _PLAIN_DATES.get(span["precision"])
    if plain and plain.fullmatch(span["edtf"]):
        return str(span["edtf"])
    if _of_days(span):
        return None
    return str(span["earliest"]) if span["precision"] == "minute" else _day(span["earliest"])


def _of_days(span: Body) -> bool:
    """Whether a time is of whole days: of a clock time one bound at least is not midnight."""
    bounds = (span["earliest"], span["latest"])
    return all(bound is None or bound.endswith("T00:00:00Z") for bound in bounds)


def _day(text: str, *, before: timedelta = timedelta()) -> str:
    return (datetime.fromisoformat(text) - before).date().isoformat()
