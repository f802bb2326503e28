"""What the README shows is what the API answers."""

import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from events.dossiers import load, read

README = (settings.BASE_DIR / "README.md").read_text()


@pytest.fixture
def lyman(db: None) -> None:
    load(read(settings.BASE_DIR / "seeds/lyman"))


def shown_in(part: Any, whole: Any) -> bool:
    """Whether every member that is shown is in the answer; a list shows some of its elements."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            name in whole and shown_in(value, whole[name]) for name, value in part.items()
        )
    if isinstance(part, list) and part and isinstance(part[0], dict):
        return all(any(shown_in(element, other) for other in whole) for element in part)
    return bool(part == whole)


def test_the_first_request_has_the_answer_that_is_shown(lyman: None, client: Client) -> None:
    url = re.search(r"curl 'http://127.0.0.1:8000(\S+)'", README)
    answer = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert url
    assert answer
    response = client.get(url[1])
    assert response.status_code == 200
    shown = json.loads(answer[1])
    assert shown_in(shown, response.json())
    assert len(response.json()["results"]) == len(shown["results"])


def test_every_question_of_the_readme_has_an_answer(lyman: None, client: Client) -> None:
    paths = re.findall(r"\| `(/api/v1/[^`]+)`", README)
    assert len(paths) >= 8
    for path in paths:
        response = client.get(path, follow=True)
        assert response.status_code == 200, path
        found = response.json().get("results", ["a detail"])
        # Nothing has changed since the dossier was loaded.
        assert bool(found) != path.startswith("/api/v1/changes/"), path
