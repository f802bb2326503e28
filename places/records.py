"""Published versions of places: their JSON and the columns that filters read."""

from collections.abc import Sequence
from typing import Any

from django.db import models

from places.models import Place, PlaceCode, PlaceName
from places.positions import point
from places.querysets import PlaceRecordQuerySet
from records import flat
from records.folding import fold
from records.models import NameKey, PlaceLine
from records.models.record import CURRENT, version_key
from records.record import PublishedRecord
from records.shape import Body, Codes, Derived, Look, Reference, Rows, Scalar, Shape

#: The members of a name; actors and sources have the same.
NAME_MEMBERS = [
    Scalar("name"),
    Scalar("language"),
    Scalar("kind", initial="alias"),
    Scalar("since"),
    Scalar("until"),
]
NAME_ORDER = ("name", "language", "kind", "since", "until")


def ancestors(body: Body, look: Look) -> Body:
    """`ancestors`: the parent, its parent and so on to the root."""
    parent = body["parent"]
    if parent is None:
        return {"ancestors": []}
    return {"ancestors": [parent, *look.body("places", parent["id"])["ancestors"]]}


class PlaceRecord(PublishedRecord):
    """One published version of a place."""

    shape = Shape(
        "places",
        Place,
        Scalar("name"),
        Scalar("kind"),
        Scalar("country"),
        Reference("parent", "places"),
        Derived(("ancestors",), ancestors),
        Scalar("lat"),
        Scalar("lon"),
        Rows("names", PlaceName, "place", NAME_MEMBERS, NAME_ORDER),
        Codes(PlaceCode, "place"),
        Scalar("geometry"),
    )

    csv_columns = flat.columns(
        flat.plain("name", "Its name."),
        flat.plain("kind", "Its kind."),
        flat.plain("country", "Its country, by ISO 3166-1."),
        flat.reference("parent", "The place above it"),
        flat.each(
            "ancestors", "Names of the places above it, the nearest first.", "ancestors.name"
        ),
        flat.each("ancestor_ids", "Ids of those places.", "ancestors.id"),
        flat.number("lat", "Latitude in degrees, WGS 84."),
        flat.number("lon", "Longitude in degrees, WGS 84."),
        flat.plain("geometry_type", "The type of its geometry, if it has one.", "geometry.type"),
        flat.names(),
        flat.codes(),
    )

    name = models.CharField(max_length=200, help_text="Its name.")
    sort_name = models.CharField(max_length=400, help_text="Its name, folded: what lists sort by.")
    kind = models.CharField(max_length=16, help_text="Its kind.")
    country = models.CharField(max_length=2, null=True, help_text="Its country.")
    parent = models.UUIDField(null=True, help_text="The id of its parent.")
    lat = models.FloatField(null=True, help_text="Its latitude.")
    lon = models.FloatField(null=True, help_text="Its longitude.")

    objects = PlaceRecordQuerySet.as_manager()

    class Meta(PublishedRecord.Meta):
        abstract = False
        ordering = ["seq"]
        indexes = [
            *PublishedRecord.Meta.indexes,
            models.Index(
                fields=["sort_name", "object_id"], condition=CURRENT, name="places_record_name"
            ),
            models.Index(fields=["sort_name", "object_id"], name="places_record_name_all"),
            models.Index(
                fields=["kind", "sort_name", "object_id"],
                condition=CURRENT,
                name="places_record_kind",
            ),
            models.Index(
                fields=["country", "sort_name", "object_id"],
                condition=CURRENT,
                name="places_record_country",
            ),
            models.Index(
                fields=["parent", "sort_name", "object_id"],
                condition=CURRENT,
                name="places_record_parent",
            ),
            models.Index(fields=["lat", "lon"], condition=CURRENT, name="places_record_position"),
        ]

    @classmethod
    def reference(cls, body: Body) -> Body:
        return {key: body[key] for key in ("id", "name", "kind", "country", "lat", "lon")}

    @classmethod
    def geometry(cls, body: Body) -> Body | None:
        """Its outline or line as GeoJSON, else its position."""
        return body["geometry"] or point(body["lat"], body["lon"])

    @classmethod
    def geometries(cls, bodies: Sequence[Body], seq: int | None) -> Sequence[Body | None]:
        return [cls.geometry(body) for body in bodies]

    @classmethod
    def said(cls, body: Body) -> list[str | None]:
        return [name["name"] for name in body["names"]]

    @classmethod
    def named(cls, body: Body) -> list[Body | None]:
        return [body]

    @classmethod
    def taken(cls, body: Body, line: list[str], by: str) -> Any:
        if by == "documents":
            return cls.reference(body)
        return cls.reference(body), line, body["ancestors"] if by == "places" else None

    @classmethod
    def lineage(cls, body: Body, look: Look) -> list[str]:
        return [body["id"], *(ancestor["id"] for ancestor in body["ancestors"])]

    @classmethod
    def columns(cls, body: Body, look: Look) -> dict[str, Any]:
        parent = body["parent"]
        return {
            "name": body["name"],
            "sort_name": fold(body["name"]),
            "kind": body["kind"],
            "country": body["country"],
            "parent": parent and parent["id"],
            "lat": body["lat"],
            "lon": body["lon"],
        }


class PlacePlaceLine(PlaceLine):
    """That a version of a place lies in a place, or is it."""

    record = version_key(PlaceRecord, "place_lines")
    sort_name = models.CharField(max_length=400, help_text="The version's `sort_name`.")
    recorded_at = models.DateTimeField(help_text="The version's `recorded_at`.")

    class Meta:
        indexes = [
            models.Index(
                fields=["place_id", "sort_name", "object_id"],
                include=["record", "current"],
                name="places_line_name",
            ),
            models.Index(
                fields=["place_id", "recorded_at", "object_id"], name="places_line_recorded"
            ),
        ]


class PlaceNameKey(NameKey):
    """One name of a version of a place."""

    record = version_key(PlaceRecord, "name_keys")


PlaceRecord.place_line = PlacePlaceLine
PlaceRecord.name_key = PlaceNameKey
