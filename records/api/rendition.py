"""How the records of one answer are written: the format, the members kept, and what is added."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from records.api.jsonld import CONTEXT
from records.api.members import Kept, included, prune
from records.api.moments import Moment, newest
from records.shape import Body

if TYPE_CHECKING:
    from records.api.resource import RecordViewSet


@dataclass
class Written:
    """Records as they are written, and the members that go beside them."""

    records: list[bytes]
    beside: bytes = b""


@dataclass
class Rendition:
    """What a request asks of the form of its records."""

    view: "RecordViewSet"
    format: str
    fields: Kept | None
    expand: list[str]

    @property
    def plain(self) -> bool:
        """Whether records are answered just as they are stored."""
        return self.format == "json" and self.fields is None and not self.expand

    def written(self, texts: list[str], now: Moment) -> Written:
        """Records in the format, and what is added to them, all as of a moment."""
        if self.plain:
            return Written([text.encode() for text in texts])
        bodies: list[Body] = [orjson.loads(text) for text in texts]
        if self.format == "jsonld":
            nodes = (self.view.json_ld(body) for body in bodies)
            return Written([orjson.dumps(node) for node in nodes])
        records = [text.encode() for text in texts]
        if self.fields is not None:
            records = [orjson.dumps(prune(body, self.fields)) for body in bodies]
        if self.format == "geojson":
            geometries = self.view.geometries(bodies, now)
            records = [
                feature(body["id"], geometry, properties)
                for body, geometry, properties in zip(bodies, geometries, records, strict=True)
            ]
        if not self.expand:
            return Written(records)
        view = self.view
        return Written(
            records,
            included(view.record, view.backwards, self.expand, bodies, now, view.address),
        )

    def still(self, seq: int) -> bool:
        """Whether what was read beside the records is of the same moment as they are."""
        return (self.format != "geojson" and not self.expand) or newest().newest == seq

    def collection(self, written: Written, head: dict[str, Any]) -> bytes:
        """A list: what it says of itself, its records, and what is added to them."""
        records = b",".join(written.records)
        if self.format == "jsonld":
            return orjson.dumps({"@context": CONTEXT})[:-1] + b',"@graph":[' + records + b"]}"
        if self.format == "geojson":
            head = {"type": "FeatureCollection", **head}
            return orjson.dumps(head)[:-1] + b',"features":[' + records + b"]" + _end(written)
        return orjson.dumps(head)[:-1] + b',"results":[' + records + b"]" + _end(written)

    def single(self, written: Written) -> bytes:
        """One record, with what is added to it at its end."""
        (record,) = written.records
        if self.format == "jsonld":
            return orjson.dumps({"@context": CONTEXT})[:-1] + b"," + record[1:]
        if not written.beside:
            return record
        return record[:-1] + (written.beside if record != b"{}" else written.beside[1:]) + b"}"


def _end(written: Written) -> bytes:
    return written.beside + b"}"


def feature(object_id: str, geometry: Body | None, properties: bytes) -> bytes:
    """A GeoJSON feature, from its properties as JSON."""
    head = {"type": "Feature", "id": object_id, "geometry": geometry}
    return orjson.dumps(head)[:-1] + b',"properties":' + properties + b"}"
