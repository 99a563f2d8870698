"""The last runs as Markdown: the fault table and the kills, each with its sum in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reliability.faults import SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reliability.kills import Survival
    from reliability.trial import Verdict

_FAULTS = (
    "# The fault table",
    "",
    (
        "What came of each cell in the last run. *Equal*: the run went through, and the tenants "
        "are equal. *Stopped*: exit code 1 with one last line, and a clean run from the last "
        "printed state made them equal. [Reliability](reliability.md) says how it is done."
    ),
    "",
)


_KILLS = (
    "# The kills",
    "",
    (
        "What came of each kill in the last run: how many were survived of those that struck. "
        "[Reliability](reliability.md) says how it is done, and what survived means."
    ),
    "",
)


def faults_in_a_line(verdicts: Sequence[Verdict], seconds: float) -> str:
    """Sum up a run of the fault table.

    Args:
        verdicts: All cells that were tried.
        seconds: How long it took.
    """
    rows = len({verdict.row for verdict in verdicts})
    seeds = sorted({verdict.seed for verdict in verdicts})
    failed = sum(bool(verdict.wrong) for verdict in verdicts)
    struck = sum(verdict.fired for verdict in verdicts)
    return (
        f"{len(verdicts)} cells ({rows} faults, seeds {', '.join(map(str, seeds))}), {failed} "
        f"failed; faults struck {struck:,} times; {seconds:,.0f} seconds."
    )


def kills_in_a_line(survivals: Sequence[Survival], seconds: float) -> str:
    """Sum up a run of kills.

    Args:
        survivals: What came of each.
        seconds: How long it took.
    """
    late = sum(not survival.struck for survival in survivals)
    failed = sum(bool(survival.wrong) for survival in survivals)
    return (
        f"{len(survivals)} kills, {late} of them too late to strike, {failed} not survived; "
        f"{seconds:,.0f} seconds."
    )


def kills_as_markdown(survivals: Sequence[Survival], seconds: float) -> str:
    """Draw the table of the kills: a line a point, a column a signal.

    Args:
        survivals: What came of each.
        seconds: How long all of them took.
    """
    signals = list(dict.fromkeys(survival.kill.how for survival in survivals))
    lines = [
        *_KILLS,
        kills_in_a_line(survivals, seconds),
        "",
        "| point | " + " | ".join(f"SIG{how}" for how in signals) + " |",
        "|---" * (1 + len(signals)) + "|",
    ]
    for point in sorted({survival.kill.point for survival in survivals}):
        cells = [
            _survived([s for s in survivals if (s.kill.point, s.kill.how) == (point, how)])
            for how in signals
        ]
        lines.append(f"| {point} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _survived(survivals: Sequence[Survival]) -> str:
    struck = [survival for survival in survivals if survival.struck]
    bad = [str(survival.kill.number) for survival in survivals if survival.wrong]
    if bad:
        return f"**not survived** (numbers {', '.join(bad)})"
    return f"{len(struck)} of {len(struck)}" if struck else "-"


def as_markdown(verdicts: Sequence[Verdict], seconds: float) -> str:
    """Draw the table: a line a fault, a column a side.

    Args:
        verdicts: All cells that were tried.
        seconds: How long all of them took.

    Returns:
        Markdown. A cell says how its seeds ended, and how often the fault struck in all.
    """
    lines = [
        *_FAULTS,
        faults_in_a_line(verdicts, seconds),
        "",
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
