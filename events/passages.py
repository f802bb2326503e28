"""Whether citations and mentions are true to the text that they point into.

Offsets are Unicode code points of the text as given, end-exclusive; hashes are over UTF-8.
"""

import hashlib
from collections.abc import Iterable
from uuid import UUID

from records.edition import Edition
from records.shape import Statement
from sources.models import Document, DocumentText


def text_hash(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def passage(text: str, spans: Iterable[list[int]]) -> str:
    """The texts of spans, joined by one line feed."""
    return "\n".join(text[start:end] for start, end in spans)


def faults_of_citation(text: str, citation: Statement) -> list[str]:
    """What of a citation is not true to its document's text."""
    spans = citation["spans"]
    beyond = [span for span in [*spans, *citation["insertions"]] if span[1] > len(text)]
    if beyond:
        return [f"span {beyond[0]} ends beyond the text, which has {len(text)} characters"]
    if not spans:
        return []
    found = passage(text, spans)
    faults = []
    if citation["passage_sha256"] not in (None, text_hash(found)):
        faults.append(
            f"the passage at {spans} has the hash {text_hash(found)}, "
            f"not {citation['passage_sha256']}; correct the spans or the hash"
        )
    if citation["quote"] is not None and citation["quote"] not in found:
        faults.append(f"the quote {citation['quote']!r} is not in the passage at {spans}")
    return faults


def faults_of_mention(text: str, mention: Statement) -> list[str]:
    """What of a mention is not true to its document's text."""
    if mention["span"][1] > len(text):
        return [f"span {mention['span']} ends beyond the text, which has {len(text)} characters"]
    return []


def check_passages(made: Edition) -> None:
    """Refuse a claim without a citation, and whatever is not true to a text that is kept.

    Called at the end of every change set, for the claims and documents that it publishes.
    """
    claims = {
        key: statement
        for key, statement in made.statements.items()
        if key[0] == "claims" and key not in made.tombstones
    }
    documents = {
        key: statement
        for key, statement in made.statements.items()
        if key[0] == "documents" and key not in made.tombstones and statement["mentions"]
    }
    cited = {c["document"] for statement in claims.values() for c in statement["citations"]}
    texts = kept_texts({*cited, *(key[1] for key in documents)})
    for key, statement in claims.items():
        if not statement["citations"]:
            made.problem(key, "has no citation; say where it can be read")
        for citation in statement["citations"]:
            text = texts.get(citation["document"])
            for fault in faults_of_citation(text, citation) if text is not None else []:
                made.problem(key, f"cites documents/{citation['document']}: {fault}")
    for key, statement in documents.items():
        text = texts.get(key[1])
        for mention in statement["mentions"] if text is not None else []:
            for fault in faults_of_mention(text, mention):
                made.problem(key, f"mentions: {fault}")


def kept_texts(ids: Iterable[str]) -> dict[str, str]:
    """The texts that are kept of documents, by the document's id: two queries."""
    hashes = dict(
        Document.objects.filter(
            pk__in=[UUID(object_id) for object_id in ids], text_sha256__isnull=False
        ).values_list("pk", "text_sha256")
    )
    texts = dict(
        DocumentText.objects.filter(pk__in=set(hashes.values())).values_list("sha256", "text")
    )
    return {str(row_id): texts[sha] for row_id, sha in hashes.items() if sha in texts}
