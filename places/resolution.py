"""Which public place is meant by what somebody else's row says of one.

A row of a data set has a name, and perhaps a country, the areas around, a point, or a code. From
these one place follows, or nothing is guessed and a curator has scored candidates to choose from.

- A **code** decides by itself.
- **Names** are compared with all names of a place: first folded, with the words that data sets add
  (`GENERIC`) and without; then by their sound (`records.folding`). A generic word also says which
  kinds of places are meant, unless the seeker says so himself.
- A place of **another kind or country** is not meant, nor is one in another country or first-order
  division than is named. Divisions of one name may be one that is stored twice, and rule out
  nothing. Neither do divisions below: they are redrawn too often, and only count against a place.
- With a **point**, a place of the name within `NEAR_KM` is the one that is meant, even if it is
  filed elsewhere; one farther than `FAR_KM` is not, and those between are left to a curator. Where
  no kind is said, settlements come before stations and the like. Divisions, areas, roads and rivers
  are not told by points: theirs, if any, is only somewhere in them.
- **Without a point** a place is meant if it is the only one of the name in the country or area that
  is said, and not filed in another division than is named; of names that only sound the same, if
  there is none of the name itself. Where neither country nor area is said, a lone name proves
  nothing: what is stored is never all there is.
- Names that are merely **alike** (typing errors) are candidates. They decide only at the point
  itself, within `AT_KM`, and only if they are much alike.
- Two places of the name at nearly one position may be one that is **stored twice**: nothing is
  decided before a curator has merged them or said that they are two.

A score is the sum of the weights below that apply, cut to 0..1. It orders candidates, and decides
nothing.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

from places.models import PlaceKind, ResolutionBasis
from places.records import PlaceRecord
from records.distance import kilometres
from records.folding import fold
from records.models import ReviewItem

#: Kinds of what people live in: data sets call one place a town, a city and a village.
SETTLEMENTS = frozenset(
    map(str, [PlaceKind.CITY, PlaceKind.SETTLEMENT, PlaceKind.TOWN, PlaceKind.VILLAGE])
) | {str(PlaceKind.DISTRICT)}
#: All kinds, which an enumeration lists anew each time that it is asked.
_KINDS = frozenset(PlaceKind.values)
#: Kinds that a point tells: they are at one position.
SPOTS = SETTLEMENTS | {str(PlaceKind.FACILITY), str(PlaceKind.MILITARY_SITE), str(PlaceKind.RAIL)}
_ADMIN1, _ADMIN2, _ADMIN3 = (
    str(kind) for kind in (PlaceKind.ADMIN1, PlaceKind.ADMIN2, PlaceKind.ADMIN3)
)
_COUNTRY, _AREA, _PART = (
    str(kind) for kind in (PlaceKind.COUNTRY, PlaceKind.AREA, PlaceKind.PART_OF_REGION)
)

#: Words that data sets add to a name, at its end, and the kinds of places that each says.
GENERIC: dict[str, frozenset[str]] = {
    fold(word): frozenset(kinds)
    for words, kinds in [
        ("town city village settlement місто село селище смт город посёлок", SETTLEMENTS),
        ("oblast province governorate область", {_ADMIN1}),
        ("region", {_ADMIN1, _AREA}),
        ("raion rayon county municipality район", {_ADMIN2, _ADMIN3}),
        ("district", {_ADMIN2, _ADMIN3, str(PlaceKind.DISTRICT)}),
        ("area", {_AREA, _PART}),
    ]
    for word in words.split()
}
#: Those that stand before a name, too.
GENERIC_BEFORE = (
    *("city of", "town of", "village of"),
    *map(fold, ["місто", "село", "селище", "смт", "город", "посёлок"]),
)

#: Within so many kilometres of a point, a place of the name is the one that is meant.
NEAR_KM = 5.0
#: Within so many kilometres a place is at the point.
AT_KM = 1.0
#: Farther than so many kilometres from a point, a place is not the one that is meant.
FAR_KM = 50.0
#: So far from a point, names that are alike are looked for.
AROUND_KM = 15.0
#: Two places of one name so near to each other may be one.
TWINS_KM = 2.0
#: How alike names sound that are shown, and those that decide at the point, from 0 to 1.
ALIKE, MUCH_ALIKE = 0.4, 0.6
#: As many candidates are given.
MOST = 10

# What speaks for a place, and against it.
ONE_NAME = 0.5
WITHOUT_GENERIC = 0.45
ONE_SOUND = 0.4
ALIKE_NAMES = 0.3  # times their similarity
SHOWN_NAME = 0.05
NEAR = 0.4
NOT_FAR = 0.2  # less, the farther it is
INSIDE = 0.1
OTHER_DIVISION = -0.1


@dataclass(frozen=True)
class Sought:
    """What a row says of a place.

    `within` names areas that it lies in, in any order. `country` is an ISO 3166-1 code, `kinds` the
    kinds of places that may be meant, empty for any; `code` a `scheme:code`. Raises `ValueError`
    for what is none of these, for half a position and for one that is not on earth.
    """

    name: str
    within: tuple[str, ...] = ()
    country: str | None = None
    lat: float | None = None
    lon: float | None = None
    kinds: frozenset[str] = frozenset()
    code: str | None = None

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude, where they are said."""
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)

    def __post_init__(self) -> None:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("Give both latitude and longitude, or neither.")
        if not (-90 <= (self.lat or 0.0) <= 90 and -180 <= (self.lon or 0.0) <= 180):
            raise ValueError(f"{self.lat}, {self.lon} is no position on earth.")
        if self.country is not None and not re.fullmatch("[A-Z]{2}", self.country):
            raise ValueError(f"{self.country!a} is no code of a country, such as UA.")
        if unknown := self.kinds - _KINDS:
            raise ValueError(f"{', '.join(sorted(unknown))}: no kind of place.")


