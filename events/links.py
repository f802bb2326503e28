"""Links that lead one way, checked at the end of every change set: none leads back to its start.

The workspace refuses circles by itself (`records.rules`). What is public may differ from it: a row
is published when another, which no longer has a link, is not. So the same is asked of what would be
public then.
"""

from collections.abc import Iterator

from events.order import CLAIM_CHAINS, EVENT_CHAINS
from records.edition import Edition, Key
from records.shape import Statement

#: A link, as far as it is followed: its kind and the id at its other end.
_Link = tuple[str, str]
#: A resource, the member of a link that names its other end, and the kinds that lead one way.
_CHAINS = (("claims", "claim", CLAIM_CHAINS), ("events", "event", EVENT_CHAINS))
#: How many steps of a circle are told.
_TOLD = 6

_SAYS = {
    "precedes": "precedes", "repeats": "repeats", "supersedes": "supersedes",
    "part_of": "is part of", "same_as": "is the same as",
}  # fmt: skip
_WOULD = {
    "precedes": "precede", "repeats": "repeat", "supersedes": "supersede", "part_of": "be part of",
}  # fmt: skip


def check_links(made: Edition) -> None:
    """Refuse a set after which public links would lead in a circle, telling the way round."""
    for resource, other, chains in _CHAINS:
        links = _Links(made, resource, other)
        for kind, same in chains.items():
            told: set[str] = set()
            for start in links.added({kind, same}):
                if start not in told and (way := links.way_round(start, kind, same)):
                    told.update(end for _, end in way)
                    made.problem((resource, start), _telling(resource, kind, way))


class _Links:
    """The links between the objects of one resource, as they are public after a set."""

    def __init__(self, made: Edition, resource: str, other: str) -> None:
        self.made, self.resource, self.other = made, resource, other
        self._of: dict[str, list[_Link]] = {}
        self._added = {
            key[1]: {kind for kind, _ in new} for key in made.statements if (new := self._new(key))
        }

    def _new(self, key: Key) -> set[_Link]:
        """The links that an object of the set did not have in public before."""
        statement = None if key[0] != self.resource else self.made.statement(key)
        if statement is None or not statement["relations"]:
            return set()
        public = self.made.public(key)
        before = self._read(public.version.statement()) if public else []
        return set(self._read(statement)).difference(before)

    def _read(self, statement: Statement) -> list[_Link]:
        return [(link["kind"], link[self.other]) for link in statement["relations"]]

    def added(self, kinds: set[str | None]) -> list[str]:
        """The objects that have a new link of any of the kinds; no other closes a circle."""
        return sorted(start for start, found in self._added.items() if found & kinds)

    def way_round(self, start: str, kind: str, same: str | None) -> list[_Link]:
        """A shortest way over links of a kind, and over what is the same, that leads back."""
        # Where it was come from; what is only the same as the start has not left it yet.
        origin = (start, False)
        came: dict[tuple[str, bool], tuple[tuple[str, bool], str] | None] = {origin: None}
        waiting = [origin]
        while waiting:
            self._load({end for end, _ in waiting})
            reached = []
            for here in waiting:
                for link, end in self._of[here[0]]:
                    if link not in (kind, same):
                        continue
                    there = (end, here[1] or link == kind)
                    if there not in came:
                        came[there] = (here, link)
                        reached.append(there)
            if (start, True) in came:
                return list(_steps(came, (start, True)))[::-1]
            waiting = reached
        return []

    def _load(self, ids: set[str]) -> None:
        missing = [(self.resource, object_id) for object_id in sorted(ids - self._of.keys())]
        self.made.prefetch(missing)
        for key in missing:
            statement = self.made.statement(key)
            self._of[key[1]] = self._read(statement) if statement else []


def _steps(
    came: dict[tuple[str, bool], tuple[tuple[str, bool], str] | None], end: tuple[str, bool]
) -> Iterator[_Link]:
    """The steps that led to an end, the last first."""
    while (step := came[end]) is not None:
        yield step[1], end[0]
        end = step[0]


def _telling(resource: str, kind: str, way: list[_Link]) -> str:
    """What is wrong, naming who stands in the circle."""
    between = [f"{_SAYS[link]} {resource}/{end}" for link, end in way[:-1]]
    if len(between) > _TOLD:
        between[_TOLD - 1 : -1] = [f"leads over {len(between) - _TOLD} more"]
    told = ", which ".join([*between, f"{_SAYS[way[-1][0]]} it"])
    return (
        f"would {_WOULD[kind]} itself by what is public: it {told}; drop one of these links, or "
        "publish in the same change set the row that no longer has it"
    )
