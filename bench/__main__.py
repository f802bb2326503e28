"""`python -m bench`: make the data, measure, print the table. `python -m bench remove`: delete it.

Status 0 whatever the figures are; another one where the benchmark itself went wrong.
"""

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from bench.instance import BenchError, Instance
from bench.table import Table
from bench.works import measure
from config.environment import Environment
from config.postgres import Lock
from config.state import CHECKOUT, StateError

ENV = Environment(os.environ)
EVENTS = ENV.number("BENCH_EVENTS", 1_000_000, "Events.", least=300, most=10_000_000)
ROUNDS = ENV.number("BENCH_ROUNDS", 7, "Rounds of each measurement.", least=1, most=100)
FOLDER = Path(ENV.text("BENCH_FOLDER", str(CHECKOUT / ".dateline-bench"), "Where the data is."))


def main(*arguments: str) -> None:
    """Measure, or with `remove` delete what was made for a number of events."""
    signal.signal(signal.SIGTERM, _end)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / ".gitignore").write_text("*\n")
    if not Lock(FOLDER / "lock").try_alone():
        sys.exit(f"Another benchmark is running in {FOLDER}; wait for its end.")
    large = Instance(FOLDER / str(EVENTS), EVENTS)
    small = Instance(FOLDER / f"{EVENTS}-tenth", max(20, EVENTS // 10))
    try:
        if arguments == ("remove",):
            large.remove()
            small.remove()
        else:
            table = Table(EVENTS)
            try:
                measure(large, small, table, ROUNDS)
            finally:
                for instance in (large, small):
                    instance.server.leave()
            print(table)
    except (BenchError, StateError) as error:
        sys.exit(f"The benchmark went wrong: {error}")
    except KeyboardInterrupt:
        sys.exit("Stopped. What was finished is kept; the same command goes on from there.")


def _end(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    if not Path("/proc/self/stat").exists():
        sys.exit("make bench reads /proc, which this system does not have: run it on Linux.")
    main(*sys.argv[1:])
