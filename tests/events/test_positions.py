"""What each voice says of an event, side by side: the rules, and what they say of Lyman."""

import json
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator

from config.api import docs
from events.api import positions as views
from records import publishing
from records.models import Origin
from records.vocabularies import vocabularies
from tests import api_world, factories
from tests.api_world import detail, get, ids, problem, wrong_parameters
from tests.factories import World, body, ident, public

AT = "http://testserver"


def positions(client: Client, event: UUID, query: str = "") -> dict[str, Any]:
    return get(client, detail("events", event, "positions") + query)


def rows(answer: dict[str, Any]) -> dict[str, tuple[str, dict[str, list[str]]]]:
    """By the statement of each row its mark, and the stances of each voice."""
    return {
        row["statement"]: (row["mark"], {cell["name"]: cell["stances"] for cell in row["cells"]})
        for row in answer["rows"]
    }


def said(answer: dict[str, Any], statement: str, voice: str) -> list[tuple[str, str]]:
    """The stance and the statement of each claim in a cell."""
    return [
        (position["stance"], position["claim"]["statement"])
        for row in answer["rows"]
        if row["statement"] == statement
        for cell in row["cells"]
        if cell["name"] == voice
        for position in cell["claims"]
    ]


def unsaid(answer: dict[str, Any]) -> dict[str, list[str]]:
    """The statements of the rows that each voice does not speak to."""
    statements = {row["id"]: row["statement"] for row in answer["rows"]}
    return {
        voice["name"]: [statements[row] for row in voice["not_stated"]]
        for voice in answer["voices"]
    }


@pytest.fixture
def clash(world: World) -> UUID:
    """An event of which nothing is said yet."""
    return public("events", "clash", title="Clash at Ferry")


def claim(name: str, claimant: UUID, event: UUID | None, **members: Any) -> UUID:
    """A public claim whose statement is its name, that something happened unless it says else."""
    members = {"kind": "occurrence", "statement": name, **members}
    return public("claims", name, claimant=claimant, event=event, **members)


def link(kind: str, target: UUID, **more: Any) -> list[dict[str, Any]]:
    return [{"kind": kind, "claim": target, **more}]


# What an answer has.


def test_a_whole_answer(client: Client, world: World) -> None:
    post = body("claims", world.counted)
    url = f"{AT}/api/v1/claims/?event={world.withdrawal}"
    answer = positions(client, world.withdrawal)
    assert answer["event"] == {
        "id": str(world.withdrawal),
        "title": "Withdrawal from Oakford",
        "type": "territory.withdrawal",
    }
    assert answer["occurrence"] == {
        "status": "occurred",
        "mark": "agreed",
        "corroboration": body("events", world.withdrawal)["corroboration"],
        "voices": [str(world.red), str(world.paper)],
    }
    agreed, counted = (row["id"] for row in answer["rows"])
    blue = {
        "id": str(world.blue), "name": "Blue", "kind": "state", "party": "Blue",
        "party_id": str(world.blue),
    }  # fmt: skip
    paper = {
        "id": str(world.paper), "name": "The Paper", "kind": "news_outlet", "party": None,
        "party_id": None,
    }  # fmt: skip
    red = {
        "id": str(world.red), "name": "Red", "kind": "state", "party": "Red",
        "party_id": str(world.red),
    }  # fmt: skip
    assert answer["voices"] == [
        {"id": str(world.blue), "name": "Blue", "party": blue, "source": None, "counted": True,
         "not_stated": [agreed]},
        {"id": str(world.red), "name": "Red", "party": red, "source": None, "counted": True,
         "not_stated": [counted]},
        {"id": str(world.paper), "name": "The Paper", "party": None, "source": paper,
         "counted": True, "not_stated": [counted]},
    ]  # fmt: skip
    assert (answer["coded"], answer["claims_url"]) == (0, url)
    assert answer["rows"][1] == {
        "id": str(world.counted),
        "statement": "About 500 of Red's troops were lost.",
        "kind": "quantity",
        "polarity": "affirmed",
        "condition": None,
        "mark": "one_sided",
        "corroboration": post["corroboration"],
        "cells": [
            {
                "voice": str(world.blue),
                "name": "Blue",
                "stances": ["affirms"],
                "claims": [
                    {
                        "stance": "affirms",
                        "echo": False,
                        "limits": [],
                        "claim": {
                            "id": str(world.counted),
                            "statement": "About 500 of Red's troops were lost.",
                            "kind": "quantity",
                            "voice": "attributed",
                            "claimant": post["claimant"],
                            "event": answer["event"],
                            "said": None,
                            "polarity": "affirmed",
                            "certainty": "certain",
                            "conditional": False,
                            "condition": None,
                            "evidence": "none_mentioned",
                            "interest": "unknown",
                            "quantity": {
                                "metric": "lost", "low": None, "best": 500, "high": None,
                                "unit": "troops", "approximator": "about",
                            },
                            "control_status": None,
                            "citations": [
                                {
                                    "document": post["citations"][0]["document"],
                                    "mode": "direct_quote",
                                    "spans": [[150, 180]],
                                    "quote": None,
                                    "locator": None,
                                }
                            ],
                        },
                    }
                ],
                "claims_url": f"{url}&party={world.blue}",
            }
        ],
        "contradictions": [],
        "contradictions_total": 0,
    }  # fmt: skip


