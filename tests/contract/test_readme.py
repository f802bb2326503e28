"""What the README shows is what the API answers."""

import json
import re
from typing import Any

from django.conf import settings
from django.test import Client

README = (settings.BASE_DIR / "README.md").read_text()


def shown_in(part: Any, whole: Any) -> bool:
    """Whether every member that is shown is in the answer; a list shows some of its elements."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            name in whole and shown_in(value, whole[name]) for name, value in part.items()
        )
    if isinstance(part, list) and part and isinstance(part[0], dict):
        return all(any(shown_in(element, other) for other in whole) for element in part)
    return bool(part == whole)


def test_the_first_request_has_the_answer_that_is_shown(stories: list[str], client: Client) -> None:
    url = re.search(r"curl 'http://127.0.0.1:8000(\S+)'", README)
    answer = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert url
    assert answer
    response = client.get(url[1])
    assert response.status_code == 200
    shown = json.loads(answer[1])
    assert shown_in(shown, response.json())
    assert len(response.json()["results"]) == len(shown["results"])


def test_every_question_of_the_readme_has_an_answer(stories: list[str], client: Client) -> None:
    assert stories == ["lyman", "ukraine-2022-tolls"]
    paths = re.findall(r"\| `(/api/v1/[^`]+)`", README)
    assert len(paths) >= 8
    for path in paths:
        response = client.get(path, follow=True)
        assert response.status_code == 200, path
        assert response.json().get("results", ["a detail"]), path


def test_the_changes_of_the_readme_are_those_of_the_second_story(
    stories: list[str], client: Client
) -> None:
    since = re.search(r"\| `(/api/v1/changes/\?since=(\d+))`", README)
    assert since
    assert f"&as_of={since[2]}`" in README
    changes = client.get(f"{since[1]}&limit=200").json()
    assert changes["next"] is None
    assert {change["reason"] for change in changes["results"]} == {
        "Dossier ukraine-2022-tolls, version 1"
    }
    last = client.get(f"/api/v1/changes/?since={int(since[2]) - 1}&limit=1").json()["results"][0]
    assert last["reason"] == "Dossier lyman, version 1"
