"""Actors, the voices that information comes from, and what they published."""

from sources.models.actor import Actor, ActorCode, ActorKind, ActorName
from sources.models.document import (
    Document,
    DocumentKind,
    DocumentLink,
    DocumentLinkKind,
    DocumentText,
    Mention,
    PublishingStatus,
    Rights,
)
from sources.models.source import Reliability, Source, SourceCode, SourceKind, SourceName

__all__ = [
    "Actor",
    "ActorCode",
    "ActorKind",
    "ActorName",
    "Document",
    "DocumentKind",
    "DocumentLink",
    "DocumentLinkKind",
    "DocumentText",
    "Mention",
    "PublishingStatus",
    "Reliability",
    "Rights",
    "Source",
    "SourceCode",
    "SourceKind",
    "SourceName",
]
