"""Kills the pipe once, runs it again, and checks that no records are lost or duplicated."""

from __future__ import annotations

import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reliability.covered import InsertedStates, uncovered, wrong_rejects
from reliability.kill_point import KillPoint
from reliability.pipe import run_pipe
from reliability.world import MODELS, World

if TYPE_CHECKING:
    from reliability.kill_plan import Kill
    from reliability.pipe_run import PipeRun

BAD = "refuse-this"
NO_LOOKBACK = {"lookback_seconds": 0}
"""All records here are new: looking back would read them again, and hide what a state has lost."""

ISSUES, OBJECTIVES = 400, 80
BAD_EVERY, STATE_EVERY = 23, 17
"""Every 23rd record is refused, from the first on; a state follows every 17th."""


@dataclass(frozen=True)
class KillResult:
    """The result of one kill.

    Attributes:
        kill: What was done.
        fired: Whether its signal was sent; the pipe can end before that.
        wrong: What must not have happened; empty if it was survived.
    """

    kill: Kill
    fired: bool
    wrong: tuple[str, ...]


def try_kill(kill: Kill) -> KillResult:
    """Run the pipe, kill it, run it again from the last printed state, and compare.

    Args:
        kill: What to do.

    Returns:
        The result.
    """
    pair = kill.pair
    with (
        World(kill.seed, issues=ISSUES, objectives=OBJECTIVES) as world,
        tempfile.TemporaryDirectory() as name,
    ):
        folder = Path(name)
        rejects = folder / "rejects.jsonl"
        settings = {"on_reject": "continue", "rejects_path": str(rejects), "batch_size_rows": 25}
        bad = _make_refused(world)
        world.sandbox.behave("copy", refused_marker=BAD, error_entries="index")
        world.sandbox.fault("slow", tenant="copy", seconds=0.03)
        point = KillPoint(kill, world, folder / "fired")
        run = run_pipe(
            pair,
            folder,
            world.sandbox.url,
            reader=NO_LOOKBACK,
            writer=settings,
            started=point.arm,
            between=InsertedStates(pair, STATE_EVERY),
            environment=point.environment,
        )
        point.disarm()
        world.sandbox.faults.clear()
        world.sandbox.settle()
        wrong = _problems_after(run, kill, point)
        wrong += uncovered(pair, run.fed, run.states, world, rejects)
        again = run_pipe(
            pair,
            folder,
            world.sandbox.url,
            state=pair.restart(run.states),
            reader=NO_LOOKBACK,
            writer=settings,
        )
        wrong += again.problems()
        if not again.succeeded:
            wrong.append(
                f"the run after it ended with {again.reader_code} and {again.writer_code}: "
                f"{again.reader_errors[-300:]}{again.writer_errors[-300:]}"
            )
        wrong += wrong_rejects(pair, rejects, bad)
        for model in MODELS:
            for record in [r for r in world.source.records(model) if r["sourceId"] in bad]:
                world.source.delete(model, record["_id"])
        wrong += world.differences()[:5]
        return KillResult(kill, fired=point.fired, wrong=tuple(wrong))


def _make_refused(world: World) -> set[str]:
    """Make the copy refuse every Nth record, from the first on, and return their sourceIds."""
    bad = set()
    for model in MODELS:
        for n, record in enumerate(world.source.records(model)):
            if n % BAD_EVERY == 0:
                name = f"{BAD}-{model}-{n}"
                world.source.update(model, record["_id"], {"sourceId": name})
                bad.add(name)
    return bad


def _problems_after(run: PipeRun, kill: Kill, point: KillPoint) -> list[str]:
    """Return what is wrong with a killed run by itself."""
    found = run.problems()
    if not point.fired:
        return found
    ended = {0, -signal.SIGKILL if kill.how == "KILL" else 128 + signal.SIGTERM}
    for role, name, code, said in (
        ("reader", run.pair.reader, run.reader_code, run.reader_errors),
        ("writer", run.pair.writer, run.writer_code, run.writer_errors),
    ):
        if kill.victim in ("reader", "writer") and kill.victim != role:
            continue
        # Before it has begun, and when it is done, SIGTERM ends it like any other process.
        at_the_edge = role not in point.at_work or run.emitted == ISSUES + OBJECTIVES
        at_the_edge |= f"\n{name}-planhat: stopped " in f"\n{said}"  # and after its last line
        if code not in ended and not (code == -signal.SIGTERM and at_the_edge):
            found.append(f"the {name}'s exit code is {code}")
    return found
