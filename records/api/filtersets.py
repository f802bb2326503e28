"""What lists are asked by: the filters that all resources share, read strictly."""

import copy
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from records.api.filters import (
    CODE_PATTERN,
    SLUG_PATTERN,
    IdFilter,
    SeqFilter,
    TermsFilter,
    UpdatedSinceFilter,
    WithinFilter,
)
from records.api.moments import Moment
from records.api.problems import BadParameter
from records.api.references import Wanted, resolve
from records.api.searching import TextFilter
from records.models import Cause, Change
from records.querysets import column_names
from records.registry import resources


class StrictFilter(django_filters.FilterSet):
    """Filters that refuse what they cannot read. Only the parameters that are given cost anything.

    Making one reads the values, with no query. Raises `BadParameter` naming each wrong parameter.
    """

    def __init__(self, data: QueryDict) -> None:
        self.data = data
        self.filters = {
            name: copy.copy(found) for name, found in self.base_filters.items() if name in data
        }
        #: Set by `within`: the page is to be read in the order of the side table.
        self.sorted_by_line = False
        self.cleaned: dict[str, Any] = {}
        self.resolved: dict[Wanted, tuple[UUID, ...]] = {}
        self.moment: Moment | None = None
        #: Whether something was read ahead of the page, which must be of the same moment.
        self.read_ahead = False
        #: Set by `q` and `name`: how well a record fits, the more the better.
        self.rank: Any = None
        errors: list[tuple[str, str]] = []
        for name, found in self.filters.items():
            found.parent, found.model, found.name = self, self._meta.model, name
            try:
                self.cleaned[name] = found.field.clean(data.getlist(name))
            except ValidationError as error:
                errors.append((name, " ".join(error.messages)))
            else:
                if problem := found.problem():
                    errors.append((name, problem))
        if errors:
            raise BadParameter(*errors)

    def apply(
        self, queryset: QuerySet[Any], moment: Moment, *, counted: Iterable[str] | None = None
    ) -> QuerySet[Any]:
        """What matches at a moment: one query where there are references, else none yet.

        With `counted`, the columns by which records are only counted, what matches may be the lines
        of a place in their stead: these lie side by side in an index.
        """
        self.moment, self.sorted_by_line, self.rank = moment, False, None
        wanted = [w for name, f in self.filters.items() for w in f.wanted(self.cleaned[name])]
        self.resolved = resolve(wanted, moment)
        self.read_ahead = bool(self.resolved)
        filters = self.filters
        if counted is not None and (lines := self._lines(counted)) is not None:
            queryset = lines
            filters = {name: found for name, found in filters.items() if name != "within"}
        for name, found in filters.items():
            queryset = found.filter(queryset, self.cleaned[name])
        return queryset

    def _lines(self, columns: Iterable[str]) -> QuerySet[Any] | None:
        """The lines of the one place asked for now, if they have all that is asked of records."""
        within = self.filters.get("within")
        if not isinstance(within, WithinFilter) or self.moment is None:
            return None
        if self.moment.seq is not None:
            return None  # lines tell which versions are current, and not which were
        line, place = self._meta.model.place_line, within.one_place(self.cleaned["within"])
        read = {*columns}.union(
            *(f.reads(self.cleaned[name]) for name, f in self.filters.items() if f is not within)
        )
        if place is None or not read <= column_names(line):
            return None
        return line._default_manager.filter(place_id=place, current=True)


class RecordFilter(StrictFilter):
    """What the filters of all resources share."""

    q = TextFilter()
    id = IdFilter()
    code = TermsFilter(
        "codes",
        "Codes of others, each as `scheme:code`.",
        pattern=CODE_PATTERN.pattern,
        expects="a scheme:code such as geonames:704204",
        array=True,
    )
    updated_since = UpdatedSinceFilter(
        "recorded_at", "Recorded in this year, month, day or instant, or later."
    )
    dataset = TermsFilter(
        "datasets",
        "Slugs of the data sets that it is in.",
        pattern=SLUG_PATTERN.pattern,
        expects="a data set's slug",
        array=True,
        alone=True,
    )


class ChangeFilter(StrictFilter):
    """What the change log can be asked by."""

    since = SeqFilter("seq", "Only changes with a greater number.")
    resource = TermsFilter("resource", "Only changes of these resources.", choices=resources())
    cause = TermsFilter("cause", "Only changes for these causes.", choices=Cause.values)
    dataset = TermsFilter(
        "dataset",
        "Only changes of records whose home is one of these data sets.",
        pattern=SLUG_PATTERN.pattern,
        expects="a data set's slug",
    )

    class Meta:
        model = Change
        fields: list[str] = []
