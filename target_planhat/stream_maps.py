"""The SDK's stream maps: what they make of a SCHEMA, and of a record.

Owns what a record gets that they fail on: a reject, whatever was raised, since the next record may
be mapped all the same.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from singer_sdk.exceptions import MappingError, StreamMapConfigError
from singer_sdk.mapper import MAPPER_KEY_PROPERTIES_OPTION, RemoveRecordTransform

from planhat_singer.map_failures import MapFailure
from planhat_singer.stream_maps import told_as_stream_maps
from planhat_sync.runtime.stdin import InputError
from planhat_sync.writing.records.payload import Reject, RejectCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_sdk.mapper import PluginMapper, StreamMap

MOST_KNOWN: Final = 32
"""SCHEMAs whose maps are kept: making one takes about 1 ms, and a producer may
alternate between SCHEMAs."""
LONGEST_KNOWN: Final = 1 << 20


class UnmappableError(Exception):
    """A record cannot be mapped.

    Attributes:
        stream: The stream that the failing map makes.
        reject: Why, for the reject file.
    """

    def __init__(self, stream: str, reject: Reject) -> None:
        super().__init__(reject.message)
        self.stream = stream
        self.reject = reject


class Announced(NamedTuple):
    """A stream that comes out of the maps of a SCHEMA.

    Attributes:
        stream: Its name.
        schema: Its JSON Schema.
    """

    stream: str
    schema: dict[str, Any]


class StreamMaps:
    """The stream maps of a run.

    Args:
        mapper: The SDK's.

    Attributes:
        are_set: Whether records go through them at all.
    """

    def __init__(self, mapper: PluginMapper) -> None:
        self.are_set = bool(
            mapper.stream_maps_dict or mapper.default_mapper_type is RemoveRecordTransform
        )
        self._mapper = mapper
        self._named_keys = [
            name
            for definition in mapper.stream_maps_dict.values()
            if isinstance(definition, dict)
            and isinstance(definition.get(MAPPER_KEY_PROPERTIES_OPTION), list)
            for name in definition[MAPPER_KEY_PROPERTIES_OPTION]
        ]
        self._maps: dict[str, Sequence[StreamMap]] = {}
        self._known: OrderedDict[bytes, Sequence[StreamMap]] = OrderedDict()

    def announce(
        self, stream: str, schema: Mapping[str, Any], *, line: bytes, number: int
    ) -> list[Announced]:
        """Make the maps of a SCHEMA; they replace those of the stream's last SCHEMA.

        Args:
            stream: Its stream.
            schema: Its JSON Schema. One that says nothing, or something odd, of its properties is
                taken: records are judged by the model.
            line: The line that it came in.
            number: Number of that line.

        Returns:
            The streams that its records can become.

        Raises:
            InputError: The SDK cannot make anything of it.
        """
        columns = _columns(schema)
        if not self.are_set:
            return [Announced(stream, {"properties": columns})]
        maps = self._known.pop(line, None)
        if maps is None:
            maps = self._made(stream, {**schema, "properties": columns}, number)
        if len(line) <= LONGEST_KNOWN:
            self._known[line] = maps
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        self._maps[stream] = maps
        return [
            Announced(stream_map.stream_alias, stream_map.transformed_schema)
            for stream_map in maps
            if not isinstance(stream_map, RemoveRecordTransform)
        ]

    def apply(self, stream: str, record: dict[str, Any]) -> list[tuple[str, dict[str, Any] | None]]:
        """Take a record through all maps of its stream.

        It goes through all of them or through none: it is kept as it came, and a replay takes it
        through all of them again, so that what one of them had made would be written twice.

        Args:
            stream: Its stream.
            record: The record.

        Returns:
            For each map the stream that it makes, and the record as it is there; None if it is
            left out.

        Raises:
            UnmappableError: One of the maps fails.
        """
        return [
            (stream_map.stream_alias, _applied(stream_map, record))
            for stream_map in self._maps[stream]
        ]

    def _made(self, stream: str, schema: dict[str, Any], number: int) -> Sequence[StreamMap]:
        # Here `match_on` says what identifies a record, key properties do not. The SDK refuses maps
        # that leave out one that the SCHEMA names, and names that are not among its properties.
        for name in self._named_keys:
            schema["properties"].setdefault(name, {})
        try:
            self._mapper.register_raw_stream_schema(stream, schema, ())
        except MappingError:  # stream_maps is wrong, whatever the SCHEMA says
            with told_as_stream_maps(self._mapper.stream_maps_dict):
                raise
        except Exception as error:
            raise InputError(
                f"line {number} of the input is a SCHEMA of {stream} that stream_maps "
                f"cannot be applied to ({type(error).__name__}: {error}): correct it"
            ) from error
        return tuple(self._mapper.stream_maps[stream])


def _applied(stream_map: StreamMap, record: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return stream_map.transform(copy.copy(record))
    except StreamMapConfigError:  # it is wrong for every record
        raise
    except Exception as error:  # an expression of the user's may raise anything
        failure = MapFailure.of(error)
        reject = Reject(RejectCode.MAPPING_FAILED, failure.sentence, failure.property)
        raise UnmappableError(stream_map.stream_alias, reject) from error


def _columns(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a schema says of its properties, as far as the SDK can read it.

    Planhat's models say what the values have to be, so nothing depends on it. What the SDK would
    fail on is left out: no properties at all, and definitions without a type, such as `true`.
    """
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {}
    return {name: _readable(definition) for name, definition in properties.items()}


def _readable(definition: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    if not isinstance(definition, dict) or not isinstance(definition.get("type"), (str, list)):
        return {}
    if "properties" not in definition:
        return definition
    return {**definition, "properties": _columns(definition)}
