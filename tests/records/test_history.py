"""Whatever is done in whatever order: the past stays as it was, and the present is consistent."""

from collections import defaultdict

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Max
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import edition, publishing
from records.edition import Edition
from records.models import Cause, Change, ChangeSet
from records.publishing import PublishError
from records.registry import record_of, resources
from tests.factories import edit, plain, publish, record, row, said, state

pytestmark = pytest.mark.django_db

LABEL = {"places": "name", "actors": "name", "sources": "name", "documents": "title",
         "events": "title", "claims": "statement"}  # fmt: skip


class History:
    """A made-up world to which things are done; what was public after each is remembered."""

    def __init__(self, world):
        self.keys = world.objects
        self.remembered = {}
        self.remember()

    def remember(self):
        newest = ChangeSet.objects.aggregate(seq=Max("last_seq"))["seq"] or 0
        self.remembered.setdefault(newest, everything(newest))

    def pick(self, resource, number, *, public=None):
        """One row of a resource; with `public`, one that is, or is not."""
        ids = [row_id for name, row_id in self.keys if name == resource]
        if public is not None:
            model = record_of(resource).objects
            live = set(
                model.current().filter(object_id__in=ids).values_list("object_id", flat=True)
            )
            ids = [row_id for row_id in ids if (row_id in live) == public]
        return ids[number % len(ids)] if ids else None

    def do(self, act, resource, numbers):
        """Do one thing; what is refused changes nothing."""
        before, keys = Change.objects.count(), list(self.keys)
        try:
            with transaction.atomic():
                act(self, resource, *numbers)
        except (PublishError, IntegrityError):
            self.keys = keys
            assert Change.objects.count() == before
        self.remember()


def everything(seq):
    """All that is public at a number: bodies by resource and id."""
    return {
        (resource, object_id): text
        for resource in resources()
        for object_id, text in record_of(resource).objects.at(seq).values_list("object_id", "body")
    }


# Things to do. Each takes three numbers, which choose rows.


def rename(history, resource, a, b, c):
    row_id = history.pick(resource, a, public=True)
    edit(resource, row_id, **{LABEL[resource]: f"Name {b}"})
    if c % 3:
        publish((resource, row_id))


def relink(history, resource, a, b, c):
    row_id = history.pick(resource, a, public=True)
    edit(resource, row_id, **references(history, resource, b, c))
    if c % 3:
        publish((resource, row_id))


def references(history, resource, b, c):
    """Members of a resource that refer to other rows, of which numbers choose."""
    place, actor, source, document, event, claim = (
        history.pick(name, b + n * c) for n, name in enumerate(LABEL)
    )
    other, far = history.pick(resource, c), history.pick("places", c)
    return {
        "places": [{"parent": other}, {"parent": None}, {"names": [{"name": f"Alias {b}"}]}],
        "actors": [{"parent": other}, {"parent": None}],
        "sources": [{"speaks_for": actor, "independent": False}, {"speaks_for": None}],
        "documents": [
            {"publisher": source},
            {"mentions": [{"span": [1, 2], "place": place, "basis": "text"}]},
            {"relations": [{"kind": "cites", "document": other}]},
        ],
        "events": [
            {"place": place, "places": [{"place": p} for p in {place, far}][: 1 + b % 2]},
            {"participants": [{"actor": actor, "role": "affected"}]},
            {"relations": [{"kind": "causes", "event": other, "claim": claim}]},
            {"relations": [{"kind": "same_as", "event": other, "phrase": f"words {b}"}]},
        ],
        "claims": [
            {"event": event, "places": [place]},
            {"claimant": source},
            {"citations": [{"document": document, "mode": "caption", "via": [{"source": source}]}]},
            {"relations": [{"kind": "same_as", "claim": other, "phrase": f"words {b}"}]},
            {"relations": [{"kind": "contradicts", "claim": other, "how": "value"},
                           {"kind": "repeats", "claim": claim}]},
            {"kind": "control", "control_status": "controlled", "places": [place],
             "object_actor": actor, "extent": ["whole", "part"][b % 2], "said": "2024"},
            {"kind": "quantity", "event": event, "object_actor": None, "said": "2024",
             "quantity": {"metric": "killed", "best": 10 * (1 + b), "unit": "people"}},
            {"kind": "occurrence", "event": event, "polarity": ["affirmed", "denied"][c % 2]},
            {"kind": "responsibility", "event": event, "object_actor": actor},
            {"relations": [{"kind": "supersedes", "claim": other}]},
        ],
    }[resource][(b + c) % {"places": 3, "actors": 2, "sources": 2, "documents": 3, "events": 4,
                           "claims": 10}[resource]]  # fmt: skip


def add(history, resource, a, b, c):
    members = references(history, resource, b, c)
    if resource == "claims":
        members = {"claimant": history.pick("sources", a), "actor": history.pick("actors", b),
                   "citations": [{"document": history.pick("documents", c), "mode": "caption"}],
                   } | members  # fmt: skip
    row_id = row(resource, f"added {len(history.keys)}", **plain(members))
    history.keys.append((resource, row_id))
    if c % 2:
        publish((resource, row_id))


