"""Rows that may be one: which pairs are proposed to a curator, why, and how surely.

Only public rows are compared. For each batch of rows one or two queries name candidates, by
indexes; the rule of the resource then weighs what speaks for a pair and against it. A score is the
sum of the weights below that apply, cut to 0..1: it orders the questions and is no probability.

- **Places**: of one name in one country, or within 5 km of each other and named alike; always of
  one class of kinds, so that a river is not taken for a town. Two of one name that lie far apart,
  or that a gazetteer gives a code each, are two.
- **Actors** and **sources**: of one name; one kind and one party speak for it.
- **Events**: of one type, or one type a special case of the other (all that is done in a war is one
  of `conflict`, by which data sets code it); at most three days apart; in one place or within
  10 km. Of an event in several places only the places are compared. A time
  wider than a month, or open, tells too little.
- **Claims**: of one claimant on one subject, of one kind and polarity, possibly said at one time
  and alike in words or equal in figures. Another figure is a revision and no duplicate.

Rows that are linked already, or one of which lies in the other, are known to be two. Names are
compared folded, by their sound, and by their trigrams (`records.folding`).
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from places.models import PlaceKind
from records.distance import EARTH_KM, kilometres
from records.folding import words
from records.models import Op, ReviewItem
from records.record import PublishedRecord
from records.registry import compare, record_of
from records.shape import Body
from records.timeline import instant

#: The score from which on a pair is worth a curator's time.
AT_LEAST = 0.5
#: So many rows are compared at a time, with all others.
BATCH = 500
#: With at most so many namesakes a row is compared, the nearest first.
NAMESAKES = 50

# What speaks for a pair of places, actors or sources, and against it. The words that go with a
# weight name no third row: when that is erased, questions need not be.
ONE_NAME = 0.6
ONE_SOUND = 0.5
ALIKE_NAMES = 0.5  # times their similarity
NAME_OF_NEITHER = -0.1
OWN_CODES = -0.6  # one scheme has a code for each

PLACES_NEAR_KM, PLACES_FAR_KM = 5, 50
PLACES_NEAR = 0.3
PLACES_FAR = -0.4
ONE_PARENT = 0.1
OTHER_PARENT = -0.2
#: How similar the names of neighbours are at least, 0..1.
NAMES_ALIKE = 0.6

ONE_KIND = 0.2
OTHER_KIND = -0.1
ONE_PARTY = 0.2
OTHER_PARTY = -0.4
OTHER_COUNTRY = -0.3

# Events.
WIDEST_DAYS, APART_DAYS, SHORT_DAYS = 31, 3, 3
EVENTS_NEAR_KM = 10
ONE_TYPE = 0.3
KIN_TYPE = 0.2
#: What is coded as `conflict` by data sets, by the first part of its type.
WAR = ["battle", "strike", "territory", "military", "civilians", "terrorism"]
ONE_TIME = 0.2  # both times are short, and may overlap
LOOSE_TIME = 0.1
ONE_SPOT = 0.2
WIDE_SPOT = -0.1  # they share nothing smaller than a region
IN_COMMON = 0.2
PARTY_IN_COMMON = 0.1
NONE_IN_COMMON = -0.3
ALIKE_TITLES = 0.1  # times their similarity
ONE_DATASET = -0.3  # which lists each of them

# Claims.
ONE_SUBJECT = 0.2
ALIKE_STATEMENTS = 0.5  # times their similarity
ONE_FIGURE = 0.3
SAID_TOGETHER = 0.1
OTHER_VOICE = -0.2
#: How similar the statements are at least where no figure speaks for the pair, 0..1.
STATEMENTS_ALIKE = 0.3

#: Kinds of places that one place may be given by two curators.
CLASSES = {
    kind: name
    for name, kinds in {
        "country": [PlaceKind.COUNTRY],
        "division": [PlaceKind.ADMIN1, PlaceKind.ADMIN2, PlaceKind.ADMIN3],
        "settlement": [
            *(PlaceKind.CITY, PlaceKind.SETTLEMENT, PlaceKind.TOWN),
            *(PlaceKind.VILLAGE, PlaceKind.DISTRICT),
        ],
        "area": [PlaceKind.AREA, PlaceKind.PART_OF_REGION],
        "way": [PlaceKind.ROAD, PlaceKind.RAIL],
        "water": [PlaceKind.RIVER],
        "site": [PlaceKind.FACILITY, PlaceKind.MILITARY_SITE],
    }.items()
    for kind in map(str, kinds)
}
#: Classes in which much happens at one time.
WIDE = {"country", "division", "area"}

#: A weight, and in words what it is for.
Weight = tuple[float, str]


@dataclass(frozen=True)
class Row:
    """The current version of a row."""

    id: UUID
    body: Body
    refs: frozenset[UUID]
    line: frozenset[UUID]

    @property
    def name(self) -> str:
        """Its name, title or statement, at most 100 characters of it."""
        text = next(self.body[key] for key in ("name", "title", "statement") if key in self.body)
        return text if len(text) <= 100 else f"{text[:99]}…"


@dataclass(frozen=True)
class Candidate:
    """A pair that a query found, and how alike their names or texts are."""

    one: UUID
    other: UUID
    same: bool = False
    alike: float = 0.0
    shown: bool = True


@dataclass(frozen=True)
class Proposal:
    """Two rows that may be one: `row` is the one of the higher id, which is the later one."""

    resource: str
    row: Row
    other: Row
    score: float
    reasons: list[str]

    @property
    def sentence(self) -> str:
        """What a curator is to decide, and why."""
        noun = self.resource.removesuffix("s")
        named = f"“{self.row.name}” and “{self.other.name}”"
        return f"{named} may be one {noun}: {'; '.join(self.reasons)}."

    def item(self) -> ReviewItem:
        """The question as it is left for a curator."""
        return ReviewItem(
            kind=ReviewItem.Kind.DUPLICATE,
            resource=self.resource,
            object_id=self.row.id,
            member=str(self.other.id),
            reason=self.sentence,
            detail={
                "other": str(self.other.id),
                "score": self.score,
                "reasons": self.reasons,
                "names": [self.row.name, self.other.name],
            },
        )


@dataclass(frozen=True)
class Batch:
    """A part of the rows: how many were looked at so far, and what may be one."""

    looked_at: int
    proposals: list[Proposal]


def proposals(
    resource: str, *, among: Collection[UUID] | None = None, at_least: float = AT_LEAST
) -> Iterator[Batch]:
    """The pairs of a resource that may be one, best first in each batch.

    With `among`, pairs of which one at least is of these ids. Pairs that were asked about before,
    whether that is settled or not, and pairs that were merged once are among them: see `settled`.
    """
    record, rule = record_of(resource), RULES[resource]
    found: set[tuple[UUID, UUID]] = set()
    looked_at = 0
    for ids in _batches(record, among):
        looked_at += len(ids)
        candidates: dict[tuple[UUID, UUID], Candidate] = {}
        for query in rule.queries:
            for candidate in query(record, ids, among is None):
                pair = _pair(candidate.one, candidate.other)
                if pair not in found:
                    candidates.setdefault(pair, candidate)
        if among is not None:
            found |= candidates.keys()
        proposed = _weigh(resource, record, rule, candidates.values(), at_least)
        yield Batch(looked_at, sorted(proposed, key=lambda p: (-p.score, p.row.id, p.other.id)))


def settled(
    resource: str, given: Collection[Proposal]
) -> dict[tuple[UUID, UUID], ReviewItem | None]:
    """The pairs that are not asked about again, each with its question.

    A question is open or resolved. None stands for a pair that was merged once without one: it is
    one now, or a curator has parted it again.
    """
    ids = {row.id for proposal in given for row in (proposal.row, proposal.other)}
    pairs = {(proposal.other.id, proposal.row.id) for proposal in given}
    merged = (
        record_of(resource)
        .objects.filter(object_id__in=ids, op=Op.MERGE, merged_into__in=ids)
        .values_list("object_id", "merged_into")
    )
    known: dict[tuple[UUID, UUID], ReviewItem | None] = {
        pair: None for one, other in merged if other and (pair := _pair(one, other)) in pairs
    }
    # Newest last, so that an open question is told rather than an older one.
    items = ReviewItem.objects.filter(
        kind=ReviewItem.Kind.DUPLICATE, resource=resource, object_id__in=ids
    ).order_by("pk")
    for item in items:
        pair = _pair(item.object_id, UUID(item.member))
        if pair in pairs:
            known[pair] = item
    return known


def ask(resource: str, given: Collection[Proposal]) -> tuple[list[Proposal], list[ReviewItem]]:
    """Leave a question for each pair that was never asked about.

    Returns those pairs, and all questions about the given pairs that are open now.
    """
    known = settled(resource, given)
    new = [p for p in given if (p.other.id, p.row.id) not in known]
    ReviewItem.objects.bulk_create([p.item() for p in new], ignore_conflicts=True)
    now = settled(resource, given).values()
    return new, [item for item in now if item is not None and item.resolved_at is None]


def look_for(resource: str, ids: Collection[UUID]) -> tuple[int, list[ReviewItem]]:
    """Leave questions about what given rows may be one with.

    How many are new, and all that are open about the pairs found.
    """
    new, waiting = 0, []
    for batch in proposals(resource, among=ids):
        asked, opened = ask(resource, batch.proposals)
        new += len(asked)
        waiting += opened
    return new, waiting


def register() -> None:
    """Let the admin look for duplicates of selected rows."""
    for resource in RULES:
        compare(resource, partial(look_for, resource))


def _pair(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    return (one, other) if one < other else (other, one)


def _batches(record: type[PublishedRecord], among: Collection[UUID] | None) -> Iterator[list[UUID]]:
    rows = record.objects.current().order_by("object_id")
    if among is not None:
        rows = rows.filter(object_id__in=among)
    left = rows.values_list("object_id", flat=True)
    while ids := list(left[:BATCH]):
        yield ids
        left = rows.filter(object_id__gt=ids[-1]).values_list("object_id", flat=True)


def _weigh(
    resource: str,
    record: type[PublishedRecord],
    rule: "Rule",
    candidates: Iterable[Candidate],
    at_least: float,
) -> Iterator[Proposal]:
    pairs = list(candidates)
    rows = _rows(record, {row_id for pair in pairs for row_id in (pair.one, pair.other)})
    # A row may have gone since the query.
    pairs = [pair for pair in pairs if pair.one in rows and pair.other in rows]
    if rule.text:
        texts = [[rows[i].body[rule.text] for i in (pair.one, pair.other)] for pair in pairs]
        measured = zip(pairs, _similarity(texts), strict=True)
        pairs = [Candidate(pair.one, pair.other, alike=alike) for pair, alike in measured]
    for pair in pairs:
        other, row = (rows[i] for i in _pair(pair.one, pair.other))
        if row.id in other.refs | other.line or other.id in row.refs | row.line:
            continue
        weights = rule.weigh(row, other, pair)
        score = round(min(1.0, max(0.0, sum(weight for weight, _ in weights))), 2)
        if weights and score >= at_least:
            yield Proposal(resource, row, other, score, [reason for _, reason in weights])


def _rows(record: type[PublishedRecord], ids: Collection[UUID]) -> dict[UUID, Row]:
    columns = ("object_id", "body", "refs", "line")
    return {
        object_id: Row(object_id, orjson.loads(body), frozenset(refs), frozenset(line))
        for object_id, body, refs, line in record.objects.current()
        .filter(object_id__in=ids)
        .values_list(*columns)
    }


def _similarity(texts: list[list[str]]) -> list[float]:
    """How many trigrams the words of two texts share, 0..1, in one query."""
    sides = [[words(pair[side]) for pair in texts] for side in (0, 1)]
    with connection.cursor() as cursor:
        cursor.execute(
            "select similarity(one, other) from unnest(%s::text[], %s::text[])"
            " with ordinality as t (one, other, number) order by number",
            sides,
        )
        return [alike for (alike,) in cursor.fetchall()]


def _ask_database(
    sql: str, record: type[PublishedRecord], ids: list[UUID], **values: Any
) -> Iterator[Candidate]:
    """Candidates by SQL over `mine`, the current versions of the given rows, and `others`."""
    table = record._meta.db_table
    key = record.name_key._meta.db_table if record.name_key else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"with mine as (select * from {table} where superseded_seq is null and live"
            " and object_id = any(%(ids)s::uuid[])) " + sql.format(others=table, names=key),
            {"ids": ids, **values},
        )
        for row in cursor.fetchall():
            yield Candidate(*row)


#: That a version is the current one of another row; in a walk over all rows, of a later one, so
#: that a pair is met once.
_ANOTHER = (
    "o.superseded_seq is null and o.live and case when %(later)s"
    " then o.object_id > m.object_id else o.object_id <> m.object_id end"
)
#: That two positions may lie within so many degrees of latitude of each other. Beside a pole every
#: longitude is near; across the antimeridian they differ by nearly a whole turn.
_NEAR = (
    "o.lat between m.lat - %(degrees)s and m.lat + %(degrees)s and ("
    "abs(o.lon - m.lon) * greatest(cos(radians(m.lat)), 0) <= %(degrees)s * 1.01"
    " or (360 - abs(o.lon - m.lon)) * greatest(cos(radians(m.lat)), 0) <= %(degrees)s * 1.01)"
)


def _degrees(far: float) -> float:
    return math.degrees(far / EARTH_KM)


def _namesakes(record: type[PublishedRecord], ids: list[UUID], later: bool) -> Iterator[Candidate]:
    """Rows of one name, as it sounds."""
    return _ask_database(_of_one_name("true"), record, ids, later=later, most=NAMESAKES)


def _namesakes_of_places(
    record: type[PublishedRecord], ids: list[UUID], later: bool
) -> Iterator[Candidate]:
    """Places of one name and class whose country is not another."""
    sql = _of_one_name(
        f"{_ONE_CLASS} and (o.country = m.country or o.country is null or m.country is null)",
        nearest="min(abs(o.lat - m.lat) + abs(o.lon - m.lon)) nulls last, ",
    )
    return _ask_database(sql, record, ids, later=later, most=NAMESAKES, classes=_CLASSES)


_ONE_CLASS = "%(classes)s::jsonb ->> o.kind = %(classes)s::jsonb ->> m.kind"
_CLASSES = orjson.dumps(CLASSES).decode()


def _of_one_name(where: str, nearest: str = "") -> str:
    return f"""
        select mine_id, other_id, same, 1.0, shown from (
            select m.object_id as mine_id, o.object_id as other_id,
                bool_or(l.folded = k.folded) as same, bool_or(k.main or l.main) as shown,
                row_number() over (
                    partition by m.object_id order by {nearest}o.object_id
                ) as place
            from mine m
            join {{names}} k on k.seq = m.seq
            join {{names}} l on l.sound = k.sound and (k.sound <> '' or l.folded = k.folded)
            join {{others}} o on o.seq = l.seq and {_ANOTHER} and {where}
            group by m.object_id, o.object_id
        ) namesakes where place <= %(most)s
    """


def _neighbours(record: type[PublishedRecord], ids: list[UUID], later: bool) -> Iterator[Candidate]:
    """Places of one class close to each other, with names that are alike."""
    sql = f"""
        select m.object_id, o.object_id, bool_or(l.folded = k.folded),
            max(similarity(k.sound, l.sound)),
            bool_or((k.main or l.main) and similarity(k.sound, l.sound) >= %(alike)s)
        from mine m
        join {{others}} o on {_NEAR} and {_ANOTHER}
            and {_ONE_CLASS}
        join {{names}} k on k.seq = m.seq
        join {{names}} l on l.seq = o.seq
        group by m.object_id, o.object_id
        having max(similarity(k.sound, l.sound)) >= %(alike)s
    """
    return _ask_database(sql, record, ids, later=later, degrees=_degrees(PLACES_NEAR_KM),
                         alike=NAMES_ALIKE, classes=_CLASSES)  # fmt: skip


def _happenings(record: type[PublishedRecord], ids: list[UUID], later: bool) -> Iterator[Candidate]:
    """Events of one type or a special case of it, near in time, and near or in one place."""
    sql = f"""
        select m.object_id, o.object_id
        from mine m
        join {{others}} o on {_ANOTHER}
            and o.when_last between m.when_last - make_interval(days => %(days)s)
                and m.when_last + make_interval(days => %(days)s)
            and (o.type = m.type or starts_with(o.type, m.type || '.')
                or starts_with(m.type, o.type || '.')
                or starts_with(m.type, 'conflict') and split_part(o.type, '.', 1) = any(%(war)s)
                or starts_with(o.type, 'conflict') and split_part(m.type, '.', 1) = any(%(war)s))
            and (o.places && m.places or {_NEAR})
        where m.when_earliest is not null and m.when_latest is not null
            and o.when_earliest is not null and o.when_latest is not null
    """
    return _ask_database(sql, record, ids, later=later, days=WIDEST_DAYS + APART_DAYS,
                         degrees=_degrees(EVENTS_NEAR_KM), war=WAR)  # fmt: skip


def _sayings(record: type[PublishedRecord], ids: list[UUID], later: bool) -> Iterator[Candidate]:
    """Claims of one claimant, kind and polarity on one event, or without one on what they share."""
    alike = f"""
        {_ANOTHER} and o.claimant = m.claimant and o.kind = m.kind
        and o.polarity = m.polarity and o.conditional = m.conditional
        and (o.said_earliest < m.said_latest) is not false
        and (m.said_earliest < o.said_latest) is not false
    """
    sql = f"""
        select m.object_id, o.object_id
        from mine m join {{others}} o on o.event = m.event and {alike}
        union all
        select m.object_id, o.object_id
        from mine m join {{others}} o on o.event is null and {alike}
            and (o.places && m.places or o.actors && m.actors or o.documents && m.documents)
        where m.event is null
    """
    return _ask_database(sql, record, ids, later=later)


def _weigh_places(row: Row, other: Row, pair: Candidate) -> list[Weight]:
    one, two = row.body, other.body
    weights = _names(pair)
    apart = _kilometres(one, two)
    if apart is not None:
        near, far = apart <= PLACES_NEAR_KM, apart > PLACES_FAR_KM
        weight = PLACES_NEAR if near else PLACES_FAR if far else 0.0
        weights.append((weight, f"{apart:.1f} km apart" if apart < 10 else f"{apart:.0f} km apart"))
    if pair.alike < 1 and (apart is None or apart > PLACES_NEAR_KM):
        return []
    above = [body["parent"]["id"] if body["parent"] else None for body in (one, two)]
    if above[0] and above[0] == above[1]:
        weights.append((ONE_PARENT, "filed under one place"))
    elif all(above) and UUID(above[0]) not in other.line and UUID(above[1]) not in row.line:
        weights.append((OTHER_PARENT, "filed under different places"))
    return [*weights, *_codes(one, two)]


def _weigh_voices(row: Row, other: Row, pair: Candidate) -> list[Weight]:
    one, two = row.body, other.body
    weights = _names(pair)
    if one["kind"] == two["kind"]:
        weights.append((ONE_KIND, f"both of kind {one['kind']}"))
    else:
        weights.append((OTHER_KIND, f"one of kind {one['kind']}, the other {two['kind']}"))
    # The root of a chain is a party of its own, which tells nothing about a second row for it.
    parties = [body["party_id"] for body in (one, two) if body["party_id"] != body["id"]]
    if len(parties) == 2 and all(parties):
        if parties[0] == parties[1]:
            weights.append((ONE_PARTY, "one party"))
        else:
            weights.append((OTHER_PARTY, "different parties"))
    countries = [body.get("country") for body in (one, two)]
    if all(countries) and countries[0] != countries[1]:
        weights.append((OTHER_COUNTRY, f"of {countries[0]} and {countries[1]}"))
    return [*weights, *_codes(one, two)]


def _weigh_events(row: Row, other: Row, pair: Candidate) -> list[Weight]:
    one, two = row.body, other.body
    when = _weigh_times(one["when"], two["when"])
    where = _weigh_spots(row, other)
    if when is None or where is None:
        return []
    types = [body["type"]["code"] for body in (one, two)]
    weights = [
        (ONE_TYPE, f"both {types[0]}")
        if types[0] == types[1]
        else (KIN_TYPE, f"{types[0]} and {types[1]}"),
        when,
        where,
    ]
    actors = [{p["actor"]["id"] for p in body["participants"]} for body in (one, two)]
    parties = [{p["actor"]["party_id"] for p in body["participants"]} for body in (one, two)]
    if all(actors):
        weights.append(
            (IN_COMMON, "participants in common")
            if actors[0] & actors[1]
            else (PARTY_IN_COMMON, "participants of one party")
            if parties[0] & parties[1] - {None}
            else (NONE_IN_COMMON, "no participant in common")
        )
    weights.append((ALIKE_TITLES * pair.alike, f"titles alike to {pair.alike:.0%}"))
    listed = {e["dataset"] for e in one["datasets"]} & {e["dataset"] for e in two["datasets"]}
    if listed:
        weights.append((ONE_DATASET, f"each listed by {', '.join(sorted(listed))}"))
    return [*weights, *_codes(one, two)]


def _weigh_claims(row: Row, other: Row, pair: Candidate) -> list[Weight]:
    one, two = row.body, other.body
    figures = [_figures(body) for body in (one, two)]
    differ = any(
        one[key] and two[key] and _plain(one[key]) != _plain(two[key])
        for key in ("object_actor", "control_status", "extent")
    )
    together = all(_may_overlap(one[time], two[time]) for time in ("said", "holds"))
    if differ or not together or not _one_subject(one, two):
        return []
    if all(figures) and figures[0] != figures[1]:
        return []
    weights = [(ONE_SUBJECT, "one claimant and subject")]
    if all(figures):
        weights.append((ONE_FIGURE, "equal figures"))
    elif pair.alike < STATEMENTS_ALIKE:
        return []
    weights.append((ALIKE_STATEMENTS * pair.alike, f"statements alike to {pair.alike:.0%}"))
    if _bounds(one["said"]) and _bounds(two["said"]):
        weights.append((SAID_TOGETHER, "possibly said at one time"))
    if one["voice"] != two["voice"]:
        weights.append((OTHER_VOICE, "one is attributed, the other narration"))
    return weights


@dataclass(frozen=True)
class Rule:
    """How rows of a resource are compared: what names candidates, and what weighs them.

    `text` is the member whose similarity is measured.
    """

    queries: list[Callable[[type[PublishedRecord], list[UUID], bool], Iterator[Candidate]]]
    weigh: Callable[[Row, Row, Candidate], list[Weight]]
    text: str | None = None


#: The rule of each resource whose rows are compared, in the order of their dependence.
RULES = {
    "places": Rule([_namesakes_of_places, _neighbours], _weigh_places),
    "actors": Rule([_namesakes], _weigh_voices),
    "sources": Rule([_namesakes], _weigh_voices),
    "events": Rule([_happenings], _weigh_events, "title"),
    "claims": Rule([_sayings], _weigh_claims, "statement"),
}


def _names(pair: Candidate) -> list[Weight]:
    if pair.same:
        weights = [(ONE_NAME, "one name")]
    elif pair.alike == 1:
        weights = [(ONE_SOUND, "names that sound the same")]
    else:
        weights = [(ALIKE_NAMES * pair.alike, f"names alike to {pair.alike:.0%}")]
    if not pair.shown:
        weights.append((NAME_OF_NEITHER, "which neither is shown by"))
    return weights


def _codes(one: Body, two: Body) -> list[Weight]:
    schemes = sorted(s for s in one["codes"].keys() & two["codes"].keys())
    return [(OWN_CODES, f"each with a code of its own in {', '.join(schemes)}")] if schemes else []


def _bounds(time: Body | None) -> tuple[Any, Any] | None:
    """The bounds of a time; None where it is not known."""
    if time is None or (time["earliest"] is None and time["latest"] is None):
        return None
    return instant(time["earliest"]), instant(time["latest"])


def _may_overlap(one: Body | None, two: Body | None) -> bool:
    first, second = _bounds(one), _bounds(two)
    return (
        first is None
        or second is None
        or all(
            a is None or b is None or a < b
            for a, b in [(first[0], second[1]), (second[0], first[1])]
        )
    )


def _weigh_times(one: Body, two: Body) -> Weight | None:
    """What the times of two events say; None where they tell too little or lie apart."""
    first, second = _bounds(one), _bounds(two)
    if first is None or second is None or None in first + second:
        return None
    widest = max((latest - earliest).days for earliest, latest in (first, second))
    apart = (max(first[0], second[0]) - min(first[1], second[1])).days
    if widest > WIDEST_DAYS or apart >= APART_DAYS:
        return None
    if not _may_overlap(one, two):
        return LOOSE_TIME, "days apart"
    return (
        (ONE_TIME, "possibly at one time")
        if widest <= SHORT_DAYS
        else (LOOSE_TIME, "times that may overlap")
    )


def _weigh_spots(row: Row, other: Row) -> Weight | None:
    """What the places of two events say; None where they lie apart."""
    first, second = (_spots(each.body) for each in (row, other))
    common = [first[i] for i in first.keys() & second.keys()]
    if any(CLASSES.get(place["kind"]) not in WIDE for place in common):
        return ONE_SPOT, "in one place"
    apart = _kilometres(*(record_of("events").borrowed(each.body) for each in (row, other)))
    if apart is not None and apart <= EVENTS_NEAR_KM:
        return ONE_SPOT, f"{apart:.1f} km apart"
    # Two known spots in one region lie apart.
    if common and apart is None:
        return WIDE_SPOT, "in one region"
    return None


def _spots(event: Body) -> dict[str, Body]:
    places = [element["place"] for element in event["places"]]
    return {place["id"]: place for place in [*places, event["place"]] if place}


def _kilometres(one: Body, two: Body) -> float | None:
    """How far two positions lie apart; None without both."""
    if one["lat"] is None or two["lat"] is None:
        return None
    return kilometres(one["lat"], one["lon"], two["lat"], two["lon"])


def _figures(claim: Body) -> Any:
    """What a claim counts and how many; None where it gives no figure."""
    quantity = claim["quantity"]
    if quantity is None or all(quantity[key] is None for key in ("low", "best", "high")):
        return None
    return quantity


def _plain(value: Any) -> Any:
    return value["id"] if isinstance(value, dict) else value


def _one_subject(one: Body, two: Body) -> bool:
    """Whether two claims are about one thing: all that both name is the same, or in common."""
    places = [{place["id"] for place in claim["places"]} for claim in (one, two)]
    if all(places) and not places[0] & places[1]:
        return False
    same = [_plain(one[key]) == _plain(two[key]) for key in ("event", "actor", "document")]
    return all(same) and (all(places) or any(one[key] for key in ("event", "actor", "document")))
