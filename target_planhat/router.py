"""Takes the messages of stdin, line by line, to where they belong.

The plain majority of records goes from the line to the payload in one step (`compiled`); the rest
as values, through the stream maps where there are any.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec

from planhat_sync.runtime.stdin import InputError, Lines
from planhat_sync.writing.records.exact_json import encode
from target_planhat.batch_files import records_of
from target_planhat.messages import RecordBeforeSchemaError, read_message, read_values
from target_planhat.stream_maps import UnmappableError
from target_planhat.unknown_messages import UnknownMessages

if TYPE_CHECKING:
    from collections.abc import Callable

    from planhat_sync.writing.pipeline import Run
    from target_planhat.messages import Message
    from target_planhat.sink import PlanhatSink
    from target_planhat.stream_maps import StreamMaps

logger = logging.getLogger("target-planhat")


class Router:
    """The messages of one run.

    Args:
        run: The run.
        maps: The stream maps.
        sink_for: Gives the sink of a stream, making it if need be; told the stream's name and its
            schema.

    Attributes:
        counts: How many messages came, by type; those of unknown types are not counted.
        unknown: The messages of unknown types.
    """

    def __init__(
        self,
        run: Run,
        maps: StreamMaps,
        sink_for: Callable[[str, dict[str, Any]], PlanhatSink],
    ) -> None:
        self.counts: dict[str, int] = {}
        self.unknown = UnknownMessages()
        self._run = run
        self._maps = maps
        self._sink_for = sink_for
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
            self.unknown.pass_over(message, line, number)
            return
        self.counts[message.type] = self.counts.get(message.type, 0) + 1
        taker(message, line, number)

    def _take_record(self, message: Message, line: bytes, number: int) -> None:
        if message.stream not in self._run.schemas:
            raise RecordBeforeSchemaError(
                f"line {number} of the input is a RECORD of {message.stream or 'no stream'}, "
                "whose SCHEMA has not come before"
            )
        self._last_record = number
        if self._maps.are_set:
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
        """Take a record through the stream maps, and what each makes of it to its sink."""
        record = self._record(message, line, number)
        ledger = self._run.ledger
        try:
            mapped = self._maps.apply(message.stream, record)
        except UnmappableError as error:
            ledger.account(error.stream).taken += 1
            self._run.reject(error.stream, number, line, error.reject)
            return
        for stream, made in mapped:
            if made is None:
                account = ledger.account(stream)
                account.taken += 1
                account.skipped += 1
            else:
                self._sinks[stream].take_record(made, line, number)

    def _take_schema(self, message: Message, line: bytes, number: int) -> None:
        stream, schema = message.stream, message.schema
        if not stream or schema is None:
            raise InputError(f"line {number} of the input is a SCHEMA without a stream or a schema")
        if self._run.schemas.newest(stream) == line:
            return
        for announced in self._maps.announce(stream, schema, line=line, number=number):
            sink = self._sink_for(announced.stream, announced.schema)
            sink.announce(announced.schema.get("properties", {}))
            self._sinks[announced.stream] = sink
        self._run.read_schema(stream, line, number, after=self._last_record)

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
