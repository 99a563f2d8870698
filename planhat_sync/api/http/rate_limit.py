"""A token bucket: when requests may leave, over all threads of the process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_BURST = 50
"""Planhat allows bursts of up to 50 at once (its developer pages on authentication and limits)."""

_FASTEST = 10**9  # as good as no pace; a number of hundreds of digits would not divide anything


class TokenBucket:
    """Gives every request its time to leave, in the order in which they ask.

    No window of t seconds sees more than `burst` + t x `per_minute` / 60 requests. Nothing waits
    in here: the asker is told how long to wait, so that it can be told to stop meanwhile.

    Attributes:
        burst: How many may leave at once after a quiet time: a quarter of a minute's, at least
            one and at most 50.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self.burst = max(1, min(LARGEST_BURST, per_minute // 4))
        self._clock = clock
        self._interval = 60.0 / min(per_minute, _FASTEST) if per_minute else 0.0
        self._head_start = self._interval * (self.burst - 1)
        self._lock = threading.Lock()
        self._next = clock() - self._head_start

    def reserve(self) -> float:
        """Take the next place.

        Returns:
            Seconds to wait before sending; 0 to send at once.
        """
        with self._lock:
            now = self._clock()
            due = max(self._next, now - self._head_start)
            self._next = due + self._interval
            return max(0.0, due - now)

    def hold(self, seconds: float) -> None:
        """Let nobody leave for a while, and then one after the other.

        Args:
            seconds: How long Planhat asked us to stay away.
        """
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)
