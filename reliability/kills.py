"""Kills the pipe: at random instants, and at points that have names."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import tempfile
import threading
import time
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from reliability.pipe import Passed, run_pipe
from reliability.world import World

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from planhat_sandbox.request_log import LoggedRequest

SIGNALS = ("KILL", "TERM", "TERM twice")
VICTIMS = ("tap", "target", "both")
POINTS = (
    "at a random instant",
    "before a send",
    "between send and answer",
    "just after an answer",
    "around the fsync of a reject",
    "after a state line",
)
BAD = "refuse-this"


@dataclass(frozen=True)
class Kill:
    """One kill of a plan.

    Attributes:
        number: Its place in the plan.
        how: One of `SIGNALS`.
        victim: One of `VICTIMS`.
        point: One of `POINTS`.
        seed: For the records, the instant, and which of the requests is hit.
    """

    number: int
    how: str
    victim: str
    point: str
    seed: int

    def __str__(self) -> str:
        return f"SIG{self.how} to {self.victim} {self.point} (seed {self.seed})"


def plan_kills(count: int, seed: int) -> list[Kill]:
    """Plan kills so that every signal meets every victim at every point.

    Args:
        count: How many.
        seed: For the seeds of each.

    Returns:
        The plan: half of it at random instants, half spread over the named points.
    """
    chance = random.Random(seed)
    named = cycle(
        (how, victim if point == POINTS[0] else "target", point)
        for how in SIGNALS
        for victim in VICTIMS
        for point in POINTS[1:]
    )
    instants = cycle((how, victim, POINTS[0]) for how in SIGNALS for victim in VICTIMS)
    return [
        Kill(number, *next(instants if number % 2 else named), chance.randrange(10**6))
        for number in range(1, count + 1)
    ]


def try_kill(kill: Kill) -> tuple[str, ...]:
    """Run the pipe, kill it, run it again from the last printed state, and compare.

    Args:
        kill: What to do.

    Returns:
        What must not have happened; empty if it was survived.
    """
    chance = random.Random(kill.seed)
    with (
        World(kill.seed, issues=400, objectives=80) as world,
        tempfile.TemporaryDirectory() as name,
    ):
        folder = Path(name)
        rejects = folder / "rejects.jsonl"
        settings = {"on_reject": "continue", "rejects_path": str(rejects), "batch_size_rows": 25}
        bad = {f"{BAD}-{n}" for n in range(5)}
        for source_id in bad:
            world.source.insert("issues", {"title": "bad", "companyIds": [], "sourceId": source_id})
        world.sandbox.behave("copy", refused_marker=BAD, error_entries="index")
        trap = _Trap(kill, chance, world, rejects)
        passed = run_pipe(
            folder, world.sandbox.url, target=settings, started=trap.set, on_state=trap.on_state
        )
        trap.disarm()
        world.sandbox.settle()
        state = passed.states[-1] if passed.states else None
        wrong = _broken_promises(passed, kill, struck=trap.struck)
        again = run_pipe(folder, world.sandbox.url, state=state, target=settings)
        wrong += again.complaints()
        if not again.succeeded:
            wrong.append(
                f"the run after it failed: {again.tap_errors[-200:]}{again.target_errors[-200:]}"
            )
        told = {n for n in bad if rejects.exists() and f'"{n}"' in rejects.read_text()}
        wrong += [f"{name} is not in the reject file" for name in bad - told]
        for record in [r for r in world.source.records("issues") if r["sourceId"] in bad]:
            world.source.delete("issues", record["_id"])
        wrong += world.differences()[:5]
    return tuple(wrong)


def _broken_promises(passed: Passed, kill: Kill, *, struck: bool) -> list[str]:
    """Check what holds of a killed run by itself."""
    gone = {-signal.SIGKILL, 128 + signal.SIGTERM}
    found = [c for c in passed.complaints() if "last line" not in c and "half" not in c]
    if kill.how == "KILL":  # nothing can be asked of the last words of what was killed so
        found = [complaint for complaint in found if "printed" not in complaint]
    if struck and kill.victim != "tap" and passed.target_code not in gone | {0}:
        found.append(f"the target's exit code is {passed.target_code}")
    if struck and kill.victim == "tap" and passed.tap_code not in gone | {0}:
        found.append(f"the tap's exit code is {passed.tap_code}")
    return found


class _Trap:
    """Waits for the point of a kill, and strikes once."""

    def __init__(self, kill: Kill, chance: random.Random, world: World, rejects: Path) -> None:
        self.struck = False
        self._kill = kill
        self._chance = chance
        self._world = world
        self._rejects = rejects
        self._countdown = chance.randrange(1, 12)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._victims: list[subprocess.Popen[bytes]] = []

    def set(self, tap: subprocess.Popen[bytes], target: subprocess.Popen[bytes]) -> None:
        """Take aim."""
        self._victims = {"tap": [tap], "target": [target], "both": [tap, target]}[self._kill.victim]
        point = self._kill.point
        sandbox = self._world.sandbox
        if point == POINTS[0]:
            threading.Timer(self._chance.uniform(0.3, 2.2), self._strike).start()
        elif point == "before a send":
            sandbox.before_each_request.append(self._at_a_write(self._strike))
        elif point == "between send and answer":
            sandbox.after_each_request.append(self._at_a_write(self._strike))
        elif point == "just after an answer":
            sandbox.after_each_request.append(self._at_a_write(self._strike_soon))
        elif point == "around the fsync of a reject":
            threading.Thread(target=self._watch_rejects, daemon=True).start()

    def on_state(self, _: bytes) -> None:
        """Strike after a state line, if that is the point."""
        if self._kill.point == "after a state line":
            self._count_down(self._strike)

    def disarm(self) -> None:
        """Strike no more."""
        self._over.set()
        self._world.sandbox.before_each_request.clear()
        self._world.sandbox.after_each_request.clear()

    def _at_a_write(self, strike: Callable[[], None]) -> Callable[[LoggedRequest], object]:
        def look(request: LoggedRequest) -> None:
            if request.tenant == "copy" and request.method == "PUT":
                self._count_down(strike)

        return look

    def _count_down(self, strike: Callable[[], None]) -> None:
        self._countdown -= 1
        if self._countdown == 0:
            strike()

    def _strike_soon(self) -> None:
        threading.Timer(self._chance.uniform(0, 0.004), self._strike).start()

    def _watch_rejects(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError):
                if self._rejects.stat().st_size > 0:
                    time.sleep(self._chance.uniform(0, 0.002))
                    self._strike()
                    return
            time.sleep(0)

    def _strike(self) -> None:
        with self._lock:
            if self.struck or self._over.is_set():
                return
            self.struck = True
        number = signal.SIGKILL if self._kill.how == "KILL" else signal.SIGTERM
        for _ in range(2 if self._kill.how == "TERM twice" else 1):
            for victim in self._victims:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim.pid, number)
            time.sleep(0.01)
