"""``python -m config.postgres keep FOLDER``: the keeper. ``… remove``: delete the database."""

import sys
from pathlib import Path

from config.postgres import Server, ServerError


def main(command: str, *folder: str) -> None:
    """Run one of the two commands; a failure is one message and exit status 1."""
    server = Server(*map(Path, folder))
    try:
        {"keep": server.keep, "remove": server.remove}[command]()
    except ServerError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
