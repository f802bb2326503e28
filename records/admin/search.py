"""Finding rows of the workspace by what they say, and by any name that is public."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import CharField, F, ForeignObjectRel, Model, Q, QuerySet, Transform

from records.api.moments import PRESENT
from records.api.queries import read, text_query
from records.api.searching import Matches, by_name
from records.folding import fold, sound, words
from records.record import PublishedRecord

#: Words of a search; what stands in double quotes is one.
_WORD = re.compile(r'"([^"]+)"|(\S+)')
#: So many letters must a part of a name have for its sound to tell something.
SOUND_FROM = 3
#: What folding drops from a name: accents, apostrophes and quotation marks.
_DROPPED = "".join(c for c in map(chr, range(0x21, 0x2100)) if fold(f"a{c}b") == "ab")
_ASCII_DROPPED = "".join(filter(str.isascii, _DROPPED))


def _quoted(text: str) -> str:
    return text.replace("'", "''")


@CharField.register_lookup
class Folded(Transform):
    """A column of names as `records.folding.fold` writes them, but for blanks."""

    lookup_name = "folded"
    output_field = CharField()
    # Most names are ASCII, for which a quarter of the work does.
    template = (
        "case when octet_length(%(expressions)s) = length(%(expressions)s)"
        f" then translate(lower(%(expressions)s), '{_quoted(_ASCII_DROPPED)}', '')"
        " else regexp_replace(normalize(lower(%(expressions)s), NFKD),"
        f" '[{_quoted(_DROPPED)}]', '', 'g') end"
    )


def found(
    record: type[PublishedRecord], rows: QuerySet[Any], fields: Any, term: str
) -> QuerySet[Any]:
    """The rows that a term finds: the row of an id, else those that have every word.

    A word may stand in a field, a name or a code, whatever its case, accents and apostrophes; in
    a public name also as it sounds. What has no names is found by the words of its record too,
    and by every name of what it names. Where nothing has the words, names are sought that a slip
    or two lead to.
    """
    term = term.replace("\x00", "").strip()
    try:
        return rows.filter(pk=UUID(term))
    except ValueError:
        pass
    said = Q()
    for word in _words(term):
        said &= _having(record, fields, word)
    if record.name_key is None and read(term):
        current = record.objects.current()
        matching = current.filter(Matches(F("vector"), text_query(term, PRESENT)))
        return rows.filter(said | Q(pk__in=matching.values("object_id")))
    rest = rows.filter(said)
    if record.name_key is None or ":" in term or not words(term) or rest.exists():
        return rest
    return rows.filter(pk__in=by_name(record, term, PRESENT))


def _words(term: str) -> Iterator[str]:
    for quoted, word in _WORD.findall(term):
        yield quoted or word


def _having(record: type[PublishedRecord], fields: Any, word: str) -> Q:
    """That a row has a word; children are read in a subquery each, so that no row comes twice."""
    model: type[Model] = record.shape.model
    condition = Q()
    for name in fields:
        first, _, rest = name.partition("__")
        relation = model._meta.get_field(first)
        if not isinstance(relation, ForeignObjectRel):
            condition |= _containing(name, word)
            continue
        children = relation.related_model._default_manager  # type: ignore[union-attr]
        scheme, colon, code = word.partition(":")
        coded = rest == "code" and colon
        has = Q(scheme=scheme, code=code) if coded else _containing(rest, word)
        condition |= Q(pk__in=children.filter(has).values(relation.field.attname))
    if record.name_key is not None and fold(word):
        named = Q(folded__contains=fold(word))
        if len(sound(word)) >= SOUND_FROM:
            named |= Q(sound__contains=sound(word))
        keys = record.name_key._default_manager.filter(
            named, record__live=True, record__superseded_seq__isnull=True
        )
        condition |= Q(pk__in=keys.values("record__object_id"))
    return condition


def _containing(name: str, word: str) -> Q:
    """That a column contains a word; a column of names also where it is spelt otherwise."""
    condition = Q(**{f"{name}__icontains": word})
    if name.rpartition("__")[2] in ("name", "title") and fold(word):
        condition |= Q(**{f"{name}__folded__contains": fold(word)})
    return condition
