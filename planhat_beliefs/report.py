"""What the command prints: a line for each fact, and a block that can be pasted into an issue."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

from planhat_sync.runtime.plural import counted

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


def wrapped(line: str, width: int | None) -> str:
    """Return the line of a result in lines of a terminal's width.

    Args:
        line: The line.
        width: Columns of the terminal; None for one line, however long.
    """
    if width is None:
        return line
    return textwrap.fill(line, width, subsequent_indent=" " * (WIDTH + 2), break_on_hyphens=False)


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
    head = f"planhat-sync {version}, {day.isoformat()}, {counted(requests, 'request')}: {counts}"
    return "\n".join([f"{FENCE}text", head, *(result.short_line for result in results), FENCE])
