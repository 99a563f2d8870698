"""JSON text into Python values with nothing rounded, guessed or lost.

Owns how a line of stdin is read when it has to be read as values. Floats become Decimal, so that
0.1 and thirty digits alike leave as they came. What no Python number can hold (an exponent of
twenty digits, an integer of ten thousand) stays the text it is, as `msgspec.Raw`.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def decode(text: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read one JSON value exactly.

    Of two equal keys in one object the last one counts, as in JavaScript. NaN, Infinity and half
    a surrogate pair are read, although they are no JSON, because producers write them: whoever
    sends the value on can then name the property that holds it.

    Args:
        text: UTF-8 text of one value.

    Raises:
        ValueError: The text is not JSON, not UTF-8, or nested too deeply to be read at all.
    """
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return _decode_tolerantly(text)


def is_number_text(text: str) -> bool:
    """Tell whether text is one number in JSON's own grammar: no sign +, no space, no NaN."""
    return _NUMBER.fullmatch(text) is not None


def exact_number(text: str) -> Decimal | msgspec.Raw:
    """Keep a number's every digit.

    Args:
        text: The number, in JSON's grammar.

    Returns:
        A Decimal; the text itself where Decimal cannot hold the exponent.
    """
    try:
        return Decimal(text)
    except InvalidOperation:
        return msgspec.Raw(text.encode())


def _exact_integer(text: str) -> int | msgspec.Raw:
    try:
        return int(text)
    except ValueError:  # longer than sys.get_int_max_str_digits()
        return msgspec.Raw(text.encode())


def _decode_tolerantly(text: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(
            text.decode(),
            parse_float=exact_number,
            parse_int=_exact_integer,
            parse_constant=float,
        )
    except RecursionError:
        raise ValueError("nested too deeply to be read") from None


_DECODER = msgspec.json.Decoder(float_hook=exact_number)
