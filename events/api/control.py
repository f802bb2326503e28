"""Who controls a place, or every place under one, by whose word.

The answers are computed over the records of one moment. `events.control` has the rules.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import orjson
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.functional import cached_property
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from events.api.computed import ComputedView
from events.api.control_records import claimed, heard, read_limits
from events.api.control_serializers import (
    ControlSerializer,
    ControlTimelineSerializer,
    PlaceControlSerializer,
)
from events.control import (
    ControlClaim,
    Heard,
    On,
    Order,
    Row,
    Voice,
    changes,
    in_order,
    summary,
    whole_day,
)
from places.positions import point
from places.records import PlaceRecord
from records.api import paging
from records.api.filters import BoundField, RecordFilterBase, WithinFilter
from records.api.filtersets import StrictFilter
from records.api.formats import GeoJSONRenderer, JSONRenderer
from records.api.moments import Moment
from records.api.reading import AS_OF
from records.shape import NESTED_LIMIT, Body

#: Voices of one place that are shown.
MOST_VOICES = 500
#: Statements of one voice that a timeline shows.
MOST_STEPS = 500

ON = OpenApiParameter(
    "on",
    {"type": "string", "examples": ["2022-10-01", "2022-10"]},
    description="The date that is asked for: a year, month, day or instant; today if none is "
    "given.",
)
SAID_UNTIL = OpenApiParameter(
    "said_until",
    {"type": "string", "examples": ["2022-10-01"]},
    description="Leave out what was certainly said after this year, month, day or instant, and "
    "what was said at no known time.",
)


class MomentFilter(RecordFilterBase):
    """A date that says what is answered, and not which places are listed."""

    field_class = BoundField

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs


class ControlFilter(StrictFilter):
    """What control can be asked by."""

    within = WithinFilter("Places: everything in any of them at any depth, themselves included.")
    on = MomentFilter("", "The date that is asked for.")
    said_until = MomentFilter("", "Until when it was said.")

    class Meta:
        model = PlaceRecord
        fields: list[str] = []


class ControlReadView(ComputedView):
    """What the answers on control share: the date that is asked for, and how claims are shown."""

    queryset = PlaceRecord.objects.all()
    filterset_class = ControlFilter

    @cached_property
    def filters(self) -> ControlFilter:
        """The parameters, read strictly."""
        return ControlFilter(self.request.query_params)

    @cached_property
    def on(self) -> On:
        """The date that is asked for: by default today, by the clock of UTC."""
        text = self.request.query_params.get("on")
        if text is None:
            return whole_day(datetime.now(UTC).date())
        return On(text, *self.filters.cleaned["on"])

    @property
    def until(self) -> datetime | None:
        """The instant before which it has to be said, if any."""
        given = self.filters.cleaned.get("said_until")
        return given and given[1]

    def tag(self, newest: int) -> str:
        """The entity tag; an answer for today is another one tomorrow."""
        of_request = super().tag(newest)
        if "on" not in self.known_parameters():
            return of_request
        return hashlib.sha256(f"{of_request} {self.on.text}".encode()).hexdigest()[:32]

    def heading_of(self, place: Body) -> Body:
        """What an answer on one place begins with."""
        return {
            "place": PlaceRecord.reference(place),
            "said_until": self.request.query_params.get("said_until"),
        }

    def with_rows(
        self, place: Body, line: Sequence[str], stating: Iterable[Row], found: Heard
    ) -> Body:
        """What each voice says of a place on the date; `stating` are the rows that say anything."""
        rows = found.rows(line, stating)
        shown, total = _most(rows, lambda row: bool(row.claims or row.beside))
        return {
            **self.heading_of(place),
            "on": self.on.text,
            "summary": summary(rows),
            "rows": [self.row(row, found) for row in shown],
            **({"rows_total": total} if total else {}),
        }

    def row(self, row: Row, found: Heard) -> Body:
        """A row on control."""
        return {**self.of_voice(row, found), "statuses": row.statuses}

    def of_voice(self, row: Row, found: Heard) -> Body:
        """What a voice says, each claim with its time."""
        return {
            "voice": _voice(row.voice),
            **_cut("claims", row.claims, lambda claim: self.dated(claim, found)),
            **_cut("beside", row.beside, lambda claim: self.dated(claim, found)),
        }

    def dated(self, claim: ControlClaim, found: Heard) -> Body:
        """A claim on the date."""
        return {
            "claim": _claim(claim.body),
            "time": _time(claim),
            "current": self.on.current(claim),
            **_cut("limited_by", found.limits.get(claim.id, ()), _claim),
        }


class ControlView(ControlReadView):
    """Who controls a place, by whose word."""

    serializer_class = ControlSerializer

    def known_parameters(self) -> dict[str, bool]:
        dated = {"on": False} if self.action == "control" else {}
        return {**dated, "said_until": False, "as_of": False}

    @extend_schema(
        operation_id="places_control_retrieve",
        parameters=[ON, SAID_UNTIL, AS_OF],
        responses=ControlSerializer,
        filters=False,
        tags=["places"],
    )
    def control(self, request: Request, pk: str) -> HttpResponse:
        """Who controls the place on a date, by whose word: what each voice says, side by side.

        A row is the latest that one voice (a party, or a source that has none) says of the place
        itself. Claims about places that contain it stand apart, as do those on sovereignty. What is
        denied, conditional or without a time is shown and decides nothing. Which of a voice's
        claims is the latest is told by when what they say began, else by `precedes`, else they are
        all there.
        """
        return self.told_of(pk, self._control)

    def _control(self, place: Body, now: Moment) -> Body:
        places = [PlaceRecord.reference(place), *place["ancestors"]]
        line = [each["id"] for each in places]
        found = heard([line], now, on=self.on, until=self.until)
        stating = found.stating(line[0], self.on)
        containing = [
            (each, row) for each in places[1:] for row in found.stating(each["id"], self.on)
        ]
        owned = [
            (each, row)
            for each in places
            for row in found.stating(each["id"], self.on, sovereignty=True)
        ]
        shown = [*stating, *(row for _, row in [*containing, *owned])]
        read_limits(found, _ids(shown), now, until=self.until)
        return {
            **self.with_rows(place, line, stating, found),
            **_cut(
                "containing",
                containing,
                lambda of_place: {"place": of_place[0], **self.row(of_place[1], found)},
            ),
            **_cut(
                "sovereignty",
                owned,
                lambda of_place: {"place": of_place[0], **self.of_voice(of_place[1], found)},
            ),
        }

    @extend_schema(
        operation_id="places_control_timeline_retrieve",
        parameters=[SAID_UNTIL, AS_OF],
        responses=ControlTimelineSerializer,
        filters=False,
        tags=["places"],
    )
    def control_timeline(self, request: Request, pk: str) -> HttpResponse:
        """What each voice says of who controls the place over time, and when the summary changes.

        Every dated claim is a step of its voice. Between two steps of a voice its last word stands.
        Which of two is later is told by when what they say began, else by `precedes`.
        """
        return self.told_of(pk, self._timeline)

    def _timeline(self, place: Body, now: Moment) -> Body:
        line = [place["id"], *(each["id"] for each in place["ancestors"])]
        found = heard([line], now, until=self.until)
        said = found.by_voice(place["id"])
        of_voice = {voice.id: claims for voice, claims in said}
        voices, total = _most(found.speakers(line), lambda voice: voice.id in of_voice)
        return {
            **self.heading_of(place),
            "voices": [_steps(voice, of_voice.get(voice.id, ()), found.order) for voice in voices],
            **({"voices_total": total} if total else {}),
            "changes": [
                {"since": change.since, "summary": change.summary}
                for change in changes(said, found.order)
            ],
        }


class PlacesControlView(ControlReadView):
    """Who controls each of many places, by whose word."""

    serializer_class = PlaceControlSerializer

    def known_parameters(self) -> dict[str, bool]:
        once = ("on", "said_until", "as_of", "limit", "cursor", "count")
        return {"within": True, **dict.fromkeys(once, False)}

    def get_renderers(self) -> Sequence[Any]:
        return [JSONRenderer(), GeoJSONRenderer()]

    @extend_schema(
        operation_id="places_control_list",
        parameters=[
            OpenApiParameter(
                "within",
                {"type": "array", "items": {"type": "string"}, "maxItems": 100},
                description="Places: everything in any of them at any depth, themselves included; "
                "each an id or a `scheme:code`. Several values mean any of them; `!` before a "
                "value excludes it. A comma list is taken as well.",
                explode=True,
            ),
            ON,
            SAID_UNTIL,
            AS_OF,
        ],
        responses=PlaceControlSerializer(many=True),
        filters=False,
        tags=["places"],
    )
    def controls(self, request: Request) -> HttpResponse:
        """Who controls each place on a date, by whose word, for those that any claim is about.

        Listed by name are the places of which some claim says who holds them, at whatever date.
        What is said of places that contain them, or on sovereignty, is at each place's own address.
        """
        params = request.query_params
        limit, binding = paging.read_limit(params), paging.bound_to(request.path, params)
        cursor = paging.read_cursor(params, binding)
        self.read_count()
        return self.answered(lambda now: self._page(now, limit, cursor, binding))

    def _page(self, now: Moment, limit: int, cursor: Any, binding: str) -> Body:
        places = self.filters.apply(self.at(self.queryset.all(), now), now)
        places = claimed(places, now, self.until)
        by_name = (paging.same("sort_name"), False)
        page = self.page(places, self.filters, by_name, limit, cursor, binding)
        bodies = [orjson.loads(row[2]) for row in page.rows]
        lines = [[body["id"], *(each["id"] for each in body["ancestors"])] for body in bodies]
        found = heard(lines, now, on=self.on, until=self.until) if lines else Heard()
        stating = [found.stating(line[0], self.on) for line in lines]
        read_limits(found, _ids(chain.from_iterable(stating)), now, until=self.until)
        results = [
            self.with_rows(body, line, rows, found)
            for body, line, rows in zip(bodies, lines, stating, strict=True)
        ]
        head = self.heading(page, self.counted(places))
        if self.request.accepted_renderer.format == GeoJSONRenderer.format:
            return {"type": "FeatureCollection", **head, "features": list(map(_feature, results))}
        return {**head, "results": results}


def _feature(result: Body) -> Body:
    """What is said of a place as a GeoJSON feature, at the place's position."""
    place = result["place"]
    geometry = point(place["lat"], place["lon"])
    return {"type": "Feature", "id": place["id"], "geometry": geometry, "properties": result}


