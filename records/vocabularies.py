"""Every code list of the API: what each code means, and what other systems call it.

Each app registers its own in `AppConfig.ready()`. The codes and their labels come from the
`TextChoices` that the tables use; `vocabularies.yaml` beside an app's models adds what those do not
say: definitions, crosswalks, and where a list is used. A list that no `TextChoices` holds is
written there whole, or given by the app.

The files are read when a list is first asked for. One that does not fit its codes raises
`ValueError` then, and names what is missing or too much.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from django.db import models

#: The entries of a list that an app gives, each with the members of a `Value`.
Given = Callable[[], Iterable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Value:
    """One code. What there is none of is empty: null, `[]` or `{}`."""

    code: str
    label: str
    #: One sentence that says what is counted as it.
    definition: str
    #: The codes of other systems, by system.
    crosswalk: dict[str, list[str]] = field(default_factory=dict)
    #: Where a code of another system misfits, and how.
    note: str | None = None
    #: Systems whose codes, or whose reading of them, come from memory and not from their codebook.
    unverified: list[str] = field(default_factory=list)
    #: For the scheme of an id: where an id leads, with `{code}` in its place.
    url_template: str | None = None


@dataclass(frozen=True)
class Vocabulary:
    """One code list."""

    name: str
    title: str
    description: str
    #: Whether codes may be added within this version of the API.
    extensible: bool
    #: Where its codes are, such as `claims.quantity.metric`.
    members: list[str]
    values: list[Value]


@dataclass(frozen=True)
class _Registered:
    """A file of lists, where its `TextChoices` are, and the lists that its app gives."""

    path: Path
    homes: tuple[ModuleType, ...]
    given: Mapping[str, Given]


_registered: dict[Path, _Registered] = {}


def register(path: Path, *homes: ModuleType, given: Mapping[str, Given] | None = None) -> None:
    """Make the code lists of a `vocabularies.yaml` known.

    `homes` are the modules whose `TextChoices` the file names. `given` has, by the name of a list,
    what gives its values where they are kept elsewhere.
    """
    _registered[path] = _Registered(path, homes, given or {})
    vocabularies.cache_clear()


@cache
def vocabularies() -> dict[str, Vocabulary]:
    """Every code list by its name, in the order of the names."""
    found: dict[str, Vocabulary] = {}
    for source in _registered.values():
        for entry in yaml.safe_load(source.path.read_text(encoding="utf-8")):
            vocabulary = read(entry, source.homes, source.given)
            if vocabulary.name in found:
                raise ValueError(f"{source.path}: {vocabulary.name} is there already")
            found[vocabulary.name] = vocabulary
    return {name: found[name] for name in sorted(found)}


def read(
    entry: Mapping[str, Any],
    homes: Iterable[ModuleType] = (),
    given: Mapping[str, Given] | None = None,
) -> Vocabulary:
    """The code list that one entry of a file describes. Raises `ValueError` if it does not fit."""
    parts = dict(entry)
    name, said, choices = parts["name"], parts.pop("values", {}), parts.pop("codes", None)
    values: Iterable[Mapping[str, Any]]
    if choices is not None:
        labels = dict(_choices(choices, homes).choices)
        if wrong := sorted(map(str, set(labels) ^ set(said))):
            raise ValueError(f"{name}: in {choices} or defined, and not both: {', '.join(wrong)}")
        values = [
            {"code": code, "label": str(label), **_whole(said[code])}
            for code, label in labels.items()
        ]
    elif given and name in given:
        values = given[name]()
    else:
        values = [{"code": code, **_whole(of_code)} for code, of_code in said.items()]
    try:
        return Vocabulary(**parts, values=[_value(value) for value in values])
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from None


def _choices(name: str, homes: Iterable[ModuleType]) -> type[models.TextChoices]:
    for home in homes:
        try:
            found: type[models.TextChoices] = attrgetter(name)(home)
        except AttributeError:
            continue
        return found
    raise ValueError(f"there is no code list {name}")


def _whole(said: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """What a file says of a code: its definition alone, or that and more."""
    return {"definition": said} if isinstance(said, str) else said


def _value(said: Mapping[str, Any]) -> Value:
    """A value whose texts and codes are texts: a bare 1, `no` or 0874 is none in YAML."""
    value = Value(**said)
    texts = [value.code, value.label, value.definition, value.note, value.url_template]
    codes = [code for listed in value.crosswalk.values() for code in listed]
    for text in (*texts, *value.crosswalk, *codes, *value.unverified):
        if not isinstance(text, str | None):
            raise ValueError(f"{value.code!r}: {text!r} is no text; quote it")
    if unknown := set(value.unverified) - set(value.crosswalk):
        raise ValueError(f"{value.code}: {', '.join(unknown)} is unverified and has no codes")
    return value
