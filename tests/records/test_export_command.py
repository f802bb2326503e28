"""Snapshots: everything at one number, in files that say what they are, taken up where left."""

import gzip
import hashlib
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from config.state import CHECKOUT
from records import exporting, publishing
from records.models import ChangeSet, Dataset
from records.registry import record_of, resources
from tests import api_world
from tests.api_world import detail, get, multiply
from tests.factories import World, edit, public, republish

LOCATED = {"places", "events", "claims"}
Lines = dict[str, bytes]


@pytest.fixture
def export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command into a folder by its name; the folder and what its manifest says."""

    def run(name: str = "out", **options: Any) -> tuple[Path, dict[str, Any]]:
        folder = tmp_path / name
        call_command("export", str(folder), **options)
        return folder, orjson.loads((folder / "manifest.json").read_bytes())

    return run


def newest() -> int:
    return ChangeSet.objects.order_by("-last_seq").values_list("last_seq", flat=True)[0]


def lines(folder: Path) -> dict[str, Lines]:
    """Every record of a snapshot as it is written, by resource and id."""
    return {
        resource: {
            orjson.loads(line)["id"]: line
            for line in (folder / f"{resource}.ndjson").read_bytes().splitlines()
        }
        for resource in resources()
    }


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_snapshot_has_every_record_in_every_format(
    world: World, client: Client, export: Any
) -> None:
    folder, _ = export()
    expected = {f"{r}.{form}" for r in resources() for form in ("ndjson", "csv")}
    expected |= {f"{resource}.geojson" for resource in LOCATED} | {"manifest.json"}
    assert set(files(folder)) == expected
    for resource, found in lines(folder).items():
        address = f"/api/v1/{resource}/"
        assert list(found) == sorted(found)
        for object_id, line in found.items():
            assert client.get(detail(resource, object_id)).content == line
        assert found
        for form in ("ndjson", "csv"):
            served = client.get(f"{address}?format={form}").getvalue()
            assert (folder / f"{resource}.{form}").read_bytes() == served
        if resource in LOCATED:
            page = get(client, f"{address}?format=geojson&limit=200")
            whole = orjson.loads((folder / f"{resource}.geojson").read_bytes())
            assert list(whole) == ["type", "features"]
            assert whole["features"] == sorted(page["features"], key=lambda f: f["id"])


def test_the_manifest_says_what_there_is(world: World, client: Client, export: Any) -> None:
    Dataset.objects.create(slug="lists", title="Lists", licence="CC BY 4.0", attribution="Us.",
                           redistribution="attribution")  # fmt: skip
    folder, manifest = export()
    root = get(client, "/api/v1/")
    assert (manifest["seq"], manifest["dateline"]) == (root["seq"], root["version"])
    assert manifest["changes"] == f"/api/v1/changes/?since={root['seq']}"
    record = get(client, detail("claims", world.held))
    assert manifest["recorded_at"] == record["recorded_at"]
    assert [file["name"] for file in manifest["files"]] == [
        name for name in sorted(files(folder), key=_order) if name != "manifest.json"
    ]
    for file in manifest["files"]:
        content = (folder / file["name"]).read_bytes()
        assert file["bytes"] == len(content)
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert file["name"] == f"{file['resource']}.{file['format']}"
        assert file["rows"] == record_of(file["resource"]).objects.current().count()
    assert manifest["datasets"] == [
        {
            "slug": "lists",
            "title": "Lists",
            "version": None,
            "publisher": None,
            "licence": "CC BY 4.0",
            "licence_url": None,
            "attribution": "Us.",
            "redistribution": "attribution",
            "left_out": False,
        }
    ]


def _order(name: str) -> tuple[int, int]:
    resource, _, form = name.partition(".")
    if resource not in resources():
        return (99, 0)
    return (resources().index(resource), ["ndjson", "csv", "geojson"].index(form))


def test_a_snapshot_and_the_changes_since_give_the_next_snapshot(
    world: World, client: Client, export: Any
) -> None:
    before, manifest = export("before", format=["ndjson"])
    twin = public("places", "twin", name="Twin town", lat=1.0, lon=2.0)
    public("claims", "late", claimant=world.paper, places=[twin])
    republish("places", world.landia, name="Greater Landia")
    publishing.retract([("claims", world.denied)], reason="It was never said.")
    publishing.merge("places", twin, world.ferry, reason="They are one.")
    publishing.erase("claims", world.repeated, reason="A court ordered it.")
    edit("events", world.advance, title="Not public yet")
    publishing.restore("claims", world.denied, reason="It was said.")
    after, _ = export("after", format=["ndjson"])

    pages = list(api_world.walk(client, manifest["changes"] + "&limit=7"))
    ops = {change["op"] for page in pages for change in page["results"]}
    assert ops == {"add", "modify", "retract", "merge", "erase"}
    held = {resource: by_id(found) for resource, found in lines(before).items()}
    assert documented_follow(client)(held, manifest["seq"]) == newest()
    assert held == {resource: by_id(found) for resource, found in lines(after).items()}
    assert lines(before) != lines(after)


def by_id(found: Lines) -> dict[str, Any]:
    return {object_id: orjson.loads(line) for object_id, line in found.items()}


def documented_follow(client: Client) -> Any:
    """The function `follow` of docs/exports.md, which asks `client` instead of a server."""
    told = (CHECKOUT / "docs" / "exports.md").read_text()
    code = told.partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 (it is our own page, and this shows that it works)
    asked = SimpleNamespace(urlopen=lambda url: BytesIO(client.get(url).content))
    names["urllib"] = SimpleNamespace(request=asked)
    return names["follow"]


def test_an_earlier_number_gives_the_same_files_later(world: World, export: Any) -> None:
    seq = newest()
    then, manifest = export("then")
    republish("places", world.landia, name="Greater Landia")
    later, again = export("later", as_of=seq)
    assert files(then) == files(later)
    assert (manifest, manifest["seq"]) == (again, seq)
    start, empty = export("start", as_of=0)
    assert (empty["seq"], empty["recorded_at"]) == (0, None)
    assert {file["rows"] for file in empty["files"]} == {0}
    assert orjson.loads((start / "places.geojson").read_bytes())["features"] == []


def test_compressed_files_hold_the_same_and_depend_on_no_clock(world: World, export: Any) -> None:
    plain, _ = export("plain")
    one, manifest = export("one", gzip=True)
    other, _ = export("other", gzip=True)
    assert files(one) == files(other)
    assert {file["name"].rpartition(".")[2] for file in manifest["files"]} == {"gz"}
    for file in manifest["files"]:
        name = file["name"].removesuffix(".gz")
        assert gzip.decompress((one / file["name"]).read_bytes()) == (plain / name).read_bytes()


def test_a_folder_with_something_in_it_is_left_alone_without_yes(
    world: World, export: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(CommandError, match="is not empty"):
        export()
    assert files(folder) == {"notes.txt": b"mine"}
    export(yes=True)
    with pytest.raises(CommandError, match="is not empty"):
        export()
    republish("places", world.landia, name="Greater Landia")
    _, manifest = export(yes=True, format=["csv"])
    assert manifest["seq"] == newest()
    assert set(files(folder)) == {
        "notes.txt", "manifest.json", *(f"{resource}.csv" for resource in resources())
    }  # fmt: skip


class BrokenOffError(Exception):
    """Stands for whatever ends an export before its time."""


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, world: World, export: Any) -> Path:
    """A folder in which an export broke off in the middle of the sources."""
    copy_texts = exporting.copy_texts

    def break_off(source: Any, queryset: Any, column: str) -> Iterator[list[bytes]]:
        for batch in copy_texts(source, queryset, column):
            if queryset.model is record_of("sources"):
                yield batch[:1]
                raise BrokenOffError
            yield batch

    with monkeypatch.context() as patched:
        patched.setattr(exporting, "copy_texts", break_off)
        with pytest.raises(BrokenOffError):
            export()
    return tmp_path / "out"


def test_an_export_goes_on_where_it_broke_off(world: World, broken: Path, export: Any) -> None:
    seq = newest()
    left = files(broken)
    assert "manifest.json" not in left
    assert "sources.ndjson.part" in left
    assert "sources.ndjson" not in left
    inode = (broken / "places.csv").stat().st_ino
    torn = broken / "actors.csv"
    torn.write_bytes(left["actors.csv"][:-10])
    republish("places", world.landia, name="Greater Landia")
    _, manifest = export()
    assert manifest["seq"] == seq
    assert (broken / "places.csv").stat().st_ino == inode
    fresh, _ = export("fresh", as_of=seq)
    assert files(broken) == files(fresh)


def test_what_was_left_of_another_export_is_not_gone_on_with(
    world: World, broken: Path, export: Any
) -> None:
    seq = newest()
    republish("places", world.landia, name="Greater Landia")
    for options in ({"as_of": newest()}, {"gzip": True}, {"format": ["csv"]}):
        with pytest.raises(CommandError, match="no unfinished export of the same number"):
            export(**options)
    _, manifest = export(as_of=newest(), yes=True)
    assert manifest["seq"] == newest() > seq
    assert not list(broken.glob("*.part"))


def test_nothing_erased_is_left_in_an_export_that_goes_on(
    world: World, broken: Path, export: Any
) -> None:
    assert b'"name":"Oakford"' in (broken / "places.ndjson").read_bytes()
    publishing.erase("places", world.oakford, reason="People are in danger.")
    export()
    for name, content in files(broken).items():
        assert b"48.5" not in content, name
        assert b'"name":"Oakford"' not in content, name


def test_what_may_not_be_passed_on_is_left_out_unless_the_instance_is_closed(
    world: World, export: Any, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = Dataset.objects.create(slug="secret", title="Secret")
    home = public("places", "home", name="Home", dataset="secret",
                  datasets=[{"dataset": "secret", "external_id": "7"}])  # fmt: skip
    shared = public("places", "shared", name="Shared",
                    datasets=[{"dataset": "secret", "external_id": "8"}])  # fmt: skip
    dataset.redistribution = "forbidden"
    dataset.save()
    folder, manifest = export("open")
    assert not {str(home), str(shared)} & set(lines(folder)["places"])
    assert str(world.oakford) in lines(folder)["places"]
    assert [(d["slug"], d["left_out"]) for d in manifest["datasets"]] == [("secret", True)]
    assert "rows of secret" in capsys.readouterr().out
    settings.CLOSED = True
    folder, manifest = export("closed")
    assert {str(home), str(shared)} <= set(lines(folder)["places"])
    assert [(d["slug"], d["left_out"]) for d in manifest["datasets"]] == [("secret", False)]


@pytest.mark.parametrize("seq", [-1, 10**9])
def test_a_number_that_is_not_there_is_refused(
    seq: int, world: World, export: Any, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=r"Number \d+ is not recorded yet|takes a number"):
        export(as_of=seq)
    assert not (tmp_path / "out").exists()


def test_progress_is_told(
    world: World, export: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    multiply("events", world.withdrawal, 120)
    monkeypatch.setattr(exporting, "TOLD", 50)
    folder, manifest = export(format=["csv"])
    told = capsys.readouterr().out
    assert "events.csv: 122 rows\n" in told
    assert " rows so far\n" in told
    assert told.endswith(f"{folder} has everything as of number {manifest['seq']}.\n")


def test_a_snapshot_is_of_one_state_while_others_publish(
    transactional_db: None, world: World, export: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    multiply("claims", world.counted, 200)
    seq = newest()
    copy_texts = exporting.copy_texts
    done = []

    def publish_meanwhile(source: Any, queryset: Any, column: str) -> Iterator[list[bytes]]:
        if not done:
            done.append(republish("places", world.landia, name="Greater Landia"))
            publishing.retract([("claims", world.denied)], reason="It was never said.")
        yield from copy_texts(source, queryset, column)

    monkeypatch.setattr(exporting, "copy_texts", publish_meanwhile)
    folder, manifest = export()
    assert (manifest["seq"], bool(done)) == (seq, True)
    monkeypatch.undo()
    again, _ = export("again", as_of=seq)
    assert files(folder) == files(again)
    assert len(lines(folder)["claims"]) == 206
    located = orjson.loads((folder / "claims.geojson").read_bytes())["features"]
    assert {feature["geometry"]["type"] for feature in located} == {"Point"}


def test_parquet_has_the_columns_of_csv_with_types(
    world: World, client: Client, export: Any
) -> None:
    parquet = pytest.importorskip(
        "pyarrow.parquet", reason="pyarrow is not installed (pip install 'dateline[parquet]')"
    )
    public("documents", "odd", title="=1+1", language=None)
    folder, manifest = export(parquet=True)
    for resource in resources():
        table = parquet.read_table(folder / f"{resource}.parquet")
        columns = record_of(resource).csv_columns
        assert table.column_names == [column.name for column in columns]
        bodies = [orjson.loads(line) for line in lines(folder)[resource].values()]
        for read, body in zip(table.to_pylist(), bodies, strict=True):
            assert read == {column.name: column.typed(body) for column in columns}
    counted = {file["name"]: file["rows"] for file in manifest["files"]}
    assert counted["claims.parquet"] == counted["claims.ndjson"] == 6
    claims = parquet.read_table(folder / "claims.parquet")
    kinds = {field.name: str(field.type) for field in claims.schema}
    assert kinds["best"] == "double"
    assert kinds["contradicted"] == "bool"
    assert kinds["citations"] == "int64"
    assert kinds["said_earliest"] == "timestamp[us, tz=UTC]"
    assert kinds["place_ids"].startswith("list<")


def test_parquet_without_its_library_is_refused_and_says_what_to_install(
    world: World, export: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CommandError, match=r"pip install 'dateline\[parquet\]'"):
        export(parquet=True)
    assert not (tmp_path / "out").exists()
