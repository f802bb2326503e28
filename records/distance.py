"""Distances on earth, which is taken for a sphere."""

import math

#: Mean radius of the earth in kilometres (IUGG).
EARTH_KM = 6371.0088


def kilometres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The way along the great circle between two positions, by the haversine formula."""
    a, b = math.radians(lat), math.radians(other_lat)
    part = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * (
        math.sin(math.radians(other_lon - lon) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(part)))
