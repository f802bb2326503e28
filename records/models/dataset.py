"""Where rows come from as a batch, and what waits for a curator."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Redistribution(models.TextChoices):
    """What may be done with a data set's rows once they have been loaded."""

    OPEN = "open", "open"
    ATTRIBUTION = "attribution", "with attribution"
    SHARE_ALIKE = "share_alike", "under the same terms"
    FORBIDDEN = "forbidden", "forbidden"


class Dataset(models.Model):
    """One dossier or imported file series: who made it, under which terms, in which version."""

    class State(models.TextChoices):
        LOADING = "loading", "loading into the workspace"
        PUBLISHING = "publishing", "publishing"
        COMPLETE = "complete", "complete"

    slug = models.SlugField(
        max_length=64, unique=True, help_text="Short name of the data set, used in filters."
    )
    title = models.CharField(max_length=200, help_text="Title of the data set.")
    version = models.CharField(
        max_length=64, blank=True, default="", help_text="The publisher's version, as given."
    )
    publisher = models.CharField(
        max_length=200, blank=True, default="", help_text="Who publishes the data set."
    )
    licence = models.CharField(
        max_length=200, blank=True, default="", help_text="Name of the licence or terms of use."
    )
    licence_url = models.URLField(
        max_length=500, blank=True, default="", help_text="Where the licence can be read."
    )
    attribution = models.TextField(
        blank=True, default="", help_text="The credit that is due wherever its rows are shown."
    )
    redistribution = models.CharField(
        max_length=16,
        choices=Redistribution,
        default=Redistribution.OPEN,
        help_text="What may be done with its rows: "
        "`open`, `attribution`, `share_alike` or `forbidden`.",
    )
    sha256 = models.CharField(
        max_length=64, blank=True, default="", help_text="SHA-256 of the loaded file or files."
    )
    state = models.CharField(
        max_length=16,
        choices=State,
        default=State.COMPLETE,
        help_text="How far its loading has got: `loading`, `publishing` or `complete`.",
    )
    progress = models.JSONField(
        default=dict,
        blank=True,
        help_text="What its newest import has done so far: rows read, rows rejected, repairs by "
        "kind, and records added, changed and withdrawn. Empty for a dossier.",
    )
    updated_at = models.DateTimeField(auto_now=True, help_text="When it was last loaded.")

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                name="records_dataset_redistribution_known",
                condition=Q(redistribution__in=Redistribution.values),
            ),
            models.CheckConstraint(
                name="records_dataset_state_known",
                condition=Q(state__in=["loading", "publishing", "complete"]),
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class Origin(models.Model):
    """That a row is in a data set, and by which id it is known there."""

    dataset = models.ForeignKey(
        Dataset, models.PROTECT, related_name="origins", help_text="The data set."
    )
    resource = models.CharField(max_length=32, help_text="The row's resource, such as `places`.")
    object_id = models.UUIDField(help_text="The row's id.")
    external_id = models.CharField(
        max_length=200, help_text="The row's id in the data set, or its local name in a dossier."
    )
    notes = ArrayField(
        models.TextField(),
        default=list,
        blank=True,
        help_text="What an import mended so that the row could be read, and how.",
    )

    class Meta:
        ordering = ["dataset", "resource", "external_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "resource", "external_id"], name="records_origin_external_id"
            ),
        ]
        indexes = [models.Index(fields=["resource", "object_id"], name="records_origin_object")]

    def __str__(self) -> str:
        return f"{self.dataset_id}:{self.external_id}"


class ReviewItem(models.Model):
    """Something that waits for a curator, with its reason. Never public."""

    class Kind(models.TextChoices):
        DIFFERENCE = "difference", "an import says otherwise"
        PLACE = "place", "a place could not be told"
        SUPPORT = "support", "an event lost its support"
        DUPLICATE = "duplicate", "two rows may be one"

    kind = models.CharField(max_length=16, choices=Kind, help_text="What kind of question it is.")
    resource = models.CharField(max_length=32, help_text="The resource of the row in question.")
    object_id = models.UUIDField(help_text="The row in question.")
    dataset = models.ForeignKey(
        Dataset,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="review_items",
        help_text="The data set that raised it, if one did.",
    )
    member = models.CharField(
        max_length=64,
        blank=True,
        default="",
        help_text="The member of the row that is in question.",
    )
    reason = models.TextField(help_text="What is to be decided, and why.")
    detail = models.JSONField(default=dict, blank=True, help_text="The values to choose from.")
    created_at = models.DateTimeField(auto_now_add=True, help_text="When the question arose.")
    resolved_at = models.DateTimeField(null=True, blank=True, help_text="When it was settled.")
    resolution = models.TextField(blank=True, default="", help_text="How it was settled, and why.")

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "resource", "object_id", "member", "dataset"],
                condition=Q(resolved_at__isnull=True),
                nulls_distinct=False,
                name="records_reviewitem_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.resource}/{self.object_id}"
