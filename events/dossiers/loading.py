"""Loading a dossier: from local names to rows of the workspace, and on to records."""

import difflib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from events.contradictions import contradiction_id
from events.dossiers import schema
from events.dossiers.reading import Dossier, DossierError, Fault
from records import publishing, workspace
from records.adopting import Adoption, by_code, by_origin, codes_of
from records.edition import lock
from records.ids import named
from records.models import Dataset, Origin
from records.registry import record_of, resources
from records.shape import Codes, Statement

Progress = Callable[[str], None]


@dataclass
class Loaded:
    """What loading a dossier did, by section."""

    created: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    unchanged: dict[str, int] = field(default_factory=dict)
    #: Rows of the data set that the dossier no longer has, as `section.name`. They stay.
    left: list[str] = field(default_factory=list)
    #: Rows of the dossier that are retracted here, as `section.name`. They stay so.
    retracted: list[str] = field(default_factory=list)
    #: Rows that a curator is editing, as `section.name`: what was missing joined the draft.
    held: list[str] = field(default_factory=list)
    #: Differences that became review items.
    differences: int = 0
    #: Numbers of the first and last change, if anything was published.
    published: tuple[int, int] | None = None


def load(dossier: Dossier, *, user: Any = None, progress: Progress = lambda line: None) -> Loaded:
    """Write a dossier's rows into the workspace and publish what changed, all or nothing.

    Raises `DossierError` with every fault that was found; then nothing has changed.
    """
    faults = schema.check(dossier)
    if faults:
        raise DossierError(faults)
    loading = _Loading(dossier, user, progress)
    try:
        with transaction.atomic():
            return loading.run()
    except publishing.PublishError as error:
        raise DossierError(
            [loading.fault_of(p.resource, p.object_id, p.detail) for p in error.problems]
        ) from error
    except IntegrityError as error:
        raise DossierError([loading.fault_of_database(error)]) from error


