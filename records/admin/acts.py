"""What a curator can do to rows, selected in a list or from the page of one.

Publish, retract, restore, merge, send to review, discard, look for duplicates.
"""

import re
from collections import defaultdict
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from records import publishing
from records.admin.forms import Choice, label_of
from records.models import ChangeSet, ReviewItem, State
from records.registry import comparison, record_of, resource_of, resources

#: The role in which the admin acts; public in the change log.
ROLE = "curator"
#: As many rows as a change set holds.
MOST = 5_000
#: As many rows, or problems, as a page names.
SHOWN = 20
#: As many rows as are merged into one at a time: each is a change set of its own.
MERGED = 20
#: As many rows as duplicates are looked for at a time.
COMPARED = 500
#: The name under which the page of a row posts its id, to be led back to.
BACK = "back"
#: How a refusal tells a row: its resource and id.
_ROW = re.compile(r"\b([a-z_]+)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")


class ReasonForm(forms.Form):
    """One text that must not be empty."""

    required_css_class = "required"
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 4, "cols": 80}), max_length=2000)


class MergeForm(ReasonForm):
    """The row that others are merged into, and why."""

    field_order = ("into", "reason")

    def __init__(self, model_admin: Any, request: HttpRequest, *args: Any) -> None:
        super().__init__(*args)
        self.request = request
        relation = model_admin.model._meta.get_field("merged_into")
        public = model_admin.get_queryset(request).filter(is_public=True)
        self.fields["into"] = forms.ModelChoiceField(
            public.exclude(state=State.RETRACTED).select_related(*model_admin.label_related),
            label="Merge into",
            widget=Choice(relation, model_admin.admin_site),
            help_text="The row that stays. Only public rows can be chosen.",
            error_messages={"invalid_choice": "This row is not public any more."},
        )
        self.order_fields(self.field_order)
        # Where the page of a pair leads here, it names the survivor.
        self.initial["into"] = request.POST.get("into", "")

    def clean_into(self) -> Any:
        """A row that is not the only one selected."""
        into = self.cleaned_data["into"]
        if self.request.POST.getlist(ACTION_CHECKBOX_NAME) == [str(into.pk)]:
            raise forms.ValidationError("A row cannot be merged into itself: choose another.")
        return into


def ask(
    model_admin: Any, request: HttpRequest, rows: QuerySet[Any], act: str, title: str, why: str
) -> str | TemplateResponse:
    """The text that goes with an act, or the page that asks for it.

    `why` stands over the text and says who will read it.
    """
    answered = "reason" in request.POST
    form = ReasonForm(request.POST if answered else None)
    form.fields["reason"].help_text = why
    if answered and form.is_valid():
        return str(form.cleaned_data["reason"])
    return page(model_admin, request, rows, form, act, title)


def page(
    model_admin: Any,
    request: HttpRequest,
    rows: QuerySet[Any],
    form: forms.Form,
    act: str,
    title: str,
    what: str = "",
) -> TemplateResponse:
    """The page that names the rows and asks for what an act needs; `what` says what it does."""
    options = model_admin.opts
    named = list(rows[: SHOWN + 1])
    count = rows.count()
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": options,
        "form": form,
        "what": what,
        "act": act,
        "rows": [(_url(row), label_of(row)) for row in named[:SHOWN]],
        "more": max(count - SHOWN, 0),
        "checkbox": ACTION_CHECKBOX_NAME,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "across": request.POST.get("select_across", "0"),
        "back": request.POST.get(BACK, ""),
        "media": model_admin.media + form.media,
    }
    return TemplateResponse(request, "admin/records/act.html", context)


def objects(rows: QuerySet[Any]) -> list[tuple[str, Any]]:
    """The rows as pairs of their resource and id, as publishing takes them."""
    resource = resource_of(rows.model)
    return [(resource, row_id) for row_id in rows.values_list("pk", flat=True)]


