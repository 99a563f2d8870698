"""The limit of requests that the benchmark's server keeps to, as a token bucket."""

from __future__ import annotations

from planhat_sync.api.http.rate_limit import LARGEST_BURST

REQUESTS_A_MINUTE = 200
"""What Planhat allows (fact rate-limit-soft)."""
BURST = LARGEST_BURST + 1
"""One more than a client may send at once that keeps to the limit: requests that were sent at even
intervals do not arrive at even intervals."""


class Quota:
    """How many requests of one tenant may be answered.

    Args:
        per_minute: Requests a minute, of which `BURST` may come at once.
        now: The time in seconds, of any steady clock.
    """

    def __init__(self, per_minute: int, now: float) -> None:
        self._per_second = per_minute / 60
        self._left = float(BURST)
        self._seen = now

    def admits(self, now: float) -> bool:
        """Return whether a request is answered, and count it if it is.

        Args:
            now: When it came.
        """
        self._left = min(float(BURST), self._left + (now - self._seen) * self._per_second)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
