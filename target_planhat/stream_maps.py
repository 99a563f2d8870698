"""The SDK's stream maps: which streams they make of one, and what they make of a record.

How a record is mapped depends on the setting alone, never on the SCHEMA that it came under, since
nothing is flattened. So the maps of a stream are made once. A record that they fail on is rejected,
whatever was raised, since they may succeed with the next one.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import StreamMapConfigError
from singer_sdk.mapper import (
    MAPPER_KEY_PROPERTIES_OPTION,
    MAPPER_SOURCE_OPTION,
    RemoveRecordTransform,
)

from planhat_singer.map_failures import MapFailure
from planhat_singer.stream_maps import mapping_errors
from planhat_sync.writing.mapping.mappings import is_glob
from planhat_sync.writing.mapping.record_maps import UnmappableError
from planhat_sync.writing.records.payload import Reject, RejectCode, Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_sdk.mapper import PluginMapper, StreamMap


class StreamMaps:
    """The stream maps of a run.

    Args:
        mapper: The SDK's.

    Attributes:
        are_set: Whether there are any.
        named: The streams that have a stream map of their own.
    """

    def __init__(self, mapper: PluginMapper) -> None:
        self.are_set = bool(
            mapper.stream_maps_dict or mapper.default_mapper_type is RemoveRecordTransform
        )
        self.named = [
            stream
            for key, definition in mapper.stream_maps_dict.items()
            if not is_glob(stream := _source_of(key, definition))
        ]
        self._mapper = mapper
        # The SDK refuses key properties that are not among the properties of a stream.
        self._schema: dict[str, Any] = {
            "properties": {
                name: {}
                for definition in mapper.stream_maps_dict.values()
                if isinstance(definition, dict)
                and isinstance(definition.get(MAPPER_KEY_PROPERTIES_OPTION), list)
                for name in definition[MAPPER_KEY_PROPERTIES_OPTION]
            }
        }
        self._maps: dict[str, Sequence[StreamMap]] = {}

    def streams_of(self, stream: str) -> list[str]:
        """Return the names of the streams that the records of a stream can be mapped to.

        Args:
            stream: Its name.

        Raises:
            ConfigurationError: The stream maps are not valid.
        """
        if not self.are_set:
            return [stream]
        return [
            stream_map.stream_alias
            for stream_map in self._maps_of(stream)
            if not isinstance(stream_map, RemoveRecordTransform)
        ]

    def apply(
        self, stream: str, record: dict[str, Any]
    ) -> list[tuple[str, dict[str, Any] | Skipped]]:
        """Apply all maps of its stream to a record.

        If one of them fails, none counts. The record is kept as received, and a replay applies all
        of them again: what another one had produced would be written twice.

        Args:
            stream: Its stream.
            record: The record.

        Returns:
            For each map the stream that it makes, and the mapped record, or that it is left out.

        Raises:
            UnmappableError: One of the maps fails.
        """
        return [
            (stream_map.stream_alias, _applied(stream_map, record))
            for stream_map in self._maps_of(stream)
        ]

    def warnings(self) -> Sequence[str]:
        """Return nothing: what the expressions of a stream map refer to is not known."""
        return ()

    def sources(self, line: bytes) -> Mapping[str, str]:  # noqa: ARG002 - as `RecordMaps` has it
        """Return no sources: the SDK does not say which expression makes a property."""
        return {}

    def _maps_of(self, stream: str) -> Sequence[StreamMap]:
        maps = self._maps.get(stream)
        if maps is None:
            with mapping_errors(self._mapper.stream_maps_dict):
                self._mapper.register_raw_stream_schema(stream, copy.deepcopy(self._schema), ())
            maps = self._maps[stream] = tuple(self._mapper.stream_maps[stream])
        return maps


def _source_of(key: str, definition: Any) -> str:  # noqa: ANN401 - as the SDK takes it
    """Return the stream that a stream map is for."""
    named = definition.get(MAPPER_SOURCE_OPTION) if isinstance(definition, dict) else None
    return named if isinstance(named, str) else key


def _applied(stream_map: StreamMap, record: dict[str, Any]) -> dict[str, Any] | Skipped:
    try:
        made = stream_map.transform(copy.copy(record))
    except StreamMapConfigError:  # it is wrong for every record
        raise
    except Exception as error:  # an expression of the user's may raise anything
        failure = MapFailure.of(error)
        reject = Reject(RejectCode.MAPPING_FAILED, failure.sentence, failure.property)
        raise UnmappableError(stream_map.stream_alias, reject) from error
    return Skipped.FILTERED if made is None else made
