"""Finding by words and by names: `q`, `name`, and the order of what fits best."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import BooleanField, F, FloatField, Func, QuerySet, UUIDField, Value

from records.api.filters import RecordFilterBase
from records.api.moments import Moment
from records.api.queries import read, text_query
from records.folding import fold, sound, words
from records.record import PublishedRecord

#: Characters of a search.
LENGTH_LIMIT = 256
#: How many names a search compares best, of each resource that has names.
NAMES_LIMIT = 1_000
#: Among how many of the newest matches the best are sought.
RANKED = 2_000

#: How alike a name must sound, from 0 to 1; of short names one slip changes more.
ALIKE, ALIKE_SHORT, SHORT = 0.4, 0.3, 6
#: What a part of a longer name counts that sounds alike, against a whole name.
PART = 0.75
#: What a name fits that sounds the same; and how well others must fit to be shown beside it.
SAME, BESIDE = 2, 0.6
#: A name may have a slip (a letter wrong, missing or too many; two swapped are two) for so many
#: letters, but two at most, if it is not longer than that.
LETTERS_A_SLIP, SLIPS_UP_TO = 3, 100


class SearchField(forms.Field):
    """A text to look for."""

    def clean(self, value: list[str]) -> str:
        text = value[-1]
        if len(text) > LENGTH_LIMIT:
            raise ValidationError(f"has {len(text)} characters; at most {LENGTH_LIMIT} are read")
        if not words(text):
            raise ValidationError("has no letter or digit to look for")
        return text


class QueryField(SearchField):
    """Words to look for, with operators between."""

    def clean(self, value: list[str]) -> str:
        text = super().clean(value)
        if not read(text):
            raise ValidationError("has operators alone, and no word to look for")
        return text


class Matches(Func):
    """That a vector of words matches a query."""

    arg_joiner = " @@ "
    template = "%(expressions)s"
    output_field = BooleanField()
    conditional = True


class Rank(Func):
    """How well a vector of words matches a query."""

    function = "ts_rank"
    output_field = FloatField()


class Place(Func):
    """How far forward an id stands in a list: the first has the most."""

    template = "-array_position(%(expressions)s)"
    output_field = FloatField()


class TextFilter(RecordFilterBase):
    """`q`: words in names, titles, statements and quotes, and names in any spelling."""

    field_class = QueryField

    def __init__(self) -> None:
        super().__init__(
            "vector",
            "Words to look for in names, titles, statements and quotes, by their stems; what "
            "names a place, an actor or a source is also found by its other names, in any "
            "spelling. Quoted words stand side by side, `or` takes either, `-` before a word "
            "excludes it.",
        )

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": LENGTH_LIMIT}

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        query = text_query(value, self.parent.moment)
        self.parent.read_ahead = True
        # Where a name is asked for as well, that orders the answer.
        self.parent.rank = self.parent.rank or Rank(F(self.field_name), query)
        return qs.filter(Matches(F(self.field_name), query))


class NameFilter(RecordFilterBase):
    """`name`: what has a name that is, or sounds and looks like, the one given; best first."""

    field_class = SearchField

    def __init__(self) -> None:
        super().__init__(
            "object_id",
            "A name in any spelling, language or script; case, accents and apostrophes do not "
            "count, and typing errors are tolerated. The best come first.",
        )

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": LENGTH_LIMIT}

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        ids = by_name(qs.model, value, self.parent.moment)
        self.parent.read_ahead = True
        if not ids:
            return qs.none()
        self.parent.rank = Place(Value(ids, ArrayField(UUIDField())), F("object_id"))
        return qs.filter(object_id__in=ids)


def by_name(record: type[PublishedRecord], text: str, moment: Moment) -> list[UUID]:
    """The ids of what has a name like the one given, the best first: one or two queries.

    First whose shown name it is, then whose further name it is, then what sounds the same, then
    what sounds alike, the more the sooner; of equals those whose shown name comes first. Where
    something is or sounds the same, only what sounds much alike is shown beside it; else names are
    sought too that a slip or two lead to.
    """
    folded, sounded = fold(text), sound(text)
    alike = ALIKE_SHORT if len(sounded) <= SHORT else ALIKE
    found = _fitting(
        record,
        """case
            when k.folded = %s then 3 + k.main::int
            when k.sound = %s then 2
            else greatest(
                strict_word_similarity(%s, k.sound) * %s, similarity(%s, k.sound)
            )
        end""",
        [folded, sounded, sounded, PART, sounded],
        """k.folded = %s or (k.sound = %s and k.sound <> '') or (
            k.sound %%>> %s and strict_word_similarity(%s, k.sound) >= %s
        )""",
        [folded, sounded, sounded, sounded, alike],
        moment,
    )
    slips = min(len(sounded) // LETTERS_A_SLIP, 2)
    if any(fits >= SAME for fits, _ in found.values()):
        found = {i: fit for i, fit in found.items() if fit[0] >= BESIDE}
    elif slips and len(sounded) < SLIPS_UP_TO:
        slipped = _fitting(
            record,
            "1 - levenshtein(%s, k.sound)::float8 / %s",
            [sounded, len(sounded)],
            """k.sound %% %s and case when length(k.sound) between %s and %s
                then levenshtein_less_equal(%s, k.sound, %s) <= %s else false end""",
            [sounded, len(sounded) - slips, len(sounded) + slips, sounded, slips, slips],
            moment,
        )
        found |= {i: fit for i, fit in slipped.items() if i not in found or fit > found[i]}
    best_first = sorted(found, key=lambda i: (-found[i][0], found[i][1], i))
    return best_first[:NAMES_LIMIT]


def _fitting(
    record: type[PublishedRecord],
    fits: str,
    fits_params: list[Any],
    condition: str,
    params: list[Any],
    moment: Moment,
) -> dict[UUID, tuple[float, str]]:
    """What has a name `k` for which a condition holds: how well it fits, and its sort name."""
    assert record.name_key is not None
    visible, moments = moment.visible()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            select r.object_id, max({fits}) as fits, r.sort_name
            from {record.name_key._meta.db_table} k
            join {record._meta.db_table} r using (seq)
            where ({condition}) and {visible}
            group by r.object_id, r.sort_name
            order by fits desc, r.sort_name, r.object_id limit {NAMES_LIMIT}
            """,
            [*fits_params, *params, *moments],
        )
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def best(queryset: QuerySet[Any], rank: Any, limit: int, shown: list[Any]) -> list[tuple[Any, ...]]:
    """What is shown of the best by a rank among the newest matches, the best first: two queries."""
    newest = queryset.annotate(fits=rank).order_by(f"-{queryset.model.newest_first}")
    ranked = sorted(
        newest.values_list("fits", "object_id", "pk")[:RANKED], key=lambda row: (-row[0], row[1])
    )
    keys = [pk for _, _, pk in ranked[:limit]]
    rows = queryset.model.objects.filter(pk__in=keys).values_list("pk", *shown)
    by_key = {row[0]: row[1:] for row in rows}
    return [by_key[key] for key in keys]
