"""The lines of a Singer stream, and how each message is read.

An error names the number of the line and never repeats its content, which may be personal data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from singer_sdk.exceptions import RecordsWithoutSchemaException

from planhat_sync.runtime.stdin import InputError
from planhat_sync.writing import input_messages
from planhat_sync.writing.input_messages import MessageReader
from planhat_sync.writing.record_frames import Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.writing.record_input import Values


class RecordBeforeSchemaError(InputError, RecordsWithoutSchemaException):
    """A RECORD or a BATCH came before the SCHEMA of its stream.

    Args:
        kind: Type of the message.
        stream: Name of its stream.
        number: Number of its line.
    """

    def __init__(self, kind: str, stream: str, number: int) -> None:
        super().__init__(
            f"line {number} of the input is a {kind} of {stream or 'no stream'} without a SCHEMA "
            "before it"
        )


class Message(msgspec.Struct):
    """A line, with the fields of all types of messages.

    Attributes:
        type: Type of the message.
        stream: Name of its stream.
        record: The record of a RECORD.
        reject: Why an earlier run has rejected the record.
        value: The state of a STATE.
        schema: The schema of a SCHEMA. Its key properties have no effect.
        encoding: How the files of a BATCH are written.
        manifest: The files of a BATCH.
    """

    type: str
    stream: str = ""
    record: msgspec.Raw = msgspec.Raw()
    reject: msgspec.Raw = msgspec.Raw()
    value: msgspec.Raw = msgspec.Raw()
    schema: dict[str, Any] | None = None
    encoding: dict[str, Any] | None = None
    manifest: list[str] | None = None


NOUN: Final = "a Singer message"

_FIELDS: Final = {
    "RECORD": ("stream",),
    "SCHEMA": ("stream", "schema"),
    "STATE": (),
    "BATCH": ("stream", "encoding", "manifest"),
    "ACTIVATE_VERSION": ("stream",),
}
"""Fields to keep of a message that is read as values, except `record`, `reject` and `value`."""


def _kept(values: Mapping[str, Any]) -> Mapping[str, Any]:
    names = ("type", *_FIELDS.get(values["type"], ()))
    return {name: values[name] for name in names if name in values}


READER: Final = MessageReader(NOUN, Message, _kept)


def _stream_of_record(message: Message) -> str | None:
    return message.stream if message.type == "RECORD" and not message.reject else None


PROTOCOL: Final = Protocol(
    decode=READER.decode,
    stream_of=_stream_of_record,
    record_of=lambda message: message.record,
)


def stream_of(line: bytes) -> str:
    """Return the stream of a line that is known to be a message.

    Args:
        line: The line.
    """
    return READER.read(line, 0).stream


def values_of(message: Message, line: bytes, number: int) -> Values:
    """Return the record of a RECORD as values, and its `reject` object.

    Args:
        message: The message.
        line: Its line.
        number: Number of that line.

    Raises:
        InputError: It has no record.
    """
    return input_messages.values_of(
        line,
        number,
        record=message.record,
        reject=message.reject,
        record_in=lambda values: values.get("record"),
    )
