"""Times as the server tells them: HTTP dates, and when a run began by the server's clock."""

from __future__ import annotations

from datetime import timezone
from email.utils import parsedate_to_datetime


def http_date(text: str) -> float | None:
    """Read an HTTP date (RFC 9110 section 5.6.7).

    Args:
        text: The value of a header.

    Returns:
        Seconds since 1970-01-01 UTC; None if it is not a date.
    """
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:  # the zone "-0000" means UTC (RFC 5322 section 3.3)
            date = date.replace(tzinfo=timezone.utc)
        return date.timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def began_at(date: str | None, elapsed: float, local: float) -> float | None:
    """Return when a run began, as early as the clocks allow.

    A proxy may write the date, and any clock may be wrong. What is done to records that are older
    than the run is safe with too early a time, and not with too late a one.

    Args:
        date: The `Date` header of an answer.
        elapsed: Seconds from the beginning of the run to this answer.
        local: When the run began by the clock of this machine.

    Returns:
        Seconds since 1970-01-01 UTC; None if the header is missing or unreadable.
    """
    answered = http_date(date or "")
    return None if answered is None else min(answered - elapsed, local)
