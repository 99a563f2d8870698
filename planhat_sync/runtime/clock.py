"""Time and randomness, in one object that a test can replace."""

from __future__ import annotations

import random
import threading
import time
from datetime import datetime, timezone


class Clock:
    """The system's clocks and its random numbers.

    A test's clock overrides `now`, `epoch`, `random` and `wait`; it does not need to wait.
    """

    def now(self) -> float:
        """Return the seconds of a clock that never goes backwards."""
        return time.monotonic()

    def epoch(self) -> float:
        """Return the seconds since 1970-01-01 UTC."""
        return time.time()

    def utc(self) -> datetime:
        """Return the same as a date and time."""
        return datetime.fromtimestamp(self.epoch(), timezone.utc)

    def random(self) -> float:
        """Return a random number in [0, 1)."""
        return random.random()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait until the time is over or `stop` is set.

        Returns:
            Whether `stop` is set.
        """
        return stop.wait(min(seconds, threading.TIMEOUT_MAX)) if seconds > 0 else stop.is_set()
