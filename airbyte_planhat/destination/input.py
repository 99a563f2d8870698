"""The lines of standard input, and how each message is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType

from planhat_sync.runtime.stdin import InputError
from planhat_sync.writing import input_messages
from planhat_sync.writing.input_messages import MessageReader

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


read_message = MessageReader(NOUN, Message, _kept).read


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
        record=message.record.data if message.record else msgspec.Raw(),
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
        record = read_message(line, 0).record
    except InputError:
        return None
    return None if record is None else record.key


def record_decoder(key: StreamKey, record: type[msgspec.Struct | Raw]) -> Callable[[bytes], Any]:
    """Return a function that decodes a RECORD of one stream, and nothing else.

    Args:
        key: The stream.
        record: Type of its records.
    """
    namespace, name = key
    options: dict[str, Any] = {"forbid_unknown_fields": True, "gc": False}
    content = msgspec.defstruct(
        "Content",
        [
            ("stream", Literal[name]),
            ("record", record),
            ("namespace", *((Literal[namespace],) if namespace else (UnsetType | None, UNSET))),
            ("emitted_at", Raw | UnsetType, UNSET),
            ("meta", Raw | UnsetType, UNSET),
        ],
        rename={"record": "data"},
        **options,
    )
    message = msgspec.defstruct(
        "Message", [("type", Literal["RECORD"]), ("record", content)], **options
    )
    decode_line: Callable[[bytes], Any] = msgspec.json.Decoder(message).decode
    return lambda line: decode_line(line).record
