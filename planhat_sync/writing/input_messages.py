"""What the messages of all protocols have in common: each is a line, a JSON object with a type.

An error names the number of the line and never repeats its content, which may be personal data.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from planhat_sync.runtime.stdin import InputError
from planhat_sync.utf8 import is_utf8
from planhat_sync.writing.record_input import Values
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.records.unknown_properties import printable_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MessageT = TypeVar("MessageT", bound=msgspec.Struct)


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


class MessageReader(Generic[MessageT]):
    """Reads the lines of one protocol.

    Args:
        noun: What a message of it is called, such as ``a Singer message``.
        message: What is read of a line; parts that need not be values are `msgspec.Raw`.
        kept: Returns what of the values of a message is needed if they have to be read. Parts that
            are `msgspec.Raw` are not among it: `values_of` reads them.

    Attributes:
        decode: Decodes a line that is a usual message, and fails on any other.
    """

    def __init__(
        self,
        noun: str,
        message: type[MessageT],
        kept: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        self._noun = noun
        self._message = message
        self._kept = kept
        self.decode = msgspec.json.Decoder(message).decode

    def read(self, line: bytes, number: int) -> MessageT:
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
                return self.decode(line)
        # NaN and Infinity are not JSON, but producers write them: they are kept as received. Or a
        # field has another meaning, as in messages of types that are not known.
        values = read_values(line, number)
        if not isinstance(values, dict) or not isinstance(values.get("type"), str):
            raise InputError(f"line {number} of the input is not {self._noun}: it has no type")
        try:
            return msgspec.convert(self._kept(values), self._message)
        except (msgspec.ValidationError, RecursionError, UnicodeEncodeError) as error:
            is_surrogate = isinstance(error, UnicodeEncodeError)
            reason = "it holds half a surrogate pair" if is_surrogate else error
            raise InputError(
                f"line {number} of the input is not a valid {printable_name(values['type'])} "
                f"message: {reason}"
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


def values_of(
    line: bytes,
    number: int,
    *,
    record: msgspec.Raw,
    reject: msgspec.Raw,
    record_in: Callable[[Mapping[str, Any]], Any],
) -> Values:
    """Return the record of a message as values, and its `reject` object.

    Args:
        line: The line of the message.
        number: Number of that line.
        record: The record; empty if the message was read as values, or has none.
        reject: Why an earlier run has rejected it; empty if that is not so, or not known.
        record_in: Returns the record among the values of the whole message.

    Raises:
        InputError: It has no record.
    """
    if record:
        values = read_values(bytes(record), number)
        earlier = read_values(bytes(reject), number) if reject else ...
    else:
        message = read_values(line, number)
        values, earlier = record_in(message), message.get("reject", ...)
    if not isinstance(values, dict):
        raise InputError(f"line {number} of the input is a RECORD without a record")
    if earlier is ...:
        return Values(values, None)
    return Values(values, earlier if isinstance(earlier, dict) else {})
