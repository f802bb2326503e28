"""What each voice says of an event: voices as columns, propositions as rows, side by side.

A proposition is what a class of claims over `same_as` and `repeats` says. Beside the claims of the
class stand those that contradict or limit them, whatever event or place they are about. Nothing
here says who is right. The functions compute over bodies of claims; `events.api.positions` finds
them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from django.db import models

from events.arguments import bounds
from events.control import Voice
from events.models import ClaimKind, ClaimLinkKind, Difference, Polarity, Rule
from records.shape import Body

#: How many voices have to say a thing for it to be agreed.
AGREEING = 2


class PositionMark(models.TextChoices):
    """How what the voices say of a proposition compares."""

    CONTRADICTED = "contradicted", "contradicted"
    AGREED = "agreed", "agreed"
    ONE_SIDED = "one_sided", "said by one side"
    UNKNOWN = "unknown", "said not to be known"


class PositionStance(models.TextChoices):
    """How a claim stands to a proposition, which is what the statement of its row says."""

    AFFIRMS = "affirms", "affirms it"
    DENIES = "denies", "denies it"
    UNKNOWN = "unknown", "says that it is not known"
    CONTRADICTS = "contradicts", "contradicts it"
    LIMITS = "limits", "limits it"


_MARKS, _STANCES, _KINDS = list(PositionMark), list(PositionStance), ClaimKind.values


@dataclass(frozen=True)
class Proposition:
    """What a class of claims says, by the claim that the class stands by."""

    id: str
    #: The claims of the class that were read.
    claims: Sequence[Body]
    #: How many claims of the class each claimant has, whether they were read or not.
    totals: Mapping[str, int]

    @cached_property
    def standing(self) -> Body:
        """The claim that the class stands by."""
        return next((claim for claim in self.claims if claim["id"] == self.id), self.claims[0])

    @cached_property
    def contradictions(self) -> list[Body]:
        """The contradictions that its claims show, each once."""
        found = {each["id"]: each for claim in self.claims for each in claim["contradictions"]}
        return [found[i] for i in sorted(found)]

    @property
    def contradictions_total(self) -> int:
        """How many there are; claims show the first of many."""
        return max(
            len(self.contradictions), *(claim["contradictions_total"] for claim in self.claims)
        )


@dataclass(frozen=True)
class Position:
    """How one claim stands to a proposition."""

    stance: PositionStance
    claim: Body

    @property
    def echo(self) -> bool:
        """Whether the claim only repeats another."""
        return is_echo(self.claim)

    @property
    def limited(self) -> list[Body]:
        """The claims that the claim limits."""
        relations = self.claim["relations"]
        return [r["claim"] for r in relations if r["kind"] == ClaimLinkKind.LIMITS]

    @property
    def order(self) -> tuple[int, bool, datetime, str]:
        """What speaks of the proposition itself comes first, echoes after what they repeat."""
        return _STANCES.index(self.stance), self.echo, _said(self.claim), self.claim["id"]

    def leads(self, proposition: Proposition) -> bool:
        """Whether the class of a proposition stands by its claim."""
        return self.claim["id"] == proposition.id


@dataclass(frozen=True)
class Cell:
    """What one voice says that bears on a proposition."""

    voice: Voice
    positions: Sequence[Position]
    #: How many claims that are, whether they were read or not.
    total: int


@dataclass(frozen=True)
class Row:
    """A proposition, and what each voice says of it."""

    proposition: Proposition
    mark: PositionMark
    cells: Sequence[Cell]

    @cached_property
    def voices(self) -> set[str]:
        """The ids of the voices that speak to it."""
        return {cell.voice.id for cell in self.cells}


def is_echo(claim: Body) -> bool:
    """Whether a claim only repeats another."""
    return any(relation["kind"] == ClaimLinkKind.REPEATS for relation in claim["relations"])


def rows(
    about: Iterable[str],
    classes: Mapping[str, Proposition],
    limiting: Mapping[str, Collection[str]],
    voices: Mapping[str, Voice | None],
) -> list[Row]:
    """A row for each proposition of `about`, the contested first.

    `classes` has every class by the claim that it stands by, `limiting` the classes that limit one,
    `voices` the voice of each claimant, None for a claimant that is none. A class that no voice
    speaks for makes no row, nor does a denial of what is a row.
    """
    own = {i: classes[i] for i in about if i in classes}
    found = [
        _row(proposition, classes, limiting.get(i, ()), voices)
        for i, proposition in own.items()
        if limiting.get(i) or not _only_denies(proposition, own)
    ]
    spoken_for = [row for row in found if _speaking(row.proposition, voices)]
    return sorted(spoken_for, key=_order)


def _row(
    proposition: Proposition,
    classes: Mapping[str, Proposition],
    limiting: Collection[str],
    voices: Mapping[str, Voice | None],
) -> Row:
    of_class = [Position(_stance(claim, proposition), claim) for claim in proposition.claims]
    beside = _beside(proposition, classes, limiting)
    positions: dict[str, list[Position]] = defaultdict(list)
    totals: dict[str, int] = defaultdict(int)
    speakers: dict[str, Voice] = {}
    for position in [*of_class, *(one for _, ones in beside for one in ones)]:
        if voice := voices.get(position.claim["claimant"]["id"]):
            speakers[voice.id] = voice
            positions[voice.id].append(position)
    for one in [proposition, *(one for one, _ in beside)]:
        for claimant, total in one.totals.items():
            if voice := voices.get(claimant):
                totals[voice.id] += total
    cells = [
        Cell(
            voice,
            sorted(positions[i], key=lambda one: (not one.leads(proposition), one.order)),
            totals[i],
        )
        for i, voice in speakers.items()
    ]
    return Row(
        proposition, _mark(of_class, voices), sorted(cells, key=lambda cell: cell.voice.order)
    )


def _stance(claim: Body, proposition: Proposition) -> PositionStance:
    """How a claim of the class stands: it says the same, unless it only repeats to deny."""
    if claim["kind"] == ClaimKind.UNKNOWN or claim["polarity"] == Polarity.UNKNOWN:
        return PositionStance.UNKNOWN
    if claim["polarity"] != proposition.standing["polarity"]:
        return PositionStance.DENIES
    return PositionStance.AFFIRMS


def _beside(
    proposition: Proposition, classes: Mapping[str, Proposition], limiting: Collection[str]
) -> list[tuple[Proposition, list[Position]]]:
    """The classes that contradict or limit one, with how their claims stand to it.

    What does both contradicts.
    """
    mine = {claim["id"] for claim in proposition.claims}
    against = {
        each["claim"]["id"]: _negates(each)
        for each in proposition.contradictions
        if each["claim"]["id"] not in mine
    }
    found = []
    for other in sorted({*against, *limiting} - {proposition.id}):
        if other not in classes:
            continue
        found.append(
            (
                classes[other],
                [
                    Position(_stance_beside(claim, proposition, against.get(other)), claim)
                    for claim in classes[other].claims
                ],
            )
        )
    return found


def _stance_beside(claim: Body, proposition: Proposition, negates: bool | None) -> PositionStance:
    """How a claim of another class stands; `negates` is null for one that only limits."""
    if negates is None:
        return PositionStance.LIMITS
    if negates and claim["polarity"] != proposition.standing["polarity"]:
        return PositionStance.DENIES
    return PositionStance.CONTRADICTS


def _negates(contradiction: Body) -> bool:
    """Whether one side of a contradiction denies the other."""
    return contradiction["rule"] == Rule.NEGATION or contradiction["how"] == Difference.NEGATION


def _only_denies(proposition: Proposition, own: Mapping[str, Proposition]) -> bool:
    """Whether a class says nothing but that what other rows affirm is not so."""
    if proposition.standing["polarity"] != Polarity.DENIED:
        return False
    against = proposition.contradictions
    affirmed = {i for i, one in own.items() if one.standing["polarity"] == Polarity.AFFIRMED}
    return (
        bool(against)
        and len(against) == proposition.contradictions_total
        and all(_negates(each) and each["claim"]["id"] in affirmed for each in against)
    )


def _speaking(proposition: Proposition, voices: Mapping[str, Voice | None]) -> bool:
    return any(voices.get(claimant) for claimant in proposition.totals)


def _mark(positions: Sequence[Position], voices: Mapping[str, Voice | None]) -> PositionMark:
    """How what is said compares, from the positions of a proposition's own class.

    A voice agrees by a claim of its own: neither by an echo nor by one with a condition.
    """
    if any(position.claim["contradicted"] for position in positions):
        return PositionMark.CONTRADICTED
    if all(position.stance == PositionStance.UNKNOWN for position in positions):
        return PositionMark.UNKNOWN
    agreeing = {
        voice.id
        for position in positions
        if (voice := voices.get(position.claim["claimant"]["id"]))
        and voice.counted
        and not position.echo
        and position.claim["condition"] is None
        and position.stance == PositionStance.AFFIRMS
    }
    return PositionMark.AGREED if len(agreeing) >= AGREEING else PositionMark.ONE_SIDED


def occurrence_mark(corroboration: Body) -> PositionMark | None:
    """How what the voices say of whether an event happened compares; None where nobody says it."""
    if corroboration["level"] is None:
        return None
    if corroboration["contradicted"]:
        return PositionMark.CONTRADICTED
    agreeing = corroboration["parties"] + corroboration["outlets"]
    return PositionMark.AGREED if agreeing >= AGREEING else PositionMark.ONE_SIDED


def saying_it_happened(
    event: str, found: Iterable[Proposition], voices: Mapping[str, Voice | None]
) -> list[Voice]:
    """The voices that affirm, by claims of their own and unconditionally, that it happened."""
    saying = {
        voice.id: voice
        for proposition in found
        for claim in proposition.claims
        if claim["event"]
        and claim["event"]["id"] == event
        and claim["kind"] == ClaimKind.OCCURRENCE
        and claim["polarity"] == Polarity.AFFIRMED
        and claim["condition"] is None
        and not is_echo(claim)
        and (voice := voices.get(claim["claimant"]["id"]))
    }
    return sorted(saying.values(), key=lambda voice: voice.order)


def _order(row: Row) -> tuple[int, int, datetime, str]:
    """Contested rows come first, then agreed ones; in each what happened before its details."""
    claim = row.proposition.standing
    return _MARKS.index(row.mark), _KINDS.index(claim["kind"]), _said(claim), claim["id"]


def _said(claim: Body) -> datetime:
    """When a claim was said at the earliest; an unknown time comes last."""
    said = bounds(claim["said"])
    return (said and (said[0] or said[1])) or datetime.max.replace(tzinfo=UTC)