def show_problems(
    model_admin: Any, request: HttpRequest, problems: list[publishing.Problem]
) -> None:
    """Say beside the name of each row why it was refused; one query a resource.

    Rows that a refusal tells by their ids are named, and lead to their pages, too.
    """
    shown = [(f"{p.resource}/{p.object_id}", p.detail) for p in problems[:SHOWN]]
    rows = _rows_of(_ROW.findall(" ".join(map(" ".join, shown))))
    for key, detail in shown:
        sign = ":" if _ROW.match(detail) else ""  # between two names
        text = format_html("{}{} {}", _linked(key, rows), sign, _linked(detail, rows))
        model_admin.message_user(request, text, messages.ERROR)
    if len(problems) > SHOWN:
        more = f"… and {len(problems) - SHOWN} more. Nothing was changed."
        model_admin.message_user(request, more, messages.ERROR)


def _rows_of(keys: list[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    ids: dict[str, set[str]] = defaultdict(set)
    for resource, object_id in keys:
        if resource in resources():
            ids[resource].add(object_id)
    return {
        (resource, str(row.pk)): row
        for resource, wanted in ids.items()
        for row in record_of(resource).shape.model._default_manager.filter(pk__in=wanted)
    }


def _linked(text: str, rows: dict[tuple[str, str], Any]) -> str:
    """A text with the name of each known row in place of its resource and id."""
    parts = []
    at = 0
    for match in _ROW.finditer(text):
        row = rows.get((match[1], match[2]))
        if row is not None:
            link = format_html('<a href="{}">{}</a>', _url(row), label_of(row))
            parts += [text[at : match.start()], link]
            at = match.end()
    return format_html_join("", "{}", [(part,) for part in [*parts, text[at:]]])


def _url(row: Any) -> str:
    options = row._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])


