"""A token bucket: how fast requests may leave, over all threads of the process."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_BURST = 50
"""Planhat allows bursts of up to 50 requests (vendor's page "Authentication & Limits")."""


class TokenBucket:
    """Tells each request how long to wait, so that no window holds more than burst + rate x time.

    A quarter of a minute's requests, and at most 50, may leave at once.
    """

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._interval = 60.0 / per_minute if per_minute else 0.0
        self._slack = self._interval * (max(1, min(LARGEST_BURST, per_minute // 4)) - 1)
        self._lock = threading.Lock()
        self._next = 0.0

    def reserve(self) -> float:
        """Take the next place in the queue.

        Returns:
            Seconds to wait before sending; 0 to send at once.
        """
        with self._lock:
            now = self._clock()
            due = max(self._next, now - self._slack)
            self._next = due + self._interval
            return max(0.0, due - now)
