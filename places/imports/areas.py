"""What all gazetteers share: the countries and divisions that their places lie in."""

from collections.abc import Sequence
from dataclasses import dataclass

import pycountry

from places import resolution
from places.models import PlaceKind
from records.imports import Item, Part

#: The kinds of divisions, by their level below the country.
DIVISIONS = (PlaceKind.COUNTRY, PlaceKind.ADMIN1, PlaceKind.ADMIN2, PlaceKind.ADMIN3)


@dataclass(frozen=True)
class Area:
    """A country or division that a row lies in and that has no row of its own in the files."""

    external_id: str
    name: str
    level: int
    country: str
    parent: str | None


def country_of(code: str) -> str | None:
    """The two-letter code of ISO 3166-1 for a code of two or three letters; None if unknown."""
    code = code.strip().upper()
    found = (
        pycountry.countries.get(alpha_2=code)
        if len(code) == 2
        else pycountry.countries.get(alpha_3=code)
    )
    return found.alpha_2 if found else None


def country_name(country: str) -> str:
    """The short name of a country by ISO 3166-1, in English."""
    found = pycountry.countries.get(alpha_2=country)
    return getattr(found, "common_name", found.name) if found else country


def add_country(item: Item, country: str) -> str:
    """Have a row's item speak of its country: a row of the workspace, made only if it is new."""
    return item.add(
        "places",
        f"country {country}",
        only_new=True,
        name=country_name(country),
        kind=PlaceKind.COUNTRY,
        country=country,
        codes={"iso3166-1": country},
    )


def add_area(item: Item, area: Area) -> str:
    """Have a row's item speak of a division: a row of the workspace, made only if it is new."""
    return item.add(
        "places",
        area.external_id,
        only_new=True,
        name=area.name,
        kind=DIVISIONS[area.level],
        country=area.country,
        parent=area.parent or add_country(item, area.country),
    )


def find_divisions(items: Sequence[Item]) -> None:
    """Find the divisions of a batch among the places that are public, by name and country."""
    divisions = {PlaceKind.ADMIN1, PlaceKind.ADMIN2, PlaceKind.ADMIN3}
    parts: dict[resolution.Sought, list[Part]] = {}
    for item in items:
        for part in item.parts:
            said = part.statement
            if part.resource == "places" and said["kind"] in divisions:
                sought = resolution.Sought(
                    name=said["name"], country=said["country"], kinds=frozenset({said["kind"]})
                )
                parts.setdefault(sought, []).append(part)
    for sought, resolved in zip(parts, resolution.resolve(list(parts)), strict=True):
        for part in parts[sought]:
            part.found = resolved.place
