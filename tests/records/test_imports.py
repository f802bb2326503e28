"""The frame of every import, tried with made-up tables of places in the form of GeoNames."""

import csv
import gzip
import io
import random
import zipfile

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from records import imports, publishing, workspace
from records.imports import Asked, Counts, Import, Refused, open_files, running
from records.models import ChangeSet, Dataset, Origin, ReviewItem, State
from records.registry import record_of, resources
from tests import factories

pytestmark = pytest.mark.django_db

SLUG = "geonames"


def line(number, name="Upton", *, feature=("P", "PPL"), lat="48.5", country="UA", other=""):
    """A row of a table of places."""
    cells = [str(number), name, name, other, lat, "37.5", *feature, country]
    return "\t".join([*cells, *[""] * 5, "0", "", "", "", "2022-01-01"]) + "\n"


def table(*numbers, **kwargs):
    return "".join(line(number, f"Place {number}", **kwargs) for number in numbers)


@pytest.fixture
def write(tmp_path):
    """Writes a file and gives its path."""

    def written(text, name="places.txt", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return str(path)

    return written


def run(*paths, rejects=None, **asked):
    """Import files; what was done."""
    rejects = io.StringIO() if rejects is None else rejects
    with open_files(list(paths)) as files:
        return Import(imports.formats()["geonames"](), files, Asked(**asked), rejects=rejects).run()


def everything():
    """All that is there: every version with its content, the workspace, and the origins."""
    return {
        "records": {
            (resource, str(v.object_id), v.version, v.content_hash, v.op, v.superseded_seq is None)
            for resource in resources()
            for v in record_of(resource).objects.all()
        },
        "workspace": {
            resource: record_of(resource).shape.read(
                record_of(resource).shape.model.objects.values_list("pk", flat=True)
            )
            for resource in resources()
        },
        "origins": set(Origin.objects.values_list("resource", "object_id", "external_id")),
        "questions": set(ReviewItem.objects.values_list("object_id", "member", "reason")),
    }


def place(number):
    return record_of("places").objects.current().get(codes__contains=[f"geonames:{number}"])


def test_good_rows_load_and_bad_ones_go_to_the_rejects_with_line_column_and_reason(write):
    bad = line(2, "Nowhere", lat="95")
    short = "3\tCut\n"
    rejects = io.StringIO()
    counts = run(write(line(1) + bad + short + line(4, "Ashby")), rejects=rejects)
    assert (counts.rows, counts.added, counts.rejected) == (4, 2, 2)
    told = list(csv.DictReader(io.StringIO(rejects.getvalue())))
    assert [(row["line"], row["column"], row["value"]) for row in told] == [
        ("2", "latitude", "95"), ("3", "", ""),
    ]  # fmt: skip
    assert told[0]["reason"] == "lies beyond 90 degrees"
    assert told[1]["reason"] == "has 2 cells where the file has 19 columns"
    assert [row["row"] for row in told] == [bad.rstrip("\n"), short.rstrip("\n")]
    assert place(4).shape.strip  # it is public
    assert Dataset.objects.get(slug=SLUG).state == "complete"


def test_the_same_file_again_writes_nothing(write):
    path = write(table(1, 2, 3))
    run(path)
    before, sets = everything(), ChangeSet.objects.count()
    counts = run(path)
    assert (counts.added, counts.changed, counts.unchanged) == (0, 0, 3)
    assert everything() == before
    assert ChangeSet.objects.count() == sets


def test_one_changed_row_is_one_record_more(write):
    run(write(table(1, 2, 3)))
    newest = ChangeSet.objects.latest("last_seq").last_seq
    counts = run(write(table(1, 3) + line(2, "Renamed")))
    assert (counts.added, counts.changed, counts.unchanged) == (0, 1, 2)
    assert ChangeSet.objects.latest("last_seq").last_seq == newest + 1


@pytest.mark.parametrize("kind", ["gz", "zip", "plain"])
def test_packed_files_are_read_as_plain_ones(write, kind):
    text = table(1, 2).encode()
    if kind == "gz":
        path = write(gzip.compress(text), "places.txt.gz")
    elif kind == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("readme.txt", "what is what")
            archive.writestr("places.txt", text)
        path = write(packed.getvalue(), "places.zip")
    else:
        path = write(text)
    assert run(path).added == 2


def test_standard_input_is_read(write, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(table(1, 2).encode())))
    assert run("-").added == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no table of GeoNames|neither a table"),
        (b"id,name\n1,Upton\n", "neither a table of places"),
        (b"PK\x03\x04 no archive", "cannot be unpacked"),
        (b"\x1f\x8b no gzip", "cannot be unpacked"),
        (gzip.compress(table(1, 2, 3).encode())[:-9], "cannot be unpacked"),
        (gzip.compress(b"0" * 60_000_000), "more than 100 times its size"),
        ("\ufeff".encode("utf-16") + b"\x00", "ends in the middle of a character"),
    ],
    ids=["empty", "other columns", "no zip", "no gzip", "cut gzip", "bomb", "cut text"],
)
def test_a_refused_file_changes_nothing(write, content, told):
    before = everything()
    with pytest.raises(Refused, match=told):
        run(write(content))
    assert everything() == before
    assert not Dataset.objects.exists()


