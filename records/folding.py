"""Folding of names: what is the same to a reader becomes the same string."""

import unicodedata

#: Apostrophes and the like, which transliterations put where they please.
_DROPPED = dict.fromkeys(map(ord, "'’‘ʼʹʻ`´′\"”“„"), None)


def fold(name: str) -> str:
    """A name without case, accents and apostrophes, its blanks single: what lists sort by."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(plain.translate(_DROPPED).split())
