"""What the admin of every curated row has: its state at a glance, its acts, its children."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, ForeignObjectRel, OuterRef, Q, QuerySet
from django.forms import Textarea
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.text import smart_split, unescape_string_literal

from records.admin import acts
from records.admin.forms import (
    ChildFormSet,
    Choice,
    CuratedForm,
    JSONField,
    LinkFormSet,
    RowForm,
    label_of,
    times_of,
)
from records.edition import lock
from records.models import Curated, Origin, State
from records.registry import record_of, resource_of
from records.workspace import mark_edited

#: Acts on the public side, which need the permission to publish.
GUARDED = {"publish", "retract", "restore"}

UNPUBLISHED = [State.DRAFT, State.IN_REVIEW]


def time_rows(name: str) -> list[Any]:
    """The rows of a fieldset for an uncertain time: what is typed, and the bounds computed."""
    return [
        (f"{name}_edtf", f"{name}_precision"),
        (f"{name}_phrase", f"{name}_basis"),
        (f"{name}_earliest", f"{name}_latest"),
    ]


def short(text: str, most: int = 100) -> str:
    """A text cut to at most `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


class ChoicesView(AutocompleteJsonView):
    """What an autocomplete offers: rows that are not retracted, by the labels of their admin."""

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset().select_related(*self.model_admin.label_related)
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
            kwargs["widget"] = Choice(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_choice_field(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        kwargs["choices"] = [
            (code, label if not code or code == label else f"{code}: {label}")
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
        return field


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
    verbose_name_plural = "names"


class CodeInline(ChildInline):
    """Codes of a row in schemes of others."""

    fields = ("scheme", "code", "preferred")
    verbose_name_plural = "codes"


class LinkInline(ChildInline):
    """Links that start at a row."""

    formset = LinkFormSet
    verbose_name_plural = "relations"


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
            ("changed", "draft of a public row"),
            ("draft", "draft, never public"),
            ("in_review", "in review"),
            ("retracted", "retracted"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "public":
                return queryset.filter(state=State.PUBLISHED)
            case "changed":
                return queryset.filter(state__in=UNPUBLISHED, is_public=True)
            case "draft":
                return queryset.filter(state=State.DRAFT, is_public=False)
            case "in_review" | "retracted" as state:
                return queryset.filter(state=state)
        return queryset


class CuratedAdmin(Labelled, Fields, admin.ModelAdmin):
    """A curated row. Saving it, or what hangs on it, makes it a draft until it is published."""

    form = RowForm
    actions = (acts.publish, acts.retract, acts.restore, acts.discard)
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
        return [StandingFilter, *listed, "dataset"]

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
        bounds = [f"{t.name}_{b}" for t in times_of(self.model) for b in ("earliest", "latest")]
        kept = ["standing", "id", "dataset", "created_at", "updated_at", "updated_by", "elsewhere"]
        return [*super().get_readonly_fields(request, obj), *bounds, *kept]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is None:
            return fieldsets
        rows: list[Any] = [
            ("standing", "elsewhere"),
            ("id", "dataset"),
            ("created_at", "updated_at", "updated_by"),
        ]
        if self.has_change_permission(request, obj):
            rows.append("seen")
        return [*fieldsets, ("Publishing", {"fields": rows})]

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

    @admin.display(description="elsewhere")
    def elsewhere(self, row: Any) -> str:
        """Links to the public record, and to all its versions."""
        resource = resource_of(row)
        options = record_of(resource)._meta
        versions = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
        return format_html(
            '<a href="/api/v1/{}/{}/">public record</a> · <a href="{}?object_id={}">versions</a>',
            resource,
            row.pk,
            versions,
            row.pk,
        )

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
        return found

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with a row are its own child rows: whoever may delete it may delete them."""
        deleted, counts, _, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected

    # Lists and autocompletes.

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        asked = set(request.POST.getlist("action"))
        if asked & GUARDED and not self.has_publish_permission(request):
            raise PermissionDenied
        return super().changelist_view(request, extra_context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Rows that have every word in a field, a name or a code; or the row of an id."""
        term = search_term.replace("\x00", "").strip()
        try:
            return queryset.filter(pk=UUID(term)), False
        except ValueError:
            pass
        for word in smart_split(term):
            if word[0] in "\"'" and word[0] == word[-1] and len(word) > 1:
                word = unescape_string_literal(word)
            queryset = queryset.filter(self._having(word))
        return queryset, False

    def _having(self, word: str) -> Q:
        """A condition that reads children in a subquery each: no row comes twice."""
        condition = Q()
        for name in self.get_search_fields(None):  # type: ignore[arg-type]
            first, _, rest = name.partition("__")
            relation = self.model._meta.get_field(first)
            if not isinstance(relation, ForeignObjectRel):
                condition |= Q(**{f"{name}__icontains": word})
                continue
            children = relation.related_model._default_manager
            found = Q(**{f"{rest}__icontains": word})
            scheme, colon, code = word.partition(":")
            if rest == "code" and colon:
                found = Q(scheme=scheme, code=code)
            condition |= Q(pk__in=children.filter(found).values(relation.field.attname))
        return condition

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
        url = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(url, args=[row.pk]))

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

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        Origin.objects.filter(resource=resource_of(obj), object_id=obj.pk).delete()
        super().delete_model(request, obj)


def links_here(links: Iterable[Any], start: str) -> str:
    """Links that lead to a row, one a line: from where, and of what kind."""
    lines = []
    for link in links:
        other = getattr(link, start)
        options = other._meta
        url = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[other.pk])
        lines.append((url, label_of(other), link.get_kind_display()))
    return format_html_join(mark_safe("<br>"), '<a href="{}">{}</a> {}', lines) or "-"
