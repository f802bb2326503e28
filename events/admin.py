"""Curation of events and claims, and of where claims can be read."""

import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from events.models import (
    Citation,
    CitationHop,
    Claim,
    ClaimLink,
    ClaimPlace,
    Context,
    Contradiction,
    Event,
    EventCode,
    EventLink,
    EventParticipant,
    EventPlace,
    EventType,
    Metric,
    Resolution,
)
from events.order import CLAIM_CHAINS, EVENT_CHAINS
from events.passages import passage_of, text_hash
from events.records import ContradictionRecord
from events.resolving import resolve
from records.admin import acts
from records.admin.curated import (
    ChildInline,
    CodeInline,
    CuratedAdmin,
    Fields,
    Labelled,
    LinkInline,
    links_here,
    short,
    time_column,
    time_rows,
)
from records.admin.filters import CodeFilter
from records.admin.forms import (
    ChainFormSet,
    ChildFormSet,
    CuratedForm,
    RowForm,
    SpansField,
    label_of,
)
from records.admin.readonly import PartAdmin, ReadOnlyAdmin, pretty, register_rest
from records.publishing import PublishError
from records.workspace import mark_edited
from sources.admin import PartyFilter
from sources.models import Document, DocumentText


@admin.register(EventType)
class EventTypeAdmin(Labelled, ReadOnlyAdmin):
    """Types come with the release, from `events/event_types.yaml`."""

    list_display = ("code", "label", "definition")
    search_fields = ("code", "label", "definition")
    fields = readonly_fields = ("code", "label", "definition", "other_systems")

    def label(self, row: Any) -> str:
        """The code and the label."""
        return f"{row.code} ({row.label})"

    @admin.display(description="what other systems call it")
    def other_systems(self, row: EventType) -> str:
        """The crosswalk."""
        return pretty(row.crosswalk)


class TypeFilter(admin.SimpleListFilter):
    """Filters by event type, where a prefix takes all that lie under it.

    Of the types the first steps are offered, and what lies under the one that is chosen.
    """

    title = "event type"
    parameter_name = "type"
    path = "type"

    @classmethod
    def along(cls, path: str) -> "type[TypeFilter]":
        """The filter for rows that a path leads from to a type."""
        return type("TypeFilter", (cls,), {"path": path})

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        """The first steps, and the steps above, beside and under the chosen type."""
        codes = EventType.objects.order_by("code").values_list("code", flat=True)
        steps = self.value_parts()
        opened = {".".join(steps[:n]) for n in range(len(steps) + 1)}
        shown = {code for code in _with_prefixes(codes) if code.rpartition(".")[0] in opened}
        return [(code, f"{'– ' * code.count('.')}{code}") for code in sorted(shown)]

    def value_parts(self) -> list[str]:
        """The steps of the chosen type."""
        value: str = self.used_parameters.get(self.parameter_name) or ""
        return value.split(".") if value else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        code = self.value()
        if not code:
            return queryset
        under = {f"{self.path}__code__startswith": f"{code}."}
        return queryset.filter(Q(**{f"{self.path}__code": code}) | Q(**under))


def _with_prefixes(codes: Iterable[str]) -> set[str]:
    found = set()
    for code in codes:
        steps = code.split(".")
        found |= {".".join(steps[:n]) for n in range(1, len(steps) + 1)}
    return found


class DatedFilter(admin.SimpleListFilter):
    """Filters by whether an event or a statement is dated."""

    title = "dated"
    parameter_name = "dated"
    column = "when_edtf"

    @classmethod
    def by(cls, column: str) -> "type[DatedFilter]":
        """The filter for rows that are dated by a column."""
        return type("DatedFilter", (cls,), {"column": column})

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "dated"), ("no", "undated")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(**{f"{self.column}__isnull": self.value() == "no"})


class EventForm(RowForm):
    """An event, with its contexts chosen from their list."""

    contexts = forms.MultipleChoiceField(
        choices=Context.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=Event._meta.get_field("contexts").help_text,
    )


class EventPlaceInline(ChildInline):
    """Places of an event."""

    model = EventPlace
    fields = ("place", "role", "basis")
    verbose_name, verbose_name_plural = "place", "places"


