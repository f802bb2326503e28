"""An instance of one's own to measure: its state folder, its files, its data, its server.

What is made is kept, with what its making cost, in `made.json` of its folder. A step that was
interrupted leaves the instance half made: then it is removed, and made again from the start.
"""

import hashlib
import http.client
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench import data, processes
from bench.progress import tell
from config.postgres import Server
from config.state import CHECKOUT

START_SECONDS = 180
STOP_SECONDS = 60
_WRITTEN = re.compile(r"^  \w+ written: (\d+)$", re.MULTILINE)
_ROWS = re.compile(r": (\d+) rows: .*?(\d+) rejected", re.DOTALL)


class BenchError(Exception):
    """The benchmark itself went wrong; the message says where."""


@dataclass(frozen=True)
class Spent:
    """What a command cost."""

    seconds: float
    #: Of the command and of PostgreSQL.
    cpu: float
    #: The most that the command had resident, in bytes.
    memory: int
    output: str = ""


class Instance:
    """One instance in a folder of its own, with a number of events."""

    def __init__(self, folder: Path, events: int) -> None:
        self.folder, self.events = folder, events
        self.state, self.files = folder / "state", folder / "files"
        self.server = Server(self.state)
        self.world = data.World(events)
        #: How many events the first import brings; a further one brings the rest.
        self.first = events - events // 10

    # What was made.

    @property
    def _marker(self) -> Path:
        return self.folder / "made.json"

    def _made(self) -> dict[str, Any]:
        return json.loads(self._marker.read_text()) if self._marker.exists() else {}

    def _of(self) -> dict[str, Any]:
        """What the data follows from."""
        digest = hashlib.sha256()
        for path in sorted(CHECKOUT.glob("*/migrations/*.py")):
            digest.update(path.read_bytes())
        generator = Path(data.__file__).read_bytes()
        return {
            "events": self.events,
            "generator": hashlib.sha256(generator).hexdigest(),
            "tables": digest.hexdigest(),
        }

    def open(self) -> None:
        """Take up what is there if it is whole and of the same data, else begin anew."""
        made = self._made()
        if made.get("of") != self._of() or made.get("begun"):
            self.remove()
            self.files.mkdir(parents=True)
            self._keep({"of": self._of(), "begun": None, "steps": {}})
        self.server.use()

    def remove(self) -> None:
        """Delete the instance and all that it has."""
        if self.state.exists():
            self.server.remove()
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _keep(self, made: dict[str, Any]) -> None:
        draft = self._marker.with_suffix(".new")
        draft.write_text(json.dumps(made, indent=1))
        draft.replace(self._marker)

    def step(self, name: str, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What a step measured: from the run that took it, else it is taken now."""
        made = self._made()
        if name not in made["steps"]:
            tell(f"{self.events:,} events: {name}")
            self._keep(made | {"begun": name})
            made["steps"][name] = do()
            self._keep(made)
        return made["steps"][name]

    # Its database.

    @property
    def postmaster(self) -> int:
        """The process id of its PostgreSQL."""
        return int((self.server.data / "postmaster.pid").read_text().split()[0])

    @contextmanager
    def database(self, **options: Any) -> Iterator[psycopg.Connection[Any]]:
        """A connection to its database, as its own user."""
        address = self.server.use()
        with psycopg.connect(
            host=address.host, port=address.port, user=address.user, password=address.password,
            dbname="dateline", autocommit=True, **options,
        ) as connection:  # fmt: skip
            yield connection

    def value(self, statement: str) -> Any:
        """The one value that a statement gives."""
        with self.database() as database:
            row = database.execute(statement.encode()).fetchone()
            assert row is not None
            return row[0]

    # Its commands.

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a process of this instance, with nothing of another one's."""
        ours = ("DATABASE_URL", "HOST", "PORT", "DJANGO_SETTINGS_MODULE")
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("DATELINE_") and name not in ours
        }
        return kept | {"DATELINE_STATE": str(self.state)} | more

    def run(self, *command: str) -> Spent:
        """Run a Python command in the checkout, and say what it cost."""
        began, before = time.perf_counter(), self._used()
        peak = 0
        with (self.folder / "output").open("w+") as output:
            child = subprocess.Popen(
                [sys.executable, *command], cwd=CHECKOUT, env=self.environment(), stdout=output,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                while child.poll() is None:
                    peak = max(peak, processes.memory(child.pid, "VmHWM"))
                    try:
                        child.wait(0.1)
                    except subprocess.TimeoutExpired:
                        continue
            finally:
                end(child)
            output.seek(0)
            told = output.read()
        if child.returncode:
            raise BenchError(f"{' '.join(command)} ended with {child.returncode}:\n{told[-3000:]}")
        seconds = time.perf_counter() - began
        return Spent(seconds, self._used() - before, peak, told)

    def _used(self) -> float:
        """CPU of commands that have ended, and of PostgreSQL."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return ended.ru_utime + ended.ru_stime + processes.cpu_seconds([self.postmaster])

    def load(self, form: str, path: Path) -> dict[str, Any]:
        """Import a file by the real command."""
        before = self._newest()
        rejects = self.folder / "rejects.csv"
        spent = self.run(
            "manage.py", "import_data", form, str(path), "--release", "bench", "--rejects",
            str(rejects), "--verbosity", "0",
        )  # fmt: skip
        rows = _ROWS.search(spent.output)
        if rows is None or rows[2] != "0":
            raise BenchError(f"{path.name} was not imported whole:\n{spent.output[-3000:]}")
        told = asdict(spent)
        del told["output"]
        return told | {
            "rows": int(rows[1]),
            "written": sum(map(int, _WRITTEN.findall(spent.output))),
            "appended": self._newest() - before,
        }

    def _newest(self) -> int:
        return self.value("select coalesce(max(last_seq), 0) from records_changeset")

    # Its data.

    def make_places(self) -> dict[str, Any]:
        """Make the tables, and the gazetteer."""
        self.run("manage.py", "migrate", "--verbosity", "0")
        path = self.files / "places.txt"
        self.world.write_places(path)
        return self.load("geonames", path)

    def import_first(self) -> dict[str, Any]:
        """Import all but the last tenth into the empty instance."""
        path = self.files / "first.csv"
        self.world.write_events(path, 1, self.first)
        return self.load("ucdp", path)

    def import_again(self) -> dict[str, Any]:
        """Import the same file again."""
        return self.load("ucdp", self.files / "first.csv")

    def import_changed(self) -> dict[str, Any]:
        """Import it with one row changed."""
        path = self.files / "changed.csv"
        self.world.write_events(path, 1, self.first, changed=self.first // 2)
        return self.load("ucdp", path)

    def import_further(self) -> dict[str, Any]:
        """Import the last tenth."""
        path = self.files / "further.csv"
        self.world.write_events(path, self.first + 1, self.events)
        return self.load("ucdp", path)

    # Its server.

    @contextmanager
    def serving(self) -> Iterator["Serving"]:
        """The server as `make run` starts it, on a free port of the loopback."""
        port = free_port()
        with started(
            [sys.executable, "-m", "config.serve"],
            self.environment(HOST="127.0.0.1", PORT=str(port)),
            port,
            self.folder / "serve.log",
        ) as process:
            yield Serving(process.pid, port)


@dataclass(frozen=True)
class Serving:
    """A server that answers."""

    pid: int
    port: int


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(
    command: list[str], environment: dict[str, str], port: int, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process, from when it answers on; it is ended with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=CHECKOUT, env=environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + START_SECONDS
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    said = log.read_text(errors="replace")[-3000:]
                    raise BenchError(f"{' '.join(command)} does not serve:\n{said}")
                time.sleep(0.05)
            yield process
        finally:
            end(process)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/api/v1/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started here, unless it has ended."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