def test_an_answer_is_as_the_openapi_document_says(
    client: Client, world: World, clash: UUID
) -> None:
    stated = claim("It came.", world.red_ministry, clash, quantity={"metric": "lost", "best": 1})
    claim("It did not.", world.paper, clash, relations=link("contradicts", stated, how="value"))
    for event in (world.withdrawal, world.advance, clash):
        errors = schema().iter_errors(positions(client, event))
        assert [f"{error.json_path}: {error.message}" for error in errors] == []


@cache
def schema() -> Draft202012Validator:
    """What the document says of the answer; a member that is not declared is wrong."""
    schemas = json.loads(docs.document("json"))["components"]["schemas"]
    for declared in schemas.values():
        if "properties" in declared:
            declared.setdefault("additionalProperties", False)
    root = {"$ref": "#/components/schemas/Positions", "components": {"schemas": schemas}}
    return Draft202012Validator(root)


def test_the_codes_are_vocabularies() -> None:
    known = vocabularies()
    marks = [value.code for value in known["position-mark"].values]
    assert marks == ["contradicted", "agreed", "one_sided", "unknown"]
    stances = [value.code for value in known["position-stance"].values]
    assert stances == ["affirms", "denies", "unknown", "contradicts", "limits"]


def test_an_event_of_which_nothing_is_said_has_no_rows(client: Client, clash: UUID) -> None:
    answer = positions(client, clash)
    assert (answer["voices"], answer["rows"], answer["coded"]) == ([], [], 0)
    assert (answer["occurrence"]["mark"], answer["occurrence"]["voices"]) == (None, [])


# Marks.


def test_two_parties_agree_each_by_its_own_word(client: Client, world: World, clash: UUID) -> None:
    red = claim("Red says so.", world.red_ministry, clash)
    claim("Blue says so.", world.blue_spokesman, clash, relations=link("same_as", red))
    answer = positions(client, clash)
    (row,) = answer["rows"]
    assert row["mark"] == answer["occurrence"]["mark"] == "agreed"
    assert {cell["name"]: cell["stances"] for cell in row["cells"]} == {
        "Blue": ["affirms"], "Red": ["affirms"],
    }  # fmt: skip
    assert unsaid(answer) == {"Blue": [], "Red": []}


