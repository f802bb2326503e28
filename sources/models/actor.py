"""Actors: who takes part in events."""

from django.db import models
from django.db.models import F, Q

from records.models import Code, Curated, Name
from records.models.constraints import known
from sources.querysets import ActorQuerySet


class ActorKind(models.TextChoices):
    """What kind of actor it is."""

    STATE = "state", "state"
    POLITICAL_PARTY = "political_party", "political party"
    PERSON = "person", "person"
    ORGANIZATION = "organization", "organization"
    GOVERNMENT = "government", "government"
    MINISTRY = "ministry", "ministry"
    ARMED_FORCE = "armed_force", "armed force"
    UNIT = "unit", "unit"
    GROUP = "group", "group"
    COLLECTIVE = "collective", "collective"


class Actor(Curated):
    """A person, organisation, government or armed force that takes part in events.

    Actors nest. The root of an actor's chain is its party: an editorial grouping, with a reason.
    """

    name = models.CharField(max_length=200, help_text="The name to show.")
    kind = models.CharField(max_length=16, choices=ActorKind, help_text="What kind of actor it is.")
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        help_text="The actor that it is a part of or answers to.",
    )
    party_reason = models.CharField(
        max_length=300,
        null=True,
        blank=True,
        help_text="Why it is counted with its party, or is a party of its own.",
    )

    objects = ActorQuerySet.as_manager()

    class Meta(Curated.Meta):
        abstract = False
        ordering = ["name", "id"]
        constraints = [
            *Curated.Meta.constraints,
            known("kind", ActorKind),
            models.CheckConstraint(
                name="sources_actor_not_its_own_parent",
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ActorName(Name):
    """One more name of an actor."""

    actor = models.ForeignKey(
        Actor, models.CASCADE, related_name="names", help_text="Whose name it is."
    )

    class Meta(Name.Meta):
        abstract = False
        ordering = ["actor", "name", "id"]
        constraints = [*Name.Meta.constraints]


class ActorCode(Code):
    """An actor's code in a scheme of others."""

    actor = models.ForeignKey(
        Actor, models.CASCADE, related_name="codes", help_text="Whose code it is."
    )

    class Meta(Code.Meta):
        abstract = False
        ordering = ["actor", "scheme", "-preferred", "code"]
        constraints = [
            *Code.Meta.constraints,
            models.UniqueConstraint(
                fields=["actor", "scheme"],
                condition=Q(preferred=True),
                name="sources_actorcode_one_preferred",
            ),
        ]
