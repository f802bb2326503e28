"""Filters over places."""

from places.models import PlaceKind
from places.records import PlaceRecord
from records.api.filters import (
    ReferenceFilter,
    RelatedFilter,
    TermsFilter,
    WithinFilter,
)
from records.api.filtersets import RecordFilter
from records.api.position import BoxFilter, NearFilter, RadiusFilter
from records.api.searching import NameFilter


class PlaceFilter(RecordFilter):
    """What places can be asked by."""

    kind = TermsFilter("kind", "Kinds of place.", choices=PlaceKind.values)
    country = TermsFilter(
        "country",
        "ISO 3166-1 codes of countries.",
        pattern="[A-Z]{2}",
        expects="two capital letters such as UA",
    )
    within = WithinFilter("Places: everything in any of them at any depth, themselves included.")
    parent = ReferenceFilter("parent", "The places right above.", resource="places")
    bbox = BoxFilter()
    near = NearFilter()
    radius = RadiusFilter()
    name = NameFilter()
    related_to = RelatedFilter("places")

    class Meta:
        model = PlaceRecord
        fields: list[str] = []
