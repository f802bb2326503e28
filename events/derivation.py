"""What follows from claims: their classes, what contradicts them, and how far they corroborate.

All of it is computed from public claims at the end of a change set, for the claims of the set and
what hangs on them, and appended in the same set. `manage.py recompute` has everything computed by
the same function. What would be more than `LIMIT` records of others goes to the queue.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from events.arguments import Argument, Bounds, argument, before, known, overlap
from events.contradictions import (
    contradiction_id,
    curated_difference,
    difference,
    grows,
    looks_for,
    matters,
)
from events.corroboration import corroboration
from events.models import (
    Claim,
    ClaimLinkKind,
    Contradiction,
    Difference,
    Polarity,
    Resolution,
    Rule,
)
from events.records import ClaimRecord, ContradictionRecord
from events.records.claim import claim_documents
from events.records.contradiction import FOUND_BY
from records import workspace
from records.edition import Edition, Key
from records.models import Cause, Op, State
from records.shape import Body, Statement

#: How many records of others one change set changes; what is more follows by the queue.
LIMIT = 1_000
#: How many contradictions a claim shows; `contradictions_total` counts them all.
SHOWN = 20
#: By how many claims of a class its contradictions are found: what it stands by, then by id.
MOST_MEMBERS = 1_000
#: Rules that only compare claims that speak of possibly one time.
AT_ONE_TIME = (Rule.CONTROL, Rule.SOVEREIGNTY, Rule.QUANTITY)
#: Links that make two claims one class.
JOINING = (ClaimLinkKind.SAME_AS, ClaimLinkKind.REPEATS)


@dataclass(frozen=True)
class Pair:
    """A contradiction as it follows from its two claims, the one of the lower id first."""

    id: str
    rule: str
    one: str
    other: str
    how: str | None
    difference: Body
    #: How it stands before a curator decides.
    start: str

    def against(self, claim_id: str) -> str:
        """The claim on the other side."""
        return self.other if claim_id == self.one else self.one


def derive_arguments(made: Edition) -> None:
    """Compute what follows from the claims, events and contradictions of a change set."""
    _Derivation(made).run()


@dataclass
class _Derivation:
    made: Edition
    #: Claims whose classes are computed anew, and what their classes stand by.
    classes: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    #: Claims that only repeat others.
    echoes: set[str] = field(default_factory=set)
    pairs: dict[str, Pair] = field(default_factory=dict)
    old: set[str] = field(default_factory=set)
    #: How each contradiction of the set is resolved, by its id.
    resolutions: dict[str, str] = field(default_factory=dict)
    room: int = field(default_factory=lambda: LIMIT)
    _arguments: dict[str, Argument] = field(default_factory=dict)
    _statements: dict[str, Statement] = field(default_factory=dict)
    _found_by: dict[tuple[str, bool], dict[str, set[str]]] = field(default_factory=dict)

    def run(self) -> None:
        gone = {i for resource, i in self.made.tombstones if resource == "claims"}
        touched = {i for r, i in [*self.made.statements, *self.made.stale] if r == "claims"}
        self._prefetch(touched | gone)
        touched = {claim for claim in touched - gone if self.made.is_public(("claims", claim))}
        if touched or gone:
            self._form_classes(touched, gone)
            self._refuse_opposites(touched)
            self._compare()
            self._find_old(gone)
            self._write_contradictions(gone)
        self._keep_resolved()
        shown = self._show_on_members()
        self._show_on_others(shown)
        self._show_on_events(gone)

    # Looking claims up.

    def _prefetch(self, claims: Iterable[str]) -> None:
        self.made.prefetch(("claims", claim) for claim in claims)

    def _statement(self, claim: str) -> Statement:
        if claim not in self._statements:
            statement = self.made.statement(("claims", claim))
            assert statement is not None
            self._statements[claim] = statement
        return self._statements[claim]

    def argument(self, claim: str) -> Argument:
        """A claim as the rules see it, once the set is committed."""
        if claim not in self._arguments:
            self._arguments[claim] = argument(self.made.body("claims", claim), self.made)
        return self._arguments[claim]

    def _prefetch_arguments(self, claims: Collection[str]) -> None:
        """Load what arguments look at, one query a resource."""
        self._prefetch(claims)
        keys: set[Key] = set()
        for claim in claims:
            body = self.made.body("claims", claim)
            keys.add(("sources", body["claimant"]["id"]))
            keys |= {("places", place["id"]) for place in body["places"]}
            if body["object_actor"]:
                keys.add(("actors", body["object_actor"]["id"]))
            if body["event"] and not body["places"]:
                keys.add(("events", body["event"]["id"]))
        self.made.prefetch(keys)

    def _linked(self, claim: str, *kinds: str) -> list[str]:
        """Public claims that a claim leads to by links of some kinds."""
        targets = [r["claim"] for r in self._statement(claim)["relations"] if r["kind"] in kinds]
        self._prefetch(targets)
        return [target for target in targets if self.made.is_public(("claims", target))]

    def _class_before(self, claim: str) -> str:
        """What the class of a claim stood by before this set."""
        public = self.made.public(("claims", claim))
        return str(public.version.class_id) if public else claim  # type: ignore[attr-defined]

    # Classes.

    def _form_classes(self, touched: set[str], gone: set[str]) -> None:
        """Find the classes of the touched claims, whole, by links as they are now."""
        linked = {claim: self._linked(claim, *JOINING) for claim in touched}
        others = {target for targets in linked.values() for target in targets} - touched
        classes = {self._class_before(claim) for claim in touched | gone | others}
        found = (
            ClaimRecord.objects.current().in_classes(classes).values_list("object_id", flat=True)
        )
        claims = (touched | others | {str(i) for i in found}) - gone
        self._prefetch(claims)
        for claim in claims - touched:
            linked[claim] = self._linked(claim, *JOINING)
        root = {claim: claim for claim in claims}

        def top(claim: str) -> str:
            while root[claim] != claim:
                root[claim] = root[root[claim]]
                claim = root[claim]
            return claim

        for claim, targets in linked.items():
            for target in targets:
                root[top(claim)] = top(target)
        components: dict[str, list[str]] = defaultdict(list)
        for claim in sorted(claims):
            components[top(claim)].append(claim)
            if self._linked(claim, ClaimLinkKind.REPEATS):
                self.echoes.add(claim)
        for component in components.values():
            head = next((c for c in component if c not in self.echoes), component[0])
            self.members[head] = component
            self.classes |= dict.fromkeys(component, head)

    def _refuse_opposites(self, touched: set[str]) -> None:
        """Two claims cannot be the same where one denies what the other affirms."""
        opposite = {Polarity.AFFIRMED, Polarity.DENIED}
        for claim in sorted(touched):
            said = self._statement(claim)["polarity"]
            for target in self._linked(claim, ClaimLinkKind.SAME_AS):
                if {said, self._statement(target)["polarity"]} == opposite:
                    self.made.problem(
                        ("claims", claim),
                        f"is linked by same_as to claims/{target}, which has the opposite "
                        "polarity; link them by contradicts, with how: negation",
                    )

    # Contradictions.

    def _compare(self) -> None:
        """Find all that contradicts the classes."""
        heads = list(self.members)
        self._prefetch_arguments(heads)
        wanted = {head: looks_for(self.argument(head)) for head in heads}
        carrying = self._carrying(heads, {key for found in wanted.values() for key in found})
        met: set[tuple[str, str, str]] = set()
        for head, found in wanted.items():
            spoken_of = self.argument(head).spoken_of
            for key, rule in found.items():
                met |= {
                    (rule, *sorted((head, claim)))  # type: ignore[misc]
                    for claim, time in carrying[key].items()
                    if claim != head and (rule not in AT_ONE_TIME or overlap(spoken_of, time))
                }
        others = {claim for _, *pair in met for claim in pair}
        self._prefetch_arguments(others)
        self._load_classes(others)
        for rule, one, other in sorted(met):
            self._compare_two(rule, one, other)
        for head in heads:
            for claim in self.members[head]:
                self._join_curated(claim)
        sides = {claim for pair in self.pairs.values() for claim in (pair.one, pair.other)}
        self._prefetch_arguments(sides)
        self._load_classes(sides)

    def _carrying(self, heads: list[str], keys: set[str]) -> dict[str, dict[str, Bounds | None]]:
        """Who carries each of the keys, and the time that each speaks of: the set's own and others.

        Of others only columns are read: most speak of another time.
        """
        carrying: dict[str, dict[str, Bounds | None]] = defaultdict(dict)
        if keys:
            mine = {*self.classes, *(i for r, i in self.made.tombstones if r == "claims")}
            versions = ClaimRecord.objects.current().arguing(keys).exclude(object_id__among=mine)
            times = ("holds_earliest", "holds_latest", "said_earliest", "said_latest")
            for object_id, carried, *of in versions.values_list("object_id", "matters", *times):
                time = known(*of[:2]) or known(*of[2:])
                for key in keys.intersection(map(str, carried)):
                    carrying[key][str(object_id)] = time
        for head in heads:
            for key in matters(self.argument(head)) & keys:
                carrying[key][head] = self.argument(head).spoken_of
        return carrying

    def _compare_two(self, rule: str, one: str, other: str) -> None:
        pair = str(contradiction_id(rule, one, other))
        first, second = self.argument(one), self.argument(other)
        found = difference(rule, first, second)
        if found is None or self._is_revision(first, second):
            return
        start = Resolution.UNRESOLVED
        if rule == Rule.QUANTITY and (
            (grows(first, second) and self._is_earlier(first, second))
            or (grows(second, first) and self._is_earlier(second, first))
        ):
            start = Resolution.CHANGE_OVER_TIME
        self.pairs[pair] = Pair(pair, rule, one, other, None, found, start.value)

    def _load_classes(self, heads: Iterable[str]) -> None:
        """Find the claims of classes that this set leaves as they are, by what they stand by."""
        missing = {*heads} - self.members.keys()
        if not missing:
            return
        self.members |= {head: [head] for head in missing}
        found = ClaimRecord.objects.current().in_classes(missing)
        for claim, head in found.values_list("object_id", "class_id"):
            if claim != head and str(claim) not in self.classes:
                self.members[str(head)].append(str(claim))
        self._prefetch(claim for head in missing for claim in self.members[head])

    def _is_revision(self, one: Argument, other: Argument) -> bool:
        """Whether one supersedes the other, within a party."""
        if one.party_id is None or one.party_id != other.party_id:
            return False
        ours, theirs = self.members[one.id], self.members[other.id]
        return self._leads(ours, theirs, ClaimLinkKind.SUPERSEDES) or self._leads(
            theirs, ours, ClaimLinkKind.SUPERSEDES
        )

    def _leads(self, claims: list[str], targets: list[str], kind: str) -> bool:
        return any({*self._linked(claim, kind)} & {*targets} for claim in claims)

    def _is_earlier(self, one: Argument, other: Argument) -> bool:
        """Whether one was said before the other: by time, else by a link between their classes."""
        if before(one.said, other.said) or before(other.said, one.said):
            return before(one.said, other.said)
        ours, theirs = self.members[one.id], self.members[other.id]
        return self._leads(ours, theirs, ClaimLinkKind.PRECEDES)

    def _join_curated(self, claim: str) -> None:
        """Add what a curator linked to a claim with `contradicts`."""
        links = [r for r in self._statement(claim)["relations"] if r["kind"] == "contradicts"]
        for link in sorted(links, key=lambda link: (link["claim"], link["how"])):
            target = link["claim"]
            if target not in self._linked(claim, ClaimLinkKind.CONTRADICTS):
                continue
            ours = self.classes[claim]
            theirs = self.classes.get(target) or self._class_before(target)
            one, other = sorted((claim, target) if ours == theirs else (ours, theirs))
            pair = str(contradiction_id(Rule.CURATED, one, other))
            if pair not in self.pairs:
                found = curated_difference(link["how"])
                self.pairs[pair] = Pair(
                    pair, Rule.CURATED, one, other, link["how"], found, Resolution.UNRESOLVED
                )

    def _find_old(self, gone: set[str]) -> None:
        """Find what contradicted the classes until now."""
        found = ContradictionRecord.objects.current().of_claims({*self.classes, *gone})
        self.old = {str(i) for i in found.values_list("object_id", flat=True)}

    def _write_contradictions(self, gone: set[str]) -> None:
        """Publish what is new or differs, and withdraw what is no more."""
        made = self.made
        ended = sorted(self.old - set(self.pairs))
        made.prefetch(("contradictions", i) for i in [*ended, *self.pairs])
        new = sorted(set(self.pairs) - self.old)
        self._queue_heads(new[self.room :])
        for pair in new[self.room :]:
            del self.pairs[pair]
        self.room -= min(len(new), self.room)
        computed = {pair: self._computed(found) for pair, found in self.pairs.items()}
        # What they are found by may follow later: it changes none of what they say.
        spread = sorted(i for i in self.old & set(self.pairs) if self._spread(i, computed[i]))
        self._queue_heads(spread[self.room :])
        for pair in spread[self.room :]:
            kept = made.derived("contradictions", pair)
            computed[pair] |= {name: kept[name] for name in FOUND_BY}
        self.room -= min(len(spread), self.room)
        for pair in ended:
            erased = any(
                made.tombstones.get(("claims", claim), ("", None))[0] == Op.ERASE
                for claim in self._sides(pair)
            )
            made.bury(("contradictions", pair), Op.ERASE if erased else Op.RETRACT)
            made.causes["contradictions", pair] = Cause.DERIVED
        for pair in self._ended_of_erased(gone):
            made.bury(("contradictions", pair), Op.ERASE)
            made.causes["contradictions", pair] = Cause.DERIVED
        Contradiction.objects.filter(pk__among=ended).update(state=State.RETRACTED)
        stated = self._stated()
        workspace.apply(
            "contradictions",
            {UUID(pair): statement for pair, statement in stated.items()},
            state=State.PUBLISHED,
        )
        Contradiction.objects.filter(pk__among=stated).exclude(state=State.PUBLISHED).update(
            state=State.PUBLISHED
        )
        for pair, statement in stated.items():
            self.resolutions[pair] = statement["resolution"]
            made.add(("contradictions", pair), statement, Cause.DERIVED)
            made.derive(("contradictions", pair), computed[pair])

    def _computed(self, pair: Pair) -> Body:
        """What is computed of a contradiction: how the two differ, and what it is found by.

        That is every claim of both classes, because it shows on all of them, with their parties and
        documents; of a pair within one class, which shows on no other, the two alone.
        """
        sides = (pair.one, pair.other)
        alone = len({self.classes.get(side, side) for side in sides}) == 1
        found = [self._finding(side, alone=alone) for side in sides]
        return {"how": pair.how, "difference": pair.difference} | {
            name: sorted({i for side in found for i in side[name]}) for name in FOUND_BY
        }

    def _finding(self, claim: str, *, alone: bool) -> dict[str, set[str]]:
        """What a contradiction is found by on one of its sides."""
        if (claim, alone) not in self._found_by:
            others = [] if alone else sorted({*self.members[claim]} - {claim})
            members = [claim, *others[: MOST_MEMBERS - 1]]
            bodies = [self.made.body("claims", member) for member in members]
            self._found_by[claim, alone] = {
                "claims": set(members),
                "parties": {body["party_id"] for body in bodies if body["party_id"]},
                "documents": {i for body in bodies for i in claim_documents(body)},
            }
        return self._found_by[claim, alone]

    def _spread(self, pair: str, computed: Body) -> bool:
        """Whether a contradiction is found by other claims, parties or documents than before."""
        kept = self.made.derived("contradictions", pair)
        return any(kept[name] != computed[name] for name in FOUND_BY)

    def _queue_heads(self, pairs: Iterable[str]) -> None:
        """Have the classes of contradictions for which there is no room computed later."""
        heads = {head for pair in pairs for head in self._heads(self.pairs[pair])}
        if heads:
            self.made.queue([("claims", claim) for claim in sorted(heads)], derived=True)

    def _ended_of_erased(self, gone: set[str]) -> list[str]:
        """Contradictions that ended before, whose versions still say what an erased claim said."""
        erased = [claim for claim in gone if self.made.tombstones["claims", claim][0] == Op.ERASE]
        ended = ContradictionRecord.objects.newest().of_claims(erased).filter(live=False)
        ids = ended.exclude(op=Op.ERASE).values_list("object_id", flat=True)
        return sorted(str(i) for i in ids)

    def _heads(self, pair: Pair) -> set[str]:
        return {pair.one, pair.other} & self.classes.keys()

    def _sides(self, pair: str) -> list[str]:
        public = self.made.public(("contradictions", pair))
        return [side["claim"]["id"] for side in public.body["claims"]] if public else []

    def _stated(self) -> dict[str, Statement]:
        """What each contradiction says, with the resolution that a curator gave it."""
        shape = ContradictionRecord.shape
        ids = [UUID(pair) for pair in self.pairs]
        rows = {str(row_id): said for row_id, said in shape.read(ids).items()}
        own = Contradiction.objects.filter(pk__among=ids).decided().values_list("pk", flat=True)
        decided = {str(row_id): rows[str(row_id)] for row_id in own}
        for key, given in self.made.statements.items():
            if key[0] == "contradictions" and self.made.causes[key] in (Cause.EDIT, Cause.IMPORT):
                decided[key[1]] = given
        undecided = [pair for i, pair in self.pairs.items() if i not in decided]
        gone_along = self._decided_elsewhere(undecided)
        stated: dict[str, Statement] = {}
        for pair, found in self.pairs.items():
            said = decided.get(pair)
            if said is None:
                said = rows.get(pair) or shape.normal(
                    {"rule": found.rule, "claims": [found.one, found.other]}
                )
                said = said | {"resolution": found.start, "resolution_reason": None}
                said |= gone_along.get(pair, {})
            stated[pair] = said
        return stated

    def _decided_elsewhere(self, pairs: list[Pair]) -> dict[str, Statement]:
        """What a curator decided of contradictions between the same classes, before they joined."""
        heads = {claim for pair in pairs for claim in (pair.one, pair.other)}
        if not heads:
            return {}
        former = {claim: head for head in heads for claim in self.members[head]}
        wanted: Collection[str] = list(former)
        while wanted:
            ids = [UUID(claim) for claim in wanted]
            merged = Claim.objects.filter(merged_into__in=ids).values_list("pk", "merged_into")
            found = {str(i): former[str(into)] for i, into in merged if str(i) not in former}
            former |= found
            wanted = list(found)
        rows = (
            Contradiction.objects.of_claims(former)
            .decided()
            .order_by("updated_at", "pk")
            .values_list("rule", "first", "second", "resolution", "resolution_reason")
        )
        decided: dict[str, Statement] = {}
        for rule, first, second, resolution, reason in rows:
            one, other = former.get(str(first)), former.get(str(second))
            if one and other and one != other:
                pair = str(contradiction_id(rule, one, other))
                decided[pair] = {"resolution": resolution, "resolution_reason": reason}
        return decided

    def _keep_resolved(self) -> None:
        """Take contradictions that a curator or a dossier publishes; refuse what no rule finds."""
        made = self.made
        for key in [key for key in made.statements if key[0] == "contradictions"]:
            pair = key[1]
            if pair in self.pairs or key in made.tombstones:
                continue
            public = made.public(key)
            if public is None or pair in self.old:
                made.problem(
                    key,
                    "no rule finds that these two claims contradict each other; where claims are "
                    "of one class, name the one of the lowest id that repeats none",
                )
                continue
            self.resolutions[pair] = made.statements[key]["resolution"]
            body = public.body
            one, other = self._sides(pair)
            self.pairs[pair] = Pair(
                pair, body["rule"], one, other, body["how"], body["difference"], ""
            )
            self.old.add(pair)
            self._prefetch_arguments([one, other])

    # Showing it on claims and events.

    def _element(self, pair: Pair, claim: str) -> Body:
        """A contradiction as one of its claims shows it, its own side first."""
        other = self.argument(pair.against(claim))
        found = pair.difference
        if claim != pair.one:
            found = {**found, "values": found["values"][::-1]}
        return {
            "id": pair.id,
            "rule": pair.rule,
            "how": pair.how,
            "claim": self.made.reference("claims", other.id),
            "party": other.party,
            "party_id": other.party_id,
            "difference": found,
            "resolution": self.resolutions[pair.id],
        }

    def _by_claim(self) -> dict[str, list[Pair]]:
        found: dict[str, list[Pair]] = defaultdict(list)
        for _, pair in sorted(self.pairs.items()):
            found[pair.one].append(pair)
            found[pair.other].append(pair)
        return found

    def _show_on_members(self) -> set[str]:
        """Give the claims of the classes all that follows; those whose `contradicted` it gives."""
        by_claim = self._by_claim()
        heads = [head for head in self.members if self.classes.get(head) == head]
        self._prefetch_arguments([claim for head in heads for claim in self.members[head]])
        for head in heads:
            members = self.members[head]
            across = [p for p in by_claim.get(head, []) if p.against(head) not in members]
            arguments = [self.argument(claim) for claim in members]
            for claim in members:
                within = [p for p in by_claim.get(claim, []) if p.against(claim) in members]
                pairs = sorted([*across, *within], key=lambda pair: pair.id)
                shown = [
                    self._element(pair, head if pair in across else claim) for pair in pairs[:SHOWN]
                ]
                contradicted = any(map(self._counts, pairs))
                self._give(
                    ("claims", claim),
                    {
                        "contradicted": contradicted,
                        "contradictions": shown,
                        "contradictions_total": len(pairs),
                        "corroboration": corroboration(
                            arguments, self.echoes, contradicted=contradicted
                        ),
                        "class_id": head,
                    },
                )
        return set(self.classes)

    def _counts(self, pair: Pair) -> bool:
        """Whether a contradiction makes its claims contradicted: not one of wording by oneself."""
        if pair.how != Difference.WORDING:
            return True
        self._prefetch_arguments([pair.one, pair.other])
        return self.argument(pair.one).claimant != self.argument(pair.other).claimant

    def _give(self, key: Key, values: Body) -> None:
        """Give what was computed of a record, by the queue where there is no more room."""
        if key in self.made.statements:
            self.made.derive(key, values)
        elif self.room > 0:
            self.room -= self.made.derive(key, values)
        elif self.made.derived(*key) != values:
            self.made.queue([key], derived=True)

    def _show_on_others(self, done: set[str]) -> None:
        """Tell the classes on the other side, whose other contradictions stay as they are."""
        ended = {
            i for i in self.old - set(self.pairs) if ("contradictions", i) in self.made.tombstones
        }
        changes: dict[str, tuple[list[Pair], set[str]]] = defaultdict(lambda: ([], set()))
        for pair in self.pairs.values():
            for claim in {pair.one, pair.other} - done:
                changes[claim][0].append(pair)
        for gone in ended:
            for claim in self._sides(gone):
                if claim not in done and self.made.is_public(("claims", claim)):
                    changes[claim][1].add(gone)
        classes = ClaimRecord.objects.current().in_classes(changes)
        rows = list(classes.values_list("object_id", "class_id"))
        self._prefetch(str(claim) for claim, _ in rows)
        for claim, head in ((str(claim), str(head)) for claim, head in rows):
            if claim not in done:
                self._update(claim, head, *changes[head])

    def _update(self, claim: str, head: str, pairs: list[Pair], ended: set[str]) -> None:
        """Add to what a claim shows, and take from it, without looking at all that it shows."""
        now = self.made.derived("claims", claim)
        shown = {element["id"]: element for element in now["contradictions"]}
        total = now["contradictions_total"]
        added = {p.id: self._element(p, head) for p in pairs if p.id not in self.old}
        changed = {p.id: self._element(p, head) for p in pairs if p.id in shown}
        if ended & shown.keys() and total > len(shown):
            shown |= self._further(head, claim, len(ended))
        shown = {i: changed.get(i, e) for i, e in (shown | added).items() if i not in ended}
        first = [shown[i] for i in sorted(shown)][:SHOWN]
        total += len(added) - len(ended)
        contradicted = total > len(first) or any(
            self._counts_on(element, claim) for element in first
        )
        self._give(
            ("claims", claim),
            {
                **now,
                "contradicted": contradicted,
                "contradictions": first,
                "contradictions_total": total,
                "corroboration": {**now["corroboration"], "contradicted": contradicted},
            },
        )

    def _counts_on(self, element: Body, claim: str) -> bool:
        if element["how"] != Difference.WORDING:
            return True
        other = element["claim"]["id"]
        self._prefetch([other])
        claimants = [self.made.body("claims", i)["claimant"]["id"] for i in (claim, other)]
        return claimants[0] != claimants[1]

    def _further(self, head: str, claim: str, more: int) -> dict[str, Body]:
        """The first contradictions of a class, as many more than are shown as are taken away."""
        found = (
            ContradictionRecord.objects.current()
            .of_claims({head, claim})
            .order_by("object_id")
            .values_list("object_id", flat=True)[: SHOWN + more]
        )
        ids = [str(i) for i in found]
        self.made.prefetch(("contradictions", i) for i in ids)
        elements: dict[str, Body] = {}
        for pair in ids:
            public = self.made.public(("contradictions", pair))
            assert public is not None
            body = public.body
            one, other = self._sides(pair)
            self._prefetch_arguments([one, other])
            self.resolutions.setdefault(pair, body["resolution"])
            kept = Pair(pair, body["rule"], one, other, body["how"], body["difference"], "")
            elements[pair] = self._element(kept, head if head in (one, other) else claim)
        return elements

    def _show_on_events(self, gone: set[str]) -> None:
        """Count anew for the events of every claim of which something changed."""
        made = self.made
        events = {i for r, i in [*made.statements, *made.stale] if r == "events"}
        for claim in self._changed_claims() | gone:
            public = made.public(("claims", claim))
            bodies = [public.body] if public else []
            if claim not in gone:
                bodies.append(made.body("claims", claim))
            events |= {body["event"]["id"] for body in bodies if body["event"]}
        made.prefetch(("events", event) for event in events)
        events = {e for e in events if made.is_public(("events", e))}
        if events:
            found = self._occurring(events)
            self._prefetch_arguments([claim for claims in found.values() for claim in claims])
            for event in sorted(events):
                self._derive_event(event, found[event])

    def _changed_claims(self) -> set[str]:
        computed = {i for r, i in self.made.computed if r == "claims"}
        return computed | self.classes.keys()

    def _occurring(self, events: set[str]) -> dict[str, list[str]]:
        """Claims that affirm, without a condition, that each event happened."""
        mine = {i for r, i in [*self.made.statements, *self.made.tombstones] if r == "claims"}
        found: dict[str, list[str]] = defaultdict(list)
        elsewhere = ClaimRecord.objects.current().occurring(events).exclude(object_id__among=mine)
        for object_id, event in elsewhere.values_list("object_id", "event"):
            found[str(event)].append(str(object_id))
        for claim in sorted(mine):
            if ("claims", claim) in self.made.tombstones:
                continue
            said = self.made.statements["claims", claim]
            if (
                said["event"] in events
                and said["kind"] == "occurrence"
                and said["polarity"] == Polarity.AFFIRMED
                and said["condition"] is None
            ):
                found[said["event"]].append(claim)
        return found

    def _derive_event(self, event: str, claims: list[str]) -> None:
        standing = {claim: self.made.derived("claims", claim) for claim in claims}
        echoes = {claim for claim in claims if self._linked(claim, ClaimLinkKind.REPEATS)}
        values = {
            "corroboration": corroboration(
                [self.argument(claim) for claim in claims],
                echoes,
                contradicted=any(now["contradicted"] for now in standing.values()),
            )
        }
        self._give(("events", event), values)
