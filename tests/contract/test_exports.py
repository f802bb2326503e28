"""Whole sets out: CSV and NDJSON of every list, byte for byte, at one moment."""

import csv
import io
import re
import threading
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from django.db import OperationalError, connection, connections
from django.test import Client

from config.state import CHECKOUT
from records import copying, flat, publishing
from records.api import exports
from records.flat import cell
from records.registry import record_of, resources
from tests import api_world
from tests.api_world import detail, get, multiply, problem, wrong_parameters
from tests.factories import World, ident, public, republish, row

CSV, NDJSON = "text/csv", "application/x-ndjson"
FORMATS = {"csv": "text/csv; charset=utf-8", "ndjson": NDJSON}
#: Texts that something on the way may take for more than a text.
NASTY = [
    "a, b; c", 'say "so"', "two\nlines", "two\r\nlines", "a\\b\\n\\N\\.", "\\.", "tab\there",
    "=1+1", "+1", "-1-1", "@sum", "%s %(x)s %%", "it's ''", "$1 $$", "\x01\x02", "naïve — 城 🦊",
    "＝1", "'already", "{}", " leading", "trailing ",
]  # fmt: skip


def url(resource: str, **asked: Any) -> str:
    address = f"/api/v1/{resource}/"
    return address + ("?" + "&".join(f"{k}={v}" for k, v in asked.items()) if asked else "")


def export(client: Client, address: str, kind: str) -> bytes:
    """The bytes of an export."""
    answer = client.get(address, headers={"Accept": kind})
    assert answer.status_code == 200, answer.content
    assert answer.streaming
    return answer.getvalue()


def lines(client: Client, address: str) -> list[bytes]:
    """The lines of an export as NDJSON."""
    whole = export(client, address, NDJSON)
    assert whole == b"" or whole.endswith(b"\n")
    return whole.split(b"\n")[:-1]


def cells(whole: bytes) -> list[dict[str, str]]:
    """The rows of an export as CSV, as a strict reader reads them."""
    text = whole.decode("utf-8")
    assert not text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@pytest.fixture
def nasty(world: World) -> list[str]:
    """Events whose titles and summaries are nasty, by id."""
    made = [
        public("events", f"nasty {n}", title=text, summary=text[::-1])
        for n, text in enumerate(text.strip() for text in NASTY)
    ]
    return sorted(map(str, made))


def test_ndjson_is_byte_for_byte_what_details_serve(client: Client, world: World) -> None:
    for resource in resources():
        found = lines(client, url(resource))
        ids = [orjson.loads(line)["id"] for line in found]
        assert ids == sorted(ids)
        pages = api_world.walk(client, url(resource))
        assert set(ids) == {i for page in pages for i in api_world.ids(page)} != set()
        for object_id, line in zip(ids, found, strict=True):
            assert client.get(detail(resource, object_id)).content == line


def test_no_sign_in_a_text_changes_a_byte(client: Client, nasty: list[str]) -> None:
    found = {orjson.loads(line)["id"]: line for line in lines(client, url("events"))}
    for object_id in nasty:
        assert client.get(detail("events", object_id)).content == found[object_id]
    read = {r["id"]: r for r in cells(export(client, url("events"), CSV))}
    for object_id in nasty:
        record = orjson.loads(found[object_id])
        for name in ("title", "summary"):
            said, shown = record[name], read[object_id][name]
            formula = said[0] in "=+-@\t\r\n＝＋－＠" and not re.fullmatch("[-+][0-9]+", said)
            assert shown == ("'" + said if formula else said)


def test_csv_has_a_fixed_set_of_columns_and_a_row_for_each_record(
    client: Client, world: World
) -> None:
    for resource in resources():
        whole = export(client, url(resource), CSV)
        names = [column.name for column in record_of(resource).csv_columns]
        assert len(set(names)) == len(names)
        assert whole.startswith(",".join(names).encode() + b"\r\n")
        assert whole.endswith(b"\r\n")
        rows = cells(whole)
        bodies = [orjson.loads(line) for line in lines(client, url(resource))]
        for shown, body in zip(rows, bodies, strict=True):
            assert list(shown) == names
            assert None not in shown.values()
            assert [shown[name] for name in ("id", "version", "seq", "recorded_at")] == [
                body["id"], str(body["version"]), str(body["seq"]), body["recorded_at"]
            ]  # fmt: skip


