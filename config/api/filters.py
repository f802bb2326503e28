"""The filter backend: it documents what each list can be asked by.

Filtering itself is done by the view, which knows the moment that the answer speaks of.
"""

from typing import Any

from rest_framework.filters import BaseFilterBackend


class StrictFilterBackend(BaseFilterBackend):
    """Filters of `RecordFilter`, in OpenAPI: repeated parameters, `!` before what is excluded."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The parameters of a list, as OpenAPI describes them."""
        filterset = getattr(view, "filterset_class", None)
        parameters = [
            _parameter(name, found)
            for name, found in getattr(filterset, "base_filters", {}).items()
        ]
        orderings = getattr(view, "orderings", None)
        if orderings:
            names = [sign + name for name in orderings for sign in ("", "-")]
            default = getattr(view, "default_ordering", next(iter(orderings)))
            parameters.append(
                {
                    "name": "ordering",
                    "in": "query",
                    "description": "What to sort by; `-` reverses. What has no value comes last "
                    "both ways, and the id makes the order total.",
                    "schema": {"type": "string", "enum": names, "default": default},
                }
            )
        if filterset is not None:
            parameters.append(
                {
                    "name": "as_of",
                    "in": "query",
                    "description": "Answer as it stood at a moment: an RFC 3339 instant, or a "
                    "number of the sequence.",
                    "schema": {"type": "string"},
                }
            )
        return parameters


def _parameter(name: str, found: Any) -> dict[str, Any]:
    described = {"name": name, "in": "query", "description": found.help_text}
    if not found.repeatable:
        return {**described, "schema": found.schema()}
    return {
        **described,
        "description": f"{found.help_text} Several values mean any of them; `!` before a value "
        "excludes it. A comma list is taken as well.",
        "schema": {"type": "array", "items": found.schema(), "maxItems": 100},
        "style": "form",
        "explode": True,
    }
