"""What the first page of the admin says is waiting."""

from typing import Any, NamedTuple

from django import template
from django.urls import reverse

from records.models import Refresh, ReviewItem, State
from records.registry import record_of, resources

register = template.Library()


class Waiting(NamedTuple):
    """Work of one kind: how much there is, of what, and the list of it."""

    number: int
    what: str
    url: str


@register.simple_tag
def waiting(user: Any) -> list[Waiting]:
    """What waits for a curator, of what the account may see; one query a kind."""
    found = []
    if user.has_perm("records.view_reviewitem"):
        count = ReviewItem.objects.filter(resolved_at__isnull=True).count()
        url = reverse("admin:records_reviewitem_changelist")
        found.append(Waiting(count, "open questions", url))
    for resource in resources():
        model = record_of(resource).shape.model
        options = model._meta
        if user.has_perm(f"{options.app_label}.view_{options.model_name}"):
            unpublished = [State.DRAFT, State.IN_REVIEW]
            count = model._default_manager.filter(state__in=unpublished).count()
            url = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
            what = f"{options.verbose_name_plural} not published as they stand"
            found.append(Waiting(count, what, f"{url}?standing=unpublished"))
    if user.has_perm("records.view_refresh"):
        url = reverse("admin:records_refresh_changelist")
        found.append(Waiting(Refresh.objects.count(), "records in the refresh queue", url))
    return found
