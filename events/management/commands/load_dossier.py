from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.dossiers import DossierError, load, read


class Command(BaseCommand):
    help = (
        "Load dossiers: folders of YAML. Rows are made or updated and published, each dossier all "
        "or nothing; what a dossier no longer has stays, and is named."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")

    def handle(self, *args: Any, folders: list[Path], **options: Any) -> None:
        for folder in folders:
            say = self.stdout.write if options["verbosity"] > 1 else lambda line: None
            try:
                loaded = load(read(folder), progress=say)
            except DossierError as error:
                raise CommandError(
                    f"{error}\n{len(error.faults)} faults: nothing of {folder} was loaded."
                ) from error
            counts = " ".join(
                f"{sum(part.values())} {word}"
                for word, part in (
                    ("new,", loaded.created),
                    ("changed,", loaded.changed),
                    ("unchanged", loaded.unchanged),
                )
            )
            published = (
                "changes {}-{}".format(*loaded.published)
                if loaded.published
                else "nothing to publish"
            )
            if options["verbosity"] or loaded.published:
                self.stdout.write(f"{folder}: {counts}; {published}")
            if loaded.differences:
                self.stdout.write(f"  {loaded.differences} differences wait as review items")
            if loaded.retracted:
                self.stdout.write(f"  retracted here, and stay so: {', '.join(loaded.retracted)}")
            if loaded.held:
                self.stdout.write(f"  being edited here, not published: {', '.join(loaded.held)}")
            if loaded.left:
                self.stdout.write(
                    f"  {len(loaded.left)} rows are no longer in the dossier and stay public; "
                    f"retract them where that is meant: {', '.join(loaded.left)}"
                )
