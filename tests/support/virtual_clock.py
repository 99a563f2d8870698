"""A clock on which waiting takes no time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.api.http.clock import Clock

if TYPE_CHECKING:
    import threading


class VirtualClock(Clock):
    """A clock on which waiting takes no time; chance is what it is set to."""

    def __init__(self, chance: float = 0.5) -> None:
        self.time = 1000.0
        self.luck = chance
        self.waits: list[float] = []

    def now(self) -> float:
        return self.time

    def epoch(self) -> float:
        return self.time + 1_700_000_000

    def random(self) -> float:
        return self.luck

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        if seconds > 0:
            self.waits.append(seconds)
        self.time += max(0.0, seconds)
        return stop.is_set()
