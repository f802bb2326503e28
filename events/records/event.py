"""Published versions of events."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from events.event_types import event_type
from events.models import (
    Event,
    EventCode,
    EventLink,
    EventParticipant,
    EventPlace,
    PlaceRole,
)
from events.querysets import EventRecordQuerySet
from places.positions import point, points
from records import flat
from records.models import PlaceLine, Point, Record
from records.models.record import CURRENT, version_key
from records.record import PublishedRecord
from records.shape import (
    Body,
    Coded,
    Codes,
    Derived,
    Links,
    Look,
    Reference,
    Rows,
    Scalar,
    Shape,
    SortedList,
    Time,
)
from records.timeline import time_columns, time_indexes, time_values


def ids_of(references: list[Body]) -> list[str]:
    """The ids of embedded rows, each once, in order."""
    return sorted({reference["id"] for reference in references})


def event_corroboration(body: Body, look: Look) -> Body:
    """How far it is corroborated that it happened; null before anybody says so."""
    return {"corroboration": look.derived("events", body["id"]).get("corroboration")}


def csv_corroboration() -> list[flat.Column]:
    """The columns of CSV that say how far something is corroborated; claims have the same."""
    counted = {
        "citations": "How many citations carry it.",
        "claimants": "How many sources say it.",
        "origins": "How many sources say it by a claim that repeats no other.",
        "parties": "How many parties these origins speak for.",
        "outlets": "How many of these origins are independent.",
        "against_interest": "How many of these origins say it against their interest.",
    }
    return [
        flat.plain("corroboration", "How far it is corroborated.", "corroboration.level"),
        *(
            flat.whole(f"corroboration_{name}", text, f"corroboration.{name}")
            for name, text in counted.items()
        ),
    ]


class EventRecord(PublishedRecord):
    """One published version of an event."""

    newest_first = "when_last"
    shape = Shape(
        "events",
        Event,
        Coded("type", "type_id", expand=event_type),
        SortedList("contexts", initial=list),
        Scalar("title"),
        Scalar("summary"),
        Scalar("status", initial="claimed"),
        Time("when"),
        Reference("place", "places"),
        Scalar("lat"),
        Scalar("lon"),
        Scalar("geo_precision"),
        Rows(
            "places",
            EventPlace,
            "event",
            [
                Reference("place", "places"),
                Scalar("role", initial="location"),
                Scalar("basis", initial="text"),
            ],
            ("place", "role"),
        ),
        Rows(
            "participants",
            EventParticipant,
            "event",
            [Reference("actor", "actors"), Scalar("role")],
            ("actor", "role"),
        ),
        Links(
            "relations",
            EventLink,
            "event",
            [
                Scalar("kind"),
                Reference("event", "events", "target_id"),
                Scalar("phrase"),
                Reference("claim", "claims"),
            ],
            ("event", "kind", "claim"),
            symmetric=("same_as",),
        ),
        Derived(("corroboration",), event_corroboration),
        Codes(EventCode, "event"),
    )

    csv_columns = flat.columns(
        flat.plain("type", "Its type, a code.", "type.code"),
        flat.plain("type_label", "Its type in words.", "type.label"),
        flat.joined("contexts", "Its contexts.", lambda body: body["contexts"]),
        flat.plain("title", "Its title."),
        flat.plain("summary", "What is said to have happened, in our words."),
        flat.plain("status", "Whether it is said to have occurred."),
        flat.time("when", "When it happened"),
        flat.reference("place", "Its place"),
        flat.plain("place_country", "The country of that place.", "place.country"),
        flat.Column(
            "lat",
            "Latitude of its position, or else its place's.",
            lambda body: EventRecord.borrowed(body)["lat"],
            "number",
        ),
        flat.Column(
            "lon",
            "Longitude of its position, or else its place's.",
            lambda body: EventRecord.borrowed(body)["lon"],
            "number",
        ),
        flat.plain("geo_precision", "How precise its own position is."),
        flat.each("places", "Names of the places that have a part in it.", "places.place.name"),
        flat.each("place_ids", "Ids of those places.", "places.place.id"),
        flat.each("place_roles", "The part that each of them has.", "places.role"),
        flat.each("participants", "Names of who takes part.", "participants.actor.name"),
        flat.each("participant_ids", "Ids of those actors.", "participants.actor.id"),
        flat.each("participant_roles", "The part that each of them takes.", "participants.role"),
        flat.links("relations", "How it relates to other events, each as `kind:id`.", "event"),
        csv_corroboration(),
        flat.flag(
            "contradicted",
            "Whether it is contradicted that it happened.",
            "corroboration.contradicted",
        ),
        flat.codes(),
    )

    title = models.CharField(max_length=200, help_text="Its title.")
    type = models.CharField(max_length=64, help_text="Its type.")
    contexts = ArrayField(models.CharField(max_length=32), help_text="Its contexts.")
    status = models.CharField(max_length=16, help_text="Its status.")
    places = ArrayField(models.UUIDField(), help_text="Ids of its places.")
    participants = ArrayField(
        models.UUIDField(), help_text="Ids of its participants and of the actors above them."
    )
    parties = ArrayField(models.UUIDField(), help_text="Ids of its participants' parties.")
    part_of = ArrayField(models.UUIDField(), help_text="Ids of the events that it is part of.")
    level = models.CharField(max_length=16, null=True, help_text="Its level of corroboration.")
    contradicted = models.BooleanField(help_text="Whether it is contradicted that it happened.")
    lat = models.FloatField(null=True, help_text="Latitude of its position, or else its place's.")
    lon = models.FloatField(null=True, help_text="Longitude of its position, or else its place's.")
    when_earliest, when_latest, when_from, when_to, when_first, when_last = time_columns(
        "the event"
    )

    objects = EventRecordQuerySet.as_manager()

    class Meta(PublishedRecord.Meta):
        abstract = False
        ordering = ["seq"]
        indexes = [
            *PublishedRecord.Meta.indexes,
            *time_indexes("when", "event_record"),
            models.Index(
                fields=["type", "-when_last", "-object_id"],
                condition=CURRENT,
                name="event_record_type",
            ),
            models.Index(
                fields=["status", "-when_last", "-object_id"],
                condition=CURRENT,
                name="event_record_status",
            ),
            models.Index(
                fields=["level", "-when_last", "-object_id"],
                condition=CURRENT,
                name="event_record_level",
            ),
            models.Index(
                fields=["-when_last", "-object_id"],
                condition=CURRENT & Q(contradicted=True),
                name="event_record_contradicted",
            ),
            models.Index(fields=["lat", "lon"], condition=CURRENT, name="event_record_position"),
            GinIndex(fields=["places"], condition=CURRENT, name="event_record_places"),
            GinIndex(fields=["participants"], condition=CURRENT, name="event_record_participants"),
            GinIndex(fields=["parties"], condition=CURRENT, name="event_record_parties"),
            GinIndex(fields=["part_of"], condition=CURRENT, name="event_record_part_of"),
            GinIndex(fields=["contexts"], condition=CURRENT, name="event_record_contexts"),
            models.Index(fields=["contexts"], condition=CURRENT, name="event_record_context_lists"),
        ]

    @classmethod
    def reference(cls, body: Body) -> Body:
        return {"id": body["id"], "title": body["title"], "type": body["type"]["code"]}

    @classmethod
    def geometry(cls, body: Body) -> Body | None:
        """Its position as GeoJSON, or else its place's, or those of the places it happened in."""
        return point(**cls.borrowed(body)) or points(cls.located(body))

    @classmethod
    def geometries(cls, bodies: Sequence[Body], seq: int | None) -> Sequence[Body | None]:
        return [cls.geometry(body) for body in bodies]

    @classmethod
    def said(cls, body: Body) -> list[str | None]:
        return [body["title"], body["summary"], body["type"]["label"]]

    @classmethod
    def named(cls, body: Body) -> list[Body | None]:
        places = [element["place"] for element in body["places"]]
        return [body["place"], *places, *(p["actor"] for p in body["participants"])]

    @classmethod
    def lineage(cls, body: Body, look: Look) -> list[str]:
        ids = {element["place"]["id"] for element in body["places"]}
        if body["place"]:
            ids.add(body["place"]["id"])
        return sorted({above for place in ids for above in look.line("places", place)})

    @classmethod
    def kept(cls, version: Record, body: Body) -> Body:
        return {"corroboration": body.get("corroboration")}

    @classmethod
    def taken(cls, body: Body, line: list[str], by: str) -> Any:
        if by != "claims":
            return cls.reference(body)
        places = [element["place"] for element in body["places"]] + [body["place"]]
        return cls.reference(body), line, ids_of([place for place in places if place])

    @classmethod
    def borrowed(cls, body: Body) -> dict[str, Any]:
        nowhere = {"lat": None, "lon": None}
        position = body if body["lat"] is not None else body["place"] or nowhere
        if position["lat"] is None:
            located = cls.located(body)
            position = located[0] if len(located) == 1 else nowhere
        return {"lat": position["lat"], "lon": position["lon"]}

    @classmethod
    def located(cls, body: Body) -> list[Body]:
        """The places with a position where it happened, each once."""
        happened = [e["place"] for e in body["places"] if e["role"] == PlaceRole.LOCATION]
        return [place for place in happened if place["lat"] is not None]

    @classmethod
    def several(cls, body: Body) -> list[tuple[float, float]]:
        if cls.borrowed(body)["lat"] is not None:
            return []
        return [(place["lat"], place["lon"]) for place in cls.located(body)]

    @classmethod
    def columns(cls, body: Body, look: Look) -> dict[str, Any]:
        actors = [participant["actor"] for participant in body["participants"]]
        places = [element["place"] for element in body["places"]]
        return {
            "title": body["title"],
            "type": body["type"]["code"],
            "contexts": body["contexts"],
            "status": body["status"],
            "level": body["corroboration"] and body["corroboration"]["level"],
            "contradicted": bool(body["corroboration"] and body["corroboration"]["contradicted"]),
            "places": ids_of(places + ([body["place"]] if body["place"] else [])),
            "participants": sorted({i for a in actors for i in look.line("actors", a["id"])}),
            "parties": sorted({actor["party_id"] for actor in actors if actor["party_id"]}),
            "part_of": ids_of([r["event"] for r in body["relations"] if r["kind"] == "part_of"]),
            **cls.borrowed(body),
            **time_values("when", body["when"]),
        }


class EventPlaceLine(PlaceLine):
    """That a version of an event lies in a place."""

    record = version_key(EventRecord, "place_lines")
    type = models.CharField(max_length=64, help_text="The version's `type`.")
    when_from = models.DateTimeField(help_text="The version's `when_from`.")
    when_to = models.DateTimeField(help_text="The version's `when_to`.")
    when_first = models.DateTimeField(help_text="The version's `when_first`.")
    when_last = models.DateTimeField(help_text="The version's `when_last`.")
    recorded_at = models.DateTimeField(help_text="The version's `recorded_at`.")

    class Meta:
        indexes = [
            # It has all that a page of a region asks of this table, and that counts by type do.
            models.Index(
                fields=["place_id", "-when_last", "-object_id", "when_to", "when_from"],
                include=["record", "current", "type"],
                name="event_line_desc",
            ),
            models.Index(fields=["place_id", "when_first", "object_id"], name="event_line_asc"),
            models.Index(
                fields=["place_id", "recorded_at", "object_id"], name="event_line_recorded"
            ),
        ]


class EventPoint(Point):
    """One of several places that a version of an event happened in."""

    record = version_key(EventRecord, "points")


EventRecord.place_line = EventPlaceLine
EventRecord.point_table = EventPoint
