"""Constraints that several models share. Names are `<app>_<model>_<rule>`."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import BooleanField, CheckConstraint, Func, Q


def known(field: str, choices: type[models.TextChoices]) -> CheckConstraint:
    """`field` holds a value of its code list, or null where the column allows it."""
    return CheckConstraint(
        name=f"%(app_label)s_%(class)s_{field}_known",
        condition=Q(**{f"{field}__in": choices.values}),
    )


def spans_field(help_text: str) -> ArrayField:
    """Spans of a text: pairs of code point offsets, end-exclusive, in order."""
    return ArrayField(
        ArrayField(models.IntegerField(), size=2), default=list, blank=True, help_text=help_text
    )


class SpansOrdered(Func):
    """Whether spans are pairs in ascending order that neither overlap nor are empty."""

    function = "dateline_spans_ordered"
    output_field = BooleanField()


class SpansWithin(Func):
    """Whether each span of the first list lies inside one of the second."""

    function = "dateline_spans_within"
    output_field = BooleanField()
