"""What paging looks like in OpenAPI. The paging itself is `records.api.paging`."""

from typing import Any

from rest_framework.pagination import BasePagination


class KeysetPagination(BasePagination):
    """`next`, `previous` and `results`, with `limit`, `cursor` and `count` to ask by."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema of a list."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": "The next page; null on the last."},
                "previous": {**link, "description": "The page before; null on the first."},
                "count": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "How many there are in all; only where `count` asks for it.",
                },
                "count_kind": {
                    "type": "string",
                    "enum": ["exact", "estimate"],
                    "description": "Whether `count` is exact or estimated.",
                },
                "results": {**schema, "description": "The records of this page, in order."},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The parameters that every list takes."""
        return [
            {
                "name": "limit",
                "in": "query",
                "description": "How many to a page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
            },
            {
                "name": "cursor",
                "in": "query",
                "description": "Where the page starts, from `next` or `previous`. Opaque, and "
                "bound to the filters and the ordering that it was made with.",
                "schema": {"type": "string"},
            },
            {
                "name": "count",
                "in": "query",
                "description": "Adds `count` and `count_kind`; `exact` may be slow.",
                "schema": {"type": "string", "enum": ["exact", "estimate"]},
            },
        ]
