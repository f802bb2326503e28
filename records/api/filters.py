"""What filters are made of: several values, negation, references, uncertain times.

Every filter reads columns of the record itself or a side table keyed by its version, so that
`as_of` is right by construction.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Greatest

from records.api.references import Wanted
from records.querysets import column_names
from records.time import parse_bound
from records.timeline import FIRST, LAST, LONG, open_start

#: How many values one parameter takes.
VALUES_LIMIT = 100

UUID_PATTERN = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
CODE_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]*:[^\x00-\x20,!]+", re.ASCII)
SLUG_PATTERN = re.compile(r"[a-zA-Z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Terms:
    """The values of a parameter: a record matches any of the first and none of the second."""

    any_of: tuple[str, ...]
    none_of: tuple[str, ...]


class TermsField(forms.Field):
    """Values as a comma list or repeated, `!` before each that is to be excluded."""

    def __init__(
        self,
        *,
        choices: Iterable[str] | None = None,
        pattern: re.Pattern[str] | None = None,
        expects: str = "a value",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.choices = None if choices is None else list(choices)
        self.pattern, self.expects = pattern, expects

    def clean(self, value: list[str]) -> Terms:
        terms = [term.strip() for given in value for term in given.split(",")]
        if len(terms) > VALUES_LIMIT:
            raise ValidationError(f"takes at most {VALUES_LIMIT} values; {len(terms)} were given")
        wrong: list[str] = []
        any_of: list[str] = []
        none_of: list[str] = []
        for term in terms:
            bare = term.removeprefix("!")
            if not bare:
                raise ValidationError("has an empty value in its list")
            if (self.choices is not None and bare not in self.choices) or (
                self.pattern is not None and not self.pattern.fullmatch(bare)
            ):
                wrong.append(bare)
            (none_of if term.startswith("!") else any_of).append(bare)
        if wrong:
            known = (
                f"known are {', '.join(self.choices)}"
                if self.choices is not None
                else f"expected is {self.expects}"
            )
            shown = ", ".join(f"{value[:60]!a}" for value in wrong[:3])
            more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
            raise ValidationError(f"{shown}{more}: not known here; {known}")
        return Terms(tuple(any_of), tuple(none_of))


class RecordFilterBase(django_filters.Filter):
    """A filter that says what it takes, for people and for OpenAPI."""

    #: Whether the parameter may be repeated.
    repeatable: ClassVar[bool] = False

    def __init__(self, field_name: str, help_text: str, **kwargs: Any) -> None:
        super().__init__(field_name, **kwargs)
        self.help_text = help_text

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of one value."""
        raise NotImplementedError

    def wanted(self, value: Any) -> list[Wanted]:
        """The references that have to be resolved before it can filter."""
        return []

    def problem(self) -> str | None:
        """What is wrong with it beside the other parameters that were given."""
        return None

    def reads(self, value: Any) -> set[str]:
        """The columns that it compares, where it reads no other table."""
        return {self.field_name}