def publish_one(history, resource, a, b, c):
    drafts = [key for key in history.keys if state(*key) == "draft"]
    publish(*drafts[a % len(drafts) :][: 1 + b % 4]) if drafts else None


def discard(history, resource, a, b, c):
    drafts = [key for key in history.keys if state(*key) == "draft"]
    drafts = [key for key in drafts if record_of(key[0]).objects.of(key[1]).exists()]
    publishing.discard(*drafts[a % len(drafts)]) if drafts else None


def retract(history, resource, a, b, c):
    public = list(everything(10**9))
    going = {("claims", history.pick("claims", a, public=True)), public[b % len(public)]}
    publishing.retract(sorted(going, key=str), reason=f"Reason {c}")


def merge(history, resource, a, b, c):
    loser = history.pick(resource, a, public=True)
    publishing.merge(resource, loser, history.pick(resource, b, public=True), reason="One.")


def merge_and_undo(history, resource, a, b, c):
    """An undone merge leaves everything as it was, in public and in the workspace."""
    loser = history.pick(resource, a, public=True)
    before = picture(history)
    publishing.merge(resource, loser, history.pick(resource, b, public=True), reason="One.")
    if c % 2:
        drain()
    publishing.restore(resource, loser, reason="Two.")
    drain()
    after = picture(history)
    assert {k: (before[k], after[k]) for k in before if before[k] != after[k]} == {}


def restore(history, resource, a, b, c):
    dead = [key for key in history.keys if state(*key) == "retracted"]
    publishing.restore(*dead[a % len(dead)], reason="Back.") if dead else None


def work_queue(history, resource, a, b, c):
    publishing.refresh(limit=1 + a % 3)


ACTS = [rename, relink, relink, add, publish_one, discard, retract, merge, merge_and_undo, restore,
        restore, work_queue]  # fmt: skip


def drain():
    for _ in range(100):
        if not publishing.refresh():
            return
    raise AssertionError("the queue does not come to an end")


def picture(history):
    """What every row and every record says, but for the records' numbers and instants."""
    drain()
    return {
        key: (
            said(*key),
            state(*key),
            {(v.content_hash, str(v.refs), str(v.line)) for v in newest(*key)},
        )
        for key in history.keys
    }


def newest(resource, row_id):
    return record_of(resource).objects.current().filter(object_id=row_id)


def assert_the_present_is_consistent(history):
    """Rendering everything anew changes nothing, and every reference leads to what is public."""
    drain()
    current = [
        (resource, str(object_id))
        for resource in resources()
        for object_id in record_of(resource).objects.current().values_list("object_id", flat=True)
    ]
    made = Edition(Cause.REFERENCE)
    for key in current:
        made.add(key, made.follow_merges(key, made.statement(key)))
    made.assemble()
    stale = [(key, version.body, core) for key, version, core in made._versions()]
    assert stale == []
    public = set(current)
    for key in current:
        references = set(record_of(key[0]).shape.references(made.statement(key)))
        assert references <= public
    assert_lines_are_those_of_records()
    assert_published_rows_say_what_their_records_say(history)


def assert_lines_are_those_of_records():
    for resource in resources():
        model = record_of(resource)
        if model.place_line is None:
            continue
        lines = defaultdict(set)
        for object_id, place in model.place_line.objects.filter(current=True).values_list(
            "object_id", "place_id"
        ):
            lines[object_id].add(place)
        expected = {v.object_id: set(v.line) for v in model.objects.current() if v.line}
        assert lines == expected


def assert_published_rows_say_what_their_records_say(history):
    for resource, row_id in history.keys:
        public = newest(resource, row_id).exists()
        assert public or state(resource, row_id) != "published"
        if state(resource, row_id) == "published":
            assert one_sided(resource, said(resource, row_id)) == one_sided(
                resource, record(resource, row_id).statement()
            )


def one_sided(resource, statement):
    """A statement without symmetric links, which the other side's draft may have changed."""
    for member in record_of(resource).shape.links:
        kept = [e for e in statement[member.name] if e["kind"] not in member.symmetric]
        statement = {**statement, member.name: kept}
    return statement


numbers = st.integers(0, 30)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    done=st.lists(
        st.tuples(st.sampled_from(ACTS), st.integers(0, 5), st.tuples(numbers, numbers, numbers)),
        min_size=5,
        max_size=14,
    ),
    followers=st.sampled_from([0, 2, 1000]),
)
def test_the_past_stays_as_it_was_and_the_present_is_consistent(db, kept_world, done, followers):
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr(edition, "FOLLOWERS", followers)
        history = History(kept_world.bring_back())
        for act, resource, chosen in done:
            history.do(act, list(LABEL)[resource], chosen)
        assert_the_present_is_consistent(history)
        for seq, remembered in history.remembered.items():
            assert everything(seq) == remembered
        transaction.set_rollback(True)
