"""What an event's status rests on: checked at the end of every change set."""

from uuid import UUID

from events.models import EventStatus, Level, Polarity, Voice
from events.records import ClaimRecord
from records.edition import Edition
from records.models import Cause, ReviewItem

#: The statuses that somebody's word has to support.
SUPPORTED = (EventStatus.OCCURRED, EventStatus.ONGOING)


def check_support(made: Edition) -> None:
    """Refuse an event as `occurred` or `ongoing` that nothing supports.

    A narration claim that affirms it does, and so does corroboration beyond one party. Checked
    over the claims public by then. Where support is lost later, because a claim is retracted or
    changed, the event stays as it is and a review item is made.
    """
    stated = {
        key[1]
        for key, statement in made.statements.items()
        if key[0] == "events"
        and key not in made.tombstones
        and statement["status"] in SUPPORTED
        and made.causes[key] in (Cause.EDIT, Cause.IMPORT)
        and not made.restoring
    }
    supported = _supported(made, stated)
    for event_id in sorted(stated - supported):
        made.problem(
            ("events", event_id),
            "is said to have occurred or to be ongoing, no public claim of kind occurrence in the "
            "narration of a document affirms it, and it is not corroborated beyond one party; "
            "give it the status claimed, or disputed where it is contradicted, or publish such a "
            "claim with it",
        )
    standing = _standing(made, _events_of_changed_claims(made) - stated)
    for event_id in sorted(standing - _supported(made, standing)):
        made.review(
            kind=ReviewItem.Kind.SUPPORT,
            resource="events",
            object_id=UUID(event_id),
            reason="It stands as occurred or ongoing; no public claim in the narration of a "
            "document affirms it any more, and it is not corroborated beyond one party.",
        )


def _standing(made: Edition, event_ids: set[str]) -> set[str]:
    """Those of the events that are public as occurred or ongoing once the set is committed."""
    made.prefetch(("events", event_id) for event_id in event_ids)
    statements = {event_id: made.statement(("events", event_id)) for event_id in event_ids}
    return {
        event_id
        for event_id, statement in statements.items()
        if statement is not None and statement["status"] in SUPPORTED
    }


def _supported(made: Edition, event_ids: set[str]) -> set[str]:
    """Those of the events that claims support once the set is committed."""
    if not event_ids:
        return set()
    made.prefetch(("events", event_id) for event_id in event_ids)
    supported = {event_id for event_id in event_ids if _corroborated(made, event_id)}
    mine = {key[1] for key in [*made.statements, *made.tombstones] if key[0] == "claims"}
    supported |= {
        statement["event"]
        for key, statement in made.statements.items()
        if key[0] == "claims"
        and key not in made.tombstones
        and statement["kind"] == "occurrence"
        and statement["voice"] == Voice.NARRATION
        and statement["polarity"] == Polarity.AFFIRMED
        and statement["condition"] is None
    }
    elsewhere = ClaimRecord.objects.current().narrating(event_ids).exclude(object_id__among=mine)
    supported |= {str(event_id) for event_id in elsewhere.values_list("event", flat=True)}
    return supported


def _corroborated(made: Edition, event_id: str) -> bool:
    """Whether more than one party, or an independent source beside one, says that it happened."""
    found = made.body("events", event_id)["corroboration"]
    return found is not None and found["level"] in (Level.THIRD_PARTY, Level.CROSS_PARTY)


def _events_of_changed_claims(made: Edition) -> set[str]:
    """The events of claims that this set retracts or changes, as they were before, and its own."""
    keys = [key for key in [*made.statements, *made.tombstones] if key[0] == "claims"]
    made.prefetch(keys)
    before = [made.public(key) for key in keys]
    own = {key[1] for key in made.statements if key[0] == "events" and made.restoring}
    return own | {
        public.body["event"]["id"] for public in before if public and public.body["event"]
    }
