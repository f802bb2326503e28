"""Published versions of claims."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import orjson
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
from events.records.event import EventRecord, csv_corroboration, ids_of
from places.positions import points
from records import flat
from records.models import PlaceLine, Record
from records.models.record import CURRENT, version_key
from records.record import PublishedRecord
from records.registry import record_of
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
from records.timeline import (
    FIRST,
    LONG,
    bound_columns,
    bound_values,
    time_columns,
    time_indexes,
    time_values,
)


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


def _position(name: str) -> Callable[[Body], float | None]:
    """One coordinate of the claim's place, where exactly one of its places has a position."""

    def coordinate(body: Body) -> float | None:
        found = [place[name] for place in body["places"] if place["lat"] is not None]
        return found[0] if len(found) == 1 else None

    return coordinate


def _first_cited(*path: str) -> Callable[[Body], Any]:
    """What lies at a path in the first citation."""
    return lambda body: flat.at(body["citations"][0], path) if body["citations"] else None


#: What most claims have, by column, and the mode in which most documents carry them.
USUAL = {
    "polarity": "affirmed",
    "certainty": "certain",
    "evidence": "none_mentioned",
    "interest": "unknown",
}
USUAL_MODE = "paraphrase"


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

    csv_columns = flat.columns(
        flat.plain("statement", "What is claimed, in our words."),
        flat.plain("kind", "Its kind."),
        flat.plain("voice", "Whether it is attributed or the reporter's own."),
        flat.reference("claimant", "Who said it"),
        flat.party("The claimant's party"),
        flat.reference("event", "The event that it is about", "title"),
        flat.plain("event_type", "The type of that event.", "event.type"),
        flat.each("places", "Names of the places that it is about.", "places.name"),
        flat.each("place_ids", "Ids of those places.", "places.id"),
        flat.Column(
            "lat", "Latitude of its place, where one has a position.", _position("lat"), "number"
        ),
        flat.Column(
            "lon", "Longitude of its place, where one has a position.", _position("lon"), "number"
        ),
        flat.reference("actor", "The actor that it is about"),
        flat.reference("document", "The document that it is about", "title"),
        flat.reference("object_actor", "Who controls, did it, won, or whose number it is"),
        flat.plain("polarity", "Whether it is affirmed or denied."),
        flat.plain("certainty", "How certain the claimant puts it."),
        flat.plain("condition", "On what condition."),
        flat.plain("metric", "What its figure measures.", "quantity.metric"),
        flat.number("low", "The lower bound of the figure.", "quantity.low"),
        flat.number("best", "The figure that was given.", "quantity.best"),
        flat.number("high", "The upper bound of the figure.", "quantity.high"),
        flat.plain("unit", "What is counted.", "quantity.unit"),
        flat.plain("approximator", "How exact the figure is put.", "quantity.approximator"),
        flat.plain("control_status", "What it says of control."),
        flat.plain("extent", "Of the whole place, or a part."),
        flat.plain("evidence", "What evidence it is given with."),
        flat.plain("interest", "Whether it serves the claimant's interest."),
        flat.plain("wording", "The loaded words that were used."),
        flat.time("said", "When it was said"),
        flat.time("holds", "When it is said to hold"),
        flat.plain("credibility", "How credible it is held to be, 1 to 6.", "credibility.value"),
        flat.plain("rating", "The verdict of a fact check.", "rating.value"),
        flat.links("relations", "How it relates to other claims, each as `kind:id`.", "claim"),
        flat.flag("contradicted", "Whether another claim contradicts it."),
        flat.count("contradictions", "How many contradictions there are."),
        csv_corroboration(),
        flat.count("citations", "How many citations it has."),
        flat.Column(
            "cited_document_id",
            "The document of the first citation: its id.",
            _first_cited("document", "id"),
        ),
        flat.Column("cited_title", "That document's title.", _first_cited("document", "title")),
        flat.Column("cited_url", "Where it is published.", _first_cited("document", "url")),
        flat.Column("publisher_id", "Who published it: the id.", _first_cited("publisher", "id")),
        flat.Column("publisher_name", "Who published it.", _first_cited("publisher", "name")),
        flat.Column("mode", "How the first citation carries the claim.", _first_cited("mode")),
        flat.Column("quote", "The quote of the first citation.", _first_cited("quote")),
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
    citations = models.IntegerField(help_text="How many citations it has.")
    said_earliest, said_latest, said_from, said_to, said_first, said_last = time_columns(
        "its statement"
    )
    holds_earliest, holds_latest, holds_from, holds_to = bound_columns("what it says")
    holds_long = models.BooleanField(help_text="Whether it holds for long, or may.")
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
            # What few have, in the order of lists: such an index holds little, and costs little.
            *(
                models.Index(
                    fields=["-said_last", "-object_id", *columns],
                    condition=CURRENT & condition,
                    name=f"claim_record_{name}",
                )
                for name, columns, condition in (
                    ("contradicted", (), Q(contradicted=True)),
                    ("conditional", (), Q(conditional=True)),
                    ("modes_order", (), ~Q(modes=[USUAL_MODE])),
                    *(
                        (column, (column,), ~Q(**{column: usual}))
                        for column, usual in USUAL.items()
                    ),
                )
            ),
            GinIndex(
                fields=["modes"],
                condition=CURRENT & ~Q(modes=[USUAL_MODE]),
                name="claim_record_modes",
            ),
            models.Index(fields=["publishers"], condition=CURRENT, name="claim_record_published"),
            *(
                models.Index(
                    fields=["holds_to", "holds_from"],
                    condition=CURRENT & condition,
                    name=f"claim_record_{name}",
                )
                for name, condition in (
                    ("holds", Q(holds_to__gt=FIRST)),
                    ("holds_long", Q(holds_long=True)),
                )
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
    def geometries(cls, bodies: Sequence[Body], seq: int | None) -> Sequence[Body | None]:
        """The positions of their places, or else those of their events. One query."""
        events = {body["event"]["id"] for body in bodies if body["event"]}
        found = EventRecord.objects.at(seq).filter(object_id__in=events)
        of_events = {
            str(event): EventRecord.geometry(orjson.loads(body))
            for event, body in found.values_list("object_id", "body")
        }
        return [
            points(body["places"]) or of_events.get(body["event"]["id"] if body["event"] else "")
            for body in bodies
        ]

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
    def forget(cls, object_id: UUID) -> None:
        record_of("contradictions").leave_out(object_id)  # type: ignore[attr-defined]

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
        holds = bound_values("holds", body["holds"])
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
            "citations": body.get("citations_total", len(cited)),
            **time_values("said", body["said"]),
            **holds,
            "holds_long": holds["holds_to"] - holds["holds_from"] > LONG,
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

    record = version_key(ClaimRecord, "place_lines")
    said_from = models.DateTimeField(help_text="The version's `said_from`.")
    said_to = models.DateTimeField(help_text="The version's `said_to`.")
    said_first = models.DateTimeField(help_text="The version's `said_first`.")
    said_last = models.DateTimeField(help_text="The version's `said_last`.")
    recorded_at = models.DateTimeField(help_text="The version's `recorded_at`.")

    class Meta:
        indexes = [
            # It has all that a page of a region asks of this table.
            models.Index(
                fields=["place_id", "-said_last", "-object_id", "said_to", "said_from"],
                include=["record", "current"],
                name="claim_line_desc",
            ),
            models.Index(fields=["place_id", "said_first", "object_id"], name="claim_line_asc"),
            models.Index(
                fields=["place_id", "recorded_at", "object_id"], name="claim_line_recorded"
            ),
        ]


ClaimRecord.place_line = ClaimPlaceLine
