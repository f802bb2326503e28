"""Links between events and between claims.

`same_as` and `contradicts` are symmetric: stored once, from the lower id to the higher, and shown
on both sides.
"""

from django.db import models
from django.db.models import F, Q

from records.models.constraints import known


class EventLinkKind(models.TextChoices):
    """How one event relates to another."""

    PART_OF = "part_of", "is part of"
    CAUSES = "causes", "causes"
    ENABLES = "enables", "enables"
    PRECEDES = "precedes", "precedes"
    RESPONDS_TO = "responds_to", "responds to"
    SAME_AS = "same_as", "is the same as"


class EventLink(models.Model):
    """That one event relates to another, and the claim that says so."""

    event = models.ForeignKey(
        "events.Event", models.CASCADE, related_name="relations", help_text="Where it starts."
    )
    kind = models.CharField(
        max_length=16, choices=EventLinkKind, help_text="How the first relates to the other."
    )
    target = models.ForeignKey(
        "events.Event", models.PROTECT, related_name="related_by", help_text="The other event."
    )
    phrase = models.CharField(
        max_length=120,
        null=True,
        blank=True,
        help_text="The words that say so, such as their order.",
    )
    claim = models.ForeignKey(
        "events.Claim",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="event_links",
        help_text="The claim that says so.",
    )

    class Meta:
        ordering = ["event", "kind", "target"]
        constraints = [
            known("kind", EventLinkKind),
            models.UniqueConstraint(
                fields=["event", "kind", "target", "claim"],
                nulls_distinct=False,
                name="events_eventlink_once",
            ),
            models.CheckConstraint(
                name="events_eventlink_to_another", condition=~Q(event=F("target"))
            ),
            models.CheckConstraint(
                name="events_eventlink_symmetric_stored_once",
                condition=~Q(kind="same_as") | Q(event__lt=F("target")),
            ),
            models.CheckConstraint(
                name="events_eventlink_cause_is_claimed",
                condition=~Q(kind__in=["causes", "enables", "responds_to"])
                | Q(claim__isnull=False),
                violation_error_message="Name the claim that says so: "
                "causes, enables and responds_to are never stated in our own voice.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.kind} {self.target_id}"


class ClaimLinkKind(models.TextChoices):
    """How one claim relates to another."""

    SAME_AS = "same_as", "says the same as"
    REPEATS = "repeats", "only repeats"
    ELABORATES = "elaborates", "elaborates"
    SUPPORTS = "supports", "supports"
    CONTRADICTS = "contradicts", "contradicts"
    LIMITS = "limits", "limits"
    SUPERSEDES = "supersedes", "supersedes"
    RESPONDS_TO = "responds_to", "responds to"
    PRECEDES = "precedes", "precedes"


class Difference(models.TextChoices):
    """In what two claims differ."""

    VALUE = "value", "a value"
    NEGATION = "negation", "one denies the other"
    TEMPORAL = "temporal", "the time"
    LEGAL = "legal", "the law"
    WORDING = "wording", "the wording"
    SCOPE = "scope", "the scope"


class ClaimLink(models.Model):
    """That one claim relates to another."""

    claim = models.ForeignKey(
        "events.Claim", models.CASCADE, related_name="relations", help_text="Where it starts."
    )
    kind = models.CharField(
        max_length=16, choices=ClaimLinkKind, help_text="How the first relates to the other."
    )
    target = models.ForeignKey(
        "events.Claim", models.PROTECT, related_name="related_by", help_text="The other claim."
    )
    phrase = models.CharField(
        max_length=120,
        null=True,
        blank=True,
        help_text="The words that say so, such as their order.",
    )
    how = models.CharField(
        max_length=16,
        choices=Difference,
        null=True,
        blank=True,
        help_text="For `contradicts`: in what the two differ.",
    )

    class Meta:
        ordering = ["claim", "kind", "target"]
        constraints = [
            known("kind", ClaimLinkKind),
            known("how", Difference),
            models.UniqueConstraint(
                fields=["claim", "kind", "target"], name="events_claimlink_once"
            ),
            models.CheckConstraint(
                name="events_claimlink_to_another", condition=~Q(claim=F("target"))
            ),
            models.CheckConstraint(
                name="events_claimlink_symmetric_stored_once",
                condition=~Q(kind__in=["same_as", "contradicts"]) | Q(claim__lt=F("target")),
            ),
            models.CheckConstraint(
                name="events_claimlink_contradiction_says_how",
                condition=Q(kind="contradicts", how__isnull=False)
                | (~Q(kind="contradicts") & Q(how__isnull=True)),
                violation_error_message="A contradiction, and nothing else, says how.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} {self.kind} {self.target_id}"
