"""What is measured, in the order of the table."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import Any

from bench import bare, floor, plans, processes
from bench.instance import BenchError, Instance, Serving, free_port, started
from bench.measuring import Client, cpu, latencies, seconds
from bench.progress import tell
from bench.table import Table

LIST = "/api/v1/events/"
FIELDS = f"{LIST}?fields=id,title,when.earliest,place.name"
DEEP = 10_000
MB = 1_000_000
LATENCIES = 1_000
#: How many of the pages that touch the most buffers are named.
TOLD = 10
#: Rounds of what reads all rows.
WHOLE_ROUNDS = 5


def measure(large: Instance, small: Instance, table: Table, rounds: int) -> None:
    """Make the data, take every measurement, and fill the table."""
    made, little = make(large), make_small(small)
    with ExitStack() as running:
        tell("starting the servers")
        ours = running.enter_context(large.serving())
        least = running.enter_context(floor_of(large))
        tenth = running.enter_context(small.serving())
        pages = Pages(large, ours, least, rounds)
        pages.check()
        tell("pages")
        pages.lists(table)
        pages.regions_and_plans(table)
        tell("answers that nothing changed, exports")
        pages.unchanged(table)
        exports(large, ours, table, min(rounds, WHOLE_ROUNDS))
        imports(made, table, large)
        tell("growth, latencies, memory")
        pages.growth(table, small, tenth)
        pages.compression(table)
        pages.latencies(table)
        pages.memory(table)
    table.add(
        "import memory at N / at N/10",
        "<= 1.2",
        f"{ratio(made['first']['memory'], little['first']['memory'])} "
        f"({made['first']['memory'] // MB} MB)",
        large.first,
    )


# What is made first.


def make(large: Instance) -> dict[str, dict[str, Any]]:
    """The data, and what its imports and their floors cost."""
    large.open()
    made = {
        "places": large.step("places", large.make_places),
        "first": large.step("first", large.import_first),
        "again": large.step("again", large.import_again),
        "changed": large.step("changed", large.import_changed),
        "further": large.step("further", large.import_further),
    }

    def load(how: str, which: str) -> Callable[[], dict[str, Any]]:
        paths = [str(large.files / f"{which}.{kind}.ndjson") for kind in bare.TABLES]
        return lambda: asdict(large.run("-m", "bench.bare", how, *paths)) | {"output": ""}

    large.step("bare rows", lambda: make_bare(large))
    made["bulk_create"] = large.step("bulk_create", load("bulk_create", "first"))
    made["merge"] = large.step("merge", load("merge", "further"))
    large.step("vacuum", lambda: vacuum(large))
    return made


def make_small(small: Instance) -> dict[str, dict[str, Any]]:
    """A tenth of the data."""
    small.open()
    small.step("places", small.make_places)
    first = small.step("first", small.import_first)
    small.step("vacuum", lambda: vacuum(small))
    return {"first": first}


def make_bare(large: Instance) -> dict[str, Any]:
    """The tables of the floors, and their rows as files."""
    bare.fill(large)
    bare.write_rows(large)
    bare.make_new_tables(large)
    return {}


def vacuum(instance: Instance) -> dict[str, Any]:
    """What autovacuum would do in time."""
    with instance.database() as database:
        database.execute("vacuum (analyze)")
    return {}


@contextmanager
def floor_of(instance: Instance) -> Iterator[Serving]:
    """The floor's server, over the same database."""
    port = free_port()
    command = [sys.executable, "-m", "bench.floor", str(port)]
    log = instance.folder / "floor.log"
    with started(command, instance.environment(), port, log) as process:
        yield Serving(process.pid, port)


# Pages.