def _too_many(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> bool:
    if rows.count() <= MOST:
        return False
    text = f"One change set holds at most {MOST:,} rows: select fewer."
    model_admin.message_user(request, text, messages.ERROR)
    return True


def say(model_admin: Any, request: HttpRequest, done: ChangeSet | None, what: str) -> None:
    """Tell what an act made public, and under which numbers."""
    if done is None:
        text, level = "Nothing differs from what is public.", messages.INFO
    else:
        count = done.last_seq - done.first_seq + 1
        numbers = f"number {done.first_seq}" if count == 1 else f"numbers {done}"
        versions = "1 new version" if count == 1 else f"{count} new versions"
        text, level = f"{what}: {versions}, {numbers}.", messages.SUCCESS
    model_admin.message_user(request, text, level)


@admin.action(description="Publish", permissions=["publish"])
def publish(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> None:
    """Make the rows public as they stand, in one change set."""
    if _too_many(model_admin, request, rows):
        return
    try:
        done = publishing.publish(objects(rows), user=request.user, role=ROLE)
    except publishing.PublishError as error:
        show_problems(model_admin, request, error.problems)
    else:
        say(model_admin, request, done, "Published")


@admin.action(description="Retract, with a reason", permissions=["publish"])
def retract(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> TemplateResponse | None:
    """Withdraw public rows, in one change set."""
    if _too_many(model_admin, request, rows):
        return None
    why = "Say why. The reason is public, and stays in the record for good."
    reason = ask(model_admin, request, rows, "retract", "Retract", why)
    if isinstance(reason, TemplateResponse):
        return reason
    try:
        done = publishing.retract(objects(rows), reason=reason, user=request.user, role=ROLE)
    except publishing.PublishError as error:
        show_problems(model_admin, request, error.problems)
    else:
        say(model_admin, request, done, "Retracted")
    return None


@admin.action(description="Restore what was retracted, with a reason", permissions=["publish"])
def restore(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> TemplateResponse | None:
    """Undo a retraction or a merge, row by row."""
    why = "Say why it is public again. The reason is public."
    reason = ask(model_admin, request, rows, "restore", "Restore", why)
    if isinstance(reason, TemplateResponse):
        return reason
    for resource, row_id in objects(rows[:MOST]):
        try:
            done = publishing.restore(resource, row_id, reason=reason, user=request.user, role=ROLE)
        except publishing.PublishError as error:
            show_problems(model_admin, request, error.problems)
        else:
            say(model_admin, request, done, "Restored")
    return None


@admin.action(description="Merge into another, with a reason", permissions=["publish"])
def merge(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> TemplateResponse | None:
    """Merge public rows into one, each in a change set of its own; `restore` undoes it."""
    if rows.count() > MERGED:
        text = f"At most {MERGED} rows are merged at a time: select fewer."
        model_admin.message_user(request, text, messages.ERROR)
        return None
    form = MergeForm(model_admin, request, request.POST if "reason" in request.POST else None)
    form.fields["reason"].help_text = "Say how you know that they are the same. Public."
    if not form.is_valid():
        what = (
            "Each of these is retracted and leads to the row that you choose. What refers to it "
            "refers to that row then; its names, codes and origins move there. “Restore” undoes "
            "it, until what was moved has been published anew."
        )
        return page(model_admin, request, rows, form, "merge", "Merge", what)
    into, reason = form.cleaned_data["into"], form.cleaned_data["reason"]
    for resource, row_id in objects(rows.exclude(pk=into.pk)):
        try:
            done = publishing.merge(
                resource, row_id, into.pk, reason=reason, user=request.user, role=ROLE
            )
        except publishing.PublishError as error:
            show_problems(model_admin, request, error.problems)
        else:
            _settle(resource, row_id, into.pk, reason)
            say(model_admin, request, done, f"Merged into {label_of(into)}")
    return None


def _settle(resource: str, loser: Any, survivor: Any, reason: str) -> None:
    """Resolve the question whether two rows are one, now that they are."""
    about = Q(object_id=loser, member=str(survivor)) | Q(object_id=survivor, member=str(loser))
    ReviewItem.objects.filter(
        about, kind=ReviewItem.Kind.DUPLICATE, resource=resource, resolved_at__isnull=True
    ).update(resolved_at=timezone.now(), resolution=f"Merged: {reason}")


@admin.action(description="Look for duplicates of the selected", permissions=["change"])
def look_for_duplicates(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> None:
    """Ask about public rows that may be one with the selected; nothing is merged."""
    resource = resource_of(rows.model)
    look_for = comparison(resource)
    assert look_for is not None  # the act is offered only then
    if rows.count() > COMPARED:
        text = f"At most {COMPARED} rows are compared at a time: use manage.py find_duplicates."
        model_admin.message_user(request, text, messages.ERROR)
        return
    left = rows.filter(is_public=False).count()
    if left:
        text = f"Left alone, because only public rows are compared: {left}."
        model_admin.message_user(request, text, messages.WARNING)
    new, waiting = look_for(list(rows.filter(is_public=True).values_list("pk", flat=True)))
    if not waiting:
        text = "No pair was found that may be one and is not settled."
        model_admin.message_user(request, text, messages.INFO)
        return
    pairs = "1 pair" if len(waiting) == 1 else f"{len(waiting)} pairs"
    text = f"{pairs} may be one; asked about now: {new}."
    if request.user.has_perm("records.view_reviewitem"):  # type: ignore[union-attr]
        url = reverse("admin:records_reviewitem_changelist")
        asked = f"kind__exact={ReviewItem.Kind.DUPLICATE}&resource={resource}"
        if len(waiting) <= SHOWN:
            asked = "id__in=" + ",".join(str(item.pk) for item in waiting)
        text = format_html('{} <a href="{}?{}">Look at them</a>', text, url, asked)
    model_admin.message_user(request, text, messages.SUCCESS)


@admin.action(description="Send to review", permissions=["change"])
def submit(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> None:
    """Mark drafts as ready to be looked at by somebody else; nothing becomes public."""
    done = model_admin.model._default_manager.filter(
        pk__in=rows.values("pk"), state=State.DRAFT
    ).update(state=State.IN_REVIEW)
    left = rows.count() - done
    if done:
        model_admin.message_user(request, f"Sent to review: {done}.", messages.SUCCESS)
    if left:
        text = f"Left alone, because they are no drafts: {left}."
        model_admin.message_user(request, text, messages.WARNING)


@admin.action(description="Discard unpublished edits", permissions=["change"])
def discard(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> None:
    """Take back the edits of drafts of public rows; what was never published is left alone."""
    edited = rows.filter(state__in=["draft", "in_review"], is_public=True)
    reverted = objects(edited[:MOST])
    left = rows.count() - len(reverted)
    for resource, row_id in reverted:
        publishing.discard(resource, row_id, user=request.user)
    if reverted:
        text = f"{len(reverted)} rows say again what their record says."
        model_admin.message_user(request, text, messages.SUCCESS)
    if left:
        text = f"{left} rows have no edits of a public version to discard, and were left alone."
        model_admin.message_user(request, text, messages.WARNING)