class TermsFilter(RecordFilterBase):
    """A column that holds one of several values, or with `array` any of them.

    Two hints lead to an index of whole arrays: `alone` says that most records have one value and no
    other, and that any may be the most frequent; `usual` names the one that most records have
    alone, for which there are indexes of all others.
    """

    field_class = TermsField
    repeatable = True

    def __init__(
        self,
        field_name: str,
        help_text: str,
        *,
        choices: Iterable[str] | None = None,
        pattern: str | None = None,
        expects: str = "a value",
        array: bool = False,
        prefix: bool = False,
        grows: bool = False,
        alone: bool = False,
        usual: str | None = None,
    ) -> None:
        self.choices = None if choices is None else list(choices)
        self.array, self.prefix, self.grows = array, prefix, grows
        self.alone, self.usual = alone, usual
        super().__init__(
            field_name,
            help_text,
            choices=None if grows else self.choices,
            pattern=re.compile(pattern, re.ASCII) if pattern else None,
            expects=expects,
        )

    def schema(self) -> dict[str, Any]:
        if self.choices is not None:
            pattern = "^!?[a-z0-9_.-]+$" if self.prefix or self.grows else None
            item: dict[str, Any] = {"type": "string", "x-extensible-enum": self.choices}
            item["pattern"] = pattern or f"^!?({'|'.join(map(re.escape, self.choices))})$"
            return item
        pattern = self.extra["pattern"].pattern if self.extra["pattern"] else ".+"
        return {"type": "string", "pattern": f"^!?({pattern})$"}

    def condition(self, values: Iterable[str]) -> Q:
        """That the column holds any of the values."""
        if self.array:
            return Q(**{f"{self.field_name}__overlap": list(values)})
        if self.prefix:
            matches = Q()
            for value in values:
                matches |= Q(**{self.field_name: value})
                matches |= Q(**{f"{self.field_name}__startswith": f"{value}."})
            return matches
        return Q(**{f"{self.field_name}__in": list(values)})

    def exclusion(self, values: Iterable[str]) -> Q:
        """That the column holds none of the values."""
        excluded = list(values)
        if self.prefix:
            return ~self.condition(excluded)
        if self.array:
            left = ~self.condition(excluded)
            return left & self._besides([[value] for value in excluded]) if self.alone else left
        return self._besides(excluded)

    def _besides(self, values: list[Any]) -> Q:
        """What lies on either side of values: an index finds few rows so, but not by inequality."""
        left = Q()
        for value in values:
            beside = Q(**{f"{self.field_name}__lt": value}) | Q(**{f"{self.field_name}__gt": value})
            if self.model._meta.get_field(self.field_name).null:
                beside |= Q(**{f"{self.field_name}__isnull": True})
            left &= beside
        return left

    def filter(self, qs: QuerySet[Any], value: Terms) -> QuerySet[Any]:
        if value.any_of:
            qs = qs.filter(self.condition(value.any_of))
        if value.none_of:
            qs = qs.filter(self.exclusion(value.none_of))
        others = value.any_of and self.usual not in value.any_of
        if self.usual and (others or self.usual in value.none_of):
            qs = qs.exclude(**{self.field_name: [self.usual]})
        return qs


class ReferenceFilter(TermsFilter):
    """A column that refers to another record: by its id, a `scheme:code`, or a party's name.

    A well-formed reference that names nothing matches nothing; a merged one means its survivor.
    """

    def __init__(
        self,
        field_name: str,
        help_text: str,
        *,
        resource: str,
        array: bool = False,
        alone: bool = False,
    ) -> None:
        self.resource = resource
        super().__init__(
            field_name,
            help_text,
            pattern=self.accepted(),
            expects="an id (a UUID) or a scheme:code such as geonames:704204",
            array=array,
            alone=alone,
        )

    def accepted(self) -> str | None:
        """The pattern of the references that it takes."""
        return f"{UUID_PATTERN.pattern}|{CODE_PATTERN.pattern}"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": 200}

    def wanted(self, value: Terms) -> list[Wanted]:
        return [Wanted(self.resource, ref) for ref in (*value.any_of, *value.none_of)]

    def ids(self, references: Iterable[str]) -> list[UUID]:
        """The ids that references resolved to."""
        found = self.parent.resolved
        return [i for ref in references for i in found.get(Wanted(self.resource, ref), ())]

    def filter(self, qs: QuerySet[Any], value: Terms) -> QuerySet[Any]:
        if value.any_of:
            ids = self.ids(value.any_of)
            qs = qs.filter(self.condition(map(str, ids))) if ids else qs.none()
        if value.none_of and (ids := self.ids(value.none_of)):
            qs = qs.filter(self.exclusion(map(str, ids)))
        return qs


class PartyFilter(ReferenceFilter):
    """A party, which may be given by its exact name as well."""

    def __init__(self, field_name: str, help_text: str, *, array: bool = False) -> None:
        super().__init__(field_name, help_text, resource="actors", array=array)

    def accepted(self) -> str | None:
        return None

    def wanted(self, value: Terms) -> list[Wanted]:
        return [Wanted(self.resource, ref, by_name=True) for ref in (*value.any_of, *value.none_of)]

    def ids(self, references: Iterable[str]) -> list[UUID]:
        found = self.parent.resolved
        return [
            i for ref in references for i in found.get(Wanted(self.resource, ref, by_name=True), ())
        ]


