"""What each voice says of an event, side by side.

The answer is computed over the records of one moment. `events.positions` has the rules.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import orjson
from django.contrib.postgres.aggregates import BoolOr
from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q, Window
from django.db.models.functions import RowNumber
from django.http import HttpResponse
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from events.api.computed import ComputedView
from events.api.control_records import claims_at, voices_of
from events.api.control_serializers import ControlVoiceSerializer
from events.api.filters import EventFilter
from events.api.serializers import (
    ClaimContradictionSerializer,
    ClaimQuantitySerializer,
    ClaimReferenceSerializer,
    CorroborationSerializer,
    EventReferenceSerializer,
)
from events.control import Voice
from events.models import (
    Certainty,
    Citation,
    Claim,
    ClaimKind,
    ClaimLinkKind,
    ControlStatus,
    Event,
    EventStatus,
    Evidence,
    Interest,
    Mode,
    Polarity,
)
from events.models import Voice as ClaimVoice
from events.positions import (
    Cell,
    Position,
    PositionMark,
    PositionStance,
    Proposition,
    Row,
    occurrence_mark,
    rows,
    saying_it_happened,
)
from events.records import ClaimRecord, EventRecord
from records.api.moments import Moment
from records.api.reading import AS_OF
from records.api.serializers import (
    Number,
    SpanField,
    UncertainTimeSerializer,
    Vocabulary,
    described,
    total,
)
from records.shape import NESTED_LIMIT, Body
from sources.api.serializers import DocumentReferenceSerializer, SourceReferenceSerializer

#: Propositions of one event that are shown.
MOST_ROWS = 200
#: Claims of one cell that are shown.
MOST_CLAIMS = 20
#: Contradictions of one row that are shown.
MOST_CONTRADICTIONS = 20
#: Claims after which no further row is begun.
ENOUGH_CLAIMS = 2_000


class PositionCitationReferenceSerializer(serializers.Serializer):
    """Where a claim can be read; the claim itself has more."""

    document = DocumentReferenceSerializer(help_text=described(Citation, "document"))
    mode = Vocabulary(Mode, help_text=described(Citation, "mode"))
    spans = serializers.ListField(
        child=SpanField(help_text="Start and end."), help_text=described(Citation, "spans")
    )
    quote = serializers.CharField(allow_null=True, help_text=described(Citation, "quote"))
    locator = serializers.CharField(allow_null=True, help_text=described(Citation, "locator"))


class PositionClaimReferenceSerializer(ClaimReferenceSerializer):
    """A claim with what is needed to weigh it, and where it can be read."""

    kind = Vocabulary(ClaimKind, help_text=described(Claim, "kind"))
    voice = serializers.ChoiceField(choices=ClaimVoice.choices, help_text=described(Claim, "voice"))
    claimant = SourceReferenceSerializer(help_text=described(Claim, "claimant"))
    event = EventReferenceSerializer(allow_null=True, help_text=described(Claim, "event"))
    said = UncertainTimeSerializer(allow_null=True, help_text=described(Claim, "said"))
    polarity = serializers.ChoiceField(
        choices=Polarity.choices, help_text=described(Claim, "polarity")
    )
    certainty = serializers.ChoiceField(
        choices=Certainty.choices, help_text=described(Claim, "certainty")
    )
    conditional = serializers.BooleanField(help_text="Whether it has a condition.")
    condition = serializers.CharField(allow_null=True, help_text=described(Claim, "condition"))
    evidence = Vocabulary(Evidence, help_text=described(Claim, "evidence"))
    interest = serializers.ChoiceField(
        choices=Interest.choices, help_text=described(Claim, "interest")
    )
    quantity = ClaimQuantitySerializer(
        allow_null=True, help_text="The figure that it gives; null if it gives none."
    )
    control_status = Vocabulary(
        ControlStatus, allow_null=True, help_text=described(Claim, "control_status")
    )
    citations = PositionCitationReferenceSerializer(many=True, help_text="Where it can be read.")
    citations_total = total("citations")


class PositionSerializer(serializers.Serializer):
    """How one claim stands to the proposition of its row."""

    stance = Vocabulary(
        PositionStance,
        help_text="How the claim stands to the proposition. What contradicts it or limits it may "
        "be about another event, or about places alone. What does both contradicts.",
    )
    echo = serializers.BooleanField(
        help_text="Whether the claim only repeats another. It does not count for `agreed`."
    )
    limits = ClaimReferenceSerializer(
        many=True, help_text="Claims that this one holds to a part, a time or a condition."
    )
    claim = PositionClaimReferenceSerializer(help_text="The claim.")


class PositionCellSerializer(serializers.Serializer):
    """What one voice says that bears on a proposition."""

    voice = serializers.UUIDField(help_text="The id of the voice, as in `voices`.")
    name = serializers.CharField(help_text="The name of the voice.")
    stances = serializers.ListField(
        child=Vocabulary(PositionStance, help_text="A stance."),
        help_text="How its claims stand to the proposition, each stance once.",
    )
    claims = PositionSerializer(
        many=True,
        help_text=f"Its claims, at most {MOST_CLAIMS}: the one that the row is named by, others "
        "that speak of the proposition itself, and those that contradict or limit it, echoes last "
        "of each.",
    )
    claims_total = Number(
        required=False, help_text="How many claims there are; there only where `claims` is cut."
    )
    claims_url = serializers.URLField(help_text="The list of the voice's claims about the event.")


class PositionRowSerializer(serializers.Serializer):
    """One proposition: what claims that are the same, or repeat one another, say together."""

    id = serializers.UUIDField(
        help_text="The id of the claim that the proposition is named by: of those that say it and "
        "repeat no other, the one of the lowest id."
    )
    statement = serializers.CharField(help_text="What that claim says, in our words.")
    kind = Vocabulary(ClaimKind, help_text=described(Claim, "kind"))
    polarity = serializers.ChoiceField(
        choices=Polarity.choices, help_text=described(Claim, "polarity")
    )
    condition = serializers.CharField(allow_null=True, help_text=described(Claim, "condition"))
    mark = Vocabulary(
        PositionMark,
        help_text="How what the voices say compares. It is no finding on whether it is so. "
        "`agreed` takes two voices that count, each by a claim of its own without a condition.",
    )
    corroboration = CorroborationSerializer(
        help_text="How far the claims that say the same corroborate it."
    )
    cells = PositionCellSerializer(
        many=True,
        help_text="What each voice says of it: parties, then independent sources, then those of "
        "unknown standing, by name. A voice that does not speak to it has no cell.",
    )
    cells_total = total("cells")
    contradictions = ClaimContradictionSerializer(
        many=True,
        help_text="What contradicts the claims that say the same, by id, at most "
        f"{MOST_CONTRADICTIONS}. One of wording between claims of one claimant is here too, and "
        "does not make the row `contradicted`.",
    )
    contradictions_total = Number(
        help_text="How many contradictions there are; `/contradictions/?claim=` lists them all, by "
        "`id`."
    )


class PositionOccurrenceSerializer(serializers.Serializer):
    """Whether the event happened, by the voices' word: all its claims of kind `occurrence`."""

    status = Vocabulary(EventStatus, help_text=described(Event, "status"))
    mark = Vocabulary(
        PositionMark,
        allow_null=True,
        help_text="How what the voices say compares, over all claims that affirm, without a "
        "condition, that it happened, in whatever words; null if there is none.",
    )
    corroboration = CorroborationSerializer(help_text="How far these claims corroborate it.")
    voices = serializers.ListField(
        child=serializers.UUIDField(help_text="The id of a voice."),
        help_text="The voices that say so by a claim of their own, as in `voices`.",
    )


