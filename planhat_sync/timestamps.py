"""Date-times as Planhat and the state write them: read, compared and written as instants.

Never compared as texts: `2026-01-01T01:00:00+02:00` is the greater text and the earlier instant.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec


def parse_timestamp(text: object) -> datetime | None:
    """Read a date-time; without an offset it is taken for UTC.

    Args:
        text: An RFC 3339 date-time, or a date alone.

    Returns:
        The instant, or None if that is no date-time.
    """
    if not isinstance(text, str):
        return None
    try:
        moment = msgspec.convert(
            f"{text}T00:00:00Z" if len(text) == len("YYYY-MM-DD") else text, datetime
        )
        if moment.tzinfo is None:
            return moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):  # half a surrogate pair too; a year before 1 in UTC
        return None


def before(moment: datetime, by: timedelta) -> datetime:
    """Give an earlier instant; the first one of all where there is none so early.

    Args:
        moment: An instant.
        by: How much earlier.
    """
    try:
        return moment - by
    except OverflowError:
        return datetime.min.replace(tzinfo=timezone.utc)


def written(moment: datetime) -> str:
    """Write an instant the way Planhat does, with as many digits as it needs.

    Args:
        moment: An instant with a time zone.
    """
    digits = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec=digits) + "Z"