class WithinFilter(ReferenceFilter):
    """The whole subtree of a place, read from the side table that has the sort keys."""

    def __init__(self, help_text: str) -> None:
        super().__init__("place_lines__place_id", help_text, resource="places")

    def one_place(self, value: Terms) -> UUID | None:
        """The place, where one is given and none is excluded."""
        ids = self.ids(value.any_of)
        return ids[0] if len(ids) == 1 and not value.none_of else None

    def filter(self, qs: QuerySet[Any], value: Terms) -> QuerySet[Any]:
        lines = qs.model.place_line._default_manager.filter(record=OuterRef("pk"))
        if value.any_of:
            ids = self.ids(value.any_of)
            if not ids:
                return qs.none()
            if len(ids) == 1:
                self.parent.sorted_by_line = True
                condition = Q(place_lines__place_id=ids[0])
                if self.parent.moment.seq is None:
                    condition &= Q(place_lines__current=True)
                qs = qs.filter(condition)
            else:
                qs = qs.filter(Exists(lines.filter(place_id__in=ids)))
        if value.none_of and (ids := self.ids(value.none_of)):
            qs = qs.exclude(Exists(lines.filter(place_id__in=ids)))
        return qs


class IdFilter(TermsFilter):
    """The record's own id."""

    def __init__(self) -> None:
        super().__init__(
            "object_id",
            "Ids of records, at most 100.",
            pattern=UUID_PATTERN.pattern,
            expects="an id (a UUID)",
        )


class FlagField(forms.Field):
    """`true` or `false`."""

    def clean(self, value: list[str]) -> bool:
        if value[-1] not in ("true", "false"):
            raise ValidationError(f"{value[-1][:60]!a} is neither true nor false")
        return value[-1] == "true"


class FlagFilter(RecordFilterBase):
    """A boolean column."""

    field_class = FlagField

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def filter(self, qs: QuerySet[Any], value: bool) -> QuerySet[Any]:
        return qs.filter(**{self.field_name: value})


class BoundField(forms.Field):
    """A year, month, day or instant, as the half-open span of that unit."""

    def clean(self, value: list[str]) -> tuple[datetime, datetime]:
        try:
            return parse_bound(value[-1])
        except ValueError as error:
            raise ValidationError(str(error)) from error


