from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.dossiers import dump


class Command(BaseCommand):
    help = "Write the rows of a data set as a dossier that loads to the same."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="The data set, such as lyman.")
        parser.add_argument("folder", type=Path, help="Where to; no file is overwritten.")

    def handle(self, *args: Any, slug: str, folder: Path, **options: Any) -> None:
        try:
            counts = dump(slug, folder)
        except LookupError as error:
            raise CommandError(str(error)) from error
        except FileExistsError as error:
            raise CommandError(f"{error.filename} exists; name an empty folder") from error
        self.stdout.write(f"{folder}: " + ", ".join(f"{n} {name}" for name, n in counts.items()))