class PositionVoiceSerializer(ControlVoiceSerializer):
    """A column: a party, or a source that has none."""

    counted = serializers.BooleanField(
        help_text="Whether the voice counts for `agreed`: a party, or a source that a curator "
        "holds to be independent. The standing of any other source is unknown, and it counts as "
        "neither."
    )
    not_stated = serializers.ListField(
        child=serializers.UUIDField(help_text="The id of a row."),
        help_text="The rows that the voice does not speak to, in the order of the rows.",
    )


class PositionsSerializer(serializers.Serializer):
    """What each voice says of an event: voices as columns, propositions as rows."""

    event = EventReferenceSerializer(help_text="The event.")
    occurrence = PositionOccurrenceSerializer(help_text="Whether it happened, by whose word.")
    voices = PositionVoiceSerializer(
        many=True,
        help_text="The columns: every voice that has a cell in a row shown, or says that the event "
        "happened. Parties come first, then independent sources, then those of unknown standing, "
        "by name. A source of kind `dataset` is no voice: it codes what others said.",
    )
    rows = PositionRowSerializer(
        many=True,
        help_text="The propositions: contradicted ones first, then agreed, one-sided and unknown "
        "ones, each by kind and by when they were said. A denial of what is a row is in that row.",
    )
    rows_total = Number(
        required=False,
        help_text="How many propositions there are; there only where `rows` is cut, at "
        f"{MOST_ROWS} rows or after {ENOUGH_CLAIMS} claims.",
    )
    coded = Number(
        help_text="How many claims about the event are of sources of kind `dataset`, and so are "
        "left out."
    )
    claims_url = serializers.URLField(help_text="The list of all claims about the event.")


