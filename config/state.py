"""The state folder: what Dateline makes and keeps at run time, out of version control."""

import fcntl
import os
import secrets
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("DATELINE_STATE") or CHECKOUT / ".dateline").absolute()


class StateError(Exception):
    """The state folder cannot be used; the message says why and what to do."""


def open_private(path: Path, flags: int = os.O_RDWR) -> int:
    """Open a file that only its user can read (mode 0600), made when there is none.

    It belongs to whom the folder belongs to, also when root opens it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, flags | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise StateError(
            f"{error.filename} cannot be opened: run as the user who made {path.parent}, or remove "
            "that folder, and the database in it, to begin anew."
        ) from error
    if os.geteuid() == 0:
        os.fchown(descriptor, path.parent.stat().st_uid, -1)
    return descriptor


def kept_secret(name: str, folder: Path = STATE) -> str:
    """Give the secret kept in the private file ``name``, made at random the first time.

    Processes that ask at once all get the same one.
    """
    with os.fdopen(open_private(folder / name), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        secret = file.read()
        if not secret:
            secret = secrets.token_urlsafe(48)
            file.write(secret)
        return secret
