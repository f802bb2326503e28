"""What an import has done so far."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Counts:
    """What an import has done so far, in rows of the files unless said otherwise."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    #: Rows that are retracted or edited here: they stay as they are.
    held: int = 0
    #: Rows of earlier releases that this one no longer has.
    withdrawn: int = 0
    #: Of what it no longer has, what stays: public records refer to it, or a curator edited it.
    kept: int = 0
    #: 1 where nothing was withdrawn, as a rejected row has no id that could be read.
    withdrawals_skipped: int = 0
    #: Differences and other questions that wait for a curator.
    questions: int = 0
    #: Rows that were mended, by kind of repair.
    repaired: Counter[str] = field(default_factory=Counter)
    #: Rows of the workspace that were made or changed, by resource.
    written: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Counts") -> "Counts":
        total = Counts()
        for name, mine in vars(self).items():
            setattr(total, name, mine + getattr(other, name))
        return total

    def as_json(self) -> dict[str, Any]:
        """The counts as they are kept with the data set and shown by the API."""
        return {
            name: dict(sorted(value.items())) if isinstance(value, Counter) else value
            for name, value in vars(self).items()
        }

    @classmethod
    def of(cls, kept: dict[str, Any]) -> "Counts":
        """The counts that were kept with a data set."""
        counts = cls()
        for name, value in vars(counts).items():
            told = kept.get(name, value)
            setattr(counts, name, Counter(told) if isinstance(value, Counter) else told)
        return counts
