"""A change set in the making: what it publishes, what that changes elsewhere, and its numbering.

An edition holds the lock from before it reads until it commits. It assembles bodies from
statements, follows references to whoever embeds what changed, and appends the versions that
differ from those that are there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.models import Max

from records import searching
from records.copying import copy_rows
from records.models import Cause, Change, ChangeSet, Op, Refresh, ReviewItem
from records.record import PublishedRecord, content_hash, core_json, whole_json
from records.registry import checks, derivations, embedders, holders, record_of, resources
from records.shape import Body, Statement
from records.time import format_instant

#: Key of the advisory lock that makes publishing single-file.
LOCK = 0x444C_0001

#: How many records that only embed what changed may follow in the same change set.
FOLLOWERS = 1_000

Key = tuple[str, str]
#: A version that is made: of what, and its JSON but for what its number gives.
_Made = tuple[Key, PublishedRecord, bytes]


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be published, retracted or merged."""

    resource: str
    object_id: str
    detail: str

    def __str__(self) -> str:
        return f"{self.resource}/{self.object_id}: {self.detail}"


class PublishError(Exception):
    """A change set that was refused; nothing of it was kept."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass
class Public:
    """The current record of an object, as far as an edition needs it."""

    version: PublishedRecord

    def __post_init__(self) -> None:
        self.body: Body = orjson.loads(self.version.body)
        self.line = [str(above) for above in self.version.line]


@dataclass
class Edition:
    """One change set in the making. Made by `edition()`; not to be kept after it."""

    cause: str
    user: Any = None
    role: str = ""
    reason: str = ""
    #: What a merge moved, kept with the change set so that it can be undone.
    undo: Any = None
    #: Whether it says again what was public before: then lost support is asked about, not refused.
    restoring: bool = False
    problems: list[Problem] = field(default_factory=list)
    #: The statements that the set publishes, in the order of numbering.
    statements: dict[Key, Statement] = field(default_factory=dict)
    #: Objects whose current record becomes a tombstone: their op and what they merge into.
    tombstones: dict[Key, tuple[str, str | None]] = field(default_factory=dict)
    #: Assembled bodies of this set, followers included, and what they lie under.
    bodies: dict[Key, Body] = field(default_factory=dict)
    lines: dict[Key, list[str]] = field(default_factory=dict)
    causes: dict[Key, str] = field(default_factory=dict)
    #: What was computed from other records in this set, by object.
    computed: dict[Key, Body] = field(default_factory=dict)
    #: Objects of which everything that follows from other records is to be computed anew.
    stale: set[Key] = field(default_factory=set)
    change_set: ChangeSet | None = None
    #: Called with the edition once its versions are written, in the same transaction.
    after_commit: Callable[["Edition"], None] | None = None
    _public: dict[Key, Public | None] = field(default_factory=dict)
    _seeds: dict[Key, Body] = field(default_factory=dict)
    #: Bodies to be derived anew, for what is computed of their objects was given since.
    _underived: set[Key] = field(default_factory=set)
    #: What statements refer to, with the statement that was looked at.
    _referred: dict[Key, tuple[Statement, set[Key]]] = field(default_factory=dict)
    #: What the records of each resource took of an object when it was last assembled.
    _taken: dict[Key, dict[str, Any]] = field(default_factory=dict)

    def problem(self, key: Key, detail: str) -> None:
        """Refuse the set, saying why."""
        self.problems.append(Problem(*key, detail))

    # What is public: the look of `records.shape`.

    def prefetch(self, keys: Iterable[Key]) -> None:
        """Load the current records of objects, one query a resource."""
        missing: dict[str, set[str]] = defaultdict(set)
        for key in keys:
            if key not in self._public:
                missing[key[0]].add(key[1])
        for resource, ids in missing.items():
            self._public |= {(resource, object_id): None for object_id in ids}
            for version in record_of(resource).objects.newest().filter(object_id__among=ids):
                self._public[resource, str(version.object_id)] = Public(version)

    def newest(self, key: Key) -> PublishedRecord | None:
        """The newest version of an object from before this set, tombstones included."""
        public = self._newest(key)
        return public.version if public else None

    def public(self, key: Key) -> Public | None:
        """The current record of an object from before this set; None if it is not public."""
        public = self._newest(key)
        return public if public and public.version.live else None

    def _newest(self, key: Key) -> Public | None:
        if key not in self._public:
            self.prefetch([key])
        return self._public[key]

    def is_public(self, key: Key) -> bool:
        """Whether an object is public once this set is committed."""
        if key in self.tombstones:
            return False
        if key in self.statements:
            return True
        newest = self.newest(key)
        return newest is not None and (newest.live or newest.op == Op.ERASE)

    def body(self, resource: str, object_id: str) -> Body:
        """The body of an object as it is once this set is committed."""
        key = (resource, object_id)
        if key in self._underived:
            self._underived.discard(key)
            self.bodies[key] = record_of(resource).shape.members.derive(self.bodies[key], self)
        if key in self.bodies:
            return self.bodies[key]
        if key in self.statements:
            self.bodies[key] = record_of(resource).render(object_id, self.statements[key], self)
            return self.bodies[key]
        public = self.public(key)
        if public is None:
            erased = self.newest(key)
            if erased is not None and erased.op == Op.ERASE:
                return orjson.loads(erased.body)
            raise PublishError([Problem(*key, "is referred to and is not public")])
        return public.body

    def reference(self, resource: str, object_id: str) -> Body:
        """The small form of an object as it is once this set is committed."""
        key = (resource, object_id)
        record = record_of(resource)
        if record.plain_reference and key in self.statements and key not in self.bodies:
            if key not in self._seeds:
                self._seeds[key] = record.shape.seed(object_id, self.statements[key])
            return record.reference(self._seeds[key])
        return record.reference(self.body(resource, object_id))

    def line(self, resource: str, object_id: str) -> list[str]:
        """The ids that an object lies under once this set is committed."""
        key = (resource, object_id)
        if key not in self.lines:
            if key in self.statements:
                self.lines[key] = record_of(resource).lineage(self.body(*key), self)
            else:
                public = self.public(key)
                self.lines[key] = public.line if public else []
        return self.lines[key]

    def derived(self, resource: str, object_id: str) -> Body:
        """What is computed of an object from other records, once this set is committed."""
        key = (resource, object_id)
        if key in self.computed:
            return self.computed[key]
        public = self.public(key)
        return record_of(resource).kept(public.version, public.body) if public else {}

    # What the set publishes.

    def add(self, key: Key, statement: Statement, cause: str | None = None) -> None:
        """Publish a statement as an object's next version."""
        self.statements[key] = statement
        self.causes.setdefault(key, cause or self.cause)
        self.bodies.pop(key, None)
        self._underived.discard(key)
        self.lines.pop(key, None)
        self._seeds.pop(key, None)

    def derive(self, key: Key, values: Body) -> bool:
        """Give what is computed of an object; whether that makes it a record of this set."""
        if key in self.statements:
            self.computed[key] = values
            if key in self.bodies:
                self._underived.add(key)
            return True
        public = self.public(key)
        if public is None or record_of(key[0]).kept(public.version, public.body) == values:
            return False
        self.computed[key] = values
        self.add(key, public.version.statement(), Cause.DERIVED)
        return True

    def bury(self, key: Key, op: str = Op.RETRACT, into: str | None = None) -> None:
        """Make a tombstone an object's next version."""
        self.tombstones[key] = (op, into)
        self.causes[key] = self.cause

    def statement(self, key: Key) -> Statement | None:
        """What an object says once this set is committed; None if it is not public."""
        if key in self.tombstones:
            return None
        if key in self.statements:
            return self.statements[key]
        public = self.public(key)
        return public.version.statement() if public else None

    def assemble(self) -> None:
        """Assemble the set and all that it changes elsewhere."""
        self._drop_dead_links()
        self._mirror_links()
        self._check_references()
        self._check_codes()
        self._stop_on_problems()
        changed = self._assemble_all(list(self.statements))
        for key, (op, _) in self.tombstones.items():
            if op != Op.ERASE:
                changed[key] = set(holders(key[0]))
        followers, together = 0, set(self.statements)
        while changed:
            embedding = [
                key
                for key in self.embedding(changed)
                if key not in self.tombstones and key not in together
            ]
            new = [key for key in embedding if key not in self.statements]
            kept = set(new[: max(FOLLOWERS - followers, 0)])
            self.queue([key for key in new if key not in kept])
            followers += len(kept)
            again = [key for key in embedding if key in self.statements or key in kept]
            self.prefetch(again)
            for key in again:
                statement = self.statement(key)
                if statement is not None:
                    self.add(key, self.follow_merges(key, statement), Cause.REFERENCE)
            self._check_references(kept)
            self._stop_on_problems()
            # Assembled in one pass, they have seen each other as they are now.
            changed, together = self._assemble_all(again), set(again)
        for function in derivations():
            function(self)
        self._stop_on_problems()

    def _stop_on_problems(self) -> None:
        if self.problems:
            raise PublishError(self.problems)

    def _assemble_all(self, keys: list[Key]) -> dict[Key, set[str]]:
        """Assemble objects; those whose embedders must follow, and of which resources."""
        order = {resource: position for position, resource in enumerate(resources())}
        keys = sorted(keys, key=lambda key: order[key[0]])
        self.prefetch(
            [*keys, *(ref for key in keys for ref in self._references(key, self.statements[key]))]
        )
        changed: dict[Key, set[str]] = {}
        for key in keys:
            body, line = self.body(*key), self.line(*key)
            if line.count(key[1]) > 1:
                raise PublishError(
                    [
                        Problem(
                            *key,
                            "would lie under itself by what is public; publish what lies between "
                            "in the same change set",
                        )
                    ]
                )
            record, names = record_of(key[0]), embedders(key[0])
            before = self._taken.get(key)
            if before is None:
                public = self.public(key)
                if public:
                    before = {name: record.taken(public.body, public.line, name) for name in names}
            after = {name: record.taken(body, line, name) for name in names}
            self._taken[key] = after
            if before is not None and before != after:
                changed[key] = {name for name in names if before[name] != after[name]}
        return changed

    def embedding(self, changed: Mapping[Key, Iterable[str]]) -> list[Key]:
        """Who embeds any of the given objects, by current records and by this set.

        With each object come the resources that are looked at.
        """
        wanted: dict[str, set[Key]] = defaultdict(set)
        for key, names in changed.items():
            for name in names:
                wanted[name].add(key)
        found: dict[Key, None] = {}
        for name in resources():
            ids = [UUID(object_id) for _, object_id in wanted[name]]
            if not ids:
                continue
            versions = record_of(name).objects.current().referring_to(*ids).order_by("seq")
            for object_id in versions.values_list("object_id", flat=True):
                found[name, str(object_id)] = None
        for key, statement in self.statements.items():
            if wanted[key[0]] & self._references(key, statement):
                found[key] = None
        return list(found)

    def queue(self, keys: Iterable[Key], *, derived: bool = False) -> None:
        """Have records follow in a later change set: their references, or all that is derived."""
        first_seq = self._first_seq()
        waiting = [
            Refresh(resource=resource, object_id=object_id, because_seq=first_seq, derived=derived)
            for resource, object_id in keys
        ]
        if derived:
            Refresh.objects.bulk_create(
                waiting,
                batch_size=1000,
                update_conflicts=True,
                unique_fields=["resource", "object_id"],
                update_fields=["derived"],
            )
        else:
            Refresh.objects.bulk_create(waiting, batch_size=1000, ignore_conflicts=True)

    def follow_merges(self, key: Key, statement: Statement) -> Statement:
        """The statement with references to merged objects turned to their survivors."""
        shape = record_of(key[0]).shape
        for resource, object_id in set(shape.references(statement)):
            survivor = self.survivor((resource, object_id))
            if survivor != object_id:
                statement = shape.replace(statement, resource, object_id, survivor)
        return statement

    def survivor(self, key: Key) -> str:
        """The id of what an object was merged into, at the end of the chain; else its own."""
        resource, object_id = key
        seen = {object_id}
        while True:
            if (resource, object_id) in self.tombstones:
                into = self.tombstones[resource, object_id][1]
            elif (resource, object_id) in self.statements:
                return object_id
            else:
                version = self.newest((resource, object_id))
                merged = version.merged_into if version else None
                into = str(merged) if merged else None
            if into is None or into in seen:
                return object_id
            seen.add(into)
            object_id = into

    def _references(self, key: Key, statement: Statement) -> set[Key]:
        looked_at, found = self._referred.get(key, (None, set()))
        if looked_at is not statement:
            found = set(record_of(key[0]).shape.references(statement))
            self._referred[key] = (statement, found)
        return found

    def _check_references(self, only: set[Key] | None = None) -> None:
        keys = list(self.statements) if only is None else list(only)
        references = {
            key: self._references(key, self.statements[key])
            for key in keys
            if key in self.statements
        }
        self.prefetch({ref for refs in references.values() for ref in refs} | set(references))
        for key, refs in references.items():
            # What is computed goes with what it is computed from.
            for ref in () if record_of(key[0]).computed else sorted(refs):
                if not self.is_public(ref):
                    self.problem(
                        key,
                        f"refers to {ref[0]}/{ref[1]}, which is not public; "
                        "publish it first or in the same change set",
                    )

    def _check_codes(self) -> None:
        """Refuse a code that is public on another row, which has given it up in a draft alone."""
        new: dict[str, dict[str, Key]] = defaultdict(dict)
        for key, statement in self.statements.items():
            public = self.public(key) if "codes" in statement else None
            old = public.version.codes if public else []
            for code in _codes(statement):
                if code not in old:
                    new[key[0]][code] = key
        for resource, codes in new.items():
            holders = record_of(resource).objects.current().filter(codes__overlap=list(codes))
            for object_id, held in holders.values_list("object_id", "codes"):
                holder = (resource, str(object_id))
                if holder in self.tombstones or holder in self.statements:
                    continue
                for code in sorted(codes.keys() & set(held)):
                    self.problem(
                        codes[code],
                        f"its code {code} is public on {resource}/{object_id}; "
                        "publish that first or in the same change set",
                    )

    def _drop_dead_links(self) -> None:
        """Leave out symmetric links whose other side is not public: they show once it is."""
        links: dict[Key, dict[str, set[str]]] = defaultdict(dict)
        for key, statement in self.statements.items():
            for member in record_of(key[0]).shape.links:
                others = set(member.by_other(statement))
                if others:
                    links[key][member.name] = others
        self.prefetch(
            (key[0], other)
            for key, by_name in links.items()
            for others in by_name.values()
            for other in others
        )
        for key, by_name in links.items():
            for member in record_of(key[0]).shape.links:
                dead = {
                    other
                    for other in by_name.get(member.name, ())
                    if not self.is_public((key[0], other))
                }
                if dead:
                    statement = self.statements[key]
                    kept = [e for e in statement[member.name] if not member.leads_to(e, dead)]
                    self.statements[key] = {**statement, member.name: kept}

    def _mirror_links(self) -> None:
        """Show each symmetric link that the set adds or drops on its other side as well."""
        for key in [*self.statements, *self.tombstones]:
            resource, object_id = key
            for member in record_of(resource).shape.links:
                public = self.public(key)
                old = public.version.statement() if public else None
                new = self.statements.get(key) if key not in self.tombstones else None
                before = _as_mirrored(member, old, object_id)
                after = _as_mirrored(member, new, object_id)
                for other in sorted({*before, *after}):
                    other_key = (resource, other)
                    if before.get(other) == after.get(other) or other_key in self.tombstones:
                        continue
                    statement = self.statement(other_key)
                    if statement is None:
                        continue
                    mine = member.by_other(statement).get(object_id, [])
                    theirs = after.get(other, [])
                    if mine == theirs:
                        continue
                    kept = [e for e in statement[member.name] if e not in mine] + theirs
                    own = record_of(resource).shape.normal({**statement, member.name: kept})
                    self.add(other_key, own, Cause.REFERENCE)

    # Writing it down.

    def commit(self) -> ChangeSet | None:
        """Append what differs, and return the change set; None where nothing differs."""
        rows = self._versions()
        for function in checks():
            function(self)
        self._stop_on_problems()
        if not rows:
            return None
        recorded_at, first = self._clock(), self._first_seq()
        self.change_set = ChangeSet.objects.create(
            first_seq=first,
            last_seq=first + len(rows) - 1,
            recorded_at=recorded_at,
            user=self.user,
            role=self.role,
            reason=self.reason,
            undo=self.undo,
        )
        stamp = format_instant(recorded_at) or ""
        changes: list[dict[str, Any]] = []
        by_resource: dict[str, list[_Made]] = defaultdict(list)
        for seq, (key, version, core) in enumerate(rows, start=first):
            version.seq = seq
            version.recorded_at = recorded_at
            by_resource[key[0]].append((key, version, core))
            changes.append(
                {
                    "seq": seq,
                    "change_set_id": self.change_set.pk,
                    "op": version.op,
                    "cause": self.causes[key],
                    "resource": key[0],
                    "object_id": version.object_id,
                    "version": version.version,
                    "dataset": version.dataset,
                }
            )
        for resource, made in by_resource.items():
            record = record_of(resource)
            versions = [version for _, version, _ in made]
            _append(record, versions, self._finished(made, stamp))
            written = [(version, self.bodies[key]) for key, version, _ in made if version.live]
            searching.write_names(record, written)
            searching.write_points(record, written)
        copy_rows(Change, changes)
        if self.after_commit is not None:
            self.after_commit(self)
        return self.change_set

    def _finished(self, made: Iterable[_Made], stamp: str) -> Iterator[dict[str, Any]]:
        """The columns of numbered versions; the database takes each while the next is finished."""
        for key, version, core in made:
            version.body = whole_json(core, version.version, version.seq, stamp)
            version.csv = self._csv_line(key, version, stamp)
            yield vars(version)

    def _versions(self) -> list[_Made]:
        order = {resource: position for position, resource in enumerate(resources())}
        keys = sorted(
            [key for key in self.statements if key not in self.tombstones],
            key=lambda key: (self.causes[key] == Cause.REFERENCE, order[key[0]]),
        )
        buried = sorted(self.tombstones, key=lambda key: -order[key[0]])
        versions = [self._version(key) for key in keys]
        return [
            *(self._tombstone(key) for key in buried),
            *(version for version in versions if version is not None),
        ]

    def _version(self, key: Key) -> _Made | None:
        record = record_of(key[0])
        statement, body = self.statements[key], self.body(*key)
        core = core_json(body)
        before = self.newest(key)
        columns = record.columns(body, self)
        values = columns | {
            "words": searching.words_of(record, body, columns),
            "content_hash": content_hash(core),
            "dataset": body["dataset"],
            "datasets": sorted({origin["dataset"] for origin in body["datasets"]}),
            "codes": _codes(body),
            "refs": sorted({object_id for _, object_id in self._references(key, statement)}),
            "line": self.line(*key),
            "whole": orjson.dumps(statement).decode() if record.shape.cut(statement) else None,
        }
        live = before is not None and before.live
        if live and all(_same(getattr(before, name), value) for name, value in values.items()):
            return None
        version = record(
            object_id=UUID(key[1]),
            version=before.version + 1 if before else 1,
            op=Op.MODIFY if live else Op.ADD,
            live=True,
            **values,
        )
        return key, version, core

    def _tombstone(self, key: Key) -> _Made:
        before = self.newest(key)
        if before is None:
            raise PublishError([Problem(*key, "is not public")])
        op, into = self.tombstones[key]
        body = {"id": key[1], "op": op, "reason": self.reason or None, "merged_into": into}
        core = core_json(body)
        kept = {
            field.attname: getattr(before, field.attname)
            for field in before._meta.concrete_fields
            if field.attname not in _OWN_COLUMNS and not field.generated
        }
        version = type(before)(
            **kept,
            version=before.version + 1,
            op=op,
            live=False,
            merged_into=into and UUID(into),
            content_hash=content_hash(core),
        )
        return key, version, core

    def _csv_line(self, key: Key, version: PublishedRecord, stamp: str) -> str:
        if not version.live:
            return ""
        numbered = {"version": version.version, "seq": version.seq, "recorded_at": stamp}
        return version.csv_line({**self.bodies[key], **numbered})

    def _head(self) -> tuple[int, datetime | None]:
        newest = ChangeSet.objects.aggregate(seq=Max("last_seq"), at=Max("recorded_at"))
        return newest["seq"] or 0, newest["at"]

    def _first_seq(self) -> int:
        return self._head()[0] + 1

    def _clock(self) -> datetime:
        with connection.cursor() as cursor:
            cursor.execute(
                "select greatest(clock_timestamp(), max(recorded_at) + interval '1 microsecond')"
                " from records_changeset"
            )
            return cursor.fetchone()[0]

    def review(self, **values: Any) -> None:
        """Leave a question for a curator, unless the same one is open."""
        ReviewItem.objects.bulk_create([ReviewItem(**values)], ignore_conflicts=True)


