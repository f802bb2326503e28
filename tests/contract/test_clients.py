"""Clients generated from the OpenAPI document walk every list, as docs/clients.md says."""

import hashlib
import importlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from ruamel.yaml import YAML  # what openapi-python-client reads YAML with

from config.api import docs
from records import publishing
from records.models import Change, Dataset
from records.registry import record_of, resources
from records.vocabularies import vocabularies
from tests import api_world, factories
from tests.factories import World
from tests.kept import Kept, kept_by

PAGE = (Path(settings.BASE_DIR) / "docs" / "clients.md").read_text(encoding="utf-8")
#: Where the page supposes a server.
ADDRESS = "http://127.0.0.1:8000"
WALK = Path(__file__).parent.parent / "clients"

#: How many versions one of the sources has.
VERSIONS = 5


def blocks(language: str) -> list[str]:
    """The pieces of code of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def publish() -> None:
    """Publish some hundreds of records, one of them in several versions."""
    made = factories.world()
    for name in ("oakford", "red_army", "paper", "article", "withdrawal", "announced", "held"):
        api_world.multiply(factories.RESOURCES[name], getattr(made, name), 90)
    api_world.multiply("contradictions", made.dispute, 90)
    for number in range(1, VERSIONS):
        factories.republish("sources", made.paper, url=f"https://paper.example/{number}")
    Dataset.objects.bulk_create(Dataset(slug=f"set-{n}", title="A set") for n in range(60))


kept_records = kept_by(publish)


@pytest.fixture
def served(live_server: Any, kept_records: Kept[None]) -> str:
    """The address of a server with the records."""
    kept_records.bring_back()
    return str(live_server.url)


def with_z(record: dict[str, Any]) -> Any:
    """A record whose instants end as the API writes them: Python writes UTC otherwise."""
    return json.loads(json.dumps(record).replace('+00:00"', 'Z"'))


def expected() -> dict[str, int]:
    """How many records each list has."""
    counts = {name: record_of(name).objects.current().count() for name in resources()}
    return counts | {"datasets": Dataset.objects.count(), "changes": Change.objects.count()}


def test_readers_of_yaml_1_2_read_what_the_json_says() -> None:
    """Python's usual reader cannot tell: it keeps to YAML 1.1, where fewer texts are numbers."""
    read = YAML(typ="safe", pure=True).load(docs.document("yaml"))
    assert read == json.loads(docs.document("json"))


def claims_of(*kinds: str) -> int:
    """How many claims of some kinds there are."""
    return record_of("claims").objects.current().filter(kind__in=kinds).count()


