"""Sends the signal of a kill, once, when its point is reached."""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from reliability.points.sitecustomize import POINTS as SEEN_FROM_INSIDE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from planhat_sandbox.server.request_log import LoggedRequest
    from reliability.kill_plan import Kill
    from reliability.world import World

SECOND_SIGNAL_SECONDS = 0.8
"""Two signals this far apart count as two, and the second one ends a process at once."""


class KillPoint:
    """The point at which one kill happens.

    Args:
        kill: What to do.
        world: Whose sandbox sees the requests.
        mark: A file that the writer creates when it kills itself.

    Attributes:
        at_work: Which of `reader` and `writer` had begun their work when the signal was sent.
    """

    def __init__(self, kill: Kill, world: World, mark: Path) -> None:
        self.at_work: set[str] = set()
        self._kill = kill
        self._world = world
        self._mark = mark
        self._chance = random.Random(kill.seed)
        self._fired = False
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._countdown = self._chance.randrange(1, 12)

    @property
    def fired(self) -> bool:
        """Whether the signal was sent."""
        return self._fired or self._mark.exists()

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make the writer kill itself; none for a point seen from outside."""
        kill = self._kill
        if kill.point not in SEEN_FROM_INSIDE:
            return {}
        self.at_work.add("writer")
        plan = {
            "point": kill.point,
            "nth": self._chance.randrange(1, 9),
            "signal": int(kill.signal),
            "group": kill.victim == "the process group",
            "mark": str(self._mark),
        }
        return {
            "RELIABILITY_POINT": json.dumps(plan),
            "PYTHONPATH": str(Path(__file__).parent / "points"),
        }

    def arm(self, reader: subprocess.Popen[bytes], writer: subprocess.Popen[bytes]) -> None:
        """Send the signal to these processes when the point is reached."""
        self._processes = {"reader": reader, "writer": writer}
        sandbox = self._world.sandbox
        sandbox.before_each_request.append(self._note)
        point = self._kill.point
        if point == "before a send":
            sandbox.before_each_request.append(self._at_a_write(self._fire))
        elif point == "between send and answer":
            sandbox.after_each_request.append(self._at_a_write(self._fire))
        elif point == "just after an answer":
            sandbox.after_each_request.append(self._at_a_write(self._fire_soon))
        elif point not in SEEN_FROM_INSIDE:
            sandbox.before_each_request.append(self._at_first_sight)
            if self._chance.random() < 0.2:  # noqa: PLR2004 - some while it starts
                self._fire_within(1.0)

    def disarm(self) -> None:
        """Send no signal from now on."""
        self._over.set()
        self._world.sandbox.before_each_request.clear()
        self._world.sandbox.after_each_request.clear()

    def _note(self, request: LoggedRequest) -> None:
        if not self._fired:
            self.at_work.add({"source": "reader", "copy": "writer"}[request.tenant or "copy"])

    def _at_first_sight(self, _: LoggedRequest) -> None:
        if self._countdown:
            self._countdown = 0
            self._fire_within(1.5)

    def _at_a_write(self, fire: Callable[[], None]) -> Callable[[LoggedRequest], object]:
        def look(request: LoggedRequest) -> None:
            if request.tenant == "copy" and request.method == "PUT":
                self._countdown -= 1
                if self._countdown == 0:
                    fire()

        return look

    def _fire_soon(self) -> None:
        self._fire_within(0.04)

    def _fire_within(self, seconds: float) -> None:
        timer = threading.Timer(self._chance.uniform(0, seconds), self._fire)
        timer.daemon = True
        timer.start()

    def _fire(self) -> None:
        with self._lock:
            if self.fired or self._over.is_set():
                return
            self._fired = True
        how = self._kill.how
        self._send()
        if how == "TERM twice":
            time.sleep(0.01)
            self._send()
        elif how == "TERM, and again":
            # Requests take long, so that the second signal arrives before the run has ended.
            self._world.sandbox.fault("slow", seconds=1.5, times=4)
            timer = threading.Timer(SECOND_SIGNAL_SECONDS, self._send)
            timer.daemon = True
            timer.start()

    def _send(self) -> None:
        reader, writer = self._processes["reader"], self._processes["writer"]
        victim = self._kill.victim
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if victim == "the process group":
                os.killpg(writer.pid, self._kill.signal)
                return
        for process in {"reader": [reader], "writer": [writer]}.get(victim, [reader, writer]):
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, self._kill.signal)