#: Columns that a tombstone does not take over from the version before it.
_OWN_COLUMNS = {
    "seq", "version", "recorded_at", "superseded_seq", "op", "live", "body", "whole", "csv",
    "content_hash", "merged_into",
}  # fmt: skip


def _as_mirrored(member: Any, statement: Statement | None, object_id: str) -> dict[str, list[Any]]:
    """The symmetric links of a statement by their other side, as that side shows them."""
    return {
        other: [{**element, member.other: object_id} for element in elements]
        for other, elements in member.by_other(statement).items()
    }


def _codes(body: Body) -> list[str]:
    if "codes" not in body:
        return []
    return [f"{scheme}:{code}" for scheme, code in body["codes"].items()] + [
        f"{other['scheme']}:{other['code']}" for other in body["other_codes"]
    ]


def _same(old: Any, new: Any) -> bool:
    """Whether a column says the same: ids are texts in a body and UUIDs in a column."""
    if isinstance(old, list):
        return [str(element) for element in old] == [str(element) for element in new]
    return str(old) == str(new) if isinstance(old, UUID) else old == new


def _append(
    record: type[PublishedRecord],
    versions: list[PublishedRecord],
    rows: Iterable[Mapping[str, Any]],
) -> None:
    """Append versions of one resource, with their columns, superseding those that they replace."""
    line = record.place_line
    superseded = {version.object_id: version.seq for version in versions if version.version > 1}
    if superseded:
        with connection.cursor() as cursor:
            cursor.execute(
                f"update {record._meta.db_table} r set superseded_seq = n.seq"
                " from unnest(%s::uuid[], %s::bigint[]) n (object_id, seq)"
                " where r.object_id = n.object_id and r.superseded_seq is null",
                [list(superseded), list(superseded.values())],
            )
        if line is not None:
            lines = line._default_manager.filter(object_id__among=superseded, current=True)
            lines.update(current=False)
    copy_rows(record, rows)
    if line is None:
        return
    copied = [
        f.name for f in line._meta.concrete_fields
        if f.name not in {"id", "place_id", "object_id", "current", "record"}
    ]  # fmt: skip
    copy_rows(
        line,
        (
            {**said, "place_id": place}
            for version in versions
            if version.live
            for said in [
                {"object_id": version.object_id, "current": True, "record_id": version.seq}
                | {name: getattr(version, name) for name in copied}
            ]
            for place in version.line
        ),
    )


def lock() -> None:
    """Wait for the one lock of publishing; it is held until the transaction ends.

    Whoever edits rows and publishes them in one transaction takes it before the rows: publishing
    locks in that order too.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])


@contextmanager
def edition(cause: str, *, user: Any = None, role: str = "", reason: str = "") -> Iterator[Edition]:
    """A change set in the making, under the one lock, in one transaction.

    What is added to it is assembled and committed at the end of the block. Raises `PublishError`
    for a set that is refused; then nothing is kept.
    """
    with transaction.atomic():
        lock()
        made = Edition(cause, user=user, role=role, reason=reason)
        yield made
        made._stop_on_problems()
        made.assemble()
        made.commit()
