"""Admin: data sets, what waits for a curator, and the change log to look at."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from records.admin.acts import ask
from records.admin.curated import Fields, Labelled, short
from records.admin.filters import CodeFilter
from records.admin.pairs import pair_of
from records.admin.readonly import (
    ObjectIdAdmin,
    ReadOnlyAdmin,
    op_code,
    pretty,
    recorded,
    register_rest,
)
from records.models import Change, ChangeSet, Dataset, Erasure, Origin, Refresh, ReviewItem

#: The lists need the room; the first page leads everywhere.
admin.site.enable_nav_sidebar = False


@admin.register(Dataset)
class DatasetAdmin(Labelled, Fields, admin.ModelAdmin):
    """Data sets and their terms. The slug stays as it is: published records carry it."""

    list_display = ("slug", "title", "version", "redistribution", "state", "updated_at")
    list_filter = ("redistribution", "state")
    search_fields = ("slug", "title", "publisher")
    show_full_result_count = False
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        computed = ("sha256", "state", "progress", "updated_at")
        return computed if obj is None else ("slug", *computed)


@admin.action(description="Resolve, with a text", permissions=["change"])
def resolve(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> TemplateResponse | None:
    """Settle open questions, saying how."""
    why = "Say how it was settled, and why. Not public."
    text = ask(model_admin, request, rows, "resolve", "Resolve", why)
    if isinstance(text, TemplateResponse):
        return text
    done = rows.filter(resolved_at__isnull=True).update(resolved_at=timezone.now(), resolution=text)
    model_admin.message_user(request, f"{done} questions resolved.", messages.SUCCESS)
    return None


class OpenFilter(admin.SimpleListFilter):
    """Shows what is open, unless asked for more."""

    title = "state"
    parameter_name = "open"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "resolved"), ("all", "all")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "open"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(resolved_at__isnull=self.value() != "no")


@admin.register(ReviewItem)
class ReviewItemAdmin(ObjectIdAdmin):
    """The curators' list of work, newest first."""

    change_form_template = "admin/records/review.html"

    list_display = ("reason", "kind", "about", "member", "dataset", "created_at", "resolved_at")
    list_filter = (OpenFilter, "kind", "resource", "dataset")
    list_select_related = ("dataset",)
    actions = (resolve,)
    fields = readonly_fields = (
        *("reason", "kind", "about", "member", "dataset", "values"),
        *("created_at", "resolved_at", "resolution"),
    )

    class Media:
        css = {"all": ["records/admin.css"]}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        if "resolve" in request.POST.getlist("action") and not self.has_change_permission(request):
            raise PermissionDenied
        return super().changelist_view(request, extra_context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Questions about a row, also those about which of two may be one with the other."""
        found, distinct = super().get_search_results(request, queryset, search_term)
        if term := search_term.strip().lower():
            found = found | queryset.filter(kind=ReviewItem.Kind.DUPLICATE, member=term)
        return found, distinct

    def render_change_form(self, request: HttpRequest, context: Any, **kwargs: Any) -> Any:
        item = kwargs.get("obj")
        if item is not None and item.kind == ReviewItem.Kind.DUPLICATE:
            context["pair"] = pair_of(item, request)
        return super().render_change_form(request, context, **kwargs)

    def label(self, item: ReviewItem) -> str:
        """The question, and the row in question."""
        return f"{short(item.reason)} ({item.resource}/{str(item.object_id)[:8]})"

    @admin.display(description="values")
    def values(self, item: ReviewItem) -> str:
        """The values to choose from."""
        return pretty(item.detail)


@admin.register(ChangeSet)
class ChangeSetAdmin(ReadOnlyAdmin):
    """What was committed together, by whom and why."""

    list_display = ("__str__", recorded, "user", "role", "reason", "changes")
    list_filter = ("role",)
    list_select_related = ("user",)
    search_fields = ("reason",)
    search_help_text = "Words of the reason."

    @admin.display(description="changes")
    def changes(self, made: ChangeSet) -> str:
        """A link to its changes."""
        url = reverse("admin:records_change_changelist")
        count = made.last_seq - made.first_seq + 1
        return format_html('<a href="{}?change_set__id__exact={}">{}</a>', url, made.pk, count)


@admin.register(Change)
class ChangeAdmin(ObjectIdAdmin):
    """The change log: each number of the sequence."""

    list_display = (
        "seq",
        op_code,
        "cause_code",
        "about",
        "version",
        "dataset",
        "change_set",
        "why",
    )
    list_filter = (("op", CodeFilter), ("cause", CodeFilter), "resource")
    list_select_related = ("change_set",)
    ordering = ("-seq",)

    @admin.display(description="cause", ordering="cause")
    def cause_code(self, change: Change) -> str:
        """The cause by its code, as the API writes it."""
        return change.cause

    @admin.display(description="reason")
    def why(self, change: Change) -> str:
        """The reason that was given for the change set."""
        return short(change.change_set.reason)


@admin.register(Origin)
class OriginAdmin(ObjectIdAdmin):
    """Which rows are in which data set."""

    list_display = ("external_id", "dataset", "about", "notes")
    list_filter = ("dataset", "resource")
    list_select_related = ("dataset",)


@admin.register(Refresh)
class RefreshAdmin(ObjectIdAdmin):
    """The queue of records that still embed what has changed."""

    list_display = ("id", "about", "because_seq", "created_at")
    list_filter = ("resource",)


@admin.register(Erasure)
class ErasureAdmin(ObjectIdAdmin):
    """What was erased in every version."""

    list_display = ("seq", "about", "reason")
    list_filter = ("resource",)


register_rest("records")