def test_an_echo_is_shown_and_does_not_make_agreement(
    client: Client, world: World, clash: UUID
) -> None:
    first = claim("Red says so.", world.red_ministry, clash)
    claim("Blue repeats it.", world.blue_spokesman, clash, relations=link("repeats", first))
    answer = positions(client, clash)
    assert rows(answer) == {
        "Red says so.": ("one_sided", {"Blue": ["affirms"], "Red": ["affirms"]})
    }
    (row,) = answer["rows"]
    echoes = {c["name"]: [position["echo"] for position in c["claims"]] for c in row["cells"]}
    assert echoes == {"Blue": [True], "Red": [False]}
    assert answer["occurrence"]["voices"] == [str(world.red)]
    assert answer["occurrence"]["mark"] == "one_sided"


def test_two_sources_of_one_party_are_one_voice(client: Client, world: World, clash: UUID) -> None:
    first = claim("It was so.", world.red_ministry, clash)
    claim("So it was.", world.red_spokesman, clash, relations=link("same_as", first))
    (row,) = positions(client, clash)["rows"]
    assert (row["mark"], len(row["cells"]), len(row["cells"][0]["claims"])) == ("one_sided", 1, 2)
    assert row["corroboration"]["level"] == "same_party"


def test_a_source_of_unknown_standing_is_shown_and_does_not_count(
    client: Client, world: World, clash: UUID
) -> None:
    stranger = public("sources", "stranger", name="A stranger")
    first = claim("It was so.", world.red_ministry, clash)
    claim("So it was.", stranger, clash, relations=link("same_as", first))
    answer = positions(client, clash)
    assert [(voice["name"], voice["counted"]) for voice in answer["voices"]] == [
        ("Red", True),
        ("A stranger", False),
    ]
    assert [row["mark"] for row in answer["rows"]] == ["one_sided"]


def test_two_outlets_that_narrate_it_agree(client: Client, world: World, clash: UUID) -> None:
    other = public("sources", "other paper", name="Other", kind="news_outlet", independent=True)
    first = claim("It was so.", world.paper, clash, voice="narration")
    claim("So it was.", other, clash, voice="narration", relations=link("same_as", first))
    assert [row["mark"] for row in positions(client, clash)["rows"]] == ["agreed"]


def test_what_has_a_condition_is_shown_with_it_and_does_not_make_agreement(
    client: Client, world: World, clash: UUID
) -> None:
    first = claim("It goes on.", world.red_ministry, clash)
    claim("It goes on if it rains.", world.blue_spokesman, clash, condition="if it rains",
          relations=link("same_as", first))  # fmt: skip
    (row,) = positions(client, clash)["rows"]
    assert row["mark"] == "one_sided"
    conditions = {
        position["claim"]["claimant"]["party"]: (
            position["claim"]["conditional"],
            position["claim"]["condition"],
        )
        for cell in row["cells"]
        for position in cell["claims"]
    }
    assert conditions == {"Red": (False, None), "Blue": (True, "if it rains")}


def test_what_is_only_said_not_to_be_known_is_unknown(
    client: Client, world: World, clash: UUID
) -> None:
    first = claim("How many is not known.", world.paper, clash, kind="unknown",
                  polarity="unknown")  # fmt: skip
    claim("Nobody knows.", world.red_ministry, clash, kind="unknown", polarity="unknown",
          relations=link("same_as", first))  # fmt: skip
    answer = positions(client, clash)
    (row,) = answer["rows"]
    assert (row["mark"], [cell["stances"] for cell in row["cells"]]) == (
        "unknown",
        [["unknown"], ["unknown"]],
    )
    assert answer["occurrence"]["mark"] is None