def test_a_claim_is_flat(client: Client, world: World) -> None:
    rows = {row["id"]: row for row in cells(export(client, url("claims"), CSV))}
    counted, held = rows[str(world.counted)], rows[str(world.held)]
    announced = rows[str(world.announced)]
    assert {name: counted[name] for name in (
        "statement", "claimant_name", "party_name", "event_title", "object_actor_name", "metric",
        "low", "best", "high", "unit", "approximator", "citations", "mode", "cited_title",
        "publisher_name", "said_edtf", "said_precision")} == {
        "statement": "About 500 of Red's troops were lost.", "claimant_name": "Blue spokesman",
        "party_name": "Blue", "event_title": "Withdrawal from Oakford",
        "object_actor_name": "Red Army", "metric": "lost", "low": "", "best": "500", "high": "",
        "unit": "troops", "approximator": "about", "citations": "1", "mode": "direct_quote",
        "cited_title": "Troops leave Oakford", "publisher_name": "The Paper", "said_edtf": "",
        "said_precision": ""}  # fmt: skip
    assert (held["places"], held["lat"], held["lon"]) == ("Oakford", "48.5", "37.25")
    assert (held["holds_edtf"], held["holds_earliest"], held["holds_latest"]) == (
        "2022-10-02/..", "2022-10-02T00:00:00Z", "")  # fmt: skip
    assert (held["contradicted"], held["contradictions"]) == ("true", "1")
    assert announced["quote"] == "left for better lines"
    assert announced["relations"] == f"same_as:{world.narrated}"
    assert announced["corroboration"] == "third_party"


def test_an_event_and_a_place_are_flat(client: Client, world: World) -> None:
    events = {row["id"]: row for row in cells(export(client, url("events"), CSV))}
    advance = events[str(world.advance)]
    places = zip(advance["places"].split("; "), advance["place_roles"].split("; "), strict=True)
    assert set(places) == {("Ferry", "destination"), ("Oakford", "origin")}
    assert set(advance["place_ids"].split("; ")) == {str(world.ferry), str(world.oakford)}
    assert advance["participants"] == "Blue Army"
    assert (advance["when_edtf"], advance["when_precision"]) == ("2022-09/2022-10-01", "interval")
    withdrawal = events[str(world.withdrawal)]
    assert (withdrawal["place_name"], withdrawal["lat"]) == ("Oakford", "48.5")
    assert withdrawal["codes"] == "acled:LAN1"
    rows = cells(export(client, url("places"), CSV))
    (oakford,) = [row for row in rows if row["id"] == str(world.oakford)]
    assert (oakford["parent_name"], oakford["ancestors"]) == ("Northmark", "Northmark; Landia")
    assert set(oakford["names"].split("; ")) == {"Дубове", "Old Oakford"}


def test_both_sides_of_a_contradiction_are_flat(client: Client, world: World) -> None:
    (row,) = cells(export(client, url("contradictions"), CSV))
    sides = {row["first_claim_id"]: "first", row["second_claim_id"]: "second"}
    assert set(sides) == {str(world.held), str(world.denied)}
    denied = sides[str(world.denied)]
    assert row[f"{denied}_claim_statement"] == "Blue does not hold Oakford."
    assert row[f"{denied}_party_name"] == "Red"
    assert row[f"{denied}_said_edtf"] == "2022-10-03"
    assert row["rule"] == "negation"
    assert row["places"] == "Oakford"


