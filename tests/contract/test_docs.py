"""What the documentation names is there."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands

from config.settings import BASE_DIR, ENV

PAGES = sorted(
    [BASE_DIR / "README.md", BASE_DIR / "CHANGELOG.md", *(BASE_DIR / "docs").rglob("*.md")]
)
OURS = ("records", "places", "sources", "events")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(BASE_DIR)))


def code_of(page: Path) -> str:
    """The fenced blocks and the inline code of a page, a piece a line."""
    text = page.read_text()
    fenced = re.findall(r"^```.*?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return "\n".join([*fenced, *re.findall(r"`([^`\n]+)`", rest)])


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as a browser of the repository makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def documented() -> dict[str, str]:
    """The variables of the configuration table, and the default that it gives."""
    text = (BASE_DIR / "docs/configuration.md").read_text()
    return dict(re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", text, re.MULTILINE))


def test_every_variable_is_in_the_configuration_table_and_no_other() -> None:
    assert set(documented()) == set(ENV.known)


def test_the_configuration_table_has_the_defaults_of_the_settings() -> None:
    plain = {
        name: default[1]
        for name, cell in documented().items()
        if (default := re.fullmatch(r"`([^`]+)`", cell))
    }
    assert len(plain) >= 10
    assert plain == {name: ENV.known[name].default for name in plain}


@pages
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors_of(found), f"{target} has no such heading"


@pages
def test_every_command_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", page.read_text()))
    assert named <= set(get_commands())
    targets = set(re.findall(r"^(?:\$ )?make ([a-z-]+)", code_of(page), re.MULTILINE))
    makefile = (BASE_DIR / "Makefile").read_text()
    assert targets <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


@pages
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = re.findall(r"(?<![\w/.])((?:\w+/)+\w+\.(?:py|yaml|md))\b", code_of(page))
    assert [path for path in named if not (BASE_DIR / path).exists()] == []


def test_the_data_model_names_every_table() -> None:
    text = (BASE_DIR / "docs/data-model.md").read_text()
    picture = (BASE_DIR / "docs/data-model.svg").read_text()
    names = [model.__name__ for app in OURS for model in apps.get_app_config(app).get_models()]
    assert [name for name in names if f"`{name}`" not in text] == []
    assert [name for name in names if f">{name}<" not in picture] == []
