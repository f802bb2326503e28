"""Every question of the cookbook is answered as the page says."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.test import Client

PAGE = Path(settings.BASE_DIR) / "docs" / "cookbook.md"

#: A question, its request and its answer.
RECIPE = re.compile(
    r"^## (?P<question>[^\n]+)\n(?P<why>(?:(?!^#).)*?)^```http\nGET (?P<path>\S+)\n```\n\n"
    r"^```json\n(?P<answer>.*?)\n```$",
    re.MULTILINE | re.DOTALL,
)
#: The host of the page's own links.
HOST = "127.0.0.1:8000"
#: Stands in the page for what differs, or is too long to show; as a name, for all other members.
ANYTHING = "…"

RECIPES = [found.groupdict() for found in RECIPE.finditer(PAGE.read_text(encoding="utf-8"))]


def fits(shown: Any, answered: Any) -> bool:
    """Whether an answer is as it is shown, anything in place of a mark."""
    if shown == ANYTHING:
        return answered not in (None, [], {}, "")
    if isinstance(shown, list) and isinstance(answered, list):
        return len(shown) == len(answered) and all(map(fits, shown, answered))
    if isinstance(shown, dict) and isinstance(answered, dict):
        named = {name: value for name, value in shown.items() if name != ANYTHING}
        there = [name for name in answered if ANYTHING not in shown or name in named]
        return (
            list(named) == there
            and (ANYTHING in shown) == (len(there) < len(answered))
            and all(fits(value, answered[name]) for name, value in named.items())
        )
    return type(shown) is type(answered) and shown == answered


def test_every_question_is_answered_as_the_page_says(stories: list[str], client: Client) -> None:
    wrong = {}
    for recipe in RECIPES:
        asked = quote(recipe["path"], safe="/?&=:,+!%.-_~()*")
        answer = client.get(asked, headers={"host": HOST})
        if answer.status_code == 307:
            answer = client.get(answer["Location"], headers={"host": HOST})
        if answer.status_code != 200 or not fits(json.loads(recipe["answer"]), answer.json()):
            wrong[recipe["question"]] = answer.content.decode()[:1500]
    assert wrong == {}


def test_every_question_has_a_request_an_answer_and_a_line_in_the_contents() -> None:
    text = PAGE.read_text(encoding="utf-8")
    questions = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [recipe["question"] for recipe in RECIPES] == questions
    assert len(questions) >= 70
    assert re.findall(r"^- \[(.+)\]\(#", text, re.MULTILINE) == questions
    assert all(recipe["why"].strip() for recipe in RECIPES)


@pytest.mark.parametrize(
    ("shown", "answered", "expected"),
    [
        ({"a": [1, "…"]}, {"a": [1, {"b": 2}]}, True),
        ({"a": [1, "…"]}, {"a": [1]}, False),
        ({"a": "…"}, {"a": None}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1, "…": "…"}, {"b": 2, "a": 1, "c": None}, True),
        ({"a": 1, "…": "…"}, {"a": 1}, False),
        ({"a": 1, "…": "…"}, {"a": 2, "b": 2}, False),
        ({"a": 1, "b": 2, "…": "…"}, {"b": 2, "a": 1, "c": 3}, False),
        ({"a": 1, "…": "…"}, {"b": 2}, False),
    ],
)
def test_an_answer_that_differs_is_told(shown: Any, answered: Any, expected: bool) -> None:
    assert fits(shown, answered) is expected
