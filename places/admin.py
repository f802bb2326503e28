"""Curation of places."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from places.models import Place, PlaceCode, PlaceName
from records.admin.curated import CodeInline, CuratedAdmin, NameInline
from records.admin.forms import NestedForm
from records.admin.readonly import register_rest


class PlaceNameInline(NameInline):
    """Names of a place."""

    model = PlaceName


class PlaceCodeInline(CodeInline):
    """Codes of a place."""

    model = PlaceCode


class CountryFilter(admin.SimpleListFilter):
    """Filters by country; only what is there is offered."""

    title = "country"
    parameter_name = "country"

    #: Countries that a list offers.
    SHOWN = 60

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        """The countries with most places, by their codes."""
        there = Place.objects.filter(country__isnull=False).values_list("country")
        counted = there.annotate(places=Count("pk")).order_by("-places", "country")
        return sorted((code, code) for code, _ in counted[: self.SHOWN])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(country=self.value()) if self.value() else queryset


@admin.register(Place)
class PlaceAdmin(CuratedAdmin):
    """Places, each with the one that it lies in."""

    form = NestedForm
    list_display = ("name", "kind_code", "parent", "country", "position")
    list_filter = ("kind", CountryFilter)
    list_select_related = ("parent", "dataset")
    search_fields = ("name", "names__name", "codes__code")
    search_help_text = "Any name, a code such as geonames:702320, or an id."
    fieldsets = (
        (None, {"fields": [("name", "kind"), ("parent", "country")]}),
        ("Position", {"fields": [("lat", "lon"), "geometry"]}),
    )
    inlines = (PlaceNameInline, PlaceCodeInline)
    label_related = ("parent",)

    @admin.display(description="position")
    def position(self, row: Place) -> str | None:
        """Latitude and longitude."""
        return None if row.lat is None else f"{row.lat:.4f}, {row.lon:.4f}"

    def label(self, row: Any) -> str:
        """The name, the kind, and what it lies in: there are fourteen Novoselivkas."""
        parent = ""
        if row.parent_id and Place._meta.get_field("parent").is_cached(row):
            parent = f", {row.parent.name}"
        return f"{row.name}{parent} ({row.get_kind_display()})"


register_rest("places")
