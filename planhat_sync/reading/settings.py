"""The settings of reading: what there is, and what of it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.progress import PROGRESS_SETTING
from planhat_sync.timestamps import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

READ_SETTINGS: dict[str, Any] = {
    "start_date": {
        "type": "string",
        "format": "date-time",
        "title": "Start date",
        "description": (
            "Read only what changed since then, or since the bookmark where that is later. Streams "
            "without a replication key are read whole all the same."
        ),
    },
    "company_ids": {
        "type": "array",
        "items": {"type": "string"},
        "title": "Companies",
        "description": "Read only records of the companies with these ids (_id); all if not set.",
    },
    "page_size": {
        "type": "integer",
        "minimum": 1,
        "maximum": 2000,
        "default": 2000,
        "title": "Page size",
        "description": "Records asked for at once.",
    },
    "concurrency": {
        "type": "integer",
        "minimum": 1,
        "maximum": 50,
        "default": 4,
        "title": "Concurrency",
        "description": "Most requests at once, and most pages in memory.",
    },
    "lookback_seconds": {
        "type": "integer",
        "minimum": 0,
        "maximum": 315_360_000,
        "default": 60,
        "title": "Lookback (seconds)",
        "description": (
            "How far before the bookmark an incremental run begins, for changes that Planhat "
            "shows late. What it reads again is emitted again."
        ),
    },
    "discover_custom_fields": {
        "type": "boolean",
        "default": False,
        "title": "Discover custom fields",
        "description": (
            "Ask Planhat which custom fields there are, and give each a type in the catalog. "
            "`custom` stays open for others. Discovery then needs the token and the network."
        ),
    },
    "emit_activate_version_messages": {
        "type": "boolean",
        "default": False,
        "title": "Emit ACTIVATE_VERSION",
        "description": (
            "Tell the target, before the records of a stream that is read whole, that records of "
            "earlier runs are out of date, so that it can remove what Planhat no longer has."
        ),
    },
    "progress": PROGRESS_SETTING,
}
"""JSON Schema properties of the settings that only the tap has."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read.

    Attributes:
        page_size: Rows to ask for at once.
        lookback: How far before the bookmark an incremental walk begins.
        start_date: Nothing older is read, bookmark or not; None for everything.
        company_ids: Only records of these companies; all if empty.
    """

    page_size: int
    lookback: timedelta
    start_date: datetime | None = None
    company_ids: tuple[str, ...] = ()

    def beginning(self, key: str | None, bookmark: datetime | None) -> str:
        """Say where a run begins, for its log.

        Args:
            key: The replication key, or None if everything is read every time.
            bookmark: Every change up to here has been read; None if nothing has.
        """
        if key is None:
            return "reading everything, as in every run"
        start = self.start_date
        if bookmark is None:
            if start is None:
                return "no bookmark, reading everything"
            return f"no bookmark, from start_date {format_timestamp(start)} on"
        if start is not None and start > bookmark:
            return f"from start_date {format_timestamp(start)} on, which is later than the bookmark"
        seconds = self.lookback.total_seconds()
        return f"from {format_timestamp(bookmark)} on, lookback {seconds:.15g} s"


def reading_of(config: Mapping[str, Any]) -> Reading:
    """Read out of the settings how to read.

    Args:
        config: The settings by name.

    Raises:
        ConfigurationError: `start_date` is no date-time, or a company's id is none.
    """
    start = config.get("start_date")
    start_date = parse_timestamp(start) if start else None
    if start and start_date is None:
        raise ConfigurationError("start_date is no date-time: write it like 2026-01-31T00:00:00Z")
    companies = tuple(config.get("company_ids") or ())
    for one in companies:
        # Rows point at companies by Planhat's ids, whatever else the filter may take.
        if not one.isalnum():
            raise ConfigurationError(
                f"company_ids holds {one!r}, which is no _id of Planhat's: give the _id of each "
                "company, not its externalId or sourceId"
            )
    return Reading(
        page_size=config.get("page_size", READ_SETTINGS["page_size"]["default"]),
        lookback=timedelta(
            seconds=config.get("lookback_seconds", READ_SETTINGS["lookback_seconds"]["default"])
        ),
        start_date=start_date,
        company_ids=companies,
    )
