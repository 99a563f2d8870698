"""JSON text to Python values and back, dates as text, no number rounded and nothing guessed.

Owns how a line of stdin is read as values, and how values are written as JSON. Floats are read as
Decimal, so that 0.1 and a number of thirty digits are both written as they were read. A number
that Python cannot hold (an exponent of twenty digits, an integer of ten thousand) stays JSON text,
as `msgspec.Raw`.
"""

from __future__ import annotations

import json
import math
import re
from datetime import date
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from planhat_sync.timestamps import format_timestamp

MAX_DEPTH: Final = 100
"""Levels of arrays and objects within one item. MongoDB, where Planhat keeps its records (its ids
are MongoDB ObjectIds), nests documents no deeper (MongoDB manual, "Limits and Thresholds")."""

MAX_INTEGER_BITS: Final = 14_285
"""Python does not write an integer of more than 4,300 digits, but a stream map can make one."""

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class UnsendableError(ValueError):
    """A value cannot be written as JSON; the text continues a sentence that names the property."""


def decode(text: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read one JSON value exactly.

    If a key occurs twice in an object, the last value counts, as in JavaScript. NaN, Infinity and
    lone surrogates are not JSON, but some producers write them. They are read, so that
    `json_value` or `encode` can refuse them and the caller can name the property.

    Args:
        text: UTF-8 text of one value.

    Raises:
        ValueError: The text is not JSON, not UTF-8, or nested too deeply to be read at all.
    """
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return _decode_tolerantly(text)


def json_value(value: Any, depth: int = 1) -> Any:  # noqa: ANN401 - any value of a record
    """Return a value as JSON has it: None, bool, str, numbers, lists and dicts; dates as text.

    Args:
        value: Any value of a record.
        depth: Number of arrays and objects around it; the item itself is one.

    Raises:
        UnsendableError: A part of it has no JSON form, or it is nested too deeply.
    """
    if value is None or isinstance(value, (str, msgspec.Raw)):
        return value
    if isinstance(value, (int, float, Decimal)):
        return _finite(value)
    if isinstance(value, date):
        return format_timestamp(value)
    if depth >= MAX_DEPTH:
        raise UnsendableError(f"is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, (list, tuple)):
        return [json_value(item, depth + 1) for item in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {name: json_value(item, depth + 1) for name, item in value.items()}
    raise UnsendableError(f"holds a {type(value).__name__}, which JSON does not have")


def encode(value: Any) -> bytes:  # noqa: ANN401 - whatever `json_value` returns
    """Write a value as JSON, with every digit that its numbers have.

    Args:
        value: A value as `json_value` returns it.

    Raises:
        UnsendableError: A text holds a lone surrogate, or an integer is too long.
    """
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        raise UnsendableError("holds half a surrogate pair, which is not Unicode text") from None
    except ValueError:
        raise UnsendableError("holds an integer that is too long to be written") from None


def differ(value: object, other: object) -> bool:
    """Return whether two values differ as JSON; in Python, 1 and True are equal.

    Args:
        value: A value, which may be one that cannot be written.
        other: Another.
    """
    try:
        return encode(value) != encode(other)
    except UnsendableError:
        return value != other


def is_number_text(text: str) -> bool:
    """Return whether a text is one number in JSON's grammar, without spaces around it."""
    return _NUMBER.fullmatch(text) is not None


def exact_number(text: str) -> Decimal | msgspec.Raw:
    """Return a number with all its digits: as Decimal, or as JSON text if the exponent is too long.

    Args:
        text: The number, in JSON's grammar.
    """
    try:
        return Decimal(text)
    except InvalidOperation:
        return msgspec.Raw(text.encode())


def without_trailing_zeros(number: float | Decimal) -> Decimal:
    """Return the one form of all equal numbers, unrounded: 1E+2 for 100, 1e2 and 100.0.

    Args:
        number: Any number; a float counts as what Python prints of it.
    """
    exact = Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
    return _UNROUNDED.normalize(exact) if exact else Decimal(0)


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


def _finite(value: float | Decimal) -> float | Decimal:
    if isinstance(value, int):
        if value.bit_length() > MAX_INTEGER_BITS:
            raise UnsendableError("holds an integer that is too long to be written")
    # math.isfinite() converts a Decimal to a float first, which makes 1e400 infinite.
    elif not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
        raise UnsendableError("holds NaN or Infinity, which JSON does not have")
    return value


_UNROUNDED: Final = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX)
_DECODER: Final = msgspec.json.Decoder(float_hook=exact_number)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
