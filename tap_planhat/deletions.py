"""Deletions as Singer has them: records with a date-time in `_sdc_deleted_at`.

Singer's specification has no message for the deletion of one record. Taps that read a log of
changes set `_sdc_deleted_at`, and targets load it as any other column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from singer_sdk.singerlib import Metadata, Schema

from planhat_sync.errors import ConfigurationError
from planhat_sync.timestamps import format_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from singer_sdk.singerlib import Catalog

DELETED_AT: Final = "_sdc_deleted_at"


def announce_deletions(catalog: Catalog) -> None:
    """Add the time of deletion to each stream, as a property that cannot be deselected.

    Without it, the record of a deletion would be one whose properties are all null.

    Args:
        catalog: The catalog of a run.
    """
    for entry in catalog.streams:
        properties = entry.schema.properties or {}
        properties[DELETED_AT] = Schema(type=["string", "null"], format="date-time")
        entry.schema.properties = properties
        metadata = entry.metadata[("properties", DELETED_AT)]
        metadata.inclusion = Metadata.InclusionType.AUTOMATIC


def deletion(identifier: str, at: datetime, others: Iterable[str] = ()) -> dict[str, Any]:
    """Return the record of a deletion.

    Args:
        identifier: The ``_id`` of the record that was deleted.
        at: When the deletion was detected.
        others: Properties to set to null, for stream maps, which fail where one is missing.
    """
    return {
        **dict.fromkeys(others),
        "_id": identifier,
        DELETED_AT: format_timestamp(at),
    }


def check_deletions(config: Mapping[str, Any]) -> None:
    """Check that deletions can be emitted.

    Args:
        config: The settings by name. Each has been checked against its definition.

    Raises:
        ConfigurationError: They cannot.
    """
    if config.get("detect_deletes") and config.get("batch_config") is not None:
        raise ConfigurationError(
            "detect_deletes needs RECORD messages, because BATCH messages have no version: remove "
            "batch_config, or detect_deletes"
        )