def test_a_denial_is_in_the_row_of_what_it_denies(
    client: Client, world: World, clash: UUID
) -> None:
    claim("Red came.", world.red_ministry, clash)
    denied = claim("Red did not come.", world.blue_spokesman, clash, polarity="denied")
    claim("Nobody came.", world.paper, clash, polarity="denied",
          relations=link("same_as", denied))  # fmt: skip
    answer = positions(client, clash)
    assert rows(answer) == {
        "Red came.": (
            "contradicted", {"Blue": ["denies"], "Red": ["affirms"], "The Paper": ["denies"]}
        )
    }  # fmt: skip
    (row,) = answer["rows"]
    assert [(c["rule"], c["resolution"]) for c in row["contradictions"]] == [
        ("negation", "unresolved")
    ]
    assert row["contradictions"][0]["difference"]["values"] == ["affirmed", "denied"]
    assert (answer["occurrence"]["mark"], answer["occurrence"]["voices"]) == (
        "contradicted",
        [str(world.red)],
    )


def test_what_nobody_affirms_and_two_deny_is_a_row_that_they_agree_on(
    client: Client, world: World, clash: UUID
) -> None:
    denied = claim("Red did not come.", world.blue_spokesman, clash, polarity="denied")
    claim("Nobody came.", world.paper, clash, polarity="denied",
          relations=link("same_as", denied))  # fmt: skip
    (row,) = positions(client, clash)["rows"]
    assert (row["polarity"], row["mark"]) == ("denied", "agreed")
    assert [cell["stances"] for cell in row["cells"]] == [["affirms"], ["affirms"]]


def test_a_denial_that_more_than_a_row_says_is_a_row_as_well(
    client: Client, world: World, clash: UUID
) -> None:
    claim("Red came.", world.red_ministry, clash)
    denied = claim("Red did not come.", world.blue_spokesman, clash, polarity="denied")
    claim("Not by night.", world.paper, clash, kind="description",
          relations=link("limits", denied))  # fmt: skip
    answer = positions(client, clash)
    assert rows(answer) == {
        "Red came.": ("contradicted", {"Blue": ["denies"], "Red": ["affirms"]}),
        "Red did not come.": (
            "contradicted", {"Blue": ["affirms"], "Red": ["denies"], "The Paper": ["limits"]}
        ),
        "Not by night.": ("one_sided", {"The Paper": ["affirms"]}),
    }  # fmt: skip


def test_figures_that_exclude_each_other_are_rows_beside_each_other(
    client: Client, world: World, clash: UUID
) -> None:
    for name, claimant, figure in (("Forty.", world.red_ministry, 40),
                                   ("Ninety.", world.blue_spokesman, 90)):  # fmt: skip
        claim(name, claimant, clash, kind="quantity", said="2022-10-01",
              quantity={"metric": "captured", "best": figure, "unit": "troops"})  # fmt: skip
    answer = positions(client, clash)
    assert rows(answer) == {
        "Forty.": ("contradicted", {"Blue": ["contradicts"], "Red": ["affirms"]}),
        "Ninety.": ("contradicted", {"Blue": ["affirms"], "Red": ["contradicts"]}),
    }
    assert [row["contradictions"][0]["rule"] for row in answer["rows"]] == ["quantity"] * 2


def test_what_stands_against_it_elsewhere_is_in_its_row(
    client: Client, world: World, clash: UUID
) -> None:
    road = claim("A road is open.", world.paper, None, kind="description", places=[world.ferry])
    away = claim("They had gone.", world.red_ministry, world.advance)
    claim("Red is shut in.", world.blue_spokesman, clash,
          relations=[*link("contradicts", away, how="value"),
                     *link("contradicts", road, how="value")])  # fmt: skip
    factories.republish("claims", road, relations=[
        *factories.said("claims", road)["relations"], *link("limits", ident("claims",
        "Red is shut in."))])  # fmt: skip
    answer = positions(client, clash)
    assert rows(answer) == {
        "Red is shut in.": (
            "contradicted",
            {"Blue": ["affirms"], "Red": ["contradicts"], "The Paper": ["contradicts"]},
        )
    }
    (row,) = answer["rows"]
    limited = {cell["name"]: cell["claims"][0]["limits"] for cell in row["cells"]}
    reference = {"id": row["id"], "statement": "Red is shut in."}
    assert limited == {"Blue": [], "Red": [], "The Paper": [reference]}
    # And at the other event, what stands against it here.
    assert rows(positions(client, world.advance)) == {
        "They had gone.": ("contradicted", {"Blue": ["contradicts"], "Red": ["affirms"]})
    }


