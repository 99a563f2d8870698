"""The lines of a Singer stream: how each message is read, and how rejects are written as one.

An error names the number of the line and never repeats its content, which may be personal data.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, Final

import msgspec
from singer_sdk.exceptions import RecordsWithoutSchemaException

from planhat_sync.runtime.stdin import InputError
from planhat_sync.utf8 import is_utf8
from planhat_sync.writing.records.exact_json import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from planhat_sync.writing.results.reject_file import RejectedRecord


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
        value: The state of a STATE.
        schema: The schema of a SCHEMA. Its key properties have no effect.
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
"""Fields to keep of a message that is read as values, except `record` and `value`."""

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


class RejectLines:
    """Rejects as a Singer stream: RECORD messages as received, with a `reject` beside `record`.

    The newest SCHEMA of their stream precedes them, so that the file can be the input of a
    run. Which SCHEMA a record came under does not matter: none has an effect on records.

    Args:
        schemas: The newest SCHEMA line of each stream, as received, by its name.
    """

    def __init__(self, schemas: Mapping[str, bytes]) -> None:
        self._schemas = schemas
        self._written: dict[str, bytes] = {}

    def lines(self, records: Sequence[RejectedRecord], *, afresh: bool) -> list[bytes]:
        """Return the lines of rejects, each with its end.

        Args:
            records: The rejects.
            afresh: Whether SCHEMAs that were returned earlier may be missing from the file.
        """
        if afresh:
            self._written.clear()
        lines = []
        for record in records:
            for stream in self._streams_of(record.raw):
                schema = self._schemas[stream]
                if self._written.get(stream) != schema:
                    self._written[stream] = schema
                    lines.append(schema.rstrip(b"\r\n") + b"\n")
            lines.append(reject_line(record))
        return lines

    def _streams_of(self, raw: bytes) -> Iterable[str]:
        """Return the stream of a RECORD; all streams if it can no longer be read.

        How deep Python reads depends on how deep its own calls are, which differs from where the
        line was first read.
        """
        try:
            return (decode(raw)["stream"],)
        except ValueError:
            return self._schemas

    def begins_file(self, line: bytes) -> bool:
        """Return whether a file that begins with a line, perhaps cut off, is one of messages."""
        try:
            message = decode(line)
        except ValueError:
            start = b"".join(line[:200].split())
            return not line.endswith(b"\n") and any(
                start.startswith(beginning[: len(start)]) for beginning in _BEGINNINGS
            )
        return isinstance(message, dict) and message.get("type") in ("SCHEMA", "RECORD")

    def is_reject(self, line: bytes) -> bool | None:
        """Return whether a RECORD message is a reject; None if the line is not a RECORD."""
        try:
            message = decode(line)
        except ValueError:  # half a line, left by a kill
            return None
        if not isinstance(message, dict) or message.get("type") != "RECORD":
            return None
        return "reject" in message


_BEGINNINGS: Final = tuple(
    f'{{"{name}"'.encode()
    for name in (
        "type",
        "stream",
        "schema",
        "record",
        "key_properties",
        "bookmark_properties",
        "time_extracted",
        "version",
        "reject",
    )
)
"""How a SCHEMA or RECORD message can begin, spaces apart."""


def reject_line(record: RejectedRecord) -> bytes:
    """Return the RECORD message as received, with a `reject` object beside its `record`.

    Args:
        record: The reject. A `reject` object of an earlier run is replaced.
    """
    reject = {
        "code": record.reject.code.value,
        "message": record.reject.message,
        "property": record.reject.property,
        "line": record.line,
    }
    try:
        why = msgspec.json.encode(reject)
    except UnicodeEncodeError:  # the name of a property holds half a surrogate pair
        why = json.dumps(reject).encode()
    try:
        message = msgspec.json.decode(record.raw, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):  # NaN or similar: it is kept as received
        return record.raw.rstrip().removesuffix(b"}") + b',"reject":' + why + b"}\n"
    message["reject"] = msgspec.Raw(why)
    return msgspec.json.encode(message) + b"\n"