@dataclass(frozen=True)
class Candidate:
    """A place that may be meant: how well it fits, how far from the point it lies, and why."""

    id: UUID
    name: str
    kind: str
    score: float
    distance_km: float | None
    why: tuple[str, ...]


@dataclass(frozen=True)
class Resolution:
    """The place that is meant and on what ground; None for both where it cannot be told.

    `reason` is one sentence for people that names no place but the one sought. Of `candidates` the
    one that is meant comes first, then the best; where a code decided, there are none.
    """

    place: UUID | None
    basis: ResolutionBasis | None
    reason: str
    candidates: tuple[Candidate, ...] = ()


def resolve(sought: Sequence[Sought]) -> list[Resolution]:
    """Which public places are meant, in the order given.

    A fixed number of queries for all of them: five where each has a point, else a few more."""
    distinct = list(dict.fromkeys(sought))
    found = _by_code(distinct)
    open_ = [one for one in distinct if one not in found]
    if open_:
        found |= _Batch(open_).resolve()
    return [found[one] for one in sought]


def question(sought: Sought, resolution: Resolution) -> dict[str, Any]:
    """What a review item says of a place that could not be told: its kind, reason and detail.

    The rest, whose place it is, is for the importer to say. Raises `ValueError` for one that could.
    """
    if resolution.place is not None:
        raise ValueError(f"“{sought.name}” was resolved; there is nothing to ask.")
    return {
        "kind": ReviewItem.Kind.PLACE,
        "reason": resolution.reason,
        "detail": {
            "name": sought.name,
            "within": list(sought.within),
            "lat": sought.lat,
            "lon": sought.lon,
            "candidates": [
                asdict(candidate) | {"id": str(candidate.id), "why": list(candidate.why)}
                for candidate in resolution.candidates
            ],
        },
    }


@dataclass(frozen=True)
class Reading:
    """A name as it is looked for: folded as given, and without the generic word it may have.

    `kinds` are what that word says, empty without one.
    """

    full: str
    bare: str
    kinds: frozenset[str]


