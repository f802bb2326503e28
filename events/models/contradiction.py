"""Contradictions: two claims that cannot both hold, and how a curator resolved it.

Rows are made and withdrawn by `events.derivation`; nobody adds one. What a curator decides of one
is kept here, and survives every recomputation.
"""

from django.db import models
from django.db.models import F, Q

from events.querysets import ContradictionQuerySet
from records.models import Curated
from records.models.constraints import known


class Rule(models.TextChoices):
    """By which rule two claims contradict each other."""

    NEGATION = "negation", "one denies what the other affirms"
    CONTROL = "control", "two parties are said to control one place"
    SOVEREIGNTY = "sovereignty", "two parties are said to be sovereign of one place"
    QUANTITY = "quantity", "two figures that exclude each other"
    RESPONSIBILITY = "responsibility", "two actors are said to have done it"
    OUTCOME = "outcome", "two actors are said to have won"
    CURATED = "curated", "a curator joined them"


class Resolution(models.TextChoices):
    """How a contradiction is resolved."""

    UNRESOLVED = "unresolved", "unresolved"
    CHANGE_OVER_TIME = "change_over_time", "both held, one after the other"
    ERROR = "error", "one of them is an error"
    BOTH_POSSIBLE = "both_possible", "both are possible"
    QUOTATION_GOVERNS = "quotation_governs", "the quotation governs the paraphrase"


class Level(models.TextChoices):
    """How far what is said is corroborated, counted by origin; each is more than the one before."""

    UNCORROBORATED = "uncorroborated", "at most one origin whose standing is known"
    SAME_PARTY = "same_party", "several origins of one party"
    THIRD_PARTY = "third_party", "a party and an independent origin, or two independent origins"
    CROSS_PARTY = "cross_party", "two parties"


class Contradiction(Curated):
    """That two claims cannot both hold. Its id is made from the rule and the ids of the two."""

    rule = models.CharField(max_length=16, choices=Rule, help_text="By which rule.")
    first = models.ForeignKey(
        "events.Claim",
        models.PROTECT,
        related_name="+",
        help_text="The claim of the lower id.",
    )
    second = models.ForeignKey(
        "events.Claim", models.PROTECT, related_name="+", help_text="The other claim."
    )
    resolution = models.CharField(
        max_length=20,
        choices=Resolution,
        default=Resolution.UNRESOLVED,
        help_text="How it is resolved; a later and larger figure of a count that only grows "
        "starts as `change_over_time`.",
    )
    resolution_reason = models.TextField(
        null=True,
        blank=True,
        help_text="Why a curator resolved it so; null where no curator has decided.",
    )

    objects = ContradictionQuerySet.as_manager()

    class Meta(Curated.Meta):
        abstract = False
        ordering = ["id"]
        constraints = [
            *Curated.Meta.constraints,
            known("rule", Rule),
            known("resolution", Resolution),
            models.UniqueConstraint(
                fields=["rule", "first", "second"], name="events_contradiction_once"
            ),
            models.CheckConstraint(
                name="events_contradiction_of_two", condition=Q(first__lt=F("second"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.first_id} and {self.second_id}"