class BoundFilter(RecordFilterBase):
    """One side of a period, or a day in it, over the bounds of an uncertain time.

    `side` is `since`, `until` or `on`. Matches what possibly overlaps; with `certainly` what must
    lie inside. What has no time matches only with `undated`.
    """

    field_class = BoundField

    def __init__(self, field_name: str, help_text: str, *, side: str) -> None:
        super().__init__(field_name, help_text)
        self.side = side

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "examples": ["2022", "2022-10", "2022-10-01"]}

    def reads(self, value: tuple[datetime, datetime]) -> set[str]:
        return {f"{self.field_name}_{part}" for part in ("from", "to", "first", "last")}

    def filter(self, qs: QuerySet[Any], value: tuple[datetime, datetime]) -> QuerySet[Any]:
        start, end = value
        name = self.field_name
        sorted_by = f"{name}_last" in column_names(qs.model)
        if self.parent.sorted_by_line and self.reads(value) <= column_names(qs.model.place_line):
            # By an alias: a filter by `place_lines__…` would join the lines once more.
            lines = {f"line_{column}": F(f"place_lines__{column}") for column in self.reads(value)}
            qs, name = qs.alias(**lines), f"line_{name}"
        if self.parent.cleaned.get("certainly", False):
            matches = self._certainly(name, start, end, sorted_by=sorted_by)
        else:
            matches = self._possibly(name, start, end, sorted_by=sorted_by)
        if self.parent.cleaned.get("undated", False):
            matches |= Q(**{f"{name}_from": LAST})
        return qs.filter(matches)

    def _possibly(self, name: str, start: datetime, end: datetime, *, sorted_by: bool) -> Q:
        """What may lie in a period, and what follows for the sort key: in its order pages are."""
        if self.side == "on":
            return self._around(name, start, end)
        matches = Q(**{f"{name}_last__gt": FIRST}) if sorted_by else Q()
        if self.side == "since":
            return matches & Q(**{f"{name}_to__gt": start})
        matches &= Q(**{f"{name}_from__lt": end})
        return (
            matches & Q(**{f"{name}_last__lte": self._last_before(end)}) if sorted_by else matches
        )

    def _around(self, name: str, start: datetime, end: datetime) -> Q:
        """What may lie in a day: of what lasts not long, only what begins and ends around it.

        So the database sees how few there are, while it takes two bounds for independent of each
        other. It must not find the same comparison in both parts: it would take it out of them.
        """
        least = datetime.resolution
        near = {
            f"{name}_from__range": (_earlier(start, LONG), end - least),
            f"{name}_to__range": (start + least, end + LONG),
        }
        far = {f"{name}_long": True, f"{name}_to__gt": start, f"{name}_from__lt": end}
        return Q(**near) | Q(**far)

    def _last_before(self, end: datetime) -> Greatest:
        """The greatest sort key of what begins before an end.

        It is the beginning itself, unless that is open.
        """
        key = f"{self.field_name}_last"
        versions = self.parent._meta.model._default_manager.filter(open_start(self.field_name))
        return Greatest(Value(end), Subquery(versions.order_by(f"-{key}").values(key)[:1]))

    def _certainly(self, name: str, start: datetime, end: datetime, *, sorted_by: bool) -> Q:
        """What must lie in a period, and what follows for the sort keys."""
        keys = (f"{name}_first", f"{name}_last") if sorted_by else ()
        matches = Q()
        if self.side in ("since", "on"):
            for column in (f"{name}_from", *keys):
                matches &= Q(**{f"{column}__gte": start})
            matches &= Q(**{f"{name}_to__gt": FIRST})
        if self.side in ("until", "on"):
            for column in (f"{name}_to", *keys):
                matches &= Q(**{f"{column}__lte": end})
            matches &= Q(**{f"{name}_from__lt": LAST})
        return matches


def _earlier(at: datetime, by: timedelta) -> datetime:
    """An instant that lies before another, in the years that there are."""
    return at - by if at - FIRST > by else FIRST


class ModifierFilter(FlagFilter):
    """`certainly` or `undated`: says how the time filters beside it match."""

    def problem(self) -> str | None:
        if any(isinstance(found, BoundFilter) for found in self.parent.filters.values()):
            return None
        return "says how a time filter matches, and there is none"

    def reads(self, value: bool) -> set[str]:
        return set()

    def filter(self, qs: QuerySet[Any], value: bool) -> QuerySet[Any]:
        return qs


class UpdatedSinceFilter(RecordFilterBase):
    """Records recorded at or after a moment."""

    field_class = BoundField

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "examples": ["2026-01-01", "2026-01-01T12:00:00Z"]}

    def filter(self, qs: QuerySet[Any], value: tuple[datetime, datetime]) -> QuerySet[Any]:
        return qs.filter(recorded_at__gte=value[0])


class RelatedFilter(ReferenceFilter):
    """Records that refer to another one, from whichever end the link was made."""

    def __init__(self, resource: str) -> None:
        super().__init__(
            "refs",
            f"What refers to this one of the {resource} (an id or a scheme:code), "
            "or to any other record (an id).",
            resource=resource,
            array=True,
        )

    def ids(self, references: Iterable[str]) -> list[UUID]:
        given = [UUID(ref) for ref in references if UUID_PATTERN.fullmatch(ref)]
        return list({*given, *super().ids(references)})


class SeqField(forms.Field):
    """A number of the sequence."""

    def clean(self, value: list[str]) -> int:
        if not re.fullmatch("[0-9]{1,18}", value[-1]):
            raise ValidationError(f"{value[-1][:60]!a} is not a number of the sequence")
        return int(value[-1])


class SeqFilter(RecordFilterBase):
    """What has a greater number."""

    field_class = SeqField

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 0}

    def filter(self, qs: QuerySet[Any], value: int) -> QuerySet[Any]:
        return qs.filter(**{f"{self.field_name}__gt": value})
