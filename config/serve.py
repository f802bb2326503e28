"""``make run``: the database, the queue's worker and the server, started and ended together.

Processes: this one (granian's main process), the server's workers, the queue's worker, and the
embedded PostgreSQL with its keeper. Ctrl-C or SIGTERM to this one ends them all; should it be
killed, the workers see it gone and end themselves, and PostgreSQL ends with its last user.
"""

import errno
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from multiprocessing.process import BaseProcess
from typing import NoReturn

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command, get_commands
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from config.postgres import Lock, Server, ServerError
from config.state import STATE, StateError

logger = logging.getLogger(__name__)
PREPARING = 0x64617465  # the advisory lock of whoever prepares the database


def main() -> None:
    """Serve until told to end; a mistake in the set-up is one message and status 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    multiprocessing.set_start_method("spawn")  # workers import the application on their own
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    try:
        embedded = not settings.DATABASE_URL
    except ImproperlyConfigured as error:
        sys.exit(f"Configuration error: {error}")
    server = Server() if embedded else None
    try:
        if server:
            server.use()
            claim_port()
        check_port()
        django.setup()
        prepare_database()
        serve(server)
    except (StateError, CommandError) as error:
        sys.exit(f"{error}")
    except DatabaseError as error:
        source = "DATABASE_URL" if settings.DATABASE_URL else "the embedded PostgreSQL"
        sys.exit(f"The database of {source} cannot be used: {error}")
    finally:
        if server:
            connections.close_all()
            server.leave()


def claim_port() -> None:
    """Keep a second ``make run`` of this checkout from sharing the port unnoticed.

    Servers of one user may bind the same port together, so that the port itself does not tell.
    """
    if not Lock(STATE / f"port-{settings.PORT}").try_alone():
        raise CommandError(_in_use())


def check_port() -> None:
    """Raise ``CommandError`` when the address cannot be served on, saying why and what to do."""
    try:
        family, kind, *_, address = socket.getaddrinfo(
            settings.HOST, settings.PORT, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(_in_use()) from error
        raise CommandError(
            f"HOST={settings.HOST} PORT={settings.PORT} cannot be served on: {error.strerror}."
        ) from error


def prepare_database() -> None:
    """Bring the tables and the dossiers of ``seeds/`` up to date, one process at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Preparing the database", flush=True)
        call_command("migrate", interactive=False, verbosity=0, skip_checks=False)
    seeds = sorted(path.parent for path in settings.BASE_DIR.glob("seeds/*/*.yaml"))
    if seeds and "load_dossier" in get_commands():
        for folder in dict.fromkeys(map(str, seeds)):
            try:
                call_command("load_dossier", folder, verbosity=0)
            except CommandError as error:  # what was loaded before is served all the same
                print(error, file=sys.stderr, flush=True)
    connections.close_all()  # which gives the lock back


def serve(server: Server | None) -> None:
    """Run the server's and the queue's workers until a signal comes."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    check_port()  # again: preparing may have taken a while
    granian = Granian(
        "config.wsgi:application",
        address=settings.HOST,
        port=settings.PORT,
        interface=Interfaces.WSGI,
        workers=settings.WORKERS,
        blocking_threads=settings.THREADS,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=30,
    )
    ending = threading.Event()
    watch = threading.Thread(target=_watch, args=(server, ending))
    granian.on_startup(watch.start)
    try:
        granian.serve()
    finally:
        ending.set()
        if watch.ident:
            watch.join()


def follow_queue() -> None:
    """Work the queue, in a process of its own."""
    follow_parent()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("work_queue", follow=True)


def follow_parent() -> None:
    """Let the process that spawned this one decide when it ends, unless that is gone, even killed.

    Ctrl-C reaches every process of the terminal at once. Here it is left to the parent, which ends
    its workers by SIGTERM: granian's worker can hang when it gets both.
    """
    parent = multiprocessing.parent_process()
    if parent:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

        def wait() -> None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=wait, daemon=True).start()


def _watch(server: Server | None, ending: threading.Event) -> None:
    """Say when the server answers; then keep the queue's worker and the database running."""
    # The queue's worker inherits this: it is not to see a Ctrl-C, not even while it starts.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    address = "127.0.0.1" if settings.HOST in ("0.0.0.0", "::") else settings.HOST  # noqa: S104
    while not ending.wait(0.05):
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as client:
            if client.connect_ex((address, settings.PORT)) == 0:
                break
    if not ending.is_set():
        _greet()
    queue: BaseProcess | None = None
    while True:
        if "work_queue" in get_commands() and not (queue and queue.is_alive()):
            if queue:
                logger.error("The queue's worker ended with status %s: starting it", queue.exitcode)
            queue = multiprocessing.Process(target=follow_queue, name="queue")
            queue.start()
        if ending.wait(1):
            break
        if server:
            try:
                server.use()
            except ServerError:
                logger.exception("The database is gone and does not come back yet")
    if queue:
        queue.terminate()
        queue.join(30)
        if queue.is_alive():
            queue.kill()
            queue.join()


def _greet() -> None:
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    root = f"http://{host}:{settings.PORT}"
    print(
        f"Dateline {settings.VERSION} is serving; Ctrl-C ends it.\n"
        f"  API    {root}/api/v1/\n"
        f"  Docs   {root}/api/v1/docs/\n"
        f"  Admin  {root}/admin/  (make admin: makes an account)",
        flush=True,
    )


def _in_use() -> str:
    return (
        f"Port {settings.PORT} of {settings.HOST} is in use already: end what uses it, or choose "
        f"another, such as `make run PORT={settings.PORT + 1}`."
    )


def _end(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