def test_a_limit_makes_no_contradiction(client: Client, world: World, clash: UUID) -> None:
    whole = claim("All of it burnt.", world.red_ministry, clash)
    claim("A part burnt.", world.paper, world.advance, relations=link("limits", whole))
    assert rows(positions(client, clash)) == {
        "All of it burnt.": ("one_sided", {"Red": ["affirms"], "The Paper": ["limits"]})
    }


def test_two_wordings_of_one_claimant_are_shown_and_contradict_nothing(
    client: Client, world: World, clash: UUID
) -> None:
    had = claim("They had entered.", world.red_ministry, clash)
    claim("They are entering.", world.red_ministry, clash,
          relations=[*link("same_as", had), *link("contradicts", had, how="wording")])  # fmt: skip
    (row,) = positions(client, clash)["rows"]
    assert (row["mark"], row["contradictions_total"]) == ("one_sided", 1)
    assert [each["how"] for each in row["contradictions"]] == ["wording"]
    assert [cell["stances"] for cell in row["cells"]] == [["affirms"]]


def test_a_data_set_is_no_voice(client: Client, world: World, clash: UUID) -> None:
    coder = public("sources", "coder", name="Coder", kind="dataset", independent=True)
    first = claim("Red came.", world.red_ministry, clash)
    claim("Red came, as coded.", coder, clash, relations=link("same_as", first))
    claim("Three were hurt.", coder, clash, kind="description")
    answer = positions(client, clash)
    assert rows(answer) == {"Red came.": ("one_sided", {"Red": ["affirms"]})}
    assert [voice["name"] for voice in answer["voices"]] == ["Red"]
    assert answer["coded"] == 2


# Order and size.


def test_contested_rows_come_first_and_unknown_ones_last(
    client: Client, world: World, clash: UUID
) -> None:
    claim("Nobody knows why.", world.paper, clash, kind="unknown", polarity="unknown")
    claim("It was loud.", world.paper, clash, kind="description")
    claim("It rained.", world.paper, clash, said="2022-10-02")
    claim("It rained before.", world.red_ministry, clash, said="2022-10-01")
    claim("Red was late.", world.red_ministry, clash, kind="assessment", actor=world.red)
    claim("Red was not late.", world.blue_spokesman, clash, kind="assessment", actor=world.red,
          polarity="denied")  # fmt: skip
    both = claim("It was hot.", world.blue_spokesman, clash, kind="assessment", said="2022-10-03")
    claim("Hot it was.", world.paper, clash, kind="assessment", said="2022-10-03",
          relations=link("same_as", both))  # fmt: skip
    answer = positions(client, clash)
    assert [row["mark"] for row in answer["rows"]] == [
        "contradicted", "agreed", "one_sided", "one_sided", "one_sided", "unknown",
    ]  # fmt: skip
    statements = [row["statement"] for row in answer["rows"]]
    assert (statements[0], statements[2:]) == (
        "Red was late.",
        ["It rained before.", "It rained.", "It was loud.", "Nobody knows why."],
    )


def test_a_cell_shows_the_first_of_many_claims_and_leads_to_all(
    client: Client, world: World, clash: UUID
) -> None:
    first = claim("Red came.", world.red_ministry, clash)
    api_world.multiply("claims", first, 30)
    answer = positions(client, clash)
    (cell,) = answer["rows"][0]["cells"]
    assert (len(cell["claims"]), cell["claims_total"]) == (20, 31)
    assert cell["claims"][0]["claim"]["id"] == answer["rows"][0]["id"] == str(first)
    assert len(ids(get(client, cell["claims_url"] + "&limit=200"))) == 31
    assert len(ids(get(client, answer["claims_url"] + "&limit=200"))) == 31


