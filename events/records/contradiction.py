"""Published versions of contradictions."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from events.models import Contradiction
from events.querysets import ContradictionRecordQuerySet
from events.records.claim import ClaimRecord, claim_places
from events.records.event import ids_of
from records import flat
from records.models import PlaceLine, Record
from records.models.record import CURRENT, version_key
from records.record import PublishedRecord
from records.shape import Body, Derived, Look, Member, Scalar, Shape, Statement, Turn
from records.timeline import time_values

#: The columns that cover all claims of both classes, so that any of them finds it.
FOUND_BY = ("claims", "parties", "documents")


class Sides(Member):
    """`claims`: the two claims, the one of the lower id first, with who said them and when."""

    keys = ("claims",)
    resource, column = "claims", "first_id"

    def columns(self) -> list[str]:
        return ["first_id", "second_id"]

    def read(self, values: dict[str, Any], children: Any) -> Statement:
        return {"claims": [str(values["first_id"]), str(values["second_id"])]}

    def write(self, statement: Statement) -> dict[str, Any]:
        first, second = statement["claims"]
        return {"first_id": UUID(first), "second_id": UUID(second)}

    def default(self) -> Statement:
        return {"claims": []}

    def normal(self, statement: Statement) -> Statement:
        if len({*statement["claims"]}) != 2:
            raise ValueError("a contradiction is of two claims; name both")
        return {"claims": sorted(statement["claims"])}

    def references(self, statement: Statement) -> Iterator[tuple[str, str]]:
        return (("claims", claim) for claim in statement["claims"])

    def translate(self, statement: Statement, turn: Turn) -> Statement:
        return {"claims": [turn("claims", claim) for claim in statement["claims"]]}

    def assemble(self, statement: Statement, look: Look) -> Body:
        return {"claims": [_side(look, claim) for claim in statement["claims"]]}

    def strip(self, body: Body) -> Statement:
        return {"claims": [side["claim"]["id"] for side in body["claims"]]}


def _side(look: Look, claim_id: str) -> Body:
    claim = look.body("claims", claim_id)
    shown = ("claimant", "party", "party_id", "said")
    return {"claim": look.reference("claims", claim_id)} | {name: claim[name] for name in shown}


def contradiction_how(body: Body, look: Look) -> Body:
    """In what the two differ, where a curator joined them."""
    return {"how": look.derived("contradictions", body["id"]).get("how")}


def contradiction_difference(body: Body, look: Look) -> Body:
    """What differs between the two, in words and as data."""
    return {"difference": look.derived("contradictions", body["id"]).get("difference")}


def contradiction_subject(body: Body, look: Look) -> Body:
    """The places of either claim, and the event of both, or of the one that has one."""
    claims = [look.body("claims", side["claim"]["id"]) for side in body["claims"]]
    places = {place["id"]: place for claim in claims for place in claim["places"]}
    events = {claim["event"]["id"]: claim["event"] for claim in claims if claim["event"]}
    return {
        "places": [places[place] for place in sorted(places)],
        "event": next(iter(events.values())) if len(events) == 1 else None,
    }


def _csv_side(position: int, which: str) -> list[flat.Column]:
    """The columns of CSV of one of the two claims: `first_claim_id` and so on."""

    def on_side(column: flat.Column) -> flat.Column:
        return flat.Column(
            f"{which}_{column.name}",
            f"On the {which} side: {column.text[0].lower()}{column.text[1:]}",
            lambda body: column.value(body["claims"][position]),
        )

    side = [
        *flat.reference("claim", "The claim", "statement"),
        *flat.reference("claimant", "Who said it"),
        *flat.party("The claimant's party"),
        *flat.time("said", "When it was said"),
    ]
    return [on_side(column) for column in side]


class ContradictionRecord(PublishedRecord):
    """One published version of a contradiction."""

    computed = True
    shape = Shape(
        "contradictions",
        Contradiction,
        Scalar("rule"),
        Derived(("how",), contradiction_how),
        Sides(),
        Derived(("difference",), contradiction_difference),
        Scalar("resolution", initial="unresolved"),
        Scalar("resolution_reason"),
        Derived(
            ("places", "event"), contradiction_subject, ("places", "events", "sources", "actors")
        ),
    )

    csv_columns = flat.columns(
        flat.plain("rule", "The rule by which the two cannot both hold."),
        flat.plain("how", "In what they differ, where a curator joined them."),
        _csv_side(0, "first"),
        _csv_side(1, "second"),
        flat.plain("difference", "What differs, in words.", "difference.text"),
        flat.plain("resolution", "How it is resolved."),
        flat.plain("resolution_reason", "Why it is resolved so."),
        flat.each("places", "Names of the places that either is about.", "places.name"),
        flat.each("place_ids", "Ids of those places.", "places.id"),
        flat.reference("event", "The event that they are about", "title"),
    )

    rule = models.CharField(max_length=16, help_text="Its rule.")
    how = models.CharField(max_length=16, null=True, help_text="In what the claims differ.")
    first = models.UUIDField(help_text="The id of the claim of the lower id.")
    second = models.UUIDField(help_text="The id of the other claim.")
    # Of every claim of both classes, not of the two alone: `FOUND_BY`.
    claims = ArrayField(
        models.UUIDField(),
        help_text="Ids of the claims of both sides: the two, and those that say the same.",
    )
    parties = ArrayField(models.UUIDField(), help_text="Ids of the claimants' parties.")
    events = ArrayField(models.UUIDField(), help_text="Ids of the claims' events.")
    documents = ArrayField(
        models.UUIDField(), help_text="Ids of the documents that the claims are cited from."
    )
    places = ArrayField(models.UUIDField(), help_text="Ids of the claims' places.")
    resolution = models.CharField(max_length=20, help_text="Its resolution.")
    first_said_earliest = models.DateTimeField(null=True, help_text="Earliest the first was said.")
    first_said_latest = models.DateTimeField(null=True, help_text="Latest the first was said.")
    second_said_earliest = models.DateTimeField(
        null=True, help_text="Earliest the second was said."
    )
    second_said_latest = models.DateTimeField(null=True, help_text="Latest the second was said.")

    objects = ContradictionRecordQuerySet.as_manager()

    class Meta(PublishedRecord.Meta):
        abstract = False
        ordering = ["seq"]
        indexes = [
            *PublishedRecord.Meta.indexes,
            models.Index(
                fields=["first", "object_id"], condition=CURRENT, name="contra_record_first"
            ),
            models.Index(
                fields=["second", "object_id"], condition=CURRENT, name="contra_record_second"
            ),
            *(
                models.Index(
                    fields=[column, "recorded_at", "object_id"],
                    condition=CURRENT,
                    name=f"contra_record_{column}",
                )
                for column in ("rule", "resolution")
            ),
            *(
                GinIndex(fields=[column], condition=CURRENT, name=f"contra_record_{column}")
                for column in ("claims", "parties", "events", "documents", "places")
            ),
        ]

    @classmethod
    def reference(cls, body: Body) -> Body:
        return {"id": body["id"], "rule": body["rule"]}

    @classmethod
    def kept(cls, version: Record, body: Body) -> Body:
        found_by = {name: [str(i) for i in getattr(version, name)] for name in FOUND_BY}
        return {"how": body["how"], "difference": body["difference"]} | found_by

    @classmethod
    def leave_out(cls, claim: UUID) -> None:
        """Forget that versions are found by a claim that is none of the two, before it is erased.

        Its party and documents go with it, but for those that another of their claims has had.
        """
        sides = Q(first=claim) | Q(second=claim)
        for version in cls.objects.filter(claims__contains=[claim]).exclude(sides):
            left = [other for other in version.claims if other != claim]
            rows = ClaimRecord.objects.filter(object_id__in=left).values_list("party", "documents")
            had = {found for party, documents in rows for found in (party, *documents)}
            cls.objects.filter(pk=version.pk).update(
                claims=left,
                parties=[party for party in version.parties if party in had],
                documents=[document for document in version.documents if document in had],
            )

    @classmethod
    def erased(cls, body: Body) -> Body:
        return super().erased(body) | {"places": []}

    @classmethod
    def said(cls, body: Body) -> list[str | None]:
        return [side["claim"]["statement"] for side in body["claims"]]

    @classmethod
    def named(cls, body: Body) -> list[Body | None]:
        return [*(side["claimant"] for side in body["claims"]), *body["places"]]

    @classmethod
    def meant(cls, columns: dict[str, Any]) -> list[str]:
        return columns["places"]  # the events' among them

    @classmethod
    def lineage(cls, body: Body, look: Look) -> list[str]:
        lines = [look.line("claims", side["claim"]["id"]) for side in body["claims"]]
        return sorted({above for line in lines for above in line})

    @classmethod
    def columns(cls, body: Body, look: Look) -> dict[str, Any]:
        sides = [side["claim"]["id"] for side in body["claims"]]
        claims = [look.body("claims", side) for side in sides]
        found_by = look.derived("contradictions", body["id"])
        times = {
            f"{side}_{name}": value
            for side, claim in zip(("first", "second"), claims, strict=True)
            for name, value in time_values("said", claim["said"]).items()
            if name in ("said_earliest", "said_latest")
        }
        return {
            "rule": body["rule"],
            "how": body["how"],
            "first": sides[0],
            "second": sides[1],
            **{name: found_by[name] for name in FOUND_BY},
            "events": ids_of([c["event"] for c in claims if c["event"]]),
            "places": sorted({i for claim in claims for i in claim_places(claim, look)}),
            "resolution": body["resolution"],
            **times,
        }


class ContradictionPlaceLine(PlaceLine):
    """That a version of a contradiction lies in a place, by either claim."""

    record = version_key(ContradictionRecord, "place_lines")
    recorded_at = models.DateTimeField(help_text="The version's `recorded_at`.")

    class Meta:
        indexes = [
            models.Index(
                fields=["place_id", "-recorded_at", "-object_id"],
                include=["record", "current"],
                name="contra_line_desc",
            ),
        ]


ContradictionRecord.place_line = ContradictionPlaceLine
