"""Curation of actors, sources and documents."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from records.admin.curated import (
    ChildInline,
    CodeInline,
    CuratedAdmin,
    LinkInline,
    NameInline,
    links_here,
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
    list_filter = ("kind",)
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
    list_filter = ("kind", "independent", "reliability")
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

    list_display = ("__str__", "kind_code", "publisher", "published_edtf", "rights")
    list_filter = ("kind", "rights", "status")
    list_select_related = ("publisher", "dataset")
    search_fields = ("title", "author", "url", "publisher__name")
    search_help_text = "Title, author, address, publisher or id."
    readonly_fields = ("text", "text_length", "text_sha256", "related_from")
    fieldsets = (
        (None, {"fields": [("kind", "language"), "title", "author", "url", "publisher"]}),
        ("Published", {"fields": time_rows("published")}),
        ("Rights and text", {"fields": [("rights", "status"), ("text_length", "text")]}),
        ("Related from elsewhere", {"fields": ["related_from"], "classes": ["collapse"]}),
    )
    inlines = (DocumentLinkInline, MentionInline)

    def label(self, row: Any) -> str:
        """The title, or the address, and the kind."""
        named = row.title or row.url or str(row.pk)[:8]
        return f"{named[:90]} ({row.get_kind_display()})"

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
