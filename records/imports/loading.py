"""What rows of a file say, written into the workspace and published: one batch, one change set."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from records import publishing, workspace
from records.adopting import Adoption, by_code, by_origin, codes_of
from records.ids import named
from records.imports.counts import Counts
from records.imports.formats import Item, Part
from records.models import Cause, Dataset, Origin, ReviewItem, State
from records.registry import record_of, resources
from records.shape import Statement

Name = tuple[str, str]


class Invalid(Exception):
    """A statement that breaks a rule of its table; `column` is the member that does."""

    def __init__(self, column: str, text: str) -> None:
        super().__init__(text)
        self.column = column


class Loading:
    """One batch on its way into the workspace and on to records."""

    def __init__(
        self, dataset: Dataset, items: Sequence[Item], *, publish: bool, user: Any
    ) -> None:
        self.dataset, self.items, self.publish, self.user = dataset, items, publish, user
        self.adoption = Adoption(dataset, f"Data set {dataset.slug}", user)
        self.parts: dict[str, dict[str, Part]] = {resource: {} for resource in resources()}
        for item in items:
            for part in item.parts:
                known = self.parts[part.resource].get(part.external_id)
                if known is None or (known.only_new and not part.only_new):
                    self.parts[part.resource][part.external_id] = part
        self.ids: dict[str, dict[str, UUID]] = {}
        #: Parts that the data set did not have before.
        self.new: set[Name] = set()
        #: Rows that were merged into another of the data set, which speaks for both.
        self.merged: set[Name] = set()

    def run(self) -> Counts:
        """Write and publish. Raises `Invalid`, `PublishError` or what the database refuses."""
        for resource, parts in self.parts.items():
            self.ids[resource] = self._identify(resource, parts)
        created: set[Name] = set()
        changed: set[Name] = set()
        objects: list[tuple[str, UUID]] = []
        said: dict[str, dict[UUID, Statement]] = {}
        adapted = {resource: self._adapted(resource) for resource in self.parts}
        held = {(name, row_id) for name, row_id in self.adoption.retracted}
        held |= {(name, row_id) for name, rows in self.adoption.held.items() for row_id in rows}
        away = self._leave_out(adapted, held)
        for resource, rows in adapted.items():
            self._validate(resource, rows)
        for resource, rows in adapted.items():
            self.adoption.apply_held(resource)
            before = self.adoption.before[resource]
            # What is published further down is written as published: writing it twice costs.
            state = State.PUBLISHED if self.publish else State.DRAFT
            applied = workspace.apply(resource, rows, user=self.user, state=state, before=before)
            created |= {(resource, str(row_id)) for row_id in applied.created}
            changed |= {(resource, str(row_id)) for row_id in applied.changed}
            waiting = self.adoption.waiting(resource, applied.unchanged) if self.publish else []
            objects += [(resource, row_id) for row_id in [*applied.touched, *waiting]]
            said[resource] = applied.said
        self.adoption.ask()
        asked = self._ask(away)
        self._note()
        if self.publish:
            publishing.publish(
                objects,
                user=self.user,
                role="import",
                reason=f"Data set {self.dataset.slug}, release {self.dataset.version}",
                cause=Cause.IMPORT,
                said=said,
            )
        counts = Counts(
            questions=asked + self.adoption.differences,
            written=Counter(resource for resource, _ in created | changed),
        )
        for item in self.items:
            counts.repaired.update({kind for kind, _ in item.repairs})
            own = {
                (part.resource, str(self.ids[part.resource][part.external_id]))
                for part in item.parts
                if item.owns(part.external_id)
            }
            first = item.parts[0]
            if item.key in away:
                counts.held += 1
            elif (first.resource, first.external_id) in self.new:
                counts.added += 1
            elif own & (created | changed):
                counts.changed += 1
            else:
                counts.unchanged += 1
        return counts

    def _identify(self, resource: str, parts: dict[str, Part]) -> dict[str, UUID]:
        """Which row each part is: by origin, else by a shared code, else made from its id."""
        slug = self.dataset.slug
        known = by_origin(self.dataset, resource, list(parts)) if self.dataset.pk else {}
        new = [part for name, part in parts.items() if name not in known]
        self.new |= {(resource, part.external_id) for part in new}
        coded = by_code(resource, {code for part in new for code in codes_of(part.statement)})
        moved = {i for name, i in known.items() if i != named(slug, resource, name)}
        merged = set(
            record_of(resource)
            .shape.model._default_manager.filter(pk__in=moved, dataset=self.dataset)
            .values_list("pk", flat=True)
        )
        ids: dict[str, UUID] = {}
        taken: set[UUID] = set()
        for name, part in parts.items():
            own = named(slug, resource, name)
            rows = {coded[code] for code in codes_of(part.statement) if code in coded}
            if name in known:
                ids[name] = known[name]
            elif len(rows) > 1:
                found = ", ".join(map(str, sorted(rows)))
                raise Invalid("codes", f"its codes belong to different rows: {found}")
            else:
                ids[name] = rows.pop() if rows else part.found or own
            if ids[name] in taken or (ids[name] in merged and ids[name] != own):
                self.merged.add((resource, name))
            taken.add(ids[name])
        return ids

    def _adapted(self, resource: str) -> dict[UUID, Statement]:
        """The statements of a resource with ids for names, as far as the data set may say them."""
        shape, ids = record_of(resource).shape, self.ids[resource]
        sparing = [ids[name] for name, part in self.parts[resource].items() if part.only_new]
        if self.publish:
            public = record_of(resource).objects.current().filter(object_id__among=sparing)
            there = set(public.values_list("object_id", flat=True))
        else:
            known = shape.model._default_manager.filter(pk__among=sparing)
            there = set(known.exclude(state=State.RETRACTED).values_list("pk", flat=True))
        rows: dict[UUID, Statement] = {}
        names: dict[UUID, list[str]] = defaultdict(list)
        for name, part in self.parts[resource].items():
            if part.only_new and ids[name] in there:
                continue
            names[ids[name]].append(name)
            if (resource, name) not in self.merged:
                try:
                    rows[ids[name]] = shape.normal(shape.translate(part.statement, self._resolve))
                except (ValueError, KeyError, TypeError) as error:
                    found = workspace.validate(resource, ids[name], part.statement)
                    path, text = found[0] if found else ([], str(error))
                    raise Invalid(".".join(map(str, path)), f"{resource} {name}: {text}") from error
        self.adoption.adapt(resource, rows, names, whole=False)
        return rows

    def _resolve(self, resource: str, value: str) -> str:
        """The id that a reference means: a part's, of the batch or of an earlier one, or an id."""
        if value in self.ids.get(resource, {}):
            return str(self.ids[resource][value])
        try:
            return str(UUID(value))
        except ValueError:
            raise Invalid("", f"refers to {resource} {value}, which is in no row") from None

    def _leave_out(
        self, adapted: dict[str, dict[UUID, Statement]], held: set[tuple[str, UUID]]
    ) -> set[str]:
        """Leave out rows of which a part is retracted or edited here; the keys of those."""
        away: set[str] = set()
        if not held:
            return away
        for item in self.items:
            keys = [(p.resource, self.ids[p.resource][p.external_id]) for p in item.parts]
            if any(key in held for key in keys):
                away.add(item.key)
                for part, (resource, row_id) in zip(item.parts, keys, strict=True):
                    if item.owns(part.external_id):
                        adapted[resource].pop(row_id, None)
        return away

    def _validate(self, resource: str, rows: dict[UUID, Statement]) -> None:
        before = self.adoption.before[resource]
        for row_id, statement in rows.items():
            if before.get(row_id) == statement:
                continue
            for path, message in workspace.faults(resource, row_id, statement, constraints=False):
                where = ".".join(map(str, path))
                raise Invalid(where, f"{resource} {row_id}: {message}")

    def _ask(self, away: set[str]) -> int:
        """Leave what could not be told for a curator, unless it was asked before."""
        asked = [
            (question, self.ids[question.part.resource][question.part.external_id])
            for item in self.items
            if item.key not in away
            for question in item.questions
        ]
        there = {
            (item.kind, item.object_id, item.member)
            for item in ReviewItem.objects.filter(
                dataset=self.dataset, object_id__in={row_id for _, row_id in asked}
            )
        }
        new = [
            ReviewItem(
                kind=question.kind,
                resource=question.part.resource,
                object_id=row_id,
                member=question.member,
                dataset=self.dataset,
                reason=question.reason,
                detail=question.detail,
            )
            for question, row_id in asked
            if (question.kind, row_id, question.member) not in there
        ]
        ReviewItem.objects.bulk_create(new)
        return len(new)

    def _note(self) -> None:
        """Keep with the origin of each row what was mended so that it could be read."""
        notes = {
            (item.parts[0].resource, item.parts[0].external_id): [note for _, note in item.repairs]
            for item in self.items
        }
        for resource in {resource for resource, _ in notes}:
            origins = Origin.objects.filter(
                dataset=self.dataset,
                resource=resource,
                external_id__in=[name for of, name in notes if of == resource],
            )
            differing = []
            for origin in origins:
                if origin.notes != notes[resource, origin.external_id]:
                    origin.notes = notes[resource, origin.external_id]
                    differing.append(origin)
            Origin.objects.bulk_update(differing, ["notes"], batch_size=500)
