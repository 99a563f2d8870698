"""Whether a record was deleted in its source, according to its `_sdc_deleted_at`.

Owns how that one value is read. A deletion cannot be undone, so only a date-time counts as one. A
value that is neither a date-time nor a known way to say "never" becomes a reject, to be reviewed
manually.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DELETED_AT: Final = "_sdc_deleted_at"
"""Column in which Singer taps write when a record was deleted in its source."""


class Deletion(Enum):
    """Whether a record was deleted."""

    NOT_DELETED = "not deleted"
    DELETED = "deleted"
    UNCLEAR = "unclear"


_ZONE: Final = r"(?:Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2})?)?)"
_ZONES: Final = rf"(?:\ ?(?P<zone>{_ZONE})(?:\ ?(?P<again>{_ZONE}))?)?"
"""An offset, which may be repeated: some pipelines append one to a text that has one already, and
Go's `time.Time.String` prints ` +0000 UTC`."""
_FRACTION: Final = r"(?:[.,](?P<fraction>[0-9]+))?"
_SPELLINGS: Final = tuple(
    re.compile(pattern, re.ASCII | re.IGNORECASE | re.VERBOSE)
    for pattern in (
        # ISO 8601 in its extended form, and the similar forms that databases print.
        rf"""(?P<year>[0-9]{{4}})-(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}})
        (?:[T\ ](?P<hour>[0-9]{{2}}):(?P<minute>[0-9]{{2}})
        (?::(?P<second>[0-9]{{2}}){_FRACTION})?{_ZONES})?""",
        # ISO 8601 in its basic form. Without the T it could be any number.
        rf"""(?P<year>[0-9]{{4}})(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})
        T(?P<hour>[0-9]{{2}})(?P<minute>[0-9]{{2}})
        (?:(?P<second>[0-9]{{2}}){_FRACTION})?{_ZONES}""",
        # RFC 2822, and the dates of HTTP (RFC 9110, 5.6.7).
        rf"""(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),\ )?
        (?P<day>[0-9]{{1,2}})\ (?P<name>[A-Z]{{3}})\ (?P<year>[0-9]{{4}})
        \ (?P<hour>[0-9]{{2}}):(?P<minute>[0-9]{{2}})
        (?::(?P<second>[0-9]{{2}}))?{_ZONES}(?:\ \([A-Z\ ]*\))?""",
    )
)
_MONTHS: Final = (
    *("", "jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)

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
        value: Its `_sdc_deleted_at`: mostly text, or the date or datetime that a stream map made.
            None stands for null, and for a record without the column.

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
    found = next((match for each in _SPELLINGS if (match := each.fullmatch(text))), None)
    try:
        return _of_parts(found.groupdict("")) if found else Deletion.UNCLEAR
    except ValueError:  # 30 February, or 25 hours
        return Deletion.UNCLEAR


def _of_parts(parts: Mapping[str, str]) -> Deletion:
    year, month, day = int(parts["year"]), _month(parts), int(parts["day"])
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    # A fraction may have any length; it only matters whether it is zero.
    microsecond = 1 if parts.get("fraction", "").strip("0") else 0
    offset = _offset(parts["zone"])
    if parts["again"] and _offset(parts["again"]) != offset:
        return Deletion.UNCLEAR
    if not (year or month or day):
        is_zero = not (hour or minute or second or microsecond)
        return Deletion.NOT_DELETED if is_zero else Deletion.UNCLEAR
    utc = timezone.utc
    return _of_time(datetime(year, month, day, hour, minute, second, microsecond, utc), offset)


def _of_time(time: datetime, offset: timedelta) -> Deletion:
    """Return what a local time means, given its offset from UTC."""
    if time - _START - offset in _NEVER:
        return Deletion.NOT_DELETED
    return Deletion.DELETED if time.year > 1 and time < _END else Deletion.UNCLEAR


def _month(parts: Mapping[str, str]) -> int:
    return _MONTHS.index(parts["name"].lower()) if "name" in parts else int(parts["month"])


def _offset(zone: str) -> timedelta:
    """Return how far a zone is ahead of UTC.

    Raises:
        ValueError: It is a day or more, or has more minutes than an hour.
    """
    digits = zone[1:].replace(":", "")
    if not digits.isdigit():  # Z, UTC, GMT, or no zone at all
        return timedelta()
    hours, minutes, seconds = (int(digits[at : at + 2] or 0) for at in (0, 2, 4))
    offset = _START.replace(hour=hours, minute=minutes, second=seconds) - _START
    return -offset if zone[0] == "-" else offset
