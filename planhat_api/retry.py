"""Whether to ask again, and when: pure decisions, with no clock and no sleep of their own."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that mean: the same request may succeed a little later."""

NOT_CARRIED_OUT_STATUSES = frozenset({425, 429})
"""Of those, the ones that say that nothing was done (RFC 8470 §5.2, RFC 6585 §4)."""

GATEWAY_STATUSES = frozenset({502, 504})
"""Of those, the ones a gateway gives while Planhat may still be at work (RFC 9110 §15.6)."""

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


def backoff_seconds(failures: int, random: Callable[[], float]) -> float:
    """Draw a delay between nothing and a ceiling that doubles with each failure (full jitter).

    Args:
        failures: How often the request has failed, from 1.
        random: Gives a number from 0 up to 1.
    """
    ceiling = FIRST_DELAY_SECONDS * 2.0 ** min(failures - 1, 16)
    return random() * min(ceiling, LONGEST_DELAY_SECONDS)


def retry_after_seconds(value: str | None, now: float) -> float:
    """Read a Retry-After header: seconds, or an HTTP date (RFC 9110 §10.2.3).

    Args:
        value: The header, or None.
        now: Seconds since the epoch.

    Returns:
        Seconds to wait, 0 where the header is missing, in the past or not to be understood.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    if date.tzinfo is None:
        date = date.replace(tzinfo=timezone.utc)
    return max(0.0, (date - datetime.fromtimestamp(now, timezone.utc)).total_seconds())
