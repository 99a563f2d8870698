"""The lines of a Singer stream, and how each message is read.

An error names the number of the line and never repeats its content, which may be personal data.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType
from singer_sdk.exceptions import RecordsWithoutSchemaException

from planhat_sync.runtime.stdin import InputError
from planhat_sync.utf8 import is_utf8
from planhat_sync.writing.record_input import Values
from planhat_sync.writing.records.exact_json import decode

if TYPE_CHECKING:
    from collections.abc import Callable


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


class NotJSONError(InputError):
    """A line is not JSON.

    Args:
        number: Its number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(
            f"line {number} of the input is not JSON: check whether other output is mixed into it, "
            "or the program that writes it was interrupted"
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


_FIELDS: Final = {
    "RECORD": ("stream",),
    "SCHEMA": ("stream", "schema"),
    "STATE": (),
    "BATCH": ("stream", "encoding", "manifest"),
    "ACTIVATE_VERSION": ("stream",),
}
"""Fields to keep of a message that is read as values, except `record`, `reject` and `value`."""

_decoder = msgspec.json.Decoder(Message)


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
            return _decoder.decode(line)
    # NaN and Infinity are not JSON, but producers write them: they are kept as received. Or a field
    # has another meaning, as in messages of types that are not known.
    values = read_values(line, number)
    if not isinstance(values, dict) or not isinstance(values.get("type"), str):
        raise InputError(f"line {number} of the input is not a Singer message: it has no type")
    wanted = ("type", *_FIELDS.get(values["type"], ()))
    try:
        return msgspec.convert({name: values[name] for name in wanted if name in values}, Message)
    except (msgspec.ValidationError, RecursionError, UnicodeEncodeError) as error:
        is_surrogate = isinstance(error, UnicodeEncodeError)
        reason = "it holds half a surrogate pair" if is_surrogate else error
        raise InputError(
            f"line {number} of the input is not a valid {values['type']} message: {reason}"
        ) from error


def read_values(text: bytes, number: int) -> Any:  # noqa: ANN401 - any JSON value
    """Read a line, or a part of it, as values.

    Args:
        text: JSON.
        number: Number of the line.

    Raises:
        NotJSONError: It is not JSON.
    """
    try:
        return decode(text)
    except ValueError as error:
        raise NotJSONError(number) from error


def record_decoder(stream: str, record: type[msgspec.Struct | Raw]) -> Callable[[bytes], Any]:
    """Return a function that decodes a RECORD of one stream, and nothing else.

    Args:
        stream: The stream.
        record: Type of its records.
    """
    message = msgspec.defstruct(
        "Message",
        [
            ("type", Literal["RECORD"]),
            ("stream", Literal[stream]),
            ("record", record),
            ("time_extracted", Raw | UnsetType, UNSET),
            ("version", Raw | UnsetType, UNSET),
        ],
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(message).decode


def stream_of(line: bytes) -> str:
    """Return the stream of a line that is known to be a message.

    Args:
        line: The line.
    """
    return read_message(line, 0).stream


def values_of(message: Message, line: bytes, number: int) -> Values:
    """Return the record of a RECORD as values, and its `reject` object.

    Args:
        message: The message.
        line: Its line.
        number: Number of that line.

    Raises:
        InputError: It has no record.
    """
    reject = reject_of(message, line, number)
    return Values(record_of(message, line, number), reject)


def record_of(message: Message, line: bytes, number: int) -> dict[str, Any]:
    """Return the record of a RECORD as values.

    Args:
        message: The message.
        line: Its line.
        number: Number of that line.

    Raises:
        InputError: It has none.
    """
    record: Any = bytes(message.record)
    record = read_values(record, number) if record else read_values(line, number).get("record")
    if not isinstance(record, dict):
        raise InputError(f"line {number} of the input is a RECORD without a record")
    return record


def reject_of(message: Message, line: bytes, number: int) -> dict[str, Any] | None:
    """Return the `reject` object of a RECORD, None if no earlier run has rejected it.

    Args:
        message: The message.
        line: Its line.
        number: Number of that line.
    """
    reject: Any
    if message.reject:
        reject = read_values(bytes(message.reject), number)
    elif message.record:
        return None
    else:
        reject = read_values(line, number).get("reject", ...)
    if reject is ...:
        return None
    return reject if isinstance(reject, dict) else {}
