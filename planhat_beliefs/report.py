"""What the command prints: a line for each fact, and a block that can be pasted into an issue."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from planhat_beliefs.belief import Belief
    from planhat_beliefs.finding import Finding

WIDTH = len("could not tell")
FENCE = "```"


class Result(NamedTuple):
    """A fact, and what was found out about it."""

    belief: Belief
    finding: Finding

    @property
    def line(self) -> str:
        """The outcome, the fact, its sentence, and what was seen."""
        return f"{self._outcome}  {self.belief.name}: {self.belief.says}{self._detail(' (', ')')}"

    @property
    def short_line(self) -> str:
        """The same without the sentence."""
        return f"{self._outcome}  {self.belief.name}{self._detail(': ', '')}"

    @property
    def _outcome(self) -> str:
        return self.finding.outcome.ljust(WIDTH)

    def _detail(self, before: str, after: str) -> str:
        return f"{before}{self.finding.detail}{after}" if self.finding.detail else ""


def block(results: Sequence[Result], version: str, day: date, requests: int) -> str:
    """Return all that was found out as a fenced block of plain text.

    Args:
        results: The facts.
        version: Version of planhat-sync.
        day: When they were asked about.
        requests: How many requests were sent.
    """
    counts = ", ".join(
        f"{sum(result.finding.outcome == outcome for result in results)} {outcome}"
        for outcome in ("held", "not held", "could not tell")
    )
    head = f"planhat-sync {version}, {day.isoformat()}, {requests} requests: {counts}"
    return "\n".join([f"{FENCE}text", head, *(result.short_line for result in results), FENCE])