def read(name: str) -> Reading:
    """Take a generic word from the end of a name, or some from before it."""
    full = fold(name)
    rest, _, last = full.rpartition(" ")
    if rest and last in GENERIC:
        return Reading(full, rest, GENERIC[last])
    for word in GENERIC_BEFORE:
        if full.startswith(f"{word} "):
            return Reading(full, full.removeprefix(f"{word} "), SETTLEMENTS)
    return Reading(full, full, frozenset())


class Fit(IntEnum):
    """How a name fits, the best first."""

    FULL = 0
    BARE = 1
    SOUND = 2
    ALIKE = 3


_NAME_WEIGHTS = {Fit.FULL: ONE_NAME, Fit.BARE: WITHOUT_GENERIC, Fit.SOUND: ONE_SOUND}
_NAME_WORDS = {
    Fit.FULL: "called so",
    Fit.BARE: "called so but for a generic word",
    Fit.SOUND: "sounds the same",
}


@dataclass(frozen=True)
class _Place:
    """A current place, as it is weighed."""

    id: UUID
    name: str
    kind: str
    country: str | None
    lat: float | None
    lon: float | None
    line: tuple[UUID, ...]

    @property
    def above(self) -> frozenset[UUID]:
        return frozenset(self.line) - {self.id}

    @property
    def point(self) -> tuple[float, float] | None:
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)

    def apart(self, point: tuple[float, float] | None) -> float | None:
        """Kilometres from a point; None where either position is not known."""
        return None if point is None or self.point is None else kilometres(*point, *self.point)


@dataclass(frozen=True)
class _Match:
    """A place with what speaks for it, and against it.

    `inside`: it lies in an area that is named. `elsewhere`: in another country or first-order
    division than that. `other`: in another division below that.
    """

    place: _Place
    fit: Fit
    alike: float
    shown: bool
    km: float | None
    inside: bool
    elsewhere: bool
    other: bool

    @property
    def spot(self) -> bool:
        return self.place.kind in SPOTS

    @property
    def near(self) -> bool:
        """Whether the point tells that it is the one, if its name does."""
        return self.spot and self.km is not None and self.km <= NEAR_KM

    @property
    def at(self) -> bool:
        """Whether it lies at the point itself."""
        return self.near and self.km is not None and self.km <= AT_KM

    @property
    def away(self) -> str:
        """How far it lies from the point, for people."""
        km = self.km or 0.0
        return f"{km:.1f} km from the point" if km < 10 else f"{km:.0f} km from the point"

    @property
    def possible(self) -> bool:
        if self.spot and self.km is not None and self.km > FAR_KM:
            return False
        return self.near or not self.elsewhere

    @property
    def candidate(self) -> Candidate:
        weights = [_NAME_WEIGHTS.get(self.fit, ALIKE_NAMES * self.alike)]
        why = [_NAME_WORDS.get(self.fit, f"a name alike to {self.alike:.0%}")]
        if self.shown:
            weights.append(SHOWN_NAME)
        if self.spot and self.km is not None:
            weights.append(NEAR if self.near else NOT_FAR * (1 - self.km / FAR_KM))
            why.append(self.away)
        if self.inside:
            weights.append(INSIDE)
            why.append("in an area that is named")
        if self.elsewhere:
            why.append("filed in another region")
        elif self.other:
            weights.append(OTHER_DIVISION)
            why.append("filed in another division")
        score = round(min(1.0, max(0.0, sum(weights))), 2)
        km = None if self.km is None else round(self.km, 1)
        return Candidate(self.place.id, self.place.name, self.place.kind, score, km, tuple(why))


def _by_code(sought: Iterable[Sought]) -> dict[Sought, Resolution]:
    """What codes decide, in one query; in none where there are no codes."""
    coded = {one: one.code for one in sought if one.code}
    if not coded:
        return {}
    rows = PlaceRecord.objects.current().filter(codes__overlap=sorted(set(coded.values())))
    holders = {
        code: row_id for row_id, codes in rows.values_list("object_id", "codes") for code in codes
    }
    return {
        one: Resolution(holders[code], ResolutionBasis.GAZETTEER, f"It has the code {code}.")
        for one, code in coded.items()
        if code in holders
    }


