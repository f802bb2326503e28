"""When two claims contradict each other, rule by rule.

Rules compare unconditional claims of different claimants, one for each class over `same_as` and
`repeats`. A claim carries keys of the matters that it settles, and looks for those that a claim
against it would carry, so that only claims of one matter are ever compared.
"""

import hashlib
import math
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from events.arguments import Argument, overlap
from events.models import (
    Approximator,
    ClaimKind,
    ControlStatus,
    Difference,
    Extent,
    Polarity,
    Rule,
)
from records.ids import named
from records.shape import Body

#: By how much `about` widens a lone figure on either side.
ABOUT = 0.1
#: Metrics that only grow: a later and larger figure is no error of the earlier one.
GROWING = ("killed", "wounded")
OPPOSITE = {Polarity.AFFIRMED: Polarity.DENIED, Polarity.DENIED: Polarity.AFFIRMED}
#: Claims of what is yet to come, or is not known, do not say that anything is so.
NOT_YET = (ClaimKind.PREDICTION, ClaimKind.INTENTION, ClaimKind.UNKNOWN)


def contradiction_id(rule: str, one: str, other: str) -> UUID:
    """The id of a contradiction, made from its rule and the ids of the two claims."""
    return named("contradictions", rule, ":".join(sorted((one, other))))


def matters(claim: Argument) -> set[str]:
    """Keys of what a claim settles."""
    return {_key(*parts) for parts in _carried(claim)}


def looks_for(claim: Argument) -> dict[str, str]:
    """Keys that a claim against it would carry, each with the rule that then compares the two."""
    return {_key(*parts): parts[0].split()[0] for parts in _wanted(claim)}


def difference(rule: str, one: Argument, other: Argument) -> Body | None:
    """What differs between two claims that contradict each other by a rule; else null.

    `text` says it in words, without names; `member` tells where in the claims it is, and `values`
    has what the first says there and what the other says.
    """
    if one.claimant == other.claimant or one.conditional or other.conditional:
        return None
    return _TESTS[Rule(rule)](one, other)


def curated_difference(how: str) -> Body:
    """What differs between two claims that a curator joined: only in what kind of thing."""
    text = f"joined by a curator: {Difference(how).label} differs"
    if how == Difference.NEGATION:
        text = "joined by a curator: one denies the other"
    return {"text": text, "member": None, "values": []}


def _key(*parts: Any) -> str:
    """The key of a matter: a UUID made from all that it consists of."""
    return str(UUID(bytes=hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()))


def _carried(claim: Argument) -> Iterator[tuple[Any, ...]]:
    if claim.conditional:
        return
    if claim.polarity in OPPOSITE:
        yield Rule.NEGATION.value, claim.polarity, *_proposition(claim)
    if claim.polarity != Polarity.AFFIRMED:
        return
    if _counts(claim):
        yield Rule.QUANTITY.value, *_counted(claim)
    if claim.kind in (ClaimKind.RESPONSIBILITY, ClaimKind.OUTCOME) and claim.event and claim.object:
        yield str(claim.kind), claim.event
    for rule in _holdings(claim):
        for place in claim.places:
            yield rule, place
            if claim.extent == Extent.WHOLE:
                yield f"{rule} whole", place
            for outer in claim.outer[place]:
                yield f"{rule} under", outer


def _wanted(claim: Argument) -> Iterator[tuple[Any, ...]]:
    if claim.conditional:
        return
    if claim.polarity in OPPOSITE:
        opposite = OPPOSITE[Polarity(claim.polarity)].value
        yield Rule.NEGATION.value, opposite, *_proposition(claim)
    if claim.polarity != Polarity.AFFIRMED:
        return
    if _counts(claim):
        yield Rule.QUANTITY.value, *_counted(claim)
    if claim.kind in (ClaimKind.RESPONSIBILITY, ClaimKind.OUTCOME) and claim.event and claim.object:
        yield str(claim.kind), claim.event
    for rule in _holdings(claim):
        needs_whole = rule == Rule.CONTROL
        for place in claim.places:
            yield rule, place
            for outer in claim.outer[place]:
                yield f"{rule} whole" if needs_whole else rule, outer
            if claim.extent == Extent.WHOLE or not needs_whole:
                yield f"{rule} under", place


def _proposition(claim: Argument) -> tuple[Any, ...]:
    """What two claims must share for one to deny what the other affirms."""
    figures = claim.quantity and (claim.quantity["metric"], claim.quantity["unit"])
    return claim.kind, claim.subject, claim.object_id, figures, claim.control_status


def _counts(claim: Argument) -> bool:
    figure = claim.quantity
    return (
        figure is not None
        and claim.kind != ClaimKind.UNKNOWN
        and figure["approximator"] != Approximator.UNQUANTIFIED
        and any(figure[bound] is not None for bound in ("low", "best", "high"))
    )


def _counted(claim: Argument) -> tuple[Any, ...]:
    assert claim.quantity is not None
    return claim.subject, claim.quantity["metric"], claim.quantity["unit"], claim.object_id


