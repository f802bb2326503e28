"""Admin of what nobody edits by hand: versions, the change log, and rows edited with another."""

import json
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import BadRequest
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html

from records.admin.filters import CodeFilter
from records.models import Record
from records.registry import record_of


def refuse_nul(request: HttpRequest) -> None:
    """Refuse a filter that PostgreSQL cannot read. Raises `BadRequest`."""
    if any("\x00" in value for _, values in request.GET.lists() for value in values):
        raise BadRequest("A filter has a NUL byte, which no text here can contain.")


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that can be looked at and not changed."""

    list_per_page = 50
    show_full_result_count = False
    actions = None

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        refuse_nul(request)
        return super().changelist_view(request, extra_context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ObjectIdAdmin(ReadOnlyAdmin):
    """Rows of a log, found by the id of what they are about."""

    search_fields = ("object_id",)
    search_help_text = "The id of a row."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        try:
            return queryset.filter(object_id=UUID(search_term.strip())), False
        except ValueError:
            return queryset.none(), False

    @admin.display(description="row")
    def about(self, entry: Any) -> str:
        """A link to the row in question."""
        try:
            options = record_of(entry.resource).shape.model._meta
        except LookupError:
            return f"{entry.resource}/{entry.object_id}"
        page = f"admin:{options.app_label}_{options.model_name}_change"
        url = reverse(page, args=[entry.object_id])
        return format_html('<a href="{}">{}/{}</a>', url, entry.resource, str(entry.object_id)[:8])


@admin.display(description="op", ordering="op")
def op_code(row: Any) -> str:
    """What was done, by its code, as the API writes it."""
    return str(row.op)


@admin.display(description="recorded", ordering="recorded_at")
def recorded(row: Any) -> str:
    """The instant, in UTC, to the second."""
    return f"{row.recorded_at:%Y-%m-%d %H:%M:%S}"


class RecordAdmin(ObjectIdAdmin):
    """Published versions."""

    list_display = ("seq", "named", "version", op_code, "live", "dataset", recorded, "row")
    list_filter = ("live", ("op", CodeFilter), "dataset")
    ordering = ("-seq",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        hidden = {"body", "whole", "words", "vector"}
        shown = [field.name for field in self.opts.concrete_fields if field.name not in hidden]
        return ["row", "json", *shown]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("whole", "words", "vector")

    @admin.display(description="says")
    def named(self, version: Any) -> str:
        """The name, title or statement that it has in this version."""
        body = json.loads(version.body)
        said = next((body[key] for key in ("name", "title", "statement") if body.get(key)), "-")
        return str(said)[:80]

    @admin.display(description="workspace")
    def row(self, version: Any) -> str:
        """A link to the row that it was made from."""
        options = version.shape.model._meta
        page = f"admin:{options.app_label}_{options.model_name}_change"
        url = reverse(page, args=[version.object_id])
        return format_html('<a href="{}">{}</a>', url, str(version.object_id)[:8])

    @admin.display(description="JSON")
    def json(self, version: Any) -> str:
        """The JSON as served, indented."""
        return pretty(json.loads(version.body))


class PartAdmin(ReadOnlyAdmin):
    """Rows that are edited on the page of what they belong to; in no menu."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False


def pretty(value: Any) -> str:
    """A JSON value, indented."""
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))


def register_rest(app_label: str) -> None:
    """Register every model of an app that has no admin of its own: versions and parts of rows."""
    for model in apps.get_app_config(app_label).get_models():
        if not admin.site.is_registered(model):
            admin.site.register(model, _admin_for(model))


def _admin_for(model: type[models.Model]) -> type[ReadOnlyAdmin]:
    return RecordAdmin if issubclass(model, Record) else PartAdmin
