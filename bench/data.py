"""Made-up data, the same on every run: a gazetteer as GeoNames writes it, events as UCDP does.

Countries are real, for files name them; every other name is put together from syllables.
"""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import pycountry

SEED = 20260101
LAST_DAY = date(2025, 12, 31)
DAYS = 20 * 365
SYLLABLES = [
    "ka", "lo", "ve", "no", "se", "li", "va", "mi", "ro", "du", "be", "ste", "pol", "gor", "khy",
    "zhe", "tsa", "ny", "ske", "dol", "bil", "chor", "ran", "tev", "osk", "ul", "ira", "mon",
]  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A row of the gazetteer."""

    number: int
    name: str
    feature: tuple[str, str]
    country: str
    codes: tuple[str, str]
    lat: float
    lon: float


@dataclass(frozen=True)
class Town:
    """A settlement, with the divisions that it lies in."""

    place: Place
    admin1: Place
    admin2: Place
    country: str


def name_of(number: int) -> str:
    """A name of three syllables or more, another for every number."""
    number += len(SYLLABLES) ** 2
    parts = []
    while number:
        number, rest = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[rest])
    return "".join(parts).capitalize()


class World:
    """All that a number of events needs: places, sides, speakers, newspapers; then the rows."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.sides = max(6, events // 200)
        self.speakers = max(4, events // 100)
        self.offices = max(3, min(200, events // 100))

    @cached_property
    def places(self) -> list[Place]:
        """Every place: a fiftieth of the events, each country with its divisions and towns."""
        self._settle()
        return self._places

    @cached_property
    def towns(self) -> list[Town]:
        """The settlements; one in twenty has the name of another."""
        self._settle()
        return self._towns

    def _settle(self) -> None:
        chance = random.Random(SEED)
        number = max(20, self.events // 50)
        countries = sorted(pycountry.countries, key=lambda c: c.alpha_2)
        named = [c for c in countries if c.name.isascii() and "," not in c.name]
        count = max(1, min(40, number // 20))
        self._places: list[Place] = []
        self._towns: list[Town] = []
        for index in range(count):
            country = named[index]
            share = number // count + (index < number % count)
            self._country(chance, country.alpha_2, country.name, share, 8.0 * (index % 20))

    def _country(
        self, chance: random.Random, code: str, called: str, share: int, east: float
    ) -> None:
        places, names = self._places, len(self._places)

        def add(
            name: str, feature: tuple[str, str], codes: tuple[str, str], at: tuple[float, float]
        ) -> Place:
            places.append(Place(len(places) + 1, name, feature, code, codes, *at))
            return places[-1]

        middle = (chance.uniform(-40, 60), east - 80.0)
        add(called, ("A", "PCLI"), ("00", ""), middle)
        firsts = max(2, share // 100)
        divisions = []
        for first in range(1, firsts + 1):
            at = (middle[0] + chance.uniform(-4, 4), middle[1] + chance.uniform(-3, 3))
            above = add(f"{name_of(len(places))} Province", ("A", "ADM1"), (f"{first:02}", ""), at)
            for second in range(1, 2 if share < 30 else 5):
                near = (at[0] + chance.uniform(-1, 1), at[1] + chance.uniform(-1, 1))
                codes = (f"{first:02}", f"{first:02}{second:02}")
                below = add(f"{name_of(len(places))} District", ("A", "ADM2"), codes, near)
                divisions.append((above, below))
        own: list[str] = []
        while len(places) - names < share:
            above, below = divisions[len(own) % len(divisions)]
            name = chance.choice(own) if own and chance.random() < 0.05 else name_of(len(places))
            own.append(name)
            at = (below.lat + chance.uniform(-0.5, 0.5), below.lon + chance.uniform(-0.5, 0.5))
            place = add(name, ("P", "PPL"), below.codes, at)
            self._towns.append(Town(place, above, below, called))

    def write_places(self, path: Path) -> None:
        """Write the gazetteer."""
        with path.open("w", encoding="utf-8") as file:
            for place in self.places:
                cells = [
                    str(place.number), place.name, place.name, "", f"{place.lat:.5f}",
                    f"{place.lon:.5f}", *place.feature, place.country, "", *place.codes,
                    "", "", "0", "", "", "", "2024-01-01",
                ]  # fmt: skip
                file.write("\t".join(cells) + "\n")

    def write_events(self, path: Path, first: int, last: int, *, changed: int = 0) -> None:
        """Write the rows from a number to another; one may be changed, in one figure."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(self._row(first)))
            writer.writeheader()
            writer.writerows(self.rows(first, last, changed))

    def rows(self, first: int, last: int, changed: int = 0) -> Iterator[dict[str, str]]:
        """Rows by their number, each made from that number alone."""
        for number in range(first, last + 1):
            row = self._row(number)
            if number == changed:
                row["high"] = str(int(row["high"]) + 1)
            yield row

    def _row(self, number: int) -> dict[str, str]:
        chance = random.Random(SEED * 1_000_003 + number)
        towns = self.towns
        # Few places, sides and speakers have most of the events, and the last years have more.
        town = towns[int(len(towns) * chance.random() ** 2)]
        side = int(self.sides * chance.random() ** 3)
        violence = chance.choices("123", (70, 10, 20))[0]
        end = LAST_DAY - timedelta(days=int(DAYS * chance.random() ** 2))
        start = end - timedelta(days=chance.choice((0, 0, 0, 0, 1, 3, 10)))
        dead_a, dead_b, civilians = (
            chance.randint(1, 20) if chance.random() < share else 0 for share in (0.15, 0.15, 0.2)
        )
        best = dead_a + dead_b + civilians
        spoke = [
            f"{name_of(70_000 + int(self.speakers * chance.random() ** 2))} Press Service"
            for _ in range(chance.choices((0, 1, 2), (60, 30, 10))[0])
        ]
        office = f"{name_of(90_000 + int(self.offices * chance.random() ** 2))} News"
        # Two rows in a row rest on one article.
        headline = f"Report {number // 2} from {name_of(number // 2 % 5_000)}"
        other = chance.randrange(self.sides)
        sides = (side, other if other != side else (other + 1) % self.sides)
        names = [
            f"{'Government of ' if violence == '1' else ''}{name_of(50_000 + sides[0])}",
            "Civilians" if violence == "3" else f"{name_of(60_000 + sides[1])} Front",
        ]
        codes = [str(1_000 + sides[0] + (0 if violence == "1" else self.sides)), ""]
        codes[1] = "1" if violence == "3" else str(1_000 + 2 * self.sides + sides[1])
        published = end + timedelta(days=1)
        return {
            "id": str(number),
            "type_of_violence": violence,
            "dyad_name": f"{names[0]} - {names[1]}",
            "side_a_new_id": codes[0],
            "side_a": names[0],
            "side_b_new_id": codes[1],
            "side_b": names[1],
            "number_of_sources": "1",
            "source_article": f'"{office},{published},{headline}"',
            "source_office": office,
            "source_date": published.isoformat(),
            "source_headline": headline,
            "source_original": ";".join(spoke),
            "where_prec": chance.choices("1234", (70, 15, 10, 5))[0],
            "where_coordinates": town.place.name,
            "adm_1": town.admin1.name,
            "adm_2": town.admin2.name,
            "latitude": f"{town.place.lat:.5f}",
            "longitude": f"{town.place.lon:.5f}",
            "country": town.country,
            "event_clarity": chance.choices("12", (80, 20))[0],
            "date_prec": "1",
            "date_start": start.isoformat(),
            "date_end": end.isoformat(),
            "deaths_a": str(dead_a),
            "deaths_b": str(dead_b),
            "deaths_civilians": str(civilians),
            "deaths_unknown": "0",
            "best": str(best),
            "high": str(best + chance.randint(0, 5)),
            "low": str(max(0, best - chance.randint(0, 3))),
        }
