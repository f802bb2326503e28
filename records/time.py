"""Uncertain time: the value, the model field that keeps it, and the times that filters name.

`docs/time.md` explains the rules to readers of the API.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Self, overload

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.query_utils import DeferredAttribute

from records import edtf as edtf_parser
from records.edtf import Edtf, EdtfError

PHRASE_MAX_LENGTH = 120

_PARTS = ("edtf", "earliest", "latest", "precision", "phrase", "basis")
_DAY = timedelta(days=1)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class Precision(models.TextChoices):
    """How finely a time is known; the order is from fine to coarse.

    The codes are those of `vocabularies.md`, and `interval` for a span that fits none of them.
    """

    MINUTE = "minute", "Minute"
    HOUR = "hour", "Hour"
    PART_OF_DAY = "part_of_day", "Part of a day"
    DAY = "day", "Day"
    UPPER_BOUND_DAY = "upper_bound_day", "On this day or before"
    LOWER_BOUND_DAY = "lower_bound_day", "On this day or after"
    DAYS = "days", "Two to six days"
    WEEK = "week", "Week"
    PART_OF_MONTH = "part_of_month", "Part of a month"
    MONTH = "month", "Month"
    SEASON = "season", "Season"
    YEAR = "year", "Year"
    DECADE = "decade", "Decade"
    INTERVAL = "interval", "Another interval"
    RELATIVE_ONLY = "relative_only", "Only in relation to something else"
    UNKNOWN = "unknown", "Unknown"


#: The codes of a time that has no EDTF text, and of no other.
UNDATED_PRECISIONS = (Precision.RELATIVE_ONLY, Precision.UNKNOWN)


class TimeBasis(models.TextChoices):
    """What a time rests on."""

    TEXT = "text", "The words of the text"
    COMPLETED = "completed", "The words, with the year or month from the document's metadata"
    METADATA = "metadata", "The document's metadata"
    INFERRED = "inferred", "Inferred"


def bounds(
    edtf: str | None, precision: str | None = None
) -> tuple[datetime | None, datetime | None]:
    """The earliest and latest instant of an EDTF text: half-open, in UTC, None where open.

    EDTF writes a clock time to the second, however roughly it is known. So zeros below the
    precision are padding: `14:30:00` covers its minute with precision `minute`, which is what a
    clock time has when none is given, and `14:00:00` its hour with precision `hour`. Precision
    moves no other bound. Raises `EdtfError`.
    """
    if edtf is None:
        return None, None
    return _bounds(edtf_parser.parse(edtf), precision)


def _bounds(parsed: Edtf, precision: str | None) -> tuple[datetime | None, datetime | None]:
    start = parsed.earliest
    if parsed.granularity == "second" and start is not None:
        minute_and_second = parsed.text[14:19]
        if precision == Precision.HOUR and minute_and_second == "00:00":
            return start, start + timedelta(hours=1)
        if precision in (None, Precision.HOUR, Precision.MINUTE) and minute_and_second[3:] == "00":
            return start, start + timedelta(minutes=1)
    return start, parsed.latest


def _derived_precision(parsed: Edtf | None, phrase: str | None) -> Precision:
    """The precision that a time's shape shows, for one that was given none."""
    if parsed is None:
        return Precision.RELATIVE_ONLY if phrase else Precision.UNKNOWN
    if parsed.granularity == "second":
        return Precision.MINUTE
    if parsed.granularity == "century":
        return Precision.INTERVAL
    if parsed.granularity != "interval":
        return Precision(parsed.granularity)
    if parsed.earliest is None:
        return Precision.UPPER_BOUND_DAY
    if parsed.latest is None:
        return Precision.LOWER_BOUND_DAY
    return _span_precision(parsed.earliest, parsed.latest)


def _span_precision(start: datetime, end: datetime) -> Precision:
    """The precision of a span of whole days."""
    days = (end - start).days
    if days == 1:
        return Precision.DAY
    if days < 7:
        return Precision.DAYS
    if days == 7:
        return Precision.WEEK
    months = (end.year - start.year) * 12 + end.month - start.month
    if start.day == end.day == 1:
        if months == 1:
            return Precision.MONTH
        if months == 12 and start.month == 1:
            return Precision.YEAR
    if (start.day, end.day, months) in ((1, 11, 0), (11, 21, 0), (21, 1, 1)):
        return Precision.PART_OF_MONTH
    return Precision.INTERVAL


