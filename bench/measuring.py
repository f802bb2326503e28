"""How costs are taken: in alternation, as medians, of the server's processes alone."""

import http.client
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from bench import processes
from bench.instance import BenchError

#: Seconds that one work may take in one round.
ROUND_SECONDS = 1.0
MOST_TIMES = 500


@dataclass(frozen=True)
class Answer:
    """An answer of a server."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """Its body."""
        return orjson.loads(self.body)


class Client:
    """One client with one connection that is kept."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)

    def get(self, path: str, *, expected: int = 200, **headers: str) -> Answer:
        """Ask for a path. Raises `BenchError` where the status is another one."""
        response = self._ask(path, {name.replace("_", "-"): text for name, text in headers.items()})
        body = response.read()
        if response.status != expected:
            raise BenchError(f"{path} answered {response.status}: {body[:500]!r}")
        return Answer(response.status, response.headers, body)

    def _ask(self, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        """The beginning of an answer; over a new connection where the server closed an idle one."""
        try:
            self._connection.request("GET", path, headers=headers)
            return self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            self._connection.close()
            self._connection.request("GET", path, headers=headers)
            return self._connection.getresponse()

    def stream(self, path: str) -> tuple[int, float, float]:
        """Read a whole answer: how many line ends, seconds to the first byte, to the last."""
        began = time.perf_counter()
        response = self._ask(path, {})
        lines, first = 0, 0.0
        while piece := response.read1(1 << 20):
            first = first or time.perf_counter() - began
            lines += piece.count(b"\n")
        if response.status != 200:
            raise BenchError(f"{path} answered {response.status}")
        return lines, first, time.perf_counter() - began


def cpu(
    roots: list[int], works: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, float]:
    """CPU milliseconds that each work costs processes: medians over rounds, in alternation."""
    times = {}
    for name, work in works.items():
        work()
        began = time.perf_counter()
        for _ in range(5):
            work()
        each = (time.perf_counter() - began) / 5
        times[name] = max(5, min(MOST_TIMES, int(ROUND_SECONDS / each)))
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            before = processes.cpu_seconds(roots)
            for _ in range(times[name]):
                work()
            found[name].append((processes.cpu_seconds(roots) - before) / times[name] * 1000)
    return {name: statistics.median(costs) for name, costs in found.items()}


def seconds(works: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Seconds that each work says it took: medians over rounds, in alternation."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(work())
    return {name: statistics.median(taken) for name, taken in found.items()}


def latencies(work: Callable[[], object], times: int) -> list[float]:
    """Seconds that each of many calls took, the shortest first."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return sorted(taken)
