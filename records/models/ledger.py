"""The one global sequence: change sets, changes, and the work that a change leaves behind."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Op(models.TextChoices):
    """What a change did to a record."""

    ADD = "add", "first published, or published again after a retraction"
    MODIFY = "modify", "changed"
    RETRACT = "retract", "withdrawn"
    MERGE = "merge", "merged into another"
    ERASE = "erase", "erased in every version"


class Cause(models.TextChoices):
    """Why a record changed."""

    EDIT = "edit", "somebody edited it"
    IMPORT = "import", "an import brought it"
    MERGE = "merge", "a merge moved it"
    REFERENCE = "reference", "something that it embeds changed"
    DERIVED = "derived", "it is computed from other records"
    SCHEMA = "schema", "the form of the records changed"
    ERASE = "erase", "it was erased"


class ChangeSet(models.Model):
    """Changes that were committed together: one row, a dossier, a merge, a batch of an import.

    `last_seq` of the newest change set is the newest number of the sequence.
    """

    first_seq = models.BigIntegerField(help_text="Number of its first change.")
    last_seq = models.BigIntegerField(unique=True, help_text="Number of its last change.")
    recorded_at = models.DateTimeField(unique=True, help_text="The instant of all its changes.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="The account that made it. Never public.",
    )
    role = models.CharField(
        max_length=32, blank=True, default="", help_text="In which role it was made."
    )
    reason = models.TextField(blank=True, default="", help_text="Why it was made. Public.")
    undo = models.JSONField(
        null=True, help_text="What a merge moved, so that it can be undone. Never public."
    )

    class Meta:
        ordering = ["-last_seq"]
        permissions = [("publish", "Can publish, retract, merge and restore")]
        constraints = [
            models.CheckConstraint(
                name="records_changeset_numbers_ordered",
                condition=Q(first_seq__gte=1) & Q(first_seq__lte=F("last_seq")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_seq}-{self.last_seq}"


class Change(models.Model):
    """One number of the sequence: which record got a new version, and why."""

    seq = models.BigIntegerField(primary_key=True, help_text="Its number in the sequence.")
    # Written with its change set, and append-only as it is: no look-up for each.
    change_set = models.ForeignKey(
        ChangeSet,
        models.PROTECT,
        db_constraint=False,
        related_name="changes",
        help_text="What it was committed with.",
    )
    op = models.CharField(max_length=8, choices=Op, help_text="What was done.")
    cause = models.CharField(max_length=16, choices=Cause, help_text="Why it was done.")
    resource = models.CharField(max_length=32, help_text="The record's resource.")
    object_id = models.UUIDField(help_text="The record's id.")
    version = models.IntegerField(help_text="Which version of the record it made.")
    dataset = models.CharField(
        max_length=64, null=True, help_text="The home data set of the record, if it has one."
    )

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(
                fields=["resource", "object_id", "version"], name="records_change_version"
            )
        ]
        indexes = [
            models.Index(fields=["resource", "seq"], name="records_change_resource"),
            models.Index(fields=["cause", "seq"], name="records_change_cause"),
            models.Index(fields=["dataset", "seq"], name="records_change_dataset"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.op} {self.resource}/{self.object_id}"


class Refresh(models.Model):
    """A record that is still to follow a change elsewhere: the queue of large fan-outs."""

    resource = models.CharField(max_length=32, help_text="The record's resource.")
    object_id = models.UUIDField(help_text="The record's id.")
    because_seq = models.BigIntegerField(help_text="The change that made it necessary.")
    derived = models.BooleanField(
        default=False,
        help_text="Whether what is computed from other records is to be computed anew.",
    )
    created_at = models.DateTimeField(auto_now_add=True, help_text="Since when it waits.")

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "refreshes"
        constraints = [
            models.UniqueConstraint(fields=["resource", "object_id"], name="records_refresh_once")
        ]

    def __str__(self) -> str:
        return f"{self.resource}/{self.object_id}"


class Erasure(models.Model):
    """That a record was erased in every version, so that whoever holds a copy can follow."""

    resource = models.CharField(max_length=32, help_text="The record's resource.")
    object_id = models.UUIDField(help_text="The record's id.")
    seq = models.BigIntegerField(unique=True, help_text="The change that erased it.")
    reason = models.TextField(help_text="Why it was erased. Public.")

    class Meta:
        ordering = ["-seq"]

    def __str__(self) -> str:
        return f"{self.resource}/{self.object_id}"
