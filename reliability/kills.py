"""Kills the pipe: at random instants, and at points that have names."""

from __future__ import annotations

import json
import random
import signal
import stat
import tempfile
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from reliability.pipe import run_pipe
from reliability.points.sitecustomize import POINTS as SEEN_FROM_INSIDE
from reliability.trap import Trap
from reliability.world import World

if TYPE_CHECKING:
    from reliability.pipe import Passed

SIGNALS = ("KILL", "TERM", "TERM twice", "TERM, and again")
VICTIMS = ("tap", "target", "both", "the process group")
RANDOM = "at a random instant"
SEEN_FROM_OUTSIDE = (
    "before a send",
    "between send and answer",
    "just after an answer",
)
POINTS = (*SEEN_FROM_OUTSIDE, *SEEN_FROM_INSIDE)
BAD = "refuse-this"
SHARP = {"lookback_seconds": 0}
"""All records here are new: looking back would read them again, and hide what a state has lost."""

ISSUES, OBJECTIVES, BAD_ONES = 400, 80, 5


@dataclass(frozen=True)
class Kill:
    """One kill of a plan.

    Attributes:
        number: Its place in the plan.
        how: One of `SIGNALS`.
        victim: One of `VICTIMS`.
        point: `RANDOM` or one of `POINTS`.
        seed: For the records, the instant, and which of the requests is hit.
    """

    number: int
    how: str
    victim: str
    point: str
    seed: int

    def __str__(self) -> str:
        return f"SIG{self.how} to {self.victim} {self.point} (seed {self.seed})"

    @property
    def signal(self) -> signal.Signals:
        """What is sent."""
        return signal.SIGKILL if self.how == "KILL" else signal.SIGTERM


def plan_kills(count: int, seed: int) -> list[Kill]:
    """Plan kills so that every signal meets every victim at every point.

    Args:
        count: How many.
        seed: For the seeds of each.

    Returns:
        The plan: a third of it at random instants, the rest spread over the named points.
    """
    chance = random.Random(seed)
    named = cycle(
        (how, victim, point)
        for how in SIGNALS
        for victim in VICTIMS
        for point in POINTS
        # A point inside of the target is seen by the target alone.
        if point in SEEN_FROM_OUTSIDE or victim in ("target", "the process group")
        if point in SEEN_FROM_OUTSIDE or how in ("KILL", "TERM")
    )
    instants = cycle((how, victim, RANDOM) for how in SIGNALS for victim in VICTIMS)
    return [
        Kill(number, *next(instants if number % 3 == 0 else named), chance.randrange(10**6))
        for number in range(1, count + 1)
    ]


@dataclass(frozen=True)
class Survival:
    """What came of one kill.

    Attributes:
        kill: What was done.
        struck: Whether it was: the pipe may have been over before.
        wrong: What must not have happened; empty if it was survived.
    """

    kill: Kill
    struck: bool
    wrong: tuple[str, ...]


def try_kill(kill: Kill) -> Survival:
    """Run the pipe, kill it, run it again from the last printed state, and compare.

    Args:
        kill: What to do.

    Returns:
        What came of it.
    """
    with (
        World(kill.seed, issues=ISSUES, objectives=OBJECTIVES) as world,
        tempfile.TemporaryDirectory() as name,
    ):
        folder = Path(name)
        rejects = folder / "rejects.jsonl"
        settings = {"on_reject": "continue", "rejects_path": str(rejects), "batch_size_rows": 25}
        bad = {f"{BAD}-{n}" for n in range(BAD_ONES)}
        for source_id in bad:
            world.source.insert("issues", {"title": "bad", "companyIds": [], "sourceId": source_id})
        world.sandbox.behave("copy", refused_marker=BAD, error_entries="index")
        world.sandbox.fault("slow", tenant="copy", seconds=0.03)
        trap = Trap(kill, world, folder / "struck")
        passed = run_pipe(
            folder,
            world.sandbox.url,
            tap=SHARP,
            target=settings,
            started=trap.set,
            environment=trap.environment,
        )
        trap.disarm()
        world.sandbox.faults.clear()
        world.sandbox.settle()
        state = passed.states[-1] if passed.states else None
        wrong = _broken_promises(passed, kill, trap)
        again = run_pipe(folder, world.sandbox.url, state=state, tap=SHARP, target=settings)
        wrong += again.complaints()
        if not again.succeeded:
            wrong.append(
                f"the run after it ended with {again.tap_code} and {again.target_code}: "
                f"{again.tap_errors[-300:]}{again.target_errors[-300:]}"
            )
        wrong += _wrong_rejects(rejects, bad)
        for record in [r for r in world.source.records("issues") if r["sourceId"] in bad]:
            world.source.delete("issues", record["_id"])
        wrong += world.differences()[:5]
        return Survival(kill, struck=trap.struck, wrong=tuple(wrong))


def _broken_promises(passed: Passed, kill: Kill, trap: Trap) -> list[str]:
    """Check what holds of a killed run by itself."""
    found = passed.complaints()
    if not trap.struck:
        return found
    ended = {0, -signal.SIGKILL if kill.how == "KILL" else 128 + signal.SIGTERM}
    emitted = sum(b'"type":"RECORD"' in line.replace(b": ", b":") for line in passed.tap_lines)
    for name, code, said in (
        ("tap", passed.tap_code, passed.tap_errors),
        ("target", passed.target_code, passed.target_errors),
    ):
        if kill.victim in ("tap", "target") and kill.victim != name:
            continue
        # Before it has begun, and when all is done, it dies of SIGTERM like any other.
        at_the_edge = name not in trap.at_work or emitted == ISSUES + OBJECTIVES + BAD_ONES
        at_the_edge |= f"\n{name}-planhat: stopped " in said  # and when its last word is out
        if code not in ended and not (code == -signal.SIGTERM and at_the_edge):
            found.append(f"the {name}'s exit code is {code}")
    return found


def _wrong_rejects(file: Path, bad: set[str]) -> list[str]:
    """Check that the reject file is whole, tells of all that is bad, and is its owner's alone."""
    if not file.exists():
        return ["there is no reject file"]
    messages = []
    for line in file.read_bytes().splitlines(keepends=True):
        try:
            messages.append(json.loads(line))
        except ValueError:  # noqa: PERF203 - which line it is must be told
            return [f"the reject file holds {line[:80]!r}"]
    told = {m["record"]["sourceId"] for m in messages if m["type"] == "RECORD"}
    wrong = [f"{name} is not in the reject file" for name in sorted(bad - told)]
    wrong += [f"{name} is in the reject file" for name in sorted(told - bad)]
    mode = stat.S_IMODE(file.stat().st_mode)
    return wrong + ([] if mode == 0o600 else [f"the mode of the reject file is {mode:o}"])  # noqa: PLR2004
