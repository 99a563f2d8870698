"""A token bucket that decides when each request may be sent, over all threads of the process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_BURST = 50
"""Planhat allows bursts of up to 50 requests (its developer pages on authentication and limits)."""

_HIGHEST_RATE = 10**9  # in effect no limit; an integer of hundreds of digits cannot divide a float


class TokenBucket:
    """Assigns every request the time at which it may be sent, in the order of the calls.

    No window of t seconds holds more than `burst` + t x `per_minute` / 60 requests. The bucket
    never sleeps: it returns the time to wait, so that the caller can be interrupted meanwhile.

    Args:
        per_minute: Requests per minute; 0 for no limit.
        now: Returns the seconds of a steady clock.

    Attributes:
        burst: How many requests may be sent at once after an idle time: a quarter of `per_minute`,
            at least 1 and at most 50.
    """

    def __init__(self, per_minute: int, now: Callable[[], float]) -> None:
        self.burst = max(1, min(LARGEST_BURST, per_minute // 4))
        self._now = now
        self._interval = 60.0 / min(per_minute, _HIGHEST_RATE) if per_minute else 0.0
        self._head_start = self._interval * (self.burst - 1)
        self._lock = threading.Lock()
        self._next = now() - self._head_start

    def reserve(self) -> float:
        """Take one token.

        Returns:
            Seconds to wait before sending; 0 to send at once.
        """
        with self._lock:
            now = self._now()
            due = max(self._next, now - self._head_start)
            self._next = due + self._interval
            return max(0.0, due - now)

    def hold(self, seconds: float) -> None:
        """Block all requests for a while, and then let one at a time through.

        Args:
            seconds: How long the server asked to wait.
        """
        with self._lock:
            self._next = max(self._next, self._now() + seconds)
