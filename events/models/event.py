"""Events: what is said to have happened, to be happening, or to be possible."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from events.querysets import EventQuerySet
from places.models import ResolutionBasis
from records.models import Code, Curated
from records.models.constraints import known
from records.time import UncertainTimeField, time_constraints


class Context(models.TextChoices):
    """What an event is about: PLOVER's list of contexts."""

    MILITARY = "military", "military"
    INTELLIGENCE = "intelligence", "intelligence"
    EXECUTIVE = "executive", "executive"
    LEGISLATIVE = "legislative", "legislative"
    ELECTION = "election", "election"
    POLITICAL_INSTITUTIONS = "political_institutions", "political institutions"
    PRO_DEMOCRACY = "pro_democracy", "pro-democracy"
    PRO_AUTOCRACY = "pro_autocracy", "pro-autocracy"
    ECONOMIC = "economic", "economic"
    LEGAL = "legal", "legal"
    REPARATIONS = "reparations", "reparations"
    HUMAN_RIGHTS = "human_rights", "human rights"
    RIGHTS_FREEDOMS = "rights_freedoms", "rights and freedoms"
    REPRESSION = "repression", "repression"
    HUMAN_SECURITY = "human_security", "human security"
    GENDER = "gender", "gender"
    LGBT = "lgbt", "LGBT"
    RELIGION_ETHNICITY = "religion_ethnicity", "religion and ethnicity"
    INEQUALITY = "inequality", "inequality"
    DIPLOMATIC = "diplomatic", "diplomatic"
    TERRITORY = "territory", "territory"
    PEACEKEEPING = "peacekeeping", "peacekeeping"
    HEALTH = "health", "health"
    ASYLUM = "asylum", "asylum"
    MIGRATION = "migration", "migration"
    DISASTERS = "disasters", "disasters"
    NATURAL_RESOURCE = "natural_resource", "natural resources"
    ENVIRONMENT = "environment", "environment"
    TECHNOLOGY = "technology", "technology"
    TERRORISM = "terrorism", "terrorism"
    CBRN = "cbrn", "chemical, biological, radiological, nuclear"
    CYBER = "cyber", "cyber"
    MISINFORMATION = "misinformation", "misinformation"
    CRIME = "crime", "crime"
    CORRUPTION = "corruption", "corruption"
    ILLEGAL_DRUGS = "illegal_drugs", "illegal drugs"
    TRAFFICKING = "trafficking", "trafficking"


class EventStatus(models.TextChoices):
    """How far it is settled that an event happened."""

    OCCURRED = "occurred", "occurred"
    ONGOING = "ongoing", "ongoing"
    CLAIMED = "claimed", "claimed"
    DISPUTED = "disputed", "disputed"
    PLANNED = "planned", "planned"
    HYPOTHETICAL = "hypothetical", "hypothetical"
    NEGATED = "negated", "negated"
    UNKNOWN = "unknown", "unknown"


class GeoPrecision(models.TextChoices):
    """How exactly the position of an event is known."""

    EXACT = "exact", "exact (10 m)"
    VICINITY = "vicinity", "vicinity (100 m)"
    LOCALITY = "locality", "locality (1 km)"
    SETTLEMENT = "settlement", "settlement"
    NEAR_SETTLEMENT = "near_settlement", "near a settlement (25 km)"
    LINEAR = "linear", "road, river or front"
    ADMIN3 = "admin3", "third-order division"
    ADMIN2 = "admin2", "second-order division"
    ADMIN1 = "admin1", "first-order division"
    PART_OF_ADMIN1 = "part_of_admin1", "part of a first-order division"
    MULTI_REGION = "multi_region", "several regions"
    COUNTRY = "country", "country"
    INTERNATIONAL = "international", "international"
    UNRESOLVABLE = "unresolvable", "cannot be told"
    NOT_A_PLACE = "not_a_place", "not a place"


class PlaceRole(models.TextChoices):
    """What a place is to an event."""

    LOCATION = "location", "where it happened"
    ORIGIN = "origin", "where it came from"
    DESTINATION = "destination", "where it went"
    NEAR = "near", "near which it happened"
    AFFECTED = "affected", "affected by it"


class ParticipantRole(models.TextChoices):
    """What an actor is to an event."""

    INITIATOR = "initiator", "initiator"
    RECIPIENT = "recipient", "recipient"
    AFFECTED = "affected", "affected"
    PARTICIPANT = "participant", "participant"
    CANDIDATE = "candidate", "candidate"
    INSTRUMENT = "instrument", "instrument"
    OTHER = "other", "other"


