import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from records.imports import Asked, Counts, Import, Refused, formats, open_files


class Command(BaseCommand):
    help = (
        "Import files: each good row is loaded and published, each bad one goes to the rejects. "
        "The same files again write nothing. An import that was stopped goes on where it was when "
        "the same command is given again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        known = "; ".join(f"{name}: {form.title}" for name, form in formats().items())
        parser.add_argument("format", choices=list(formats()), metavar="FORMAT", help=known)
        parser.add_argument(
            "files", nargs="+", metavar="FILE", help="plain, gzip or zip; - is standard input"
        )
        parser.add_argument("--dataset", default="", help="slug of the data set they belong to")
        parser.add_argument("--release", default="", help="the publisher's version of the files")
        parser.add_argument("--encoding", default="", help="encoding of the files, such as utf-8")
        parser.add_argument(
            "--complete",
            action="store_true",
            help="the files are all of the release: withdraw what they no longer have",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would happen, and change nothing"
        )
        parser.add_argument("--limit", type=int, help="read so many rows and no more")
        parser.add_argument(
            "--rejects", type=Path, help="where rejected rows go; by default FORMAT-rejects.csv"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["complete"] and options["limit"] is not None:
            raise CommandError("--complete and --limit exclude each other: part is not all.")
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError("--limit takes a number of rows from 1.")
        asked = Asked(
            **{name: options[name] for name in ("dataset", "release", "encoding", "complete")},
            dry_run=options["dry_run"],
            limit=options["limit"],
        )
        rejects = options["rejects"] or Path(f"{options['format']}-rejects.csv")
        self.live = options["verbosity"] > 0 and sys.stderr.isatty()
        self.verbose = options["verbosity"] > 0
        form = formats()[options["format"]]()
        try:
            with (
                open_files(options["files"]) as files,
                rejects.open("w", encoding="utf-8", newline="") as stream,
            ):
                load = Import(form, files, asked, rejects=stream, progress=self.progress)
                counts = load.run()
        except Refused as error:
            raise CommandError(f"{error} Nothing has changed.") from error
        except KeyboardInterrupt:
            raise CommandError(
                f"Stopped after {load.counts.rows} rows, all of them whole. "
                "The same command goes on from there.",
                returncode=130,
            ) from None
        finally:
            if rejects.is_file() and rejects.read_bytes().count(b"\n") <= 1:
                rejects.unlink()
        self.report(load.slug, counts, rejects, asked)

    def progress(self, counts: Counts, lines: int, rows: int, seconds: float) -> None:
        """Say how far it has come: one line that changes on a terminal, else a line a batch."""
        rate = rows / seconds if seconds else 0.0
        left = max(lines - counts.rows, 0) / rate if rate else 0.0
        text = (
            f"{counts.rows} of about {lines} rows, {rate:.0f} a second, "
            f"{int(left) // 60}:{int(left) % 60:02} left"
        )
        if self.live:
            self.stderr.write(f"\r{text}   ", ending="")
            self.stderr.flush()
        elif self.verbose:
            self.stderr.write(text)

    def report(self, slug: str, counts: Counts, rejects: Path, asked: Asked) -> None:
        """Say what was done, or would be."""
        if self.live:
            self.stderr.write("")
        done = "would be " if asked.dry_run else ""
        self.stdout.write(
            f"{slug}: {counts.rows} rows: {counts.added} {done}added, {counts.changed} "
            f"{done}changed, {counts.unchanged} unchanged, {counts.withdrawn} {done}withdrawn, "
            f"{counts.rejected} rejected, {sum(counts.repaired.values())} repairs"
        )
        for kind, count in sorted(counts.repaired.items()):
            self.stdout.write(f"  repaired, {kind}: {count}")
        for resource, count in sorted(counts.written.items()):
            self.stdout.write(f"  {resource} {done}written: {count}")
        if counts.held:
            self.stdout.write(f"  retracted or under edit here, left alone: {counts.held}")
        if counts.kept:
            self.stdout.write(f"  gone from the release, and kept as others need it: {counts.kept}")
        if counts.withdrawals_skipped:
            self.stdout.write(
                "  nothing was withdrawn: a rejected row has no id, so what is gone cannot be told"
            )
        if counts.questions:
            self.stdout.write(f"  questions for a curator: {counts.questions}")
        if counts.rejected:
            self.stdout.write(f"  rejected rows are in {rejects}")
