"""The lines of standard input, and how each message is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw

from planhat_sync.runtime.stdin import InputError
from planhat_sync.writing import input_messages
from planhat_sync.writing.input_messages import MessageReader
from planhat_sync.writing.record_frames import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airbyte_planhat.messages import StreamKey
    from planhat_sync.writing.record_input import Values


class Record(msgspec.Struct):
    """The `record` of a RECORD, without its metadata.

    Attributes:
        stream: Name of its stream.
        namespace: The namespace of that.
        data: The record itself, as JSON.
    """

    stream: str
    namespace: str | None = None
    data: Raw = Raw()

    @property
    def key(self) -> StreamKey:
        """The stream."""
        return self.namespace or None, self.stream


class Message(msgspec.Struct):
    """A line, with what is read of messages here.

    Attributes:
        type: Type of the message.
        record: The record of a RECORD.
        reject: Why an earlier run has rejected it.
        state: The state of a STATE.
    """

    type: str
    record: Record | None = None
    reject: Raw = Raw()
    state: Raw = Raw()


NOUN: Final = "an Airbyte message"


def _kept(values: Mapping[str, Any]) -> Mapping[str, Any]:
    record = values.get("record")
    if isinstance(record, dict):
        record = {name: record[name] for name in ("stream", "namespace") if name in record}
    # A state that is not JSON cannot be returned, but it must be known that there is one.
    state = {"state": Raw(b"null")} if "state" in values else {}
    return {"type": values["type"], "record": record, **state}


READER: Final = MessageReader(NOUN, Message, _kept)


def _stream_of_record(message: Message) -> StreamKey | None:
    is_plain = message.type == "RECORD" and not message.reject
    return message.record.key if is_plain and message.record is not None else None


PROTOCOL: Final = Protocol(
    decode=READER.decode,
    stream_of=_stream_of_record,
    record_of=lambda message: message.record.data if message.record is not None else Raw(),
)


def values_of(
    message: Message,
    restored: Callable[[dict[str, Any]], dict[str, Any]],
    line: bytes,
    number: int,
) -> Values:
    """Return the record of a RECORD as values, and its `reject` object.

    Args:
        message: The message.
        restored: Gives the columns of a record the names that they had.
        line: Its line.
        number: Number of that line.

    Raises:
        InputError: It has no record.
    """
    values = input_messages.values_of(
        line,
        number,
        record=message.record.data if message.record else Raw(),
        reject=message.reject,
        record_in=lambda whole: whole["record"].get("data"),
    )
    return values._replace(record=restored(values.record))


def key_of(line: bytes) -> StreamKey | None:
    """Return the stream of the line of a record, None if it can no longer be read.

    How deep Python reads depends on how deep its own calls are, which differs from where the line
    was first read.

    Args:
        line: The line.
    """
    try:
        record = READER.read(line, 0).record
    except InputError:
        return None
    return None if record is None else record.key