#: The codes, which an enumeration lists anew each time that it is asked.
_PRECISIONS, _BASES = frozenset(Precision.values), frozenset(TimeBasis.values)


@dataclass(frozen=True, slots=True)
class UncertainTime:
    """A time as a text gives it: six parts, of which two are computed.

    `edtf` is the time in EDTF level 0 or 1, None where only `phrase` is known. `earliest` and
    `latest` are instants in UTC computed from it, half-open, None on an open side. `precision`
    and `basis` are codes of `Precision` and `TimeBasis`. `phrase` holds the words that gave the
    time, at most 120 characters. Make one with `of` or `from_dict`.
    """

    edtf: str | None
    earliest: datetime | None
    latest: datetime | None
    precision: str | None
    phrase: str | None
    basis: str | None

    @classmethod
    def of(
        cls,
        edtf: str | None = None,
        precision: str | None = None,
        phrase: str | None = None,
        basis: str | None = TimeBasis.TEXT,
    ) -> Self:
        """The time that `edtf` writes, with its bounds, and its precision where none is given.

        Raises `EdtfError` for a wrong `edtf` and `ValueError` for a code that does not exist, a
        precision that speaks of a date where there is none (or of none where there is one), and a
        phrase that is too long or has control characters. A blank phrase is none.
        """
        phrase = phrase if phrase and phrase.strip() else None
        if phrase is not None:
            if len(phrase) > PHRASE_MAX_LENGTH:
                raise ValueError(
                    f"the phrase of a time has at most {PHRASE_MAX_LENGTH} characters, "
                    f"this one has {len(phrase)}"
                )
            if _UNPRINTABLE.search(phrase):
                raise ValueError(f"the phrase of a time has a control character: {phrase!a}")
        if basis is not None and basis not in _BASES:
            raise ValueError(
                f"{basis!a} is no basis of a time; known are {', '.join(TimeBasis.values)}"
            )
        if precision is not None and precision not in _PRECISIONS:
            raise ValueError(
                f"{precision!a} is no precision of a time; known are {', '.join(Precision.values)}"
            )
        parsed = None if edtf is None else edtf_parser.parse(edtf)
        if precision is None:
            precision = _derived_precision(parsed, phrase)
        elif parsed is None and precision not in UNDATED_PRECISIONS:
            raise ValueError(f"precision {precision!a} needs an edtf text")
        elif parsed is not None and precision in UNDATED_PRECISIONS:
            raise ValueError(f"precision {precision!a} goes only with no edtf text")
        earliest, latest = (None, None) if parsed is None else _bounds(parsed, precision)
        return cls(
            edtf=edtf,
            earliest=earliest,
            latest=latest,
            precision=str(precision),
            phrase=phrase,
            basis=None if basis is None else str(basis),
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`. Bounds may be left out, and must be right where given.

        Raises what `of` raises, and `ValueError` for an unknown member or a bound that is not the
        computed one.
        """
        unknown = sorted(set(data) - set(_PARTS))
        if unknown:
            raise ValueError(f"a time has no member {unknown[0]!a}; known are {', '.join(_PARTS)}")
        for name in ("edtf", "precision", "phrase", "basis"):
            if not isinstance(data.get(name), str | None):
                raise ValueError(f"{name} of a time is a text or null, not {data[name]!a}")
        time = cls.of(
            edtf=data.get("edtf"),
            precision=data.get("precision"),
            phrase=data.get("phrase"),
            basis=data.get("basis", TimeBasis.TEXT),
        )
        computed = time.as_dict()
        for name in ("earliest", "latest"):
            if name in data and data[name] != computed[name]:
                raise ValueError(
                    f"{name} is computed from edtf, and is {computed[name]}, not {data[name]!a}; "
                    "leave it out"
                )
        return time

    def as_dict(self) -> dict[str, str | None]:
        """The six parts in their order, instants as RFC 3339: `2022-10-01T00:00:00Z`."""
        return {
            "edtf": self.edtf,
            "earliest": format_instant(self.earliest),
            "latest": format_instant(self.latest),
            "precision": self.precision,
            "phrase": self.phrase,
            "basis": self.basis,
        }

    @property
    def sort_at(self) -> datetime | None:
        """Where the time stands in a sorted list: its earliest bound, else its latest."""
        return self.earliest or self.latest

    def possibly_overlaps(self, start: datetime | None, end: datetime | None) -> bool:
        """Whether some reading lies in `[start, end)`, None being open. Never when undated."""
        return (
            self.edtf is not None
            and (self.earliest is None or end is None or self.earliest < end)
            and (self.latest is None or start is None or start < self.latest)
        )

    def certainly_within(self, start: datetime | None, end: datetime | None) -> bool:
        """Whether every reading lies in `[start, end)`, None being open. Never when undated."""
        return (
            self.edtf is not None
            and (start is None or (self.earliest is not None and start <= self.earliest))
            and (end is None or (self.latest is not None and self.latest <= end))
        )

    def certainly_before(self, other: "UncertainTime") -> bool:
        """Whether this time is over, by every reading, when the other begins."""
        return (
            self.latest is not None and other.earliest is not None and self.latest <= other.earliest
        )


def format_instant(instant: datetime | None) -> str | None:
    """An aware instant as RFC 3339 in UTC, with microseconds only where they are not zero."""
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def validate_edtf(value: str) -> None:
    """Django validator: raises `ValidationError` with the parser's words."""
    try:
        edtf_parser.parse(value)
    except EdtfError as error:
        raise ValidationError(str(error), code="edtf") from error


class _TextColumn(models.CharField):
    """A text column that migrations see as a plain `CharField`."""

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class _EdtfColumn(_TextColumn):
    """`<name>_edtf`: validated by the parser."""

    default_validators = [validate_edtf]


class _PrecisionColumn(_TextColumn):
    """`<name>_precision`: filled on saving where none was given, as by `UncertainTime.of`."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        name = self.attname.removesuffix("_precision")
        edtf, precision, phrase, basis = (
            getattr(model_instance, f"{name}_{part}")
            for part in ("edtf", "precision", "phrase", "basis")
        )
        if precision is None and not (edtf is phrase is basis is None):
            parsed = None if edtf is None else edtf_parser.parse(edtf)
            setattr(model_instance, self.attname, str(_derived_precision(parsed, phrase)))
        return super().pre_save(model_instance, add)


class _BoundAttribute(DeferredAttribute):
    """The attribute of a bound: always computed from its `edtf`, whatever was assigned.

    What was assigned, which is what the database holds, answers only where `edtf` or `precision`
    was not loaded. A text that is not EDTF has no bounds here: the validator names the error,
    and saving raises it.
    """

    field: "_BoundColumn"

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        if instance is None:
            return self
        loaded = instance.__dict__
        name = self.field.time_name
        if f"{name}_edtf" not in loaded or f"{name}_precision" not in loaded:
            return super().__get__(instance, cls)
        try:
            return self.field.computed(instance)
        except EdtfError:
            return None

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class _BoundColumn(models.DateTimeField):
    """A computed bound; migrations see a plain `DateTimeField`."""

    descriptor_class = _BoundAttribute
    suffix: str
    index: int

    @property
    def time_name(self) -> str:
        return self.attname.removesuffix(self.suffix)

    def computed(self, instance: models.Model) -> datetime | None:
        """The bound of the instance's `edtf`. Raises `EdtfError`."""
        edtf = getattr(instance, f"{self.time_name}_edtf")
        return bounds(edtf, getattr(instance, f"{self.time_name}_precision"))[self.index]

    def pre_save(self, model_instance: models.Model, add: bool) -> datetime | None:
        return self.computed(model_instance)

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, kwargs


class _EarliestColumn(_BoundColumn):
    suffix = "_earliest"
    index = 0


class _LatestColumn(_BoundColumn):
    suffix = "_latest"
    index = 1


class UncertainTimeField(property):
    """A model attribute that keeps an `UncertainTime`, or None, in six columns of its model.

    `when = UncertainTimeField(help_text=…)` makes the columns `when_edtf`, `when_earliest`,
    `when_latest`, `when_precision`, `when_phrase` and `when_basis`, all null where there is no
    time. Queries, forms and migrations see these columns only; the code reads and assigns `when`,
    and may pass it to the model (`Event(when=…)`).

    The bounds are computed each time they are read or saved, so they can neither be typed in nor
    go stale, and a missing precision is filled in. A write that names its columns
    (`update_fields`, `bulk_update`) must name all six, `column_names`; `QuerySet.update` is given
    them by `column_values`. Reading `when` from an instance whose `edtf` is wrong raises
    `ValidationError` at the `edtf` column, so that `Model.clean` may read it.

    Migrations know plain columns: the attribute and the computing are absent from their models.
    """

    def __init__(self, *, help_text: str = "") -> None:
        super().__init__()
        self.help_text = help_text
        self.name = ""
        about = f"{help_text.rstrip('.')}: " if help_text else ""
        null: dict[str, Any] = {"null": True, "blank": True}
        self.columns: dict[str, models.Field[Any, Any]] = {
            "edtf": _EdtfColumn(
                **null,
                max_length=edtf_parser.MAX_LENGTH,
                help_text=f"{about}EDTF text (ISO 8601-2, level 1), for example 2022-10-01.",
            ),
            "earliest": _EarliestColumn(
                **null,
                editable=False,
                help_text=f"{about}earliest instant, computed from the EDTF text; null = open.",
            ),
            "latest": _LatestColumn(
                **null,
                editable=False,
                help_text=f"{about}first instant after it, computed from the EDTF text; "
                "null = open.",
            ),
            "precision": _PrecisionColumn(
                **null,
                max_length=16,
                choices=Precision.choices,
                help_text=f"{about}how finely the time is known.",
            ),
            "phrase": models.CharField(
                **null,
                max_length=PHRASE_MAX_LENGTH,
                help_text=f"{about}the words that gave the time.",
            ),
            "basis": models.CharField(
                **null,
                max_length=16,
                choices=TimeBasis.choices,
                help_text=f"{about}what the time rests on.",
            ),
        }

    def contribute_to_class(self, cls: type[models.Model], name: str) -> None:
        """Called by Django's model class: adds the columns and the attribute."""
        self.name = name
        for part, column in self.columns.items():
            column.contribute_to_class(cls, f"{name}_{part}")
        setattr(cls, name, self)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the six columns."""
        return tuple(f"{self.name}_{part}" for part in _PARTS)

    def column_values(self, time: UncertainTime | None) -> dict[str, Any]:
        """The six columns of a time, for `QuerySet.update(**…)` and for rows built by hand."""
        return {
            f"{self.name}_{part}": None if time is None else getattr(time, part) for part in _PARTS
        }

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, instance: Any, owner: type | None = None) -> UncertainTime | None: ...
    def __get__(self, instance: Any, owner: type | None = None) -> Self | UncertainTime | None:
        if instance is None:
            return self
        edtf, precision, phrase, basis = (
            getattr(instance, f"{self.name}_{part}")
            for part in ("edtf", "precision", "phrase", "basis")
        )
        if edtf is precision is phrase is basis is None:
            return None
        try:
            parsed = None if edtf is None else edtf_parser.parse(edtf)
        except EdtfError as error:
            raise ValidationError({f"{self.name}_edtf": str(error)}) from error
        if precision is None:
            precision = str(_derived_precision(parsed, phrase))
        earliest, latest = (None, None) if parsed is None else _bounds(parsed, precision)
        return UncertainTime(edtf, earliest, latest, precision, phrase, basis)

    def __set__(self, instance: Any, value: UncertainTime | None) -> None:
        if value is not None and not isinstance(value, UncertainTime):
            raise TypeError(f"{self.name} takes an UncertainTime or None, not {value!r}")
        for column, part in self.column_values(value).items():
            setattr(instance, column, part)


def time_constraints(app_model: str, name: str) -> list[models.CheckConstraint]:
    """The constraints of one `UncertainTimeField`, for `Meta.constraints`.

    `app_model` begins their names: `events_event`, or `%(app_label)s_%(class)s` on an abstract
    model. `name` is the field's. They refuse bounds out of order, bounds without an EDTF text or a
    text without bounds, a precision that does not go with the text, unknown codes, and empty
    texts.
    """
    edtf, earliest, latest = f"{name}_edtf", f"{name}_earliest", f"{name}_latest"
    precision, phrase, basis = f"{name}_precision", f"{name}_phrase", f"{name}_basis"
    undated = [code.value for code in UNDATED_PRECISIONS]
    dated = [code for code in Precision.values if code not in undated]
    unbounded = Q(**{f"{earliest}__isnull": True, f"{latest}__isnull": True})
    rules: list[tuple[str, Q, str]] = [
        (
            "ordered",
            Q(**{f"{earliest}__lt": F(latest)}),
            f"{name}: the earliest bound must lie before the latest.",
        ),
        (
            "bounded",
            (Q(**{f"{edtf}__isnull": True}) & unbounded)
            | (Q(**{f"{edtf}__isnull": False}) & ~Q(**{edtf: ""}) & ~unbounded),
            f"{name}: there are bounds exactly where there is an EDTF text.",
        ),
        (
            "precision",
            Q(**{f"{precision}__isnull": True})
            | Q(**{f"{edtf}__isnull": True, f"{precision}__in": undated})
            | Q(**{f"{edtf}__isnull": False, f"{precision}__in": dated}),
            f"{name}: the precision must be a known code that goes with the EDTF text.",
        ),
        (
            "phrase",
            Q(**{f"{phrase}__isnull": True}) | ~Q(**{phrase: ""}),
            f"{name}: a missing phrase is null, not empty.",
        ),
        (
            "basis",
            Q(**{f"{basis}__isnull": True}) | Q(**{f"{basis}__in": TimeBasis.values}),
            f"{name}: the basis must be a known code.",
        ),
    ]
    return [
        models.CheckConstraint(
            condition=condition,
            name=f"{app_model}_{name}_{rule}",
            violation_error_message=message,
        )
        for rule, condition, message in rules
    ]


_BOUND = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-9]{2})))?)?)?"
)
_BOUND_FORMS = (
    "a year (2022), a month (2022-10), a day (2022-10-01) or an instant with its zone "
    "(2022-10-01T14:30:00Z)"
)


def parse_bound(text: str) -> tuple[datetime, datetime]:
    """The span `[start, end)` of the unit that a filter names: year, month, day or instant.

    An instant (RFC 3339, at most microseconds) is a span of one microsecond. `since` uses the
    start and `until` the end, so both include the unit. Raises `ValueError` with a text for the
    reader.
    """
    match = _BOUND.fullmatch(text)
    if not match:
        raise ValueError(_bound_problem(text))
    if match[4] is None:
        try:
            parsed = edtf_parser.parse(text)
        except EdtfError as error:
            raise ValueError(str(error)) from error
        if parsed.granularity == "season" or parsed.earliest is None or parsed.latest is None:
            raise ValueError(f"{text!a} is a season; expected is {_BOUND_FORMS}")
        return parsed.earliest, parsed.latest
    year, month, day, hour, minute, second, fraction, _, sign, hours, minutes = match.groups()
    try:
        zone = timezone(timedelta(hours=int(hours or 0), minutes=int(minutes or 0)))
        if sign == "-":
            zone = timezone(-timedelta(hours=int(hours), minutes=int(minutes)))
        if int(minutes or 0) > 59:
            raise ValueError("a zone's minutes are 00 to 59")
        local = datetime(
            *(int(year), int(month), int(day), int(hour), int(minute), int(second)),
            int((fraction or "").ljust(6, "0")),
            tzinfo=zone,
        )
        start = local.astimezone(UTC)
        if not edtf_parser.FIRST_YEAR <= start.year <= edtf_parser.LAST_YEAR:
            raise OverflowError
    except OverflowError as error:
        raise ValueError(
            f"{text!a} is not within the years {edtf_parser.FIRST_YEAR} to {edtf_parser.LAST_YEAR}"
        ) from error
    except ValueError as error:
        raise ValueError(f"{text!a} is no instant: {error}") from error
    return start, start + timedelta(microseconds=1)


def _bound_problem(text: str) -> str:
    shown = ascii(text if len(text) <= 64 else text[:64] + "…")
    if " " in text and _BOUND.fullmatch(text.replace(" ", "+")):
        return f"{shown} has a space where a + was meant: in a URL write + as %2B"
    if _BOUND.fullmatch(text + "Z") and "T" in text.upper():
        return f"{shown} has no zone: end it in Z, or in one such as %2B03:00"
    return f"{shown} is no time; expected is {_BOUND_FORMS}"