def test_text_that_is_no_utf_8_is_read_as_windows_1252_and_noted_on_its_rows(write):
    text = line(1, "Plain") + line(2, "Pl“n")
    counts = run(write(text, encoding="windows-1252"))
    assert counts.repaired == {"encoding": 1}
    assert Origin.objects.get(external_id="2").notes == ["its text was read as Windows-1252"]
    assert Origin.objects.get(external_id="1").notes == []
    assert place(2).body.startswith('{"id":')
    assert "Pl“n" in place(2).body


def test_an_encoding_that_is_named_is_used(write):
    run(write(line(1, "Лиман"), encoding="windows-1251"), encoding="windows-1251")
    assert "Лиман" in place(1).body


def test_a_dry_run_says_what_would_be_and_changes_nothing(write):
    path = write(table(1, 2) + line(3, lat="x"))
    before = everything()
    counts = run(path, dry_run=True)
    assert (counts.added, counts.rejected) == (2, 1)
    assert everything() == before
    assert not Dataset.objects.exists()
    run(path)
    before = everything()
    assert run(write(table(1) + line(2, "Other")), dry_run=True).changed == 1
    assert everything() == before


def test_a_limit_reads_so_many_rows(write):
    assert run(write(table(1, 2, 3)), limit=2).added == 2


def test_a_complete_release_withdraws_what_it_lacks_and_has_it_back_later(write):
    first, second = write(table(1, 2, 3)), write(table(1, 3), "second.txt")
    run(first, release="one")
    assert run(second, release="two").withdrawn == 0
    counts = run(second, release="two", complete=True)
    assert (counts.withdrawn, counts.kept) == (1, 0)
    gone = record_of("places").objects.newest().get(live=False)
    assert gone.op == "retract"
    assert not Origin.objects.filter(external_id="2").exists()
    assert run(second, release="two", complete=True).withdrawn == 0
    assert run(first, release="one").added == 1
    assert place(2).version == 3


def test_a_row_that_was_rejected_is_not_withdrawn(write):
    run(write(table(1, 2)))
    counts = run(write(table(1) + line(2, lat="95")), complete=True)
    assert (counts.rejected, counts.withdrawn) == (1, 0)
    assert place(2)


def test_nothing_is_withdrawn_where_a_rejected_row_has_no_id(write):
    run(write(table(1, 2)))
    counts = run(write(table(1) + "broken\n"), complete=True)
    assert (counts.rejected, counts.withdrawn) == (1, 0)
    assert counts.withdrawals_skipped


def test_what_others_refer_to_stays_with_a_question(write):
    run(write(table(1, 2)))
    world = factories.world()
    event = record_of("events").shape.model.objects.first()
    said = record_of("events").shape.read([event.pk])[event.pk]
    said = {**said, "places": [{"place": str(place(2).object_id), "role": "location"}]}
    workspace.apply("events", {event.pk: said})
    publishing.publish([("events", event.pk)])
    counts = run(write(table(1)), complete=True)
    assert (counts.withdrawn, counts.kept, counts.questions) == (0, 1, 1)
    assert place(2).datasets == []
    assert "public records refer to it" in ReviewItem.objects.get(member="datasets").reason
    assert world


def test_what_a_curator_edited_is_not_overwritten(write):
    run(write(table(1)))
    row = record_of("places").shape.model.objects.get(pk=place(1).object_id)
    row.name = "Curated"
    row.save()
    workspace.mark_edited(row)
    publishing.publish([("places", row.pk)])
    counts = run(write(line(1, "Renamed")))
    assert '"name":"Curated"' in place(1).body
    assert counts.questions == 1
    item = ReviewItem.objects.get(member="name")
    assert item.detail == {"here": "Curated", "there": "Renamed"}


