"""The filter backend: it documents what each list can be asked by.

Filtering itself is done by the view, which knows the moment that the answer speaks of.
"""

from typing import Any

from rest_framework.filters import BaseFilterBackend

from records.api import timelines
from records.api.facets import several
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
        counting = getattr(view, "action", None) in ("timeline", "facets")
        orderings = getattr(view, "orderings", None)
        if orderings and not counting:
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
        if counting:
            parameters += _counting(view)
        elif record is not None:
            parameters += [_fields(), _expand(expandable(record, view.backwards))]
        return parameters


def _counting(view: Any) -> list[dict[str, Any]]:
    """What a timeline or facets are asked by, beside the filters."""
    facets, times = view.all_facets, list(view.all_times)
    names = ", ".join(f"`{name}`" for name, facet in facets.items() if several(view.record, facet))
    many = (
        "A value counts what the filter of that name finds; a record may have several values of "
        f"{names}, and counts under each."
    )
    by: dict[str, Any] = {"type": "string", "enum": list(facets)}
    if view.action == "facets":
        return [
            {
                "name": "by",
                "in": "query",
                "required": True,
                "description": f"What to count by, one or more. {many} A comma list is taken as "
                "well.",
                "schema": {"type": "array", "items": by, "minItems": 1},
                "style": "form",
                "explode": True,
            }
        ]
    return [
        {
            "name": "interval",
            "in": "query",
            "required": True,
            "description": "How long each interval is; a week begins on Monday. There are at most "
            f"{timelines.MOST_INTERVALS} of them.",
            "schema": {"type": "string", "enum": list(timelines.INTERVALS)},
        },
        {
            "name": "time",
            "in": "query",
            "description": f"Which time of the records counts, `{times[0]}` if nothing is said.",
            "schema": {"type": "string", "enum": times},
        },
        {
            "name": "tz",
            "in": "query",
            "description": "The zone of the IANA database whose calendar the intervals are of, "
            "`UTC` if nothing is said.",
            "schema": {"type": "string", "examples": ["Europe/Kyiv"]},
        },
        {
            "name": "by",
            "in": "query",
            "description": f"Splits each count by one facet. {many}",
            "schema": by,
        },
    ]


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
