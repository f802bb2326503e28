"""What is read of the records to tell who controls places: a few queries for any number of places.

Claims are found by their columns and by the index over places, and only those that say who holds
a place, or whose it is, are parsed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    When,
)
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast

from events.control import ControlClaim, Heard, On, Order, Voice, control_claim, voice_of
from events.models import ClaimLinkKind
from events.querysets import ClaimRecordQuerySet
from events.records import ClaimRecord
from records.api.moments import Moment
from records.models import Change, Op
from records.shape import Body
from sources.records import ActorRecord, SourceRecord

#: How many claims are followed along `precedes`. Beyond them an order counts as undecided.
FOLLOWED = 5_000

_CONTROL = Q(control_status__isnull=False)
_ANSWERS = _CONTROL | Q(kind="sovereignty")


def claims_at(now: Moment) -> list[ClaimRecordQuerySet]:
    """The versions of claims that answer at a moment, in parts that have nothing in common.

    Indexes over places and references hold what is current alone. So those versions come first,
    and apart from them, for an earlier moment, what was superseded since: the change log names it.
    """
    if now.seq is None:
        return [ClaimRecord.objects.current()]
    since = Change.objects.filter(resource="claims", seq__gt=now.seq).exclude(op=Op.ADD)
    superseded = ClaimRecord.objects.at(now.seq).filter(superseded_seq__isnull=False)
    return [
        ClaimRecord.objects.current().filter(seq__lte=now.seq),
        superseded.filter(object_id__in=since.values("object_id")),
    ]


def said_by(until: datetime | None) -> Q:
    """That a claim was possibly said before an instant; what was said at no known time was not."""
    if until is None:
        return Q()
    return Q(said_earliest__lt=until) | Q(said_earliest__isnull=True, said_latest__isnull=False)


def _begun_by(end: datetime) -> Q:
    """That what a claim says possibly began before an instant, or at no known time."""
    held = Q(holds_earliest__isnull=False) | Q(holds_latest__isnull=False)
    return (Q(holds_earliest__isnull=True) | Q(holds_earliest__lt=end)) & (
        held | Q(said_earliest__isnull=True) | Q(said_earliest__lt=end)
    )


def heard(
    lines: Iterable[list[str]], now: Moment, *, on: On | None = None, until: datetime | None = None
) -> Heard:
    """What is said of places and of those that they lie in; each line begins with the place.

    With `on` only what has begun by that date, and with `until` only what was said before then.
    """
    lines = list(lines)
    places = {line[0] for line in lines}
    around = {place for line in lines for place in line}
    found = Heard()
    parts = [part.filter(said_by(until)) for part in claims_at(now)]
    _read_claims(found, parts, around, on)
    _read_voices(found, parts, places, around - places, now)
    _follow(found.order, list(found.tied(on)), now)
    return found


def _read_claims(
    found: Heard, parts: list[ClaimRecordQuerySet], around: Collection[str], on: On | None
) -> None:
    begun = Q() if on is None else _begun_by(on.end)
    shown = ("body", "precedes", "same_as")
    for part in parts:
        about = part.filter(_ANSWERS, begun, places__overlap=list(around))
        for row in about.order_by("object_id").values_list(*shown):
            claim = control_claim(*row)
            for place in claim.places.intersection(around):
                found.claims[place].append(claim)


def _read_voices(
    found: Heard,
    parts: list[ClaimRecordQuerySet],
    places: Collection[str],
    outer: Collection[str],
    now: Moment,
) -> None:
    """Who speaks about the places, who says who holds what they lie in, and whom they name."""
    speaking = Q(places__overlap=list(places))
    if outer:
        speaking |= _ANSWERS & Q(places__overlap=list(outer))
    answers = ExpressionWrapper(_ANSWERS, BooleanField())
    holder = Case(When(_ANSWERS, then=F("object_actor")))
    named: dict[str, set[str]] = defaultdict(set)
    for part in parts:
        rows = part.filter(speaking).annotate(place=_each_place(), answers=answers, holder=holder)
        columns = ("claimant", "place", "answers", "holder")
        for claimant, place, answer, held_by in rows.order_by().values_list(*columns).distinct():
            if str(place) in places or (answer and str(place) in outer):
                found.speaking[str(place)].add(str(claimant))
                if held_by is not None:
                    named[str(place)].add(str(held_by))
    found.voices = voices_of({claimant for who in found.speaking.values() for claimant in who}, now)
    parties = _parties_of({actor for actors in named.values() for actor in actors}, now)
    for place, actors in named.items():
        found.named[place] = {parties[actor] for actor in actors if actor in parties}


def _each_place() -> Func:
    return Func(F("places"), function="unnest", output_field=UUIDField(), set_returning=True)


def voices_of(claimants: Collection[str], now: Moment) -> dict[str, Voice | None]:
    """The voice of each claimant, None for one that is none; those of one party have one voice."""
    sources = [_parsed(text) for text in _texts(SourceRecord.objects.at(now.seq), claimants)]
    parties = {source["party_id"] for source in sources if source["party_id"]}
    actors = {
        body["id"]: ActorRecord.reference(body)
        for body in map(_parsed, _texts(ActorRecord.objects.at(now.seq), parties))
    }
    of_party: dict[str, Voice] = {}
    voices: dict[str, Voice | None] = {}
    for source in sources:
        voice = voice_of(source, actors.get(source["party_id"]))
        voices[source["id"]] = voice and of_party.setdefault(voice.id, voice)
    return voices


def _parties_of(actors: Collection[str], now: Moment) -> dict[str, Voice]:
    """The voice of the party of each actor."""
    versions = ActorRecord.objects.at(now.seq)
    party = versions.filter(object_id=OuterRef("party")).values("body")
    found = versions.filter(object_id__in=list(actors)).annotate(party_body=Subquery(party))
    return {
        str(actor): Voice(ActorRecord.reference(_parsed(text)), None, counted=True)
        for actor, text in found.values_list("object_id", "party_body")
        if text is not None
    }


def _texts(versions: QuerySet[Any], ids: Collection[str]) -> QuerySet[Any]:
    return versions.filter(object_id__in=list(ids)).values_list("body", flat=True)


def _parsed(text: str) -> Body:
    body: Body = orjson.loads(text)
    return body


def _follow(order: Order, starts: list[ControlClaim], now: Moment) -> None:
    """Read the chains of `precedes` and `same_as` that start with claims: a query for each step."""
    seen = {claim.id for claim in starts}
    waiting: set[str] = set()
    for claim in starts:
        order.add(claim.id, claim.precedes, claim.same_as)
        waiting.update(claim.precedes, claim.same_as)
    followed = 0
    while waiting := waiting - seen:
        followed += len(waiting)
        if followed > FOLLOWED:
            return
        seen |= waiting
        versions = ClaimRecord.objects.at(now.seq).filter(object_id__in=list(waiting))
        waiting = set()
        for object_id, *links in versions.values_list("object_id", "precedes", "same_as"):
            precedes, same_as = (list(map(str, ids)) for ids in links)
            order.add(str(object_id), precedes, same_as)
            waiting.update(precedes, same_as)


def read_limits(
    found: Heard, shown: Iterable[str], now: Moment, *, until: datetime | None = None
) -> None:
    """Find the claims that limit any of those that are shown."""
    ids = set(shown)
    if not ids:
        return
    for part in claims_at(now):
        limiting = part.filter(said_by(until), refs__overlap=list(ids)).order_by("object_id")
        for text in limiting.values_list("body", flat=True):
            body = _parsed(text)
            for relation in body["relations"]:
                other = relation["claim"]["id"]
                if relation["kind"] == ClaimLinkKind.LIMITS and other in ids:
                    found.limits[other].append(body)


def claimed(places: QuerySet[Any], now: Moment, until: datetime | None) -> QuerySet[Any]:
    """Those of places of which some claim itself says who holds them.

    The column `places` has the places of a claim's event as well. So it narrows, and what a claim
    is itself about is read from the few that are left.
    """
    current, *superseded = (part.filter(_CONTROL, said_by(until)) for part in claims_at(now))
    itself = current.annotate(itself=_is_about()).filter(
        itself=True, places__contains=[OuterRef("object_id")]
    )
    listed = current.annotate(place=_each_place()).values("place")
    there = Q(object_id__in=listed) & Exists(itself)
    earlier = {
        UUID(place)
        for part in superseded
        for text in part.values_list("body", flat=True)
        for place in control_claim(text).places
    }
    return places.filter(there | Q(object_id__in=earlier))


def _is_about() -> Func:
    """Whether a claim's own places have the one that is asked about."""
    wanted = "jsonb_build_array(jsonb_build_object('id', (%(expressions)s)::text))"
    return Func(
        KeyTransform("places", Cast(F("body"), JSONField())),
        Func(OuterRef("object_id"), template=wanted, output_field=JSONField()),
        template="(%(expressions)s)",
        arg_joiner=" @> ",
        output_field=BooleanField(),
    )
