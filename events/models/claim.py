"""Claims: one assertion by one source."""

from django.db import models
from django.db.models import F, Q

from events.querysets import ClaimQuerySet
from records.models import Curated
from records.models.constraints import known
from records.time import UncertainTimeField, time_constraints


class ClaimKind(models.TextChoices):
    """What kind of assertion it is."""

    OCCURRENCE = "occurrence", "something happens or happened"
    CONTROL = "control", "somebody controls a place"
    SOVEREIGNTY = "sovereignty", "a place belongs to a state"
    QUANTITY = "quantity", "how many or how much"
    RESPONSIBILITY = "responsibility", "who did it"
    INTENTION = "intention", "what somebody means to do"
    PREDICTION = "prediction", "what will be"
    ASSESSMENT = "assessment", "a judgement"
    POSITION = "position", "a stance"
    DESCRIPTION = "description", "what something is like"
    OUTCOME = "outcome", "who won, what was decided"
    UNKNOWN = "unknown", "something is not known"


class Voice(models.TextChoices):
    """Whose assertion it is in the document."""

    ATTRIBUTED = "attributed", "attributed to its claimant"
    NARRATION = "narration", "the document's own voice"


class Polarity(models.TextChoices):
    """Whether it is asserted or denied."""

    AFFIRMED = "affirmed", "affirmed"
    DENIED = "denied", "denied"
    UNKNOWN = "unknown", "unknown"


class Certainty(models.TextChoices):
    """How certain the claimant is."""

    CERTAIN = "certain", "certain"
    PROBABLE = "probable", "probable"
    POSSIBLE = "possible", "possible"
    UNSTATED = "unstated", "unstated"


class Evidence(models.TextChoices):
    """What evidence comes with it."""

    NONE_MENTIONED = "none_mentioned", "none is mentioned"
    NONE_PROVIDED = "none_provided", "none, and the reporter says so"
    MEDIA_ATTACHED = "media_attached", "a picture, film or sound is attached"
    DOCUMENT_CITED = "document_cited", "a document is cited"
    WITNESS = "witness", "the claimant witnessed it"
    GEOLOCATED = "geolocated", "a picture of it was geolocated"
    INDEPENDENTLY_VERIFIED = "independently_verified", "independently verified"


class Interest(models.TextChoices):
    """Whether it serves its claimant."""

    SELF_SERVING = "self_serving", "self-serving"
    NEUTRAL = "neutral", "neutral"
    AGAINST_INTEREST = "against_interest", "against the claimant's interest"
    UNKNOWN = "unknown", "unknown"


class ControlStatus(models.TextChoices):
    """Who holds a place, by the claim."""

    CONTROLLED = "controlled", "controlled"
    PARTLY_CONTROLLED = "partly_controlled", "partly controlled"
    ENCIRCLED = "encircled", "encircled"
    ENTERED = "entered", "entered"
    WITHDRAWN_FROM = "withdrawn_from", "withdrawn from"
    UNKNOWN = "unknown", "unknown"


class Extent(models.TextChoices):
    """Of how much of a place it holds."""

    WHOLE = "whole", "the whole"
    PART = "part", "a part"
    UNSTATED = "unstated", "unstated"


class Metric(models.TextChoices):
    """What a quantity measures. The list grows."""

    KILLED = "killed", "killed"
    WOUNDED = "wounded", "wounded"
    CAPTURED = "captured", "captured"
    MISSING = "missing", "missing"
    SURROUNDED = "surrounded", "surrounded"
    ESCAPED = "escaped", "escaped"
    DISPLACED = "displaced", "displaced"
    CASUALTIES = "casualties", "casualties"
    EQUIPMENT_LOST = "equipment_lost", "equipment lost"
    SETTLEMENTS = "settlements", "settlements"
    AREA_SHARE = "area_share", "share of an area"
    AREA = "area", "area"
    DISTANCE = "distance", "distance"
    PEOPLE = "people", "people"
    LOST = "lost", "lost, without saying how"
    VOTES = "votes", "votes"
    VOTE_SHARE = "vote_share", "share of the vote"
    TURNOUT = "turnout", "turnout"
    SEATS = "seats", "seats"
    MAGNITUDE = "magnitude", "magnitude"
    DEPTH = "depth", "depth"
    BUILDINGS_DAMAGED = "buildings_damaged", "buildings damaged"
    INFECTED = "infected", "infected"
    ARRESTED = "arrested", "arrested"
    AMOUNT = "amount", "amount of money"
    RATE = "rate", "rate"
    SCORE = "score", "score"
    OTHER = "other", "other"


class Approximator(models.TextChoices):
    """How a figure is hedged."""

    EXACT = "exact", "exactly"
    ABOUT = "about", "about"
    AT_LEAST = "at_least", "at least"
    AT_MOST = "at_most", "at most"
    UNQUANTIFIED = "unquantified", "in words only"