class Pages:
    """Pages of the instance beside those of the floor."""

    def __init__(self, large: Instance, ours: Serving, least: Serving, rounds: int) -> None:
        self.large, self.serving, self.rounds = large, ours, rounds
        self.ours, self.least = Client(ours.port), Client(least.port)
        self.roots = [ours.pid, least.pid, large.postmaster]
        self.newest = self.ours.get(LIST)
        self.idle = processes.memory_of(ours.pid)

    def check(self) -> None:
        """See that the floor answers the same. Raises `BenchError`: else it is no floor."""
        told, least = self.newest.json, self.least.get(LIST).json
        if list(told) != list(least):
            raise BenchError(f"the floor's members {list(least)} are not {list(told)}")
        for one, other in zip(told["results"], least["results"], strict=True):
            for name in one.keys() | other.keys():
                if name not in one or name not in other or one[name] != other[name]:
                    raise BenchError(
                        f"the floor differs in {name}: {other.get(name)!r}, not {one.get(name)!r}"
                    )

    def cost(self, **works: Callable[[], object]) -> dict[str, float]:
        """CPU milliseconds of each work, in alternation."""
        return cpu(self.roots, works, self.rounds)

    def page(self, path: str) -> Callable[[], object]:
        """A work that asks for one path."""
        return lambda: self.ours.get(path)

    def deepest(self) -> tuple[str, int]:
        """The address of page 10,000, or of the last whole one there is; and its number."""
        cursor, pages = None, 1
        while pages < DEEP:
            step = min(4, DEEP - pages)
            at = f"{LIST}?limit={50 * step}" + (f"&cursor={cursor}" if cursor else "")
            following = self.ours.get(at).json["next"]
            if following is None:
                break
            cursor = following.split("cursor=")[1].split("&")[0]
            pages += step
        if cursor is None:
            raise BenchError(f"{self.large.events} events have no second page of 200")
        return f"{LIST}?cursor={cursor}", pages

    def lists(self, table: Table) -> None:
        """List pages of several kinds."""
        deep, number = self.deepest()
        # As it stood when a tenth of all that is recorded was still to come.
        earlier = self.large.value("select max(last_seq) * 9 / 10 from records_changeset")
        ids = [record["id"] for record in self.newest.json["results"]]

        def detail(more: str = "") -> Callable[[], object]:
            position = [0]

            def ask() -> object:
                position[0] = (position[0] + 1) % len(ids)
                return self.ours.get(f"{LIST}{ids[position[0]]}/{more}")

            return ask

        took = self.cost(
            floor=lambda: self.least.get(LIST),
            list=self.page(LIST),
            fields=self.page(FIELDS),
            deep=self.page(deep),
            as_of=self.page(f"{LIST}?as_of={earlier}"),
            detail=detail(),
            expanded=detail("?expand=claims"),
        )
        base, page = took["floor"], took["list"]
        table.add(
            "list page of 50, through the whole stack, CPU / floor",
            "<= 1.0",
            f"{ratio(page, base)} ({page:.2f} / {base:.2f} ms)",
        )
        table.missing(
            "the same / FastAPI + asyncpg + response_model; / django-ninja; / plain DRF",
            "<= 0.6; <= 0.15; <= 0.1",
            "the peers are not built",
        )
        table.add("list page with `fields=` / floor", "<= 1.6", ratio(took["fields"], base))
        table.missing(
            "one event with its claims expanded / ModelSerializer with prefetch",
            "<= 0.1",
            f"the peer is not built; {took['expanded']:.2f} ms",
        )
        table.add("one event / list page", "none", ratio(took["detail"], page))
        table.add(f"page {number:,} / page 1", "<= 1.1", ratio(took["deep"], page))
        table.add("`as_of` page / current page", "<= 1.5", ratio(took["as_of"], page))

    def regions_and_plans(self, table: Table) -> None:
        """Regions, facets, and the plan guard."""
        tell("plans of every filter")
        found = json.loads(self.large.run("-m", "bench.plans").output.splitlines()[-1])
        whole = found["regions"].pop("whole")
        slowest = max(found["regions"], key=found["regions"].__getitem__)
        table.add(
            "newest 50 of any region at any depth, PostgreSQL time / unfiltered newest 50",
            "<= 2",
            f"{ratio(found['regions'][slowest], whole)} ({slowest})",
        )
        self.facets(table)
        costly = sorted(found["pages"], key=lambda page: -page["buffers"])
        worst, over = costly[0], [page for page in costly if page["buffers"] > plans.MOST]
        for page in costly[: max(TOLD, len(over))]:
            tell(f"{page['buffers']:,} buffers, {page['selectivity']}: {page['path'][:150]}")
        table.add(
            f"plan guard: most buffers of a page of 50, {len(found['pages'])} pages by every "
            "documented filter",
            f"<= {plans.MOST:,}",
            f"{worst['buffers']:,} ({worst['selectivity']}: `{worst['path'][8:70]}`)"
            + (f"; {len(over)} over" if over else ""),
        )

    def facets(self, table: Table) -> None:
        """Counts by day and type of a country and a year."""
        country, year = self.large.value("""
            select object_id::text || ' 2025' from places_placerecord
            where kind = 'country' and superseded_seq is null and live order by seq limit 1
        """).split()
        period = f"within={country}&since={year}&until="
        timeline = f"{LIST}timeline/?interval=day&by=type&{period}{year}"
        groups = f"/groups/?{period}{int(year) + 1}-01-01".replace(
            f"since={year}", f"since={year}-01-01"
        )
        took = self.cost(
            timeline=self.page(timeline),
            facets=self.page(f"{LIST}facets/?by=type,place&{period}{year}"),
            groups=lambda: self.least.get(groups),
        )
        table.add(
            "counts by day and type, country and year / GROUP BY with a GIN index",
            "<= 0.1",
            ratio(took["timeline"], took["groups"]),
        )
        table.add(
            "facets by type and place, country and year / the same GROUP BY",
            "none",
            ratio(took["facets"], took["groups"]),
        )

    def unchanged(self, table: Table) -> None:
        """An answer that the client has already."""
        tag = self.newest.headers["ETag"]
        took = self.cost(
            list=self.page(LIST),
            same=lambda: self.ours.get(LIST, expected=304, If_None_Match=tag),
        )
        table.add(
            "304, newest `seq` read each time / list page",
            "<= 0.55",
            ratio(took["same"], took["list"]),
        )

    def growth(self, table: Table, small: Instance, tenth: Serving) -> None:
        """The same page over a tenth of the rows."""
        fewer = Client(tenth.port)
        works = {"many": self.page(LIST), "few": lambda: fewer.get(LIST)}
        roots = [*self.roots, tenth.pid, small.postmaster]
        took = cpu(roots, works, self.rounds)
        table.add("list page at N / at N/10", "<= 1.3", ratio(took["many"], took["few"]))

    def compression(self, table: Table) -> None:
        """What compressing adds to a page."""
        work, target = "compression adds to a page", "<= 15 %"
        answer = self.ours.get(LIST, Accept_Encoding="gzip, zstd")
        if "Content-Encoding" not in answer.headers:
            table.missing(work, target, "answers are not compressed")
            return
        took = self.cost(
            plain=self.page(LIST),
            packed=lambda: self.ours.get(LIST, Accept_Encoding="gzip, zstd"),
        )
        table.add(work, target, f"{100 * (took['packed'] / took['plain'] - 1):.0f} %")

    def latencies(self, table: Table) -> None:
        """How much slower the slowest pages are."""
        taken = latencies(self.page(LIST), LATENCIES)
        half, slow = taken[LATENCIES // 2], taken[LATENCIES * 99 // 100]
        table.add("p99 / p50 of the list at one client", "<= 5", ratio(slow, half))

    def memory(self, table: Table) -> None:
        """What the server has resident after all of this."""
        after = processes.memory_of(self.serving.pid)
        table.add(
            "server memory after load / idle",
            "<= 1.1",
            f"{ratio(after, self.idle)} ({after // MB} / {self.idle // MB} MB)",
        )


# Whole sets.


def exports(large: Instance, ours: Serving, table: Table, rounds: int) -> None:
    """Exports beside `COPY` of the bare rows: seconds a row."""
    client = Client(ours.port)
    firsts: list[float] = []
    growth: list[int] = []

    def exported(form: str) -> Callable[[], float]:
        def run() -> float:
            with watched(ours.pid) as grown:
                lines, first, last = client.stream(f"{LIST}?format={form}")
            firsts.append(first)
            growth.append(grown[0])
            return last / max(1, lines)

        return run

    with large.database() as database:

        def copied(statement: str) -> Callable[[], float]:
            def run() -> float:
                began, rows = time.perf_counter(), 0
                with database.cursor().copy(statement.encode()) as stream:
                    for _ in stream:
                        rows += 1
                return (time.perf_counter() - began) / max(1, rows)

            return run

        works = {
            "ndjson": exported("ndjson"),
            "rows": copied("copy bench_event to stdout"),
            "csv": exported("csv"),
            "join": copied(f"copy ({floor.CSV}) to stdout (format csv)"),
        }
        for work in works.values():
            work()
        firsts.clear()
        growth.clear()
        took = seconds(works, rounds)
    for form, least, what, target in (
        ("ndjson", "rows", "NDJSON export of all events, rows/s / `COPY (normalised table)`", 1.0),
        ("csv", "join", "CSV export / `COPY` of the same join", 0.9),
    ):
        speed = f"{1 / took[form]:,.0f} / {1 / took[least]:,.0f} rows/s"
        table.add(what, f">= {target}", f"{ratio(took[least], took[form])} ({speed})")
    table.add(
        "growth of server memory during export; time to first byte",
        "<= 20 MB; <= 100 ms",
        f"{max(growth) / MB:.0f} MB; {max(firsts) * 1000:.0f} ms",
    )


@contextmanager
def watched(root: int) -> Iterator[list[int]]:
    """The most bytes by which the memory of a tree of processes grows meanwhile."""
    grown, before, ended = [0], processes.memory_of(root), threading.Event()

    def watch() -> None:
        while True:
            grown[0] = max(grown[0], processes.memory_of(root) - before)
            if ended.wait(0.05):
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield grown
    finally:
        ended.set()
        watcher.join()


# Imports.


def imports(made: dict[str, dict[str, Any]], table: Table, large: Instance) -> None:
    """What the imports cost that made the data."""
    first, again, changed = made["first"], made["again"], made["changed"]
    table.add(
        "import of a further 10 % into the rest, everything served kept current / staging `COPY` "
        "+ `MERGE` of the bare rows",
        ">= 0.25",
        speed(made["merge"], made["further"]),
        made["further"]["rows"],
    )
    table.add(
        "first import by the real command, published and searchable / ORM `bulk_create` of the "
        "bare rows",
        ">= 2",
        f"{speed(made['bulk_create'], first)}, {first['rows'] / first['seconds']:,.0f} events/s",
        first["rows"],
    )
    table.add(
        "the same file again: rows written and records appended; speed / first time; with one row "
        "changed",
        "0; >= 2.5; one record more",
        f"{again['written']} and {again['appended']}; {speed(first, again)}; "
        f"{changed['appended']} more",
        again["rows"],
    )


def speed(least: dict[str, Any], ours: dict[str, Any]) -> str:
    """How fast an import is beside another one: by the clock, and by CPU."""
    return f"{ratio(least['seconds'], ours['seconds'])} (CPU {ratio(least['cpu'], ours['cpu'])})"


def ratio(one: float, other: float) -> str:
    """One cost over another, as the table shows it."""
    return f"{one / other:.2f}" if other else "not to be told"
