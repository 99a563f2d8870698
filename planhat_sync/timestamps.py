"""Timestamps: read from Planhat, state and settings, and written as Planhat writes them.

They are compared as datetimes and never as text: `2026-01-01T01:00:00+02:00` is the greater text
and the earlier time than `2026-01-01T00:00:00Z`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import msgspec


def parse_timestamp(text: object) -> datetime | None:
    """Parse a date-time; without an offset it is taken as UTC.

    Args:
        text: An RFC 3339 date-time, or a date alone.

    Returns:
        The timestamp in UTC, or None if the value is not a date-time.
    """
    if not isinstance(text, str):
        return None
    try:
        timestamp = msgspec.convert(
            f"{text}T00:00:00Z" if len(text) == len("YYYY-MM-DD") else text, datetime
        )
        if timestamp.tzinfo is None:
            return timestamp.replace(tzinfo=timezone.utc)
        return timestamp.astimezone(timezone.utc)
    except (ValueError, OverflowError):  # also an unpaired surrogate, or a year before 1 in UTC
        return None


def format_timestamp(timestamp: date) -> str:
    """Format a date or a datetime as Planhat does: milliseconds, and Z for UTC.

    Args:
        timestamp: A date, or a datetime with or without an offset; any offset but UTC is kept.
            Microseconds are written only if there are any.
    """
    if not isinstance(timestamp, datetime):
        return timestamp.isoformat()
    precision = "microseconds" if timestamp.microsecond % 1000 else "milliseconds"
    text = timestamp.isoformat(timespec=precision)
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def earlier(timestamp: datetime, by: timedelta) -> datetime:
    """Return an earlier timestamp, or the earliest possible one if there is none that early.

    Args:
        timestamp: A timestamp.
        by: How much earlier.
    """
    try:
        return timestamp - by
    except OverflowError:
        return datetime.min.replace(tzinfo=timezone.utc)
