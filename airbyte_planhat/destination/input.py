"""The lines of standard input, and how each message is read.

An error names the number of the line and never repeats its content, which may be personal data.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType

from planhat_sync.runtime.stdin import InputError
from planhat_sync.utf8 import is_utf8
from planhat_sync.writing.record_input import Values
from planhat_sync.writing.records.exact_json import decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from airbyte_planhat.messages import StreamKey


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
        is_state: Whether it holds a state.
    """

    type: str
    record: Record | None = None
    reject: Raw = Raw()
    state: Raw = Raw()


_decode_message = msgspec.json.Decoder(Message).decode


def read_message(line: bytes, number: int) -> Message:
    """Read a line as a message.

    Args:
        line: One line, not blank.
        number: Its number.

    Raises:
        InputError: It is not a message.
    """
    # msgspec does not check what it skips, and the line may have to be kept as a reject.
    if is_utf8(line):
        with contextlib.suppress(msgspec.MsgspecError, RecursionError):
            return _decode_message(line)
    # NaN and Infinity are not JSON, but producers write them: they are kept as received.
    values = _values(line, number)
    if not isinstance(values, dict) or not isinstance(values.get("type"), str):
        raise InputError(f"line {number} of the input is not an Airbyte message: it has no type")
    record = values.get("record")
    if record is None:
        return Message(values["type"])
    try:
        found = {name: record[name] for name in ("stream", "namespace") if name in record}
        return Message(values["type"], msgspec.convert(found, Record))
    except (msgspec.ValidationError, RecursionError, UnicodeEncodeError, TypeError):
        raise InputError(
            f"line {number} of the input is not a valid {values['type']} message"
        ) from None


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
    reject: Any = ...
    if message.record is not None and message.record.data:
        record = _values(bytes(message.record.data), number)
        if message.reject:
            reject = _values(bytes(message.reject), number)
    else:
        values = _values(line, number)
        record, reject = values["record"].get("data"), values.get("reject", ...)
    if not isinstance(record, dict):
        raise InputError(f"line {number} of the input is a RECORD without data")
    record = restored(record)
    if reject is ...:
        return Values(record, None)
    return Values(record, reject if isinstance(reject, dict) else {})


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


def _values(text: bytes, number: int) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return decode(text)
    except ValueError as error:
        raise InputError(
            f"line {number} of the input is not JSON: check whether other output is mixed into it, "
            "or the program that writes it was interrupted"
        ) from error
