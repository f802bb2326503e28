"""What the admin of every curated row has: its state at a glance, its acts, its children."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import Textarea
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from records.admin import acts
from records.admin.filters import UNPUBLISHED, CodeFilter, StandingFilter
from records.admin.forms import (
    ChildFormSet,
    Choice,
    CuratedForm,
    JSONField,
    Known,
    LinkFormSet,
    RowForm,
    label_of,
    marked,
    times_of,
)
from records.admin.readonly import refuse_nul
from records.admin.search import found
from records.edition import lock
from records.models import Change, Curated, Origin, Refresh, ReviewItem, State
from records.registry import comparison, record_of, resource_of
from records.workspace import mark_edited

#: Acts on the public side, which need the permission to publish.
GUARDED = {"publish", "retract", "restore", "merge"}


def time_rows(name: str) -> list[Any]:
    """The rows of a fieldset for an uncertain time: what is typed, and the bounds computed."""
    return [
        (f"{name}_edtf", f"{name}_precision"),
        (f"{name}_phrase", f"{name}_basis"),
        time_bounds(name),
    ]


@cache
def time_bounds(name: str) -> Callable[[Any], str]:
    """What a form shows of an uncertain time beside what was typed: its bounds."""

    @admin.display(description="Bounds")
    def shown(row: Any) -> str:
        return _between(getattr(row, f"{name}_earliest"), getattr(row, f"{name}_latest"))

    shown.__name__ = f"{name}_bounds"
    return shown


@cache
def time_column(name: str) -> Callable[[Any], str | None]:
    """The column of a list for an uncertain time: as typed, with its bounds, in their order."""

    @admin.display(description=name, ordering=f"{name}_earliest", empty_value="-")
    def shown(row: Any) -> str | None:
        edtf, phrase = getattr(row, f"{name}_edtf"), getattr(row, f"{name}_phrase")
        if not edtf:
            return phrase  # type: ignore[no-any-return]
        between = _between(getattr(row, f"{name}_earliest"), getattr(row, f"{name}_latest"))
        ends = [(between, end) for end in edtf.split("/")]
        return format_html_join("/ ", '<span class="instant" title="{}">{}</span>', ends)

    shown.__name__ = f"{name}_shown"
    return shown


def _between(earliest: datetime | None, latest: datetime | None) -> str:
    if earliest is None and latest is None:
        return "-"
    since = f"{_instant(earliest)} ≤ " if earliest else ""
    until = f" < {_instant(latest)}" if latest else ""
    return f"{since}time{until} (UTC)"


def _instant(value: datetime) -> str:
    return value.isoformat(sep=" ", timespec="minutes")[:16]


def short(text: str, most: int = 100) -> str:
    """A text cut to at most `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


class ChoicesView(AutocompleteJsonView):
    """What an autocomplete offers: rows that are not retracted, by the labels of their admin."""

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset().select_related(*self.model_admin.label_related)
        if self.source_field.name == "merged_into":
            rows = rows.filter(is_public=True)
        return rows.exclude(state=State.RETRACTED) if issubclass(rows.model, Curated) else rows

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        return {"id": str(getattr(obj, to_field_name)), "text": label_of(obj)}


class Labelled:
    """An admin whose rows are chosen in autocompletes, and whose own forms have them."""

    #: Relations that `label` reads.
    label_related: tuple[str, ...] = ()

    def label(self, row: Any) -> str:
        """The text that tells a row apart from its namesakes. Reads no relation not loaded."""
        return short(str(row))

    def get_urls(self) -> list[URLPattern]:
        options = self.opts  # type: ignore[attr-defined]
        site: admin.AdminSite = self.admin_site  # type: ignore[attr-defined]
        view = site.admin_view(ChoicesView.as_view(admin_site=site))
        name = f"{options.app_label}_{options.model_name}_choices"
        return [path("choices/", view, name=name), *super().get_urls()]  # type: ignore[misc]


class Fields:
    """Form fields as all our forms have them: autocompletes, and null for what is left empty."""

    model: type[models.Model]
    admin_site: admin.AdminSite

    def choices(self) -> list[str]:
        """The foreign keys that a form shows."""
        return [f.name for f in self.model._meta.fields if f.is_relation and f.editable]

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name in self.choices():
            kwargs |= {"widget": Choice(db_field, self.admin_site), "form_class": Known}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_choice_field(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        kwargs["choices"] = [
            (code, label if not code or _same(code, label) else f"{code}: {label}")
            for code, label in db_field.get_choices(include_blank=self._blank(db_field))
        ]
        return super().formfield_for_choice_field(db_field, request, **kwargs)  # type: ignore[misc]

    @staticmethod
    def _blank(db_field: Any) -> bool:
        return bool(db_field.blank or not db_field.has_default())

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if isinstance(db_field, models.URLField):
            kwargs["assume_scheme"] = "https"
        if isinstance(db_field, models.JSONField):
            kwargs |= {"form_class": JSONField, "widget": Textarea(attrs={"rows": 3, "cols": 80})}
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if isinstance(db_field, models.TextField):
            field.widget = Textarea(attrs={"rows": 3, "cols": 80})
            field.empty_value = None if db_field.null else ""
        if isinstance(field and field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_delete_related = field.widget.can_view_related = False
        if field is not None:
            field.help_text = marked(field.help_text)
        return field


def _same(code: str, label: str) -> bool:
    return code.replace("_", " ") == label.lower()


class ChildInline(Fields, admin.TabularInline):
    """Rows that belong to a curated row: whoever may edit that may edit them."""

    form = CuratedForm
    formset = ChildFormSet
    extra = 0

    class Media:
        css = {"all": ["records/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        related = []
        for name in self.choices():
            target = self.model._meta.get_field(name).related_model
            shown_by = self.admin_site._registry.get(target)  # type: ignore[arg-type]
            related += [name, *(f"{name}__{r}" for r in getattr(shown_by, "label_related", ()))]
        return super().get_queryset(request).select_related(*related)

    def choices(self) -> list[str]:
        parents = {self.fk_name} if self.fk_name else set()
        return [
            name
            for name in super().choices()
            if name not in parents
            and (parents or self.model._meta.get_field(name).related_model is not self.parent_model)
        ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self._parent().has_view_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        parent = self._parent()
        if obj is None:
            return bool(parent.has_add_permission(request))
        return bool(parent.has_change_permission(request, obj))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def _parent(self) -> Any:
        return self.admin_site._registry[self.parent_model]


class NameInline(ChildInline):
    """More names of a row."""

    fields = ("name", "language", "kind", "since", "until")
    verbose_name, verbose_name_plural = "name", "names"


class CodeInline(ChildInline):
    """Codes of a row in schemes of others."""

    fields = ("scheme", "code", "preferred")
    verbose_name, verbose_name_plural = "code", "codes"


class LinkInline(ChildInline):
    """Links that start at a row."""

    formset = LinkFormSet
    verbose_name, verbose_name_plural = "relation", "relations"


class CuratedAdmin(Labelled, Fields, admin.ModelAdmin):
    """A curated row. Saving it, or what hangs on it, makes it a draft until it is published."""

    form = RowForm
    actions = (
        *(acts.publish, acts.submit, acts.merge, acts.retract, acts.restore, acts.discard),
        acts.look_for_duplicates,
    )
    list_per_page = 50
    show_full_result_count = False
    change_form_template = "admin/records/change_form.html"
    #: Foreign keys that list columns read.
    list_select_related: tuple[str, ...] = ("dataset",)

    class Media:
        css = {"all": ["records/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        record = record_of(resource_of(self.model))
        public = record.objects.current().filter(object_id=OuterRef("pk"))
        return super().get_queryset(request).annotate(is_public=Exists(public))

    def get_list_filter(self, request: HttpRequest) -> Any:
        coded = {field.name for field in self.opts.concrete_fields if field.choices}
        listed = [
            (name, CodeFilter) if name in coded else name
            for name in super().get_list_filter(request)
        ]
        return [StandingFilter, "dataset", *listed]

    def get_list_display(self, request: HttpRequest) -> Any:
        first, *others = super().get_list_display(request)
        return [first, "standing", *others, "dataset", "updated"]

    @admin.display(description="updated", ordering="updated_at")
    def updated(self, row: Any) -> str:
        """The day on which the row was last changed, in UTC."""
        return f"{row.updated_at:%Y-%m-%d}"

    @admin.display(description="kind", ordering="kind")
    def kind_code(self, row: Any) -> str:
        """The kind by its code, as the API writes it."""
        return str(row.kind)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        bounds = [time_bounds(time.name) for time in times_of(self.model)]
        computed = [f"{t.name}_{b}" for t in times_of(self.model) for b in ("earliest", "latest")]
        kept = ["id", "dataset", "created_at", "updated_at", "updated_by"]
        return [*super().get_readonly_fields(request, obj), *bounds, *computed, *kept]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is None:
            return fieldsets
        fieldsets = [(title, self._opened(options, obj)) for title, options in fieldsets]
        rows: list[Any] = [("id", "dataset"), ("created_at", "updated_at", "updated_by")]
        if self.has_change_permission(request, obj):
            rows.append("seen")
        return [*fieldsets, ("Row", {"fields": rows, "classes": ["collapse"]})]

    def _opened(self, options: Any, row: Any) -> Any:
        """A fieldset that is open where the row says something in it."""
        if "collapse" not in options.get("classes", ()):
            return options
        columns = {field.name: field for field in self.opts.concrete_fields}
        shown = [columns[name] for name in flatten(options["fields"]) if name in columns]
        if all(getattr(row, f.name) in (None, "", [], f.get_default()) for f in shown):
            return options
        return {**options, "classes": [c for c in options["classes"] if c != "collapse"]}

    @admin.display(description="state", ordering="state")
    def standing(self, row: Any) -> str:
        """What the world sees of the row, in a word and a sign."""
        public = getattr(row, "is_public", False)
        if row.state in UNPUBLISHED and public:
            kind, text = "changed", "◐ public, edited"
            if row.state == State.IN_REVIEW:
                text = "◐ public, in review"
        else:
            kind = {State.PUBLISHED: "public"}.get(row.state, row.state)
            text = {
                "public": "● public",
                "draft": "○ draft",
                "in_review": "◌ in review",
                "retracted": "✕ retracted",
            }[kind]
        return format_html('<span class="standing standing-{}">{}</span>', kind, text)

    def head(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What stands over the form: the state, what differs, what leads on, what can be done."""
        by = f" by {row.updated_by}" if row.updated_by else ""
        return {
            "standing": self.standing(row),
            "edited": row.state in UNPUBLISHED and row.is_public,
            "edits": self._edits(row),
            "links": list(self._links(request, row)),
            "acts": list(self._acts(request, row)),
            "changed": f"last changed {_instant(row.updated_at)} UTC{by}",
        }

    def _edits(self, row: Any) -> list[tuple[str, str]]:
        """What the row says otherwise than its record: the members, and short values in public."""
        if row.state not in UNPUBLISHED or not row.is_public:
            return []
        record = record_of(resource_of(row))
        version = record.objects.current().get(object_id=row.pk)
        public = record.shape.normal(version.statement())
        said = record.shape.read([row.pk])[row.pk]
        return [
            (name.replace("_", " "), _in_short(public[name]))
            for name in said
            if said[name] != public[name]
        ]

    def _links(self, request: HttpRequest, row: Any) -> Iterable[tuple[str, str]]:
        """Where else something is about the row: its record, its versions, open questions."""
        resource = resource_of(row)
        if row.merged_into_id:
            yield self._page_of(row.merged_into_id), "the row that it was merged into"
        if row.is_public:
            yield f"/api/v1/{resource}/{row.pk}/", "public record"
        about = {"resource": resource, "object_id": row.pk}
        asked = Q(object_id=row.pk) | Q(kind=ReviewItem.Kind.DUPLICATE, member=str(row.pk))
        waiting = ReviewItem.objects.filter(asked, resource=resource, resolved_at__isnull=True)
        for model, text, shown in [
            (record_of(resource), "versions", True),
            (Change, "changes", True),
            (ReviewItem, "open questions", waiting.exists),
            (Refresh, "waits to be refreshed", Refresh.objects.filter(**about).exists),
        ]:
            options = model._meta
            seen = request.user.has_perm(f"{options.app_label}.view_{options.model_name}")
            if seen and (shown is True or shown()):  # type: ignore[operator]
                url = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
                yield f"{url}?q={row.pk}", text
        history = f"admin:{self.opts.app_label}_{self.opts.model_name}_history"
        yield reverse(history, args=[row.pk]), "history of edits"

    def _acts(self, request: HttpRequest, row: Any) -> Iterable[tuple[str, str]]:
        """What can be done to the row beside saving it."""
        publishes = self.has_publish_permission(request)
        if row.state == State.DRAFT and self.has_change_permission(request, row):
            yield "submit", "Send to review"
        if row.state in UNPUBLISHED and row.is_public and self.has_change_permission(request, row):
            yield "discard", "Discard edits"
        if row.is_public and comparison(resource_of(row)) and self.has_change_permission(request):
            yield "look_for_duplicates", "Look for duplicates"
        if publishes and row.is_public:
            yield "merge", "Merge into …"
            yield "retract", "Retract …"
        if publishes and row.state == State.RETRACTED:
            yield "restore", "Restore …"

    def _page_of(self, pk: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[pk])

    # Who may do what.

    def has_publish_permission(self, request: HttpRequest) -> bool:
        """Whether the account may publish, retract and restore rows of this kind."""
        return bool(request.user.has_perm("records.publish")) and self.has_change_permission(
            request
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        merged = obj is not None and obj.merged_into_id is not None
        return not merged and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a draft that was never published can be deleted."""
        allowed = super().has_delete_permission(request, obj)
        if obj is None or not allowed:
            return allowed
        if obj.state not in UNPUBLISHED or getattr(obj, "is_public", False):
            return False
        return not record_of(resource_of(obj)).objects.of(obj.pk).exists()

    def get_actions(self, request: HttpRequest) -> Any:
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        if comparison(resource_of(self.model)) is None:
            found.pop("look_for_duplicates", None)
        return found

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with a row are its own child rows: whoever may delete it may delete them."""
        deleted, counts, _, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected

    # Lists and autocompletes.

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        refuse_nul(request)
        asked = set(request.POST.getlist("action"))
        if asked & GUARDED and not self.has_publish_permission(request):
            raise PermissionDenied
        return super().changelist_view(request, extra_context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Rows that have every word in a field, a name or a code; or the row of an id."""
        record = record_of(resource_of(self.model))
        return found(record, queryset, self.get_search_fields(request), search_term), False

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Leads back to the page of the row where the act was asked for there."""
        answer = super().response_action(request, queryset)
        back = request.POST.get(acts.BACK)
        if isinstance(answer, HttpResponseRedirect) and back:
            try:
                return HttpResponseRedirect(self._page_of(UUID(back)))
            except ValueError:
                return answer
        return answer

    # Saving.

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """The page of a row. What only the database refuses is said there, not a server error."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as error:
            said = getattr(getattr(error.__cause__, "diag", None), "message_primary", None)
            text = f"The database refused this, and nothing was saved: {said or error}"
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def render_change_form(self, request: HttpRequest, context: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        context["head"] = row and self.head(request, row)
        context["may_publish"] = self.has_publish_permission(request) and (
            row is None
            or (row.state != State.RETRACTED and self.has_change_permission(request, row))
        )
        return super().render_change_form(request, context, **kwargs)

    def _publish_if_asked(self, request: HttpRequest, row: Any) -> HttpResponse | None:
        """Publish a row that was saved by “Save and publish”, and lead back to it."""
        if "_publish" not in request.POST:
            return None
        if not self.has_publish_permission(request):
            raise PermissionDenied
        acts.publish(self, request, self.get_queryset(request).filter(pk=row.pk))
        return HttpResponseRedirect(self._page_of(row.pk))

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        answer = self._publish_if_asked(request, obj)
        return answer or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        return self._publish_if_asked(request, obj) or super().response_change(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if "_publish" in request.POST:
            lock()
        if form.has_changed() or not change:
            super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change or form.has_changed() or any(formset.has_changed() for formset in formsets):
            mark_edited(form.instance, user=request.user)
        # Rules that wait for the commit speak up before the page says that all is saved.
        connection.check_constraints()

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        Origin.objects.filter(resource=resource_of(obj), object_id=obj.pk).delete()
        super().delete_model(request, obj)


def _in_short(value: Any) -> str:
    """A value of a statement, where a few words tell it; ids and lists do not."""
    if value is None or value == []:
        return "nothing"
    if isinstance(value, dict):
        value = value.get("edtf") or value.get("phrase")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return "" if not isinstance(value, bool) else ("yes" if value else "no")
    try:
        UUID(str(value))
    except ValueError:
        return short(str(value))
    return ""


def links_here(links: Iterable[Any], start: str) -> str:
    """Links that lead to a row, one a line: from where, and of what kind."""
    lines = []
    for link in links:
        other = getattr(link, start)
        options = other._meta
        url = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[other.pk])
        lines.append((url, label_of(other), link.get_kind_display()))
    return format_html_join(mark_safe("<br>"), '<a href="{}">{}</a> {}', lines) or "-"
