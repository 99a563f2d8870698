"""One cell of the fault table: a fault, a side, a seed, and the result."""

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
    from reliability.pipe_run import PipeRun
    from reliability.sides import Side


@dataclass(frozen=True)
class CellResult:
    """The result of one cell.

    Attributes:
        row: The fault's name.
        side: Name of the side on which the fault fired.
        seed: To repeat it.
        outcome: `equal` (the run succeeded) or `stopped` (it ended with one clear line and exit
            code 1, and an undisturbed run from the last printed state completed it).
        fired: How often the fault fired.
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


def run_cell(row: Row, side: Side, seed: int, *, issues: int = 300) -> CellResult:
    """Run the pipe under a fault, and if it stopped, run it again without the fault.

    Args:
        row: The fault.
        side: Where it fires.
        seed: For records, changes and the fault's chances. By it the writer matches records by
            their sourceId (odd), or leaves `match_on` as it is and has to verify `_id`s (even).
        issues: How many there are.

    Returns:
        The result.
    """
    wrong: list[str] = []
    began = time.monotonic()
    retries = {"retry_budget_seconds": 4 if row.lasting else 20}
    matching = {} if seed % 2 else {"match_on": None}
    with World(seed, issues=issues) as world, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = None
        if side.incremental:
            first = run_pipe(side.pair, folder, world.sandbox.url, writer=matching)
            if not first.succeeded:
                wrong.append("the undisturbed run before the fault failed")
            state = side.pair.restart(first.states)
            world.change(0.3)
        tenant = "copy" if side.writes else "source"
        armed = world.sandbox.fault(row.fault, tenant=tenant, **row.options)
        try:
            run = run_pipe(
                side.pair,
                folder,
                world.sandbox.url,
                state=state,
                reader=retries,
                writer={**retries, **matching},
            )
        except subprocess.TimeoutExpired:
            seconds = time.monotonic() - began
            return CellResult(
                row.name, side.name, seed, "hung", armed.fired, seconds, ("it never ended",)
            )
        wrong += run.problems()
        fired = armed.fired
        wrong += [] if fired else ["the fault never fired, so the cell shows nothing"]
        world.sandbox.faults.clear()
        world.sandbox.settle()
        outcome = EQUAL if run.succeeded else STOPPED
        if run.succeeded:
            if row.lasting and fired:
                wrong.append("the run succeeded although the fault is permanent")
        else:
            wrong += _stopped_well(run, row)
            state = side.pair.restart(run.states) or state
            again = run_pipe(side.pair, folder, world.sandbox.url, state=state, writer=matching)
            wrong += again.problems()
            if not again.succeeded:
                wrong.append(f"the undisturbed run failed: {again.why}")
        wrong += world.differences()[:5]
    seconds = time.monotonic() - began
    return CellResult(row.name, side.name, seed, outcome, fired, seconds, tuple(wrong))


def _stopped_well(run: PipeRun, row: Row) -> list[str]:
    codes = (run.reader_code, run.writer_code)
    wrong = [] if set(codes) <= {0, 1} else [f"exit codes {codes}, not 0 or 1"]
    if not row.lasting:
        wrong.append(f"it stopped at a temporary fault: {run.why}")
    return wrong
