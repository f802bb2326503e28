"""The partial order of statements or of happenings: what came before what, and what is undecided.

Time decides where it can: an item came before another whose time begins when its own has ended.
Else links of the kind `precedes` decide, closed over chains and over `same_as`. What neither
decides stays undecided; no time is invented. A link that leads against time, or in a circle,
decides nothing and is set aside, so that the order is one whatever was linked.

The functions compute; `events.api.chronology` finds what they are given.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf

from events.arguments import Bounds

TIME, PRECEDES = "time", "precedes"

#: Kinds of links that lead in one direction only, and the kind over which each is closed, if any.
CLAIM_CHAINS: Mapping[str, str | None] = {
    "precedes": "same_as",
    "repeats": None,
    "supersedes": None,
}
EVENT_CHAINS: Mapping[str, str | None] = {"precedes": "same_as", "part_of": None}


@dataclass(frozen=True)
class Item:
    """What is to be ordered; its time is null where it is not known."""

    id: str
    time: Bounds | None = None

    @property
    def known(self) -> bool:
        """Whether it has a time with a bound."""
        return self.time is not None and self.time != (None, None)

    @property
    def key(self) -> tuple[datetime, datetime, str]:
        """Where it is listed among those that nothing orders."""
        earliest, latest = self.time or (None, None)
        last = datetime.max.replace(tzinfo=UTC)
        return earliest or latest or last, latest or last, self.id


@dataclass(frozen=True)
class Link:
    """That one item precedes another, and the words that say so."""

    before: str
    after: str
    phrase: str | None = None


@dataclass(frozen=True)
class Reason:
    """Why an item comes after another: by time or by links, and the words of those links."""

    before: str
    by: str
    phrase: str | None = None


class PartialOrder:
    """What came before what. Irreflexive, antisymmetric, transitive, whatever it is made from."""

    def __init__(
        self,
        items: Iterable[Item],
        links: Iterable[Link] = (),
        same: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Order items by their times and links; `same` has pairs that `same_as` joins.

        Links may lead over ids that are no items: those have no time.
        """
        given = {item.id: item for item in items}
        # By its ends, and then by its words: of several links between two the first counts.
        links = sorted(set(links), key=lambda link: (link.before, link.after, link.phrase or "~"))
        pairs = list(same)
        ends = {end for link in links for end in (link.before, link.after)}
        ids = sorted({*given, *ends, *(end for pair in pairs for end in pair)})
        self.items = {known: given.get(known) or Item(known) for known in ids}
        self._ids, self._index = ids, {known: number for number, known in enumerate(ids)}
        self._by_time = self._timed()
        stated = self._stated(links, pairs)
        reach = self._closed_with(stated)
        #: For each item those that links put directly before it, with their words.
        self._linked: dict[int, dict[int, str | None]] = defaultdict(dict)
        kept: list[tuple[int, int]] = []
        for (one, other), phrase in stated.items():
            # A step from which there is a way back lies on a circle. Times alone make none.
            if not reach[other] >> one & 1:
                kept.append((one, other))
                self._linked[other][one] = phrase
        self._after = self._closed_with(kept)
        #: Links that time contradicts, or that lead in a circle.
        self.set_aside = [link for link in links if not self.before(link.before, link.after)]

    def _closed_with(self, steps: Iterable[tuple[int, int]]) -> list[int]:
        """For each item the set of all that times and steps put after it; by Warshall's way."""
        reach = list(self._by_time)
        for one, other in steps:
            reach[one] |= 1 << other
        for middle in range(len(reach)):
            beyond, bit = reach[middle], 1 << middle
            if beyond:
                for start, known in enumerate(reach):
                    if known & bit:
                        reach[start] = known | beyond
        return reach

    def _timed(self) -> list[int]:
        """For each item the set of those that time puts after it; sets are bits of a number."""
        ended = sorted((i.time[1], n) for n, i in self._each() if i.time and i.time[1])
        begun = sorted(
            ((i.time[0], n) for n, i in self._each() if i.time and i.time[0]), reverse=True
        )
        found = [0] * len(self._ids)
        later = 0
        at = 0
        for end, number in reversed(ended):
            while at < len(begun) and begun[at][0] >= end:
                later |= 1 << begun[at][1]
                at += 1
            found[number] = later
        # A time without an extent touches itself, and lies not before itself.
        empty: dict[Bounds, int] = defaultdict(int)
        for number, item in self._each():
            if item.time and item.time[0] == item.time[1]:
                empty[item.time] |= 1 << number
        for number, item in self._each():
            if item.time in empty:
                found[number] &= ~empty[item.time]
        return found

    def _each(self) -> Iterator[tuple[int, Item]]:
        return enumerate(self.items.values())

    def _stated(
        self, links: list[Link], pairs: list[tuple[str, str]]
    ) -> dict[tuple[int, int], str | None]:
        """The steps that links state, between all that `same_as` joins to their ends."""
        members = _joined(self._index, pairs)
        found: dict[tuple[int, int], str | None] = {}
        for link in links:
            ones, others = members[self._index[link.before]], members[self._index[link.after]]
            if ones is others:
                continue  # both its ends are the same
            for one in ones:
                for other in others:
                    found.setdefault((one, other), link.phrase)
        for link in reversed(links):  # what is said of two themselves goes before
            step = self._index[link.before], self._index[link.after]
            if step in found:
                found[step] = link.phrase
        return found

    def before(self, one: str, other: str) -> bool:
        """Whether one came before the other."""
        return bool(self._after[self._index[one]] >> self._index[other] & 1)

    def by_time(self, one: str, other: str) -> bool:
        """Whether one came before the other by their times alone."""
        return bool(self._by_time[self._index[one]] >> self._index[other] & 1)

    def decided(self, one: str, other: str) -> bool:
        """Whether anything orders the two."""
        return self.before(one, other) or self.before(other, one)

    def after(self, one: str, among: Collection[str]) -> list[str]:
        """Those of some items that came after one."""
        mask = self._after[self._index[one]]
        return [other for other in among if mask >> self._index[other] & 1]

    def reasons(self, one: str, among: Collection[str]) -> list[Reason]:
        """Why an item comes after others.

        Of those that ended before it began the last, the shortest of several; then all that links
        put before it, over whatever is not among the others. Where time says the same as a link,
        it is by time, with the words of the link.
        """
        by_links = dict(self._leading(self._index[one], {self._index[other] for other in among}))
        earlier = [other for other in among if self.by_time(other, one)]
        found = []
        if earlier:
            end = max(map(self._ended, earlier))
            last = [other for other in earlier if self._ended(other) == end]
            nearest = min(last, key=lambda other: (other not in by_links, *self._shortest(other)))
            found.append(Reason(nearest, TIME, by_links.pop(nearest, None)))
        for other, phrase in sorted(by_links.items(), key=lambda pair: self.items[pair[0]].key):
            by = TIME if self.by_time(other, one) else PRECEDES
            found.append(Reason(other, by, phrase))
        return found

    def _shortest(self, one: str) -> tuple[float, str]:
        """Sorts items that ended together: the last to begin comes first."""
        time = self.items[one].time
        begun = time and time[0]
        return -begun.timestamp() if begun else inf, one

    def _ended(self, one: str) -> datetime:
        """When an item had ended that came before another by time."""
        time = self.items[one].time
        assert time is not None
        assert time[1] is not None
        return time[1]

    def _leading(self, number: int, among: set[int]) -> Iterator[tuple[str, str | None]]:
        """What links put before an item, with the words of the shortest way from there."""
        seen = {number}
        waiting: list[tuple[int, str | None]] = [(number, None)]
        for step, said in waiting:
            for earlier, phrase in sorted(self._linked.get(step, {}).items()):
                if earlier in seen:
                    continue
                seen.add(earlier)
                words = "; ".join(filter(None, (phrase, said))) or None
                if earlier in among:
                    yield self._ids[earlier], words
                else:
                    waiting.append((earlier, words))


