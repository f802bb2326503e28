"""The JSON of places."""

from rest_framework import serializers

from places.models import Place, PlaceKind
from records.api.serializers import (
    OTHER_CODES,
    CodeSerializer,
    CodesField,
    NameSerializer,
    RecordSerializer,
    Vocabulary,
    described,
    total,
)

GEOMETRY_TYPES = [
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
]


class PlaceReferenceSerializer(serializers.Serializer):
    """A place as other records embed it."""

    id = serializers.UUIDField(help_text="The place's id.")
    name = serializers.CharField(help_text=described(Place, "name"))
    kind = Vocabulary(PlaceKind, help_text=described(Place, "kind"))
    country = serializers.CharField(allow_null=True, help_text=described(Place, "country"))
    lat = serializers.FloatField(allow_null=True, help_text=described(Place, "lat"))
    lon = serializers.FloatField(allow_null=True, help_text=described(Place, "lon"))


class GeometrySerializer(serializers.Serializer):
    """An outline or line as a GeoJSON geometry (RFC 7946), WGS 84, longitude first."""

    type = serializers.ChoiceField(choices=GEOMETRY_TYPES, help_text="The type of the geometry.")
    coordinates = serializers.ListField(
        required=False, help_text="Its positions, nested as its type asks."
    )
    geometries = serializers.ListField(
        required=False,
        child=serializers.DictField(help_text="A GeoJSON geometry."),
        help_text="The parts of a `GeometryCollection`, which has no coordinates.",
    )


class PlaceSerializer(RecordSerializer):
    """Somewhere on earth. It carries no owner and no controller; that is only ever claimed.

    `country` and `parent` are the address under which ISO 3166 and the gazetteers file it.
    """

    name = serializers.CharField(help_text=described(Place, "name"))
    kind = Vocabulary(PlaceKind, help_text=described(Place, "kind"))
    country = serializers.CharField(allow_null=True, help_text=described(Place, "country"))
    parent = PlaceReferenceSerializer(allow_null=True, help_text=described(Place, "parent"))
    ancestors = PlaceReferenceSerializer(
        many=True, help_text="Its parent, the parent of that, and so on to the root."
    )
    lat = serializers.FloatField(allow_null=True, help_text=described(Place, "lat"))
    lon = serializers.FloatField(allow_null=True, help_text=described(Place, "lon"))
    names = NameSerializer(many=True, help_text="Further names, in any language.")
    names_total = total("names")
    codes = CodesField()
    other_codes = CodeSerializer(many=True, help_text=OTHER_CODES)
    geometry = GeometrySerializer(allow_null=True, help_text=described(Place, "geometry"))
