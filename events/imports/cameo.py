"""CAMEO, by which GDELT codes events and actors: what its codes mean here.

The meanings are in `cameo.yaml`, in our words. Types come from the crosswalk of the event types.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from events.event_types import event_types
from places.imports.areas import country_name, country_of
from sources.models import ActorKind

PATH = Path(__file__).with_suffix(".yaml")

#: What stands for a code that is in the crosswalk of several types, or of one that says more than
#: the code does: the most specific type that holds of every event with that code.
AMBIGUOUS = {
    "017": "other",
    "128": "other",
    "154": "military",
    "181": "civilians.abduction",
    "183": "strike",
    "190": "battle",
    "192": "territory",
    "194": "battle",
}
#: What holds of every event with a root, where the crosswalk has no narrower code. The roots of
#: words alone, such as 01, hold of anybody's about anything.
ROOTS = {
    "04": "politics",
    "05": "politics",
    "09": "justice.investigation",
    "14": "unrest",
    "16": "politics",
    "18": "conflict",
    "19": "battle",
    "20": "conflict",
}
#: What an actor is that has a role, the first that fits.
KINDS = {
    "GOV": ActorKind.GOVERNMENT,
    "MIL": ActorKind.ARMED_FORCE,
    "INS": ActorKind.GROUP,
    "REB": ActorKind.GROUP,
    "SEP": ActorKind.GROUP,
    "UAF": ActorKind.GROUP,
}


@dataclass(frozen=True)
class CodedActor:
    """An actor as its code tells it; `code` has each of its parts once."""

    code: str
    name: str
    kind: ActorKind


@cache
def _codes() -> dict[str, Any]:
    codes: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return codes


@cache
def _types() -> dict[str, str]:
    """Our types by the codes that the crosswalk names, and by roots."""
    found = {
        code: entry["code"]
        for entry in event_types()
        for code in entry["crosswalk"].get("cameo", [])
    }
    return ROOTS | found | AMBIGUOUS


@cache
def _contexts() -> dict[str, str]:
    return {code: name for name, codes in _codes()["contexts"].items() for code in codes}


def _levels(code: str) -> list[str]:
    """A code and what it is a kind of, the narrowest first: 1821, 182, 18."""
    return [code[:length] for length in range(min(len(code), 4), 1, -1)]


def meaning(code: str) -> str | None:
    """What an event code means, else what it is a kind of; None for one that is none of CAMEO."""
    events = _codes()["events"]
    return next((events[level] for level in _levels(code) if level in events), None)


def type_of(code: str) -> str:
    """Our type for an event code, else for what it is a kind of, else `other`."""
    types = _types()
    return next((types[level] for level in _levels(code) if level in types), "other")


def contexts_of(code: str) -> list[str]:
    """The contexts that an event code says by itself."""
    contexts = _contexts()
    return next(([contexts[level]] for level in _levels(code) if level in contexts), [])


@cache
def actor(code: str) -> CodedActor:
    """The actor that a code tells.

    A code is a row of parts of three letters: `TURMIL` is the military of Türkiye. What has a code
    of its own, such as the World Bank in `IGOUNODEVWBK`, goes by the last such part and what
    follows it. Places stand in brackets behind the rest. A part that is not known stays as it is.
    """
    parts = list(dict.fromkeys(code[i : i + 3] for i in range(0, len(code), 3)))
    codes = _codes()
    bodies = [position for position, part in enumerate(parts) if part in codes["organizations"]]
    places, others = [], []
    for position, part in enumerate(parts):
        region = codes["regions"].get(part)
        country = None if region else country_of(part) if part.isupper() else None
        if region:
            places += [] if bodies else [region]
        elif country:
            places.append(country_name(country))
        elif not bodies or position >= bodies[-1]:
            others.append(_word(part))
    name = ", ".join(others or places)
    if others and places:
        name = f"{name} ({', '.join(places)})"
    return CodedActor("".join(parts), name[0].upper() + name[1:], _kind(parts, bodies))


def _word(part: str) -> str:
    codes = _codes()
    for section in ("organizations", "roles", "religions", "ethnicities"):
        if part in codes[section]:
            return str(codes[section][part])
    return str(codes["ethnicities"].get(part.lower(), part))


def _kind(parts: list[str], bodies: list[int]) -> ActorKind:
    if bodies:
        return ActorKind.ORGANIZATION
    # The code of a country alone is for its state, its people, or anybody of it.
    return next((kind for role, kind in KINDS.items() if role in parts), ActorKind.COLLECTIVE)
