"""Each rule by itself: a pair that it finds, and near ones that it does not."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.arguments import Argument, before, overlap
from events.contradictions import (
    contradiction_id,
    difference,
    figure_range,
    grows,
    looks_for,
    matters,
)
from events.models import Rule

DAY = (datetime(2022, 10, 1, tzinfo=UTC), datetime(2022, 10, 2, tzinfo=UTC))
NEXT = (datetime(2022, 10, 2, tzinfo=UTC), datetime(2022, 10, 3, tzinfo=UTC))
SINCE = (datetime(2022, 10, 1, tzinfo=UTC), None)
RED = {"id": "red army", "name": "Red Army", "party_id": "red"}
BLUE = {"id": "blue army", "name": "Blue Army", "party_id": "blue"}


def argument(**members: Any) -> Argument:
    """A claim of a red spokesman about Oakford, with what a test changes of it."""
    given = {
        "id": "a", "statement": "It is so.", "kind": "occurrence", "voice": "attributed",
        "polarity": "affirmed", "conditional": False, "claimant": "red spokesman",
        "claimant_kind": "spokesperson", "independent": False, "party": "Red", "party_id": "red",
        "event": None, "places": ("oakford",), "actor": None, "document": None,
        "outer": {"oakford": frozenset({"northmark", "landia"}),
                  "northmark": frozenset({"landia"}), "landia": frozenset()},
        "object": None, "quantity": None, "control_status": None, "extent": None,
        "interest": "unknown", "said": DAY, "holds": None, "citations": 1,
    } | members  # fmt: skip
    actor, document = given.pop("actor"), given.pop("document")
    given["subject"] = (given["event"], given["places"], actor, document)
    held = given["object"]
    given.setdefault("object_line", frozenset({held["id"], held["party_id"]} if held else ()))
    return Argument(**given)


def figure(best: float | None = None, hedge: str | None = None, **more: Any) -> dict[str, Any]:
    """A number of people killed."""
    given = {"metric": "killed", "low": None, "best": best, "high": None, "unit": "people"}
    return given | {"approximator": hedge} | more


def other(one: Argument, **members: Any) -> Argument:
    """The same of a blue spokesman, but for what is given."""
    voice = {"id": "b", "claimant": "blue spokesman", "party": "Blue", "party_id": "blue"}
    return replace(one, **(voice | members))


def found(one: Argument, another: Argument) -> list[str]:
    """The rules by which two claims contradict each other, looked for as publishing does."""
    shown = [_looked_for(*pair) for pair in ((one, another), (another, one))]
    assert shown[0] == shown[1]
    return shown[0]


def _looked_for(one: Argument, another: Argument) -> list[str]:
    wanted = looks_for(one)
    rules = {wanted[key] for key in wanted.keys() & matters(another)}
    return sorted(rule for rule in rules if difference(rule, one, another))


HELD = argument(kind="control", control_status="controlled", object=RED, extent="part")
KILLED = argument(kind="quantity", event="e", quantity=figure(23))
BLAMED = argument(kind="responsibility", event="e", object=BLUE)
BY_RED = {"object": RED, "object_line": frozenset({"red army", "red"})}


def test_one_denies_what_the_other_affirms() -> None:
    one = argument(event="e")
    assert found(one, other(one, polarity="denied")) == ["negation"]
    assert found(one, other(one)) == []
    assert found(one, other(one, polarity="denied", kind="assessment")) == []
    assert found(one, other(one, polarity="denied", object=RED)) == []
    assert found(one, other(one, polarity="denied", claimant=one.claimant)) == []
    assert found(one, other(one, polarity="denied", conditional=True)) == []
    unknown = replace(one, kind="unknown", polarity="unknown")
    assert found(unknown, other(unknown, polarity="denied")) == []


def test_a_denial_of_another_time_is_none() -> None:
    later = {"polarity": "denied", "said": NEXT}
    assert found(argument(), other(argument(), **later)) == []
    assert found(argument(), other(argument(), polarity="denied", said=None)) == []
    assert found(argument(event="e"), other(argument(event="e"), **later)) == ["negation"]
    held = argument(event="e", holds=DAY)
    assert found(held, other(held, polarity="denied", holds=NEXT)) == []


def test_a_denied_figure_contradicts_that_figure_alone() -> None:
    assert found(KILLED, other(KILLED, polarity="denied")) == ["negation"]
    assert found(KILLED, other(KILLED, polarity="denied", quantity=figure(99))) == []


def test_two_parties_control_one_place() -> None:
    assert found(HELD, other(HELD, object=BLUE)) == ["control"]
    assert found(HELD, other(HELD)) == []
    assert found(HELD, other(HELD, object={**BLUE, "party_id": None})) == []
    assert found(HELD, other(HELD, object=BLUE, said=NEXT)) == []
    assert found(HELD, other(HELD, object=BLUE, said=NEXT, holds=SINCE)) == ["control"]
    assert found(HELD, other(HELD, object=BLUE, kind="occurrence")) == ["control"]
    for status in ("entered", "withdrawn_from", "encircled", "partly_controlled"):
        assert found(HELD, other(HELD, object=BLUE, control_status=status)) == []
    assert found(HELD, other(HELD, object=BLUE, kind="prediction")) == []


def test_a_place_inside_another_counts_where_the_outer_is_held_whole() -> None:
    region = {"places": ("northmark",), "object": BLUE}
    assert found(HELD, other(HELD, **region, extent="whole")) == ["control"]
    assert found(HELD, other(HELD, **region, extent="part")) == []
    assert found(HELD, other(HELD, **region, extent=None)) == []
    inner = replace(HELD, extent="whole")
    assert found(inner, other(HELD, **region, extent="part")) == []
    assert found(HELD, other(HELD, places=("elsewhere",), object=BLUE, extent="whole",
                             outer={"elsewhere": frozenset({"landia"})})) == []  # fmt: skip


def test_two_parties_are_sovereign_of_one_place_or_of_one_in_the_other() -> None:
    one = argument(kind="sovereignty", object=RED)
    assert found(one, other(one, object=BLUE)) == ["sovereignty"]
    assert found(one, other(one, object=BLUE, places=("landia",))) == ["sovereignty"]
    assert found(one, other(one, object=BLUE, places=("elsewhere",),
                            outer={"elsewhere": frozenset()})) == []  # fmt: skip
    assert found(one, other(one)) == []
    assert found(one, other(one, object=BLUE, said=NEXT)) == []


@pytest.mark.parametrize(
    ("one", "another", "differ"),
    [
        (figure(23), figure(32), True),
        (figure(23), figure(23), False),
        (figure(100, "about"), figure(110), False),
        (figure(100, "about"), figure(111), True),
        (figure(23, "at_least"), figure(32), False),
        (figure(200, "at_least"), figure(2), True),
        (figure(10, "at_most"), figure(2), False),
        (figure(10, "at_most"), figure(11), True),
        (figure(low=20, high=30), figure(30), False),
        (figure(low=20, high=30), figure(31), True),
        (figure(low=20), figure(10**9), False),
        (figure(hedge="unquantified"), figure(5), False),
    ],
)
def test_figures_contradict_where_their_ranges_do_not_meet(
    one: dict[str, Any], another: dict[str, Any], differ: bool
) -> None:
    first = replace(KILLED, quantity=one)
    assert (found(first, other(KILLED, quantity=another)) == ["quantity"]) == differ


def test_figures_of_something_else_do_not_contradict() -> None:
    more = figure(99)
    assert found(KILLED, other(KILLED, quantity=more)) == ["quantity"]
    assert found(KILLED, other(KILLED, quantity=more | {"metric": "wounded"})) == []
    assert found(KILLED, other(KILLED, quantity=more | {"unit": "children"})) == []
    assert found(KILLED, other(KILLED, quantity=more, object=RED)) == []
    assert found(KILLED, other(KILLED, quantity=more, said=NEXT)) == []
    assert found(KILLED, other(KILLED, quantity=more, said=NEXT, holds=DAY)) == ["quantity"]
    assert found(KILLED, other(argument(kind="quantity", event="f", quantity=more))) == []


def test_the_difference_says_what_differs_and_names_nobody() -> None:
    found = difference("quantity", KILLED, other(KILLED, quantity=figure(200, "at_least")))
    assert found == {
        "text": "killed: 23 or at least 200 people",
        "member": "quantity",
        "values": [figure(23), figure(200, "at_least")],
    }
    blamed = difference("responsibility", BLAMED, other(BLAMED, **BY_RED))
    assert blamed is not None
    assert blamed["text"] == "two actors are said to have done it"
    assert blamed["values"] == [BLUE, RED]


def test_a_larger_figure_of_a_count_that_only_grows() -> None:
    more = other(KILLED, quantity=figure(32))
    assert grows(KILLED, more)
    assert not grows(more, KILLED)
    arrested = figure(1) | {"metric": "arrested"}
    assert not grows(replace(KILLED, quantity=arrested), other(KILLED, quantity=arrested))


def test_two_actors_did_it() -> None:
    assert found(BLAMED, other(BLAMED, **BY_RED)) == ["responsibility"]
    assert found(BLAMED, other(BLAMED)) == []
    inside = frozenset({"a brigade", "blue army", "blue"})
    brigade = {"object": {"id": "a brigade", "party_id": "blue"}, "object_line": inside}
    assert found(BLAMED, other(BLAMED, **brigade)) == []
    assert found(BLAMED, other(BLAMED, **BY_RED, event="f")) == []
    won = argument(kind="outcome", event="e", object=BLUE)
    assert found(won, other(won, **BY_RED)) == ["outcome"]
    assert found(won, other(BLAMED, **BY_RED)) == []


def test_bounds() -> None:
    assert overlap(DAY, SINCE)
    assert overlap(DAY, (None, None))
    assert not overlap(DAY, NEXT)
    assert not overlap(DAY, None)
    assert before(DAY, NEXT)
    assert not before(DAY, SINCE)
    assert not before(SINCE, NEXT)
    assert not before(None, NEXT)


def test_an_id_is_made_from_the_rule_and_both_claims_in_any_order() -> None:
    assert contradiction_id("control", "a", "b") == contradiction_id("control", "b", "a")
    assert contradiction_id("control", "a", "b") != contradiction_id("negation", "a", "b")


bounds = st.sampled_from([None, DAY, NEXT, SINCE, (None, None)])
figures = st.one_of(
    st.none(),
    st.builds(
        figure,
        st.integers(0, 40),
        st.sampled_from([None, "about", "at_least", "at_most", "exact"]),
    ),
    st.just(figure(low=5.0, high=20.0)),
    st.just(figure(hedge="unquantified")),
)
claims = st.builds(
    argument,
    id=st.sampled_from("abc"),
    kind=st.sampled_from(
        ["occurrence", "control", "sovereignty", "quantity", "responsibility", "outcome", "unknown"]
    ),
    polarity=st.sampled_from(["affirmed", "denied", "unknown"]),
    conditional=st.booleans(),
    claimant=st.sampled_from(["red spokesman", "blue spokesman"]),
    event=st.sampled_from([None, "e"]),
    places=st.sampled_from([(), ("oakford",), ("northmark",), ("northmark", "oakford")]),
    object=st.sampled_from([None, RED, BLUE]),
    quantity=figures,
    control_status=st.sampled_from([None, "controlled", "entered"]),
    extent=st.sampled_from([None, "whole", "part"]),
    said=bounds,
    holds=bounds,
)


@given(claims, claims)
def test_contradiction_is_symmetric(one: Argument, another: Argument) -> None:
    assert set(found(one, another)) <= set(Rule.values) - {Rule.CURATED}


@given(claims)
def test_nothing_contradicts_itself(claim: Argument) -> None:
    assert found(claim, claim) == []


@given(
    figures.filter(lambda figure: figure is not None and figure["approximator"] != "unquantified")
)
def test_a_figure_lies_in_its_own_range(quantity: dict[str, Any]) -> None:
    low, high = figure_range(replace(KILLED, quantity=quantity))
    best = quantity["best"] if quantity["best"] is not None else quantity["low"]
    assert low <= best <= high
