"""Decides whether a failed request is sent again, and when; has no clock and never sleeps."""

from __future__ import annotations

from planhat_sync.api.http.exchange import Repeat
from planhat_sync.api.http.server_clock import http_date
from planhat_sync.errors import BusyError, LostAnswerError, NotSentError, RetryError

RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that mean: the same request may succeed a little later."""

NOT_CARRIED_OUT_STATUSES = frozenset({425, 429})
"""Those of them that say that nothing was done (RFC 8470 section 5.2, RFC 6585 section 4)."""

STILL_RUNNING_STATUSES = frozenset({502, 504})
"""Those of them that a gateway sends while Planhat may still be at work (RFC 9110 section 15.6)."""

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0


def may_be_carried_out(error: RetryError) -> bool:
    """Return whether Planhat may have carried out the request although the attempt failed."""
    if isinstance(error, NotSentError):
        return False
    return not (isinstance(error, BusyError) and error.status in NOT_CARRIED_OUT_STATUSES)


def may_still_run(error: RetryError) -> bool:
    """Return whether Planhat may still be working on the failed attempt."""
    if isinstance(error, BusyError):
        return error.status in STILL_RUNNING_STATUSES
    return isinstance(error, LostAnswerError)


class Schedule:
    """When one request is sent again, given how its attempts failed.

    The budget begins with the first failure, so that a slow first attempt does not use it up. The
    time to wait for a write that may still be running does not count either.

    Args:
        repeat: Whether the request may be sent again when its answer was lost.
        budget_seconds: Longest time from the first failure to the last attempt.

    Attributes:
        failures: How many attempts have failed.
    """

    def __init__(self, repeat: Repeat, budget_seconds: float) -> None:
        self.failures = 0
        self._repeat = repeat
        self._budget = budget_seconds
        self._ends_at = 0.0

    def next_wait(
        self, error: RetryError, *, now: float, ran: float, retry_after: float, random: float
    ) -> float | None:
        """Decide how long to wait before the next attempt.

        Args:
            error: How the attempt failed.
            now: The time, in seconds of any steady clock.
            ran: Seconds that the attempt took.
            retry_after: Seconds that the answer's Retry-After asks for.
            random: A random number in [0, 1).

        Returns:
            Seconds to wait, or None when the budget is spent.
        """
        self.failures += 1
        if self.failures == 1:
            self._ends_at = now + self._budget
        left = self._ends_at - now
        if left <= 0:
            return None
        settling = ran if self._repeat is Repeat.WHEN_SETTLED and may_still_run(error) else 0.0
        self._ends_at += settling
        # Retry-After is a floor: the jitter comes on top. No wait goes beyond the budget, so the
        # last attempt is made when the budget ends.
        return settling + min(left, retry_after + backoff_seconds(self.failures, random))


def backoff_seconds(failures: int, random: float) -> float:
    """Return a delay between zero and a ceiling that doubles with each failure (full jitter).

    Args:
        failures: How often the request has failed, from 1.
        random: A random number in [0, 1).
    """
    ceiling = FIRST_DELAY_SECONDS * 2.0 ** min(failures - 1, 16)
    return random * min(ceiling, LONGEST_DELAY_SECONDS)


def retry_after_seconds(value: str | None, epoch: float) -> float:
    """Read a Retry-After header: seconds, or an HTTP date (RFC 9110 section 10.2.3).

    Args:
        value: The header, or None.
        epoch: The time now, in seconds since 1970-01-01 UTC.

    Returns:
        Seconds to wait; 0 if the header is missing, in the past or unreadable.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    date = http_date(text)
    return 0.0 if date is None else max(0.0, date - epoch)
