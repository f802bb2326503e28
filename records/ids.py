"""Identifiers: UUID version 7 for rows made by hand, version 5 for dossiers and imports."""

import secrets
import time
import uuid

#: The root of every name-based identifier. Changing it would change the id of every imported row.
NAMESPACE = uuid.UUID("6f0d1d5e-3a57-5c39-9b3e-0d4a1c8f7e21")


def uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562, version 7): 48 bits of Unix milliseconds, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= secrets.randbits(12) << 64
    value |= 0b10 << 62
    value |= secrets.randbits(62)
    return uuid.UUID(int=value)


def named(dataset: str, resource: str, name: str) -> uuid.UUID:
    """The version 5 UUID of a dataset's row, the same on every machine.

    `name` is the row's external id in the data set, or its local name in a dossier.
    """
    return uuid.uuid5(NAMESPACE, f"{dataset}\n{resource}\n{name}")