# Python


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The generated package `dateline`, importable while the tests run."""
    folder = tmp_path_factory.mktemp("python")
    (folder / "openapi.yaml").write_bytes(docs.document("yaml"))
    (folder / "config.yml").write_text("post_hooks: []\n")
    command = [
        str(Path(sys.executable).parent / "openapi-python-client"), "generate",
        "--path", "openapi.yaml", "--config", "config.yml", "--meta", "none",
        "--output-path", "dateline", "--fail-on-warning",
    ]  # fmt: skip
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "dateline"]:
        del sys.modules[name]


@pytest.fixture
def python(package: None, served: str) -> Iterator[SimpleNamespace]:
    """The generated client, with `paginate` as the page has it."""
    helper, _ = blocks("python")
    names: dict[str, Any] = {}
    exec(compile(helper, "docs/clients.md", "exec"), names)  # noqa: S102 (it is our own page)
    dateline = importlib.import_module("dateline")

    def operation(tag: str, name: str) -> Any:
        return importlib.import_module(f"dateline.api.{tag}.{name}")

    with dateline.Client(served, raise_on_unexpected_status=True, follow_redirects=True) as client:
        yield SimpleNamespace(client=client, paginate=names["paginate"], operation=operation)


def test_a_python_client_walks_every_list_to_its_end(python: SimpleNamespace) -> None:
    counts = {}
    for name in [*resources(), "datasets", "changes"]:
        operation = python.operation(name, f"{name}_list")
        records = list(python.paginate(operation, python.client, limit=40))
        key = {"datasets": "slug", "changes": "seq"}.get(name, "id")
        counts[name] = len({getattr(record, key) for record in records})
        assert counts[name] == len(records)
    assert counts == expected()
    lists = python.operation("vocabularies", "vocabularies_list").sync(client=python.client)
    assert [vocabulary.name for vocabulary in lists.results] == list(vocabularies())
    vocabulary_of = python.operation("vocabularies", "vocabularies_retrieve").sync
    for listed in lists.results:
        assert len(vocabulary_of(listed.name, client=python.client).values) == listed.size


def test_a_python_client_walks_a_history_to_its_end(python: SimpleNamespace) -> None:
    paper = str(factories.ident("sources", "paper"))
    history = python.operation("sources", "sources_history_list")
    versions = list(python.paginate(history, python.client, id=paper, limit=2))
    assert sorted(version.version for version in versions) == list(range(1, VERSIONS + 1))
    (newest,) = (version for version in versions if version.version == VERSIONS)
    assert newest.recorded_at.utcoffset() is not None
    changed = {change.path: (str(change.op), change.value) for change in newest.patch}
    assert changed["/url"] == ("replace", "https://paper.example/4")
    assert "/name" not in changed
    of_version = python.operation("sources", "sources_history_retrieve")
    assert of_version.sync(paper, 2, client=python.client).url == "https://paper.example/1"
    assert of_version.sync(paper, VERSIONS, client=python.client).version == VERSIONS


def test_a_python_client_has_what_the_json_has(python: SimpleNamespace) -> None:
    claims = python.operation("claims", "claims_list")
    models = importlib.import_module("dateline.models")
    expand, ordering = models.ClaimsListExpandItem, models.ClaimsListOrdering
    page = claims.sync(
        client=python.client,
        kind=["control", "!quantity"],
        polarity=["affirmed"],
        expand=[expand.CLAIMANT, expand.PLACES],
        ordering=ordering.SAID_DESCENDING,
        limit=1,
    )
    (claim,) = page.results
    whole = factories.body("claims", claim.id)
    assert with_z(claim.to_dict()) == whole
    assert claim.said.earliest.isoformat() == "2022-10-02T00:00:00+00:00"
    assert claim.holds.latest is None
    assert claim.quantity is None
    assert [source.id for source in page.included.sources] == [claim.claimant.id]
    one = python.operation("claims", "claims_retrieve").sync(str(claim.id), client=python.client)
    assert with_z(one.to_dict()) == whole
    events = list(
        python.paginate(
            python.operation("events", "events_list"), python.client, type_=["battle", "strike"]
        )
    )
    assert [(event.type_.code, event.title) for event in events] == [
        ("battle.offensive", "Advance on Ferry")
    ]
    place = python.operation("places", "places_list").sync(client=python.client, name="Дубове")
    assert place.results[0].codes.additional_properties == {"geonames": "1001"}
    by_code = python.operation("places", "places_retrieve").sync(
        "iso3166-1:LA", client=python.client
    )
    assert by_code.name == "Landia"
    assert python.operation("coverage", "coverage_retrieve").sync(client=python.client).total
    found = python.operation("search", "search_retrieve").sync(client=python.client, q="ferry")
    assert [place.name for place in found.results.places] == ["Ferry"]
    (document, *_) = (
        python.operation("documents", "documents_list").sync(client=python.client).results
    )
    notes = python.operation("documents", "documents_annotations_retrieve")
    assert notes.sync(str(document.id), client=python.client).type_ == "AnnotationPage"


def test_the_python_example_of_the_page_runs(
    package: None, served: str, capsys: pytest.CaptureFixture[str]
) -> None:
    helper, example = blocks("python")
    assert ADDRESS in example
    code = helper + example.replace(ADDRESS, served)
    exec(compile(code, "docs/clients.md", "exec"), {})  # noqa: S102 (it is our own page)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == claims_of("occurrence", "quantity")
    assert "Red spokesman Red's troops left Oakford. 2022-10-01 00:00:00+00:00" in said
    assert "Red Ministry Red left Oakford, its ministry confirmed. None" in said


def test_a_python_client_tells_problems(python: SimpleNamespace) -> None:
    places = python.operation("places", "places_retrieve")
    problem = places.sync("nonsense", client=python.client)
    assert (problem.status, problem.title) == (404, "There is nothing at this address")
    problem = python.operation("places", "places_list").sync(client=python.client, bbox="1,2")
    assert [error.parameter for error in problem.errors] == ["bbox"]
    counted = factories.ident("claims", "counted")
    publishing.retract([("claims", counted)], reason="It was a slip.")
    claims = python.operation("claims", "claims_retrieve")
    problem = claims.sync(str(counted), client=python.client)
    assert (problem.status, problem["reason"]) == (410, "It was a slip.")
    with pytest.raises(RuntimeError, match="bbox"):
        next(python.paginate(python.operation("places", "places_list"), python.client, bbox="1"))


def test_a_python_client_takes_a_code_that_it_does_not_know(package: None, world: World) -> None:
    models = importlib.import_module("dateline.models")
    body = factories.body("events", world.withdrawal)
    body["type"]["code"], body["status"] = "space.landing", "rumoured"
    event = models.Event.from_dict(body)
    assert (event.type_.code, event.status) == ("space.landing", "rumoured")


# TypeScript


@pytest.fixture(scope="module")
def modules() -> Path:
    """A folder with the packages of npm; kept from run to run among the temporary files."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    wanted = (WALK / "package.json").read_bytes()
    name = f"dateline-npm-{hashlib.sha256(wanted).hexdigest()[:12]}"
    kept = Path(tempfile.gettempdir()) / name
    if not (kept / "done").exists():
        kept.mkdir(exist_ok=True)
        (kept / "package.json").write_bytes(wanted)
        command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock"]
        command += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]  # offline: no long wait
        made = subprocess.run(command, cwd=kept, capture_output=True, text=True, check=False)
        if made.returncode:
            pytest.skip(f"npm could not install the packages: {made.stderr[-200:]}")
        (kept / "done").touch()
    return kept


