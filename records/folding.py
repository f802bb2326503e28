"""Folding of names and texts: what is the same to a reader becomes the same string."""

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

#: Apostrophes and the like, which transliterations put where they please.
_DROPPED = dict.fromkeys(map(ord, "'’‘ʼʹʻ`´′\"”“„"), None)
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼʹʻ`´′"), None)

#: Letters that carry a mark and are letters of their own: stemming needs them.
_OWN_LETTERS = frozenset("йїґў")

#: A run of letters and digits, or one sign of a script that writes words without blanks.
_BLANKLESS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_WORD = re.compile(rf"[{_BLANKLESS}]|[^\W_{_BLANKLESS}]+")
_THOUSANDS = re.compile(r"(?<=\d)[,\u00a0\u202f](?=\d{3}(?!\d))")

#: Spellings that mean one sound, in the order in which they are replaced. Transliterations from
#: Cyrillic differ in these above all: y and i, h and g and kh, ie and e, w and v.
_SOUNDS = (
    ("shch", "S"),
    ("sch", "S"),
    ("sh", "S"),
    ("tch", "C"),
    ("ch", "C"),
    ("kh", "g"),
    ("gh", "g"),
    ("zh", "z"),
    ("tz", "c"),
    ("ts", "c"),
    ("ph", "f"),
    ("ck", "k"),
    ("h", "g"),
    ("w", "v"),
    ("q", "k"),
    ("x", "ks"),
    ("j", "i"),
    ("y", "i"),
    ("ie", "e"),
)
_REPEATED = re.compile(r"(.)\1+")


def fold(name: str) -> str:
    """A name without case, accents and apostrophes, its blanks single: what lists sort by."""
    # Decomposed first: a sign such as a mathematical capital is one of another case only then.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(plain.translate(_DROPPED).split())


def sound(name: str) -> str:
    """A name in Latin letters, one spelling for each sound, whatever script it came in.

    `Красний Лиман`, `Krasnyi Lyman` and `Krasny Liman` become the same. Empty for a name without
    a letter that can be transliterated.
    """
    latin = anyascii(fold(name)).casefold()
    words = ["".join(c for c in word if c.isalnum()) for word in re.split(r"[\s\-–—/.,]+", latin)]
    text = " ".join(word for word in words if word)
    for spelling, meant in _SOUNDS:
        text = text.replace(spelling, meant)
    return _REPEATED.sub(r"\1", text.casefold())


def words(text: str) -> str:
    """The words of a text, folded and with single blanks between: what full text is made of.

    Accents go, but for letters of their own (й, ї), and so do apostrophes and the commas of
    thousands. Signs of scripts that write without blanks are words each.
    """
    composed = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    plain = _THOUSANDS.sub("", composed)
    folded = plain.translate(_APOSTROPHES)
    if not folded.isascii():
        folded = "".join(map(_unmarked, folded))
    return " ".join(_WORD.findall(folded))


#: Digits of an id as letters that no stemming changes: it is a word like others then.
_LETTERS = str.maketrans("0123456789abcdef", "bcfhjkmnpqrtvwxz", "-")


def coded(object_id: str) -> str:
    """An id as one word of full text."""
    return object_id.translate(_LETTERS)


@lru_cache(maxsize=4096)
def _unmarked(sign: str) -> str:
    if sign in _OWN_LETTERS or sign.isascii():
        return sign
    return "".join(c for c in unicodedata.normalize("NFD", sign) if not unicodedata.combining(c))
