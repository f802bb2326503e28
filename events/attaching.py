"""Attaching a document's text, and verifying all that points into it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from events.models import Citation
from events.passages import faults_of_citation, faults_of_mention, passage, text_hash
from records import publishing, workspace
from records.edition import lock
from records.models import Cause, State
from records.registry import record_of
from records.shape import Statement
from sources.models import Document, DocumentText


class TextMismatch(Exception):
    """A text that is not the one that a document, its citations or its mentions speak of."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


@dataclass
class Attached:
    """What attaching a text verified, and how many passage hashes it filled in."""

    citations: int
    mentions: int
    filled: int


@transaction.atomic
def attach_text(document: Document, text: str, *, user: Any = None) -> Attached:
    """Keep a document's text once everything that points into it is true to it.

    The text's length and hash, each citation's spans, insertions, passage hash and quote, and each
    mention's span are verified; missing lengths and hashes are filled in. What is public is
    published again, so that it says `has_text`. Raises `TextMismatch` with every fault; then
    nothing is kept.
    """
    faults = _faults_of_text(document, text)
    if faults:  # another text: what points into it would be wrong throughout
        raise TextMismatch(faults)
    claim_ids = set(
        Citation.objects.filter(document=document).values_list("claim_id", flat=True)
    )
    claims = record_of("claims").shape.read(claim_ids)
    said = record_of("documents").shape.read([document.pk])[document.pk]
    mine = str(document.pk)
    cited = [
        (claim_id, citation)
        for claim_id, claim in claims.items()
        for citation in claim["citations"]
        if citation["document"] == mine
    ]
    for claim_id, citation in cited:
        name = claims[claim_id]["statement"]
        faults += [f"claim {name!r} ({claim_id}): {f}" for f in faults_of_citation(text, citation)]
    for mention in said["mentions"]:
        faults += [f"mentions: {fault}" for fault in faults_of_mention(text, mention)]
    if faults:
        raise TextMismatch(faults)
    lock()
    DocumentText.objects.get_or_create(sha256=text_hash(text), defaults={"text": text})
    document_said = {**said, "text_length": len(text), "text_sha256": text_hash(text)}
    filled = _filled(claims, mine, text)
    objects = [
        *_written("documents", {document.pk: document_said}, user),
        *_written("claims", filled, user),
    ]
    publishing.publish(
        objects,
        user=user,
        reason="Text attached and verified",
        cause=Cause.EDIT,
    )
    return Attached(len(cited), len(said["mentions"]), len(filled))


def _faults_of_text(document: Document, text: str) -> list[str]:
    faults = []
    if document.text_length not in (None, len(text)):
        faults.append(
            f"the text has {len(text)} characters; the document says {document.text_length}"
        )
    if document.text_sha256 not in (None, text_hash(text)):
        faults.append(
            f"the text has the hash {text_hash(text)}; the document says {document.text_sha256}"
        )
    return faults


def _filled(claims: dict[UUID, Statement], document: str, text: str) -> dict[UUID, Statement]:
    """The claims that cite a document without a passage hash, with it filled in."""
    filled: dict[UUID, Statement] = {}
    for claim_id, claim in claims.items():
        citations = [
            {**c, "passage_sha256": text_hash(passage(text, c["spans"]))}
            if c["document"] == document and c["spans"] and c["passage_sha256"] is None
            else c
            for c in claim["citations"]
        ]
        if citations != claim["citations"]:
            filled[claim_id] = {**claim, "citations": citations}
    return filled


def _written(
    resource: str, statements: dict[UUID, Statement], user: Any
) -> list[tuple[str, UUID]]:
    """Write statements, keeping the state of each row; those rows that are public as they stand."""
    model = record_of(resource).shape.model
    rows = model._default_manager.filter(pk__in=statements)
    states = dict(rows.values_list("pk", "state"))
    for state in sorted(set(states.values())):
        of_state = {i: said for i, said in statements.items() if states[i] == state}
        workspace.apply(resource, of_state, user=user, state=state)
    return [(resource, row_id) for row_id, state in states.items() if state == State.PUBLISHED]
