"""What answers are written in: JSON, GeoJSON, JSON-LD; and CSV and NDJSON for whole sets."""

from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


class JSONRenderer(BaseRenderer):
    """JSON in UTF-8. Records are stored as text and passed through; the rest is written here."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=str)


class GeoJSONRenderer(JSONRenderer):
    """GeoJSON (RFC 7946): a feature for each record, whose properties are the record."""

    media_type = "application/geo+json"
    format = "geojson"


class JSONLDRenderer(JSONRenderer):
    """JSON-LD with the terms of schema.org."""

    media_type = "application/ld+json"
    format = "jsonld"


class CSVRenderer(JSONRenderer):
    """CSV (RFC 4180): the whole set that matches, a line for each record, the names first."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"


class NDJSONRenderer(JSONRenderer):
    """JSON, one record a line: the whole set that matches."""

    media_type = "application/x-ndjson"
    format = "ndjson"
