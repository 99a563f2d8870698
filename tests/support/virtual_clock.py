"""A clock on which waiting takes no time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.api.http.wire import Wire
from planhat_sync.runtime.clock import Clock

if TYPE_CHECKING:
    import threading


class VirtualClock(Clock):
    """A clock on which waiting takes no time, and whose random number is always the same."""

    def __init__(self, random: float = 0.5) -> None:
        self.seconds = 1000.0
        self.waits: list[float] = []
        self._random = random

    def now(self) -> float:
        return self.seconds

    def epoch(self) -> float:
        return self.seconds + 1_700_000_000

    def random(self) -> float:
        return self._random

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        if seconds > 0:
            self.waits.append(seconds)
        self.seconds += max(0.0, seconds)
        return stop.is_set()


def over_sockets(connection, *, width, clock):
    """Make a wire whose deadlines are in real time, since it waits for real sockets."""
    return Wire(connection, width=width)
