"""Positions as GeoJSON geometries (RFC 7946): longitude first."""

from collections.abc import Iterable

from records.shape import Body


def point(lat: float | None, lon: float | None) -> Body | None:
    """A point; None without a position."""
    return None if lat is None or lon is None else {"type": "Point", "coordinates": [lon, lat]}


def points(places: Iterable[Body]) -> Body | None:
    """The position of places: a point, or several; None where none has a position."""
    found = [place for place in places if place["lat"] is not None]
    if len(found) < 2:
        return point(found[0]["lat"], found[0]["lon"]) if found else None
    return {"type": "MultiPoint", "coordinates": [[place["lon"], place["lat"]] for place in found]}
