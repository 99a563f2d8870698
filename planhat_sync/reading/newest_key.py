"""The newest replication key that there was when a run began: the bookmark must not pass it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from planhat_sync.api.pagination.page_request import PageRequest
from planhat_sync.reading.incremental import OLDEST_ROWS
from planhat_sync.reading.sort_evidence import is_ascending

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable
    from datetime import datetime

    from planhat_sync.api.pagination.scan import Source
    from planhat_sync.reading.pages.page import Page
    from planhat_sync.runtime.clock import Clock

FURTHEST_AHEAD = timedelta(days=1)
"""A replication key further ahead of this machine's clock does not become the bookmark, because
every later change would be older. If it is the clock that is wrong, rows are read again and none is
lost."""


class NewestKey:
    """The newest replication key that may become the bookmark.

    Args:
        key: The replication key.
        clock: Time.
        logger: Receives messages for the user.

    Attributes:
        value: The newest key; None if no row has shown one.
        is_sorted: Whether the requested rows were in the order that was asked for.
    """

    def __init__(self, key: str, clock: Clock, logger: logging.Logger) -> None:
        self.value: datetime | None = None
        self.is_sorted = True
        self._key = key
        self._clock = clock
        self._logger = logger

    def request(self, source: Source[Page]) -> None:
        """Request the newest rows of each list of the model, over all companies.

        Args:
            source: The pages of the stream.

        Raises:
            Interrupted: The run was asked to stop.
            PlanhatError: A page could not be fetched.
        """
        request = PageRequest(f"-{self._key}", OLDEST_ROWS, select=("_id", self._key))
        found: list[datetime | None] = []
        for each in source.lists:
            timestamps = each.page(request).timestamps()
            self.is_sorted = self.is_sorted and is_ascending(timestamps[::-1])
            found += timestamps
        self.see(found)

    def see(self, timestamps: Iterable[datetime | None]) -> None:
        """Take the newest key of some rows.

        Args:
            timestamps: Their replication keys.
        """
        self.value, is_newest = newest_usable(timestamps, self._clock.utc())
        if not is_newest:
            self._logger.warning(
                "some %s is more than a day ahead of this machine's clock: the bookmark stays "
                "before it, and its record is read in every run",
                self._key,
            )


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
