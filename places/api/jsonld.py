"""Places as JSON-LD, in the terms of schema.org."""

from records.api.jsonld import Address, alternate_names, filed, node, ours
from records.shape import Body

#: The type of each kind that has a closer one than `Place`.
TYPES = {
    "country": "Country",
    "admin1": "AdministrativeArea",
    "admin2": "AdministrativeArea",
    "admin3": "AdministrativeArea",
    "city": "City",
    "town": "City",
}


def reference(body: Body, address: Address) -> Body:
    """A place as others name it."""
    return node(
        TYPES.get(body["kind"], "Place"),
        address("places", body["id"]),
        name=body["name"],
        geo=position(body["lat"], body["lon"]),
        **ours(kind=body["kind"]),
    )


def position(lat: float | None, lon: float | None) -> Body | None:
    """A position; None without one."""
    if lat is None or lon is None:
        return None
    return node("GeoCoordinates", "", latitude=lat, longitude=lon)


def place(body: Body, address: Address) -> Body:
    """A place, with the one that it is filed under. Nothing is said of who holds it."""
    country = body["country"]
    return {
        **reference(body, address),
        **node(
            TYPES.get(body["kind"], "Place"),
            address("places", body["id"]),
            alternateName=alternate_names(body),
            address=country and node("PostalAddress", "", addressCountry=country),
            containedInPlace=body["parent"] and reference(body["parent"], address),
        ),
        **filed(body),
    }
