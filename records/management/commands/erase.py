from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from records.publishing import PublishError, erase
from records.registry import resources


class Command(BaseCommand):
    help = (
        "Erase a record in every version, for a court order or a person in danger. It answers 451 "
        "from then on; the erasure is logged and cannot be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("resource", choices=resources(), help="Its resource, such as sources.")
        parser.add_argument("object_id", metavar="ID", type=UUID, help="Its id.")
        parser.add_argument("--reason", required=True, help="Why; everyone can read it.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(
        self, *args: Any, resource: str, object_id: UUID, reason: str, yes: bool, **options: Any
    ) -> None:
        if not yes:
            answer = input(f"Erase {resource}/{object_id} in every version, for good? [y/N] ")
            if answer.strip().lower() != "y":
                raise CommandError("Nothing was erased.")
        try:
            change_set = erase(resource, object_id, reason=reason)
        except (PublishError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{resource}/{object_id} is erased: change {change_set.last_seq}")
