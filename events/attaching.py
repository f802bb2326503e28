"""Attaching a text to its document, once everything that points into it has been verified."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from events.models import Citation, Claim
from events.passages import citation_faults, document_faults, passage_of, text_hash
from records import publishing, workspace
from records.edition import lock
from records.models import ChangeSet, Origin, State
from records.registry import record_of
from records.shape import Statement
from sources.models import Document, DocumentText


class TextError(Exception):
    """A text that does not fit its document, or what points into it; nothing was kept."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


@dataclass
class Attached:
    """What attaching a text verified and changed."""

    citations: int = 0
    mentions: int = 0
    #: Citations that had no passage hash and got one.
    filled: int = 0
    #: Claims whose passage hashes were filled in, but that are drafts and were not published.
    drafts: list[UUID] = field(default_factory=list)
    change_set: ChangeSet | None = None


@transaction.atomic
def attach_text(document: Document, text: str, *, user: Any = None) -> Attached:
    """Keep a document's text, verified against all that points into it, and publish the document.

    `text` is the text as given: no normalisation, line ends as they are. Verified are the length
    and hash of the text, and the spans, insertions, passage hash and quote of every citation and
    the span of every mention. A length, hash or passage hash that is missing is filled in. Raises
    `TextError` with every fault; then nothing has changed.
    """
    lock()
    Document.objects.select_for_update(no_key=True).get(pk=document.pk)
    shape = record_of("documents").shape
    statement = shape.read([document.pk])[document.pk]
    claims = _citing(document)
    faults = [f"the document: {fault}" for fault in document_faults(text, statement)]
    state = Document.objects.values_list("state", flat=True).get(pk=document.pk)
    edited = state != State.PUBLISHED and _is_public("documents", document.pk)
    if edited:
        faults.append(f"the document: it is {state}; publish or discard its edits first")
    attached = Attached(mentions=len(statement["mentions"]))
    names = _names(claims)
    filled: dict[UUID, Statement] = {}
    for claim_id, claim in claims.items():
        citations = []
        for citation in claim["citations"]:
            if citation["document"] == str(document.pk):
                attached.citations += 1
                faults += [f"{names[claim_id]}: {f}" for f in citation_faults(text, citation)]
                if citation["spans"] and citation["passage_sha256"] is None:
                    found = text_hash(passage_of(text, citation["spans"]))
                    citation = {**citation, "passage_sha256": found}
                    attached.filled += 1
            citations.append(citation)
        if citations != claim["citations"]:
            filled[claim_id] = {**claim, "citations": citations}
    if faults:
        raise TextError(faults)
    DocumentText.objects.get_or_create(sha256=text_hash(text), defaults={"text": text})
    told = {**statement, "text_length": len(text), "text_sha256": text_hash(text)}
    workspace.apply("documents", {document.pk: told}, user=user, state=state)
    objects = [("documents", document.pk)] if state == State.PUBLISHED else []
    by_state: dict[str, list[UUID]] = defaultdict(list)
    for claim_id, claim_state in Claim.objects.filter(pk__in=filled).values_list("pk", "state"):
        by_state[claim_state].append(claim_id)
    for claim_state, ids in by_state.items():
        workspace.apply("claims", {i: filled[i] for i in ids}, user=user, state=claim_state)
        if claim_state == State.PUBLISHED:
            objects += [("claims", claim_id) for claim_id in ids]
        else:
            attached.drafts += ids
    if objects:
        attached.change_set = publishing.publish(
            objects, user=user, role="curator", reason="The text was attached, and verified."
        )
    return attached


def _citing(document: Document) -> dict[UUID, Statement]:
    """What the claims of the workspace that cite a document say, but for retracted ones."""
    ids = Citation.objects.filter(document=document).exclude(claim__state=State.RETRACTED)
    found = sorted(set(ids.values_list("claim_id", flat=True)))
    return record_of("claims").shape.read(found)


def _is_public(resource: str, row_id: UUID) -> bool:
    return record_of(resource).objects.current().filter(object_id=row_id).exists()


def _names(claims: dict[UUID, Statement]) -> dict[UUID, str]:
    """How to speak of claims: by their local names, or else by their ids."""
    local = Origin.objects.filter(resource="claims", object_id__in=claims)
    names = dict(local.values_list("object_id", "external_id"))
    return {i: f"claims.{names[i]}" if i in names else f"claims/{i}" for i in claims}
