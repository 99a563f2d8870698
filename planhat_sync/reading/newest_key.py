"""The newest replication key that may become the bookmark."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

FURTHEST_AHEAD = timedelta(days=1)
"""A replication key further ahead of this machine's clock does not become the bookmark, because
every later change would be older. If it is the clock that is wrong, rows are read again and none is
lost."""


def newest_usable(
    timestamps: Iterable[datetime | None], now: datetime
) -> tuple[datetime | None, bool]:
    """Return the newest timestamp that may become the bookmark, and whether none is newer.

    Args:
        timestamps: The replication keys of some rows.
        now: This machine's time.
    """
    known = [timestamp for timestamp in timestamps if timestamp]
    usable = [timestamp for timestamp in known if timestamp <= now + FURTHEST_AHEAD]
    return max(usable, default=None), len(usable) == len(known)
