"""The fault table as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reliability.faults import SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reliability.trial import Verdict

_HEAD = (
    "# The fault table",
    "",
    (
        "What came of each cell in the last run. *Equal*: the run went through, and the tenants "
        "are equal. *Stopped*: exit code 1 with one last line, and a clean run from the last "
        "printed state made them equal. [Reliability](reliability.md) says how it is done."
    ),
    "",
)


def as_markdown(verdicts: Sequence[Verdict]) -> str:
    """Draw the table: a line a fault, a column a side.

    Args:
        verdicts: All cells that were tried.

    Returns:
        Markdown. A cell says how its seeds ended, and how often the fault struck in all.
    """
    lines = [
        *_HEAD,
        "| fault | " + " | ".join(SIDES) + " |",
        "|---" * (1 + len(SIDES)) + "|",
    ]
    for row in dict.fromkeys(verdict.row for verdict in verdicts):
        cells = [_cell([v for v in verdicts if (v.row, v.side) == (row, s)]) for s in SIDES]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return "does not apply"
    failed = [str(verdict.seed) for verdict in verdicts if verdict.wrong]
    if failed:
        return f"**failed** (seeds {', '.join(failed)})"
    struck = sum(verdict.fired for verdict in verdicts)
    outcomes = sorted({verdict.outcome for verdict in verdicts})
    return f"{' or '.join(outcomes)} (struck {struck} times)"
