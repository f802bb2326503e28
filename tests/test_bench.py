"""`make bench`, run whole over a few hundred events; and what its figures rest on."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import data, processes
from config.state import CHECKOUT
from events.imports.ucdp import Ucdp
from records.imports import open_files

EVENTS = 300
#: What is not built, and so has a reason in place of a figure.
MISSING = {
    "the same / FastAPI + asyncpg + response_model; / django-ninja; / plain DRF",
    "one event with its claims expanded / ModelSerializer with prefetch",
    "compression adds to a page",
}
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a benchmark in a folder of its own, which is removed."""
    environment = os.environ | {
        "BENCH_EVENTS": str(EVENTS),
        "BENCH_ROUNDS": "1",
        "BENCH_FOLDER": str(tmp_path / "bench"),
    }
    yield environment
    run(environment, "remove")
    left = {path.name for path in (tmp_path / "bench").iterdir()}
    assert left == {".gitignore", "lock"}


def run(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "bench", *arguments]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=900,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.long
@needs_proc
def test_it_makes_its_data_measures_and_prints_each_work_with_its_target(
    bench: dict[str, str],
) -> None:
    lines = [line.strip("| ").split(" | ") for line in run(bench).splitlines()]
    assert lines[:2] == [["work", "target", "reached", "N"], ["---"] * 4]
    found = {work: (target, reached) for work, target, reached, _ in lines[2:]}
    assert {work for work, (_, reached) in found.items() if reached.startswith("-")} == MISSING
    for work, (_, reached) in found.items():
        assert work in MISSING or re.match(r"\d", reached), (work, reached)
    [again] = [reached for work, (_, reached) in found.items() if work.startswith("the same file")]
    assert again.startswith("0 and 0; ")
    assert again.endswith("; 1 more")
    [guard] = [work for work in found if work.startswith("plan guard")]
    assert "buffers" in guard
    assert int(re.sub(r"\D.*", "", found[guard][1].replace(",", ""))) > 0

    made = json.loads(Path(bench["BENCH_FOLDER"], str(EVENTS), "made.json").read_text())
    assert made["begun"] is None
    rows = {step: made["steps"][step]["rows"] for step in ("first", "further")}
    assert rows == {"first": EVENTS - EVENTS // 10, "further": EVENTS // 10}


def test_the_same_rows_come_out_each_time_and_each_from_its_number_alone(tmp_path: Path) -> None:
    data.World(EVENTS).write_events(tmp_path / "all.csv", 1, 40)
    data.World(EVENTS).write_events(tmp_path / "some.csv", 21, 40)
    whole = (tmp_path / "all.csv").read_text().splitlines()
    assert (tmp_path / "some.csv").read_text().splitlines() == [whole[0], *whole[21:]]


def test_one_row_differs_where_one_is_changed(tmp_path: Path) -> None:
    world = data.World(EVENTS)
    world.write_events(tmp_path / "one.csv", 1, 40)
    world.write_events(tmp_path / "other.csv", 1, 40, changed=7)
    one, other = (
        list(csv.DictReader((tmp_path / name).read_text().splitlines()))
        for name in ("one.csv", "other.csv")
    )
    differing = [
        (row["id"], column)
        for row, changed in zip(one, other, strict=True)
        for column in row
        if row[column] != changed[column]
    ]
    assert differing == [("7", "high")]


def test_a_row_makes_about_three_claims(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    data.World(EVENTS).write_events(path, 1, EVENTS)
    form = Ucdp()
    with open_files([str(path)]) as files:
        files[0].examine()
        form.check(files)
        items = [form.read(row) for row in form.rows(files)]
    assert not [repair for item in items for repair in item.repairs]
    claims = sum(part.resource == "claims" for item in items for part in item.parts)
    assert 2.7 < claims / EVENTS < 3.3


def test_a_fiftieth_of_the_events_are_places() -> None:
    assert [len(data.World(events).places) for events in (300, 5_000, 100_000)] == [20, 100, 2_000]


@needs_proc
def test_cpu_of_a_process_has_that_of_its_children_that_have_ended() -> None:
    before = processes.cpu_seconds([os.getpid()])
    burn = "import time\nwhile time.process_time() < 0.5: pass"
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert processes.cpu_seconds([os.getpid()]) - before > 0.45