class _Loading:
    def __init__(self, dossier: Dossier, user: Any, progress: Progress) -> None:
        self.dossier, self.user, self.progress = dossier, user, progress
        self.slug: str = dossier.sections["dataset"]["slug"]
        self.ids: dict[str, dict[str, UUID]] = {}
        self.faults: list[Fault] = []
        self.result = Loaded()
        #: Local names of rows that were merged into another row of the dossier.
        self.merged: set[tuple[str, str]] = set()

    def run(self) -> Loaded:
        self.dataset = self._dataset()
        self.adoption = Adoption(self.dataset, f"Dossier {self.slug}", self.user)
        for resource in resources():
            self.ids[resource] = self._identify(resource)
        statements = {resource: self._statements(resource) for resource in resources()}
        self._stop_on_faults()
        self._mirror(statements)
        for resource, rows in statements.items():
            self._adapt(resource, rows)
        self._validate(statements)
        self._stop_on_faults()
        lock()
        objects: list[tuple[str, UUID]] = []
        for resource, rows in statements.items():
            self.adoption.apply_held(resource)
            applied = workspace.apply(resource, rows, user=self.user)
            self.result.created[resource] = len(applied.created)
            self.result.changed[resource] = len(applied.changed)
            self.result.unchanged[resource] = len(applied.unchanged)
            waiting = self.adoption.waiting(resource, applied.unchanged)
            objects += [(resource, row_id) for row_id in [*applied.touched, *waiting]]
            self.progress(f"{resource}: {len(rows)} read, {len(applied.touched)} written")
        self.adoption.ask()
        self._find_left()
        self._tell_adopted()
        change_set = publishing.publish(
            objects,
            user=self.user,
            role="dossier",
            reason=f"Dossier {self.slug}, version {self.dataset.version or 'unnamed'}",
            cause="import",
        )
        if change_set is not None:
            self.result.published = (change_set.first_seq, change_set.last_seq)
        return self.result

    def _dataset(self) -> Dataset:
        given = self.dossier.sections["dataset"]
        dataset, _ = Dataset.objects.update_or_create(
            slug=self.slug,
            defaults={k: v for k, v in given.items() if k != "slug"}
            | {"sha256": self.dossier.sha256, "state": Dataset.State.COMPLETE},
        )
        return dataset

    def _rows(self, resource: str) -> dict[str, Any]:
        return self.dossier.sections.get(resource) or {}

    # Which row each local name is.

    def _identify(self, resource: str) -> dict[str, UUID]:
        """The id of each local name: by origin, else by a shared code, else made from the name."""
        if resource == "contradictions":
            return {name: self._contradiction(row) for name, row in self._rows(resource).items()}
        known = by_origin(self.dataset, resource)
        coded_rows = by_code(
            resource, {code for row in self._rows(resource).values() for code in codes_of(row)}
        )
        self._refuse_shared_codes(resource)
        ids: dict[str, UUID] = {}
        for name, row in self._rows(resource).items():
            was = row.get("was", [])
            former = [was] if isinstance(was, str) else list(was)
            held = [known[n] for n in [name, *reversed(former)] if n in known]
            coded = {coded_rows[code] for code in codes_of(row) if code in coded_rows}
            if held:
                ids[name] = held[0]
            elif len(coded) > 1:
                self.faults.append(
                    self.dossier.fault(
                        (resource, name, "codes"),
                        "its codes belong to different rows: " + ", ".join(map(str, coded)),
                    )
                )
                ids[name] = coded.pop()
            elif coded:
                ids[name] = coded.pop()
            else:
                ids[name] = named(self.slug, resource, (former or [name])[0])
        twice = defaultdict(list)
        for name, row_id in ids.items():
            twice[row_id].append(name)
        for names in twice.values():
            for name in names[1:]:
                if name in known:  # merged here: the first name speaks for both
                    self.merged.add((resource, name))
                    continue
                self.faults.append(
                    self.dossier.fault(
                        (resource, name), f"is the same row as {names[0]}; keep one of the two"
                    )
                )
        return ids

    def _contradiction(self, row: Statement) -> UUID:
        """The id of a contradiction: its rule and its two claims say which it is."""

        def resolved(claim: str) -> str:
            try:
                return self._resolve("claims", claim)
            except LookupError:  # told where its statement is read
                return claim

        one, other = map(resolved, row["claims"])
        return contradiction_id(row["rule"], one, other)

    def _refuse_shared_codes(self, resource: str) -> None:
        """A code belongs to one row: no two rows of the dossier may give the same."""
        first: dict[tuple[str, str], str] = {}
        for name, row in self._rows(resource).items():
            for scheme, code in codes_of(row):
                other = first.setdefault((scheme, code), name)
                if other != name:
                    self.faults.append(
                        self.dossier.fault(
                            (resource, name, "codes"),
                            f"{scheme}:{code} is the code of {other} as well; "
                            "a code belongs to one row",
                        )
                    )

    def _resolve(self, resource: str, value: str) -> str:
        """The id that a reference means: a local name, `data set:name`, `scheme:code` or an id."""
        if value in self.ids[resource]:
            return str(self.ids[resource][value])
        if ":" in value:
            first, second = value.split(":", 1)
            row_id = (
                Origin.objects.filter(dataset__slug=first, resource=resource, external_id=second)
                .values_list("object_id", flat=True)
                .first()
            )
            if row_id is None:
                member = next(
                    (m for m in record_of(resource).shape.children if isinstance(m, Codes)), None
                )
                if member is not None:
                    row_id = (
                        member.model._default_manager.filter(live=True, scheme=first, code=second)
                        .values_list(f"{member.parent}_id", flat=True)
                        .first()
                    )
            if row_id is not None:
                return str(row_id)
        try:
            row_id = UUID(value)
        except ValueError:
            row_id = None
        if row_id and record_of(resource).shape.model._default_manager.filter(pk=row_id).exists():
            return str(row_id)
        raise LookupError(value)

    def _statements(self, resource: str) -> dict[UUID, Statement]:
        shape = record_of(resource).shape
        statements: dict[UUID, Statement] = {}
        for name, row in self._rows(resource).items():
            if (resource, name) in self.merged:
                continue
            missing: list[tuple[str, str]] = []

            def turn(referred: str, value: str, missing: list[Any] = missing) -> str:
                try:
                    return self._resolve(referred, value)
                except LookupError:
                    missing.append((referred, value))
                    return str(UUID(int=0))

            given = {key: value for key, value in row.items() if key != "was"}
            try:
                statements[self.ids[resource][name]] = shape.normal(shape.translate(given, turn))
            except (ValueError, KeyError, TypeError) as error:
                self.faults += self._malformed(resource, name, given, error)
            for referred, value in missing:
                path = self.dossier.find((resource, name), value)
                near = _nearest(value, self.ids[referred])
                self.faults.append(
                    self.dossier.fault(
                        path,
                        f"{value!r} names nothing in {referred}"
                        + (f"; is {near!r} meant?" if near else ""),
                    )
                )
        return statements

    def _malformed(
        self, resource: str, name: str, given: Statement, error: Exception
    ) -> list[Fault]:
        found = workspace.validate(resource, self.ids[resource][name], given)
        return [
            self.dossier.fault((resource, name, *path), message) for path, message in found
        ] or [self.dossier.fault((resource, name), str(error))]

    def _mirror(self, statements: dict[str, dict[UUID, Statement]]) -> None:
        """Write each symmetric link, given on one side, on both."""
        for resource, rows in statements.items():
            shape = record_of(resource).shape
            for member in shape.links:
                for row_id, statement in list(rows.items()):
                    for element in statement[member.name]:
                        other = UUID(element[member.other])
                        if element["kind"] not in member.symmetric or other not in rows:
                            continue
                        mirrored = {**element, member.other: str(row_id)}
                        links = rows[other][member.name]
                        if not any(
                            (e["kind"], e[member.other]) == (element["kind"], str(row_id))
                            for e in links
                        ):
                            rows[other] = shape.normal(
                                {**rows[other], member.name: [*links, mirrored]}
                            )

    # What the dossier may write.

    def _adapt(self, resource: str, rows: dict[UUID, Statement]) -> None:
        """Add origins, and keep what the dossier may not overwrite."""
        names: dict[UUID, list[str]] = defaultdict(list)
        for name, row_id in self.ids[resource].items():
            names[row_id].append(name)
        self.adoption.adapt(resource, rows, names, whole=True)

    def _names(self, resource: str) -> list[tuple[str, UUID]]:
        """The local names that speak for their rows, and those rows' ids."""
        return [
            (name, row_id)
            for name, row_id in self.ids[resource].items()
            if (resource, name) not in self.merged
        ]

    def _validate(self, statements: dict[str, dict[UUID, Statement]]) -> None:
        for resource, rows in statements.items():
            names = {row_id: name for name, row_id in self._names(resource)}
            before = record_of(resource).shape.read(rows)
            for row_id, statement in rows.items():
                if before.get(row_id) == statement:
                    continue
                name = names[row_id]
                faults = workspace.validate(resource, row_id, statement)
                faults += _beyond_fields(resource, statement, statements["documents"])
                for path, message in faults:
                    where = self._as_written(resource, name, statement, path)
                    self.faults.append(self.dossier.fault((resource, name, *where), message))

    def _as_written(
        self, resource: str, name: str, statement: Statement, path: list[Any]
    ) -> list[Any]:
        """A path into a statement, whose lists are sorted, as a path into the row as written."""
        if len(path) < 2 or not isinstance(path[1], int):
            return path
        member, position, *rest = path
        shape = record_of(resource).shape
        for written, element in enumerate(self._rows(resource)[name].get(member, [])):
            alone = shape.normal(shape.translate({member: [element]}, self._resolve))
            if alone[member] == [statement[member][position]]:
                return [member, written, *rest]
        return [member]

    def _find_left(self) -> None:
        for resource in resources():
            gone = Origin.objects.filter(dataset=self.dataset, resource=resource).exclude(
                object_id__in=self.ids[resource].values()
            )
            self.result.left += [
                f"{resource}.{name}" for name in gone.values_list("external_id", flat=True)
            ]

    def _tell_adopted(self) -> None:
        self.result.differences = self.adoption.differences
        self.result.retracted = [self._called(*key) for key in self.adoption.retracted]
        self.result.held = [
            self._called(resource, row_id)
            for resource, rows in self.adoption.held.items()
            for row_id in rows
        ]

    def _called(self, resource: str, row_id: UUID) -> str:
        return next(f"{resource}.{name}" for name, i in self._names(resource) if i == row_id)

    def _stop_on_faults(self) -> None:
        if self.faults:
            raise DossierError(self.faults)

    def fault_of(self, resource: str, object_id: str, detail: str) -> Fault:
        """A fault of publishing at the row that it names, ids turned to local names."""
        path: tuple[Any, ...] = ()
        for section, ids in self.ids.items():
            for name, row_id in ids.items():
                detail = detail.replace(f"{section}/{row_id}", f"{section}.{name}")
                if (section, str(row_id)) == (resource, object_id):
                    path = (section, name)
        return self.dossier.fault(path, detail)

    def fault_of_database(self, error: IntegrityError) -> Fault:
        """What the database refused, in its words, at the row that it names if it names one."""
        diagnosis = getattr(error.__cause__, "diag", None)
        text = (diagnosis and diagnosis.message_primary) or str(error)
        if diagnosis and diagnosis.message_detail:
            text += f" ({diagnosis.message_detail})"
        for section, ids in self.ids.items():
            for name, row_id in ids.items():
                if str(row_id) in text:
                    return self.dossier.fault((section, name), text.replace(str(row_id), name))
        return self.dossier.fault((), text)