def _ids(rows: Iterable[Row]) -> list[str]:
    """The ids of the claims that rows show."""
    return [
        claim.id
        for row in rows
        for claim in [*row.claims[:NESTED_LIMIT], *row.beside[:NESTED_LIMIT]]
    ]


def _cut(name: str, elements: Iterable[Any], show: Callable[[Any], Body]) -> Body:
    """A nested list as it is shown, and how long it is where it is cut."""
    elements = list(elements)
    shown: Body = {name: [show(element) for element in elements[:NESTED_LIMIT]]}
    if len(elements) > NESTED_LIMIT:
        shown[f"{name}_total"] = len(elements)
    return shown


def _most(elements: list[Any], stating: Callable[[Any], bool]) -> tuple[list[Any], int | None]:
    """As many as are shown, those that state something first; and how many there are, if more."""
    if len(elements) <= MOST_VOICES:
        return elements, None
    first = sorted(elements, key=lambda element: not stating(element))
    return first[:MOST_VOICES], len(elements)


def _voice(voice: Voice) -> Body:
    return {
        "id": voice.id,
        "name": voice.name,
        "party": voice.party,
        "source": voice.source,
        "counted": voice.counted,
    }


def _claim(body: Body) -> Body:
    """A claim as answers on control show it."""
    kept = ("id", "statement", "kind", "voice", "claimant", "said", "holds", "control_status")
    more = ("extent", "object_actor", "polarity", "certainty")
    return {
        **{name: body[name] for name in kept + more},
        "conditional": body["condition"] is not None,
        "condition": body["condition"],
        "citations": body.get("citations_total", len(body["citations"])),
    }


def _time(claim: ControlClaim) -> Body | None:
    """When what a claim says held."""
    if claim.time is None:
        return None
    holds: Body | None = claim.body["holds"]
    return holds if holds and holds["edtf"] else claim.body["said"]


def _steps(voice: Voice, claims: Iterable[ControlClaim], order: Order) -> Body:
    """What a voice says over time."""
    claims = list(claims)
    dated = sorted((c for c in claims if c.time), key=lambda claim: (claim.first, claim.id))
    steps = [
        {"time": _time(claim), "decides": claim.decides, "claim": _claim(claim.body)}
        for claim in in_order(dated[:MOST_STEPS], order)
    ]
    return {
        "voice": _voice(voice),
        "steps": steps,
        **({"steps_total": len(dated)} if len(dated) > MOST_STEPS else {}),
        "undated": len(claims) - len(dated),
    }
