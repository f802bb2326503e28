"""What a curator can do to the rows selected in a list: publish, retract, restore, discard."""

from collections import defaultdict
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from records import publishing
from records.admin.forms import label_of
from records.models import ChangeSet
from records.registry import record_of, resource_of

#: The role in which the admin acts; public in the change log.
ROLE = "curator"
#: As many rows as a change set holds.
MOST = 5_000
#: As many rows, or problems, as a page names.
SHOWN = 20


class ReasonForm(forms.Form):
    """One text that must not be empty."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 4, "cols": 80}), max_length=2000)


def ask(
    model_admin: Any, request: HttpRequest, rows: QuerySet[Any], act: str, title: str, why: str
) -> str | TemplateResponse:
    """The text that goes with an act, or the page that asks for it.

    `why` stands over the text and says who will read it.
    """
    answered = "reason" in request.POST
    form = ReasonForm(request.POST if answered else None)
    if answered and form.is_valid():
        return str(form.cleaned_data["reason"])
    options = model_admin.opts
    named = list(rows[: SHOWN + 1])
    count = rows.count()
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": options,
        "form": form,
        "why": why,
        "act": act,
        "rows": [(_url(row), label_of(row)) for row in named[:SHOWN]],
        "more": max(count - SHOWN, 0),
        "checkbox": ACTION_CHECKBOX_NAME,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "across": request.POST.get("select_across", "0"),
        "media": model_admin.media,
    }
    return TemplateResponse(request, "admin/records/reason.html", context)


def objects(rows: QuerySet[Any]) -> list[tuple[str, Any]]:
    """The rows as pairs of their resource and id, as publishing takes them."""
    resource = resource_of(rows.model)
    return [(resource, row_id) for row_id in rows.values_list("pk", flat=True)]


def show_problems(
    model_admin: Any, request: HttpRequest, problems: list[publishing.Problem]
) -> None:
    """Say beside the name of each row why it was refused; one query a resource."""
    ids: dict[str, list[str]] = defaultdict(list)
    for problem in problems[:SHOWN]:
        ids[problem.resource].append(problem.object_id)
    rows = {
        (resource, str(row.pk)): row
        for resource, wanted in ids.items()
        for row in record_of(resource).shape.model._default_manager.filter(pk__in=wanted)
    }
    for problem in problems[:SHOWN]:
        row = rows.get((problem.resource, problem.object_id))
        if row is None:
            model_admin.message_user(request, str(problem), messages.ERROR)
            continue
        text = format_html('<a href="{}">{}</a> {}', _url(row), label_of(row), problem.detail)
        model_admin.message_user(request, text, messages.ERROR)
    if len(problems) > SHOWN:
        more = f"… and {len(problems) - SHOWN} more. Nothing was changed."
        model_admin.message_user(request, more, messages.ERROR)


def _url(row: Any) -> str:
    options = row._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])


def _too_many(model_admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> bool:
    if rows.count() <= MOST:
        return False
    text = f"One change set holds at most {MOST:,} rows: select fewer."
    model_admin.message_user(request, text, messages.ERROR)
    return True


def _say(model_admin: Any, request: HttpRequest, done: ChangeSet | None, what: str) -> None:
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
        _say(model_admin, request, done, "Published")


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
        _say(model_admin, request, done, "Retracted")
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
            _say(model_admin, request, done, "Restored")
    return None


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