class EventType(models.Model):
    """A neutral type of event, and what other systems call it. A prefix is itself a type."""

    code = models.CharField(
        max_length=64, primary_key=True, help_text="Its code, such as `territory.withdrawal`."
    )
    label = models.CharField(max_length=100, help_text="Its label in English.")
    definition = models.TextField(blank=True, default="", help_text="What is counted as one.")
    crosswalk = models.JSONField(
        default=dict,
        blank=True,
        help_text="What other systems call it: a list of codes for each system.",
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="events_eventtype_code_well_formed",
                condition=Q(code__regex=r"^[a-z_]+(\.[a-z_]+)*$"),
            )
        ]

    def __str__(self) -> str:
        return self.code


class Event(Curated):
    """Something said to have happened, to be happening, or to be possible."""

    type = models.ForeignKey(
        EventType, models.PROTECT, related_name="events", help_text="Its neutral type."
    )
    contexts = ArrayField(
        models.CharField(max_length=32, choices=Context),
        default=list,
        blank=True,
        help_text="What it is about: PLOVER's contexts.",
    )
    title = models.CharField(max_length=200, help_text="A neutral title in our words.")
    summary = models.TextField(
        null=True, blank=True, help_text="What is said of it, in a few sentences of our own."
    )
    status = models.CharField(
        max_length=16,
        choices=EventStatus,
        default=EventStatus.CLAIMED,
        help_text="How far it is settled that it happened.",
    )
    when = UncertainTimeField(help_text="When it happened or held.")
    place = models.ForeignKey(
        "places.Place",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="main_events",
        help_text="The one place to show it at.",
    )
    lat = models.FloatField(
        null=True, blank=True, help_text="Latitude of its own position in degrees, WGS 84."
    )
    lon = models.FloatField(
        null=True, blank=True, help_text="Longitude of its own position in degrees, WGS 84."
    )
    geo_precision = models.CharField(
        max_length=16,
        choices=GeoPrecision,
        null=True,
        blank=True,
        help_text="How exactly its position is known.",
    )

    objects = EventQuerySet.as_manager()

    class Meta(Curated.Meta):
        abstract = False
        ordering = ["-when_earliest", "id"]
        constraints = [
            *Curated.Meta.constraints,
            known("status", EventStatus),
            known("geo_precision", GeoPrecision),
            models.CheckConstraint(
                name="events_event_contexts_known",
                condition=Q(contexts__contained_by=Context.values),
            ),
            models.CheckConstraint(
                name="events_event_position_whole",
                condition=Q(lat__isnull=True, lon__isnull=True)
                | Q(lat__isnull=False, lon__isnull=False),
                violation_error_message="Give both latitude and longitude, or neither.",
            ),
            models.CheckConstraint(
                name="events_event_position_on_earth",
                condition=(Q(lat__isnull=True) | Q(lat__range=(-90, 90)))
                & (Q(lon__isnull=True) | Q(lon__range=(-180, 180))),
                violation_error_message="Latitude is -90 to 90 and longitude -180 to 180 degrees.",
            ),
            *time_constraints("events_event", "when"),
        ]

    def __str__(self) -> str:
        return self.title


class EventPlace(models.Model):
    """That a place has a part in an event."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="places", help_text="The event.")
    place = models.ForeignKey(
        "places.Place", models.PROTECT, related_name="events", help_text="The place."
    )
    role = models.CharField(
        max_length=16,
        choices=PlaceRole,
        default=PlaceRole.LOCATION,
        help_text="What the place is to the event.",
    )
    basis = models.CharField(
        max_length=16,
        choices=ResolutionBasis,
        default=ResolutionBasis.TEXT,
        help_text="On what ground the place was taken to be meant.",
    )

    class Meta:
        ordering = ["event", "place", "role"]
        constraints = [
            known("role", PlaceRole),
            known("basis", ResolutionBasis),
            models.UniqueConstraint(
                fields=["event", "place", "role"], name="events_eventplace_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.role} {self.place_id}"


class EventParticipant(models.Model):
    """That an actor takes part in an event."""

    event = models.ForeignKey(
        Event, models.CASCADE, related_name="participants", help_text="The event."
    )
    actor = models.ForeignKey(
        "sources.Actor", models.PROTECT, related_name="events", help_text="The actor."
    )
    role = models.CharField(
        max_length=16, choices=ParticipantRole, help_text="What the actor is to the event."
    )

    class Meta:
        ordering = ["event", "actor", "role"]
        constraints = [
            known("role", ParticipantRole),
            models.UniqueConstraint(
                fields=["event", "actor", "role"], name="events_eventparticipant_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.role} {self.actor_id}"


class EventCode(Code):
    """An event's id in another system."""

    event = models.ForeignKey(
        Event, models.CASCADE, related_name="codes", help_text="Whose code it is."
    )

    class Meta(Code.Meta):
        abstract = False
        ordering = ["event", "scheme", "-preferred", "code"]
        constraints = [
            *Code.Meta.constraints,
            models.UniqueConstraint(
                fields=["event", "scheme"],
                condition=Q(preferred=True),
                name="events_eventcode_one_preferred",
            ),
        ]
