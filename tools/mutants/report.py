"""The score of each room, as a table."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tools.mutants.process import Ending
from tools.mutants.survivors import COSMETIC, EQUIVALENT, HOLE, UNDECIDED, Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tools.mutants.mutant import Name
    from tools.mutants.trial import Outcome

_COLUMNS = (
    *("room", "mutants", "tried", "noticed", "of these by time"),
    *("equivalent", "cosmetic", "holes", "undecided", "score"),
)
_SURVIVORS = (EQUIVALENT, COSMETIC, HOLE, UNDECIDED)


def table(
    totals: Mapping[str, int], outcomes: Iterable[Outcome], decisions: Mapping[Name, Decision]
) -> str:
    """Return a table in Markdown.

    The score of a room is the share that was noticed of those that a test can notice.

    Args:
        totals: How many mutants each room has.
        outcomes: What became of those that were tried.
        decisions: What is known of those that survived.
    """
    counts: dict[str, Counter[str]] = {room: Counter() for room in totals}
    for outcome in outcomes:
        row = counts[outcome.mutant.room]
        row["tried"] += 1
        if outcome.is_noticed:
            row["noticed"] += 1
            row["by time"] += outcome.ending is Ending.TIMEOUT
        else:
            row[decisions.get(outcome.mutant.name, Decision()).kind] += 1
    lines = [_row(room, totals[room], row) for room, row in counts.items() if row]
    if len(lines) > 1:
        every = sum(counts.values(), Counter())
        lines.append(_row("all", sum(totals[room] for room, row in counts.items() if row), every))
    head = f"| {' | '.join(_COLUMNS)} |\n|---{'|---:' * (len(_COLUMNS) - 1)}|\n"
    return head + "".join(lines)


def _row(room: str, total: int, row: Counter[str]) -> str:
    figures = [row[name] for name in ("tried", "noticed", "by time", *_SURVIVORS)]
    possible = row["tried"] - row[EQUIVALENT]
    score = f"{100 * row['noticed'] / possible:.0f} %" if possible else ""
    return f"| {room} | {total:,} | {' | '.join(map(str, figures))} | {score} |\n"
