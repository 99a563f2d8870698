"""The settings of reading: their definitions, and the one object that a run is given.

A definition is a JSON Schema property, as plain data: each plugin puts them into the configuration
that its users write.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.errors import ConfigurationError
from planhat_sync.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

READ_SETTINGS: Final[dict[str, Any]] = {
    "start_date": {
        "type": "string",
        "format": "date-time",
        "title": "Start date",
        "description": (
            "Read only what has changed since then, or since the bookmark if that is later. "
            "Streams without a replication key are always read in full."
        ),
    },
    "company_ids": {
        "type": "array",
        "items": {"type": "string"},
        "title": "Companies",
        "description": (
            "Read only records of the companies with these ids (_id); of all companies if not set."
        ),
    },
    "page_size": {
        "type": "integer",
        "minimum": 1,
        "maximum": 2000,
        "default": 2000,
        "title": "Page size",
        "description": "How many records to request at once.",
    },
    "concurrency": {
        "type": "integer",
        "minimum": 1,
        "maximum": 50,
        "default": 4,
        "title": "Concurrency",
        "description": "Maximum number of requests in flight, and of pages in memory.",
    },
    "lookback_seconds": {
        "type": "integer",
        "minimum": 0,
        "maximum": 315_360_000,
        "default": 60,
        "title": "Lookback (seconds)",
        "description": (
            "How far before the bookmark an incremental run starts, for changes that Planhat "
            "shows late. Records in that time are emitted again."
        ),
    },
    "discover_custom_fields": {
        "type": "boolean",
        "default": False,
        "title": "Discover custom fields",
        "description": (
            "Ask Planhat for its custom fields, and give each a type in the catalog. "
            "`custom` stays open for others. Discovery then needs the token and the network."
        ),
    },
}
"""JSON Schema properties of the settings, by name."""


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How to read.

    Attributes:
        page_size: Rows to request at once.
        concurrency: Maximum number of requests in flight, and of pages in memory.
        lookback: How far before the bookmark an incremental scan starts.
        start_date: Nothing older is read, with or without a bookmark; None for everything.
        company_ids: Only records of these companies are read; of all companies if empty.
    """

    page_size: int = 2000
    concurrency: int = 4
    lookback: timedelta = timedelta(seconds=60)
    start_date: datetime | None = None
    company_ids: tuple[str, ...] = ()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ReadSettings:
        """Read the settings out of a configuration.

        Args:
            config: The settings by name. Each has been checked against its definition, and may be
                missing; others are ignored.

        Raises:
            ConfigurationError: `start_date` is not a date-time, or a company's id is not an id.
        """
        values = {name: config[name] for name in ("page_size", "concurrency") if name in config}
        if "lookback_seconds" in config:
            values["lookback"] = timedelta(seconds=config["lookback_seconds"])
        if start := config.get("start_date"):
            values["start_date"] = parse_timestamp(start)
            if values["start_date"] is None:
                raise ConfigurationError(
                    "start_date is not a date-time: write it like 2026-01-31T00:00:00Z"
                )
        company_ids = tuple(config.get("company_ids") or ())
        for company_id in company_ids:
            # Rows name their companies by Planhat's ids, whatever else the filter may accept.
            if not company_id.isalnum():
                raise ConfigurationError(
                    f"company_ids holds {company_id!r}, which is not an _id of Planhat: give the "
                    "_id of each company, not its externalId or sourceId"
                )
        return cls(company_ids=company_ids, **values)
