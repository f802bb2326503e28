"""Reads settings from environment variables, and refuses what it does not understand."""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


@dataclass(frozen=True)
class Variable:
    """One variable that the settings read, as the configuration table in the docs shows it."""

    name: str
    allowed: str
    default: str
    meaning: str


class Environment:
    """The variables of one process; each reader names its variable, default and meaning.

    An unset or empty variable gives the default. Every refusal is an ``ImproperlyConfigured`` that
    names the variable, its value and what is allowed.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.known: dict[str, Variable] = {}

    def text(self, name: str, default: str, meaning: str, *, allowed: str = "text") -> str:
        """Give the variable without surrounding blanks."""
        self.known[name] = Variable(name, allowed, default, meaning)
        return self._variables.get(name, "").strip() or default

    def names(self, name: str, default: Collection[str], meaning: str) -> list[str]:
        """Give the members of a comma list."""
        value = self.text(name, ",".join(default), meaning, allowed="names, separated by commas")
        return [part.strip() for part in value.split(",") if part.strip()]

    def choice(self, name: str, default: str, among: Collection[str], meaning: str) -> str:
        """Give one of ``among``."""
        value = self.text(name, default, meaning, allowed=" or ".join(among))
        if value not in among:
            raise self.refusal(name, value)
        return value

    def flag(self, name: str, default: bool, meaning: str) -> bool:
        """Give a truth value."""
        value = self.text(name, str(default).lower(), meaning, allowed="true or false").lower()
        if value not in TRUE | FALSE:
            raise self.refusal(name, value)
        return value in TRUE

    def number(self, name: str, default: int, meaning: str, *, least: int, most: int) -> int:
        """Give a whole number from ``least`` to ``most``."""
        allowed = f"a whole number from {least} to {most}"
        value = self.text(name, str(default), meaning, allowed=allowed)
        if not (value.isascii() and value.isdigit() and least <= int(value[:10]) <= most):
            raise self.refusal(name, value)
        return int(value)

    def refusal(self, name: str, value: str) -> ImproperlyConfigured:
        """Say that ``value`` is not allowed for ``name``, and what is."""
        return ImproperlyConfigured(f"{name}={value!r}: allowed is {self.known[name].allowed}.")

    def refuse_unknown(self, prefix: str) -> None:
        """Refuse a variable that starts with ``prefix`` and that nothing read: a mistyped one."""
        for name in sorted(self._variables):
            if name.startswith(prefix) and name not in self.known:
                near = difflib.get_close_matches(name, self.known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(self.known)}."
                raise ImproperlyConfigured(f"{name} is not a setting: {hint}")
