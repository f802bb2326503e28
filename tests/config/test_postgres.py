import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from config.postgres import Address, Server, ServerError, base
from config.state import CHECKOUT


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder of its own, at a path too long for a socket."""
    state = tmp_path_factory.mktemp("a" * 60) / ("b" * 60)
    yield state
    Server(state).remove()


@pytest.fixture
def server(state: Path) -> Iterator[Server]:
    server = Server(state)
    yield server
    server.leave()


def ask(address: Address, statement: str) -> list[tuple]:
    with psycopg.connect(
        host=address.host, port=address.port, user=address.user, password=address.password,
        dbname="dateline", autocommit=True,
    ) as database:  # fmt: skip
        cursor = database.execute(statement)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 30 s"
        time.sleep(0.02)


def other_user(state: Path) -> subprocess.Popen[str]:
    """Another process that uses the server until it is killed."""
    code = (
        "import sys; from pathlib import Path; from config.postgres import Server;"
        "Server(Path(sys.argv[1])).use(); print(flush=True); input()"
    )
    user = subprocess.Popen(
        [sys.executable, "-c", code, str(state)],
        cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert user.stdout
    user.stdout.readline()
    return user


def kill(user: subprocess.Popen[str]) -> None:
    user.kill()
    with user:
        pass


def process(server: Server) -> int:
    return int((server.data / "postmaster.pid").read_text().splitlines()[0])


def test_the_role_owns_its_database_and_is_no_superuser(server: Server) -> None:
    assert ask(
        server.use(),
        "SELECT rolname, rolsuper, rolcreatedb, pg_encoding_to_char(encoding), datlocale "
        "FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba WHERE datname = 'dateline'",
    ) == [("dateline", False, True, "UTF8", "C.UTF-8")]


def test_a_wrong_password_is_refused(server: Server) -> None:
    address = server.use()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(Address(address.host, address.port, address.user, "wrong"), "SELECT 1")


def test_users_share_the_server_and_the_last_one_ends_it(server: Server, state: Path) -> None:
    server.use()
    first = process(server)
    other = other_user(state)
    server.leave()
    assert server.address()
    kill(other)
    wait_until(lambda: not server.kept())
    assert not server.address()
    server.use()
    assert process(server) != first


def test_it_comes_back_after_everything_was_killed(server: Server, state: Path) -> None:
    other = other_user(state)
    address = server.address()
    assert address
    ask(address, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    for number in (int(server.keeper.read_text()), process(server)):
        os.kill(number, signal.SIGKILL)
    kill(other)
    wait_until(lambda: not server.kept() and not server.address())
    assert ask(server.use(), "SELECT count(*) FROM kept") == [(1000,)]


def test_it_starts_again_when_it_crashes_in_use(server: Server) -> None:
    server.use()
    first = process(server)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: bool(server.address()) and process(server) != first)


def test_a_left_over_process_number_does_not_keep_it_from_starting(server: Server) -> None:
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n1\n5432\n\n\n\n")
    assert ask(server.use(), "SELECT 1") == [(1,)]


def test_it_cannot_be_removed_while_in_use(server: Server) -> None:
    server.use()
    with pytest.raises(ServerError, match="in use"):
        server.remove()


def test_a_copied_checkout_gets_data_of_its_own_and_a_moved_one_keeps_it(tmp_path: Path) -> None:
    data = tmp_path / "data of the first"
    data.mkdir()
    first = Server(tmp_path / "first")
    first.state.mkdir()
    (first.state / "server_folder").write_text(str(data))
    (data / "checkout").write_text(str(first.state))
    assert first.folder == data

    copy = Server(tmp_path / "copy")
    shutil.copytree(first.state, copy.state)
    assert copy.folder == copy.state
    assert first.folder == data

    moved = Server(tmp_path / "moved")
    first.state.rename(moved.state)
    assert moved.folder == data
    assert (data / "checkout").read_text() == str(moved.state)

    shutil.rmtree(data)
    with pytest.raises(ServerError, match="is gone: bring it back"):
        moved.folder  # noqa: B018


@pytest.mark.django_db
def test_missing_extensions_are_named_with_what_brings_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert connection.validation.check() == []
    monkeypatch.setattr(base, "EXTENSIONS", ("citext", "no_such"))
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f'REVOKE CREATE ON DATABASE "{name}" FROM CURRENT_USER')
    assert [(error.msg, error.hint) for error in connection.validation.check()] == [
        (
            "The database lacks the PostgreSQL extension citext.",
            f"As a superuser, in the database {name}: CREATE EXTENSION citext;",
        ),
        (
            "The database lacks the PostgreSQL extension no_such.",
            "Install PostgreSQL's contrib modules on the server.",
        ),
    ]