def test_a_typescript_client_walks_every_list_to_its_end(
    modules: Path, served: str, tmp_path: Path
) -> None:
    helper, example = blocks("typescript")
    for name in ("walk.ts", "tsconfig.json", "package.json"):
        shutil.copy(WALK / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(modules / "node_modules")
    (tmp_path / "paginate.ts").write_text(helper)
    imported = 'import { connect, paginate } from "./paginate.js";\n'
    assert ADDRESS in example
    (tmp_path / "example.ts").write_text(imported + example.replace(ADDRESS, served))
    (tmp_path / "openapi.yaml").write_bytes(docs.document("yaml"))

    def run(*command: str) -> str:
        bin_folder = tmp_path / "node_modules" / ".bin"
        found = bin_folder / command[0]
        program = [str(found)] if found.exists() else [command[0]]
        made = subprocess.run(
            [*program, *command[1:]], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stdout + made.stderr
        return made.stdout

    run("openapi-typescript", "openapi.yaml", "--output", "dateline.d.ts")
    run("tsc", "--project", "tsconfig.json")
    printed = run("node", "example.js").splitlines()
    assert len(printed) == claims_of("occurrence")
    assert "Red spokesman Red's troops left Oakford." in printed
    said = json.loads(run("node", "walk.js", served))
    assert said.pop("next").startswith(f"{served}/api/v1/claims/?")
    assert said == {
        "counts": expected() | {"vocabularies": len(vocabularies()), "versions": VERSIONS},
        "polarity": "denied",
        "kind": "control",
        "earliest": "2022-10-03T00:00:00Z",
        "battles": ["Advance on Ferry"],
        "places": ["Oakford"],
    }