class PositionsView(ComputedView):
    """What each voice says of an event."""

    queryset = EventRecord.objects.all()
    serializer_class = PositionsSerializer
    filterset_class = EventFilter

    @extend_schema(
        operation_id="events_positions_retrieve",
        parameters=[AS_OF],
        responses=PositionsSerializer,
        filters=False,
        tags=["events"],
    )
    def positions(self, request: Request, pk: str) -> HttpResponse:
        """What each voice says of the event, side by side: voices as columns, propositions as rows.

        A proposition is what claims that are the same, or repeat one another, say together. Its
        cells have, by voice, the claims that affirm it, deny it, contradict it or limit it, with
        where they can be read. Voices are parties, and sources that have none; each names the rows
        that it does not speak to. Nothing here says who is right.
        """
        return self.told_of(pk, self.said)

    def said(self, event: Body, now: Moment) -> Body:
        """The answer on an event at a moment."""
        heard = _heard(event["id"], now)
        shown = _enough(heard.rows)
        speaking = [cell.voice for row in shown for cell in row.cells] + heard.happened
        voices = {voice.id: voice for voice in speaking}
        return {
            "event": EventRecord.reference(event),
            "occurrence": {
                "status": event["status"],
                "mark": occurrence_mark(event["corroboration"]),
                "corroboration": event["corroboration"],
                "voices": [voice.id for voice in heard.happened],
            },
            "voices": [
                _column(voice, shown)
                for voice in sorted(voices.values(), key=lambda voice: voice.order)
            ],
            "rows": [self.row(row, event["id"]) for row in shown],
            **({"rows_total": heard.total} if heard.total > len(shown) else {}),
            "coded": heard.coded,
            "claims_url": self.claims_url(event["id"]),
        }

    def row(self, row: Row, event: str) -> Body:
        """A row of the answer."""
        claim, of_class = row.proposition.standing, row.proposition
        named_by = ("id", "statement", "kind", "polarity", "condition")
        return {
            **{name: claim[name] for name in named_by},
            "mark": row.mark,
            "corroboration": claim["corroboration"],
            "cells": [self.cell(cell, event) for cell in row.cells[:NESTED_LIMIT]],
            **({"cells_total": len(row.cells)} if len(row.cells) > NESTED_LIMIT else {}),
            "contradictions": of_class.contradictions[:MOST_CONTRADICTIONS],
            "contradictions_total": of_class.contradictions_total,
        }

    def cell(self, cell: Cell, event: str) -> Body:
        """A cell of the answer."""
        by = "party" if cell.voice.party else "claimant"
        return {
            "voice": cell.voice.id,
            "name": cell.voice.name,
            "stances": list(dict.fromkeys(position.stance for position in cell.positions)),
            "claims": [_position(position) for position in cell.positions[:MOST_CLAIMS]],
            **({"claims_total": cell.total} if cell.total > MOST_CLAIMS else {}),
            "claims_url": self.claims_url(event, **{by: cell.voice.id}),
        }

    def claims_url(self, event: str, **more: str) -> str:
        """The list of claims about an event, at the moment that is asked for."""
        asked = self.request.query_params.get("as_of")
        query = {"event": event, **more, **({"as_of": asked} if asked else {})}
        return f"{self.claims_list}?{urlencode(query)}"

    @cached_property
    def claims_list(self) -> str:
        """The address of the list of claims."""
        return self.address("claims")


def _column(voice: Voice, shown: Iterable[Row]) -> Body:
    return {
        "id": voice.id,
        "name": voice.name,
        "party": voice.party,
        "source": voice.source,
        "counted": voice.counted,
        "not_stated": [
            row.proposition.standing["id"] for row in shown if voice.id not in row.voices
        ],
    }


def _position(position: Position) -> Body:
    claim = position.claim
    kept = ("id", "statement", "kind", "voice", "claimant", "event", "said", "polarity")
    more = ("evidence", "interest", "quantity", "control_status")
    return {
        "stance": position.stance,
        "echo": position.echo,
        "limits": position.limited,
        "claim": {
            **{name: claim[name] for name in kept},
            "certainty": claim["certainty"],
            "conditional": claim["condition"] is not None,
            "condition": claim["condition"],
            **{name: claim[name] for name in more},
            "citations": [
                {name: citation[name] for name in ("document", "mode", "spans", "quote", "locator")}
                for citation in claim["citations"]
            ],
            **{name: claim[name] for name in ("citations_total",) if name in claim},
        },
    }


