"""Passages: whether citations and mentions fit the text of their document.

Offsets are Unicode code points of the text as given, end-exclusive. A passage is the texts of its
spans joined by one line feed.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from events.records import ClaimRecord
from records.edition import Edition, Key
from records.shape import Statement
from sources.models import DocumentText

Spans = list[list[int]]


def text_hash(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def passage_of(text: str, spans: Iterable[Iterable[int]]) -> str:
    """The texts of the spans, joined by one line feed."""
    return "\n".join(text[start:end] for start, end in spans)


def citation_faults(text: str, citation: Statement) -> Iterator[str]:
    """How a citation does not fit its document's text; nothing where it does."""
    spans: Spans = citation["spans"]
    beyond = [span for span in chain(spans, citation["insertions"]) if span[1] > len(text)]
    for start, end in beyond:
        yield f"span [{start}, {end}] ends beyond the text, which has {len(text)} characters"
    if beyond:
        return
    for start, end in citation["insertions"]:
        if not any(low <= start and end <= high for low, high in spans):
            yield f"insertion [{start}, {end}] lies in none of its spans"
    passage, shown = passage_of(text, spans), _shown(spans)
    given = citation["passage_sha256"]
    if given is not None and given != text_hash(passage):
        yield f"passage_sha256 of {shown} is {text_hash(passage)} by the text, not {given}"
    quote = citation["quote"]
    if quote is not None and spans and quote not in passage:
        yield f"quote {quote!r} does not stand in the passage {shown}"


def mention_faults(text: str, mention: Statement) -> Iterator[str]:
    """How a mention does not fit its document's text; nothing where it does."""
    start, end = mention["span"]
    if end > len(text):
        yield f"mention [{start}, {end}] ends beyond the text, which has {len(text)} characters"


def _shown(spans: Spans) -> str:
    return ", ".join(f"[{start}, {end}]" for start, end in spans)


def document_faults(text: str, document: Statement) -> Iterator[str]:
    """How a document's length, hash and mentions do not fit its text; nothing where they do."""
    if document["text_length"] not in (None, len(text)):
        yield f"text_length is {len(text)} by the text, not {document['text_length']}"
    if document["text_sha256"] not in (None, text_hash(text)):
        yield f"text_sha256 is {text_hash(text)} by the text, not {document['text_sha256']}"
    for mention in document["mentions"]:
        yield from mention_faults(text, mention)


def check_passages(made: Edition) -> None:
    """Refuse a claim without a citation, and what does not fit a text that is kept.

    Called at the end of each change set: it looks at claims whose citations the set changes, at
    documents that it changes, and at whatever cites a document that gets another text.
    """
    for key, statement in made.statements.items():
        if key[0] == "claims" and key not in made.tombstones and not statement["citations"]:
            made.problem(key, "has no citation; say where it can be read")
    claims = {key: s for key, s in made.statements.items() if _cites_anew(made, key)}
    documents = {key: s for key, s in made.statements.items() if key[0] == "documents"}
    new_texts = {key[1] for key in documents if _has_another_text(made, key)}
    claims |= _citing(made, new_texts, claims)
    cited = {("documents", c["document"]) for s in claims.values() for c in s["citations"]}
    texts = _texts(made, cited | set(documents))
    for key, statement in documents.items():
        if key[1] in texts:
            for fault in document_faults(texts[key[1]], statement):
                made.problem(key, fault)
    for key, statement in claims.items():
        for citation in statement["citations"]:
            if citation["document"] in texts:
                for fault in citation_faults(texts[citation["document"]], citation):
                    made.problem(key, f"cites documents/{citation['document']}: {fault}")


def _cites_anew(made: Edition, key: Key) -> bool:
    if key[0] != "claims" or key in made.tombstones or not made.statements[key]["citations"]:
        return False
    public = made.public(key)
    before = public and public.version.statement()["citations"]
    return bool(before != made.statements[key]["citations"])


def _has_another_text(made: Edition, key: Key) -> bool:
    public, statement = made.public(key), made.statements[key]
    if public is None or not statement["has_text"]:
        return False
    old = public.body
    return not old["has_text"] or bool(old["text_sha256"] != statement["text_sha256"])


def _citing(made: Edition, documents: set[str], known: Iterable[Key]) -> dict[Key, Statement]:
    if not documents:
        return {}
    versions = ClaimRecord.objects.current().filter(documents__overlap=sorted(documents))
    keys = [("claims", str(i)) for i in versions.values_list("object_id", flat=True)]
    made.prefetch(keys)
    found = {key: made.statement(key) for key in keys if key not in set(known)}
    return {key: statement for key, statement in found.items() if statement is not None}


def _texts(made: Edition, documents: set[Key]) -> dict[str, str]:
    """The texts that are kept of documents, by the documents' ids."""
    made.prefetch(documents)
    by_hash: dict[str, list[str]] = defaultdict(list)
    for key in documents:
        statement: dict[str, Any] = made.statement(key) or {}
        if statement.get("text_sha256"):
            by_hash[statement["text_sha256"]].append(key[1])
    kept = DocumentText.objects.filter(sha256__in=by_hash).values_list("sha256", "text")
    return {document: text for sha256, text in kept for document in by_hash[sha256]}
