"""Filters of the lists of curated rows."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from records.models import State

UNPUBLISHED = [State.DRAFT, State.IN_REVIEW]


class CodeFilter(admin.ChoicesFieldListFilter):
    """Filters by a code list, each value by its code, as the API writes it."""

    def choices(self, changelist: Any) -> Any:
        labels = dict(self.field.flatchoices)
        codes = {str(label): str(code) for code, label in labels.items()}
        for choice in super().choices(changelist):
            shown = str(choice["display"])
            label = next((one for one in codes if shown == one or shown.startswith(f"{one} (")), "")
            yield {**choice, "display": shown.replace(label, codes.get(label, ""), 1)}


class StandingFilter(admin.SimpleListFilter):
    """Filters by what the world sees of a row."""

    title = "state"
    parameter_name = "standing"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("public", "public"),
            ("unpublished", "not published as it stands"),
            ("changed", "draft of a public row"),
            ("draft", "draft, never public"),
            ("in_review", "in review"),
            ("retracted", "retracted"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "public":
                return queryset.filter(state=State.PUBLISHED)
            case "unpublished":
                return queryset.filter(state__in=UNPUBLISHED)
            case "changed":
                return queryset.filter(state__in=UNPUBLISHED, is_public=True)
            case "draft":
                return queryset.filter(state=State.DRAFT, is_public=False)
            case "in_review" | "retracted" as state:
                return queryset.filter(state=state)
        return queryset
