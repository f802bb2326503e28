"""`before` and `after` on claims: by time where it decides, else by `precedes`, else not at all."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from records import publishing
from tests import factories
from tests.api_world import get, problem, wrong_parameters
from tests.kept import Kept, kept_by

pytestmark = pytest.mark.django_db

#: Claims by name: when each was said, and its links.
STORY: dict[str, dict[str, Any]] = {
    "last": {"said": "2022-10-05"},
    "undated_late": {"links": [("precedes", "last")]},
    "third": {"said": "2022-10-01"},
    "second_again": {"said": "2022-10-01", "links": [("precedes", "third")]},
    "second": {"said": "2022-10-01", "links": [("same_as", "second_again")]},
    "first": {"said": "2022-10-01", "links": [("precedes", "second")]},
    "ancient": {"said": "2022-09-01"},
    "wide": {"said": "2022-09/2022-12"},
    "open": {"said": "2022-10-05/.."},
    "untold": {},
    # A link against time, and one that leads on from it.
    "against": {"said": "2022-10-03", "links": [("precedes", "first")]},
    "beyond": {"links": [("precedes", "against")]},
}


def publish_story() -> dict[str, UUID]:
    """Publish the claims of the story together; ids by name."""
    factories.public("sources", "voice")
    made = {name: tell(name, **claim) for name, claim in STORY.items()}
    factories.publish(*(("claims", claim) for claim in made.values()))
    return made


kept_story = kept_by(publish_story)


@pytest.fixture
def story(db: None, kept_story: Kept[dict[str, UUID]]) -> dict[str, UUID]:
    """The claims of the story, published together; ids by name."""
    return kept_story.bring_back()


def tell(name: str, *, said: str | None = None, links: Any = ()) -> UUID:
    """A draft of a claim that was said at a time and has links."""
    return factories.row(
        "claims",
        name,
        said=said,
        claimant=factories.ident("sources", "voice"),
        document=factories.cited(),
        relations=[
            {"kind": kind, "claim": factories.ident("claims", other)} for kind, other in links
        ],
    )


def found(client: Client, query: str, story: dict[str, UUID]) -> set[str]:
    """The names of the claims that a query leaves, the same in every order and on every page."""
    names = {str(claim): name for name, claim in story.items()}
    answers = []
    for ordering in ("said", "-said", "recorded_at", "-recorded_at"):
        url = f"/api/v1/claims/?{query.format_map(story)}&ordering={ordering}&limit=2"
        listed: list[str] = []
        while url:
            page = get(client, url)
            listed += [names[claim["id"]] for claim in page["results"]]
            url = page["next"]
        assert len(listed) == len(set(listed))
        answers.append(set(listed))
    assert answers == [answers[0]] * 4
    return answers[0]


#: Queries, and the names of the claims that they leave.
ORDERED = {
    "before={third}": "ancient first second second_again",
    "before={second}": "ancient first",
    "before={second_again}": "ancient first",
    "before={first}": "ancient",
    "before={ancient}": "",
    "before={last}": "ancient first second second_again third against undated_late",
    "before={against}": "ancient first second second_again third beyond",
    "before={untold}": "",
    "before={wide}": "",
    "before={undated_late}": "",
    "after={ancient}": "first second second_again third against last open",
    "after={first}": "second second_again third against last open",
    "after={second}": "third against last open",
    "after={second_again}": "third against last open",
    "after={third}": "against last open",
    "after={undated_late}": "last",
    "after={beyond}": "against",
    "after={against}": "last open",
    "after={last}": "",
    "after={open}": "",
    "after={untold}": "",
    "after={ancient}&before={last}": "first second second_again third against",
    "after={first}&before={third}": "second second_again",
}


def test_what_certainly_came_before_and_after(client: Client, story: dict[str, UUID]) -> None:
    answers = {query: found(client, query, story) for query in ORDERED}
    assert answers == {query: set(names.split()) for query, names in ORDERED.items()}


def test_no_claim_is_before_or_after_itself_or_both(client: Client, story: dict[str, UUID]) -> None:
    before = {name: found(client, f"before={{{name}}}", story) for name in story}
    after = {name: found(client, f"after={{{name}}}", story) for name in story}
    for name in story:
        assert name not in before[name] | after[name]
        assert before[name].isdisjoint(after[name])
        for other in story:
            assert (other in before[name]) == (name in after[other])


def test_an_earlier_moment_has_the_links_and_times_of_then(
    client: Client, story: dict[str, UUID]
) -> None:
    then = get(client, "/api/v1/")["seq"]
    factories.republish("claims", story["first"], relations=[])
    factories.republish("claims", story["third"], said="2022-10-02")
    relations = factories.said("claims", story["second"])["relations"]
    assert [relation["kind"] for relation in relations] == ["same_as"]
    factories.republish("claims", story["second"], relations=[])
    assert found(client, "before={second}", story) == {"ancient"}
    assert found(client, "after={second}", story) == {"third", "against", "last", "open"}
    assert found(client, "before={third}", story) == {
        "ancient", "first", "second", "second_again",
    }  # fmt: skip
    as_of = f"&as_of={then}"
    assert found(client, "before={second}" + as_of, story) == {"ancient", "first"}
    assert found(client, "before={third}" + as_of, story) == {
        "ancient", "first", "second", "second_again",
    }  # fmt: skip
    assert found(client, "after={first}" + as_of, story) == {
        "second", "second_again", "third", "against", "last", "open",
    }  # fmt: skip
    assert found(client, "before={second}&as_of=1", story) == set()


def test_a_retracted_claim_leads_nowhere(client: Client, story: dict[str, UUID]) -> None:
    then = get(client, "/api/v1/")["seq"]
    factories.republish("claims", story["first"], relations=[])
    factories.republish("claims", story["against"], relations=[])
    factories.republish("claims", story["beyond"], relations=[])
    publishing.retract([("claims", story["beyond"])], reason="It was an error.")
    assert found(client, "before={against}", story) == {
        "ancient", "first", "second", "second_again", "third",
    }  # fmt: skip
    assert found(client, "after={beyond}", story) == set()
    assert found(client, "after={beyond}" + f"&as_of={then}", story) == {"against"}


def test_a_merged_claim_means_its_survivor(client: Client, story: dict[str, UUID]) -> None:
    twin = tell("twin", said="2022-10-01")
    factories.publish(("claims", twin))
    publishing.merge("claims", twin, story["second"], reason="The same.")
    assert found(client, f"before={twin}", story) == {"ancient", "first"}


def test_they_take_one_claim_each(client: Client, story: dict[str, UUID]) -> None:
    for name in ("before", "after"):
        one, other = story["first"], story["last"]
        for wrong in (f"{name}={one}&{name}={other}", f"{name}={one},{other}", f"{name}=!{one}",
                      f"{name}=", f"{name}=first"):  # fmt: skip
            assert wrong_parameters(client, f"/api/v1/claims/?{wrong}") == [name], wrong
        (error,) = problem(client, f"/api/v1/claims/?{name}={one},{other}")["errors"]
        assert error["detail"].endswith(
            "is no claim; expected is one id (a UUID) or one scheme:code"
        )


def test_what_names_nothing_has_nothing_before_or_after_it(
    client: Client, story: dict[str, UUID]
) -> None:
    for reference in (factories.ident("claims", "unheard of"), "x:1", factories.cited()):
        for name in ("before", "after"):
            assert found(client, f"{name}={reference}", story) == set()


def test_a_chain_of_any_length_costs_one_more_statement(
    client: Client, story: dict[str, UUID]
) -> None:
    link, chain = "undated_late", []
    for number in range(12):
        chain.append(tell(f"chain {number}", links=[("precedes", link)]))
        link = f"chain {number}"
    factories.publish(*(("claims", claim) for claim in chain))
    with CaptureQueriesContext(connection) as captured:
        page = get(client, f"/api/v1/claims/?before={story['last']}&limit=200")
    assert {str(claim) for claim in chain} <= {claim["id"] for claim in page["results"]}
    # The newest number; the reference; the chain; the page.
    assert len(captured) == 4
