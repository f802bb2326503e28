"""Where on earth: a box, or a circle around a point."""

import math
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, FloatField, Func, Q, QuerySet

from records.api.filters import RecordFilterBase
from records.distance import EARTH_KM

#: Half of the way around the earth: no radius is longer.
FARTHEST_KM = 20_038


def _numbers(text: str, names: str) -> list[float]:
    """The finite numbers of a comma list that has as many as there are names."""
    parts = text.split(",")
    wanted = names.split(",")
    if len(parts) != len(wanted):
        raise ValidationError(f"{text[:60]!a} is not {names} (degrees, a comma between)")
    numbers = []
    for part in parts:
        try:
            number = float(part) if part.isascii() and "_" not in part else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise ValidationError(f"{part[:40]!a} is not a number of degrees")
        numbers.append(number)
    return numbers


def _check_position(lat: float, lon: float) -> None:
    if not -90 <= lat <= 90:
        raise ValidationError(f"latitude {lat:g} is not from -90 to 90")
    if not -180 <= lon <= 180:
        raise ValidationError(f"longitude {lon:g} is not from -180 to 180")


class BoxField(forms.Field):
    """`west,south,east,north` in degrees."""

    def clean(self, value: list[str]) -> tuple[float, float, float, float]:
        west, south, east, north = _numbers(value[-1], "west,south,east,north")
        _check_position(south, west)
        _check_position(north, east)
        if south > north:
            raise ValidationError(
                f"south {south:g} lies north of north {north:g}; the order is west,south,east,north"
            )
        return west, south, east, north


class PositionFilter(RecordFilterBase):
    """A filter over positions: the record's own, or one of several."""

    def among_several(self, qs: QuerySet[Any], inside: Q, **computed: Any) -> Q:
        """That a version has one of several positions inside. Few have: they are read ahead."""
        table = qs.model.point_table
        if table is None:
            return Q()
        self.parent.read_ahead = True
        found = table._default_manager.alias(**computed).filter(inside)
        keys = list(found.values_list("record", flat=True).distinct())
        return Q(pk__in=keys) if keys else Q()


class BoxFilter(PositionFilter):
    """`bbox`: what lies in a box; one whose west is east of its east crosses the antimeridian."""

    field_class = BoxField

    def __init__(self) -> None:
        super().__init__(
            "lat",
            "In a box: `west,south,east,north` in degrees, edges included. If west is greater than "
            "east, the box crosses the antimeridian.",
        )

    def schema(self) -> dict[str, Any]:
        number = r"-?[0-9]+(\.[0-9]+)?"
        return {
            "type": "string",
            "pattern": rf"^{number}(,{number}){{3}}$",
            "examples": ["37.3,48.8,38.2,49.2"],
        }

    def filter(self, qs: QuerySet[Any], value: tuple[float, float, float, float]) -> QuerySet[Any]:
        west, south, east, north = value
        inside = Q(lat__gte=south, lat__lte=north) & between(west, east)
        return qs.filter(inside | self.among_several(qs, inside))


def between(west: float, east: float) -> Q:
    """That a longitude lies between two, eastwards from the first."""
    if west <= east:
        return Q(lon__gte=west, lon__lte=east)
    return Q(lon__gte=west) | Q(lon__lte=east)


class PointField(forms.Field):
    """`lat,lon` in degrees."""

    def clean(self, value: list[str]) -> tuple[float, float]:
        lat, lon = _numbers(value[-1], "lat,lon")
        _check_position(lat, lon)
        return lat, lon


class RadiusField(forms.Field):
    """Kilometres."""

    def clean(self, value: list[str]) -> float:
        text = value[-1]
        try:
            radius = float(text) if text.isascii() and "_" not in text else math.nan
        except ValueError:
            radius = math.nan
        if not (math.isfinite(radius) and 0 < radius <= FARTHEST_KM):
            raise ValidationError(
                f"{text[:40]!a} is not a number of kilometres above 0 and up to {FARTHEST_KM}"
            )
        return radius


class Distance(Func):
    """Great-circle distance in kilometres from a point, by the haversine formula."""

    output_field = FloatField()

    def __init__(self, lat: float, lon: float) -> None:
        super().__init__(F("lat"), F("lon"))
        self.lat, self.lon = lat, lon

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        (lat, _), (lon, _) = (compiler.compile(source) for source in self.source_expressions)
        sql = (
            f"(2 * {EARTH_KM} * asin(least(1.0, sqrt("
            f"power(sin(radians({lat} - %s::float8) / 2), 2)"
            f" + cos(radians(%s::float8)) * cos(radians({lat}))"
            f" * power(sin(radians({lon} - %s::float8) / 2), 2)))))"
        )
        return sql, [self.lat, self.lat, self.lon]


class NearFilter(PositionFilter):
    """`near`: what lies within `radius` of a point, along the great circle."""

    field_class = PointField

    def __init__(self) -> None:
        super().__init__(
            "lat", "Around a point: `lat,lon` in degrees; `radius` says how far, and is needed."
        )

    def schema(self) -> dict[str, Any]:
        number = r"-?[0-9]+(\.[0-9]+)?"
        return {
            "type": "string",
            "pattern": f"^{number},{number}$",
            "examples": ["48.99,37.81"],
        }

    def problem(self) -> str | None:
        return None if "radius" in self.parent.data else "needs radius, in kilometres, beside it"

    def filter(self, qs: QuerySet[Any], value: tuple[float, float]) -> QuerySet[Any]:
        radius = self.parent.cleaned["radius"]
        inside = around(*value, radius) & Q(distance__lte=radius)
        qs = qs.alias(distance=Distance(*value))
        return qs.filter(inside | self.among_several(qs, inside, distance=Distance(*value)))


def around(lat: float, lon: float, radius: float) -> Q:
    """The smallest box that holds a circle: an index finds what lies in it."""
    angle = math.degrees(radius / EARTH_KM)
    # A little more than the circle: what lies on its edge is left to the exact distance.
    south, north = lat - angle - 1e-9, lat + angle + 1e-9
    box = Q(lat__gte=south, lat__lte=north)
    if south <= -90 or north >= 90:
        return box  # it holds a pole: every longitude
    reach = math.degrees(
        math.asin(min(1.0, math.sin(math.radians(angle)) / math.cos(math.radians(lat))))
    )
    west, east = lon - reach - 1e-9, lon + reach + 1e-9
    if west < -180:
        west += 360
    if east > 180:
        east -= 360
    return box & between(west, east)


class RadiusFilter(RecordFilterBase):
    """`radius`: how far from `near`."""

    field_class = RadiusField

    def __init__(self) -> None:
        super().__init__("lat", "How far from `near`, in kilometres along the great circle.")

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "exclusiveMinimum": 0, "maximum": FARTHEST_KM}

    def problem(self) -> str | None:
        return None if "near" in self.parent.data else "says how far from `near`, and there is none"

    def filter(self, qs: QuerySet[Any], value: float) -> QuerySet[Any]:
        return qs