def _holdings(claim: Argument) -> Iterator[str]:
    """The rules of holding a place that a claim comes under."""
    if claim.object_party is None or claim.kind in NOT_YET:
        return
    if claim.control_status == ControlStatus.CONTROLLED:
        yield Rule.CONTROL.value
    if claim.kind == ClaimKind.SOVEREIGNTY:
        yield Rule.SOVEREIGNTY.value


def _negation(one: Argument, other: Argument) -> Body | None:
    if OPPOSITE.get(Polarity(one.polarity)) != other.polarity:
        return None
    if _proposition(one) != _proposition(other) or not _of_one_time(one, other):
        return None
    if _counts(one) and _counts(other) and _disjoint(one, other):
        return None
    text = f"one is {one.polarity}, the other {other.polarity}"
    return {"text": text, "member": "polarity", "values": [one.polarity, other.polarity]}


def _of_one_time(one: Argument, other: Argument) -> bool:
    """Whether the times that they speak of possibly overlap; what is said of one event does."""
    if one.event and not (one.holds and other.holds):
        return True
    return overlap(one.spoken_of, other.spoken_of)


def _control(one: Argument, other: Argument) -> Body | None:
    if not (_shares_a_place(one, other, whole=True) and _holders_differ(one, other)):
        return None
    return _of_objects("two parties are said to control one place at one time", one, other)


def _sovereignty(one: Argument, other: Argument) -> Body | None:
    if not (_shares_a_place(one, other, whole=False) and _holders_differ(one, other)):
        return None
    return _of_objects("two parties are said to be sovereign of one place", one, other)


def _shares_a_place(one: Argument, other: Argument, *, whole: bool) -> bool:
    return bool(
        {*one.places} & {*other.places}
        or ((not whole or other.extent == Extent.WHOLE) and _inside(one, other))
        or ((not whole or one.extent == Extent.WHOLE) and _inside(other, one))
    )  # fmt: skip


def _inside(inner: Argument, outer: Argument) -> bool:
    return any(inner.outer[place] & {*outer.places} for place in inner.places)


def _holders_differ(one: Argument, other: Argument) -> bool:
    return (
        one.object_party is not None
        and other.object_party is not None
        and one.object_party != other.object_party
        and overlap(one.spoken_of, other.spoken_of)
    )


def _doer(one: Argument, other: Argument) -> Body | None:
    if one.event != other.event or not (one.object and other.object):
        return None
    if one.object_id in other.object_line or other.object_id in one.object_line:
        return None
    winner = one.kind == ClaimKind.OUTCOME
    return _of_objects(f"two actors are said to have {'won' if winner else 'done'} it", one, other)


def _of_objects(text: str, one: Argument, other: Argument) -> Body:
    return {"text": text, "member": "object_actor", "values": [one.object, other.object]}


def _quantity(one: Argument, other: Argument) -> Body | None:
    if _counted(one) != _counted(other) or not overlap(one.spoken_of, other.spoken_of):
        return None
    if not _disjoint(one, other):
        return None
    assert one.quantity is not None
    assert other.quantity is not None
    unit = f" {one.quantity['unit']}" if one.quantity["unit"] else ""
    return {
        "text": f"{one.quantity['metric']}: {_figure(one)} or {_figure(other)}{unit}",
        "member": "quantity",
        "values": [one.quantity, other.quantity],
    }


def _disjoint(one: Argument, other: Argument) -> bool:
    first, second = figure_range(one), figure_range(other)
    return first[1] < second[0] or second[1] < first[0]


def figure_range(claim: Argument) -> tuple[float, float]:
    """The least and the most that a claim's figure says; infinite where it is open."""
    assert claim.quantity is not None
    low, best, high = (claim.quantity[bound] for bound in ("low", "best", "high"))
    hedge = claim.quantity["approximator"]
    if low is None and high is None:
        widened = abs(best) * ABOUT if hedge == Approximator.ABOUT else 0
        low, high = best - widened, best + widened
    low, high = -math.inf if low is None else low, math.inf if high is None else high
    if hedge == Approximator.AT_LEAST:
        return low, math.inf
    if hedge == Approximator.AT_MOST:
        return -math.inf, high
    return low, high


def grows(one: Argument, other: Argument) -> bool:
    """Whether the other's figure is larger, of a count that only grows."""
    if one.quantity is None or one.quantity["metric"] not in GROWING:
        return False
    return figure_range(one)[1] < figure_range(other)[0]


def _figure(claim: Argument) -> str:
    """A figure in words: `23`, `at least 200`, `20 to 30`."""
    assert claim.quantity is not None
    low, best, high = (claim.quantity[bound] for bound in ("low", "best", "high"))
    if best is not None:
        text = f"{best:g}"
    elif low is not None and high is not None:
        text = f"{low:g} to {high:g}"
    else:
        text = f"{low:g} or more" if low is not None else f"{high:g} or fewer"
    words = {"about": "about ", "at_least": "at least ", "at_most": "at most "}
    return words.get(claim.quantity["approximator"], "") + text


_TESTS = {
    Rule.NEGATION: _negation,
    Rule.CONTROL: _control,
    Rule.SOVEREIGNTY: _sovereignty,
    Rule.QUANTITY: _quantity,
    Rule.RESPONSIBILITY: _doer,
    Rule.OUTCOME: _doer,
}
