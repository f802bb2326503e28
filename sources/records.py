"""Published versions of actors, sources and documents."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from places.records import NAME_MEMBERS, NAME_ORDER
from records import flat
from records.folding import fold
from records.models import NameKey
from records.models.record import CURRENT, version_key
from records.record import PublishedRecord
from records.shape import (
    Body,
    Codes,
    Derived,
    Group,
    Look,
    Reference,
    Rows,
    Scalar,
    Shape,
    SortedList,
    Span,
    Time,
)
from records.timeline import time_columns, time_indexes, time_values
from sources.models import (
    Actor,
    ActorCode,
    ActorName,
    Document,
    DocumentLink,
    DocumentText,
    Mention,
    Source,
    SourceCode,
    SourceName,
)


def actor_party(body: Body, look: Look) -> Body:
    """`ancestors`, and the party: the root of the actor's chain."""
    parent = body["parent"]
    if parent is None:
        return {"ancestors": [], "party": body["name"], "party_id": body["id"]}
    above = look.body("actors", parent["id"])
    return {
        "ancestors": [parent, *above["ancestors"]],
        "party": above["party"],
        "party_id": above["party_id"],
    }


def source_party(body: Body, look: Look) -> Body:
    """The party of the actor that a source speaks for; null for none or an unknown one."""
    actor = body["speaks_for"] or {"party": None, "party_id": None}
    return {"party": actor["party"], "party_id": actor["party_id"]}


class NamedRecord(PublishedRecord):
    """What actors and sources share: a name to sort by, a kind and a party."""

    plain_reference = False

    name = models.CharField(max_length=200, help_text="Its name.")
    sort_name = models.CharField(max_length=400, help_text="Its name, folded: what lists sort by.")
    kind = models.CharField(max_length=20, help_text="Its kind.")
    party = models.UUIDField(null=True, help_text="The id of its party.")

    class Meta(PublishedRecord.Meta):
        abstract = True
        indexes = [
            *PublishedRecord.Meta.indexes,
            models.Index(
                fields=["sort_name", "object_id"],
                condition=CURRENT,
                name="%(class)s_name",
            ),
            models.Index(fields=["sort_name", "object_id"], name="%(class)s_name_all"),
            models.Index(
                fields=["kind", "sort_name", "object_id"],
                condition=CURRENT,
                name="%(class)s_kind",
            ),
            models.Index(
                fields=["party", "sort_name", "object_id"],
                condition=CURRENT,
                name="%(class)s_party",
            ),
        ]

    @classmethod
    def reference(cls, body: Body) -> Body:
        return {key: body[key] for key in ("id", "name", "kind", "party", "party_id")}

    @classmethod
    def said(cls, body: Body) -> list[str | None]:
        return [name["name"] for name in body["names"]]

    @classmethod
    def named(cls, body: Body) -> list[Body | None]:
        return [body]

    @classmethod
    def columns(cls, body: Body, look: Look) -> dict[str, Any]:
        return {
            "name": body["name"],
            "sort_name": fold(body["name"]),
            "kind": body["kind"],
            "party": body["party_id"],
        }


class ActorRecord(NamedRecord):
    """One published version of an actor."""

    shape = Shape(
        "actors",
        Actor,
        Scalar("name"),
        Scalar("kind"),
        Reference("parent", "actors"),
        Derived(("ancestors", "party", "party_id"), actor_party),
        Scalar("party_reason"),
        Rows("names", ActorName, "actor", NAME_MEMBERS, NAME_ORDER),
        Codes(ActorCode, "actor"),
    )

    csv_columns = flat.columns(
        flat.plain("name", "Its name."),
        flat.plain("kind", "Its kind."),
        flat.reference("parent", "The actor above it"),
        flat.each(
            "ancestors", "Names of the actors above it, the nearest first.", "ancestors.name"
        ),
        flat.each("ancestor_ids", "Ids of those actors.", "ancestors.id"),
        flat.party("Its party, the root of that chain"),
        flat.plain("party_reason", "Why it is a party of its own."),
        flat.names(),
        flat.codes(),
    )

    parent = models.UUIDField(null=True, help_text="The id of its parent.")

    class Meta(NamedRecord.Meta):
        abstract = False
        ordering = ["seq"]
        indexes = [
            *NamedRecord.Meta.indexes,
            models.Index(
                fields=["parent", "sort_name", "object_id"],
                condition=CURRENT,
                name="actorrecord_parent",
            ),
        ]

    @classmethod
    def taken(cls, body: Body, line: list[str], by: str) -> Any:
        if by == "documents":
            return cls.reference(body)
        return cls.reference(body), line, body["ancestors"] if by == "actors" else None

    @classmethod
    def lineage(cls, body: Body, look: Look) -> list[str]:
        return [body["id"], *(ancestor["id"] for ancestor in body["ancestors"])]

    @classmethod
    def columns(cls, body: Body, look: Look) -> dict[str, Any]:
        parent = body["parent"]
        return super().columns(body, look) | {"parent": parent and parent["id"]}


