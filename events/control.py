"""Who controls a place, by whose word: what each voice says of it on a date, side by side.

Nothing here says who is right. A voice is a party, an independent source, or a source of unknown
standing, which is shown and left out of the summary. Voices are never merged into one answer.

The functions read the bodies of claims and compute; `events.api.control_records` finds what they
are given.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

import orjson
from django.db import models

from events.arguments import Bounds, before, bounds
from events.models import ClaimKind, ControlStatus, Polarity
from records import edtf
from records.shape import Body
from records.time import TimeBasis
from sources.models import SourceKind

#: What a voice says of a place of which it says nothing.
NOT_STATED = "not_stated"


class ControlCurrent(models.TextChoices):
    """Whether what a claim says holds on the date that is asked for."""

    CERTAIN = "certain", "on the date, by every reading of its time"
    POSSIBLE = "possible", "on the date, by some reading of its time"
    EARLIER = "earlier", "before the date"


class ControlSummary(models.TextChoices):
    """How what the voices say of a place compares."""

    NOT_STATED = NOT_STATED, "no voice says it"
    SINGLE_VOICE = "single_voice", "one voice alone"
    AGREED = "agreed", "agreed"
    CONTESTED = "contested", "contested"


@dataclass(frozen=True, eq=False)
class Voice:
    """By whose word something is: a party, or a source that has none."""

    party: Body | None
    source: Body | None
    #: Whether the summary counts it: a source of unknown standing is neither a party nor a third.
    counted: bool

    @property
    def id(self) -> str:
        """The id of the party, or of the source."""
        return self._reference["id"]

    @property
    def name(self) -> str:
        """The name of the party, or of the source."""
        return self._reference["name"]

    @property
    def _reference(self) -> Body:
        reference = self.party or self.source
        assert reference is not None
        return reference

    @property
    def order(self) -> tuple[int, str, str]:
        """Parties come first, then the independent, then those of unknown standing, by name."""
        rank = 0 if self.party else 1 if self.counted else 2
        return rank, self.name, self.id


def voice_of(source: Body, party: Body | None) -> Voice | None:
    """The voice of a source, from its body and its party's reference form.

    None for a source of kind `dataset`: it codes what others said.
    """
    if source["kind"] == SourceKind.DATASET:
        return None
    if party is not None:
        return Voice(party, None, counted=True)
    reference = {key: source[key] for key in ("id", "name", "kind", "party", "party_id")}
    return Voice(None, reference, counted=bool(source["independent"]))


@dataclass(frozen=True, eq=False)
class ControlClaim:
    """A claim on who holds places, or whose they are, as far as it is compared with others."""

    body: Body
    #: Ids of the places that it is itself about; its event's are not among them.
    places: frozenset[str]
    said: Bounds | None
    #: When what it says held: its `holds`, else its `said`; None where neither is known.
    time: Bounds | None
    #: When that began, and by when it had begun by every reading.
    began: Bounds | None
    began_by: datetime | None
    #: Until when it lasted by every reading.
    lasted_until: datetime | None
    precedes: tuple[str, ...] = ()
    same_as: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.body["id"]

    @property
    def claimant(self) -> str:
        """The id of its claimant."""
        return self.body["claimant"]["id"]

    @property
    def decides(self) -> bool:
        """Whether it counts: only what is affirmed, without a condition, and has a time does."""
        affirmed = self.body["polarity"] == Polarity.AFFIRMED
        return affirmed and self.body["condition"] is None and self.time is not None

    @property
    def first(self) -> datetime:
        """The earliest instant that it may have begun."""
        return (self.began and self.began[0]) or datetime.min.replace(tzinfo=UTC)


def control_claim(
    text: str | Body, precedes: Iterable[Any] = (), same_as: Iterable[Any] = ()
) -> ControlClaim:
    """A claim from its body; with the ids of the claims that it precedes or is the same as."""
    body: Body = orjson.loads(text) if isinstance(text, str) else text
    said, holds = bounds(body["said"]), bounds(body["holds"])
    course: tuple[Bounds | None, datetime | None, datetime | None] = (None, None, None)
    if holds:
        time = body["holds"]
        course = _stretch(time["edtf"], time["basis"], holds, said and said[0])
    elif said:
        course = _point(body["said"]["edtf"], said)
    return ControlClaim(
        body=body,
        places=frozenset(place["id"] for place in body["places"]),
        said=said,
        time=holds or said,
        began=course[0],
        began_by=course[1],
        lasted_until=course[2],
        precedes=tuple(map(str, precedes)),
        same_as=tuple(map(str, same_as)),
    )


#: When something began, by when it had begun, and until when it lasted, by every reading.
_Course = tuple[Bounds, datetime | None, datetime | None]


@lru_cache(maxsize=4096)
def _point(text: str, whole: Bounds) -> _Course:
    """The course of a time that says when something was, and not from when to when.

    It may have been at any instant of the time, so all of it has to lie on a date to be certain.
    """
    parsed = edtf.parse(text)
    if parsed.approximate or parsed.uncertain:
        return whole, None, None
    return whole, whole[1], whole[0]


@lru_cache(maxsize=4096)
def _stretch(text: str, basis: str | None, whole: Bounds, said: datetime | None) -> _Course:
    """The course of a time of which the interval `A/B` says: from A to B.

    A side that is open, unknown, or marked as approximate or uncertain bounds nothing for certain.
    What is open to the right lasted when it was said, and nobody can have known for how much
    longer. A closed interval that is inferred only brackets an instant that is not known.
    """
    start, slash, end = text.partition("/")
    closed = not {start, end} & {"", ".."}
    if not slash or (closed and basis == TimeBasis.INFERRED):
        return _point(text, whole)
    first, last = _exact(start), _exact(end)
    if first is None:
        return (None, whole[1]) if start in ("", "..") else whole, None, None
    lasted = last.earliest if last else first.earliest
    if end == ".." and said and lasted:
        lasted = max(lasted, said)
    return (first.earliest, first.latest), first.latest, lasted


def _exact(side: str) -> edtf.Edtf | None:
    """A side of an interval, unless it is open, unknown, approximate or uncertain."""
    if side in ("", ".."):
        return None
    parsed = edtf.parse(side)
    return None if parsed.approximate or parsed.uncertain else parsed


@dataclass(frozen=True)
class On:
    """The date that is asked for: a half-open span, as it was written."""

    text: str
    start: datetime
    end: datetime

    def begun(self, claim: ControlClaim) -> bool:
        """Whether what a claim says begins on or before the date; never where it has no time."""
        if claim.time is None:
            return False
        return claim.time[0] is None or claim.time[0] < self.end

    def current(self, claim: ControlClaim) -> ControlCurrent | None:
        """Whether what a claim says holds on the date; None where it has no time."""
        if claim.time is None:
            return None
        began_by, lasted_until, latest = claim.began_by, claim.lasted_until, claim.time[1]
        if began_by and lasted_until and began_by <= self.end and self.start <= lasted_until:
            return ControlCurrent.CERTAIN
        if latest is not None and latest <= self.start:
            return ControlCurrent.EARLIER
        return ControlCurrent.POSSIBLE


class Order:
    """The order of claims by `precedes`, closed over chains and over `same_as`."""

    def __init__(self) -> None:
        self._next: dict[str, set[str]] = defaultdict(set)
        self._same: dict[str, set[str]] = defaultdict(set)
        self._after: dict[str, set[str]] = {}

    def add(self, claim: str, precedes: Collection[str], same_as: Iterable[str]) -> None:
        """Make the relations of a claim known."""
        if precedes:
            self._next[claim].update(precedes)
        for other in same_as:
            self._same[claim].add(other)
            self._same[other].add(claim)
        self._after.clear()

    def after(self, claim: str, others: Collection[str]) -> set[str]:
        """Those of others that a claim precedes, but for those that are said to precede it too."""
        if claim not in self._next and claim not in self._same:
            return set()
        later = self._later(claim).intersection(others)
        return {other for other in later if claim not in self._later(other)}

    def _later(self, claim: str) -> set[str]:
        """All that a claim precedes."""
        if claim not in self._after:
            same = _reached({claim}, lambda known: self._same.get(known, ()))
            after = {later for known in same for later in self._next.get(known, ())}
            self._after[claim] = _reached(
                after, lambda known: self._next.get(known, set()) | self._same.get(known, set())
            )
        return self._after[claim]


def _reached(starts: Iterable[str], steps: Any) -> set[str]:
    """All that steps lead to, the starts included."""
    seen = set(starts)
    waiting = list(seen)
    while waiting:
        new = set(steps(waiting.pop())) - seen
        seen |= new
        waiting += new
    return seen


def earlier(one: ControlClaim, other: ControlClaim) -> bool:
    """Whether one claim is earlier than another by time.

    Beginnings are compared, because what holds without a known end overlaps all that follows. Where
    the earlier to begin was said last and still lasts when the other begins, the two say two things
    of one time, and time decides nothing.
    """
    if before(one.time, other.time):
        return True
    return before(one.began, other.began) and not before(other.said, one.said)


def latest_by_time(claims: Iterable[ControlClaim]) -> list[ControlClaim]:
    """The claims than which no other is later by time, those that began last first."""
    by_start = sorted(claims, key=lambda claim: (claim.first, claim.id), reverse=True)
    kept = []
    for claim in by_start:
        end = claim.began[1] if claim.began else None
        if end is None or not any(earlier(claim, later) for later in _from(end, by_start)):
            kept.append(claim)
    return kept


def _from(instant: datetime, by_start: Iterable[ControlClaim]) -> Iterator[ControlClaim]:
    """The claims that began at an instant or later; only they can be later than what began by it.

    The first of them nearly always is, so that many claims cost little.
    """
    for claim in by_start:
        if claim.first < instant:
            return
        yield claim


def latest(claims: Iterable[ControlClaim], order: Order) -> list[ControlClaim]:
    """The latest claims: by time where that decides, else by `precedes`, else all are kept."""
    return _last(latest_by_time(claims), order)


def _last(kept: list[ControlClaim], order: Order) -> list[ControlClaim]:
    """Those of claims that time leaves over which precede no other of them."""
    ids = {claim.id for claim in kept}
    return [claim for claim in kept if not order.after(claim.id, ids)]


def in_order(claims: Iterable[ControlClaim], order: Order) -> list[ControlClaim]:
    """Claims from first to last: by time where that decides, else by `precedes`.

    What neither decides comes by the earliest instant at which it may begin, and then by id. Links
    that time contradicts, or that lead in a circle with it, decide nothing.
    """
    waiting = sorted(claims, key=lambda claim: (claim.first, claim.id))
    by_id = {claim.id: claim for claim in waiting}
    preceding: dict[str, set[str]] = defaultdict(set)
    for claim in waiting:
        for later in order.after(claim.id, by_id):
            if not earlier(by_id[later], claim):
                preceding[later].add(claim.id)
    if not preceding:
        return waiting
    found = []
    while waiting:
        claim = waiting.pop(_next(waiting, preceding))
        found.append(claim)
        for others in preceding.values():
            others.discard(claim.id)
    return found


def _next(waiting: Sequence[ControlClaim], preceding: Mapping[str, Collection[str]]) -> int:
    """The position of the first claim that none of those that wait comes before, by time or link.

    Where links and times lead in a circle there is none, and it is that which begins first.
    """
    for position, claim in enumerate(waiting):
        passed = waiting[:position]
        if not preceding.get(claim.id) and not any(earlier(one, claim) for one in passed):
            return position
    return 0


@dataclass(frozen=True)
class Row:
    """What one voice says of one place on a date."""

    voice: Voice
    #: Its latest claims that count; several where their order is undecided, none for not stated.
    claims: Sequence[ControlClaim] = ()
    #: Claims that are denied, unknown, conditional or without a time: they decide nothing.
    beside: Sequence[ControlClaim] = ()

    @property
    def statuses(self) -> list[str]:
        """What the claims say, each status once."""
        found = {claim.body["control_status"] for claim in self.claims}
        return sorted(found) or [NOT_STATED]


def row(voice: Voice, claims: Collection[ControlClaim], on: On, order: Order) -> Row:
    """What a voice says on a date, from its claims about one place."""
    found = latest([claim for claim in claims if claim.decides and on.begun(claim)], order)
    beside = [
        claim
        for claim in claims
        if not claim.decides
        and (claim.time is None or on.begun(claim))
        and not any(earlier(claim, one) for one in found)
    ]
    return Row(voice, found, sorted(beside, key=lambda c: (c.first, c.id), reverse=True))


def summary(rows: Iterable[Row]) -> ControlSummary:
    """How what the voices say compares: they agree where all say that one party controls it."""
    stated = [found for found in rows if found.voice.counted and found.claims]
    if not stated:
        return ControlSummary.NOT_STATED
    if len(stated) == 1:
        return ControlSummary.SINGLE_VOICE
    holders = {_holder(claim.body) for found in stated for claim in found.claims}
    if len(holders) == 1 and None not in holders:
        return ControlSummary.AGREED
    return ControlSummary.CONTESTED


def _holder(body: Body) -> str | None:
    """The party that is said to control the place; None for any other status, or for nobody."""
    if body["control_status"] != ControlStatus.CONTROLLED or body["object_actor"] is None:
        return None
    return body["object_actor"]["party_id"]


@dataclass
class Heard:
    """All that was said of places, and by whom."""

    #: What is said of each place itself: who holds it, or whose it is.
    claims: dict[str, list[ControlClaim]] = field(default_factory=lambda: defaultdict(list))
    #: The voice of each claimant; None for those that are none.
    voices: dict[str, Voice | None] = field(default_factory=dict)
    #: The claimants that speak about each place, whatever they say.
    speaking: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: The parties that are said to hold or own each place, or not to, whoever says so.
    named: dict[str, set[Voice]] = field(default_factory=lambda: defaultdict(set))
    #: Claims that limit another, by that one's id.
    limits: dict[str, list[Body]] = field(default_factory=lambda: defaultdict(list))
    order: Order = field(default_factory=Order)

    def by_voice(
        self, place: str, *, sovereignty: bool = False
    ) -> list[tuple[Voice, list[ControlClaim]]]:
        """What each voice says of a place itself: who holds it, or whose it is."""
        found: dict[str, tuple[Voice, list[ControlClaim]]] = {}
        for claim in self.claims.get(place, ()):
            if not _says(claim.body, sovereignty=sovereignty):
                continue
            voice = self.voices.get(claim.claimant)
            if voice is not None:
                found.setdefault(voice.id, (voice, []))[1].append(claim)
        return sorted(found.values(), key=lambda of_voice: of_voice[0].order)

    def stating(self, place: str, on: On, *, sovereignty: bool = False) -> list[Row]:
        """The rows of those voices that say something of a place itself by a date."""
        said = self.by_voice(place, sovereignty=sovereignty)
        rows = [row(voice, claims, on, self.order) for voice, claims in said]
        return [found for found in rows if found.claims or found.beside]

    def rows(self, line: Iterable[str], stating: Iterable[Row]) -> list[Row]:
        """A row for each speaker on a place and what it lies in.

        `stating` are the rows of those that say something of the place itself.
        """
        stated = {found.voice.id: found for found in stating}
        return [stated.get(voice.id) or Row(voice) for voice in self.speakers(line)]

    def speakers(self, line: Iterable[str]) -> list[Voice]:
        """The voices that speak about any of the places of a line, and the parties named there.

        A party that is said to hold a place is one to hear on it, though it may state nothing.
        """
        by_id: dict[str, Voice] = {}
        for place in line:
            by_id |= {voice.id: voice for voice in self.named.get(place, ())}
            voices = (self.voices.get(claimant) for claimant in self.speaking.get(place, ()))
            by_id |= {voice.id: voice for voice in voices if voice}
        return sorted(by_id.values(), key=lambda voice: voice.order)

    def tied(self, on: On | None = None) -> Iterator[ControlClaim]:
        """The claims between which `precedes` has to decide, of one voice and on one place.

        Without a date, all that have a time: they are put in order.
        """
        for place in self.claims:
            for sovereignty in (False, True):
                for _, claims in self.by_voice(place, sovereignty=sovereignty):
                    kept = [claim for claim in claims if claim.time]
                    if on is not None:
                        deciding = (claim for claim in kept if claim.decides and on.begun(claim))
                        kept = latest_by_time(deciding)
                    if len(kept) > 1:
                        yield from kept


def _says(body: Body, *, sovereignty: bool) -> bool:
    """Whether a claim says whose a place is, or who holds it."""
    if sovereignty:
        return body["kind"] == ClaimKind.SOVEREIGNTY
    return body["control_status"] is not None


@dataclass(frozen=True)
class SummaryChange:
    """That the summary of a place is another from a day on; None: from the beginning."""

    since: date | None
    summary: ControlSummary


def changes(
    by_voice: Iterable[tuple[Voice, Iterable[ControlClaim]]], order: Order
) -> list[SummaryChange]:
    """Each day on which the summary changes, as it is found by asking for one day after another.

    A claim enters on the day that it may have begun, and then the claims that it is later than
    leave for good: so each day is compared with the day before and not with all of history.
    """
    entering = sorted(
        (
            (claim.first, claim.id, voice, claim)
            for voice, claims in by_voice
            for claim in claims
            if claim.decides
        ),
        key=lambda entry: entry[:2],
    )
    standing: dict[Voice, list[ControlClaim]] = {}
    rows: dict[str, Row] = {}
    found = [SummaryChange(None, ControlSummary.NOT_STATED)]
    for day, entries in groupby(entering, key=lambda entry: entry[0].date()):
        new: dict[Voice, list[ControlClaim]] = defaultdict(list)
        for _, _, voice, claim in entries:
            new[voice].append(claim)
        for voice, claims in new.items():
            standing[voice] = latest_by_time([*standing.get(voice, ()), *claims])
            rows[voice.id] = Row(voice, _last(standing[voice], order))
        now = summary(rows.values())
        since = None if day == date.min else day
        if since is None:
            found = [SummaryChange(None, now)]
        elif now != found[-1].summary:
            found.append(SummaryChange(since, now))
    return found


def whole_day(day: date) -> On:
    """A day, as the date that is asked for."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return On(day.isoformat(), start, start + timedelta(days=1))
