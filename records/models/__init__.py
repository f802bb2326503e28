"""Tables of publishing: what is curated, what was published, and in which order."""

from records.models.dataset import Dataset, Origin, Redistribution, ReviewItem
from records.models.ledger import Cause, Change, ChangeSet, Erasure, Op, Refresh
from records.models.record import PlaceLine, Point, Record
from records.models.search import NameKey
from records.models.workspace import Code, Curated, Name, NameKind, State

__all__ = [
    "Cause",
    "Change",
    "ChangeSet",
    "Code",
    "Curated",
    "Dataset",
    "Erasure",
    "Name",
    "NameKey",
    "NameKind",
    "Op",
    "Origin",
    "PlaceLine",
    "Point",
    "Record",
    "Redistribution",
    "Refresh",
    "ReviewItem",
    "State",
]
