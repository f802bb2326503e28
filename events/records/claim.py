"""Published versions of claims."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from events.arguments import argument
from events.contradictions import matters
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
from records.models import PlaceLine, Record
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


def claim_standing(body: Body, look: Look) -> Body:
    """What contradicts the claim's class, and how far it is corroborated."""
    computed = look.derived("claims", body["id"])
    return {name: computed.get(name) for name in STANDING}


#: The members of a claim that follow from other claims.
STANDING = ("contradicted", "contradictions", "contradictions_total", "corroboration")


def claim_places(body: Body, look: Look) -> list[str]:
    """Ids of the places that a claim or its event is about."""
    places = list(body["places"])
    if body["event"]:
        event = look.body("events", body["event"]["id"])
        places += [element["place"] for element in event["places"]]
        places += [event["place"]] if event["place"] else []
    return ids_of(places)


def claim_documents(body: Body) -> list[str]:
    """Ids of the documents that a claim is cited from or is about."""
    cited = [citation["document"] for citation in body["citations"]]
    return ids_of(cited + ([body["document"]] if body["document"] else []))


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
        Derived(STANDING, claim_standing, ("contradictions",)),
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
    class_id = models.UUIDField(
        help_text="The claim that its class over `same_as` and `repeats` stands by."
    )
    matters = ArrayField(
        models.UUIDField(), help_text="Keys of what it settles: claims of one may differ."
    )
    level = models.CharField(max_length=16, null=True, help_text="Its level of corroboration.")
    contradicted = models.BooleanField(help_text="Whether another claim contradicts it.")
    precedes = ArrayField(models.UUIDField(), help_text="Ids of the claims that it precedes.")
    same_as = ArrayField(models.UUIDField(), help_text="Ids of the claims that it is the same as.")

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
                for column in (
                    "kind",
                    "claimant",
                    "party",
                    "event",
                    "object_actor",
                    "metric",
                    "level",
                )
            ),
            models.Index(
                fields=["-said_last", "-object_id"],
                condition=CURRENT & Q(contradicted=True),
                name="claim_record_contradicted",
            ),
            models.Index(fields=["class_id", "object_id"], name="claim_record_class"),
            GinIndex(fields=["precedes"], name="claim_record_precedes"),
            GinIndex(fields=["same_as"], name="claim_record_same_as"),
            models.Index(
                fields=["control_status", "-said_last", "-object_id"],
                condition=CURRENT & Q(control_status__isnull=False),
                name="claim_record_control",
            ),
            *(
                GinIndex(fields=[column], condition=CURRENT, name=f"claim_record_{column}")
                for column in ("places", "actors", "documents", "publishers", "matters")
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
    def kept(cls, version: Record, body: Body) -> Body:
        standing = {name: body.get(name) for name in STANDING}
        return standing | {"class_id": str(version.class_id)}  # type: ignore[attr-defined]

    @classmethod
    def taken(cls, body: Body, line: list[str], by: str) -> Any:
        if by != "contradictions":
            return cls.reference(body)
        shown = ("claimant", "said", "places", "event")
        return (
            cls.reference(body), line, claim_documents(body), [body[name] for name in shown],
        )  # fmt: skip

    @classmethod
    def columns(cls, body: Body, look: Look) -> dict[str, Any]:
        claimant = look.body("sources", body["claimant"]["id"])
        actors = [body["actor"], body["object_actor"], claimant["speaks_for"]]
        cited = body["citations"]
        holds = body["holds"] or {"earliest": None, "latest": None}
        holds_columns = time_values("holds", holds)
        return {
            "kind": body["kind"],
            "voice": body["voice"],
            "claimant": body["claimant"]["id"],
            "party": body["party_id"],
            "event": body["event"] and body["event"]["id"],
            "places": claim_places(body, look),
            "actors": ids_of([actor for actor in actors if actor]),
            "object_actor": body["object_actor"] and body["object_actor"]["id"],
            "documents": claim_documents(body),
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
            "class_id": look.derived("claims", body["id"]).get("class_id", body["id"]),
            "matters": sorted(matters(argument(body, look))),
            "level": body["corroboration"] and body["corroboration"]["level"],
            "contradicted": bool(body["contradicted"]),
            **{
                kind: ids_of([r["claim"] for r in body["relations"] if r["kind"] == kind])
                for kind in ("precedes", "same_as")
            },
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