def _joined(index: Mapping[str, int], pairs: Iterable[tuple[str, str]]) -> dict[int, list[int]]:
    """For each item all that are the same, itself included: one list for all of them."""
    members = {number: [number] for number in index.values()}
    for one, other in sorted(pairs):
        mine, theirs = members[index[one]], members[index[other]]
        if mine is not theirs:
            mine += theirs
            members.update(dict.fromkeys(theirs, mine))
    return members


@dataclass(frozen=True)
class Step:
    """What comes after all of the steps before it, and before all of those that follow."""

    ids: list[str]
    #: Whether nothing orders any of its items; else some of them are ordered.
    tied: bool


@dataclass(frozen=True)
class Loose:
    """An item that fits in several places: after one step, before another, else undecided."""

    id: str
    #: The positions, from 1, of the last step after all of which it comes, and of the first before
    #: all of which it comes.
    after: int | None
    before: int | None


@dataclass
class Layers:
    """An order as it is read from top to bottom."""

    steps: list[Step] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)
    #: What has no time, and what nothing orders.
    unknown: list[str] = field(default_factory=list)


def layers(order: PartialOrder, shown: Iterable[str]) -> Layers:
    """Some of the items of an order in steps, and those apart that fit in no one step.

    A step holds the items with equally many steps below and above them, on a longest chain. Where
    two such chains run side by side, what is not wholly before the other is one step together; so
    all of a step comes after all of the step before.
    """
    ids = sorted(set(shown), key=lambda one: order.items[one].key)
    later = {one: set(order.after(one, ids)) for one in ids}
    earlier: dict[str, set[str]] = {one: set() for one in ids}
    for one, others in later.items():
        for other in others:
            earlier[other].add(one)
    found = Layers()
    found.unknown = [
        one for one in ids if not (order.items[one].known or later[one] or earlier[one])
    ]
    known = [one for one in ids if one not in set(found.unknown)]
    below, above = _heights(known, earlier), _heights(known, later)
    top = max(below.values(), default=0)
    fixed = [one for one in known if below[one] + above[one] == top]
    fixed.sort(key=lambda one: below[one])  # which keeps the order of times within a height
    found.steps = [_step(group, later) for group in _groups(fixed, below, later)]
    for one in known:
        if below[one] + above[one] != top:
            after = [n for n, s in enumerate(found.steps, 1) if earlier[one].issuperset(s.ids)]
            before = [n for n, s in enumerate(found.steps, 1) if later[one].issuperset(s.ids)]
            found.loose.append(Loose(one, max(after, default=None), min(before, default=None)))
    last = len(found.steps) + 1
    found.loose.sort(key=lambda o: (o.after or 0, o.before or last, order.items[o.id].key))
    return found


def _heights(ids: Iterable[str], nearer: Mapping[str, set[str]]) -> dict[str, int]:
    """How many items the longest chain below each has; nearer items have fewer below them."""
    heights: dict[str, int] = {}
    for one in sorted(ids, key=lambda one: len(nearer[one])):
        heights[one] = 1 + max((heights[other] for other in nearer[one]), default=-1)
    return heights


def _groups(
    fixed: list[str], below: Mapping[str, int], later: Mapping[str, set[str]]
) -> Iterator[list[str]]:
    """Items in their heights, cut where all that came so far is before all that follows."""
    start = 0
    for at in range(1, len(fixed) + 1):
        if at == len(fixed) or (
            below[fixed[at]] != below[fixed[at - 1]]
            and all(later[one].issuperset(fixed[at:]) for one in fixed[start:at])
        ):
            yield fixed[start:at]
            start = at


def _step(group: list[str], later: Mapping[str, set[str]]) -> Step:
    tied = len(group) > 1 and all(later[one].isdisjoint(group) for one in group)
    return Step(group, tied)
