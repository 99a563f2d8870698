"""Passes each message of the input to its handler."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from planhat_sync.runtime.stdin import InputError, Lines
from planhat_sync.writing.input_messages import NotJSONError, read_values
from planhat_sync.writing.record_frames import RecordFrames
from planhat_sync.writing.records.exact_json import UnsendableError, encode
from planhat_sync.writing.records.received import Received
from planhat_sync.writing.unknown_messages import UnknownMessages
from target_planhat.batch_files import records_of
from target_planhat.messages import (
    NOUN,
    PROTOCOL,
    READER,
    RecordBeforeSchemaError,
    values_of,
)
from target_planhat.streams import check_stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from planhat_sync.writing.mapping.record_maps import RecordMaps
    from planhat_sync.writing.pipeline import Pipeline
    from planhat_sync.writing.record_input import RecordInput
    from target_planhat.completeness import Completeness
    from target_planhat.final_state import FinalState
    from target_planhat.messages import Message

logger = logging.getLogger("target-planhat")


class Router:
    """Hands each message of one run to its handler.

    Args:
        pipeline: Takes states.
        record_input: Takes records.
        maps: The mappings or stream maps.
        schemas: The newest SCHEMA line of each stream, as received, by its name; kept here.
        final_state: Receives where records and states are, and whether the input is cut.
        completeness: Receives what shows whether all records came; None if nobody asks.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        record_input: RecordInput,
        maps: RecordMaps,
        schemas: dict[str, bytes],
        final_state: FinalState,
        completeness: Completeness | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._input = record_input
        self._streams = pipeline.streams
        self._maps = maps
        self._schemas = schemas
        self._final_state = final_state
        self._completeness = completeness
        self._has_version = False
        self._frames = RecordFrames(PROTOCOL)
        self._handlers: dict[str, Callable[[Message, bytes, int], None]] = {
            "RECORD": self._handle_record,
            "SCHEMA": self._handle_schema,
            "STATE": self._handle_state,
            "BATCH": self._handle_batch,
            "ACTIVATE_VERSION": self._handle_version,
        }
        self._unknown = UnknownMessages(NOUN, self._handlers, logger)

    def handle(self, lines: Lines) -> None:
        """Handle lines, in their order.

        Args:
            lines: Lines that were read together.

        Raises:
            InputError: One of them is not a message that can be handled here.
            PlanhatError: The run cannot continue.
        """
        try:
            for line, number in self._frames.untaken(lines, self._take):
                if line is not None:
                    self._handle_line(line, number)
                self._pipeline.send()
        except NotJSONError:
            if not lines.has_end:
                self._final_state.cut()
            raise

    def finish(self) -> None:
        """Report at the end of a run what was ignored without a warning of its own."""
        self._unknown.report_rest()

    def _take(self, stream: str, received: Received, at: int) -> int:
        """Take records on the fast path, and return how many of them were taken."""
        taken = self._input.take(stream, received, at)
        if taken:
            last = at + taken - 1
            self._final_state.last_record = received.first + last
            if self._completeness is not None:
                first_line, last_line = received.lines[at], received.lines[last]
                self._completeness.add_records(stream, first_line, last_line)
        return taken

    def _handle_line(self, line: bytes, number: int) -> None:
        message = READER.read(line, number)
        self._frames.learn(line, message)
        handle = self._handlers.get(message.type, self._handle_unknown)
        handle(message, line, number)

    def _handle_record(self, message: Message, line: bytes, number: int) -> None:
        if message.stream not in self._schemas:
            raise RecordBeforeSchemaError("RECORD", message.stream, number)
        # One that was rejected before is taken as values, with what is known of that.
        record = bytes(message.record)
        is_tried = not message.reject and record != self._frames.declined
        if is_tried and self._take(message.stream, Received(number, (line,), (record,)), 0):
            return
        self._final_state.last_record = number
        if self._completeness is not None:
            self._completeness.add_records(message.stream, line, line)
        values = partial(values_of, message, line, number)
        self._input.take_values(message.stream, line, number, values)

    def _handle_schema(self, message: Message, line: bytes, number: int) -> None:
        name, schema = message.stream, message.schema
        if not name or schema is None:
            raise InputError(f"line {number} of the input is a SCHEMA without a stream or a schema")
        if self._schemas.get(name) == line:
            return
        models = self._maps.streams_of(name)
        if self._completeness is not None:
            self._completeness.announce(name, models)
        for made in models:
            check_stream(made, self._streams.models)
            stream, columns = self._streams[made], schema.get("properties")
            if not self._maps.are_set:  # the columns of a mapped stream are not those of a model
                stream.announce(columns if isinstance(columns, dict) else ())
        self._schemas[name] = line

    def _handle_state(self, message: Message, line: bytes, number: int) -> None:
        value = bytes(message.value)
        if not value:  # read as values, because of NaN or similar, or there is none
            values = read_values(line, number)
            if "value" not in values:
                raise InputError(f"line {number} of the input is a STATE without a value")
            try:
                value = encode(values["value"])
            except (UnsendableError, RecursionError) as error:
                raise InputError(
                    f"line {number} of the input is a STATE that cannot be passed on: {error}"
                ) from error
        self._final_state.add_state(number)
        if self._completeness is not None:
            self._completeness.add_state(value)
        self._pipeline.add_state(value, after=self._final_state.last_record)

    def _handle_batch(self, message: Message, _line: bytes, number: int) -> None:
        """Handle the records of batch files as if each had come in a RECORD on this line."""
        if message.stream not in self._schemas:
            raise RecordBeforeSchemaError("BATCH", message.stream, number)
        for record in records_of(message, number):
            raw = b'{"type":"RECORD","stream":%b,"record":%b}' % (
                msgspec.json.encode(message.stream),
                record,
            )
            self.handle(Lines(number, (raw,)))

    def _handle_version(self, message: Message, line: bytes, _number: int) -> None:
        if self._completeness is not None:
            self._completeness.activate(message.stream, line)
        elif not self._has_version:
            self._has_version = True
            logger.info(
                "ACTIVATE_VERSION of %s is ignored, and so are all others: records that the "
                "source no longer has stay in Planhat (set on_missing to archive or delete them)",
                message.stream,
            )

    def _handle_unknown(self, message: Message, line: bytes, number: int) -> None:
        values = read_values(line, number)
        is_record = isinstance(values.get("stream"), str) and isinstance(values.get("record"), dict)
        self._unknown.ignore(message.type, number, lost="a record" if is_record else None)
