"""What a data set may write of rows that are there already, of its own and of other homes."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from records import workspace
from records.models import Dataset, Origin, ReviewItem, State
from records.record import PublishedRecord
from records.registry import record_of
from records.shape import Codes, Statement

Code = tuple[str, str]


def by_origin(
    dataset: Dataset, resource: str, names: Collection[str] | None = None
) -> dict[str, UUID]:
    """The rows that a data set has, by their ids in it; all, or those of the given names."""
    origins = Origin.objects.filter(dataset=dataset, resource=resource)
    if names is not None:
        origins = origins.filter(external_id__in=names)
    return dict(origins.values_list("external_id", "object_id"))


def by_code(resource: str, codes: Collection[Code]) -> dict[Code, UUID]:
    """The rows to which codes belong, whatever their home."""
    member = next((m for m in record_of(resource).shape.children if isinstance(m, Codes)), None)
    if member is None or not codes:
        return {}
    rows = member.model._default_manager.filter(
        live=True, code__in={code for _, code in codes}
    ).values_list("scheme", "code", f"{member.parent}_id")
    wanted = set(codes)
    return {(scheme, code): row_id for scheme, code, row_id in rows if (scheme, code) in wanted}


def codes_of(statement: Statement) -> list[Code]:
    """The codes that a statement gives, preferred ones first."""
    return [*statement.get("codes", {}).items()] + [
        (other["scheme"], other["code"]) for other in statement.get("other_codes", [])
    ]


@dataclass
class Adoption:
    """Adapts a data set's statements to the rows that are there.

    Rows whose home it is, and that no curator has edited, say what it says. To others it adds the
    names, codes and geometry that they lack; every other difference is left for a curator as a
    review item, and nothing is overwritten. What is retracted here stays so, but for rows that are
    in no data set any more: a release lacked them, and another has them again.
    """

    dataset: Dataset
    #: Who asks, at the start of a review item's reason: "Dossier lyman".
    name: str
    user: Any = None
    #: What the rows said before, by resource.
    before: dict[str, dict[UUID, Statement]] = field(default_factory=dict)
    #: Rows that are retracted here.
    retracted: list[tuple[str, UUID]] = field(default_factory=list)
    #: Rows with a curator's unpublished edits: they are added to, and not published.
    held: dict[str, dict[UUID, Statement]] = field(default_factory=lambda: defaultdict(dict))
    #: How many differences became review items.
    differences: int = 0
    _asked: list[tuple[str, UUID, str, Statement]] = field(default_factory=list)

    def adapt(
        self,
        resource: str,
        rows: dict[UUID, Statement],
        names: Mapping[UUID, Sequence[str]],
        *,
        whole: bool,
    ) -> None:
        """Turn statements, in place, into what the data set may write; drop what it may not.

        `names` are the rows' ids in the data set. `whole` says that a row has no others: else those
        that it had before stay.
        """
        record = record_of(resource)
        shape, slug = record.shape, self.dataset.slug
        before = self.before[resource] = shape.read(rows)
        states = {
            row_id: (state, curated)
            for row_id, state, curated in shape.model._default_manager.filter(
                pk__among=rows
            ).values_list("pk", "state", "curated")
        }
        for row_id, statement in list(rows.items()):
            old = before.get(row_id)
            state, curated = states.get(row_id, (State.DRAFT, False))
            datasets = self._origins(old, names.get(row_id, ()), whole)
            if state == State.RETRACTED and old is not None and old["datasets"]:
                self.retracted.append((resource, row_id))
                del rows[row_id]
                continue
            home = old is None or old["dataset"] == slug or record.computed
            if old is None or (home and not curated):
                said = {**statement, "dataset": slug, "datasets": datasets}
                if old is not None:
                    said = _keep_attached(said, old)
                    if any(origin["dataset"] != slug for origin in datasets):
                        said = shape.normal(_keep_shared(said, old))
                rows[row_id] = said
                continue
            rows[row_id] = self._add_missing(record, row_id, old, statement, datasets)
            if state != State.PUBLISHED:
                self.held[resource][row_id] = rows.pop(row_id)

    def _origins(
        self, old: Statement | None, names: Iterable[str], whole: bool
    ) -> list[dict[str, str]]:
        slug = self.dataset.slug
        kept = [o for o in (old["datasets"] if old else []) if not whole or o["dataset"] != slug]
        given = [{"dataset": slug, "external_id": name} for name in names]
        return sorted(
            [*kept, *(origin for origin in given if origin not in kept)],
            key=lambda origin: (origin["dataset"], origin["external_id"]),
        )

    def _add_missing(
        self,
        record: type[PublishedRecord],
        row_id: UUID,
        old: Statement,
        new: Statement,
        datasets: list[dict[str, str]],
    ) -> Statement:
        """What a row of another home, or one that a curator edited, says with what it lacked."""
        kept: Statement = {**old, "datasets": datasets}
        for key, value in new.items():
            if key in ("dataset", "datasets", "has_text") or value == old.get(key):
                continue
            if key == "names":
                known = {old["name"], *(name["name"] for name in old["names"])}
                kept["names"] = [*old["names"], *(n for n in value if n["name"] not in known)]
            elif key == "codes":
                kept["codes"] = value | old["codes"]
                if other := {s: c for s, c in value.items() if old["codes"].get(s, c) != c}:
                    self._ask(record, row_id, key, {"here": old["codes"], "there": other})
            elif key == "other_codes":
                kept["other_codes"] = old[key] + [code for code in value if code not in old[key]]
            elif key in ("lat", "lon", "geometry") and old[key] is None:
                kept[key] = value
            elif value not in (None, [], {}):
                self._ask(record, row_id, key, {"here": old.get(key), "there": value})
        return record.shape.normal(kept)

    def _ask(
        self, record: type[PublishedRecord], row_id: UUID, member: str, detail: Statement
    ) -> None:
        self._asked.append((record.shape.resource, row_id, member, detail))

    def ask(self) -> None:
        """Leave the differences that were met for a curator, but for those left before."""
        asked, self._asked = self._asked, []
        if not asked:
            return
        kind = ReviewItem.Kind.DIFFERENCE
        items = ReviewItem.objects.filter(
            kind=kind, dataset=self.dataset, object_id__in={row_id for _, row_id, _, _ in asked}
        )
        there: dict[tuple[str, UUID, str], list[ReviewItem]] = defaultdict(list)
        for item in items:
            there[item.resource, item.object_id, item.member].append(item)
        for resource, row_id, member, detail in asked:
            before = there[resource, row_id, member]
            if any(item.detail.get("there") == detail["there"] for item in before):
                continue
            self.differences += 1
            item = next((item for item in before if item.resolved_at is None), None) or ReviewItem(
                kind=kind,
                resource=resource,
                object_id=row_id,
                member=member,
                dataset=self.dataset,
            )
            if item not in before:
                before.append(item)
            item.reason, item.detail = f"{self.name} gives another {member}.", detail
            item.save()

    def waiting(self, resource: str, ids: Collection[UUID]) -> list[UUID]:
        """Of rows that say what they said, those of the data set that are not published yet."""
        return list(
            record_of(resource)
            .shape.model._default_manager.filter(
                pk__among=ids, state=State.DRAFT, curated=False, dataset=self.dataset
            )
            .values_list("pk", flat=True)
        )

    def apply_held(self, resource: str) -> None:
        """Add what was missing to rows that a curator is editing; they stay the drafts they are."""
        held = self.held[resource]
        model = record_of(resource).shape.model
        states = dict(model._default_manager.filter(pk__in=held).values_list("pk", "state"))
        for state in sorted(set(states.values())):
            of_state = {i: said for i, said in held.items() if states[i] == state}
            workspace.apply(resource, of_state, user=self.user, state=state)


def _keep_attached(new: Statement, old: Statement) -> Statement:
    """What attaching a text filled in, where the dossier leaves it open, stays."""
    kept = dict(new)
    for key in ("text_length", "text_sha256"):
        if key in new and new[key] is None:
            kept[key] = old[key]
    if "citations" in new:
        hashes = {
            _without_hash(citation): citation["passage_sha256"] for citation in old["citations"]
        }
        kept["citations"] = [
            {**citation, "passage_sha256": hashes.get(_without_hash(citation))}
            if citation["passage_sha256"] is None
            else citation
            for citation in new["citations"]
        ]
    return kept


def _without_hash(citation: Statement) -> str:
    return json.dumps({**citation, "passage_sha256": None}, sort_keys=True)


def _keep_shared(new: Statement, old: Statement) -> Statement:
    """What its home says of a row that others share: it takes away none of what they added."""
    kept = dict(new)
    if "names" in new:
        known = {new["name"], *(name["name"] for name in new["names"])}
        kept["names"] = [*new["names"], *(n for n in old["names"] if n["name"] not in known)]
    if "codes" in new:
        given = [*new["codes"].items(), *((c["scheme"], c["code"]) for c in new["other_codes"])]
        kept["codes"] = {s: c for s, c in old["codes"].items() if (s, c) not in given} | new[
            "codes"
        ]
        kept["other_codes"] = new["other_codes"] + [
            code for code in old["other_codes"] if (code["scheme"], code["code"]) not in given
        ]
    for key in ("lat", "lon", "geometry"):
        if key in new and new[key] is None:
            kept[key] = old[key]
    return kept
