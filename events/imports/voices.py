"""The sources, actors and documents that rows of data sets name."""

import hashlib

from records.imports import Item
from sources.models import ActorKind, SourceKind

#: As much of a name or a title is kept.
LONGEST_NAME, LONGEST_TITLE = 200, 300


def digest(*said: str | None) -> str:
    """An id that follows from what is said: 20 hexadecimal digits."""
    return hashlib.sha256("\n".join(text or "" for text in said).encode()).hexdigest()[:20]


def add_source(item: Item, name: str, *, kind: SourceKind = SourceKind.UNKNOWN) -> str:
    """A source that a row names, told from others by its name alone; its id."""
    name = " ".join(name.split())[:LONGEST_NAME]
    return item.add("sources", f"source {digest(name)}", name=name, kind=kind)


def add_actor(
    item: Item, name: str, *, kind: ActorKind = ActorKind.GROUP, code: tuple[str, str] | None = None
) -> str:
    """An actor that a row names, told from others by its code in the data set, else by its name."""
    name = " ".join(name.split())[:LONGEST_NAME]
    told = f"actor {code[1]}" if code else f"actor {digest(name)}"
    codes = {code[0]: code[1]} if code else {}
    return item.add("actors", told, name=name, kind=kind, codes=codes)


def add_article(
    item: Item, publisher: str, *, title: str | None, published: str | None, url: str | None = None
) -> str:
    """An article that a row rests on, told from others by all that the row says of it; its id.

    `published` is a date in EDTF.
    """
    title = " ".join(title.split())[:LONGEST_TITLE] if title else None
    return item.add(
        "documents",
        f"article {digest(publisher, title, published, url)}",
        kind="article",
        title=title,
        url=url,
        publisher=add_source(item, publisher, kind=SourceKind.NEWS_OUTLET) if publisher else None,
        published={"edtf": published, "basis": "metadata"} if published else None,
    )
