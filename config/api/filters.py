"""The filter backend: it documents what each list can be asked by.

Filtering itself is done by the view, which knows the moment that the answer speaks of.
"""

from typing import Any

from rest_framework.filters import BaseFilterBackend

from records.api.members import expandable


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
        record = getattr(view, "record", None)
        orderings = getattr(view, "orderings", None)
        if orderings:
            names = [sign + name for name in orderings for sign in ("", "-")]
            default = getattr(view, "default_ordering", next(iter(orderings)))
            # Generated clients send a default that a schema has, and so would ask for one ordering
            # where another is the default.
            schema: dict[str, Any] = {"type": "string", "enum": names}
            text = (
                f"What to sort by, `{default}` if nothing is said; `-` reverses. What has no value "
                "comes last both ways, and the id makes the order total."
            )
            if record is not None:
                schema["enum"] = [*names, "relevance"]
                text += (
                    " `relevance`, with `q` or `name` alone, gives one page of what fits best; it "
                    "is the default with `name`. With `q` the newest 2,000 matches are ranked."
                )
            parameters.append(
                {"name": "ordering", "in": "query", "description": text, "schema": schema}
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
        if record is not None:
            parameters += [_fields(), _expand(expandable(record, view.backwards))]
        return parameters


def _fields() -> dict[str, Any]:
    return {
        "name": "fields",
        "in": "query",
        "description": "Only these members, each by its path such as `id` or `when.edtf`, through "
        "lists element by element. What is left out is missing from the answer, whatever its "
        "schema requires.",
        "schema": {"type": "array", "items": {"type": "string", "minLength": 1}, "maxItems": 100},
        "style": "form",
        "explode": True,
    }


def _expand(names: list[str]) -> dict[str, Any]:
    return {
        "name": "expand",
        "in": "query",
        "description": "Adds `included`: the records that these members refer to, whole, each "
        "once, at most 500 in all. References stay as they are.",
        "schema": {"type": "array", "items": {"type": "string", "enum": names}},
        "style": "form",
        "explode": True,
    }


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
