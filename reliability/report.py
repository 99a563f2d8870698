"""The last runs as Markdown: the fault table and the kills, each with a one-line summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reliability.sides import PAIRS, SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reliability.cell import CellResult
    from reliability.kills import KillResult

_FAULTS = (
    "# The fault table",
    "",
    (
        "The result of each cell in the last run. *Equal*: the run succeeded, and the tenants "
        "are equal. *Stopped*: exit code 1 with one last line, and an undisturbed run from the "
        "last printed state made them equal. [Reliability](reliability.md) says how it is done."
    ),
    "",
)


_KILLS = (
    "# The kills",
    "",
    (
        "The result of each kill in the last run: how many were survived, of those that came in "
        "time. [Reliability](reliability.md) says how it is done, and what survived means."
    ),
    "",
)


def faults_in_a_line(results: Sequence[CellResult], seconds: float) -> str:
    """Sum up a run of the fault table.

    Args:
        results: All cells that were tried.
        seconds: How long it took.
    """
    rows = len({result.row for result in results})
    seeds = sorted({result.seed for result in results})
    failed = sum(bool(result.wrong) for result in results)
    fired = sum(result.fired for result in results)
    return (
        f"{len(results)} cells ({rows} faults, seeds {', '.join(map(str, seeds))}), {failed} "
        f"failed; faults fired {fired:,} times; {seconds:,.0f} seconds."
    )


def kills_in_a_line(results: Sequence[KillResult], seconds: float) -> str:
    """Sum up a run of kills.

    Args:
        results: The result of each kill.
        seconds: How long it took.
    """
    late = sum(not result.fired for result in results)
    failed = sum(bool(result.wrong) for result in results)
    return (
        f"{len(results)} kills, {late} of them after the run had ended, {failed} not survived; "
        f"{seconds:,.0f} seconds."
    )


def kills_as_markdown(results: Sequence[KillResult], seconds: float) -> str:
    """Return the tables of the kills: a line for each point, a column for each signal.

    Args:
        results: The result of each kill.
        seconds: How long all of them took.
    """
    lines = [*_KILLS, kills_in_a_line(results, seconds)]
    for pair in PAIRS:
        of_pair = [result for result in results if result.kill.pair is pair]
        if of_pair:
            lines += ["", f"`{pair.reader}-planhat | {pair.writer}-planhat`:", ""]
            lines += _table_of_kills(of_pair)
    return "\n".join(lines) + "\n"


def _table_of_kills(results: Sequence[KillResult]) -> list[str]:
    signals = list(dict.fromkeys(result.kill.how for result in results))
    lines = [
        "| point | " + " | ".join(f"SIG{how}" for how in signals) + " |",
        "|---" * (1 + len(signals)) + "|",
    ]
    for point in sorted({result.kill.point for result in results}):
        cells = [
            _survived([s for s in results if (s.kill.point, s.kill.how) == (point, how)])
            for how in signals
        ]
        lines.append(f"| {point} | " + " | ".join(cells) + " |")
    return lines


def _survived(results: Sequence[KillResult]) -> str:
    fired = [result for result in results if result.fired]
    bad = [str(result.kill.number) for result in results if result.wrong]
    if bad:
        return f"**not survived** (numbers {', '.join(bad)})"
    return f"{len(fired)} of {len(fired)}" if fired else "-"


def as_markdown(results: Sequence[CellResult], seconds: float) -> str:
    """Return the table: one line for each fault, one column for each side.

    Args:
        results: All cells that were tried.
        seconds: How long all of them took.

    Returns:
        Markdown. A cell shows how its seeds ended, and how often the fault fired in total.
    """
    lines = [
        *_FAULTS,
        faults_in_a_line(results, seconds),
        "",
        "| fault | " + " | ".join(side.name for side in SIDES) + " |",
        "|---" * (1 + len(SIDES)) + "|",
    ]
    for row in dict.fromkeys(result.row for result in results):
        cells = [_cell([v for v in results if (v.row, v.side) == (row, s.name)]) for s in SIDES]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(results: Sequence[CellResult]) -> str:
    if not results:
        return "does not apply"
    failed = [str(result.seed) for result in results if result.wrong]
    if failed:
        return f"**failed** (seeds {', '.join(failed)})"
    fired = sum(result.fired for result in results)
    outcomes = sorted({result.outcome for result in results})
    return f"{' or '.join(outcomes)} (fired {fired} times)"
