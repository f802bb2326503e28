"""The one sequence: publishers in parallel processes leave no gap, no disorder and no loss."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from records.models import Change, ChangeSet
from records.registry import record_of, resources
from tests.factories import body, public, said, state

PUBLISHER = Path(__file__).with_name("publisher.py")
PROCESSES, TURNS = 4, 6


@pytest.fixture
def published_by_many(transactional_db):
    """Several processes publish at once; what each look at the log from here saw meanwhile."""
    shared = public("places", "shared", name="Shared")
    settings = connection.settings_dict
    database = {key: settings[key] for key in ("NAME", "HOST", "PORT", "USER", "PASSWORD")}
    running = []
    for number in range(PROCESSES):
        orders = {"name": f"p{number}", "turns": TURNS, "shared": str(shared),
                  "together": number % 2 == 0, "database": database}  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, str(PUBLISHER), json.dumps(orders)],
            stderr=subprocess.PIPE,
            text=True,
            cwd=PUBLISHER.parents[2],
            env={**os.environ, "PYTHONPATH": str(PUBLISHER.parents[2])},
        )
        running.append(process)
    looks = []
    for process in running:
        while True:
            looks.append(look())
            try:
                _, errors = process.communicate(timeout=0.02)
            except subprocess.TimeoutExpired:
                continue
            assert process.returncode == 0, errors
            break
    return shared, [*looks, look()]


def look():
    """The newest number, how many there are, and how many are in whole change sets."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(max(seq), 0), count(*),"
            " (select coalesce(sum(last_seq - first_seq + 1), 0) from records_changeset),"
            " (select coalesce(max(recorded_at), '-infinity')::text from records_changeset)"
            " from records_change"
        )
        return cursor.fetchone()


def test_publishers_in_parallel_leave_no_gap_no_disorder_and_lose_nothing(published_by_many):
    shared, looks = published_by_many
    # Whoever looks sees every number up to the newest: numbers are in the order of commits.
    assert all(newest == count == in_sets for newest, count, in_sets, _ in looks)
    assert [look[0] for look in looks] == sorted(look[0] for look in looks)
    assert [look[3] for look in looks] == sorted(look[3] for look in looks)
    assert len({look[0] for look in looks}) > 3

    names = {f"p{process}.{turn}" for process in range(PROCESSES) for turn in range(TURNS)}
    assert {name["name"] for name in said("places", shared)["names"]} == names
    assert {name["name"] for name in body("places", shared)["names"]} == names
    assert state("places", shared) == "published"
    current = record_of("places").objects.current()
    assert set(current.values_list("name", flat=True)) == names | {"Shared"}

    sets = list(ChangeSet.objects.order_by("first_seq"))
    assert sets[0].first_seq == 1
    for before, after in itertools.pairwise(sets):
        assert after.first_seq == before.last_seq + 1
        assert after.recorded_at > before.recorded_at
    for change_set in sets:
        assert [change.seq for change in change_set.changes.order_by("seq")] == list(
            range(change_set.first_seq, change_set.last_seq + 1)
        )
    for change in Change.objects.select_related("change_set"):
        version = record_of(change.resource).objects.get(seq=change.seq)
        assert (version.object_id, version.version) == (change.object_id, change.version)
        assert version.recorded_at == change.change_set.recorded_at
    for resource in resources():
        by_object = {}
        for version in record_of(resource).objects.order_by("seq"):
            by_object.setdefault(version.object_id, []).append(version)
        for versions in by_object.values():
            assert [v.version for v in versions] == list(range(1, len(versions) + 1))
            following = [v.seq for v in versions[1:]] + [None]
            assert [v.superseded_seq for v in versions] == following
