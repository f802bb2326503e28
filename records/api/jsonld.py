"""Records as JSON-LD with the terms of schema.org."""

from collections.abc import Callable
from typing import Any

#: Gives the absolute URL of a record, by its resource and its id.
Address = Callable[[str, str], str]

CONTEXT: dict[str, Any] = {"@vocab": "https://schema.org/"}
