"""The settings of reading: their definitions, and the one object that a run is given.

A definition is a JSON Schema property, as plain data: each plugin puts them into the configuration
that its users write.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.errors import ConfigurationError
from planhat_sync.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from planhat_sync.model import Model

MOST_ROWS: Final = 10_000
"""Rows of the longest page that Planhat documents for any model (fact list-limit)."""

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
            "Read only records of the companies with these ids (_id); of all companies if not set. "
            "Streams whose records belong to no company, such as users, are read in full."
        ),
    },
    "company_references": {
        "type": "string",
        "enum": ["id", "externalId", "sourceId"],
        "default": "id",
        "title": "Company references",
        "description": (
            "How records refer to companies: by _id, or by externalId (as extid-…) or sourceId "
            "(as srcid-…), which another tenant may know. A company that has none, or shares it "
            "with another company, keeps its _id, with a warning."
        ),
    },
    "page_size": {
        "type": "integer",
        "minimum": 1,
        "maximum": MOST_ROWS,
        "default": MOST_ROWS,
        "title": "Page size",
        "description": (
            "How many records to request at once, at most. Planhat's own limit is 2,000 for most "
            "models."
        ),
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
    "detect_deletes": {
        "type": "boolean",
        "default": False,
        "title": "Detect deletes",
        "description": (
            "Emit a record with _id and _sdc_deleted_at for each record that has been deleted in "
            "Planhat. Needs the state, and all records: neither company_ids nor start_date."
        ),
    },
    "detect_deletes_hours": {
        "type": "integer",
        "minimum": 0,
        "maximum": 87_600,
        "default": 24,
        "title": "Detect deletes every (hours)",
        "description": (
            "With detect_deletes: how often a stream that is read incrementally is compared with "
            "the ids of all records, which takes one request for 2,000 of them; 0 for every run."
        ),
    },
    "max_deletes_percent": {
        "type": "integer",
        "minimum": 0,
        "maximum": 100,
        "default": 20,
        "title": "Most deletes (percent)",
        "description": (
            "With detect_deletes: if more than this share of the records is missing, and more than "
            "five, none is emitted as deleted and the run fails. If they were deleted, raise it "
            "for one run; 100 allows any share."
        ),
    },
    "full_read_days": {
        "type": "integer",
        "minimum": 0,
        "maximum": 365,
        "default": 7,
        "title": "Full read (days)",
        "description": (
            "How often a stream is read in full that is incremental only because the catalog asks "
            "for it; 0 for every run."
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

_AS_GIVEN: Final = (
    "company_references",
    "page_size",
    "concurrency",
    "detect_deletes",
    "max_deletes_percent",
)


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How to read.

    Attributes:
        page_size: Rows to request at once, at most.
        concurrency: Maximum number of requests in flight, and of pages in memory.
        lookback: How far before the bookmark an incremental scan starts.
        start_date: Nothing older is read, with or without a bookmark; None for everything.
        company_ids: Only records of these companies are read; of all companies if empty.
        company_references: The key by which records refer to companies; ``id`` for ``_id``.
        detect_deletes: Whether deleted records are detected.
        sweep_every: How often all ids are read for that.
        max_deletes_percent: No deletion is emitted if more are missing.
        full_read_every: How often a stream is read in full whose replication key is vouched for.
    """

    page_size: int = MOST_ROWS
    concurrency: int = 4
    lookback: timedelta = timedelta(seconds=60)
    start_date: datetime | None = None
    company_ids: tuple[str, ...] = ()
    company_references: str = "id"
    detect_deletes: bool = False
    sweep_every: timedelta = timedelta(hours=24)
    max_deletes_percent: int = 20
    full_read_every: timedelta = timedelta(days=7)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ReadSettings:
        """Read the settings out of a configuration.

        Args:
            config: The settings by name. Each has been checked against its definition, and may be
                missing; others are ignored.

        Raises:
            ConfigurationError: `start_date` is not a date-time, a company's id is not an id, or the
                settings contradict each other.
        """
        values = {name: config[name] for name in _AS_GIVEN if name in config}
        if "lookback_seconds" in config:
            values["lookback"] = timedelta(seconds=config["lookback_seconds"])
        if "detect_deletes_hours" in config:
            values["sweep_every"] = timedelta(hours=config["detect_deletes_hours"])
        if "full_read_days" in config:
            values["full_read_every"] = timedelta(days=config["full_read_days"])
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
                    f'company_ids holds "{company_id}", which is not an _id of Planhat: give the '
                    "_id of each company, not its externalId or sourceId"
                )
        settings = cls(company_ids=company_ids, **values)
        settings._check_deletes()
        return settings

    def of_model(self, model: Model) -> ReadSettings:
        """Return the settings within the limits of a model.

        Args:
            model: The model; if its records belong to no company, no filter by companies applies.
        """
        return replace(
            self,
            page_size=min(self.page_size, model.page_limit),
            company_ids=self.company_ids if model.company_property else (),
        )

    def _check_deletes(self) -> None:
        """Raise a ConfigurationError if deletions could be confused with what is not read."""
        for name in ("company_ids", "start_date"):
            if self.detect_deletes and getattr(self, name):
                raise ConfigurationError(
                    f"detect_deletes compares all records with those of the last run, and {name} "
                    f"leaves some out: remove {name}, or detect_deletes"
                )