def _enough(found: Sequence[Row]) -> list[Row]:
    """The first rows, until enough claims are shown."""
    shown: list[Row] = []
    claims = 0
    for row in found[:MOST_ROWS]:
        if claims >= ENOUGH_CLAIMS:
            break
        shown.append(row)
        claims += sum(len(cell.positions[:MOST_CLAIMS]) for cell in row.cells[:NESTED_LIMIT])
    return shown


# Reading what was said.


@dataclass(frozen=True)
class _Heard:
    """What voices say of an event."""

    rows: list[Row]
    #: The voices that say that it happened.
    happened: list[Voice]
    #: How many propositions there are, whether they were read or not.
    total: int
    #: How many claims are of sources that are no voice.
    coded: int


def _heard(event: str, now: Moment) -> _Heard:
    """Read what is said of an event: a few queries for any number of claims."""
    of_class: dict[str, list[tuple[str, int, bool]]] = defaultdict(list)
    for part in claims_at(now):
        counted = (
            part.filter(event=event)
            .values("class_id", "claimant")
            .annotate(claims=Count("*"), against=BoolOr("contradicted"))
            .order_by()
        )
        for head, claimant, *more in counted.values_list(
            "class_id", "claimant", "claims", "against"
        ):
            of_class[str(head)].append((str(claimant), *more))
    voices = voices_of({claimant for said in of_class.values() for claimant, *_ in said}, now)

    def weight(head: str) -> tuple[bool, bool, int, str]:
        said = of_class[head]
        spoken = any(voices.get(claimant) for claimant, *_ in said)
        return not spoken, not any(s[2] for s in said), -sum(s[1] for s in said), head

    about = sorted(of_class, key=weight)[:MOST_ROWS]
    classes = _classes(about, now)
    limiting = _limiting(classes.values(), now)
    beside = {each["claim"]["id"] for one in classes.values() for each in one.contradictions}
    beside |= {head for heads in limiting.values() for head in heads}
    classes |= _classes(beside - classes.keys(), now)
    voices |= voices_of({i for one in classes.values() for i in one.totals} - voices.keys(), now)
    found = rows(about, classes, limiting, voices)
    none = {claimant for claimant, voice in voices.items() if voice is None}
    return _Heard(
        rows=found,
        happened=saying_it_happened(event, classes.values(), voices),
        total=len(of_class) if len(of_class) > MOST_ROWS else len(found),
        coded=sum(n for said in of_class.values() for who, n, _ in said if who in none),
    )


def _classes(heads: Collection[str], now: Moment) -> dict[str, Proposition]:
    """Classes by the claims that they stand by; of each claimant's claims as many as are shown."""
    if not heads:
        return {}
    of_claimant = [F("class_id"), F("claimant")]
    stands = ExpressionWrapper(Q(object_id=F("class_id")), output_field=BooleanField())
    first = [stands.desc(), F("said_first").asc(), F("object_id").asc()]
    versions = (
        ClaimRecord.objects.at(now.seq)
        .in_classes(heads)
        .annotate(
            number=Window(RowNumber(), partition_by=of_claimant, order_by=first),
            claims=Window(Count("*"), partition_by=of_claimant),
        )
        .filter(number__lte=MOST_CLAIMS)
        .order_by("class_id", "object_id")
    )
    claims: dict[str, list[Body]] = defaultdict(list)
    totals: dict[str, dict[str, int]] = defaultdict(dict)
    for head, claimant, text, total_of_claimant in versions.values_list(
        "class_id", "claimant", "body", "claims"
    ):
        claims[str(head)].append(orjson.loads(text))
        totals[str(head)][str(claimant)] = total_of_claimant
    return {head: Proposition(head, claims[head], totals[head]) for head in claims}


def _limiting(classes: Iterable[Proposition], now: Moment) -> dict[str, set[str]]:
    """By the claim that a class stands by, the classes with a claim that limits one of its."""
    head_of = {claim["id"]: one.id for one in classes for claim in one.claims}
    found: dict[str, set[str]] = defaultdict(set)
    if not head_of:
        return found
    for part in claims_at(now):
        # The text narrows: of all that refers to the claims, few claims limit anything.
        limiting = part.filter(refs__overlap=list(head_of), body__contains='"kind":"limits"')
        for head, text in limiting.values_list("class_id", "body"):
            for relation in orjson.loads(text)["relations"]:
                limited = head_of.get(relation["claim"]["id"])
                if limited and relation["kind"] == ClaimLinkKind.LIMITS and limited != str(head):
                    found[limited].add(str(head))
    return found
