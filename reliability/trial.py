"""One cell of the fault table: a fault, a side, a seed, and the verdict."""

from __future__ import annotations

import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reliability.faults import EQUAL, STOPPED
from reliability.pipe import run_pipe
from reliability.world import World

if TYPE_CHECKING:
    from reliability.faults import Row
    from reliability.passed import Passed


@dataclass(frozen=True)
class Verdict:
    """What came of one cell.

    Attributes:
        row: The fault's name.
        side: Which side it struck.
        seed: To repeat it.
        outcome: `equal` (the run went through) or `stopped` (it ended with a clear line and exit
            code 1, and a clean run from the last printed state completed it).
        fired: How often the fault struck.
        seconds: How long the cell took.
        wrong: What must not have happened; empty for a cell that passed.
    """

    row: str
    side: str
    seed: int
    outcome: str
    fired: int
    seconds: float
    wrong: tuple[str, ...]


def try_cell(row: Row, side: str, seed: int, *, issues: int = 300) -> Verdict:
    """Run the pipe under a fault, then, if it stopped, once more without.

    Args:
        row: The fault.
        side: One of `faults.SIDES`.
        seed: For records, changes and the fault's chances. By it the target matches records by
            their sourceId (odd), or leaves `match_on` as it is and has to verify `_id`s (even).
        issues: How many there are.

    Returns:
        The verdict.
    """
    wrong: list[str] = []
    began = time.monotonic()
    patience = {"retry_budget_seconds": 4 if row.lasting else 20}
    matching = {} if seed % 2 else {"match_on": None}
    with World(seed, issues=issues) as world, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = None
        if side == "tap incremental":
            first = run_pipe(folder, world.sandbox.url, target=matching)
            if not first.succeeded:
                wrong.append("the quiet run before the fault failed")
            state = _last(first)
            world.change(0.3)
        struck = "copy" if side == "target" else "source"
        armed = world.sandbox.fault(row.fault, tenant=struck, **row.options)
        try:
            passed = run_pipe(
                folder,
                world.sandbox.url,
                state=state,
                tap=patience,
                target={**patience, **matching},
            )
        except subprocess.TimeoutExpired:
            seconds = time.monotonic() - began
            return Verdict(row.name, side, seed, "hung", armed.fired, seconds, ("it never ended",))
        wrong += passed.complaints()
        fired = armed.fired
        wrong += [] if fired else ["the fault never struck, so nothing is shown"]
        world.sandbox.faults.clear()
        world.sandbox.settle()
        outcome = EQUAL if passed.succeeded else STOPPED
        if passed.succeeded:
            if row.lasting and fired:
                wrong.append("the run went through although the fault does not go away")
        else:
            wrong += _stopped_well(passed, row)
            again = run_pipe(
                folder, world.sandbox.url, state=_last(passed) or state, target=matching
            )
            wrong += again.complaints()
            if not again.succeeded:
                wrong.append(f"the clean run failed: {_why(again)}")
        wrong += world.differences()[:5]
    return Verdict(row.name, side, seed, outcome, fired, time.monotonic() - began, tuple(wrong))


def _last(passed: Passed) -> bytes | None:
    return passed.states[-1] if passed.states else None


def _stopped_well(passed: Passed, row: Row) -> list[str]:
    codes = (passed.tap_code, passed.target_code)
    wrong = [] if set(codes) <= {0, 1} else [f"exit codes {codes}, not 0 or 1"]
    if not row.lasting:
        wrong.append(f"it stopped at a fault that passes: {_why(passed)}")
    return wrong


def _why(passed: Passed) -> str:
    failed = passed.tap_errors if passed.tap_code else passed.target_errors
    return (failed.strip().splitlines() or ["no word"])[-1][:200]
