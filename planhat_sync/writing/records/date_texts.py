"""Dates and date-times as the text that databases, files and HTTP write.

Owns which spellings are understood. What has none of them is not a date, and nothing is guessed.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final, NamedTuple

_ZONE: Final = r"(?:Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2})?)?)"
_ZONES: Final = rf"(?:\ ?(?P<zone>{_ZONE})(?:\ ?(?P<again>{_ZONE}))?)?"
"""An offset, which may be repeated: some pipelines append one to a text that has one already, and
Go's `time.Time.String` prints ` +0000 UTC`."""
_FRACTION: Final = r"(?:[.,](?P<fraction>[0-9]+))?"
_MONTHS: Final = (
    *("", "jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
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
        (?P<day>[0-9]{{1,2}})\ (?P<name>{"|".join(_MONTHS[1:])})\ (?P<year>[0-9]{{4}})
        \ (?P<hour>[0-9]{{2}}):(?P<minute>[0-9]{{2}})
        (?::(?P<second>[0-9]{{2}}))?{_ZONES}(?:\ \([A-Z\ ]*\))?""",
    )
)

_MIDNIGHT: Final = datetime(1, 1, 1, tzinfo=timezone.utc)


class DateParts(NamedTuple):
    """The parts of a date or date-time, none of them checked.

    Attributes:
        date: Year, month and day.
        time: Hour, minute, second and microsecond; zeros for a date alone. Of a fraction it only
            matters whether it is zero, so any other is one microsecond.
        zones: The offset as it was written, and once more if it was repeated; empty for none.
    """

    date: tuple[int, int, int]
    time: tuple[int, int, int, int]
    zones: tuple[str, str]

    @property
    def is_zero_date(self) -> bool:
        """Whether it is MySQL's `0000-00-00`, which is not a date."""
        return not any(self.date)

    @property
    def is_midnight(self) -> bool:
        """Whether it is the beginning of a day."""
        return not any(self.time)


def date_parts(text: str) -> DateParts | None:
    """Return the parts of a date or date-time.

    Args:
        text: A text without white space around it.

    Returns:
        None if it has no known spelling.
    """
    found = next((match for each in _SPELLINGS if (match := each.fullmatch(text))), None)
    if found is None:
        return None
    parts = found.groupdict("")
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    microsecond = 1 if parts.get("fraction", "").strip("0") else 0
    return DateParts(
        (int(parts["year"]), _month(parts), int(parts["day"])),
        (hour, minute, second, microsecond),
        (parts["zone"], parts["again"]),
    )


def local_time(parts: DateParts) -> tuple[datetime, timedelta]:
    """Return a date-time in its own zone, and how far that is ahead of UTC; UTC if it has none.

    Raises:
        ValueError: There is no such date or time, or it has two zones that differ.
    """
    zone, again = parts.zones
    offset = _offset(zone)
    if again and _offset(again) != offset:
        raise ValueError("two offsets")
    return datetime(*parts.date, *parts.time, tzinfo=timezone.utc), offset


def _month(parts: dict[str, str]) -> int:
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
    offset = _MIDNIGHT.replace(hour=hours, minute=minutes, second=seconds) - _MIDNIGHT
    return -offset if zone[0] == "-" else offset