class EventParticipantInline(ChildInline):
    """Actors of an event."""

    model = EventParticipant
    fields = ("actor", "role")
    verbose_name, verbose_name_plural = "participant", "participants"


class EventLinkFormSet(ChainFormSet):
    """The links of an event."""

    chains = EVENT_CHAINS


class EventLinkInline(LinkInline):
    """Links to other events."""

    model = EventLink
    formset = EventLinkFormSet
    fk_name = "event"
    fields = ("kind", "target", "phrase", "claim")


class EventCodeInline(CodeInline):
    """Ids of an event in other systems."""

    model = EventCode


@admin.register(Event)
class EventAdmin(CuratedAdmin):
    """Events. What is said of one are claims; a link leads to them."""

    form = EventForm
    list_display = ("title", "type", "status", time_column("when"), "place")
    list_filter = ("status", DatedFilter, TypeFilter)
    list_select_related = ("type", "place", "dataset")
    date_hierarchy = "when_earliest"
    search_fields = ("title", "summary", "codes__code")
    search_help_text = "Title, summary, a code such as ucdp:123456, or an id."
    readonly_fields = ("claims", "related_from")
    fieldsets = (
        (None, {"fields": ["title", ("type", "status"), "summary", "claims"]}),
        ("When", {"fields": time_rows("when")}),
        ("Where", {"fields": ["place", ("lat", "lon", "geo_precision")]}),
        ("Contexts", {"fields": ["contexts"], "classes": ["collapse"]}),
        ("Relations that start elsewhere", {"fields": ["related_from"]}),
    )
    inlines = (EventPlaceInline, EventParticipantInline, EventLinkInline, EventCodeInline)

    def label(self, row: Any) -> str:
        """The title and the time."""
        return f"{short(row.title, 90)} ({row.when_edtf or row.when_phrase or 'undated'})"

    @admin.display(description="claims")
    def claims(self, row: Event) -> str:
        """A link to the list of its claims."""
        if row._state.adding:
            return "-"
        url = reverse("admin:events_claim_changelist")
        return format_html('<a href="{}?event__id__exact={}">claims about it</a>', url, row.pk)

    @admin.display(description="events that relate to it")
    def related_from(self, row: Event) -> str:
        """Links that start at other events."""
        return links_here(row.related_by.select_related("event"), "event")