class Credibility(models.TextChoices):
    """Credibility of a claim on the Admiralty scale."""

    CONFIRMED = "1", "confirmed by other sources"
    PROBABLY_TRUE = "2", "probably true"
    POSSIBLY_TRUE = "3", "possibly true"
    DOUBTFUL = "4", "doubtful"
    IMPROBABLE = "5", "improbable"
    CANNOT_BE_JUDGED = "6", "cannot be judged"


class Rating(models.TextChoices):
    """An editorial verdict, as a fact check gives it."""

    UNRATED = "unrated", "unrated"
    VERIFIED = "verified", "verified"
    MOSTLY_ACCURATE = "mostly_accurate", "mostly accurate"
    MIXED = "mixed", "mixed"
    MISLEADING = "misleading", "misleading"
    FALSE = "false", "false"
    INCONCLUSIVE = "inconclusive", "inconclusive"
    NOT_CHECKABLE = "not_checkable", "not checkable"


NO_FIGURES = Q(quantity_low__isnull=True, quantity_best__isnull=True, quantity_high__isnull=True)


class Claim(Curated):
    """One assertion by one source about an event, places, an actor or a document."""

    statement = models.CharField(
        max_length=300, help_text="A neutral paraphrase in our own words: one sentence."
    )
    kind = models.CharField(
        max_length=16, choices=ClaimKind, help_text="What kind of assertion it is."
    )
    voice = models.CharField(
        max_length=16,
        choices=Voice,
        default=Voice.ATTRIBUTED,
        help_text="`attributed` to its claimant, or the `narration` of the document itself.",
    )
    claimant = models.ForeignKey(
        "sources.Source",
        models.PROTECT,
        related_name="claims",
        help_text="The source that asserts it.",
    )
    event = models.ForeignKey(
        "events.Event",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="claims",
        help_text="The event that it is about.",
    )
    actor = models.ForeignKey(
        "sources.Actor",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="claims",
        help_text="The actor that it is about.",
    )
    document = models.ForeignKey(
        "sources.Document",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="claims_about",
        help_text="The document that it is about.",
    )
    object_actor = models.ForeignKey(
        "sources.Actor",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="claims_as_object",
        help_text="Who controls, did it, won, or whose number it is.",
    )
    polarity = models.CharField(
        max_length=16,
        choices=Polarity,
        default=Polarity.AFFIRMED,
        help_text="`affirmed`, `denied`, or `unknown` where something is said not to be known.",
    )
    certainty = models.CharField(
        max_length=16,
        choices=Certainty,
        default=Certainty.CERTAIN,
        help_text="How certain the claimant is.",
    )
    condition = models.CharField(
        max_length=200,
        null=True,
        blank=True,
        help_text="The `if` or `as long as`, in our words; null when unconditional.",
    )
    quantity_metric = models.CharField(
        max_length=32,
        null=True,
        blank=True,
        help_text="What is measured, such as `killed`; an extensible list.",
    )
    quantity_low = models.FloatField(null=True, blank=True, help_text="Least; null is open.")
    quantity_best = models.FloatField(null=True, blank=True, help_text="The figure given.")
    quantity_high = models.FloatField(null=True, blank=True, help_text="Most; null is open.")
    quantity_unit = models.CharField(
        max_length=32, null=True, blank=True, help_text="What is counted, such as `troops`."
    )
    quantity_approximator = models.CharField(
        max_length=16,
        choices=Approximator,
        null=True,
        blank=True,
        help_text="How the figure is hedged.",
    )
    control_status = models.CharField(
        max_length=20,
        choices=ControlStatus,
        null=True,
        blank=True,
        help_text="Who holds the places, by the claim; for a claim of any kind that says it.",
    )
    extent = models.CharField(
        max_length=16,
        choices=Extent,
        null=True,
        blank=True,
        help_text="Of how much of each place the control is said to hold.",
    )
    evidence = models.CharField(
        max_length=24,
        choices=Evidence,
        default=Evidence.NONE_MENTIONED,
        help_text="What evidence comes with it.",
    )
    interest = models.CharField(
        max_length=20,
        choices=Interest,
        default=Interest.UNKNOWN,
        help_text="Whether it serves its claimant.",
    )
    wording = models.CharField(
        max_length=200,
        null=True,
        blank=True,
        help_text="The loaded words that were used, kept apart.",
    )
    said = UncertainTimeField(help_text="When the claimant said it.")
    holds = UncertainTimeField(help_text="When what it says held.")
    credibility = models.CharField(
        max_length=1,
        choices=Credibility,
        default=Credibility.CANNOT_BE_JUDGED,
        help_text="Admiralty scale, 1 to 6; 6, cannot be judged, until a curator has judged it.",
    )
    credibility_reason = models.TextField(null=True, blank=True, help_text="Why it was judged so.")
    credibility_at = models.DateField(null=True, blank=True, help_text="When it was judged.")
    rating = models.CharField(
        max_length=16,
        choices=Rating,
        null=True,
        blank=True,
        help_text="An editorial verdict, if one was given.",
    )
    rating_reason = models.TextField(null=True, blank=True, help_text="Why it was rated so.")
    rating_at = models.DateField(null=True, blank=True, help_text="When it was rated.")

    objects = ClaimQuerySet.as_manager()

    class Meta(Curated.Meta):
        abstract = False
        ordering = ["-said_earliest", "id"]
        constraints = [
            *Curated.Meta.constraints,
            known("kind", ClaimKind),
            known("voice", Voice),
            known("polarity", Polarity),
            known("certainty", Certainty),
            known("quantity_approximator", Approximator),
            known("control_status", ControlStatus),
            known("extent", Extent),
            known("evidence", Evidence),
            known("interest", Interest),
            known("credibility", Credibility),
            known("rating", Rating),
            models.CheckConstraint(
                name="events_claim_unknown_polarity_of_unknown",
                condition=~Q(polarity="unknown") | Q(kind="unknown"),
                violation_error_message="Polarity unknown goes with kind unknown alone.",
            ),
            models.CheckConstraint(
                name="events_claim_quantity_ordered",
                condition=(
                    Q(quantity_low__isnull=True)
                    | Q(quantity_best__isnull=True)
                    | Q(quantity_low__lte=F("quantity_best"))
                )
                & (
                    Q(quantity_best__isnull=True)
                    | Q(quantity_high__isnull=True)
                    | Q(quantity_best__lte=F("quantity_high"))
                )
                & (
                    Q(quantity_low__isnull=True)
                    | Q(quantity_high__isnull=True)
                    | Q(quantity_low__lte=F("quantity_high"))
                ),
                violation_error_message="A quantity is low <= best <= high.",
            ),
            models.CheckConstraint(
                name="events_claim_quantity_is_finite",
                condition=(Q(quantity_low__isnull=True) | Q(quantity_low__range=(-1e18, 1e18)))
                & (Q(quantity_best__isnull=True) | Q(quantity_best__range=(-1e18, 1e18)))
                & (Q(quantity_high__isnull=True) | Q(quantity_high__range=(-1e18, 1e18))),
                violation_error_message="A quantity is a number between -1e18 and 1e18.",
            ),
            models.CheckConstraint(
                name="events_claim_quantity_has_a_metric",
                condition=Q(quantity_metric__isnull=False)
                | (
                    NO_FIGURES
                    & Q(quantity_unit__isnull=True, quantity_approximator__isnull=True)
                    & ~Q(kind="quantity")
                ),
                violation_error_message="A quantity names its metric.",
            ),
            models.CheckConstraint(
                name="events_claim_quantity_in_words_has_no_figures",
                condition=(
                    Q(quantity_approximator__isnull=True)
                    | ~Q(quantity_approximator="unquantified")
                    | NO_FIGURES
                )
                & (~Q(kind="unknown") | NO_FIGURES),
                violation_error_message="What is unquantified or unknown has no figures.",
            ),
            models.CheckConstraint(
                name="events_claim_control_has_a_status",
                condition=~Q(kind="control") | Q(control_status__isnull=False),
                violation_error_message="A claim of control names its control status.",
            ),
            models.CheckConstraint(
                name="events_claim_extent_of_control",
                condition=Q(extent__isnull=True) | Q(control_status__isnull=False),
                violation_error_message="An extent goes with a control status.",
            ),
            models.CheckConstraint(
                name="events_claim_credibility_has_a_reason",
                condition=Q(credibility="6")
                | Q(credibility_reason__isnull=False, credibility_at__isnull=False),
                violation_error_message="A judgement needs a reason and a date.",
            ),
            models.CheckConstraint(
                name="events_claim_rating_has_a_reason",
                condition=Q(rating__isnull=True)
                | Q(rating_reason__isnull=False, rating_at__isnull=False),
                violation_error_message="A rating needs a reason and a date.",
            ),
            *time_constraints("events_claim", "said"),
            *time_constraints("events_claim", "holds"),
        ]

    def __str__(self) -> str:
        return self.statement


class ClaimPlace(models.Model):
    """That a claim is about a place."""

    claim = models.ForeignKey(Claim, models.CASCADE, related_name="places", help_text="The claim.")
    place = models.ForeignKey(
        "places.Place", models.PROTECT, related_name="claims", help_text="The place."
    )

    class Meta:
        ordering = ["claim", "place"]
        constraints = [
            models.UniqueConstraint(fields=["claim", "place"], name="events_claimplace_once")
        ]

    def __str__(self) -> str:
        return f"{self.claim_id} {self.place_id}"
