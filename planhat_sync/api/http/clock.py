"""Time and chance as the transport knows them, in one object that a test can replace."""

from __future__ import annotations

import random
import threading
import time


class Clock:
    """The real ones. A test's clock overrides all four and need not wait."""

    def now(self) -> float:
        """Give seconds that never go backwards."""
        return time.monotonic()

    def today(self) -> float:
        """Give seconds since the epoch."""
        return time.time()

    def chance(self) -> float:
        """Give a number from 0 up to 1."""
        return random.random()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait until the time is over or `stop` is set.

        Returns:
            Whether `stop` is set.
        """
        return stop.wait(min(seconds, threading.TIMEOUT_MAX)) if seconds > 0 else stop.is_set()
