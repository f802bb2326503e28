from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from records.exporting import FORMATS, USUAL, ExportError, export


class Command(BaseCommand):
    help = (
        "Write every resource into a folder, at one number of the sequence, with a manifest. "
        "An export that was broken off goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="Where to; new or empty.")
        parser.add_argument(
            "--as-of", metavar="SEQ", type=int, help="As it stood at this number; else the newest."
        )
        parser.add_argument(
            "--format",
            action="append",
            choices=FORMATS,
            help=f"Write this format; may be repeated. Without it: {', '.join(USUAL)}.",
        )
        parser.add_argument(
            "--parquet", action="store_true", help="Write Parquet as well; needs pyarrow."
        )
        parser.add_argument("--gzip", action="store_true", help="Compress the files, but Parquet.")
        parser.add_argument(
            "--yes", action="store_true", help="Overwrite an export that is there already."
        )

    def handle(self, *args: Any, folder: Path, yes: bool, **options: Any) -> None:
        formats = (*(options["format"] or USUAL), *(["parquet"] if options["parquet"] else []))
        as_of = options["as_of"]
        if as_of is not None and as_of < 0:
            raise CommandError("--as-of takes a number of the sequence, from 0.")
        try:
            manifest = export(
                folder,
                as_of=as_of,
                formats=formats,
                compressed=options["gzip"],
                overwrite=yes,
                progress=self.stdout.write,
            )
        except (ExportError, OSError) as error:
            raise CommandError(str(error)) from error
        for dataset in manifest["datasets"]:
            if dataset["left_out"]:
                self.stdout.write(
                    f"Left out are the rows of {dataset['slug']}: it forbids redistribution."
                )
        self.stdout.write(f"{folder} has everything as of number {manifest['seq']}.")