class SourceRecord(NamedRecord):
    """One published version of a source."""

    shape = Shape(
        "sources",
        Source,
        Scalar("name"),
        Scalar("kind"),
        Reference("speaks_for", "actors"),
        Scalar("independent", initial=False),
        Derived(("party", "party_id"), source_party),
        Scalar("country"),
        Scalar("url"),
        Group(
            "reliability",
            {
                "value": "reliability",
                "reason": "reliability_reason",
                "at": "reliability_at",
            },
            optional=False,
            initial={"value": "F", "reason": None, "at": None},
        ),
        Rows("names", SourceName, "source", NAME_MEMBERS, NAME_ORDER),
        Codes(SourceCode, "source"),
    )

    csv_columns = flat.columns(
        flat.plain("name", "Its name."),
        flat.plain("kind", "Its kind."),
        flat.reference("speaks_for", "The actor that it speaks for"),
        flat.flag("independent", "Whether a curator holds it to be independent."),
        flat.party("The party of that actor"),
        flat.plain("country", "Its country, by ISO 3166-1."),
        flat.plain("url", "Where it publishes."),
        flat.plain("reliability", "Its reliability, A to F.", "reliability.value"),
        flat.plain("reliability_reason", "Why.", "reliability.reason"),
        flat.plain("reliability_at", "Since when.", "reliability.at"),
        flat.names(),
        flat.codes(),
    )

    speaks_for = models.UUIDField(null=True, help_text="The id of the actor that it speaks for.")
    country = models.CharField(max_length=2, null=True, help_text="Its country.")
    reliability = models.CharField(max_length=1, help_text="Its reliability.")

    class Meta(NamedRecord.Meta):
        abstract = False
        ordering = ["seq"]

    @classmethod
    def taken(cls, body: Body, line: list[str], by: str) -> Any:
        if by != "claims":
            return cls.reference(body)
        return cls.reference(body), body["speaks_for"], body["independent"]

    @classmethod
    def lineage(cls, body: Body, look: Look) -> list[str]:
        actor = body["speaks_for"]
        return look.line("actors", actor["id"]) if actor else []

    @classmethod
    def columns(cls, body: Body, look: Look) -> dict[str, Any]:
        actor = body["speaks_for"]
        return super().columns(body, look) | {
            "speaks_for": actor and actor["id"],
            "country": body["country"],
            "reliability": body["reliability"]["value"],
        }


class HasText(Scalar):
    """`has_text`: whether the text is kept. Derived from the store of texts, not a column."""

    writable = False

    def columns(self) -> list[str]:
        return ["text_sha256"]

    def read(self, values: dict[str, Any], children: Any) -> dict[str, Any]:
        return {"has_text": values["text_sha256"] in (children or ())}

    def load(self, ids: Any) -> Any:
        kept = frozenset(
            DocumentText.objects.filter(
                sha256__in=Document.objects.filter(pk__in=ids).values("text_sha256")
            ).values_list("sha256", flat=True)
        )
        return dict.fromkeys(ids, kept) if kept else {}

    def write(self, statement: dict[str, Any]) -> dict[str, Any]:
        return {}


def _mentioned(what: str) -> Callable[[Body], list[str]]:
    """The names of what a document mentions, each once, in the order of the text."""

    def names(body: Body) -> list[str]:
        return list(dict.fromkeys(m[what]["name"] for m in body["mentions"] if m[what]))

    return names


