"""Curation of actors, sources and documents."""

from typing import Any

from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from records.admin.curated import (
    ChildInline,
    CodeInline,
    CuratedAdmin,
    LinkInline,
    NameInline,
    links_here,
    short,
    time_column,
    time_rows,
)
from records.admin.forms import CuratedForm, NestedForm
from records.admin.readonly import register_rest
from sources.models import (
    Actor,
    ActorCode,
    ActorName,
    Document,
    DocumentLink,
    Mention,
    Source,
    SourceCode,
    SourceName,
)


class PartyFilter(admin.SimpleListFilter):
    """Filters by party: the root of the chain of the actor that a source speaks for.

    `path` leads from the rows of the list to that actor.
    """

    title = "party"
    parameter_name = "party"
    path = "pk"

    #: Parties that a list offers, by name.
    SHOWN = 50

    @classmethod
    def along(cls, path: str) -> "type[PartyFilter]":
        """The filter for rows that a path leads from to an actor."""
        return type("PartyFilter", (cls,), {"path": path})

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        """The parties that sources speak for."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                with recursive chain (id, name, parent_id) as (
                    select id, name, parent_id from sources_actor
                    where id in (select speaks_for_id from sources_source)
                    union
                    select a.id, a.name, a.parent_id
                    from sources_actor a join chain on a.id = chain.parent_id
                )
                select id, name from chain where parent_id is null order by name, id limit %s
                """,
                [self.SHOWN],
            )
            return [(str(row_id), name) for row_id, name in cursor.fetchall()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in {party for party, _ in self.lookup_choices}:
            return queryset
        members = RawSQL(
            """
            with recursive members (id) as (
                select %s::uuid
                union
                select a.id from sources_actor a join members on a.parent_id = members.id
            )
            select id from members
            """,
            [self.value()],
        )
        return queryset.filter(**{f"{self.path}__in": members})


class ActorNameInline(NameInline):
    """Names of an actor."""

    model = ActorName


class ActorCodeInline(CodeInline):
    """Codes of an actor."""

    model = ActorCode


@admin.register(Actor)
class ActorAdmin(CuratedAdmin):
    """Actors, each with the one that it answers to."""

    form = NestedForm
    list_display = ("name", "kind_code", "parent")
    list_filter = ("kind", PartyFilter)
    list_select_related = ("parent", "dataset")
    search_fields = ("name", "names__name", "codes__code")
    search_help_text = "Any name, a code such as wikidata:Q159, or an id."
    fieldsets = ((None, {"fields": [("name", "kind"), "parent", "party_reason"]}),)
    inlines = (ActorNameInline, ActorCodeInline)

    def label(self, row: Any) -> str:
        """The name and the kind."""
        return f"{row.name} ({row.get_kind_display()})"


class SourceNameInline(NameInline):
    """Names of a source."""

    model = SourceName


class SourceCodeInline(CodeInline):
    """Codes of a source."""

    model = SourceCode


@admin.register(Source)
class SourceAdmin(CuratedAdmin):
    """Sources, each with the actor that it speaks for."""

    list_display = ("name", "kind_code", "speaks_for", "independent", "reliability")
    list_filter = (PartyFilter.along("speaks_for"), "independent", "reliability", "kind")
    list_select_related = ("speaks_for", "dataset")
    search_fields = ("name", "names__name", "codes__code", "url")
    search_help_text = "Any name, an address, a code such as wikidata:Q5371, or an id."
    fieldsets = (
        (None, {"fields": [("name", "kind"), ("speaks_for", "independent"), ("country", "url")]}),
        ("Reliability", {"fields": [("reliability", "reliability_at"), "reliability_reason"]}),
    )
    inlines = (SourceNameInline, SourceCodeInline)

    def label(self, row: Any) -> str:
        """The name and the kind."""
        return f"{row.name} ({row.get_kind_display()})"


class DocumentLinkInline(LinkInline):
    """Documents that a document embeds, cites, translates or revises."""

    model = DocumentLink
    fk_name = "document"
    fields = ("kind", "target")


class MentionForm(CuratedForm):
    """A mention, whose stretch lies within the text."""

    def clean_end(self) -> int:
        end: int = self.cleaned_data["end"]
        length = self.instance.document.text_length
        if length is not None and end > length:
            self.add_error("end", f"The text has {length} characters.")
        return end


class MentionInline(ChildInline):
    """What stretches of a document mean."""

    model = Mention
    form = MentionForm
    fields = ("start", "end", "place", "actor", "source", "basis", "candidates")
    classes = ("collapse",)


@admin.register(Document)
class DocumentAdmin(CuratedAdmin):
    """Documents. A text is attached by `manage.py attach_text`, which verifies every span."""

    list_display = ("named", "kind_code", "publisher", time_column("published"), "rights", "kept")
    list_filter = ("kind", "rights", "status")
    list_select_related = ("publisher", "dataset")
    date_hierarchy = "published_earliest"
    search_fields = ("title", "author", "url", "publisher__name")
    search_help_text = "Title, author, address, publisher, or id."
    label_related = ("publisher",)
    readonly_fields = ("text", "text_length", "text_sha256", "related_from")
    fieldsets = (
        (None, {"fields": [("kind", "language"), "title", "author", "url", "publisher"]}),
        ("Published", {"fields": time_rows("published")}),
        ("Rights and text", {"fields": [("rights", "status"), ("text_length", "text")]}),
        ("Relations that start elsewhere", {"fields": ["related_from"]}),
    )
    inlines = (DocumentLinkInline, MentionInline)

    def label(self, row: Any) -> str:
        """The title and the kind; without a title who published it, and when."""
        kind = row.get_kind_display()
        if row.title:
            return f"{short(row.title, 90)} ({kind})"
        by = None
        if row.publisher_id and Document._meta.get_field("publisher").is_cached(row):
            by = row.publisher.name
        told = [one for one in (by, row.published_edtf) if one]
        told = told or [short(row.url, 60)] if row.url else told
        return f"{kind}: {', '.join(told or ['unknown publisher and time'])} [{str(row.pk)[:8]}]"

    @admin.display(description="document", ordering="title")
    def named(self, row: Document) -> str:
        """The title; without one the kind, and the beginning of the id."""
        return row.title or f"untitled {row.get_kind_display()} [{str(row.pk)[:8]}]"

    @admin.display(description="text", boolean=True)
    def kept(self, row: Document) -> bool:
        """Whether its text is known by its hash."""
        return row.text_sha256 is not None

    @admin.display(description="text")
    def text(self, row: Document) -> str:
        """A link to the text, where it is known by its hash."""
        if not row.text_sha256:
            return "-"
        url = reverse("admin:sources_documenttext_change", args=[row.text_sha256])
        return format_html('<a href="{}">{}…</a>', url, row.text_sha256[:12])

    @admin.display(description="documents that relate to it")
    def related_from(self, row: Document) -> str:
        """Links that start at other documents."""
        return links_here(row.related_by.select_related("document"), "document")


register_rest("sources")
