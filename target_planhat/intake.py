"""Takes the messages of stdin, line by line, to where they belong.

The plain majority of records goes from the line to the payload in one step (`compiled`); the rest
as values, through the SDK's stream maps where there are any.
"""

from __future__ import annotations

import copy
import logging
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.mapper import RemoveRecordTransform

from planhat_console.stream_maps import told_as_stream_maps
from target_planhat.batch_files import records_of
from target_planhat.lines import InputError, Lines
from target_planhat.messages import RecordBeforeSchemaError, read_message, read_values
from target_planhat.sendable import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_sdk.mapper import PluginMapper

    from target_planhat.messages import Message
    from target_planhat.run import Run
    from target_planhat.sink import PlanhatSink

logger = logging.getLogger("target-planhat")


class Intake:
    """The messages of one run.

    Args:
        run: The run.
        mapper: The SDK's stream maps.
        sink_for: Gives the sink of a stream, making it if need be; told the stream's name, its
            schema and its key properties.
        mapped: Whether stream maps or flattening are set, so that records go through the mapper.

    Attributes:
        counts: How many messages came, by type.
    """

    def __init__(
        self,
        run: Run,
        mapper: PluginMapper,
        sink_for: Callable[[str, dict[str, Any], list[str] | None], PlanhatSink],
        *,
        mapped: bool,
    ) -> None:
        self.counts: dict[str, int] = {}
        self._run = run
        self._mapper = mapper
        self._sink_for = sink_for
        self._mapped = mapped
        self._sinks: dict[str, PlanhatSink] = {}
        self._current: PlanhatSink | None = None
        self._last_record = 0
        self._told = False
        self._takers: dict[str, Callable[[Message, bytes, int], None]] = {
            "RECORD": self._take_record,
            "SCHEMA": self._take_schema,
            "STATE": self._take_state,
            "BATCH": self._take_batch,
            "ACTIVATE_VERSION": self._take_version,
        }

    def take(self, lines: Lines) -> None:
        """Take lines, in their order.

        Args:
            lines: The lines that came together.

        Raises:
            InputError: One of them is no message that can be taken here.
            PlanhatError: The run cannot go on.
        """
        at = 0
        while at < len(lines.lines):
            if self._current is not None:
                taken = self._current.take_lines(lines, at)
                if taken:
                    at += taken
                    self._last_record = lines.first + at - 1
                    continue
            self._take_line(lines.lines[at], lines.first + at)
            at += 1

    def _take_line(self, line: bytes, number: int) -> None:
        if not line.strip():
            return
        message = read_message(line, number)
        taker = self._takers.get(message.type)
        if taker is None:
            raise InputError(
                f"line {number} of the input is a message of type {message.type[:40]}, which "
                "target-planhat does not know"
            )
        self.counts[message.type] = self.counts.get(message.type, 0) + 1
        taker(message, line, number)

    def _take_record(self, message: Message, line: bytes, number: int) -> None:
        if message.stream not in self._run.schemas:
            raise RecordBeforeSchemaError(
                f"line {number} of the input is a RECORD of {message.stream or 'no stream'}, "
                "whose SCHEMA has not come before"
            )
        self._last_record = number
        if self._mapped:
            self._map(message, line, number)
            return
        current, sink = self._current, self._sinks[message.stream]
        self._current = sink
        # The current sink has just found that it is no plain one.
        if sink is current or not sink.take_lines(Lines(number, (line,)), 0):
            sink.take_record(self._record(message, line, number), line, number)

    def _record(self, message: Message, line: bytes, number: int) -> dict[str, Any]:
        record: Any = bytes(message.record)
        record = read_values(record, number) if record else read_values(line, number).get("record")
        if not isinstance(record, dict):
            raise InputError(f"line {number} of the input is a RECORD without a record")
        return record

    def _map(self, message: Message, line: bytes, number: int) -> None:
        """Take a record through the SDK's stream maps, once for each of its stream's."""
        record = self._record(message, line, number)
        for stream_map in self._mapper.stream_maps[message.stream]:
            try:
                mapped = stream_map.transform(copy.copy(record))
            except Exception as error:
                raise InputError(
                    f"a stream map of {message.stream} fails on line {number} of the input "
                    f"({type(error).__name__}): correct stream_maps"
                ) from error
            if mapped is None:
                account = self._run.ledger.account(stream_map.stream_alias)
                account.taken += 1
                account.skipped += 1
            else:
                self._sinks[stream_map.stream_alias].take_record(mapped, line, number)

    def _take_schema(self, message: Message, line: bytes, number: int) -> None:
        schema = message.schema
        if not message.stream or schema is None:
            raise InputError(f"line {number} of the input is a SCHEMA without a stream or a schema")
        if not isinstance(schema.get("properties"), dict):
            raise InputError(f"line {number} of the input is a SCHEMA without properties")
        if self._run.schemas.get(message.stream) == line:
            return
        if self._mapped and message.stream in self._run.schemas:
            # A reject is replayed through the maps of the SCHEMA that stands before it.
            self._run.drain()
        self._current = None
        with told_as_stream_maps(self._mapper.stream_maps_dict):
            self._mapper.register_raw_stream_schema(message.stream, schema, message.key_properties)
        for stream_map in self._mapper.stream_maps[message.stream]:
            if isinstance(stream_map, RemoveRecordTransform):
                continue
            alias, columns = stream_map.stream_alias, stream_map.transformed_schema
            sink = self._sink_for(alias, columns, list(stream_map.transformed_key_properties or ()))
            sink.announce(columns.get("properties", {}))
            self._sinks[alias] = sink
        self._run.schemas[message.stream] = line

    def _take_state(self, message: Message, line: bytes, number: int) -> None:
        value = bytes(message.value)
        if not value:  # read as values, for the sake of NaN or the like: or not there at all
            values = read_values(line, number)
            if "value" not in values:
                raise InputError(f"line {number} of the input is a STATE without a value")
            value = encode(values["value"])
        self._run.read_state(value, after=self._last_record)

    def _take_batch(self, message: Message, _line: bytes, number: int) -> None:
        """Take the records of batch files as if each had come in a RECORD on this line."""
        if message.stream not in self._run.schemas:
            raise RecordBeforeSchemaError(
                f"line {number} of the input is a BATCH of {message.stream or 'no stream'}, "
                "whose SCHEMA has not come before"
            )
        for record in records_of(message, number):
            raw = b'{"type":"RECORD","stream":%b,"record":%b}' % (
                msgspec.json.encode(message.stream),
                record,
            )
            self.take(Lines(number, (raw,)))

    def _take_version(self, message: Message, _line: bytes, _number: int) -> None:
        if not self._told:
            self._told = True
            logger.info(
                "ACTIVATE_VERSION of %s is ignored, and so are all others: records that the "
                "source does not hold any more stay in Planhat",
                message.stream,
            )
