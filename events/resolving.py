"""What a curator decides of a contradiction."""

from typing import Any
from uuid import UUID

from events.models import Contradiction
from records import workspace
from records.edition import Problem, PublishError, edition
from records.models import Cause, ChangeSet, State


def resolve(
    contradiction: UUID, resolution: str, *, reason: str, user: Any = None, role: str = ""
) -> ChangeSet | None:
    """Say how a public contradiction is resolved; None where that is said already.

    It stays so however often contradictions are computed anew. Raises `PublishError` for one that
    is not public, and `ValueError` for an empty reason.
    """
    if not reason.strip():
        raise ValueError("a reason is needed: say in a sentence why, for everyone to read")
    key = ("contradictions", str(contradiction))
    with edition(Cause.EDIT, user=user, role=role, reason=reason) as made:
        statement = made.statement(key)
        if statement is None:
            raise PublishError([Problem(*key, "is not public")])
        said = {**statement, "resolution": resolution, "resolution_reason": reason}
        workspace.apply("contradictions", {contradiction: said}, user=user, state=State.PUBLISHED)
        Contradiction.objects.filter(pk=contradiction).update(curated=True)
        made.add(key, said)
    return made.change_set
