"""What every record model can do: render a row, and say what others embed of it."""

import hashlib
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import orjson

from records import flat
from records.models import NameKey, PlaceLine, Point, Record
from records.querysets import RecordQuerySet
from records.shape import Body, Derived, Look, Shape, Statement

#: What stands in place of an erased text.
ERASED = "[erased]"


class PublishedRecord(Record):
    """One version of one resource's rows; a subclass adds its filter columns.

    `render` makes the JSON, `columns` the filter columns, `reference` the small form that others
    embed, and `lineage` the ids under which others lie when they embed it.
    """

    shape: ClassVar[Shape]
    #: Whether it is computed from other records, and comes and goes with them.
    computed: ClassVar[bool] = False
    #: Whether `reference` needs no member that is derived from other rows.
    plain_reference: ClassVar[bool] = True
    #: The side table that `within` reads, for resources that lie in places.
    place_line: ClassVar[type[PlaceLine] | None] = None
    #: The column that sorts it newest first.
    newest_first: ClassVar[str] = "recorded_at"
    #: The side table of positions, for resources whose records may have several.
    point_table: ClassVar[type[Point] | None] = None
    #: The side table of names, for resources that have names.
    name_key: ClassVar[type[NameKey] | None] = None
    #: The columns of its line of CSV, from `flat.columns`.
    csv_columns: ClassVar[tuple[flat.Column, ...]]

    objects = RecordQuerySet.as_manager()

    class Meta(Record.Meta):
        abstract = True

    @classmethod
    def render(cls, object_id: str, statement: Statement, look: Look) -> Body:
        """The JSON of a row, but for `version`, `seq` and `recorded_at`."""
        return cls.shape.assemble(object_id, statement, look)

    @classmethod
    def csv_line(cls, body: Body) -> str:
        """A whole body, `version`, `seq` and `recorded_at` included, as one line of CSV."""
        return flat.line(cls.csv_columns, body)

    @classmethod
    def reference(cls, body: Body) -> Body:
        """The small form in which others embed it."""
        raise NotImplementedError

    @classmethod
    def geometries(cls, bodies: Sequence[Body], seq: int | None) -> Sequence[Body | None] | None:
        """The GeoJSON geometry of each body, as it is at a number or now.

        None where the records of the resource lie nowhere.
        """
        return None

    @classmethod
    def lineage(cls, body: Body, look: Look) -> list[str]:
        """Ids of what it lies under, itself included where others may lie under it."""
        return []

    @classmethod
    def columns(cls, body: Body, look: Look) -> dict[str, Any]:
        """The filter columns of the resource, by name."""
        raise NotImplementedError

    @classmethod
    def said(cls, body: Body) -> list[str | None]:
        """The texts by which full text finds it, beside the names of what it names."""
        raise NotImplementedError

    @classmethod
    def named(cls, body: Body) -> list[Body | None]:
        """The places, actors and sources by whose names full text finds it, in small form."""
        raise NotImplementedError

    @classmethod
    def meant(cls, columns: dict[str, Any]) -> list[str]:
        """Ids of further places, actors and sources by whose names full text finds it."""
        return []

    @classmethod
    def taken(cls, body: Body, line: list[str], by: str) -> Any:
        """All that the records of the resource `by` take from it: they change when this does."""
        return cls.reference(body), line

    @classmethod
    def borrowed(cls, body: Body) -> dict[str, Any]:
        """The filter columns that repeat what an embedded row says, and not only its id."""
        return {}

    @classmethod
    def kept(cls, version: Record, body: Body) -> Body:
        """What was computed of it from other records when the version was made."""
        return {}

    @classmethod
    def merge(cls, winner: Statement, loser: Statement) -> Statement:
        """The winner's statement with what a merge moves to it: names, codes and origins."""
        merged = dict(winner)
        if "names" in merged:
            known = {merged["name"], *(name["name"] for name in merged["names"])}
            alias = {"name": loser["name"], "language": None, "kind": "alias"}
            alias |= {"since": None, "until": None}
            moved = [name for name in loser["names"] if name["name"] not in known]
            if loser["name"] not in known | {name["name"] for name in moved}:
                moved.append(alias)
            merged["names"] = merged["names"] + moved
        if "codes" in merged:
            merged["codes"] = loser["codes"] | merged["codes"]
            moved = [
                {"scheme": scheme, "code": code}
                for scheme, code in loser["codes"].items()
                if merged["codes"][scheme] != code
            ]
            merged["other_codes"] = merged["other_codes"] + moved + loser["other_codes"]
        for member in cls.shape.links:
            others = {(e["kind"], e[member.other]) for e in merged[member.name]}
            merged[member.name] = merged[member.name] + [
                e
                for e in loser[member.name]
                if e["kind"] in member.symmetric and (e["kind"], e[member.other]) not in others
            ]
        merged["datasets"] = merged["datasets"] + [
            origin for origin in loser["datasets"] if origin not in merged["datasets"]
        ]
        return merged

    @classmethod
    def erased(cls, body: Body) -> Body:
        """What is left of a body when it is erased: its id, its kind, and the members' names."""
        left: Body = {"id": body["id"]}
        for member in cls.shape.members:
            left |= dict.fromkeys(member.keys) if isinstance(member, Derived) else member.default()
        for name in ("name", "title", "statement"):
            if name in left:
                left[name] = ERASED
        left |= {name: body[name] for name in ("kind", "type") if name in body}
        left |= {name: [] for name in ("ancestors",) if name in left}
        return left

    @classmethod
    def forget(cls, object_id: UUID) -> None:
        """Delete what is kept of an object beside its versions and its row, before it is erased."""

    @classmethod
    def several(cls, body: Body) -> list[tuple[float, float]]:
        """Its positions, latitude first, where it has several and none is its own."""
        return []

    def statement(self) -> Statement:
        """The statement that the version was made from: enough to restore the row."""
        if self.whole is not None:
            return orjson.loads(self.whole)
        return self.shape.strip(orjson.loads(self.body))


def core_json(body: Body) -> bytes:
    """A body as JSON, but for `version`, `seq` and `recorded_at`."""
    return orjson.dumps(body)


def content_hash(core: bytes) -> str:
    """SHA-256 of a body as JSON, but for `version`, `seq` and `recorded_at`."""
    return hashlib.sha256(core).hexdigest()


def whole_json(core: bytes, version: int, seq: int, recorded_at: str) -> str:
    """A body as the API serves it, from its JSON without the last three members."""
    return f'{core[:-1].decode()},"version":{version},"seq":{seq},"recorded_at":"{recorded_at}"}}'