class _Batch:
    """Lookups that are resolved together."""

    def __init__(self, sought: Sequence[Sought]) -> None:
        self.sought = sought
        self.places: dict[UUID, _Place] = {}
        self.readings = {one: read(one.name) for one in sought}
        #: By name and country: places that are called so, whether in the same letters, and whether
        #: they are shown by it.
        self.called: dict[tuple[str, str | None], list[tuple[UUID, bool, bool]]]
        self.called = defaultdict(list)
        #: For each area that is named and known, the places that it may be.
        self.areas: dict[Sought, list[frozenset[UUID]]] = {}

    def resolve(self) -> dict[Sought, Resolution]:
        self._look_up()
        self.areas = {one: self._areas(one) for one in self.sought}
        matches = {one: self._named(one) for one in self.sought}
        chosen = {one: self._decide(one, found) for one, found in matches.items()}
        waiting = [one for one in self.sought if chosen[one].place is None]
        for one, row_id, alike in self._alike(waiting):
            if all(match.place.id != row_id for match in matches[one]):
                matches[one] += self._match(one, row_id, Fit.ALIKE, alike=alike)
        return chosen | {one: self._decide(one, matches[one]) for one in waiting}

    def _look_up(self) -> None:
        """Read what is called by the names of places and areas: two queries."""
        names: dict[tuple[str, str | None], None] = {}
        for one in self.sought:
            for name, _ in self._spellings(one):
                names[name, one.country] = None
            for area in one.within:
                for name in _area_spellings(area):
                    names[name, one.country] = None
        keys = [key for key in names if key[0]]
        for number, row_id, same, shown in PlaceRecord.objects.called(keys):
            self.called[keys[number]].append((row_id, same, shown))
        self._read_places({row_id for hits in self.called.values() for row_id, _, _ in hits})

    def _read_places(self, ids: set[UUID]) -> None:
        missing = ids - self.places.keys()
        if missing:
            rows = PlaceRecord.objects.with_all_above(missing).values_list(
                "object_id", "name", "kind", "country", "lat", "lon", "line"
            )
            for row_id, name, kind, country, lat, lon, line in rows:
                self.places[row_id] = _Place(row_id, name, kind, country, lat, lon, tuple(line))

    def _kinds(self, one: Sought) -> frozenset[str]:
        """The kinds that may be meant: as the seeker says, else as the name does. Empty for any."""
        return one.kinds or self.readings[one].kinds

    def _spellings(self, one: Sought) -> Iterator[tuple[str, Fit]]:
        """How the name may be stored: as given, without a generic word, or with another."""
        reading = self.readings[one]
        yield reading.full, Fit.FULL
        if reading.bare != reading.full:
            yield reading.bare, Fit.BARE
        yield from ((name, Fit.BARE) for name in _divisions(reading.bare, self._kinds(one)))

    def _named(self, one: Sought) -> list[_Match]:
        """The places that are called so, or sound so, of the kinds that may be meant."""
        fits: dict[UUID, tuple[Fit, bool]] = {}
        for name, fit in self._spellings(one):
            for row_id, same, shown in self.called.get((name, one.country), ()):
                found = (fit, shown) if same else (Fit.SOUND, False)
                if row_id not in fits or found[0] < fits[row_id][0]:
                    fits[row_id] = found
        return [
            match
            for row_id, (fit, shown) in fits.items()
            for match in self._match(one, row_id, fit, shown=shown)
        ]

    def _match(
        self, one: Sought, row_id: UUID, fit: Fit, *, alike: float = 1.0, shown: bool = False
    ) -> Iterator[_Match]:
        """What speaks for a place and against it; nothing where it cannot be meant at all."""
        place = self.places.get(row_id)
        kinds = self._kinds(one)
        # A place may have gone since it was found.
        if place is None or (kinds and place.kind not in kinds):
            return
        areas = self.areas[one]
        # Rows say of a region that it lies in itself: of a region that is asked for.
        line = place.above | ({place.id} if kinds else frozenset())
        yield _Match(
            place=place,
            fit=fit,
            alike=alike,
            shown=shown,
            km=place.apart(one.point),
            inside=any(line & area for area in areas),
            elsewhere=any(self._outside(place, area, {_COUNTRY, _ADMIN1}) for area in areas),
            other=any(self._outside(place, area, {_ADMIN2, _ADMIN3}) for area in areas),
        )

    def _outside(self, place: _Place, area: frozenset[UUID], kinds: set[str]) -> bool:
        """Whether a place lies in another place of a kind than in the one that an area names."""
        if area & frozenset(place.line):
            return False
        for kind in kinds:
            named = self._names_of(area, kind)
            own = self._names_of(place.line, kind)
            if named and own and not named & own:
                return True
        return False

    def _names_of(self, ids: Iterable[UUID], kind: str) -> set[str]:
        """The names of those of a kind, without generic words."""
        found = (self.places.get(row_id) for row_id in ids)
        return {read(place.name).bare for place in found if place and place.kind == kind}

    def _areas(self, one: Sought) -> list[frozenset[UUID]]:
        known = []
        for area in one.within:
            kinds = read(area).kinds
            hits = [
                (row_id, same)
                for name in _area_spellings(area)
                for row_id, same, _ in self.called.get((name, one.country), ())
                if row_id in self.places and (not kinds or self.places[row_id].kind in kinds)
            ]
            exact = frozenset(row_id for row_id, same in hits if same)
            if hits:
                known.append(exact or frozenset(row_id for row_id, _ in hits))
        return known

    def _alike(self, waiting: Sequence[Sought]) -> list[tuple[Sought, UUID, float]]:
        """Places with names that are alike, for lookups that are open: read as well."""
        records = PlaceRecord.objects
        hits: list[tuple[Sought, UUID, float]] = []
        points = {one: p for one in waiting if (p := one.point) and self.readings[one].bare}
        rest = [one for one in waiting if one.point is None and self.readings[one].bare]
        if points:
            names = [(self.readings[one].bare, one.country, *p) for one, p in points.items()]
            found = records.called_alike_near(names, alike=ALIKE, kilometres=AROUND_KM, most=MOST)
            with_points = list(points)
            hits += [(with_points[number], row_id, alike) for number, row_id, alike in found]
        if rest:
            names_alone = [(self.readings[one].bare, one.country) for one in rest]
            found = records.called_alike(names_alone, alike=ALIKE, most=MOST)
            hits += [(rest[number], row_id, alike) for number, row_id, alike in found]
        self._read_places({row_id for _, row_id, _ in hits})
        return hits

    def _decide(self, one: Sought, matches: Sequence[_Match]) -> Resolution:
        possible = [match for match in matches if match.possible]
        named = [match for match in matches if match.fit != Fit.ALIKE]
        ruled_out = sum(not match.possible for match in named)
        chosen, reason = self._choose(one, possible, ruled_out)
        scored = sorted(
            ((match is not chosen, match.candidate) for match in possible),
            key=lambda c: (c[0], -c[1].score, c[1].distance_km or 0.0, c[1].id),
        )
        candidates = tuple(candidate for _, candidate in scored[:MOST])
        if chosen is not None:
            others = [match for match in named if match.possible and match is not chosen]
            if not any(_are_twins(chosen, match) for match in others):
                return Resolution(chosen.place.id, ResolutionBasis.INFERRED, reason, candidates)
            reason = _twins_reason(one)
        return Resolution(None, None, reason, candidates)

    def _choose(
        self, one: Sought, possible: Sequence[_Match], ruled_out: int
    ) -> tuple[_Match | None, str]:
        """The match that is meant, or None, and why."""
        called = [match for match in possible if match.fit != Fit.ALIKE]
        near = _best_fit(match for match in called if match.near)
        if not self._kinds(one):
            near = [m for m in near if m.place.kind in SETTLEMENTS] or near
        near = [match for match in near if match.at] or near
        if len(near) == 1:
            return near[0], f"It is called so and lies {near[0].away}."
        if near:
            return None, _told_apart(one, near, f"within {NEAR_KM:g} km of the point")
        slips = [m for m in possible if m.fit == Fit.ALIKE and m.alike >= MUCH_ALIKE and m.at]
        if len(slips) == 1:
            alike = f"{slips[0].alike:.0%}"
            return slips[0], f"Its name is alike to {alike}, and it lies {slips[0].away}."
        return self._only_one(one, called, ruled_out, any(m.fit == Fit.ALIKE for m in possible))

    def _only_one(
        self, one: Sought, called: Sequence[_Match], ruled_out: int, alike: bool
    ) -> tuple[_Match | None, str]:
        """The only place of the name in the area or country that is said, or None, and why."""
        if not called:
            if ruled_out:
                who = (
                    f"The one place called “{one.name}” is"
                    if ruled_out == 1
                    else f"All {ruled_out} places called “{one.name}” are"
                )
                return None, f"{who} too far from the point, or in another region."
            more = "; some have names that are alike" if alike else ""
            return None, f"No public place is called “{one.name}”{more}."
        best = _best_fit(called)
        inside = [match for match in best if match.inside]
        if len(inside or best) > 1:
            return None, _told_apart(one, inside or best, "where it is sought")
        (match,) = inside or best
        if match.spot and match.km is not None:
            return None, f"The place called “{one.name}” lies {match.away}: it may be another."
        if ruled_out and not match.spot and not self._kinds(one):
            label = PlaceKind(match.place.kind).label
            return None, f"“{one.name}” may be a place in the {label} of that name, or elsewhere."
        if match.other:
            return None, f"The place called “{one.name}” is filed in another division than is said."
        if match.inside:
            return match, "It is the only place of the name in the area that is said."
        if match.place.country is not None and match.place.country == one.country:
            return match, "It is the only place of the name in the country that is said."
        return None, (
            f"One public place is called “{one.name}”, but nothing says that it is the one."
        )


