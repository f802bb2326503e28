"""How far what is said is corroborated: counted by origin and party, and not by echo."""

from collections.abc import Collection, Container

from events.arguments import Argument
from events.models import Interest, Level
from records.shape import Body

#: A government named by its seat: where it only repeats its spokesman it is not one more voice.
METONYM = "metonym"
#: A data set codes what others said, and is the origin of nothing.
DATASET = "dataset"


def corroboration(
    claims: Collection[Argument], echoes: Container[str], *, contradicted: bool
) -> Body:
    """Who says what the claims say together. `echoes` are ids of claims that only repeat others."""
    own = [claim for claim in claims if claim.id not in echoes]
    speaking = {claim.claimant for claim in own}
    origins = {c.claimant: c for c in own if c.claimant_kind != DATASET}
    against = {c.claimant for c in own if c.interest == Interest.AGAINST_INTEREST}
    parties = {origin.party_id for origin in origins.values() if origin.party_id}
    outlets = [o for o in origins.values() if not o.party_id and o.independent]
    of_parties = [origin for origin in origins.values() if origin.party_id]
    return {
        "level": _level(len(parties), len(of_parties), len(outlets)) if claims else None,
        "citations": sum(claim.citations for claim in claims),
        "claimants": len(
            {c.claimant for c in claims if c.claimant_kind != METONYM or c.claimant in speaking}
        ),
        "origins": len(origins),
        "parties": len(parties),
        "outlets": len(outlets),
        "against_interest": len(against & origins.keys()),
        "contradicted": contradicted,
    }


def _level(parties: int, of_parties: int, outlets: int) -> str:
    """The highest level that holds, of origins whose standing is known."""
    if parties >= 2:
        return Level.CROSS_PARTY.value
    if (parties and outlets) or outlets >= 2:
        return Level.THIRD_PARTY.value
    if of_parties >= 2:
        return Level.SAME_PARTY.value
    return Level.UNCORROBORATED.value
