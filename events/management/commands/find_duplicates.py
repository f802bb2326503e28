from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from events.duplicates import AT_LEAST, RULES, Proposal, ask, proposals, settled
from records.registry import record_of


def _score(text: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = -1
    if not 0 <= score <= 1:
        raise ArgumentTypeError(f"{text!r} is not a score from 0 to 1")
    return score


class Command(BaseCommand):
    help = (
        "Look for public rows that may be one, and leave a review item for each pair. A pair is "
        "asked about once. Can be ended at any time and run again: what it found is kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--resource",
            action="append",
            choices=list(RULES),
            help="Compare the rows of this resource; repeatable. All are compared otherwise.",
        )
        parser.add_argument(
            "--at-least",
            type=_score,
            default=AT_LEAST,
            metavar="SCORE",
            help=f"Leave out pairs of a lower score, 0 to 1 (default {AT_LEAST}).",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Print what would be asked, and ask nothing."
        )

    def handle(
        self,
        *args: Any,
        resource: list[str] | None,
        at_least: float,
        dry_run: bool,
        **options: Any,
    ) -> None:
        for name in [name for name in RULES if name in (resource or RULES)]:
            self._look(name, at_least, dry_run)

    def _look(self, resource: str, at_least: float, dry_run: bool) -> None:
        total = record_of(resource).objects.current().count()
        looked_at = found = new = 0
        for batch in proposals(resource, at_least=at_least):
            if dry_run:
                known = settled(resource, batch.proposals)
                asked = [p for p in batch.proposals if (p.other.id, p.row.id) not in known]
            else:
                asked, _ = ask(resource, batch.proposals)
            for proposal in asked:
                self.stdout.write(_line(proposal))
            looked_at = batch.looked_at
            found += len(batch.proposals)
            new += len(asked)
            if looked_at < total:
                self.stderr.write(f"{resource}: {looked_at:,} of {total:,} looked at")
        pairs = "pair" if found == 1 else "pairs"
        would = "would be asked about" if dry_run else "asked about"
        self.stdout.write(
            f"{resource}: {looked_at:,} looked at, {found:,} {pairs} may be one, "
            f"{new:,} {would}, {found - new:,} known already"
        )


def _line(proposal: Proposal) -> str:
    pair = f"{proposal.resource}/{proposal.row.id} {proposal.other.id}"
    return f"{proposal.score:.2f} {pair} {proposal.sentence}"
