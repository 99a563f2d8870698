"""The setting `mappings`, as the destination maps its records by it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airbyte_planhat.destination.input import key_of
from airbyte_planhat.record_schema import DELETED_AT
from planhat_sync.writing.mapping.mapped_streams import MappedStreams
from planhat_sync.writing.mapping.mappings import Mappings
from planhat_sync.writing.mapping.record_maps import NoMaps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.model import Model
    from planhat_sync.writing.mapping.record_maps import RecordMaps
    from planhat_sync.writing.settings import WriteSettings

logger = logging.getLogger("destination-planhat")


def record_maps(settings: WriteSettings, models: Mapping[str, Model]) -> RecordMaps:
    """Return what maps records.

    Args:
        settings: The user's settings.
        models: The models by name.

    Raises:
        ConfigurationError: A mapping is wrong.
    """
    if not settings.mappings:
        return NoMaps()
    mappings = Mappings.from_config(
        settings.mappings,
        models,
        match_on=settings.match_on,
        missing_key=settings.missing_key,
        deleted_at=DELETED_AT,
    )
    return MappedStreams(mappings, _stream_of, logger)


def _stream_of(line: bytes) -> str:
    key = key_of(line)
    return "" if key is None else key[1]
