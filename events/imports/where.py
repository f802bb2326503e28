"""Where events of data sets happened: rows' names of places, turned to public places."""

from collections.abc import Sequence
from dataclasses import dataclass

import pycountry

from places import resolution
from places.resolution import Sought
from records.imports import Item, Part, Question


@dataclass
class Where:
    """What a row says of its place: the place itself, then areas around it, narrowest first."""

    event: Part
    sought: list[Sought]


def country_called(name: str) -> str | None:
    """The ISO 3166-1 code of a country by its name, without what stands in brackets; or None."""
    name = name.split("(")[0].strip()
    if not name:
        return None
    try:
        return str(pycountry.countries.lookup(name).alpha_2)
    except LookupError:
        return None


def settle(items: Sequence[Item]) -> None:
    """Give the events of a batch their places; `pending` of an item is its `Where`, if any.

    An event lies in the narrowest place that could be told. Where that is not the place itself and
    there are candidates for it, a curator is asked.
    """
    wheres = [(item, item.pending) for item in items if item.pending and item.pending.sought]
    every = list(dict.fromkeys(sought for _, where in wheres for sought in where.sought))
    resolved = dict(zip(every, resolution.resolve(every), strict=True)) if every else {}
    for item, where in wheres:
        first = resolved[where.sought[0]]
        told = next((resolved[s] for s in where.sought if resolved[s].place), None)
        if told is not None:
            where.event.statement["places"] = [
                {"place": str(told.place), "role": "location", "basis": told.basis}
            ]
        if first.place is None and first.candidates:
            asked = resolution.question(where.sought[0], first)
            item.questions.append(
                Question(where.event, asked["kind"], "places", asked["reason"], asked["detail"])
            )
