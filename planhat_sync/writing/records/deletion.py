"""Whether a record was deleted in its source, according to its column for that.

Owns how that one value is read. A deletion cannot be undone, so only a date-time counts as one. A
value that is neither a date-time nor a known way to say "never" becomes a reject, to be reviewed
manually.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from enum import Enum
from typing import Final

from planhat_sync.writing.records.date_texts import DateParts, date_parts, local_time


class Deletion(Enum):
    """Whether a record was deleted."""

    NOT_DELETED = "not deleted"
    DELETED = "deleted"
    UNCLEAR = "unclear"


_START: Final = datetime(1, 1, 1, tzinfo=timezone.utc)
_NEVER: Final = frozenset(
    _START.replace(year=year, month=month, day=day) - _START
    for year, month, day in ((1, 1, 1), (1899, 12, 30), (1900, 1, 1), (1970, 1, 1))
)
"""Timestamps that stand for "never", as time since year 1: the zero time of Go and .NET, of OLE
Automation and spreadsheets, of SQL Server, and the Unix epoch.

A column that must not be null holds one of them as long as nothing has happened. So does MySQL's
`0000-00-00`, which is not a timestamp. If they counted as deletions, such a column would delete
every record. The opposite mistake keeps a record that was deleted in the first second of 1970.
"""
_END: Final = datetime(9999, 12, 31, tzinfo=timezone.utc)
"""Later dates are not deletions: validity columns use this one for "until further notice".
"""


def parse_deletion(value: object) -> Deletion:
    """Return whether a record was deleted.

    Args:
        value: The value of the column in which its source says so, such as `_sdc_deleted_at`:
            mostly text, or the date or datetime that a stream map made. None stands for null, and
            for a record without the column.

    Returns:
        `NOT_DELETED` for null, blank text and zero dates, `DELETED` for every other date or
        date-time from year 2 to the last day of year 9999, `UNCLEAR` for everything else: numbers,
        flags, words.
    """
    if value is None:
        return Deletion.NOT_DELETED
    if isinstance(value, datetime):
        return _of_time(value.replace(tzinfo=timezone.utc), value.utcoffset() or timedelta())
    if isinstance(value, date):
        return _of_time(_START.replace(value.year, value.month, value.day), timedelta())
    return _of_text(value.strip()) if isinstance(value, str) else Deletion.UNCLEAR


def _of_text(text: str) -> Deletion:
    if not text:
        return Deletion.NOT_DELETED
    parts = date_parts(text)
    try:
        return _of_parts(parts) if parts else Deletion.UNCLEAR
    except ValueError:  # 30 February, or 25 hours
        return Deletion.UNCLEAR


def _of_parts(parts: DateParts) -> Deletion:
    if parts.is_zero_date:
        return Deletion.NOT_DELETED if parts.is_midnight else Deletion.UNCLEAR
    return _of_time(*local_time(parts))


def _of_time(time: datetime, offset: timedelta) -> Deletion:
    """Return what a local time means, given its offset from UTC."""
    if time - _START - offset in _NEVER:
        return Deletion.NOT_DELETED
    return Deletion.DELETED if time.year > 1 and time < _END else Deletion.UNCLEAR
