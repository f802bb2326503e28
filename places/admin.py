"""Curation of places."""

from typing import Any

from django.contrib import admin

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


@admin.register(Place)
class PlaceAdmin(CuratedAdmin):
    """Places, each with the one that it lies in."""

    form = NestedForm
    list_display = ("name", "kind_code", "parent", "country")
    list_filter = ("kind",)
    list_select_related = ("parent", "dataset")
    search_fields = ("name", "names__name", "codes__code")
    search_help_text = "Any name, a code such as geonames:702320, or an id."
    fieldsets = (
        (None, {"fields": [("name", "kind"), ("parent", "country")]}),
        ("Position", {"fields": [("lat", "lon"), "geometry"]}),
    )
    inlines = (PlaceNameInline, PlaceCodeInline)
    label_related = ("parent",)

    def label(self, row: Any) -> str:
        """The name, the kind, and what it lies in: there are fourteen Novoselivkas."""
        parent = ""
        if row.parent_id and Place._meta.get_field("parent").is_cached(row):
            parent = f", {row.parent.name}"
        return f"{row.name}{parent} ({row.get_kind_display()})"


register_rest("places")
