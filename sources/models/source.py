"""Sources: the voices that information comes from."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from records.models import Code, Curated, Name
from records.models.constraints import known
from sources.querysets import SourceQuerySet


class SourceKind(models.TextChoices):
    """What kind of voice it is."""

    NEWS_OUTLET = "news_outlet", "news outlet"
    NEWS_AGENCY = "news_agency", "news agency"
    STATE_MEDIA = "state_media", "state media"
    GOVERNMENT = "government", "government"
    MINISTRY = "ministry", "ministry"
    MILITARY = "military", "military"
    HEAD_OF_STATE = "head_of_state", "head of state"
    SPOKESPERSON = "spokesperson", "spokesperson"
    LOCAL_AUTHORITY = "local_authority", "local authority"
    INTERGOVERNMENTAL = "intergovernmental", "intergovernmental organisation"
    NGO = "ngo", "non-governmental organisation"
    THINK_TANK = "think_tank", "think tank"
    OSINT_GROUP = "osint_group", "open-source investigators"
    ACADEMIC = "academic", "academic"
    COMPANY = "company", "company"
    EYEWITNESS = "eyewitness", "eyewitness"
    COMBATANT = "combatant", "combatant"
    SOCIAL_ACCOUNT = "social_account", "social account"
    ANONYMOUS = "anonymous", "anonymous"
    METONYM = "metonym", "a government named by its seat"
    DATASET = "dataset", "data set that codes what others said"
    COURT = "court", "court"
    POLITICAL_PARTY = "political_party", "political party"
    ELECTION_AUTHORITY = "election_authority", "election authority"
    SCIENTIFIC_AGENCY = "scientific_agency", "scientific agency"
    POLICE = "police", "police"
    EMERGENCY_SERVICE = "emergency_service", "emergency service"
    UNKNOWN = "unknown", "unknown"


class Reliability(models.TextChoices):
    """Reliability of a source on the Admiralty scale."""

    A = "A", "completely reliable"
    B = "B", "usually reliable"
    C = "C", "fairly reliable"
    D = "D", "not usually reliable"
    E = "E", "unreliable"
    F = "F", "cannot be judged"


class Source(Curated):
    """A voice that information comes from: an outlet, a ministry, a spokesman, an account.

    It may speak for an actor, and through it has a party. Otherwise it is independent, which a
    curator says, or its party is unknown.
    """

    name = models.CharField(max_length=200, help_text="The name to show.")
    kind = models.CharField(
        max_length=20, choices=SourceKind, help_text="What kind of voice it is."
    )
    speaks_for = models.ForeignKey(
        "sources.Actor",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="sources",
        help_text="The actor that it speaks for, and through which it has a party.",
    )
    independent = models.BooleanField(
        default=False, help_text="Whether a curator holds it to speak for no party."
    )
    country = models.CharField(
        max_length=2,
        null=True,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{2}$", "Give two capital letters, such as UA.")],
        help_text="ISO 3166-1 code of the country that it works from.",
    )
    url = models.URLField(max_length=500, null=True, blank=True, help_text="Where it publishes.")
    reliability = models.CharField(
        max_length=1,
        choices=Reliability,
        default=Reliability.F,
        help_text="Admiralty scale, A to F; F, cannot be judged, until a curator has judged it.",
    )
    reliability_reason = models.TextField(null=True, blank=True, help_text="Why it was judged so.")
    reliability_at = models.DateField(null=True, blank=True, help_text="When it was judged.")

    objects = SourceQuerySet.as_manager()

    class Meta(Curated.Meta):
        abstract = False
        ordering = ["name", "id"]
        constraints = [
            *Curated.Meta.constraints,
            known("kind", SourceKind),
            known("reliability", Reliability),
            models.CheckConstraint(
                name="sources_source_independent_of_actors",
                condition=Q(independent=False) | Q(speaks_for__isnull=True),
                violation_error_message="A source that speaks for an actor is not independent.",
            ),
            models.CheckConstraint(
                name="sources_source_country_is_a_code",
                condition=Q(country__isnull=True) | Q(country__regex=r"^[A-Z]{2}$"),
            ),
            models.CheckConstraint(
                name="sources_source_reliability_has_a_reason",
                condition=Q(reliability="F")
                | Q(reliability_reason__isnull=False, reliability_at__isnull=False),
                violation_error_message="A judgement needs a reason and a date.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SourceName(Name):
    """One more name of a source."""

    source = models.ForeignKey(
        Source, models.CASCADE, related_name="names", help_text="Whose name it is."
    )

    class Meta(Name.Meta):
        abstract = False
        ordering = ["source", "name", "id"]
        constraints = [*Name.Meta.constraints]


class SourceCode(Code):
    """A source's code in a scheme of others."""

    source = models.ForeignKey(
        Source, models.CASCADE, related_name="codes", help_text="Whose code it is."
    )

    class Meta(Code.Meta):
        abstract = False
        ordering = ["source", "scheme", "-preferred", "code"]
        constraints = [
            *Code.Meta.constraints,
            models.UniqueConstraint(
                fields=["source", "scheme"],
                condition=Q(preferred=True),
                name="sources_sourcecode_one_preferred",
            ),
        ]