def test_the_list_of_a_source_without_a_party_is_by_its_claims(
    client: Client, world: World, clash: UUID
) -> None:
    claim("It rained.", world.paper, clash)
    claim("Red came.", world.red_ministry, clash)
    answer = positions(client, clash)
    listed = {
        cell["name"]: [record["statement"] for record in get(client, cell["claims_url"])["results"]]
        for row in answer["rows"]
        for cell in row["cells"]
    }
    assert listed == {"The Paper": ["It rained."], "Red": ["Red came."]}


def test_rows_are_cut_where_there_are_many(
    client: Client, world: World, clash: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        claim(f"It rained {number}.", world.paper, clash)
    claim("Red came.", world.red_ministry, clash)
    claim("Red did not come.", world.blue_spokesman, clash, polarity="denied", actor=world.red)
    whole = positions(client, clash)
    assert (len(whole["rows"]), "rows_total" in whole) == (5, False)
    with monkeypatch.context() as patched:
        patched.setattr(views, "MOST_ROWS", 2)
        cut = positions(client, clash)
        assert (len(cut["rows"]), cut["rows_total"]) == (2, 5)
    with monkeypatch.context() as patched:
        patched.setattr(views, "ENOUGH_CLAIMS", 3)
        cut = positions(client, clash)
        assert (cut["rows"], cut["rows_total"]) == (whole["rows"][:3], 5)


def test_contested_propositions_are_read_before_others(
    client: Client, world: World, clash: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        claim(f"It rained {number}.", world.paper, clash, kind="description")
    claim("Red came.", world.red_ministry, clash)
    claim("Red did not come.", world.blue_spokesman, clash, polarity="denied")
    monkeypatch.setattr(views, "MOST_ROWS", 2)
    assert rows(positions(client, clash)) == {
        "Red came.": ("contradicted", {"Blue": ["denies"], "Red": ["affirms"]})
    }


def test_the_cost_in_queries_does_not_grow(client: Client, world: World, clash: UUID) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as made:
            positions(client, clash)
        return len(made)

    first = claim("Red came.", world.red_ministry, clash)
    denied = claim("Red did not come.", world.blue_spokesman, clash, polarity="denied")
    claim("Red came late.", world.paper, world.advance, relations=link("limits", first))
    # The newest number twice, the event, the counts, the claims of classes, what limits them, the
    # claims beside; sources and parties, once for those about the event and once for the others.
    before = queries()
    assert before == 10
    for number in range(4):
        claim(f"It rained {number}.", world.red_ministry, clash)
        claim(f"Not so {number}.", world.paper, world.advance, kind="description",
              relations=link("limits", denied))  # fmt: skip
    assert queries() == before


# Moments, addresses and parameters.


def test_an_answer_as_of_an_earlier_moment(client: Client, world: World, clash: UUID) -> None:
    first = claim("Red came.", world.red_ministry, clash)
    claim("It rained.", world.paper, clash, kind="description")
    before = positions(client, clash)
    seq = client.get(detail("events", clash, "positions"))["Dateline-Seq"]
    denied = claim("Red did not come.", world.blue_spokesman, clash, polarity="denied")
    claim("By day only.", world.paper, world.advance, relations=link("limits", first))
    factories.republish("claims", ident("claims", "It rained."), statement="It poured.")
    now = positions(client, clash)
    assert rows(now) == {
        "Red came.": (
            "contradicted", {"Blue": ["denies"], "Red": ["affirms"], "The Paper": ["limits"]}
        ),
        "It poured.": ("one_sided", {"The Paper": ["affirms"]}),
    }  # fmt: skip
    later = client.get(detail("events", clash, "positions"))["Dateline-Seq"]
    publishing.retract([("claims", denied)], reason="It was satire.")
    for moment, expected in ((seq, before), (later, now)):
        asked = f"as_of={moment}"
        answer = positions(client, clash, f"?{asked}")
        text = json.dumps(answer).replace(f"&{asked}", "")
        assert json.loads(text) == expected
        assert answer["claims_url"].endswith(f"&{asked}")


def test_an_answer_has_a_tag_that_changes_with_the_records(
    client: Client, world: World, clash: UUID
) -> None:
    url = detail("events", clash, "positions")
    tag = client.get(url)["ETag"]
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
    claim("It rained.", world.paper, clash)
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 200
    assert 'rel="license"' in client.get(url)["Link"]


def test_the_state_of_the_event_answers_as_at_its_own_address(
    client: Client, world: World, clash: UUID
) -> None:
    url = detail("events", clash, "positions")
    coded = client.get("/api/v1/events/acled:LAN1/positions/?as_of=23")
    assert (coded.status_code, coded["Location"]) == (
        307, f"{AT}{detail('events', world.withdrawal, 'positions')}?as_of=23",
    )  # fmt: skip
    problem(client, detail("events", UUID(int=1), "positions"), 404)
    assert problem(client, f"{url}?as_of=1", 404)["type"] == "/problems/not-yet-recorded/"
    twin = public("events", "twin", title="Clash near Ferry")
    publishing.merge("events", twin, clash, reason="The same clash.")
    merged = client.get(detail("events", twin, "positions"))
    assert (merged.status_code, merged["Location"]) == (308, f"{AT}{url}")
    publishing.retract([("events", clash)], reason="It was none.")
    problem(client, url, 410)
    publishing.erase("events", clash, reason="A person is in danger.")
    problem(client, url, 451)


def test_parameters_are_read_strictly(client: Client, clash: UUID) -> None:
    url = detail("events", clash, "positions")
    for query, wrong in (
        ("?limit=5", "limit"), ("?as_of=", "as_of"), ("?as_of=yesterday", "as_of"),
        ("?as_of=1&as_of=2", "as_of"), ("?format=csv", "format"), ("?format=geojson", "format"),
    ):  # fmt: skip
        assert wrong_parameters(client, url + query) == [wrong], query
    options = client.options(url)
    assert (options.status_code, options["Allow"]) == (204, "GET, HEAD, OPTIONS")
    assert client.post(url).status_code == 405


# What they say of Lyman.


def of_lyman(client: Client, name: str) -> dict[str, Any]:
    found = Origin.objects.get(dataset__slug="lyman", resource="events", external_id=name)
    return positions(client, found.object_id)


OUTLET = "Radio Free Europe/Radio Liberty"
SURROUNDED = "Ukrainian forces have encircled the Russian force near Lyman."
FIVE_THOUSAND = "Some 5,000 Russian troops are surrounded."
THREAT = "The danger of an encirclement had arisen, which is why the troops left Lyman."
ROAD = "One road, the one to Kreminna, seemed still passable early in the day."
ESCAPED = "How many Russian troops have got away is not known."
WITHDRAWN = "Russian troops have been pulled out of Lyman."
BREAKOUT = "Russian troops go on trying to get out of the ring."


@pytest.mark.usefixtures("lyman")
@pytest.mark.django_db
class TestLyman:
    def test_the_encirclement_is_said_by_one_side_and_contradicted_by_two(
        self, client: Client
    ) -> None:
        answer = of_lyman(client, "encirclement")
        assert rows(answer) == {
            SURROUNDED: (
                "contradicted",
                {"Russia": ["contradicts"], "Ukraine": ["affirms"], OUTLET: ["contradicts"]},
            ),
            FIVE_THOUSAND: (
                "contradicted",
                {"Russia": ["contradicts"], "Ukraine": ["affirms"], OUTLET: ["limits"]},
            ),
            THREAT: ("contradicted", {"Russia": ["affirms"], "Ukraine": ["contradicts"]}),
            ESCAPED: ("unknown", {OUTLET: ["unknown"]}),
        }
        row = answer["rows"][0]
        assert {
            name: row["corroboration"][name]
            for name in ("level", "citations", "claimants", "origins", "parties")
        } == {
            "level": "uncorroborated", "citations": 3, "claimants": 1, "origins": 1, "parties": 1,
        }  # fmt: skip
        assert said(answer, SURROUNDED, "Russia") == [("contradicts", THREAT)]
        assert said(answer, SURROUNDED, OUTLET) == [("contradicts", ROAD)]
        echoes = [
            (position["claim"]["claimant"]["name"], position["echo"])
            for cell in row["cells"]
            if cell["name"] == "Ukraine"
            for position in cell["claims"]
        ]
        assert echoes == [("Serhiy Cherevatiy", False), ("Kyiv", True)]
        (outlet,) = (cell for cell in row["cells"] if cell["name"] == OUTLET)
        assert [limited["statement"] for limited in outlet["claims"][0]["limits"]] == [SURROUNDED]
        assert sorted(each["how"] for each in row["contradictions"]) == ["value", "value"]
        assert (answer["occurrence"]["status"], answer["occurrence"]["mark"]) == (
            "disputed",
            "contradicted",
        )
        assert unsaid(answer) == {
            "Russia": [ESCAPED], "Ukraine": [ESCAPED], OUTLET: [THREAT],
        }  # fmt: skip

    def test_the_offensive_is_agreed_by_both_parties_and_the_outlet(self, client: Client) -> None:
        answer = of_lyman(client, "offensive")
        happened = answer["occurrence"]
        names = {voice["id"]: voice["name"] for voice in answer["voices"]}
        assert happened["mark"] == "agreed"
        assert [names[voice] for voice in happened["voices"]] == ["Russia", "Ukraine", OUTLET]
        assert happened["corroboration"]["level"] == "cross_party"
        against = {
            cell["name"]
            for row in answer["rows"]
            for cell in row["cells"]
            for position in cell["claims"]
            if position["claim"]["kind"] == "occurrence"
            and position["claim"]["interest"] == "against_interest"
        }
        assert "Russia" in against

    def test_the_withdrawal_is_russias_word_against_figures_of_ukraines(
        self, client: Client
    ) -> None:
        answer = of_lyman(client, "withdrawal")
        assert rows(answer)[WITHDRAWN] == (
            "contradicted",
            {"Russia": ["affirms"], "Ukraine": ["contradicts"]},
        )
        assert sorted(said(answer, WITHDRAWN, "Ukraine")) == [
            ("contradicts", BREAKOUT),
            ("contradicts", FIVE_THOUSAND),
        ]
        assert answer["occurrence"]["corroboration"]["level"] == "uncorroborated"
        marks = {row["mark"] for row in answer["rows"] if row["statement"] != WITHDRAWN}
        assert marks == {"one_sided"}

    def test_the_five_settlements_are_one_sided(self, client: Client) -> None:
        answer = of_lyman(client, "five_settlements")
        assert [row["mark"] for row in answer["rows"]] == ["one_sided"]
        assert [voice["name"] for voice in answer["voices"]] == ["Ukraine"]
        assert answer["occurrence"]["mark"] == "one_sided"

    def test_the_entry_in_two_wordings_is_one_row_that_others_limit(self, client: Client) -> None:
        (row,) = of_lyman(client, "entry")["rows"]
        (cell,) = row["cells"]
        stances = [position["stance"] for position in cell["claims"]]
        assert (row["mark"], stances) == (
            "one_sided",
            ["affirms", "affirms", "limits", "limits"],
        )
        assert [(each["how"], each["resolution"]) for each in row["contradictions"]] == [
            ("wording", "quotation_governs")
        ]

    def test_who_makes_what_conditional_says_so(self, client: Client) -> None:
        answer = of_lyman(client, "luhansk_push")
        assert answer["occurrence"]["mark"] is None
        assert {row["mark"] for row in answer["rows"]} == {"one_sided"}
        assert all(row["condition"] for row in answer["rows"])
