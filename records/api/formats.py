"""What answers are written in: JSON, GeoJSON for what lies somewhere, JSON-LD for the web."""

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
