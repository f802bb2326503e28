"""What every curated row has: its state, its home, its names and its codes."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from records.ids import uuid7


class State(models.TextChoices):
    """How far a curated row has come."""

    DRAFT = "draft", "draft"
    IN_REVIEW = "in_review", "in review"
    PUBLISHED = "published", "published"
    RETRACTED = "retracted", "retracted"


class Curated(models.Model):
    """A row of the workspace. The world sees it only through the record that publishing makes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False, help_text="Its id.")
    state = models.CharField(
        max_length=16,
        choices=State,
        default=State.DRAFT,
        editable=False,
        help_text="`draft`, `in_review`, `published` or `retracted`.",
    )
    dataset = models.ForeignKey(
        "records.Dataset",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The data set that created the row; empty for one made by hand.",
    )
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged",
        help_text="The row that it was merged into.",
    )
    curated = models.BooleanField(
        default=False,
        editable=False,
        help_text="Whether a curator has edited it; an import then no longer overwrites it.",
    )
    created_at = models.DateTimeField(auto_now_add=True, help_text="When the row was made.")
    updated_at = models.DateTimeField(auto_now=True, help_text="When the row was last changed.")
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="Who changed it last.",
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_state_known", condition=Q(state__in=State.values)
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_not_merged_into_itself",
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
            ),
        ]


class NameKind(models.TextChoices):
    """What kind of name it is."""

    OFFICIAL = "official", "official"
    EXONYM = "exonym", "exonym"
    ALIAS = "alias", "alias"
    FORMER = "former", "former"
    TRANSLITERATION = "transliteration", "transliteration"
    METONYM = "metonym", "metonym"


#: A year, month or day. Its digits are checked here, its calendar by `records.edtf`.
DATE_PATTERN = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"


class Name(models.Model):
    """One more name of a row: in a language, of a kind, and since when or until when."""

    name = models.CharField(max_length=200, help_text="The name.")
    language = models.CharField(
        max_length=35,
        null=True,
        blank=True,
        help_text="BCP 47 tag of its language; null if unknown.",
    )
    kind = models.CharField(
        max_length=16,
        choices=NameKind,
        default=NameKind.ALIAS,
        help_text="What kind of name it is.",
    )
    since = models.CharField(
        max_length=10,
        null=True,
        blank=True,
        help_text="First year, month or day of its use, such as `2024-09`; null if unknown.",
    )
    until = models.CharField(
        max_length=10,
        null=True,
        blank=True,
        help_text="Last year, month or day of its use; null if it is still in use or unknown.",
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_kind_known", condition=Q(kind__in=NameKind.values)
            ),
            models.CheckConstraint(name="%(app_label)s_%(class)s_not_empty", condition=~Q(name="")),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_dates_are_dates",
                condition=(Q(since__isnull=True) | Q(since__regex=DATE_PATTERN))
                & (Q(until__isnull=True) | Q(until__regex=DATE_PATTERN)),
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_since_before_until",
                condition=Q(since__isnull=True) | Q(until__isnull=True) | Q(since__lte=F("until")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Code(models.Model):
    """A row's code in a scheme of others, such as `geonames` 704204.

    A code belongs to at most one live row of a resource; `live` falls with a retraction.
    """

    scheme = models.CharField(
        max_length=32, help_text="The code's scheme, such as `geonames` or `iso3166-2`."
    )
    code = models.CharField(max_length=100, help_text="The code, as the scheme writes it.")
    preferred = models.BooleanField(
        default=True, help_text="Whether it is the one to show for its scheme."
    )
    live = models.BooleanField(default=True, editable=False, help_text="Whether its row is live.")

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "code"],
                condition=Q(live=True),
                name="%(app_label)s_%(class)s_one_live_row",
                violation_error_message="This code belongs to another live row already.",
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_well_formed",
                condition=Q(scheme__regex=r"^[a-z0-9][a-z0-9-]*$") & ~Q(code=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.code}"
