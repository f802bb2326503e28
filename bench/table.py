"""The table that is printed: works, with their targets and what was reached."""

from dataclasses import dataclass, field


@dataclass
class Table:
    """Rows of the table, in order."""

    events: int
    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, work: str, target: str, reached: str, rows: int | None = None) -> None:
        """Add a row."""
        self.rows.append((work, target, reached, f"{self.events if rows is None else rows:,}"))

    def missing(self, work: str, target: str, why: str) -> None:
        """Add a row for what was not measured, with the reason."""
        self.rows.append((work, target, f"- ({why})", "-"))

    def __str__(self) -> str:
        lines = [("work", "target", "reached", "N"), ("---",) * 4, *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