def _beyond_fields(
    resource: str, statement: Statement, documents: dict[UUID, Statement]
) -> list[tuple[list[Any], str]]:
    """What the database refuses of a row together with others: told here, where the line is known.

    Spans are held against the documents of the dossier itself.
    """
    found: list[tuple[list[Any], str]] = []
    if resource == "claims" and not any(
        statement[subject] for subject in ("event", "places", "actor", "document")
    ):
        text = "a claim is about an event, places, an actor or a document: name at least one"
        found.append(([], text))
    ends: list[tuple[list[Any], Any, int]] = []
    if resource == "claims":
        for position, citation in enumerate(statement["citations"]):
            document = documents.get(UUID(citation["document"]))
            if document is not None and citation["spans"]:
                end = max(span[1] for span in citation["spans"])
                ends.append((["citations", position, "spans"], document["text_length"], end))
    elif resource == "documents":
        for position, mention in enumerate(statement["mentions"]):
            where = ["mentions", position, "span"]
            ends.append((where, statement["text_length"], mention["span"][1]))
    for where, length, end in ends:
        if length is not None and end > length:
            text = f"a span ends at {end}, and the text of its document has {length} characters"
            found.append((where, text))
    return found


def _nearest(value: str, names: Any) -> str | None:
    close = difflib.get_close_matches(value, list(names), 1)
    return close[0] if close else None
