"""Passes each message of the input to its handler."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from airbyte_planhat.configured_catalog import WHAT
from airbyte_planhat.destination.input import NOUN, PROTOCOL, READER, values_of
from airbyte_planhat.destination.states import check_state
from planhat_sync.runtime.stdin import InputError
from planhat_sync.writing.record_frames import RecordFrames
from planhat_sync.writing.records.received import Received
from planhat_sync.writing.records.unknown_properties import printable_name
from planhat_sync.writing.unknown_messages import UnknownMessages

if TYPE_CHECKING:
    from airbyte_planhat.destination.input import Message
    from airbyte_planhat.destination.streams import DestinationStream, DestinationStreams
    from airbyte_planhat.messages import StreamKey
    from planhat_sync.runtime.stdin import Lines
    from planhat_sync.writing.pipeline import Pipeline
    from planhat_sync.writing.record_input import RecordInput
    from planhat_sync.writing.results.every_state import EveryState

IGNORED: Final = frozenset(
    {"CATALOG", "CONNECTION_STATUS", "CONTROL", "DESTINATION_CATALOG", "LOG", "SPEC", "TRACE"}
)
"""Types of messages that concern no destination; a source in front of a pipe prints some."""

HANDLED: Final = frozenset({"RECORD", "STATE"})

logger = logging.getLogger("destination-planhat")


class Router:
    """Hands each message of one run to its handler.

    Args:
        pipeline: Takes states.
        records: Takes records.
        streams: The streams of the catalog.
        states: Counts the records of each stream.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        records: RecordInput,
        streams: DestinationStreams,
        states: EveryState,
    ) -> None:
        self._pipeline = pipeline
        self._records = records
        self._streams = streams
        self._states = states
        self._last_record = 0
        self._frames = RecordFrames(PROTOCOL)
        self._unknown = UnknownMessages(NOUN, {*HANDLED, *IGNORED}, logger)

    def handle(self, lines: Lines) -> None:
        """Handle lines, in their order.

        Args:
            lines: Lines that were read together.

        Raises:
            InputError: One of them is not a message that can be handled here.
            PlanhatError: The run cannot continue.
        """
        for line, number in self._frames.untaken(lines, self._take):
            if line is not None:
                self._handle_line(line, number)
            self._pipeline.send()

    def finish(self) -> None:
        """Report at the end of a run what was ignored without a warning of its own."""
        self._unknown.report_rest()

    def _take(self, key: StreamKey, received: Received, at: int) -> int:
        """Take records on the fast path, and return how many of them were taken."""
        model = self._stream(key, received.first + at).model
        if model is None or self._streams.of(model.name).key != key:
            return 0
        taken = self._records.take(model.name, received, at)
        if taken:
            self._states.add_records(key, taken)
            self._last_record = received.first + at + taken - 1
        return taken

    def _handle_line(self, line: bytes, number: int) -> None:
        message = READER.read(line, number)
        self._frames.learn(line, message)
        if message.type == "RECORD":
            self._handle_record(message, line, number)
        elif message.type == "STATE":
            check_state(line, number)
            self._pipeline.add_state(line, after=self._last_record)
        elif message.type not in IGNORED:
            is_lost = message.record is not None or message.state
            lost = "a record or a state" if is_lost else None
            self._unknown.ignore(message.type, number, lost=lost)

    def _handle_record(self, message: Message, line: bytes, number: int) -> None:
        if message.record is None:
            raise InputError(f"line {number} of the input is a RECORD without a record")
        key = message.record.key
        stream = self._stream(key, number)
        # One that was rejected before is taken as values, with what is known of that.
        record = bytes(message.record.data)
        is_tried = not message.reject and record != self._frames.declined
        if is_tried and self._take(key, Received(number, (line,), (record,)), 0):
            return
        self._last_record = number
        self._states.add_records(key, 1)
        name = key[1] if stream.model is None else stream.model.name
        self._records.take_values(
            name, line, number, partial(values_of, message, stream.names.restored, line, number)
        )

    def _stream(self, key: StreamKey, number: int) -> DestinationStream:
        """Return the stream of a record.

        Raises:
            InputError: The catalog does not name it.
        """
        stream = self._streams[key]
        if stream is None:
            raise InputError(
                f"line {number} of the input is a record of the stream {printable_name(key[1])}, "
                f"which {WHAT} does not name"
            )
        return stream