def test_a_row_of_another_home_gets_what_it_lacks_and_nothing_else(write, world):
    row_id = next(iter(record_of("places").objects.current().values_list("object_id", flat=True)))
    said = record_of("places").shape.read([row_id])[row_id]
    workspace.apply("places", {row_id: {**said, "codes": {"geonames": "77"}}})
    publishing.publish([("places", row_id)])
    run(write(line(77, "Another name", other="Third name")))
    now = record_of("places").shape.read([row_id])[row_id]
    assert now["name"] == said["name"]
    assert {n["name"] for n in now["names"]} >= {"Third name"}
    assert {o["dataset"] for o in now["datasets"]} >= {SLUG}
    assert world


def test_rows_that_the_database_refuses_are_found_among_good_ones(write):
    long = line(2, "x" * 201)
    rejects = io.StringIO()
    counts = run(write(table(1) + long + table(3, 4, 5)), rejects=rejects)
    assert (counts.added, counts.rejected) == (4, 1)
    assert "200" in rejects.getvalue()


def test_two_imports_of_one_data_set_exclude_each_other(write):
    path = write(table(1))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(
                "select pg_advisory_lock(%s, %s)", [running.LOCK, running.lock_key(SLUG)]
            )
        with pytest.raises(Refused, match="Another import of the data set geonames is running"):
            run(path)
    finally:
        with other.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock_all()")
        other.close()
    assert run(path).added == 1


class Killed(BaseException):
    """The process ends here."""


def test_an_import_killed_at_ten_points_ends_as_an_undisturbed_one(write, monkeypatch):
    monkeypatch.setattr(running, "BATCH", 7)
    numbers = range(1, 40)
    path = write(table(*numbers) + line(50, lat="none") + line(51, "Pl", other="a,b"))
    statements = 0

    def count(execute, *args):
        nonlocal statements
        statements += 1
        return execute(*args)

    with publishing_undone() as undo:
        with connection.execute_wrapper(count):
            whole = run(path)
        wanted = everything()
        undo()
    assert not everything()["records"]

    chosen = random.Random(20)
    killed = 0
    while killed < 10:
        left = chosen.randrange(1, statements // 3)

        def kill(execute, sql, *args):
            nonlocal left
            left -= 1
            # The database takes back what a killed process leaves.
            if left < 0 and not sql.startswith("ROLLBACK"):
                raise Killed
            return execute(sql, *args)

        try:
            with connection.execute_wrapper(kill):
                run(path)
        except Killed:
            pass
        killed += 1
        assert everything()["records"] <= wanted["records"]
    counts = run(path)
    assert everything() == wanted
    assert counts.rows == whole.rows
    assert Dataset.objects.get(slug=SLUG).state == "complete"


def publishing_undone():
    """A block whose changes are taken back by calling what it gives."""
    from contextlib import contextmanager

    from django.db import transaction

    @contextmanager
    def block():
        point = transaction.savepoint()
        yield lambda: transaction.savepoint_rollback(point)

    return block()


def test_a_data_set_that_forbids_redistribution_stays_in_the_workspace(write, settings):
    Dataset.objects.create(slug=SLUG, title="Closed", redistribution="forbidden")
    path = write(table(1, 2))
    run(path)
    assert not record_of("places").objects.current().exists()
    states = record_of("places").shape.model.objects.values_list("state", flat=True)
    assert set(states) == {State.DRAFT}
    settings.CLOSED = True
    run(path)
    assert record_of("places").objects.current().count() == 3


def test_the_command_reports_and_names_its_rejects(write, tmp_path, capsys):
    rejects = tmp_path / "rejects.csv"
    path = write(table(1) + line(2, lat="x"))
    call_command("import_data", "geonames", path, rejects=rejects)
    told = capsys.readouterr().out
    assert "geonames: 2 rows: 1 added, 0 changed, 0 unchanged, 0 withdrawn, 1 rejected" in told
    assert str(rejects) in told
    call_command("import_data", "geonames", write(table(1)), rejects=rejects)
    assert not rejects.exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"limit": 0}, "a number of rows from 1"),
        ({"limit": 1, "complete": True}, "exclude each other"),
        ({"encoding": "no-such"}, "There is no encoding 'no-such'"),
    ],
)
def test_the_command_refuses_what_cannot_be_meant(write, options, told):
    with pytest.raises(CommandError, match=told):
        call_command("import_data", "geonames", write(table(1)), **options)


def test_counts_are_kept_and_read_back():
    counts = Counts(rows=3, added=2)
    counts.repaired["encoding"] = 1
    assert Counts.of(counts.as_json()) == counts
    assert (counts + counts).repaired == {"encoding": 2}
