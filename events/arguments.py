"""What is read of a claim to tell whether it contradicts another, or corroborates it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from records.shape import Body, Look
from records.timeline import instant

#: Bounds of a time, half-open; null is open.
Bounds = tuple[datetime | None, datetime | None]


@dataclass(frozen=True)
class Argument:
    """One claim as the rules see it. Ids are texts, times are bounds, null is unknown."""

    id: str
    statement: str
    kind: str
    voice: str
    polarity: str
    conditional: bool
    claimant: str
    claimant_kind: str
    independent: bool
    party: str | None
    party_id: str | None
    event: str | None
    #: What the claim is about: event, places (else the event's), actor and document.
    subject: tuple[str | None, tuple[str, ...], str | None, str | None]
    places: tuple[str, ...]
    #: The places that each of its places lies in.
    outer: Mapping[str, frozenset[str]]
    object: Body | None
    #: The actors that its object lies under, itself included.
    object_line: frozenset[str]
    quantity: Mapping[str, Any] | None
    control_status: str | None
    extent: str | None
    interest: str
    said: Bounds | None
    holds: Bounds | None
    citations: int

    @property
    def spoken_of(self) -> Bounds | None:
        """The time that it speaks of: when it holds, else when it was said."""
        return self.holds or self.said

    @property
    def object_id(self) -> str | None:
        """The id of its object."""
        return self.object["id"] if self.object else None

    @property
    def object_party(self) -> str | None:
        """The id of its object's party."""
        return self.object["party_id"] if self.object else None


def argument(body: Body, look: Look) -> Argument:
    """What is read of a claim's body and of what it refers to."""
    event = body["event"] and body["event"]["id"]
    places = tuple(sorted(place["id"] for place in body["places"]))
    around = places
    if event and not places:
        of_event = look.body("events", event)
        around = tuple(
            sorted(
                {element["place"]["id"] for element in of_event["places"]}
                | ({of_event["place"]["id"]} if of_event["place"] else set())
            )
        )
    claimant, found = body["claimant"], body["object_actor"]
    return Argument(
        id=body["id"],
        statement=body["statement"],
        kind=body["kind"],
        voice=body["voice"],
        polarity=body["polarity"],
        conditional=body["condition"] is not None,
        claimant=claimant["id"],
        claimant_kind=claimant["kind"],
        independent=bool(look.body("sources", claimant["id"])["independent"]),
        party=body["party"],
        party_id=body["party_id"],
        event=event,
        subject=(
            event,
            around,
            body["actor"] and body["actor"]["id"],
            body["document"] and body["document"]["id"],
        ),
        places=places,
        outer={place: frozenset(look.line("places", place)) - {place} for place in places},
        object=found,
        object_line=frozenset(look.line("actors", found["id"]) if found else ()),
        quantity=body["quantity"],
        control_status=body["control_status"],
        extent=body["extent"],
        interest=body["interest"],
        said=bounds(body["said"]),
        holds=bounds(body["holds"]),
        citations=body.get("citations_total", len(body["citations"])),
    )


def bounds(time: Body | None) -> Bounds | None:
    """The bounds of a time of a body; null for one that is unknown, or open on both sides."""
    return known(instant(time["earliest"]), instant(time["latest"])) if time else None


def known(earliest: datetime | None, latest: datetime | None) -> Bounds | None:
    """Two bounds, unless neither is known."""
    return None if earliest is None and latest is None else (earliest, latest)


def overlap(one: Bounds | None, other: Bounds | None) -> bool:
    """Whether two times possibly overlap. An unknown one overlaps nothing."""
    if one is None or other is None:
        return False
    return _starts_before(one[0], other[1]) and _starts_before(other[0], one[1])


def before(one: Bounds | None, other: Bounds | None) -> bool:
    """Whether one time is certainly before another."""
    if one is None or other is None or one[1] is None or other[0] is None:
        return False
    return one[1] <= other[0]


def _starts_before(start: datetime | None, end: datetime | None) -> bool:
    return start is None or end is None or start < end