def test_a_source_an_actor_and_a_document_are_flat(client: Client, world: World) -> None:
    sources = {row["id"]: row for row in cells(export(client, url("sources"), CSV))}
    spokesman, paper = sources[str(world.red_spokesman)], sources[str(world.paper)]
    assert (spokesman["speaks_for_name"], spokesman["party_name"]) == ("Red Army", "Red")
    assert (paper["independent"], paper["reliability"], paper["party_id"]) == ("true", "B", "")
    actors = {row["id"]: row for row in cells(export(client, url("actors"), CSV))}
    assert actors[str(world.red_army)]["codes"] == "wikidata:Q1red"
    documents = {row["id"]: row for row in cells(export(client, url("documents"), CSV))}
    article = documents[str(world.article)]
    assert (article["publisher_name"], article["published_edtf"]) == ("The Paper", "2022-10-01")
    assert (article["mentions"], article["mentioned_places"], article["mentioned_actors"]) == (
        "2", "Oakford", "Red Army")  # fmt: skip
    assert article["relations"] == f"embeds:{world.post}"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""), (True, "true"), (False, "false"), (-1.5, "-1.5"), (-3, "-3"), ("-3", "-3"),
        ("+4.5", "+4.5"), ("-3 men", "'-3 men"), ("=1+1", "'=1+1"), ("@x", "'@x"),
        ("\tx", '"\'\tx"'), ("\rx", '"\'\rx"'), ("＝x", "'＝x"), ("a=b", "a=b"), ("", ""),
        ('a"b', '"a""b"'), ("a,b", '"a,b"'), ("a;b", '"a;b"'), ("a\nb", '"a\nb"'),
        (["a", None, "b"], '"a; b"'), (["=a"], "'=a"), ([], ""),
    ],
)  # fmt: skip
def test_a_cell_is_quoted_and_runs_as_no_formula(value: Any, written: str) -> None:
    assert cell(value) == written


