from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.attaching import TextMismatch, attach_text
from records.models import Origin
from sources.models import Document


class Command(BaseCommand):
    help = (
        "Keep a document's text, once every span, hash and quote that points into it is true to "
        "it. Says every fault, and keeps nothing then."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "document", help="Its id, or the data set and its name there, such as lyman:article."
        )
        parser.add_argument("file", type=Path, help="The text, in UTF-8; its line ends are kept.")

    def handle(self, *args: Any, document: str, file: Path, **options: Any) -> None:
        try:
            text = file.read_bytes().decode("utf-8")
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{file} is not UTF-8 at byte {error.start}") from error
        if "\0" in text:
            raise CommandError(f"{file} has a NUL character, which is no text")
        try:
            attached = attach_text(find_document(document), text)
        except TextMismatch as error:
            raise CommandError(
                f"{error}\n{len(error.faults)} faults: the text of {document} was not kept."
            ) from error
        self.stdout.write(
            f"{document}: {len(text)} characters kept; {attached.citations} citations and "
            f"{attached.mentions} mentions verified, {attached.filled} claims completed"
        )


def find_document(name: str) -> Document:
    """The document of an id, or of `data set:name`. Raises `CommandError`."""
    slug, _, external_id = name.partition(":")
    try:
        if external_id:
            origin = Origin.objects.get(
                dataset__slug=slug, resource="documents", external_id=external_id
            )
            return Document.objects.get(pk=origin.object_id)
        return Document.objects.get(pk=UUID(name))
    except (Origin.DoesNotExist, Document.DoesNotExist, ValueError):
        raise CommandError(
            f"there is no document {name!r}; name an id, or the data set and the document's name "
            "in it, such as lyman:article"
        ) from None