class ClaimForm(RowForm):
    """A claim. The metric is chosen from its list; one that an import brought stays."""

    quantity_metric = forms.TypedChoiceField(
        required=False,
        empty_value=None,
        help_text=Claim._meta.get_field("quantity_metric").help_text,
    )

    class Meta:
        widgets = {"statement": forms.Textarea(attrs={"rows": 3, "cols": 80})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "quantity_metric" in self.fields:
            own = self.instance.quantity_metric
            known = [("", "---------"), *Metric.choices]
            brought = [] if own is None or own in Metric.values else [(own, own)]
            self.fields["quantity_metric"].choices = known + brought  # type: ignore[attr-defined]


class SubjectFormSet(ChildFormSet):
    """The places of a claim, one of which it needs unless it is about something else."""

    def clean(self) -> None:
        super().clean()
        claim = self.instance
        named = [
            form
            for form in self.forms
            if getattr(form, "cleaned_data", {}).get("place") and not self._should_delete_form(form)
        ]
        if named:
            return
        if claim.control_status:
            raise ValidationError("A control status is about places: name them here.")
        if not (claim.event_id or claim.actor_id or claim.document_id):
            raise ValidationError(
                "Name what the claim is about: places here, else an event, an actor or a document."
            )


class ClaimPlaceInline(ChildInline):
    """Places that a claim is about."""

    model = ClaimPlace
    formset = SubjectFormSet
    fields = ("place",)
    verbose_name, verbose_name_plural = "place", "places"


class ClaimLinkFormSet(ChainFormSet):
    """The links of a claim."""

    chains = CLAIM_CHAINS


class ClaimLinkInline(LinkInline):
    """Links to other claims."""

    model = ClaimLink
    formset = ClaimLinkFormSet
    fk_name = "claim"
    fields = ("kind", "target", "phrase", "how")


def text_of(document: Document) -> str | None:
    """The text of a document, where it is kept."""
    if not document.text_sha256:
        return None
    kept = DocumentText.objects.filter(sha256=document.text_sha256).first()
    return None if kept is None else kept.text


class CitationForm(CuratedForm):
    """A citation. Where the text is kept its passage is verified, and the hash computed."""

    spans = SpansField(help_text="Pairs of code points, end-exclusive: 120-184, 201-230.")
    insertions = SpansField(help_text="Spans inside those that are the document's own words.")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        document = self.cleaned_data.get("document")
        if document is not None and self.has_changed() and "spans" not in self.errors:
            self._verify(document)
        return cleaned

    def _verify(self, document: Document) -> None:
        spans = self.cleaned_data["spans"]
        length = document.text_length
        if length is not None and any(end > length for _, end in spans):
            self.add_error("spans", f"The text has {length} characters.")
            return
        text = text_of(document)
        if text is None or not spans:
            return
        read = passage_of(text, spans)
        computed = text_hash(read)
        given = self.cleaned_data.get("passage_sha256")
        if given and given != computed and not {"spans", "document"} & set(self.changed_data):
            self.add_error(
                "passage_sha256", "The passage has another hash; empty this to compute it."
            )
        self.instance.passage_sha256 = self.cleaned_data["passage_sha256"] = computed
        quote = self.cleaned_data.get("quote")
        if quote and quote not in read:
            self.add_error("quote", "These words do not stand in the passage.")


class CitationInline(ChildInline):
    """Where a claim can be read. A link leads to the page of each, with what it passed through."""

    model = Citation
    form = CitationForm
    template = "admin/edit_inline/stacked.html"
    fields = (
        "document",
        ("mode", "locator"),
        ("spans", "insertions"),
        "passage",
        "quote",
        "passed_through",
    )
    readonly_fields = ("passage", "passed_through")
    show_change_link = True
    verbose_name, verbose_name_plural = "citation", "citations"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        kept = DocumentText.objects.filter(sha256=OuterRef("document__text_sha256"))
        citations = super().get_queryset(request).annotate(text=Subquery(kept.values("text")[:1]))
        return citations.prefetch_related("via__document__publisher", "via__source")

    @admin.display(description="Passage")
    def passage(self, row: Citation) -> str:
        """The words at the spans, where the text is kept."""
        text = getattr(row, "text", None)
        if text is None:
            return "The text is not kept." if row.pk else "-"
        return passage_of(text, row.spans) or "-"

    @admin.display(description="Via")
    def passed_through(self, row: Citation) -> str:
        """Through what it reached the document, and where that is edited."""
        if not row.pk:
            return "Save first: hops are entered on the citation's own page."
        hops = [label_of(one) for hop in row.via.all() if (one := hop.document or hop.source)]
        url = reverse("admin:events_citation_change", args=[row.pk])
        way = " → ".join(hops) or "nothing"
        return format_html('{} · <a href="{}">edit the hops</a>', way, url)


@admin.register(Claim)
class ClaimAdmin(CuratedAdmin):
    """Claims: who says what, how surely, and where it can be read."""

    form = ClaimForm
    list_display = (
        *("said_in_short", "kind_and_voice", "claimant", "event_in_short"),
        time_column("said"),
    )
    list_filter = (
        *("kind", "voice", PartyFilter.along("claimant__speaks_for"), "polarity"),
        *(DatedFilter.by("said_edtf"), "control_status", TypeFilter.along("event__type")),
    )
    list_select_related = ("claimant", "event", "dataset")
    date_hierarchy = "said_earliest"
    search_fields = ("statement", "claimant__name", "event__title", "citations__quote", "wording")
    search_help_text = "Statement, quoted words, any name of what it is about, or an id."
    readonly_fields = ("related_from",)
    fieldsets = (
        (None, {"fields": ["statement", ("kind", "voice"), "claimant"]}),
        (
            "What it is about (the places are listed below)",
            {"fields": [("event", "document"), ("actor", "object_actor")]},
        ),
        ("How it is put", {"fields": [("polarity", "certainty"), "condition", "wording"]}),
        ("Said", {"fields": time_rows("said")}),
        ("Holds", {"fields": time_rows("holds"), "classes": ["collapse"]}),
        (
            "Quantity",
            {
                "fields": [
                    ("quantity_metric", "quantity_unit", "quantity_approximator"),
                    ("quantity_low", "quantity_best", "quantity_high"),
                ],
                "classes": ["collapse"],
            },
        ),
        ("Control", {"fields": [("control_status", "extent")], "classes": ["collapse"]}),
        (
            "Judgement",
            {
                "fields": [
                    ("evidence", "interest"),
                    ("credibility", "credibility_at"),
                    "credibility_reason",
                    ("rating", "rating_at"),
                    "rating_reason",
                ],
                "classes": ["collapse"],
            },
        ),
        ("Relations that start elsewhere", {"fields": ["related_from"]}),
    )
    inlines = (ClaimPlaceInline, CitationInline, ClaimLinkInline)

    @admin.display(description="statement", ordering="statement")
    def said_in_short(self, row: Claim) -> str:
        """The statement, cut."""
        return short(row.statement)

    @admin.display(description="kind, voice", ordering="kind")
    def kind_and_voice(self, row: Claim) -> str:
        """Both by their codes, as the API writes them."""
        return f"{row.kind}, {row.voice}"

    @admin.display(description="event", ordering="event__title")
    def event_in_short(self, row: Claim) -> str:
        """The title of its event, cut."""
        return short(row.event.title, 50) if row.event else "-"

    @admin.display(description="claims that relate to it")
    def related_from(self, row: Claim) -> str:
        """Links that start at other claims."""
        return links_here(row.related_by.select_related("claim"), "claim")


class CitationHopInline(ChildInline):
    """Through what a claim reached a document, nearest the claimant first."""

    model = CitationHop
    fields = ("position", "document", "source")
    verbose_name, verbose_name_plural = "hop", "via, nearest the claimant first"


@admin.register(Citation)
class CitationAdmin(Fields, PartAdmin):
    """One citation with its hops, reached from its claim. Saving it edits the claim."""

    form = CitationForm
    list_display = ("__str__", "mode", "quote")
    readonly_fields = ("of", "passage")
    fields = (
        "of",
        ("document", "mode"),
        ("spans", "insertions"),
        "passage",
        ("quote", "locator"),
        "passage_sha256",
    )
    inlines = (CitationHopInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("claim", "document__publisher")

    def render_change_form(self, request: HttpRequest, context: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        context["subtitle"] = row and short(str(row.claim))
        return super().render_change_form(request, context, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        merged = obj is not None and obj.claim.merged_into_id is not None
        return not merged and bool(request.user.has_perm("events.change_claim"))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("events.view_claim") or self.has_change_permission(
            request, obj
        )

    @admin.display(description="claim")
    def of(self, row: Citation) -> str:
        """A link to the claim."""
        url = reverse("admin:events_claim_change", args=[row.claim_id])
        return format_html('<a href="{}">{}</a>', url, label_of(row.claim))

    @admin.display(description="passage")
    def passage(self, row: Citation) -> str:
        """The passage, where the text is kept."""
        text = text_of(row.document)
        return "The text is not kept." if text is None else passage_of(text, row.spans)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if form.has_changed() or any(formset.has_changed() for formset in formsets):
            mark_edited(form.instance.claim, user=request.user)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Leads back to the claim."""
        return HttpResponseRedirect(reverse("admin:events_claim_change", args=[obj.claim_id]))


class ResolveForm(acts.ReasonForm):
    """How a contradiction is resolved, and why."""

    field_order = ("resolution", "reason")
    resolution = forms.ChoiceField(choices=[(code, code) for code in Resolution.values])


@admin.action(description="Resolve, with a reason", permissions=["publish"])
def resolve_selected(
    model_admin: Any, request: HttpRequest, rows: QuerySet[Any]
) -> TemplateResponse | None:
    """Say how contradictions are resolved, each in a change set of its own."""
    if rows.count() > acts.MERGED:
        text = f"At most {acts.MERGED} contradictions are resolved at a time: select fewer."
        model_admin.message_user(request, text, messages.ERROR)
        return None
    form = ResolveForm(request.POST if "reason" in request.POST else None)
    form.fields["reason"].help_text = "Say why. The reason is public."
    if not form.is_valid():
        what = "The resolution stays, however often contradictions are computed anew."
        return acts.page(model_admin, request, rows, form, "resolve_selected", "Resolve", what)
    for row in rows:
        try:
            done = resolve(row.pk, **form.cleaned_data, user=request.user, role=acts.ROLE)
        except PublishError as error:
            acts.show_problems(model_admin, request, error.problems)
        else:
            acts.say(model_admin, request, done, f"Resolved as {form.cleaned_data['resolution']}")
    return None


@admin.register(Contradiction)
class ContradictionAdmin(ReadOnlyAdmin):
    """Contradictions follow from the claims; how one is resolved is for a curator to say."""

    list_display = ("rule_code", "one", "another", "resolution_code", "standing", "updated")
    list_filter = (*((name, CodeFilter) for name in ("resolution", "rule", "state")), "dataset")
    list_select_related = ("first__claimant", "second__claimant")
    search_fields = ("first__statement", "second__statement")
    ordering = ("-updated_at", "-pk")
    fields = readonly_fields = (
        *("rule_code", "differ", "one", "another"),
        *("resolution_code", "resolution_reason", "standing", "dataset", "updated", "json"),
    )
    actions = (resolve_selected,)
    change_form_template = "admin/records/change_form.html"

    class Media:
        css = {"all": ["records/admin.css"]}

    def has_publish_permission(self, request: HttpRequest) -> bool:
        """Whether the account may say how contradictions are resolved."""
        return bool(
            request.user.has_perm("records.publish")
            and request.user.has_perm("events.change_contradiction")
        )

    @admin.display(description="rule", ordering="rule")
    def rule_code(self, row: Contradiction) -> str:
        """The rule by its code, as the API writes it."""
        return row.rule

    @admin.display(description="resolution", ordering="resolution")
    def resolution_code(self, row: Contradiction) -> str:
        """The resolution by its code, as the API writes it."""
        return row.resolution

    @admin.display(description="state", ordering="state")
    def standing(self, row: Contradiction) -> str:
        """The state by its code: `retracted` where the two no longer contradict each other."""
        return row.state

    @admin.display(description="one side")
    def one(self, row: Contradiction) -> str:
        """The first claim and who said it."""
        return self._side(row.first)

    @admin.display(description="other side")
    def another(self, row: Contradiction) -> str:
        """The other claim and who said it."""
        return self._side(row.second)

    def _side(self, claim: Claim) -> str:
        url = reverse("admin:events_claim_change", args=[claim.pk])
        return format_html(
            '{}: <a href="{}">{}</a>', claim.claimant.name, url, short(claim.statement)
        )

    @admin.display(description="updated", ordering="updated_at")
    def updated(self, row: Contradiction) -> str:
        """The day on which it was last changed, in UTC."""
        return f"{row.updated_at:%Y-%m-%d}"

    def _body(self, row: Contradiction) -> Any:
        version = ContradictionRecord.objects.current().filter(object_id=row.pk).first()
        return json.loads(version.body) if version else None

    @admin.display(description="what differs")
    def differ(self, row: Contradiction) -> str:
        """What differs, in words."""
        body = self._body(row)
        return body["difference"]["text"] if body else "-"

    @admin.display(description="public record")
    def json(self, row: Contradiction) -> str:
        """The JSON as served, indented."""
        return pretty(self._body(row))

    def render_change_form(self, request: HttpRequest, context: Any, **kwargs: Any) -> Any:
        row = kwargs["obj"]
        may = self.has_publish_permission(request)
        context["head"] = {
            "standing": row.resolution,
            "links": [(f"/api/v1/contradictions/{row.pk}/", "public record")],
            "acts": [("resolve_selected", "Resolve …")] if may else [],
            "changed": f"last changed {row.updated_at:%Y-%m-%d %H:%M} UTC",
        }
        return super().render_change_form(request, context, **kwargs)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Leads back to the page of the contradiction where the act was asked for there."""
        answer = super().response_action(request, queryset)
        back = queryset.filter(pk__in=request.POST.getlist(acts.BACK)).first()
        if isinstance(answer, HttpResponseRedirect) and back is not None:
            url = reverse("admin:events_contradiction_change", args=[back.pk])
            return HttpResponseRedirect(url)
        return answer


register_rest("events")
