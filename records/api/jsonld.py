"""Records as JSON-LD: what schema.org has a word for in its words, the rest in our own.

Nothing contested is said as a fact: an event comes with the status that it has, and what somebody
asserts is a `Claim` of whoever asserts it. Our own terms begin with `urn:dateline:` and are those
of the JSON. The context is in the answer, so that a processor needs no network.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

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
    if pages := [PAGES[scheme].format(code) for scheme, code in codes if scheme in PAGES]:
        members["sameAs"] = pages
    return members | ours(
        dataset=[origin["dataset"] for origin in body["datasets"]],
        version=body["version"],
        seq=body["seq"],
        recorded_at=body["recorded_at"],
    )


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


def first_date(value: Body | None) -> str | None:
    """The earliest day or instant that a time may mean, as schema.org writes dates."""
    return _date(value["earliest"]) if value and value["earliest"] else None


def last_date(value: Body | None) -> str | None:
    """The last day that a time may mean, or the instant at which it ends at the latest."""
    return _date(value["latest"], ends=True) if value and value["latest"] else None


def _date(text: str, *, ends: bool = False) -> str:
    instant = datetime.fromisoformat(text)
    if (instant.hour, instant.minute, instant.second, instant.microsecond) != (0, 0, 0, 0):
        return text
    # Spans are half-open: a day ends where the next begins.
    return (instant - timedelta(days=ends)).date().isoformat()
