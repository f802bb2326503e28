import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, close_old_connections

from records.models import Refresh
from records.publishing import refresh


class Command(BaseCommand):
    help = "Replace references in records that wait in the queue of large fan-outs. Resumable."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--follow", action="store_true", help="Go on waiting for work instead of ending."
        )
        parser.add_argument(
            "--every", type=float, default=1.0, help="Seconds between looks with --follow."
        )

    def handle(self, *args: Any, follow: bool, every: float, **options: Any) -> None:
        while True:
            try:
                done = refresh()
            except OperationalError as error:
                if not follow:
                    raise
                self.stderr.write(f"the database does not answer, trying again: {error}")
                close_old_connections()
                done = 0
            if done:
                self.stdout.write(f"{done} records done, {Refresh.objects.count()} waiting")
            elif not follow:
                return
            else:
                time.sleep(every)
