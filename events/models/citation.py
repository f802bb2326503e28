"""Citations: where a claim can be read."""

from django.db import models
from django.db.models import Q

from records.models.constraints import SpansOrdered, SpansWithin, known, spans_field


class Mode(models.TextChoices):
    """How a document carries a claim."""

    DIRECT_QUOTE = "direct_quote", "direct quote"
    PARTIAL_QUOTE = "partial_quote", "partial quote"
    MIXED = "mixed", "paraphrase with quoted words"
    PARAPHRASE = "paraphrase", "paraphrase"
    SPEECH_ACT = "speech_act", "speech act"
    NARRATION = "narration", "narration"
    HEADLINE = "headline", "headline"
    CAPTION = "caption", "caption"
    MEDIA_CONTENT = "media_content", "content of a picture, film or sound"


#: At most ten words.
QUOTE_PATTERN = r"^\s*(\S+\s+){0,9}\S+\s*$"


class Citation(models.Model):
    """Where a claim can be read: a document, and the spans of characters that carry it."""

    claim = models.ForeignKey(
        "events.Claim", models.CASCADE, related_name="citations", help_text="The claim."
    )
    document = models.ForeignKey(
        "sources.Document",
        models.PROTECT,
        related_name="citations",
        help_text="The document that carries it.",
    )
    mode = models.CharField(
        max_length=16, choices=Mode, help_text="How the document carries the claim."
    )
    spans = spans_field(
        "Where in the text: pairs of code points, end-exclusive, in order; "
        "empty for a document without running text."
    )
    insertions = spans_field(
        "Spans inside those that are the document's own words, such as an editor's bracket."
    )
    locator = models.CharField(
        max_length=200,
        null=True,
        blank=True,
        help_text="Where in a document without running text: a row, a column, a time code.",
    )
    quote = models.CharField(
        max_length=80,
        null=True,
        blank=True,
        help_text="A fragment of the passage: at most ten words and 80 characters.",
    )
    passage_sha256 = models.CharField(
        max_length=64,
        null=True,
        blank=True,
        help_text="SHA-256 of the UTF-8 bytes of the spans' texts, joined by one line feed.",
    )

    class Meta:
        ordering = ["claim", "document", "spans", "id"]
        constraints = [
            known("mode", Mode),
            models.CheckConstraint(
                name="events_citation_spans_ordered",
                condition=Q(SpansOrdered("spans")),
                violation_error_message="Spans are pairs [start, end), in order, not overlapping.",
            ),
            models.CheckConstraint(
                name="events_citation_insertions_in_spans",
                condition=Q(SpansOrdered("insertions")) & Q(SpansWithin("insertions", "spans")),
                violation_error_message="Insertions are ordered pairs that lie inside the spans.",
            ),
            models.CheckConstraint(
                name="events_citation_quote_is_a_fragment",
                condition=Q(quote__isnull=True) | Q(quote__regex=QUOTE_PATTERN),
                violation_error_message="A quote has at most ten words.",
            ),
            models.CheckConstraint(
                name="events_citation_passage_sha256_is_a_hash",
                condition=Q(passage_sha256__isnull=True)
                | Q(passage_sha256__regex=r"^[0-9a-f]{64}$"),
            ),
            models.CheckConstraint(
                name="events_citation_passage_has_spans",
                condition=Q(passage_sha256__isnull=True) | ~Q(spans=[]),
                violation_error_message="A passage hash is over spans; there are none.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} in {self.document_id}"


class CitationHop(models.Model):
    """Through what a claim reached the document: nearest the claimant first."""

    citation = models.ForeignKey(
        Citation, models.CASCADE, related_name="via", help_text="The citation."
    )
    position = models.PositiveSmallIntegerField(help_text="Counts from 0, nearest the claimant.")
    document = models.ForeignKey(
        "sources.Document",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="hops",
        help_text="The document that it passed through.",
    )
    source = models.ForeignKey(
        "sources.Source",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="hops",
        help_text="Where no document is known, the source that it passed through.",
    )

    class Meta:
        ordering = ["citation", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["citation", "position"], name="events_citationhop_position"
            ),
            models.CheckConstraint(
                name="events_citationhop_document_or_source",
                condition=Q(document__isnull=False, source__isnull=True)
                | Q(document__isnull=True, source__isnull=False),
                violation_error_message="A hop is a document or, where none is known, a source.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.citation_id} #{self.position}"
