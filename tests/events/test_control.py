"""Who controls places, by whose word: the rules, the answers, and what they say of Lyman."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers

from events.api import control as views
from events.api import control_records
from events.api.control_serializers import (
    ControlSerializer,
    ControlTimelineSerializer,
    PlaceControlSerializer,
)
from events.control import (
    ControlClaim,
    ControlCurrent,
    ControlSummary,
    On,
    Order,
    Row,
    Voice,
    changes,
    control_claim,
    earlier,
    in_order,
    latest,
    row,
    summary,
    voice_of,
    whole_day,
)
from events.dossiers import Loaded
from records import publishing
from records.models import Origin
from records.time import UncertainTime, parse_bound
from records.vocabularies import vocabularies
from tests import api_world, factories
from tests.api_world import detail, get, wrong_parameters
from tests.factories import World, ident

LIST = "/api/v1/places/control/"

# The rules, on claims made by hand.


def time(edtf: str | None, basis: str = "text") -> dict[str, Any] | None:
    return UncertainTime.of(edtf, basis=basis).as_dict() if edtf else None


def made(
    name: str,
    holds: str | None = None,
    said: str | None = None,
    *,
    status: str = "controlled",
    party: str | None = "blue",
    basis: str = "text",
    **members: Any,
) -> ControlClaim:
    """A claim that is as simple as can be."""
    holder = {"id": party, "party_id": party} if party else None
    body = {
        "id": name, "places": [{"id": "town"}], "claimant": {"id": "voice"}, "polarity": "affirmed",
        "condition": None, "kind": "control", "control_status": status, "object_actor": holder,
        "holds": time(holds, basis), "said": time(said), **members,
    }  # fmt: skip
    return control_claim(body)


def on(text: str) -> On:
    return On(text, *parse_bound(text))


def voice(name: str, *, counted: bool = True) -> Voice:
    return Voice(None, {"id": name, "name": name}, counted=counted)


def names(claims: list[ControlClaim]) -> list[str]:
    return sorted(claim.id for claim in claims)


@pytest.mark.parametrize(
    ("holds", "said", "asked", "current"),
    [
        # What was said on a day and of that day.
        (None, "2022-10-01", "2022-10-01", "certain"),
        (None, "2022-10-01", "2022-10", "certain"),
        (None, "2022-10-01", "2022-10-01T12:00:00Z", "possible"),
        (None, "2022-10-01", "2022-10-02", "earlier"),
        (None, "2022-10", "2022-10-15", "possible"),
        (None, "2022-10-01/2022-10-31", "2022-10-15", "possible"),
        (None, "2022-10-01~", "2022-10-01", "possible"),
        (None, "2022-10-01?", "2022-10-01", "possible"),
        ("2014", "2022-10-01", "2014-03-18", "possible"),
        ("2014", "2022-10-01", "2014", "certain"),
        ("2014", "2022-10-01", "2022-10-01", "earlier"),
        # From a day to a day.
        ("2022-10-01/2022-10-05", None, "2022-10-01", "certain"),
        ("2022-10-01/2022-10-05", None, "2022-10-03", "certain"),
        ("2022-10-01/2022-10-05", None, "2022-10-05", "certain"),
        ("2022-10-01/2022-10-05", None, "2022-10-06", "earlier"),
        ("2022-10-01/2022-10-05", None, "2022-10-01T00:00:00Z", "possible"),
        ("2022-10-01/2022-10-05", None, "2022-10-03T12:00:00Z", "certain"),
        ("2022-09/2022-11", None, "2022-09-15", "possible"),
        ("2022-09/2022-11", None, "2022-10-15", "certain"),
        ("2022-09/2022-11", None, "2022-11-15", "possible"),
        ("2022-10-01~/2022-10-05", None, "2022-10-03", "possible"),
        ("2022-10-01/2022-10-05~", None, "2022-10-01", "certain"),
        ("2022-10-01/2022-10-05~", None, "2022-10-03", "possible"),
        # Without a known end: until it was said, and nobody knows how much longer.
        ("2022-10-01/..", "2022-10-10", "2022-10-05", "certain"),
        ("2022-10-01/..", "2022-10-10", "2022-10-10", "certain"),
        ("2022-10-01/..", "2022-10-10", "2022-10-11", "possible"),
        ("2022-10-01/..", None, "2022-10-01", "certain"),
        ("2022-10-01/..", None, "2022-10-02", "possible"),
        ("2022-10-01/", "2022-10-10", "2022-10-05", "possible"),
        ("2022-10~/..", "2022-11-10", "2022-11-05", "possible"),
        ("../2022-10-05", "2022-10-10", "2022-10-05", "possible"),
        ("../2022-10-05", "2022-10-10", "1950", "possible"),
        ("../2022-10-05", "2022-10-10", "2022-10-06", "earlier"),
    ],
)
def test_what_is_said_holds_on_a_date_for_certain_possibly_or_before_it(
    holds: str | None, said: str | None, asked: str, current: str
) -> None:
    claim = made("a", holds, said)
    assert on(asked).begun(claim)
    assert on(asked).current(claim) == current


def test_an_interval_that_is_inferred_brackets_an_instant() -> None:
    claim = made("a", "2022-09/2022-10-01", basis="inferred")
    assert on("2022-09-30").current(claim) == ControlCurrent.POSSIBLE
    # And so it is not known to have begun before what happened in September.
    assert names(latest([claim, made("b", "2022-09-20")], Order())) == ["a", "b"]
    stretch = made("a", "2022-09-30/..", "2022-10-05", basis="inferred")
    assert on("2022-10-01").current(stretch) == ControlCurrent.CERTAIN


def test_a_time_that_is_known_in_words_alone_is_none() -> None:
    words = UncertainTime.of(phrase="last month").as_dict()
    claim = made("a", said="2022-10-01", holds=None)
    told = control_claim(claim.body | {"holds": words})
    assert told.time == claim.time
    undated = control_claim(claim.body | {"holds": words, "said": None})
    assert (undated.time, undated.decides) == (None, False)
    assert not on("2030").begun(undated)
    assert on("2030").current(undated) is None


def test_only_what_has_begun_by_the_date_decides() -> None:
    claims = [made("a", "2022-10-01"), made("b", "2022-10-05"), made("c", "2022-10-05/..")]
    assert names(row(voice("v"), claims, on("2022-10-04"), Order()).claims) == ["a"]
    assert names(row(voice("v"), claims, on("2022-10-05"), Order()).claims) == ["b", "c"]
    assert row(voice("v"), claims, on("2022-09-30"), Order()).statuses == ["not_stated"]


@pytest.mark.parametrize(
    ("claims", "kept"),
    [
        ([("a", "2022-10-01", None), ("b", "2022-10-02", None)], ["b"]),
        ([("a", None, "2022-10-01"), ("b", None, "2022-10-01")], ["a", "b"]),
        ([("a", "2022-10-01/2022-10-31", None), ("b", "2022-10-31", None)], ["b"]),
        ([("a", "2022-10-01/..", "2022-10-02"), ("b", "2022-11-01/..", "2022-11-01")], ["b"]),
        # It was said last, of what began first and goes on: nothing tells which is meant.
        ([("a", "2022-10-01/..", "2022-12-01"), ("b", "2022-11-01/..", "2022-11-01")], ["a", "b"]),
        ([("a", "2014", "2022-12-01"), ("b", "2022-11-01/..", "2022-11-01")], ["b"]),
        ([("a", "2022-10~/2022-12", None), ("b", "2022-11-01", None)], ["a", "b"]),
        ([("a", "../2022-10-05", None), ("b", "2022-10-03", None)], ["a", "b"]),
        ([("a", "../2022-10-05", None), ("b", "2022-10-06", None)], ["b"]),
    ],
)
def test_the_latest_is_what_began_last_if_time_tells(
    claims: list[tuple[str, str | None, str | None]], kept: list[str]
) -> None:
    assert names(latest([made(*claim) for claim in claims], Order())) == kept
    assert names(latest([made(*claim) for claim in reversed(claims)], Order())) == kept


def ordered(*links: tuple[str, str, str]) -> Order:
    order = Order()
    for one, kind, other in links:
        order.add(one, [other] if kind == "<" else [], [other] if kind == "=" else [])
    return order


@pytest.mark.parametrize(
    ("links", "kept"),
    [
        ([("a", "<", "b")], ["b"]),
        ([("a", "<", "x"), ("x", "<", "y"), ("y", "<", "b")], ["b"]),
        ([("a", "<", "x"), ("x", "=", "b")], ["b"]),
        ([("b", "=", "x"), ("a", "<", "x")], ["b"]),
        ([("x", "=", "a"), ("x", "<", "b")], ["b"]),
        ([("a", "=", "b")], ["a", "b"]),
        ([("x", "<", "a"), ("x", "<", "b")], ["a", "b"]),
        # Each is said to precede the other: that tells nothing.
        ([("a", "<", "b"), ("b", "<", "a")], ["a", "b"]),
        ([("a", "<", "a")], ["a", "b"]),
    ],
)
def test_what_time_leaves_open_is_told_by_precedes(
    links: list[tuple[str, str, str]], kept: list[str]
) -> None:
    claims = [made("a", "2022-10-01"), made("b", "2022-10-01")]
    assert names(latest(claims, ordered(*links))) == kept


def test_time_goes_before_precedes() -> None:
    claims = [made("a", "2022-10-02"), made("b", "2022-10-01")]
    assert names(latest(claims, ordered(("a", "<", "b")))) == ["a"]
    assert [claim.id for claim in in_order(claims, ordered(("a", "<", "b")))] == ["b", "a"]


@pytest.mark.parametrize(
    ("times", "links", "expected"),
    [
        ({"a": "2022-10-01", "b": "2022-10-01"}, [], "ab"),
        ({"a": "2022-10-01", "b": "2022-10-01"}, [("b", "<", "a")], "ba"),
        # The month may begin on its first day, and is told to come after its third.
        ({"a": "2022-10", "b": "2022-10-03"}, [("b", "<", "a")], "ba"),
        # What comes after the month by time comes after what the month comes after.
        ({"a": "2022-10", "b": "2022-10-20", "c": "2022-11-01"}, [("b", "<", "a")], "bac"),
        ({"a": "2022-10-01", "b": "2022-10-01", "c": "2022-10-01"},
         [("c", "<", "b"), ("b", "<", "a")], "cba"),
        # Over what is not among them.
        ({"a": "2022-10-01", "b": "2022-10-01"}, [("b", "<", "x"), ("x", "=", "a")], "ba"),
        # Each before the other, by links or by links and time: they decide nothing.
        ({"a": "2022-10-01", "b": "2022-10-01"}, [("a", "<", "b"), ("b", "<", "a")], "ab"),
        ({"a": "2022-10", "b": "2022-10-03", "c": "2022-10-05"},
         [("c", "<", "a"), ("a", "<", "b")], "abc"),
    ],
)  # fmt: skip
def test_claims_are_put_in_order_by_time_and_then_by_precedes(
    times: dict[str, str], links: list[tuple[str, str, str]], expected: str
) -> None:
    claims = [made(name, when) for name, when in times.items()]
    assert "".join(claim.id for claim in in_order(claims, ordered(*links))) == expected
    assert "".join(claim.id for claim in in_order(claims[::-1], ordered(*links))) == expected


def test_what_is_not_affirmed_or_has_a_condition_is_beside_and_never_decides() -> None:
    claims = [
        made("said", "2022-10-01"),
        made("denied", "2022-10-05", polarity="denied"),
        made("unknown", "2022-10-01", polarity="unknown"),
        made("conditional", "2022-10-04", condition="if it is so"),
        made("undated"),
        made("old", "2022-09-01", polarity="denied"),
        made("to come", "2022-11-01", polarity="denied"),
    ]
    found = row(voice("v"), claims, on("2022-10-05"), Order())
    assert names(list(found.claims)) == ["said"]
    beside = ["denied", "conditional", "unknown", "undated"]
    assert [claim.id for claim in found.beside] == beside
    only = row(voice("v"), claims[1:], on("2022-10-05"), Order())
    assert (only.claims, only.statuses) == ([], ["not_stated"])
    assert [claim.id for claim in only.beside] == [*beside[:3], "old", "undated"]


def said(name: str, *holders: str | None, counted: bool = True, status: str = "controlled") -> Row:
    claims = [made(name, "2022", status=status, party=holder) for holder in holders]
    return Row(voice(name, counted=counted), claims)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "not_stated"),
        ([said("a")], "not_stated"),
        ([said("a", "blue", counted=False)], "not_stated"),
        ([said("a", "blue"), said("b")], "single_voice"),
        ([said("a", "blue"), said("b", "red", counted=False)], "single_voice"),
        ([said("a", "blue", "red")], "single_voice"),
        ([said("a", "blue"), said("b", "blue")], "agreed"),
        ([said("a", "blue"), said("b", "blue"), said("c")], "agreed"),
        ([said("a", "blue"), said("b", "red")], "contested"),
        ([said("a", "blue"), said("b", "blue", "red")], "contested"),
        ([said("a", "blue"), said("b", "blue", status="partly_controlled")], "contested"),
        ([said("a", "blue", status="entered"), said("b", "blue", status="entered")], "contested"),
        ([said("a", None), said("b", None)], "contested"),
    ],
)
def test_the_summary_says_agreed_only_where_all_name_one_party(
    rows: list[Row], expected: str
) -> None:
    assert summary(rows) == expected


def test_a_voice_is_a_party_or_a_source_that_has_none() -> None:
    party = {"id": "red", "name": "Red", "kind": "state", "party": "Red", "party_id": "red"}
    source = {"id": "s", "name": "S", "kind": "news_outlet", "party": None, "party_id": None}
    of_party = voice_of(source | {"party_id": "red", "independent": False}, party)
    assert of_party is not None
    assert (of_party.id, of_party.party, of_party.source, of_party.counted) == (
        "red", party, None, True,
    )  # fmt: skip
    for independent in (True, False):
        alone = voice_of(source | {"independent": independent}, None)
        assert alone is not None
        assert (alone.id, alone.source, alone.counted) == ("s", source, independent)
    assert voice_of(source | {"kind": "dataset", "independent": True}, None) is None
    assert voice_of(source | {"kind": "dataset", "party_id": "red"}, party) is None


DAY = date(2022, 10, 1)
days = st.integers(0, 8).map(lambda n: (DAY + timedelta(n)).isoformat())
spans = st.one_of(
    days,
    days.map(lambda day: f"{day}~"),
    days.map(lambda day: f"{day}/.."),
    days.map(lambda day: f"../{day}"),
    st.tuples(days, days).map(lambda pair: "/".join(sorted(pair))),
    st.just("2022-10"),
)
spoken = st.tuples(
    st.sampled_from(["u", "v", "w"]), spans, days,
    st.sampled_from(["controlled", "entered"]), st.sampled_from(["blue", "red"]),
)  # fmt: skip


linked = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)))


@given(st.lists(spoken, max_size=7), linked)
def test_no_claim_is_put_before_one_that_is_earlier_by_time(
    told: list[tuple[str, str, str, str, str]], links: list[tuple[int, int]]
) -> None:
    claims = [made(str(number), each[1], each[2]) for number, each in enumerate(told)]
    found = in_order(claims, ordered(*((str(one), "<", str(other)) for one, other in links)))
    assert names(found) == names(claims)
    for position, one in enumerate(found):
        assert not [other.id for other in found[position:] if earlier(other, one)]


@given(st.lists(spoken, max_size=7), linked)
def test_claims_of_one_time_are_put_as_links_say_where_these_lead_in_no_circle(
    told: list[tuple[str, str, str, str, str]], links: list[tuple[int, int]]
) -> None:
    claims = [made(str(number), "2022-10", each[2]) for number, each in enumerate(told)]
    stated = {(str(max(link)), str(min(link))) for link in links if len({*link}) == 2}
    found = in_order(claims, ordered(*((one, "<", other) for one, other in stated)))
    place = {claim.id: position for position, claim in enumerate(found)}
    assert not [link for link in stated if {*link} <= {*place} and place[link[0]] > place[link[1]]]


@given(st.lists(spoken, max_size=7), linked)
def test_the_summary_changes_on_just_those_days_on_which_the_answer_is_another(
    told: list[tuple[str, str, str, str, str]], links: list[tuple[int, int]]
) -> None:
    voices = {name: voice(name, counted=name != "w") for name in "uvw"}
    by_voice: dict[str, list[ControlClaim]] = {name: [] for name in voices}
    for number, (name, holds, spoke, status, party) in enumerate(told):
        claim = made(str(number), holds, spoke, status=status, party=party)
        by_voice[name].append(claim)
    order = ordered(*((str(one), "<", str(other)) for one, other in links))
    found = changes([(voices[name], claims) for name, claims in by_voice.items()], order)

    def asked(day: date) -> ControlSummary:
        rows = [row(voices[name], by_voice[name], whole_day(day), order) for name in voices]
        return summary(rows)

    assert found[0].since is None
    assert found[0].summary == asked(DAY - timedelta(60))
    now = found[0].summary
    later = {change.since: change.summary for change in found[1:]}
    for number in range(-40, 40):
        day = DAY + timedelta(number)
        assert (day in later) == (asked(day) != now)
        now = asked(day)
        assert later.pop(day, now) == now
    assert later == {}


# The answers, on the made-up world.


def of(place: UUID | str, query: str = "", *more: str) -> str:
    return detail("places", place, "control", *more) + query


def shown(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """What each voice of an answer says."""
    return {found["voice"]["name"]: found["statuses"] for found in rows}


def ids(claims: list[dict[str, Any]]) -> list[str]:
    return sorted(found["claim"]["id"] for found in claims)


def claim(name: str, claimant: UUID, place: UUID, **members: Any) -> UUID:
    """A public claim that somebody controls a place."""
    said_of_it = {"kind": "control", "control_status": "controlled", "said": "2022-10-02"}
    return factories.public(
        "claims", name, **{"claimant": claimant, "places": [place], **said_of_it, **members}
    )


def forget(world: World) -> None:
    """Retract what the world has on who holds Oakford."""
    claims = [("claims", world.held), ("claims", world.denied)]
    publishing.retract(claims, reason="A mistake.")


def test_the_answer_has_a_row_for_each_voice(client: Client, world: World) -> None:
    answer = get(client, of(world.oakford, "?on=2022-10-03"))
    held, denied = (factories.body("claims", one) for one in (world.held, world.denied))
    blue = {
        "id": str(world.blue), "name": "Blue", "kind": "state", "party": "Blue",
        "party_id": str(world.blue),
    }  # fmt: skip
    red = {**blue, "id": str(world.red), "name": "Red", "party": "Red", "party_id": str(world.red)}
    paper = {
        "id": str(world.paper), "name": "The Paper", "kind": "news_outlet", "party": None,
        "party_id": None,
    }  # fmt: skip

    def party(reference: dict[str, Any]) -> dict[str, Any]:
        named = {"id": reference["id"], "name": reference["name"]}
        return {**named, "party": reference, "source": None, "counted": True}

    assert answer == {
        "place": {
            "id": str(world.oakford), "name": "Oakford", "kind": "town", "country": "LA",
            "lat": 48.5, "lon": 37.25,
        },
        "said_until": None,
        "on": "2022-10-03",
        "summary": "single_voice",
        "rows": [
            {
                "voice": party(blue),
                "claims": [
                    {
                        "claim": {
                            "id": str(world.held),
                            "statement": "Blue holds the whole of Oakford.",
                            "kind": "control",
                            "voice": "attributed",
                            "claimant": held["claimant"],
                            "said": held["said"],
                            "holds": held["holds"],
                            "control_status": "controlled",
                            "extent": "whole",
                            "object_actor": blue,
                            "polarity": "affirmed",
                            "certainty": "certain",
                            "conditional": False,
                            "condition": None,
                            "citations": 1,
                        },
                        "time": held["holds"],
                        "current": "possible",
                        "limited_by": [],
                    }
                ],
                "beside": [],
                "statuses": ["controlled"],
            },
            {
                "voice": party(red),
                "claims": [],
                "beside": [
                    {
                        "claim": {
                            "id": str(world.denied),
                            "statement": "Blue does not hold Oakford.",
                            "kind": "control",
                            "voice": "attributed",
                            "claimant": denied["claimant"],
                            "said": denied["said"],
                            "holds": None,
                            "control_status": "controlled",
                            "extent": None,
                            "object_actor": blue,
                            "polarity": "denied",
                            "certainty": "certain",
                            "conditional": False,
                            "condition": None,
                            "citations": 1,
                        },
                        "time": denied["said"],
                        "current": "certain",
                        "limited_by": [],
                    }
                ],
                "statuses": ["not_stated"],
            },
            {
                "voice": {
                    "id": str(world.paper), "name": "The Paper", "party": None, "source": paper,
                    "counted": True,
                },
                "claims": [],
                "beside": [],
                "statuses": ["not_stated"],
            },
        ],
        "containing": [],
        "sovereignty": [],
    }  # fmt: skip
    assert get(client, of(world.oakford, "?on=2022-10-02"))["rows"][0]["claims"][0]["current"] == (
        "certain"
    )
    assert shown(get(client, of(world.oakford, "?on=2022-10-01"))["rows"])["Blue"] == ["not_stated"]


def test_a_place_that_nobody_speaks_of_has_no_row(client: Client, world: World) -> None:
    answer = get(client, of(world.southmark, "?on=2022-10-03"))
    assert (answer["summary"], answer["rows"]) == ("not_stated", [])


def test_a_claim_on_the_place_of_its_event_is_none_on_that_place(
    client: Client, world: World
) -> None:
    claim("elsewhere", world.paper, world.ferry, event=world.withdrawal, object_actor=world.red)
    answer = get(client, of(world.oakford, "?on=2022-10-03"))
    assert shown(answer["rows"])["The Paper"] == ["not_stated"]
    rows = get(client, of(world.ferry, "?on=2022-10-03"))["rows"]
    assert shown(rows) == {"Red": ["not_stated"], "The Paper": ["controlled"]}
    listed = get(client, f"{LIST}?on=2022-10-03")["results"]
    assert [found["place"]["name"] for found in listed] == ["Ferry", "Oakford"]
    # The claim's event is in Oakford still, and the claim is not.
    factories.republish("claims", world.held, event=world.advance, places=[world.northmark])
    publishing.retract([("claims", world.denied)], reason="A mistake.")
    listed = get(client, f"{LIST}?on=2022-10-03")["results"]
    assert [found["place"]["name"] for found in listed] == ["Ferry", "Northmark"]


def test_what_is_said_of_a_containing_place_fills_no_row(client: Client, world: World) -> None:
    whole = claim("whole", world.red_ministry, world.landia, object_actor=world.red, extent="whole")
    answer = get(client, of(world.oakford, "?on=2022-10-03"))
    assert shown(answer["rows"])["Red"] == ["not_stated"]
    assert answer["summary"] == "single_voice"
    (around,) = answer["containing"]
    assert (around["place"]["name"], around["voice"]["name"]) == ("Landia", "Red")
    assert (around["statuses"], ids(around["claims"])) == (["controlled"], [str(whole)])
    # Who says who holds what a place lies in is a voice on the place, which has nothing to say.
    rows = get(client, of(world.southmark, "?on=2022-10-03"))["rows"]
    assert shown(rows) == {"Red": ["not_stated"]}


def test_sovereignty_is_apart_from_control(client: Client, world: World) -> None:
    own = claim("own", world.red_ministry, world.oakford, kind="sovereignty", control_status=None,
                object_actor=world.red)  # fmt: skip
    land = claim("land", world.paper, world.landia, kind="sovereignty", control_status=None,
                 object_actor=world.blue)  # fmt: skip
    answer = get(client, of(world.oakford, "?on=2022-10-03"))
    assert (answer["summary"], answer["containing"]) == ("single_voice", [])
    assert shown(answer["rows"])["Red"] == ["not_stated"]
    found = [(one["place"]["name"], ids(one["claims"])) for one in answer["sovereignty"]]
    assert found == [("Oakford", [str(own)]), ("Landia", [str(land)])]
    rows = get(client, of(world.southmark, "?on=2022-10-03"))["rows"]
    assert shown(rows) == {"Blue": ["not_stated"], "The Paper": ["not_stated"]}


def test_a_party_that_is_said_to_hold_a_place_has_a_row_though_it_states_nothing(
    client: Client, world: World
) -> None:
    before = get(client, "/api/v1/")["seq"]
    told = claim("told", world.paper, world.ferry, object_actor=world.blue_army)
    url = of(world.ferry, "?on=2022-10-03")
    answer = get(client, url)
    assert shown(answer["rows"]) == {"Blue": ["not_stated"], "The Paper": ["controlled"]}
    assert answer["summary"] == "single_voice"
    blue = answer["rows"][0]
    assert (blue["voice"]["id"], blue["claims"], blue["beside"]) == (str(world.blue), [], [])
    # On every date, so that rows of two dates can be compared; and over time.
    assert set(shown(get(client, of(world.ferry, "?on=2010"))["rows"])) == {"Blue", "The Paper"}
    timeline = get(client, of(world.ferry, "", "timeline"))
    assert [(one["voice"]["name"], len(one["steps"])) for one in timeline["voices"]] == [
        ("Blue", 0), ("The Paper", 1),
    ]  # fmt: skip
    assert listed(get(client, f"{LIST}?within={world.ferry}")) == ["Ferry"]
    (found,) = get(client, f"{LIST}?within={world.ferry}&on=2022-10-03")["results"]
    assert found["rows"] == answer["rows"]
    # By what was said and recorded by then; and whether it is affirmed or not.
    assert get(client, f"{url}&said_until=2022-10-01")["rows"] == []
    assert get(client, f"{url}&as_of={before}")["rows"] == []
    factories.republish("claims", told, polarity="denied", object_actor=world.red)
    assert set(shown(get(client, url)["rows"])) == {"Red", "The Paper"}
    factories.republish("claims", told, kind="description", control_status=None)
    assert set(shown(get(client, url)["rows"])) == {"The Paper"}


def test_sources_of_unknown_standing_are_marked_and_left_out_of_the_summary(
    client: Client, world: World
) -> None:
    nobody = factories.public("sources", "nobody", name="An account", kind="social_account")
    coded = factories.public("sources", "coded", name="A data set", kind="dataset",
                             speaks_for=world.red)  # fmt: skip
    claim("posted", nobody, world.oakford, object_actor=world.red)
    claim("coded", coded, world.oakford, object_actor=world.red)
    answer = get(client, of(world.oakford, "?on=2022-10-03"))
    assert shown(answer["rows"]) == {
        "Blue": ["controlled"], "Red": ["not_stated"], "The Paper": ["not_stated"],
        "An account": ["controlled"],
    }  # fmt: skip
    assert [found["voice"]["counted"] for found in answer["rows"]] == [True, True, True, False]
    assert answer["summary"] == "single_voice"
    # As a voice, it counts once a curator holds it to be independent.
    factories.republish("sources", nobody, independent=True)
    assert get(client, of(world.oakford, "?on=2022-10-03"))["summary"] == "contested"


def test_voices_agree_where_all_say_that_one_party_controls_it(
    client: Client, world: World
) -> None:
    claim("told", world.paper, world.oakford, object_actor=world.blue_army)
    answer = get(client, of(world.oakford, "?on=2022-10-03"))
    assert (answer["summary"], shown(answer["rows"])) == (
        "agreed",
        {"Blue": ["controlled"], "Red": ["not_stated"], "The Paper": ["controlled"]},
    )
    claim("left", world.red_ministry, world.oakford, control_status="withdrawn_from",
          object_actor=world.red)  # fmt: skip
    assert get(client, of(world.oakford, "?on=2022-10-03"))["summary"] == "contested"


def test_denials_and_conditions_are_shown_and_change_nothing(client: Client, world: World) -> None:
    feared = claim("feared", world.paper, world.oakford, condition="if the bridge falls",
                   certainty="probable", object_actor=world.red)  # fmt: skip
    undated = claim("undated", world.paper, world.oakford, said=None, object_actor=world.red)
    answer = get(client, of(world.oakford, "?on=2022-10-03"))
    blue, red, paper = answer["rows"]
    assert answer["summary"] == "single_voice"
    assert (blue["beside"], red["claims"], paper["claims"]) == ([], [], [])
    assert ids(red["beside"]) == [str(world.denied)]
    assert red["beside"][0]["claim"]["polarity"] == "denied"
    beside = {found["claim"]["id"]: found for found in paper["beside"]}
    assert set(beside) == {str(feared), str(undated)}
    told = beside[str(feared)]["claim"]
    assert (told["conditional"], told["condition"], told["certainty"]) == (
        True, "if the bridge falls", "probable",
    )  # fmt: skip
    assert (beside[str(undated)]["time"], beside[str(undated)]["current"]) == (None, None)
    assert shown(answer["rows"])["The Paper"] == ["not_stated"]


def test_what_limits_a_claim_is_beside_it(client: Client, world: World) -> None:
    limits = factories.public(
        "claims", "limits", claimant=world.paper, event=world.withdrawal, said="2022-10-04",
        statement="Blue has not reached the station.",
        relations=[{"kind": "limits", "claim": world.held}],
    )  # fmt: skip
    factories.public("claims", "more", claimant=world.paper, event=world.withdrawal,
                     relations=[{"kind": "elaborates", "claim": world.held}])  # fmt: skip

    def limiting(query: str) -> list[str]:
        (found,) = get(client, of(world.oakford, query))["rows"][0]["claims"]
        return [one["id"] for one in found["limited_by"]]

    assert limiting("?on=2022-10-03") == [str(limits)]
    assert limiting("?on=2022-10-03&said_until=2022-10-03") == []
    (listed,) = get(client, f"{LIST}?on=2022-10-03")["results"]
    assert listed["rows"][0]["claims"][0]["limited_by"][0]["id"] == str(limits)


def told_in_a_chain(world: World) -> tuple[UUID, UUID]:
    """Two claims of one day, the first of which precedes the other, by way of claims on neither."""
    last = claim("last", world.paper, world.oakford, control_status="entered", said="2022-10-01")
    same = factories.public("claims", "same", claimant=world.paper, event=world.advance,
                            relations=[{"kind": "same_as", "claim": last}])  # fmt: skip
    between = factories.public("claims", "between", claimant=world.paper, event=world.advance,
                               relations=[{"kind": "precedes", "claim": same}])  # fmt: skip
    first = claim("first", world.paper, world.oakford, control_status="encircled",
                  said="2022-10-01",
                  relations=[{"kind": "precedes", "claim": between}])  # fmt: skip
    return first, last


def test_precedes_is_followed_through_claims_that_say_nothing_of_control(
    client: Client, world: World
) -> None:
    first, last = told_in_a_chain(world)
    url = of(world.oakford, "?on=2022-10-01")
    seq = get(client, "/api/v1/")["seq"]
    (paper,) = (one for one in get(client, url)["rows"] if one["voice"]["source"])
    assert (paper["statuses"], ids(paper["claims"])) == (["entered"], [str(last)])
    # Without the link between, nothing tells which is later: both are kept.
    factories.republish("claims", ident("claims", "between"), relations=[])
    (paper,) = (one for one in get(client, url)["rows"] if one["voice"]["source"])
    assert paper["statuses"] == ["encircled", "entered"]
    assert ids(paper["claims"]) == sorted(map(str, (first, last)))
    assert shown(get(client, f"{url}&as_of={seq}")["rows"])["The Paper"] == ["entered"]


def test_a_chain_too_long_to_follow_decides_nothing(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_in_a_chain(world)
    monkeypatch.setattr(control_records, "FOLLOWED", 1)
    rows = get(client, of(world.oakford, "?on=2022-10-01"))["rows"]
    assert shown(rows)["The Paper"] == ["encircled", "entered"]


# What was said by a date, and what was recorded by then.


def test_what_was_said_until_a_date_is_not_what_was_recorded_until_then(
    client: Client, world: World
) -> None:
    """The paper reported on 2 October, and the report was recorded wrongly, and put right later."""
    wrong = claim("report", world.paper, world.oakford, object_actor=world.red, said="2022-10-02")
    before = get(client, "/api/v1/")["seq"]
    factories.republish("claims", wrong, object_actor=str(world.blue))
    claim("later", world.paper, world.oakford, object_actor=world.red, holds="2022-10-02",
          said="2022-10-09")  # fmt: skip

    def paper(query: str) -> tuple[str, list[str]]:
        answer = get(client, of(world.oakford, f"?on=2022-10-03{query}"))
        (found,) = (one for one in answer["rows"] if one["voice"]["name"] == "The Paper")
        holders = [one["claim"]["object_actor"]["name"] for one in found["claims"]]
        return answer["summary"], sorted(holders)

    assert paper("") == ("contested", ["Blue", "Red"])
    # By what the paper itself had said by then, as it is known today.
    assert paper("&said_until=2022-10-08") == ("agreed", ["Blue"])
    assert paper("&said_until=2022-10-09") == ("contested", ["Blue", "Red"])
    assert paper("&said_until=2022-10-01") == ("not_stated", [])
    # By what had been recorded by then, the mistake included.
    assert paper(f"&as_of={before}") == ("contested", ["Red"])
    assert paper(f"&as_of={before}&said_until=2022-10-08") == ("contested", ["Red"])


@pytest.mark.parametrize(
    ("spoke", "until", "heard"),
    [
        ("2022-10", "2022-10-01", True),
        ("2022-10", "2022-09", False),
        ("../2022-10-05", "2022-09", True),
        ("2022-10-05/..", "2022-10-04", False),
        (None, "2022-10-04", False),
    ],
)
def test_what_was_possibly_said_by_then_is_kept(
    client: Client, world: World, spoke: str | None, until: str, heard: bool
) -> None:
    claim("told", world.paper, world.ferry, said=spoke, holds="2022-09-01", object_actor=world.red)
    whole = get(client, of(world.ferry, "?on=2022-10-03"))
    assert shown(whole["rows"])["The Paper"] == ["controlled"]
    answer = get(client, of(world.ferry, f"?on=2022-10-03&said_until={until}"))
    assert (shown(answer["rows"]).get("The Paper") == ["controlled"]) == heard
    assert answer["said_until"] == until
    listed = get(client, f"{LIST}?within={world.ferry}&on=2022-10-03&said_until={until}")
    assert len(listed["results"]) == heard


def test_answers_are_of_the_moment_that_is_asked_for(client: Client, world: World) -> None:
    urls = [of(world.oakford, "?on=2022-10-03"), of(world.oakford, "?", "timeline"),
            f"{LIST}?on=2022-10-03"]  # fmt: skip
    seq = get(client, "/api/v1/")["seq"]
    was = [get(client, f"{url}&as_of={seq}") for url in urls]
    assert was == [get(client, url) for url in urls]
    factories.republish("claims", world.held, control_status="entered", extent=None)
    claim("told", world.paper, world.ferry, object_actor=world.red)
    factories.republish("sources", world.blue_spokesman, name="Somebody else")
    factories.republish("actors", world.blue, name="Azure")
    factories.republish("places", world.oakford, name="New Oakford")
    forget(world)
    now = [get(client, url) for url in urls]
    assert [get(client, f"{url}&as_of={seq}") for url in urls] == was
    assert now[0]["summary"] == "not_stated"
    assert [found["place"]["name"] for found in now[2]["results"]] == ["Ferry"]
    assert get(client, f"{urls[0]}&as_of=0", 404)["title"] == (
        "It was not recorded yet at that moment"
    )
    assert get(client, f"{LIST}?as_of=0")["results"] == []


# Over time.


def test_the_timeline_has_each_dated_claim_of_each_voice(client: Client, world: World) -> None:
    claim("first", world.paper, world.oakford, said="2022-09-01", object_actor=world.red)
    claim("again", world.paper, world.oakford, said="2022-10-09", object_actor=world.blue)
    claim("undated", world.paper, world.oakford, said=None, object_actor=world.blue)
    answer = get(client, of(world.oakford, "", "timeline"))
    assert list(answer) == ["place", "said_until", "voices", "changes"]
    assert answer["place"]["name"] == "Oakford"
    told = {
        found["voice"]["name"]: [
            (step["time"]["edtf"], step["decides"], step["claim"]["object_actor"]["name"])
            for step in found["steps"]
        ]
        for found in answer["voices"]
    }
    assert told == {
        "Blue": [("2022-10-02/..", True, "Blue")],
        "Red": [("2022-10-03", False, "Blue")],
        "The Paper": [("2022-09-01", True, "Red"), ("2022-10-09", True, "Blue")],
    }
    assert [found["undated"] for found in answer["voices"]] == [0, 0, 1]
    assert answer["changes"] == [
        {"since": None, "summary": "not_stated"},
        {"since": "2022-09-01", "summary": "single_voice"},
        {"since": "2022-10-02", "summary": "contested"},
        {"since": "2022-10-09", "summary": "agreed"},
    ]
    for change in answer["changes"][1:]:
        on_that_day = get(client, of(world.oakford, f"?on={change['since']}"))
        assert on_that_day["summary"] == change["summary"]
    until = get(client, of(world.oakford, "?said_until=2022-10-02", "timeline"))
    assert until["changes"] == answer["changes"][:3]


@pytest.mark.parametrize("names", [("one", "two"), ("two", "one")])
@pytest.mark.parametrize("last_is", ["affirmed", "denied"])
def test_steps_of_one_day_are_in_the_order_that_precedes_tells(
    client: Client, world: World, names: tuple[str, str], last_is: str
) -> None:
    """By way of what is the same as the later one, and whichever has the lower id."""
    last = claim(names[1], world.paper, world.oakford, polarity=last_is)
    same = factories.public("claims", "same", claimant=world.paper, event=world.advance,
                            polarity=last_is,
                            relations=[{"kind": "same_as", "claim": last}])  # fmt: skip
    first = claim(names[0], world.paper, world.oakford, control_status="encircled",
                  relations=[{"kind": "precedes", "claim": same}])  # fmt: skip
    day_before = claim("day before", world.paper, world.oakford, said="2022-10-01",
                       control_status="entered",
                       relations=[{"kind": "precedes", "claim": first}])  # fmt: skip
    answer = get(client, of(world.oakford, "", "timeline"))
    (paper,) = (one for one in answer["voices"] if one["voice"]["name"] == "The Paper")
    told = [step["claim"]["id"] for step in paper["steps"]]
    assert told == [str(day_before), str(first), str(last)]
    factories.republish("claims", first, relations=[])
    answer = get(client, of(world.oakford, "", "timeline"))
    (paper,) = (one for one in answer["voices"] if one["voice"]["name"] == "The Paper")
    undecided = [step["claim"]["id"] for step in paper["steps"][1:]]
    assert undecided == sorted(undecided)


# Every place under one.


@pytest.fixture
def four(world: World) -> World:
    """Claims on four places of the world."""
    claim("a", world.paper, world.ferry, object_actor=world.red)
    claim("b", world.paper, world.northmark, object_actor=world.red, polarity="denied")
    claim("c", world.red_ministry, world.landia, object_actor=world.red)
    return world


def listed(answer: dict[str, Any]) -> list[str]:
    return [found["place"]["name"] for found in answer["results"]]


def test_places_with_a_claim_on_control_are_listed_by_name(client: Client, four: World) -> None:
    answer = get(client, f"{LIST}?on=2022-10-03")
    assert list(answer) == ["next", "previous", "results"]
    assert listed(answer) == ["Ferry", "Landia", "Northmark", "Oakford"]
    assert listed(get(client, f"{LIST}?on=1999")) == listed(answer)
    assert [found["summary"] for found in answer["results"]] == [
        "single_voice", "single_voice", "not_stated", "single_voice",
    ]  # fmt: skip
    for found in answer["results"]:
        alone = get(client, of(found["place"]["id"], "?on=2022-10-03"))
        assert found == {name: alone[name] for name in found}
    counted = get(client, f"{LIST}?count=exact&limit=1")
    assert (counted["count"], counted["count_kind"]) == (4, "exact")


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ("northmark", ["Northmark", "Oakford"]),
        ("ferry", ["Ferry"]),
        ("landia", ["Ferry", "Landia", "Northmark", "Oakford"]),
        ("southmark,oakford", ["Ferry", "Oakford"]),
        ("!northmark", ["Ferry", "Landia"]),
        ("nowhere", []),
    ],
)
def test_places_are_listed_within_a_place(
    client: Client, four: World, within: str, expected: list[str]
) -> None:
    given = ",".join(
        "!" * name.startswith("!") + str(ident("places", name.removeprefix("!")))
        for name in within.split(",")
    )
    assert listed(get(client, f"{LIST}?within={given}")) == expected
    assert listed(get(client, f"{LIST}?within=geonames:1001")) == ["Oakford"]


def test_pages_have_each_place_once(client: Client, four: World) -> None:
    whole = get(client, f"{LIST}?on=2022-10-03")["results"]
    url = f"{LIST}?on=2022-10-03&limit=1"
    pages = list(api_world.walk(client, url))
    assert [page["results"][0] for page in pages] == whole
    assert get(client, pages[1]["previous"])["results"] == whole[:1]
    seq = get(client, "/api/v1/")["seq"]
    forget(four)
    assert len(list(api_world.walk(client, f"{url}&as_of={seq}"))) == 4
    assert len(list(api_world.walk(client, url))) == 3


def test_places_are_shown_on_a_map(client: Client, four: World) -> None:
    plain = get(client, f"{LIST}?on=2022-10-03&limit=3")
    answer = client.get(f"{LIST}?on=2022-10-03&limit=3&format=geojson")
    assert answer["Content-Type"] == "application/geo+json"
    found = orjson.loads(answer.content)
    assert list(found) == ["type", "next", "previous", "features"]
    assert "format=geojson" in found["next"]
    assert [feature["properties"] for feature in found["features"]] == plain["results"]
    (last,) = get(client, found["next"])["features"]
    assert (last["type"], last["id"]) == ("Feature", str(four.oakford))
    assert last["geometry"] == {"type": "Point", "coordinates": [37.25, 48.5]}
    assert found["features"][0]["geometry"] is None


# Long lists.


def test_what_is_too_much_to_show_is_counted(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim("left", world.red_ministry, world.oakford, control_status="withdrawn_from")
    api_world.multiply("claims", world.held, 100)
    answer = get(client, of(world.oakford, "?on=2022-10-03"))
    blue = answer["rows"][0]
    assert (len(blue["claims"]), blue["claims_total"]) == (100, 101)
    assert blue["statuses"] == ["controlled"]
    assert "claims_total" not in answer["rows"][1]
    claim("told", world.paper, world.oakford)
    monkeypatch.setattr(views, "MOST_VOICES", 2)
    monkeypatch.setattr(views, "MOST_STEPS", 60)
    mistakes = [("claims", ident("claims", "left")), ("claims", world.denied)]
    publishing.retract(mistakes, reason="A mistake.")
    answer = get(client, of(world.oakford, "?on=2022-10-03"))
    assert (list(shown(answer["rows"])), answer["rows_total"]) == (["Blue", "The Paper"], 3)
    timeline = get(client, of(world.oakford, "", "timeline"))
    assert [one["voice"]["name"] for one in timeline["voices"]] == ["Blue", "The Paper"]
    assert timeline["voices_total"] == 3
    blue, paper = timeline["voices"]
    assert (len(blue["steps"]), blue["steps_total"], len(paper["steps"])) == (60, 101, 1)
    assert "steps_total" not in paper


def test_an_answer_costs_the_same_number_of_queries_however_much_was_said(
    client: Client, world: World
) -> None:
    def statements() -> list[int]:
        counts = []
        for url in addresses(world):
            with CaptureQueriesContext(connection) as captured:
                get(client, url)
            counts.append(len(captured))
        return counts

    # The newest number, the place or the places, the claims, who speaks, the sources, the parties,
    # those that are named, what limits the claims (not over time), and the newest number again.
    few = statements()
    api_world.multiply("claims", world.held, 50)
    claim("other", world.paper, world.ferry)
    assert statements() == few == [9, 8, 9]


# How it is served.


def addresses(world: World) -> list[str]:
    return [of(world.oakford, "?on=2022-10-03"), of(world.oakford, "?said_until=2023", "timeline"),
            f"{LIST}?on=2022-10-03"]  # fmt: skip


def test_an_answer_that_is_known_is_not_sent_again(client: Client, world: World) -> None:
    for url in addresses(world):
        answer = client.get(url)
        assert 'rel="license"' in answer["Link"]
        with CaptureQueriesContext(connection) as captured:
            again = client.get(url, headers={"If-None-Match": answer["ETag"]})
        assert (again.status_code, len(captured)) == (304, 1)
        assert client.head(url)["ETag"] == answer["ETag"]
        assert client.options(url)["Allow"] == "GET, HEAD, OPTIONS"
        factories.republish("places", world.ferry, name=f"Ferry {answer['Dateline-Seq']}")
        assert client.get(url, headers={"If-None-Match": answer["ETag"]}).status_code == 200


def test_without_a_date_it_is_asked_for_today(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_clock(*given: int) -> None:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
                assert tz is UTC
                return datetime(*given, tzinfo=UTC)  # type: ignore[misc]

        monkeypatch.setattr(views, "datetime", Clock)

    set_clock(2022, 10, 1, 23, 59)
    first = client.get(of(world.oakford))
    assert orjson.loads(first.content)["on"] == "2022-10-01"
    assert orjson.loads(first.content)["summary"] == "not_stated"
    timeline = client.get(of(world.oakford, "", "timeline"))
    set_clock(2022, 10, 2, 0, 0)
    second = client.get(of(world.oakford), headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert orjson.loads(second.content)["summary"] == "single_voice"
    known = {"If-None-Match": timeline["ETag"]}
    assert client.get(of(world.oakford, "", "timeline"), headers=known).status_code == 304


@pytest.mark.parametrize("number", [0, 1, 2])
def test_all_of_an_answer_is_of_one_moment(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A change between two readings must not be half seen under one entity tag."""
    real, url = views.heard, addresses(world)[number]

    def renamed_meanwhile(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(views, "heard", real)
        factories.republish("places", world.oakford, name="New Oakford")
        return real(*args, **kwargs)

    monkeypatch.setattr(views, "heard", renamed_meanwhile)
    answer = client.get(url)
    assert b"New Oakford" in answer.content
    assert answer["Dateline-Seq"] == str(get(client, "/api/v1/")["seq"])
    assert client.get(url).content == answer.content
    assert client.get(url)["ETag"] == answer["ETag"]


@pytest.mark.parametrize("more", [(), ("timeline",)])
def test_the_states_of_a_place_are_those_of_its_own_address(
    client: Client, world: World, more: tuple[str, ...]
) -> None:
    gone = factories.public("places", "gone")
    twin = factories.public("places", "twin")
    lost = factories.public("places", "lost")
    publishing.retract([("places", gone)], reason="A mistake.")
    publishing.merge("places", twin, world.oakford, reason="The same.")
    publishing.erase("places", lost, reason="A court ordered it.")
    query = "?said_until=2023"
    assert client.get(of(gone, query, *more)).status_code == 410
    assert client.get(of(lost, query, *more)).status_code == 451
    assert client.get(of(ident("places", "nobody"), query, *more)).status_code == 404
    there = f"http://testserver{of(world.oakford, query, *more)}"
    merged = client.get(of(twin, query, *more))
    assert (merged.status_code, merged["Location"]) == (308, there)
    coded = client.get(of("geonames:1001", query, *more))
    assert (coded.status_code, coded["Location"]) == (307, there)


def test_what_is_wrong_with_a_request_is_named(client: Client, world: World) -> None:
    for query in ("on=yesterday", "on=2022-13", "on=", "on=2022&on=2023", "said_until=x",
                  "as_of=x", "limit=1", "within=x", "format=geojson", "q=x"):  # fmt: skip
        name = query.partition("=")[0]
        assert wrong_parameters(client, of(world.oakford, f"?{query}")) == [name], query
    for query in ("on=2022", "said_until=x", "within=x", "format=geojson"):
        name = query.partition("=")[0]
        assert wrong_parameters(client, of(world.oakford, f"?{query}", "timeline")) == [name]
    for query in ("on=x", "said_until=2022-10-99", "within=x", "within=", "limit=0", "cursor=x",
                  "count=some", "ordering=name", "place=x", "format=jsonld"):  # fmt: skip
        name = query.partition("=")[0]
        assert wrong_parameters(client, f"{LIST}?{query}") == [name], query
    both = wrong_parameters(client, f"{LIST}?on=x&said_until=y")
    assert both == ["on", "said_until"]


def members(serializer: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every member that is declared, through objects and lists."""
    for name, declared in serializer.fields.items():
        field_ = declared
        while isinstance(field_, serializers.ListField | serializers.ListSerializer):
            field_ = field_.child
        yield f"{path}.{name}", declared
        if isinstance(field_, serializers.Serializer):
            yield from members(field_, f"{path}.{name}")


def test_the_code_lists_name_the_members_that_have_their_codes() -> None:
    paths = [path for path, _ in members(ControlSerializer(), "places.control")]
    for name in ("current", "summary"):
        having = [path for path in paths if path.endswith(f".{name}")]
        assert vocabularies()[f"control-{name}"].members == having


def undeclared(serializer: Any, value: Any, path: str = "$") -> Iterator[str]:
    """Members that an answer has or lacks against what is declared."""
    if value is None:
        return
    if isinstance(serializer, serializers.ListField | serializers.ListSerializer):
        for element in value:
            yield from undeclared(serializer.child, element, f"{path}[]")
    elif isinstance(serializer, serializers.Serializer):
        declared = serializer.fields
        needed = {name for name, found in declared.items() if found.required}
        yield from (
            f"{path}.{name}" for name in (set(value) - set(declared)) | (needed - set(value))
        )
        for name in set(value) & set(declared):
            yield from undeclared(declared[name], value[name], f"{path}.{name}")


def test_answers_have_the_members_that_are_declared(client: Client, four: World) -> None:
    claim("own", four.red_ministry, four.oakford, kind="sovereignty", control_status=None)
    factories.public("claims", "limits", claimant=four.paper, event=four.withdrawal,
                     relations=[{"kind": "limits", "claim": four.held}])  # fmt: skip
    answer = get(client, of(four.oakford, "?on=2022-10-03"))
    assert answer["containing"]
    assert answer["sovereignty"]
    assert list(undeclared(ControlSerializer(), answer)) == []
    timeline = get(client, of(four.oakford, "", "timeline"))
    assert list(undeclared(ControlTimelineSerializer(), timeline)) == []
    page = get(client, LIST)["results"]
    assert list(undeclared(PlaceControlSerializer(many=True), page)) == []


# The Lyman story.


def of_story(resource: str, name: str) -> str:
    origins = Origin.objects.filter(dataset__slug="lyman", resource=resource)
    return str(origins.get(external_id=name).object_id)


def story_of(client: Client, place: str, asked: str = "2022-10-01") -> dict[str, Any]:
    return get(client, of(of_story("places", place), f"?on={asked}"))


RFERL = "Radio Free Europe/Radio Liberty"


@pytest.mark.django_db
def test_of_lyman_each_side_says_its_own_and_nobody_that_it_controls_it(
    client: Client, lyman: Loaded
) -> None:
    answer = story_of(client, "lyman")
    assert shown(answer["rows"]) == {
        "Russia": ["withdrawn_from"], "Ukraine": ["entered"], RFERL: ["not_stated"],
    }  # fmt: skip
    assert answer["summary"] == "contested"
    russia, ukraine, _ = answer["rows"]
    assert ids(russia["claims"]) == [of_story("claims", "rumod_withdrew")]
    # That the spokesman's encirclement came before is told by `precedes` alone.
    entered = sorted(of_story("claims", name) for name in ("uamod_had_entered", "uamod_entering"))
    assert ids(ukraine["claims"]) == entered
    not_over = of_story("claims", "cherevatiy_not_over")
    for found in ukraine["claims"]:
        assert not_over in {limit["id"] for limit in found["limited_by"]}
        assert found["current"] == "certain"
    rows = [*answer["rows"], *answer["containing"]]
    assert "controlled" not in {status for found in rows for status in found["statuses"]}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "place", ["yampil", "novoselivka", "shandryholove", "drobysheve", "stavky"]
)
def test_the_five_settlements_are_ukraines_by_its_word_alone(
    client: Client, lyman: Loaded, place: str
) -> None:
    answer = story_of(client, place)
    assert shown(answer["rows"]) == {
        "Russia": ["not_stated"], "Ukraine": ["controlled"], RFERL: ["not_stated"],
    }  # fmt: skip
    assert answer["summary"] == "single_voice"


@pytest.mark.django_db
def test_kreminna_is_russias_by_the_reporters_word_alone(client: Client, lyman: Loaded) -> None:
    answer = story_of(client, "kreminna")
    assert shown(answer["rows"]) == {
        "Russia": ["not_stated"], "Ukraine": ["not_stated"], RFERL: ["controlled"],
    }  # fmt: skip
    assert answer["summary"] == "single_voice"
    (found,) = answer["rows"][2]["claims"]
    assert found["claim"]["object_actor"]["party"] == "Russia"
    around = [(one["place"]["name"], one["voice"]["name"]) for one in answer["containing"]]
    assert around == [("Luhansk region", "Russia"), ("Luhansk region", RFERL)]


@pytest.mark.django_db
def test_of_the_luhansk_region_what_was_declared_in_july_is_not_what_is_told_in_october(
    client: Client, lyman: Loaded
) -> None:
    answer = story_of(client, "luhansk")
    assert shown(answer["rows"]) == {
        "Russia": ["controlled"], "Ukraine": ["not_stated"], RFERL: ["partly_controlled"],
    }  # fmt: skip
    assert answer["summary"] == "contested"
    (declared,), (told,) = answer["rows"][0]["claims"], answer["rows"][2]["claims"]
    assert (declared["time"]["phrase"], declared["claim"]["extent"]) == ("in early July", "whole")
    assert (declared["current"], told["current"]) == ("earlier", "earlier")
    assert (
        story_of(client, "luhansk", "2022-07-05")["rows"][0]["claims"][0]["current"] == "possible"
    )
    assert told["time"]["edtf"] == "2022-09-30"
    owned = {
        one["voice"]["name"]: one["claims"][0]["claim"]["object_actor"]["name"]
        for one in answer["sovereignty"]
    }
    assert owned == {"Russia": "Russia", RFERL: "Ukraine"}
    timeline = get(client, of(of_story("places", "luhansk"), "", "timeline"))
    assert timeline["changes"] == [
        {"since": None, "summary": "not_stated"},
        {"since": "2022-07-01", "summary": "single_voice"},
        {"since": "2022-09-30", "summary": "contested"},
    ]


@pytest.mark.django_db
def test_of_crimea_the_reporter_alone_speaks_and_of_2014(client: Client, lyman: Loaded) -> None:
    answer = story_of(client, "crimea")
    assert shown(answer["rows"]) == {
        "Russia": ["not_stated"], "Ukraine": ["not_stated"], RFERL: ["controlled"],
    }  # fmt: skip
    assert answer["summary"] == "single_voice"
    (found,) = answer["rows"][2]["claims"]
    assert (found["time"]["edtf"], found["current"]) == ("2014", "earlier")
    assert story_of(client, "crimea", "2014-06")["rows"][2]["claims"][0]["current"] == "possible"
    assert story_of(client, "crimea", "2013")["summary"] == "not_stated"


@pytest.mark.django_db
def test_of_towns_ahead_nobody_says_who_holds_them(client: Client, lyman: Loaded) -> None:
    for place in ("slovyansk", "syevyerodonetsk"):
        answer = story_of(client, place)
        assert answer["summary"] == "not_stated"
        assert set(map(tuple, shown(answer["rows"]).values())) == {("not_stated",)}


@pytest.mark.django_db
def test_the_places_of_the_story_come_in_one_answer(client: Client, lyman: Loaded) -> None:
    donetsk = of_story("places", "donetsk")
    answer = get(client, f"{LIST}?within={donetsk}&on=2022-10-01")
    assert {found["place"]["name"]: found["summary"] for found in answer["results"]} == {
        "Donetsk region": "single_voice", "Drobysheve": "single_voice", "Lyman": "contested",
        "Lyman area": "single_voice", "Novoselivka": "single_voice",
        "Shandryholove": "single_voice", "Stavky": "single_voice", "Yampil": "single_voice",
    }  # fmt: skip
