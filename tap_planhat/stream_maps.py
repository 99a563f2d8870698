"""Checks of stream maps that the SDK does not make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.mapper import CustomStreamMap

from planhat_sync.errors import ConfigurationError
from tap_planhat.deletions import DELETED_AT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.mapper import StreamMap


def check_stream_maps(maps: Iterable[StreamMap], *, detect_deletes: bool) -> None:
    """Check the stream maps of a run.

    Args:
        maps: The SDK's stream maps.
        detect_deletes: Whether deletions are emitted.

    Raises:
        ConfigurationError: An alias is not a name, or a map drops the time of deletion, so that a
            deletion would look like a record whose values are all null.
    """
    for each in maps:
        alias = each.stream_alias
        if not isinstance(alias, str) or not alias:
            raise ConfigurationError(
                "stream_maps: an __alias__ is an expression, and one of them has no name as "
                "its value: write the name alone, without quotes inside"
            )
        if not detect_deletes or not isinstance(each, CustomStreamMap):
            continue
        if DELETED_AT not in each.transformed_schema["properties"]:
            raise ConfigurationError(
                f"stream_maps: the map that makes {alias} drops {DELETED_AT}, so a deleted record "
                f'would look like one that has no values: add "{DELETED_AT}": '
                f"\"record.get('{DELETED_AT}')\" to it, or remove detect_deletes"
            )