def _divisions(bare: str, kinds: frozenset[str]) -> Iterator[str]:
    """A name with each generic word for divisions of the kinds: `donetsk oblast`, …."""
    for word, said in GENERIC.items():
        if said & kinds & {_ADMIN1, _ADMIN2, _ADMIN3}:
            yield f"{bare} {word}"


def _area_spellings(area: str) -> Iterator[str]:
    """How the name of an area may be stored."""
    reading = read(area)
    yield reading.full
    if reading.bare != reading.full:
        yield reading.bare
    yield from _divisions(reading.bare, reading.kinds or frozenset({_ADMIN1, _ADMIN2, _ADMIN3}))


def _best_fit(matches: Iterable[_Match]) -> list[_Match]:
    """Those whose names fit best."""
    given = list(matches)
    best = min((match.fit for match in given), default=None)
    return [match for match in given if match.fit == best]


def _are_twins(one: _Match, other: _Match) -> bool:
    """Whether two matches may be one place: of one class, at nearly one position."""
    classes = [match.place.kind in SETTLEMENTS or match.place.kind for match in (one, other)]
    km = one.place.apart(other.place.point)
    return classes[0] == classes[1] and km is not None and km <= TWINS_KM


def _told_apart(one: Sought, matches: Sequence[_Match], where: str) -> str:
    """Why none of several is chosen."""
    first, *others = matches
    if all(_are_twins(first, match) for match in others):
        return _twins_reason(one)
    return f"{len(matches)} places are called “{one.name}” {where}; nothing tells which is meant."


def _twins_reason(one: Sought) -> str:
    return (
        f"Places called “{one.name}” lie within {TWINS_KM:g} km of each other: "
        "they may be one that is stored twice."
    )