@pytest.mark.parametrize("name", FORMATS)
def test_the_answer_says_what_it_is(name: str, client: Client, world: World) -> None:
    newest = get(client, "/api/v1/")["seq"]
    for resource in resources():
        address = url(resource, format=name)
        answer = client.get(address)
        whole = answer.getvalue()
        assert answer["Content-Type"] == FORMATS[name]
        assert answer["Dateline-Seq"] == str(newest)
        assert answer["Content-Disposition"] == (
            f'attachment; filename="dateline-{resource}-{newest}.{name}"'
        )
        assert re.fullmatch('<[^>]*/datasets/>; rel="license"', answer["Link"])
        assert (answer["Vary"], answer["Cache-Control"]) == ("Accept", "public, no-cache")
        again = client.get(address, headers={"If-None-Match": answer["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = client.head(address)
        assert (head["ETag"], head["Content-Type"]) == (answer["ETag"], FORMATS[name])
        assert head.getvalue() == b""
        assert export(client, url(resource), {"csv": CSV, "ndjson": NDJSON}[name]) == whole
    republish("places", world.ferry, name="New Ferry")
    changed = client.get(address, headers={"If-None-Match": answer["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != answer["ETag"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_whole_set_has_no_pages(name: str, client: Client, world: World) -> None:
    for asked, value in {
        "limit": "5", "cursor": "x", "ordering": "name", "count": "exact", "fields": "id",
        "expand": "parent",
    }.items():  # fmt: skip
        assert wrong_parameters(client, url("places", format=name, **{asked: value})) == [asked]
    assert wrong_parameters(client, url("places", format=name, limit=5, count="exact")) == [
        "limit", "count"]  # fmt: skip
    assert wrong_parameters(client, url("places", format=name, nonsense=1)) == ["nonsense"]
    assert wrong_parameters(client, url("places", format=name, country="")) == ["country"]
    assert wrong_parameters(client, url("places", format=name, as_of=10**6)) == ["as_of"]
    one = detail("places", world.oakford)
    assert wrong_parameters(client, f"{one}?format={name}") == ["format"]
    assert client.get(one, headers={"Accept": FORMATS[name].partition(";")[0]}).status_code == 406
    assert wrong_parameters(client, f"/api/v1/changes/?format={name}") == ["format"]


FILTERED = """
places/?country=LA
places/?country=!LA
places/?within=geonames:1001
places/?within={northmark}
places/?within={northmark},{southmark}
places/?bbox=30,40,40,50
places/?name=Oakford
places/?q=dubove
places/?id={oakford},{ferry}
actors/?party=Red
actors/?party=Nobody
sources/?reliability=B
sources/?speaks_for={red}
documents/?since=2022&until=2022-10
documents/?place={oakford}
events/?type=territory
events/?since=2022-10-01&certainly=true
events/?since=1999&undated=true
events/?within={landia}&status=occurred,claimed
events/?near=48.5,37.25&radius=10
claims/?kind=quantity
claims/?party=Red,Blue
claims/?distinct=true
claims/?place={oakford}&contradicted=true
claims/?q=troops+-oakford
claims/?before={denied}
contradictions/?party=Blue
contradictions/?rule=!negation
"""


def test_filters_find_what_lists_find(client: Client, world: World) -> None:
    newest = get(client, "/api/v1/")["seq"]
    for asked in FILTERED.split():
        address = "/api/v1/" + asked.format(**vars(world))
        listed = sorted(i for page in api_world.walk(client, address) for i in api_world.ids(page))
        found = lines(client, address)
        assert [orjson.loads(line)["id"] for line in found] == listed, asked
        assert [row["id"] for row in cells(export(client, address, CSV))] == listed, asked
        assert lines(client, f"{address}&as_of={newest}") == found, asked


def test_a_value_stays_a_value(client: Client, world: World) -> None:
    values = [
        "'; drop table x; --",
        "a\\'b",
        "%s",
        "%(a)s",
        "$1",
        "{0}",
        '"',
        "城",
        "\\",
        "a\nb",
        "'",
    ]
    for n, value in enumerate(values):
        public("actors", f"odd {n}", name=value)
    for value in values:
        answer = client.get("/api/v1/actors/", {"party": value, "format": "ndjson"})
        assert [orjson.loads(line)["name"] for line in answer.getvalue().splitlines()] == [value]
        for parameter in ("q", "name"):
            asked = {parameter: f"red {value}", "format": "csv"}
            assert client.get("/api/v1/actors/", asked).getvalue().startswith(b"id,name,")


def test_nothing_that_matches_is_nothing(client: Client, world: World) -> None:
    address = url("events", type="battle.clash", place=ident("places", "nowhere"))
    assert export(client, address, NDJSON) == b""
    columns = record_of("events").csv_columns
    assert export(client, address, CSV) == flat.header(columns).encode() + b"\r\n"


def test_an_export_is_as_it_stood(client: Client, world: World) -> None:
    before = get(client, "/api/v1/")["seq"]
    kept = {kind: export(client, url("claims"), kind) for kind in (CSV, NDJSON)}
    republish("claims", world.counted, wording="losses")
    publishing.retract([("claims", world.repeated)], reason="It was never said.")
    public("claims", "more", claimant=world.paper, event=world.withdrawal)
    for kind, whole in kept.items():
        assert export(client, url("claims", as_of=before), kind) == whole
        assert export(client, url("claims"), kind) != whole
    answer = client.get(url("claims", as_of=before, format="csv"))
    assert f"dateline-claims-{before}.csv" in answer["Content-Disposition"]
    assert answer["Dateline-Seq"] == str(get(client, "/api/v1/")["seq"])


def test_drafts_and_tombstones_are_left_out(client: Client, world: World) -> None:
    row("places", "draft", name="A draft")
    publishing.retract([("claims", world.denied)], reason="It was never said.")
    for kind in (CSV, NDJSON):
        assert b"A draft" not in export(client, url("places"), kind)
        assert str(world.denied).encode() not in export(client, url("claims"), kind)
    retracted = record_of("claims").objects.newest().get(object_id=world.denied)
    assert (retracted.live, retracted.csv) == (False, "")


def test_a_line_is_never_served_in_json(client: Client, world: World) -> None:
    for resource in resources():
        for record in get(client, url(resource))["results"]:
            assert "csv" not in record


def test_many_come_in_chunks_and_none_is_lost(client: Client, world: World) -> None:
    made = multiply("events", world.withdrawal, 300)
    answer = client.get(url("events", format="ndjson"))
    chunks = list(answer.streaming_content)
    assert len(chunks) > 3
    assert all(copying.CHUNK <= len(chunk) < 2 * copying.CHUNK for chunk in chunks[:-1])
    read = [orjson.loads(line)["id"] for line in b"".join(chunks).splitlines()]
    assert read == sorted(map(str, {*made, world.withdrawal, world.advance}))
    assert [r["id"] for r in cells(export(client, url("events"), CSV))] == read


# What happens between the first chunk and the last.


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The connections that exports make for themselves."""
    made: list[Any] = []
    create = connections.create_connection

    def noted(alias: str) -> Any:
        made.append(create(alias))
        return made[-1]

    monkeypatch.setattr(connections, "create_connection", noted)
    return made


@pytest.fixture
def many(transactional_db: None, world: World) -> World:
    """The world with more events than one chunk holds, as others see it."""
    multiply("events", world.withdrawal, 2000)
    return world


def running() -> int:
    """How many queries of others run, or wait in a transaction, in this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and backend_type = 'client backend'"
        )
        return cursor.fetchone()[0]


def test_an_export_sees_one_state_whatever_is_published_meanwhile(
    many: World, client: Client, own: list[Any]
) -> None:
    answer = client.get(url("events", format="ndjson"))
    chunks = iter(answer.streaming_content)
    first = next(chunks)
    republish("events", many.withdrawal, summary="Something else.")
    publishing.retract([("events", many.advance)], reason="It never was.")
    public("events", "late", title="Too late")
    whole = first + b"".join(chunks)
    read = [orjson.loads(line) for line in whole.splitlines()]
    assert len(read) == 2002
    assert len({record["id"] for record in read}) == 2002
    assert max(record["seq"] for record in read) <= int(answer["Dateline-Seq"])
    assert b"Too late" not in whole
    answer.close()
    assert [made.connection for made in own] == [None]


def test_a_client_that_goes_away_gives_the_connection_back(
    many: World, client: Client, own: list[Any]
) -> None:
    answer = client.get(url("events", format="csv"))
    next(iter(answer.streaming_content))
    assert running() == 1
    answer.close()
    assert [made.connection for made in own] == [None]
    assert running() == 0


def test_a_client_that_goes_away_at_once_gives_it_back_too(
    many: World, client: Client, own: list[Any]
) -> None:
    client.get(url("events", format="csv")).close()
    client.head(url("events", format="csv"))
    assert [made.connection for made in own] == [None, None]
    assert running() == 0


def test_exports_leave_threads_for_everything_else(
    many: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "SLOTS", threading.BoundedSemaphore(2))
    address = url("events", format="csv")
    first, second = client.get(address), client.get(address)
    refused = client.get(address)
    assert (refused.status_code, refused["Retry-After"]) == (503, "10")
    assert refused["Content-Type"] == "application/problem+json"
    assert client.get(url("events")).status_code == 200
    first.close()
    third = client.get(address)
    assert third.status_code == 200
    third.getvalue()
    third.close()
    second.close()
    # What fits into a chunk holds nothing while it is sent.
    small = [client.get(url("places", format="csv")) for _ in range(4)]
    assert [answer.status_code for answer in small] == [200] * 4


def test_no_time_limit_cuts_an_export(many: World, client: Client, own: list[Any]) -> None:
    answer = client.get(url("events", format="csv"))
    (made,) = own
    assert made.connection.info.transaction_status.name == "ACTIVE"
    answer.close()
    with copying.snapshot() as source, source.cursor() as cursor:
        cursor.execute("select current_setting('statement_timeout'),"
                       " current_setting('transaction_isolation'),"
                       " current_setting('transaction_read_only')")  # fmt: skip
        assert cursor.fetchone() == ("0", "repeatable read", "on")


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_that_fails_does_not_look_whole(
    name: str, many: World, client: Client, own: list[Any]
) -> None:
    answer = client.get(url("events", format=name))
    chunks = iter(answer.streaming_content)
    read = [next(chunks)]
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s)", [own[0].connection.info.backend_pid])
    with pytest.raises(OperationalError):
        read.extend(chunks)
    answer.close()
    last = b"".join(read).rpartition(b"\n")[2]
    assert last
    if name == "ndjson":
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(last)
    else:
        with pytest.raises(csv.Error, match="unexpected end"):
            cells(b"".join(read))
    assert own[0].connection is None


def test_an_export_that_fails_at_once_is_a_problem(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any) -> Iterator[bytes]:
        raise OperationalError("gone")
        yield b""

    monkeypatch.setattr(exports, "copy_texts", broken)
    assert problem(client, url("events", format="csv"), 503)["status"] == 503


def test_every_column_is_documented() -> None:
    told = (CHECKOUT / "docs" / "exports.md").read_text()
    for resource in resources():
        table = told.partition(f"\n### {resource}\n")[2].partition("\n#")[0]
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \|$", table, re.MULTILINE)
        assert rows == [(c.name, c.kind, c.text) for c in record_of(resource).csv_columns], resource


def test_what_lies_somewhere_does_so_in_lists_and_in_files() -> None:
    for route in api_world.record_lists():
        record = record_of(route.resource or "")
        assert route.view.located == (record.geometries([], None) is not None), record
