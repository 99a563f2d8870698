"""Decides where a run of one stream begins: at the bookmark, at `start_date`, or with everything.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planhat_sync.timestamps import earlier, format_timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from planhat_sync.reading.settings import ReadSettings


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """Where a run begins.

    Attributes:
        cutoff: Nothing older is read; None to read everything.
        description: The same in words, for the log.
    """

    cutoff: datetime | None
    description: str

    @classmethod
    def of(
        cls,
        key: str | None,
        bookmark: datetime | None,
        settings: ReadSettings,
        full_read: str | None = None,
    ) -> StartingPoint:
        """Return where a run begins.

        Args:
            key: The replication key; None to read everything in every run.
            bookmark: Everything up to it has been read; None if nothing has been read.
            settings: How to read.
            full_read: Why everything is to be read, if it is, whatever the others say.
        """
        if full_read:
            return cls(None, f"reading everything, because {full_read}")
        start = settings.start_date
        if key is None:
            return cls(None, "reading everything, as in every run")
        if bookmark is None:
            if start is None:
                return cls(None, "no bookmark, reading everything")
            return cls(start, f"no bookmark, from start_date {format_timestamp(start)} on")
        cutoff = earlier(bookmark, settings.lookback)
        if start is not None and start > bookmark:
            since = f"from start_date {format_timestamp(start)} on"
            return cls(start, f"{since}, which is later than the bookmark")
        seconds = settings.lookback.total_seconds()
        since = f"from {format_timestamp(bookmark)} on, lookback {seconds:.15g} s"
        return cls(max(cutoff, start) if start else cutoff, since)
