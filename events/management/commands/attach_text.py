from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.attaching import TextError, attach_text
from events.passages import passage_of, text_hash
from records.models import Origin
from records.publishing import PublishError
from sources.models import Document


class Command(BaseCommand):
    help = (
        "Attach a document's text, once every span, hash and quote that points into it has been "
        "verified. With --compute nothing is attached: the hashes of spans are printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("document", help="An id, or a data set and a name: lyman:article.")
        parser.add_argument(
            "file", type=Path, help="The text, in UTF-8, its line ends as they are."
        )
        parser.add_argument(
            "--compute",
            nargs="+",
            metavar="START-END",
            help="Print the passage hash of these spans, and the first words of each.",
        )

    def handle(
        self, *args: Any, document: str, file: Path, compute: list[str] | None, **options: Any
    ) -> None:
        try:
            text = file.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file}: {error}") from error
        if compute:
            self._compute(text, compute)
            return
        try:
            attached = attach_text(_find(document), text)
        except TextError as error:
            raise CommandError(
                f"{error}\n{len(error.faults)} faults: nothing was attached."
            ) from error
        except PublishError as error:
            raise CommandError(f"{error}\nNothing was attached.") from error
        done = attached.change_set
        published = f"changes {done.first_seq}-{done.last_seq}" if done else "nothing to publish"
        self.stdout.write(
            f"{document}: {len(text)} characters, {attached.citations} citations and "
            f"{attached.mentions} mentions verified, "
            f"{attached.filled} hashes filled in; {published}"
        )
        for claim in attached.drafts:
            self.stdout.write(f"  claims/{claim} is a draft: its hash shows once it is published")

    def _compute(self, text: str, given: list[str]) -> None:
        spans = []
        for span in given:
            start, _, end = span.partition("-")
            if not (start.isdecimal() and end.isdecimal() and int(start) < int(end) <= len(text)):
                raise CommandError(
                    f"{span}: a span is START-END, within the text's {len(text)} characters"
                )
            spans.append((int(start), int(end)))
        for first, last in spans:
            words = text[first:last].split()
            self.stdout.write(f"{first}-{last}: {' '.join(words[:4])}")
        self.stdout.write(f"passage_sha256: {text_hash(passage_of(text, spans))}")


def _find(name: str) -> Document:
    slug, _, local = name.partition(":")
    try:
        row_id: UUID | None = UUID(name)
    except ValueError:
        rows = Origin.objects.filter(dataset__slug=slug, resource="documents", external_id=local)
        row_id = rows.values_list("object_id", flat=True).first()
    document = Document.objects.filter(pk=row_id).first() if row_id else None
    if document is None:
        raise CommandError(
            f"{name} is no document; give its id, or data set and name: lyman:article"
        )
    return document
