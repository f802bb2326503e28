"""Places: somewhere on earth, with names in many languages, a position and a parent."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from places.querysets import PlaceQuerySet
from records.models import Code, Curated, Name
from records.models.constraints import known


class PlaceKind(models.TextChoices):
    """What kind of place it is."""

    COUNTRY = "country", "country"
    ADMIN1 = "admin1", "first-order division"
    ADMIN2 = "admin2", "second-order division"
    ADMIN3 = "admin3", "third-order division"
    CITY = "city", "city"
    SETTLEMENT = "settlement", "settlement"
    TOWN = "town", "town"
    VILLAGE = "village", "village"
    DISTRICT = "district", "part of a settlement"
    AREA = "area", "area"
    ROAD = "road", "road"
    RAIL = "rail", "railway"
    RIVER = "river", "river"
    FACILITY = "facility", "facility"
    MILITARY_SITE = "military_site", "military site"
    PART_OF_REGION = "part_of_region", "part of a region"


class ResolutionBasis(models.TextChoices):
    """On what ground a name was taken to mean this place, actor or source."""

    TEXT = "text", "the text says so"
    GAZETTEER = "gazetteer", "a gazetteer says so"
    INFERRED = "inferred", "inferred from the context"
    CURATOR = "curator", "a curator decided"


def check_geometry(value: Any) -> None:
    """Refuse what is no geometry of GeoJSON (RFC 7946)."""
    parts = {
        **dict.fromkeys(["Point", "MultiPoint", "LineString", "MultiLineString"], "coordinates"),
        **dict.fromkeys(["Polygon", "MultiPolygon"], "coordinates"),
        "GeometryCollection": "geometries",
    }
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in parts or not isinstance(value.get(parts[kind]), list):
        raise ValidationError(
            "is no geometry of GeoJSON: an object with a type, one of "
            f"{', '.join(parts)}, and its coordinates or geometries"
        )


class Place(Curated):
    """Somewhere on earth. It carries no owner and no controller; that is only ever claimed.

    `country` and `parent` are the address under which ISO 3166 and the gazetteers file it.
    """

    name = models.CharField(max_length=200, help_text="The name to show, as used in English.")
    kind = models.CharField(max_length=16, choices=PlaceKind, help_text="What kind of place it is.")
    country = models.CharField(
        max_length=2,
        null=True,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{2}$", "Give two capital letters, such as UA.")],
        help_text="ISO 3166-1 code of the country under which the gazetteers file it.",
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        help_text="The place under which the gazetteers file it.",
    )
    lat = models.FloatField(null=True, blank=True, help_text="Latitude in degrees, WGS 84.")
    lon = models.FloatField(null=True, blank=True, help_text="Longitude in degrees, WGS 84.")
    geometry = models.JSONField(
        null=True,
        blank=True,
        validators=[check_geometry],
        help_text="Its outline or line as a GeoJSON geometry, WGS 84.",
    )

    objects = PlaceQuerySet.as_manager()

    class Meta(Curated.Meta):
        abstract = False
        ordering = ["name", "id"]
        constraints = [
            *Curated.Meta.constraints,
            known("kind", PlaceKind),
            models.CheckConstraint(
                name="places_place_country_is_a_code",
                condition=Q(country__isnull=True) | Q(country__regex=r"^[A-Z]{2}$"),
            ),
            models.CheckConstraint(
                name="places_place_position_whole",
                condition=Q(lat__isnull=True, lon__isnull=True)
                | Q(lat__isnull=False, lon__isnull=False),
                violation_error_message="Give both latitude and longitude, or neither.",
            ),
            models.CheckConstraint(
                name="places_place_position_on_earth",
                condition=(Q(lat__isnull=True) | Q(lat__range=(-90, 90)))
                & (Q(lon__isnull=True) | Q(lon__range=(-180, 180))),
                violation_error_message="Latitude is -90 to 90 and longitude -180 to 180 degrees.",
            ),
            models.CheckConstraint(
                name="places_place_not_its_own_parent",
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlaceName(Name):
    """One more name of a place."""

    place = models.ForeignKey(
        Place, models.CASCADE, related_name="names", help_text="Whose name it is."
    )

    class Meta(Name.Meta):
        abstract = False
        ordering = ["place", "name", "id"]
        constraints = [*Name.Meta.constraints]


class PlaceCode(Code):
    """A place's code in a gazetteer or standard."""

    place = models.ForeignKey(
        Place, models.CASCADE, related_name="codes", help_text="Whose code it is."
    )

    class Meta(Code.Meta):
        abstract = False
        ordering = ["place", "scheme", "-preferred", "code"]
        constraints = [
            *Code.Meta.constraints,
            models.UniqueConstraint(
                fields=["place", "scheme"],
                condition=Q(preferred=True),
                name="places_placecode_one_preferred",
            ),
        ]
