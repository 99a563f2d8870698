"""The lines of a Singer stream: which message each one is, and what of it is wanted.

Owns what bad input gets: a sentence with the number of the line, and never its content, which may
be personal data.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final

import msgspec
from singer_sdk.exceptions import RecordsWithoutSchemaException

from planhat_sync.runtime.stdin import InputError
from planhat_sync.utf8 import is_utf8
from planhat_sync.writing.records.exact_json import decode


class RecordBeforeSchemaError(InputError, RecordsWithoutSchemaException):
    """A RECORD came before the SCHEMA of its stream."""


class Message(msgspec.Struct):
    """A line, as far as every kind of message goes.

    Attributes:
        type: Kind of the message.
        stream: Name of its stream.
        record: The record of a RECORD.
        value: The state of a STATE.
        schema: The schema of a SCHEMA. Its key properties say nothing here.
        encoding: How the files of a BATCH are written.
        manifest: The files of a BATCH.
    """

    type: str
    stream: str = ""
    record: msgspec.Raw = msgspec.Raw()
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
"""What is wanted of a message that is read as values, its `record` and `value` apart."""

KNOWN_TYPES: Final = _FIELDS.keys()

_decoder = msgspec.json.Decoder(Message)


def read_message(line: bytes, number: int) -> Message:
    """Read a line as a message.

    Args:
        line: One line, not blank.
        number: Its number.

    Raises:
        InputError: It is none.
    """
    # What is passed over is not looked at by msgspec, and the line may have to be kept as a reject.
    if is_utf8(line):
        with contextlib.suppress(msgspec.MsgspecError, RecursionError):
            return _decoder.decode(line)
    # NaN and the like, which are no JSON, but which producers write: kept as they came. Or a field
    # that means something else here, as in messages of types that are not known.
    values = read_values(line, number)
    if not isinstance(values, dict) or not isinstance(values.get("type"), str):
        raise InputError(f"line {number} of the input is no Singer message: it has no type")
    wanted = ("type", *_FIELDS.get(values["type"], ()))
    try:
        return msgspec.convert({name: values[name] for name in wanted if name in values}, Message)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InputError(
            f"line {number} of the input is no {values['type']} message: {error}"
        ) from error
    except UnicodeEncodeError as error:
        raise InputError(
            f"line {number} of the input is no {values['type']} message: half a surrogate pair "
            "stands where it holds something else"
        ) from error


def read_values(text: bytes, number: int) -> Any:  # noqa: ANN401 - any JSON value
    """Read a line, or a part of it, as values.

    Args:
        text: JSON.
        number: Number of the line.

    Raises:
        InputError: It is none.
    """
    try:
        return decode(text)
    except ValueError as error:
        raise InputError(
            f"line {number} of the input is not JSON: look there for what has been mixed into it, "
            "or whether its writer was cut off"
        ) from error
