"""From what somebody types to a query of words, in which a name stands for what has it.

`Krasny Liman encircled` is two things: a name, and a word. What is looked for has that word, and
either the words of the name or the place that bears it, whatever the text calls it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQueryField
from django.db import connection
from django.db.models.expressions import RawSQL

from records.api.moments import Moment
from records.folding import coded, sound, words
from records.registry import record_of, resources

#: Words that a name has at most, and the words of a search among which names are sought.
NAME_WORDS, SOUGHT_WORDS = 4, 16
#: A single word that stands for a name has at least so many letters: shorter ones mean nothing.
NAME_LETTERS = 4
#: How many places, actors and sources a name stands for, of each.
MEANT_LIMIT = 25


#: A sign right before a quotation mark: it is of the phrase.
_SIGN = re.compile(r"(?:^|\s)-$")


@dataclass(frozen=True)
class Term:
    """Words that are sought: any number in any order, or as a phrase side by side."""

    words: str
    phrase: bool = False
    excluded: bool = False


def read(text: str) -> list[list[Term]]:
    """What is sought: all terms of one of the lists. Empty lists are left out."""
    alternatives: list[list[Term]] = [[]]
    excluded = False
    for number, part in enumerate(text.split('"')):
        if number % 2:
            if found := words(part):
                alternatives[-1].append(Term(found, phrase=True, excluded=excluded))
            excluded = False
            continue
        for given in part.split():
            if given.casefold() == "or":
                alternatives.append([])
            elif found := words(given):
                out = given.startswith("-")
                alternatives[-1].append(Term(found, phrase=" " in found, excluded=out))
        excluded = bool(_SIGN.search(part))
    return [terms for terms in alternatives if terms]


def text_query(text: str, moment: Moment) -> RawSQL:
    """The query for what has the words of a text, or names what has them for a name."""
    alternatives = read(text)
    runs = {words for terms in alternatives for words in _candidates(terms)}
    names = meant(runs, moment)
    parts: list[str] = []
    params: list[Any] = []
    for terms in alternatives:
        leaves = []
        for term in _with_names(terms, names):
            function = "phraseto_tsquery" if term.phrase else "plainto_tsquery"
            leaf = f"{function}('dateline', %s)"
            params.append(term.words)
            if ids := names.get(term.words):
                leaf = f"({leaf} || (%s)::tsquery)"
                params.append(" | ".join(f"'{coded(str(object_id))}'" for object_id in ids))
            leaves.append(f"!! {leaf}" if term.excluded else leaf)
        parts.append(f"({' && '.join(leaves)})")
    sql = f"({' || '.join(parts)})"  # what was typed is in the parameters alone
    return RawSQL(sql, params, output_field=SearchQueryField())  # noqa: S611


def _plain_runs(terms: list[Term]) -> Iterator[list[str]]:
    """Words that stand side by side, neither quoted nor excluded."""
    run: list[str] = []
    for term in terms:
        if term.phrase or term.excluded:
            yield run
            run = []
        else:
            run.append(term.words)
    yield run


def _candidates(terms: list[Term]) -> Iterator[str]:
    """Whatever among the terms may be a name."""
    yield from (term.words for term in terms if term.phrase or term.excluded)
    for run in _plain_runs(terms):
        sought = run[:SOUGHT_WORDS]
        for start in range(len(sought)):
            for end in range(start + 1, min(start + NAME_WORDS, len(sought)) + 1):
                yield " ".join(sought[start:end])


def _with_names(terms: list[Term], names: dict[str, list[UUID]]) -> Iterator[Term]:
    """The terms with the words of a name taken together, the longest names first."""
    waiting = list(terms)
    while waiting:
        first = waiting[0]
        taken = 1
        if not (first.phrase or first.excluded):
            for many in range(min(NAME_WORDS, len(waiting)), 1, -1):
                several = waiting[:many]
                joined = " ".join(term.words for term in several)
                plain = not any(term.phrase or term.excluded for term in several)
                if plain and joined in names:
                    first, taken = Term(joined), many
                    break
        yield first
        waiting = waiting[taken:]


def meant(runs: set[str], moment: Moment) -> dict[str, list[UUID]]:
    """By words: the places, actors and sources that they name. One query.

    Several words are a name where they are, or sound like, the whole of one; a single word also
    where it is one of a name's words.
    """
    sought = sorted(run for run in runs if " " in run or len(run) >= NAME_LETTERS)
    sounds = [sound(run) for run in sought]
    found: dict[str, list[UUID]] = defaultdict(list)
    parts: list[str] = []
    params: list[Any] = []
    visible, moments = moment.visible()
    for resource in resources():
        record = record_of(resource)
        if record.name_key is None:
            continue
        table, key = record._meta.db_table, record.name_key._meta.db_table
        parts.append(f"""
            select p.run, f.object_id
            from unnest(%s::text[], %s::text[]) as p (run, sound)
            cross join lateral (
                select r.object_id, r.sort_name from {table} r where {visible} and (
                    r.seq in (select k.seq from {key} k where k.folded = p.run
                              union all
                              select k.seq from {key} k where k.sound = p.sound and p.sound <> '')
                    or (strpos(p.run, ' ') = 0 and r.vector @@ (
                        plainto_tsquery('dateline', p.run) || plainto_tsquery('dateline', p.sound)
                    ))
                ) order by r.sort_name, r.object_id limit {MEANT_LIMIT}
            ) f
        """)
        params += [sought, sounds, *moments]
    if sought:
        with connection.cursor() as cursor:
            cursor.execute(" union all ".join(f"({part})" for part in parts), params)
            for run, object_id in cursor.fetchall():
                found[run].append(object_id)
    return dict(found)
