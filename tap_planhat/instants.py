"""Date-times as Planhat and the state write them: read, compared and written as instants.

Never compared as texts: `2026-01-01T01:00:00+02:00` is the greater text and the earlier instant.
"""

from __future__ import annotations

from datetime import datetime, timezone

import msgspec


def instant(text: object) -> datetime | None:
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
    except msgspec.ValidationError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def written(moment: datetime) -> str:
    """Write an instant the way Planhat does, with as many digits as it needs.

    Args:
        moment: An instant with a time zone.
    """
    digits = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec=digits) + "Z"
