"""Published versions of claims."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from events.models import (
    Citation,
    CitationHop,
    Claim,
    ClaimLink,
    ClaimPlace,
)
from events.querysets import ClaimRecordQuerySet
from events.records.event import ids_of
from places.positions import points
from records.models import PlaceLine
from records.models.record import CURRENT
from records.record import PublishedRecord
from records.shape import (
    Body,
    Derived,
    Group,
    Links,
    Look,
    Reference,
    Rows,
    Scalar,
    Shape,
    Statement,
    Time,
)
from records.timeline import time_columns, time_indexes, time_values


def claim_party(body: Body, look: Look) -> Body:
    """The claimant's party; null for none or an unknown one."""
    return {"party": body["claimant"]["party"], "party_id": body["claimant"]["party_id"]}


def citation_publisher(body: Body, look: Look) -> Body:
    """The publisher of the cited document; null if unknown."""
    return {"publisher": look.body("documents", body["document"]["id"])["publisher"]}


class ClaimRecord(PublishedRecord):
    """One published version of a claim."""

    newest_first = "said_last"
    shape = Shape(
        "claims",
        Claim,
        Scalar("statement"),
        Scalar("kind"),
        Scalar("voice", initial="attributed"),
        Reference("claimant", "sources"),
        Derived(("party", "party_id"), claim_party),
        Reference("event", "events"),
        Rows("places", ClaimPlace, "claim", [Reference("place", "places")], ("place",), "place"),
        Reference("actor", "actors"),
        Reference("document", "documents"),
        Reference("object_actor", "actors"),
        Scalar("polarity", initial="affirmed"),
        Scalar("certainty", initial="certain"),
        Scalar("condition"),
        Group(
            "quantity",
            {
                part: f"quantity_{part}"
                for part in ("metric", "low", "best", "high", "unit", "approximator")
            },
        ),
        Scalar("control_status"),
        Scalar("extent"),
        Scalar("evidence", initial="none_mentioned"),
        Scalar("interest", initial="unknown"),
        Scalar("wording"),
        Time("said"),
        Time("holds"),
        Group(
            "credibility",
            {"value": "credibility", "reason": "credibility_reason", "at": "credibility_at"},
            optional=False,
            initial={"value": "6", "reason": None, "at": None},
        ),
        Group("rating", {"value": "rating", "reason": "rating_reason", "at": "rating_at"}),
        Links(
            "relations",
            ClaimLink,
            "claim",
            [
                Scalar("kind"),
                Reference("claim", "claims", "target_id"),
                Scalar("phrase"),
                Scalar("how"),
            ],
            ("claim", "kind"),
            symmetric=("same_as", "contradicts"),
        ),
        Rows(
            "citations",
            Citation,
            "claim",
            [
                Reference("document", "documents"),
                Derived(("publisher",), citation_publisher),
                Scalar("mode"),
                Scalar("spans", initial=list),
                Scalar("insertions", initial=list),
                Scalar("locator"),
                Scalar("quote"),
                Scalar("passage_sha256"),
                Rows(
                    "via",
                    CitationHop,
                    "citation",
                    [Reference("document", "documents"), Reference("source", "sources")],
                ),
            ],
            ("document", "spans", "mode", "locator"),
            repeatable=True,
        ),
    )

    kind = models.CharField(max_length=16, help_text="Its kind.")
    voice = models.CharField(max_length=16, help_text="Its voice.")
    claimant = models.UUIDField(help_text="The id of its claimant.")
    party = models.UUIDField(null=True, help_text="The id of its claimant's party.")
    event = models.UUIDField(null=True, help_text="The id of its event.")
    places = ArrayField(models.UUIDField(), help_text="Ids of its places and its event's.")
    actors = ArrayField(
        models.UUIDField(), help_text="Ids of its actor, its object and the claimant's actor."
    )
    object_actor = models.UUIDField(null=True, help_text="The id of its object.")
    documents = ArrayField(
        models.UUIDField(), help_text="Ids of the documents that it is cited from or about."
    )
    publishers = ArrayField(
        models.UUIDField(), help_text="Ids of the publishers of the documents that carry it."
    )
    polarity = models.CharField(max_length=16, help_text="Its polarity.")
    certainty = models.CharField(max_length=16, help_text="Its certainty.")
    conditional = models.BooleanField(help_text="Whether it has a condition.")
    evidence = models.CharField(max_length=24, help_text="Its evidence.")
    interest = models.CharField(max_length=20, help_text="Its interest.")
    modes = ArrayField(models.CharField(max_length=16), help_text="The modes of its citations.")
    metric = models.CharField(max_length=32, null=True, help_text="The metric of its quantity.")
    control_status = models.CharField(max_length=20, null=True, help_text="Its control status.")
    said_earliest, said_latest, said_first, said_last = time_columns("its statement")
    holds_earliest = models.DateTimeField(null=True, help_text="Earliest instant that it holds.")
    holds_latest = models.DateTimeField(null=True, help_text="Latest instant that it holds.")

    objects = ClaimRecordQuerySet.as_manager()

    class Meta(PublishedRecord.Meta):
        abstract = False
        ordering = ["seq"]
        indexes = [
            *PublishedRecord.Meta.indexes,
            *time_indexes("said", "claim_record"),
            *(
                models.Index(
                    fields=[column, "-said_last", "-object_id"],
                    condition=CURRENT,
                    name=f"claim_record_{column}",
                )
                for column in ("kind", "claimant", "party", "event", "object_actor", "metric")
            ),
            models.Index(
                fields=["control_status", "-said_last", "-object_id"],
                condition=CURRENT & Q(control_status__isnull=False),
                name="claim_record_control",
            ),
            *(
                GinIndex(fields=[column], condition=CURRENT, name=f"claim_record_{column}")
                for column in ("places", "actors", "documents", "publishers")
            ),
        ]

    @classmethod
    def reference(cls, body: Body) -> Body:
        return {"id": body["id"], "statement": body["statement"]}

    @classmethod
    def geometry(cls, body: Body) -> Body | None:
        """The positions of its places as GeoJSON; its event's is not known here."""
        return points(body["places"])

    @classmethod
    def said(cls, body: Body) -> list[str | None]:
        quotes = [citation["quote"] for citation in body["citations"]]
        return [body["statement"], body["condition"], body["wording"], *quotes]

    @classmethod
    def named(cls, body: Body) -> list[Body | None]:
        return [body["claimant"], *body["places"], body["actor"], body["object_actor"]]

    @classmethod
    def meant(cls, columns: dict[str, Any]) -> list[str]:
        return columns["places"]  # its event's among them

    @classmethod
    def merge(cls, winner: Statement, loser: Statement) -> Statement:
        merged = super().merge(winner, loser)
        merged["citations"] = winner["citations"] + [
            citation for citation in loser["citations"] if citation not in winner["citations"]
        ]
        return merged

    @classmethod
    def lineage(cls, body: Body, look: Look) -> list[str]:
        line = {above for place in body["places"] for above in look.line("places", place["id"])}
        if body["event"]:
            line.update(look.line("events", body["event"]["id"]))
        return sorted(line)

    @classmethod
    def columns(cls, body: Body, look: Look) -> dict[str, Any]:
        places = list(body["places"])
        if body["event"]:
            event = look.body("events", body["event"]["id"])
            places += [element["place"] for element in event["places"]]
            places += [event["place"]] if event["place"] else []
        claimant = look.body("sources", body["claimant"]["id"])
        actors = [body["actor"], body["object_actor"], claimant["speaks_for"]]
        cited = body["citations"]
        documents = [c["document"] for c in cited] + (
            [body["document"]] if body["document"] else []
        )
        holds = body["holds"] or {"earliest": None, "latest": None}
        holds_columns = time_values("holds", holds)
        return {
            "kind": body["kind"],
            "voice": body["voice"],
            "claimant": body["claimant"]["id"],
            "party": body["party_id"],
            "event": body["event"] and body["event"]["id"],
            "places": ids_of(places),
            "actors": ids_of([actor for actor in actors if actor]),
            "object_actor": body["object_actor"] and body["object_actor"]["id"],
            "documents": ids_of(documents),
            "publishers": ids_of([c["publisher"] for c in cited if c["publisher"]]),
            "polarity": body["polarity"],
            "certainty": body["certainty"],
            "conditional": body["condition"] is not None,
            "evidence": body["evidence"],
            "interest": body["interest"],
            "modes": sorted({citation["mode"] for citation in cited}),
            "metric": body["quantity"] and body["quantity"]["metric"],
            "control_status": body["control_status"],
            **time_values("said", body["said"]),
            "holds_earliest": holds_columns["holds_earliest"],
            "holds_latest": holds_columns["holds_latest"],
        }


class ClaimPlaceLine(PlaceLine):
    """That a version of a claim lies in a place, by its own places or its event's."""

    record = models.ForeignKey(
        ClaimRecord,
        models.PROTECT,
        db_column="seq",
        related_name="place_lines",
        help_text="The version.",
    )
    said_first = models.DateTimeField(help_text="The version's `said_first`.")
    said_last = models.DateTimeField(help_text="The version's `said_last`.")
    recorded_at = models.DateTimeField(help_text="The version's `recorded_at`.")

    class Meta:
        indexes = [
            models.Index(
                fields=["place_id", "-said_last", "-object_id"],
                condition=Q(current=True),
                name="claim_line_desc",
            ),
            models.Index(
                fields=["place_id", "-said_last", "-object_id"], name="claim_line_desc_all"
            ),
            models.Index(fields=["place_id", "said_first", "object_id"], name="claim_line_asc"),
            models.Index(
                fields=["place_id", "recorded_at", "object_id"], name="claim_line_recorded"
            ),
        ]


ClaimRecord.place_line = ClaimPlaceLine