class DocumentRecord(PublishedRecord):
    """One published version of a document."""

    newest_first = "published_last"
    shape = Shape(
        "documents",
        Document,
        Scalar("kind"),
        Scalar("title"),
        Scalar("author"),
        Scalar("url"),
        Reference("publisher", "sources"),
        Scalar("language"),
        Time("published"),
        Scalar("status", initial="usable"),
        Scalar("rights", initial="unknown"),
        HasText("has_text", initial=False),
        Scalar("text_length"),
        Scalar("text_sha256"),
        Rows(
            "relations",
            DocumentLink,
            "document",
            [Scalar("kind"), Reference("document", "documents", "target_id")],
            ("document", "kind"),
        ),
        Rows(
            "mentions",
            Mention,
            "document",
            [
                Span(),
                Reference("place", "places"),
                Reference("actor", "actors"),
                Reference("source", "sources"),
                Scalar("basis"),
                SortedList("candidates", initial=list),
            ],
            ("span", "place", "actor", "source"),
            repeatable=True,
        ),
    )

    csv_columns = flat.columns(
        flat.plain("kind", "Its kind."),
        flat.plain("title", "Its title."),
        flat.plain("author", "Its author, as it names him."),
        flat.plain("url", "Where it is published."),
        flat.reference("publisher", "Who published it"),
        flat.plain("language", "Its language, as a BCP 47 tag."),
        flat.time("published", "When it was published"),
        flat.plain("status", "Its publishing status."),
        flat.plain("rights", "What may be done with its text."),
        flat.flag("has_text", "Whether its text is kept."),
        flat.whole("text_length", "The length of its text in code points."),
        flat.plain("text_sha256", "SHA-256 of its text."),
        flat.links(
            "relations", "How it relates to other documents, each as `kind:id`.", "document"
        ),
        flat.count("mentions", "How many mentions it has."),
        flat.joined(
            "mentioned_places", "Names of the places that it mentions.", _mentioned("place")
        ),
        flat.joined(
            "mentioned_actors", "Names of the actors that it mentions.", _mentioned("actor")
        ),
    )

    kind = models.CharField(max_length=16, help_text="Its kind.")
    publisher = models.UUIDField(null=True, help_text="The id of its publisher.")
    language = models.CharField(max_length=35, null=True, help_text="Its language.")
    has_text = models.BooleanField(help_text="Whether its text is kept.")
    places = ArrayField(models.UUIDField(), help_text="Ids of the places that it mentions.")
    actors = ArrayField(models.UUIDField(), help_text="Ids of the actors that it mentions.")
    (
        published_earliest,
        published_latest,
        published_from,
        published_to,
        published_first,
        published_last,
    ) = time_columns("its publication")

    class Meta(PublishedRecord.Meta):
        abstract = False
        ordering = ["seq"]
        indexes = [
            *PublishedRecord.Meta.indexes,
            *time_indexes("published", "document_record"),
            models.Index(
                fields=["publisher", "-published_last", "-object_id"],
                condition=CURRENT,
                name="document_record_publisher",
            ),
            models.Index(
                fields=["kind", "-published_last", "-object_id"],
                condition=CURRENT,
                name="document_record_kind",
            ),
            GinIndex(fields=["places"], condition=CURRENT, name="document_record_places"),
            GinIndex(fields=["actors"], condition=CURRENT, name="document_record_actors"),
        ]

    @classmethod
    def reference(cls, body: Body) -> Body:
        return {key: body[key] for key in ("id", "kind", "title", "url")}

    @classmethod
    def said(cls, body: Body) -> list[str | None]:
        return [body["title"], body["author"]]

    @classmethod
    def named(cls, body: Body) -> list[Body | None]:
        mentioned = [m["place"] or m["actor"] or m["source"] for m in body["mentions"]]
        return [body["publisher"], *mentioned]

    @classmethod
    def taken(cls, body: Body, line: list[str], by: str) -> Any:
        return cls.reference(body), body["publisher"] if by == "claims" else None

    @classmethod
    def forget(cls, object_id: UUID) -> None:
        """Delete its texts, of every version, but for those that another document has."""
        statements = [
            version.statement() for version in cls.objects.of(object_id).filter(live=True)
        ]
        rows = Document.objects.filter(pk=object_id).values_list("text_sha256", flat=True)
        hashes = {statement["text_sha256"] for statement in statements} | set(rows)
        shared = Document.objects.filter(text_sha256__in=hashes - {None}).exclude(pk=object_id)
        kept = set(shared.values_list("text_sha256", flat=True))
        DocumentText.objects.filter(sha256__in=hashes - {None} - kept).delete()

    @classmethod
    def columns(cls, body: Body, look: Look) -> dict[str, Any]:
        publisher = body["publisher"]
        mentioned = {
            key: sorted({m[key]["id"] for m in body["mentions"] if m[key]})
            for key in ("place", "actor")
        }
        return {
            "kind": body["kind"],
            "publisher": publisher and publisher["id"],
            "language": body["language"],
            "has_text": body["has_text"],
            "places": mentioned["place"],
            "actors": mentioned["actor"],
            **time_values("published", body["published"]),
        }


class ActorNameKey(NameKey):
    """One name of a version of an actor."""

    record = version_key(ActorRecord, "name_keys")


class SourceNameKey(NameKey):
    """One name of a version of a source."""

    record = version_key(SourceRecord, "name_keys")


ActorRecord.name_key = ActorNameKey
SourceRecord.name_key = SourceNameKey
