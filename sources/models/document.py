"""Documents: what a source published, or what another document embeds."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from places.models import ResolutionBasis
from records.models import Curated
from records.models.constraints import known
from records.time import UncertainTimeField, time_constraints
from sources.querysets import DocumentQuerySet


class DocumentKind(models.TextChoices):
    """What kind of document it is."""

    ARTICLE = "article", "article"
    LIVEBLOG = "liveblog", "live blog"
    PRESS_RELEASE = "press_release", "press release"
    BRIEFING = "briefing", "briefing"
    INTERVIEW = "interview", "interview"
    SOCIAL_POST = "social_post", "social media post"
    VIDEO = "video", "video"
    IMAGE = "image", "image"
    AUDIO = "audio", "audio"
    TRANSCRIPT = "transcript", "transcript"
    MAP = "map", "map"
    DATASET = "dataset", "data set, or a row of one"
    SATELLITE_IMAGE = "satellite_image", "satellite image"
    LEGAL_TEXT = "legal_text", "legal text"
    LINK_STUB = "link_stub", "a link that was not followed"


class PublishingStatus(models.TextChoices):
    """Publishing status, as in ninjs."""

    USABLE = "usable", "usable"
    WITHHELD = "withheld", "withheld"
    CANCELED = "canceled", "canceled"


class Rights(models.TextChoices):
    """What may be done with a document's text."""

    OPEN = "open", "open"
    ATTRIBUTION = "attribution", "with attribution"
    SHARE_ALIKE = "share_alike", "under the same terms"
    FORBIDDEN = "forbidden", "forbidden"
    UNKNOWN = "unknown", "unknown"


class DocumentText(models.Model):
    """A text that is kept, under its hash. A document's record holds the hash alone."""

    sha256 = models.CharField(
        max_length=64, primary_key=True, help_text="SHA-256 of the text's UTF-8 bytes."
    )
    text = models.TextField(help_text="The text as given: no normalisation, line ends as they are.")

    def __str__(self) -> str:
        return self.sha256[:12]


class Document(Curated):
    """Something a source published or that another document embeds.

    Title, author, URL and text may each be unknown.
    """

    kind = models.CharField(
        max_length=16, choices=DocumentKind, help_text="What kind of document it is."
    )
    title = models.CharField(
        max_length=500, null=True, blank=True, help_text="Its title; null if unknown or none."
    )
    author = models.CharField(
        max_length=300, null=True, blank=True, help_text="Its author as named; null if unknown."
    )
    url = models.URLField(
        max_length=2000, null=True, blank=True, help_text="Where it is; null if unknown."
    )
    publisher = models.ForeignKey(
        "sources.Source",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="documents",
        help_text="The source that published it; null if unknown.",
    )
    language = models.CharField(
        max_length=35, null=True, blank=True, help_text="BCP 47 tag of its language."
    )
    published = UncertainTimeField(help_text="When it appeared.")
    status = models.CharField(
        max_length=16,
        choices=PublishingStatus,
        default=PublishingStatus.USABLE,
        help_text="Publishing status: `usable`, `withheld` or `canceled`.",
    )
    rights = models.CharField(
        max_length=16,
        choices=Rights,
        default=Rights.UNKNOWN,
        help_text="What may be done with its text; the text is public only where this allows it.",
    )
    text_length = models.IntegerField(
        null=True, blank=True, help_text="Length of its text in Unicode code points."
    )
    text_sha256 = models.CharField(
        max_length=64, null=True, blank=True, help_text="SHA-256 of its text's UTF-8 bytes."
    )

    objects = DocumentQuerySet.as_manager()

    class Meta(Curated.Meta):
        abstract = False
        ordering = ["-published_earliest", "id"]
        constraints = [
            *Curated.Meta.constraints,
            known("kind", DocumentKind),
            known("status", PublishingStatus),
            known("rights", Rights),
            models.CheckConstraint(
                name="sources_document_text_length_positive",
                condition=Q(text_length__isnull=True) | Q(text_length__gt=0),
            ),
            models.CheckConstraint(
                name="sources_document_text_sha256_is_a_hash",
                condition=Q(text_sha256__isnull=True) | Q(text_sha256__regex=r"^[0-9a-f]{64}$"),
            ),
            *time_constraints("sources_document", "published"),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.get_kind_display()} {str(self.id)[:8]}"


class DocumentLinkKind(models.TextChoices):
    """How one document relates to another."""

    EMBEDS = "embeds", "embeds"
    CITES = "cites", "cites"
    RELATED = "related", "related"
    TRANSLATION_OF = "translation_of", "is a translation of"
    REVISION_OF = "revision_of", "is a revision of"


class DocumentLink(models.Model):
    """That a document embeds, cites, translates or revises another."""

    document = models.ForeignKey(
        Document, models.CASCADE, related_name="relations", help_text="The one that relates."
    )
    kind = models.CharField(
        max_length=16, choices=DocumentLinkKind, help_text="How it relates to the other."
    )
    target = models.ForeignKey(
        Document, models.PROTECT, related_name="related_by", help_text="The other document."
    )

    class Meta:
        ordering = ["document", "kind", "target"]
        constraints = [
            known("kind", DocumentLinkKind),
            models.UniqueConstraint(
                fields=["document", "kind", "target"], name="sources_documentlink_once"
            ),
            models.CheckConstraint(
                name="sources_documentlink_to_another", condition=~Q(document=F("target"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} {self.kind} {self.target_id}"


class Mention(models.Model):
    """A stretch of a document that names or means one place, actor or source."""

    document = models.ForeignKey(
        Document, models.CASCADE, related_name="mentions", help_text="The document."
    )
    start = models.IntegerField(help_text="Code point at which the stretch starts.")
    end = models.IntegerField(help_text="Code point before which it ends.")
    place = models.ForeignKey(
        "places.Place",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="mentions",
        help_text="The place that it means.",
    )
    actor = models.ForeignKey(
        "sources.Actor",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="mentions",
        help_text="The actor that it means.",
    )
    source = models.ForeignKey(
        "sources.Source",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="mentions",
        help_text="The source that it means.",
    )
    basis = models.CharField(
        max_length=16, choices=ResolutionBasis, help_text="On what ground it was taken so."
    )
    candidates = ArrayField(
        models.CharField(max_length=140),
        default=list,
        blank=True,
        help_text="What it was taken not to mean, each an id or `scheme:code`.",
    )

    class Meta:
        ordering = ["document", "start", "end", "id"]
        constraints = [
            known("basis", ResolutionBasis),
            models.CheckConstraint(
                name="sources_mention_span_ordered",
                condition=Q(start__gte=0) & Q(start__lt=F("end")),
                violation_error_message="A span starts before it ends, and not before 0.",
            ),
            models.CheckConstraint(
                name="sources_mention_means_one_thing",
                condition=Q(place__isnull=False, actor__isnull=True, source__isnull=True)
                | Q(place__isnull=True, actor__isnull=False, source__isnull=True)
                | Q(place__isnull=True, actor__isnull=True, source__isnull=False),
                violation_error_message="A mention means one place, one actor or one source.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} {self.start}-{self.end}"
