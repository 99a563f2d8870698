"""Whether to ask again, and when: pure decisions, with no clock and no sleep of their own."""

from __future__ import annotations

from datetime import timezone
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import TYPE_CHECKING

from planhat_sync.errors import BusyError, LostAnswerError, NotSentError, RetryError

if TYPE_CHECKING:
    from collections.abc import Collection

RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that mean: the same request may succeed a little later."""

NOT_CARRIED_OUT_STATUSES = frozenset({425, 429})
"""Of those, the ones that say that nothing was done (RFC 8470 section 5.2, RFC 6585 section 4)."""

STILL_RUNNING_STATUSES = frozenset({502, 504})
"""Of those, what a gateway says while Planhat may still be at work (RFC 9110 section 15.6)."""

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0


class Decision(Enum):
    """What to do with an answer, judged by its status alone."""

    TAKE = auto()
    RETRY = auto()
    STOP = auto()


class Repeat(Enum):
    """What may be done again when the answer to a request was lost."""

    FREELY = auto()
    """Asking twice is like asking once: GET and DELETE."""
    WHEN_SETTLED = auto()
    """Harmless once the first attempt is over: a bulk upsert of keyed items."""
    NEVER = auto()
    """A second time would do it twice: an unkeyed create."""


def decide(status: int, taken: Collection[int]) -> Decision:
    """Judge a status; one that nobody names stops the run.

    Args:
        status: HTTP status of the answer.
        taken: Statuses that the asker reads itself.
    """
    if status in taken:
        return Decision.TAKE
    return Decision.RETRY if status in RETRIED_STATUSES else Decision.STOP


def may_be_carried_out(error: RetryError) -> bool:
    """Say whether Planhat may have done what was asked although the attempt failed."""
    if isinstance(error, NotSentError):
        return False
    return not (isinstance(error, BusyError) and error.status in NOT_CARRIED_OUT_STATUSES)


def may_still_run(error: RetryError) -> bool:
    """Say whether Planhat may be at work on the failed attempt at this moment."""
    if isinstance(error, BusyError):
        return error.status in STILL_RUNNING_STATUSES
    return isinstance(error, LostAnswerError)


class Schedule:
    """When one request is tried again, given how its attempts failed.

    The budget begins with the first failure, so that a slow first attempt does not use it up. The
    time that a write is given to settle is not taken from it either: it is owed, not spent.

    Args:
        repeat: What may be done after a lost answer.
        budget_seconds: Longest that the request is tried again.
    """

    def __init__(self, repeat: Repeat, budget_seconds: float) -> None:
        self._repeat = repeat
        self._budget = budget_seconds
        self._failures = 0
        self._ends_at = 0.0

    def next_wait(
        self, error: RetryError, *, now: float, ran: float, asked: float, chance: float
    ) -> float | None:
        """Decide how long to wait before the next attempt.

        Args:
            error: How the attempt failed.
            now: The time, in seconds of any steady clock.
            ran: Seconds that the attempt took.
            asked: Seconds that the answer's Retry-After asks for.
            chance: A number from 0 up to 1.

        Returns:
            Seconds to wait, or None when the budget is spent.
        """
        self._failures += 1
        if self._failures == 1:
            self._ends_at = now + self._budget
        left = self._ends_at - now
        if left <= 0:
            return None
        settling = ran if self._repeat is Repeat.WHEN_SETTLED and may_still_run(error) else 0.0
        self._ends_at += settling
        # What Planhat asks for is a floor: the jitter comes on top. Beyond the budget nothing can
        # be waited for, so the last attempt is made when it ends.
        return settling + min(left, asked + backoff_seconds(self._failures, chance))


def backoff_seconds(failures: int, chance: float) -> float:
    """Draw a delay between nothing and a ceiling that doubles with each failure (full jitter).

    Args:
        failures: How often the request has failed, from 1.
        chance: A number from 0 up to 1.
    """
    ceiling = FIRST_DELAY_SECONDS * 2.0 ** min(failures - 1, 16)
    return chance * min(ceiling, LONGEST_DELAY_SECONDS)


def retry_after_seconds(value: str | None, today: float) -> float:
    """Read a Retry-After header: seconds, or an HTTP date (RFC 9110 section 10.2.3).

    Args:
        value: The header, or None.
        today: Seconds since the epoch.

    Returns:
        Seconds to wait; 0 where the header is missing, in the past or not to be understood.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:  # "-0000" stands for UTC of unknown origin
            date = date.replace(tzinfo=timezone.utc)
        return max(0.0, date.timestamp() - today)
    except (TypeError, ValueError, OverflowError, IndexError):
        return 0.0
