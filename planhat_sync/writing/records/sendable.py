"""What can leave as JSON, and what cannot.

Owns the walk through a value that came of a record: dates become text, and what JSON or Planhat's
database cannot hold is found before it is sent.
"""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from planhat_sync.timestamps import format_timestamp

DEEPEST: Final = 100
"""Levels of arrays and objects within one item. MongoDB, where Planhat keeps its records (its ids
are MongoDB ObjectIds), nests documents no deeper (MongoDB manual, "Limits and Thresholds")."""

LONGEST_INTEGER_BITS: Final = 14_285
"""Python writes no integer of more than 4,300 digits, which a stream map can make all the same."""

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class UnsendableError(ValueError):
    """A value that has no JSON; its text says why, after the name of the property."""


def sendable(value: Any, depth: int = 1) -> Any:  # noqa: ANN401 - any value of a record
    """Bring a value to what JSON has: None, bool, str, numbers, lists, dicts.

    Args:
        value: Any value of a record.
        depth: How many arrays and objects it is inside of; the item itself is one.

    Raises:
        UnsendableError: Something in it has no JSON, or it is nested too deeply.
    """
    if value is None or isinstance(value, (str, msgspec.Raw)):
        return value
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    if isinstance(value, date):
        return format_timestamp(value)
    if depth >= DEEPEST:
        raise UnsendableError(f"is nested deeper than {DEEPEST} levels")
    if isinstance(value, (list, tuple)):
        return [sendable(item, depth + 1) for item in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {name: sendable(item, depth + 1) for name, item in value.items()}
    raise UnsendableError(f"holds a {type(value).__name__}, which JSON does not have")


def _number(value: float | Decimal) -> float | Decimal:
    if isinstance(value, int):
        if value.bit_length() > LONGEST_INTEGER_BITS:
            raise UnsendableError("holds an integer that is too long to be written")
    # math.isfinite() would make a float of a Decimal first, and 1e400 infinite.
    elif not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
        raise UnsendableError("holds NaN or Infinity, which JSON does not have")
    return value


def encode(value: Any) -> bytes:  # noqa: ANN401 - any sendable value
    """Write a sendable value as JSON, every number with the digits it has.

    Raises:
        UnsendableError: A text in it is not Unicode (half a surrogate pair), or an integer is too
            long.
    """
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        raise UnsendableError("holds half a surrogate pair, which is no Unicode text") from None
    except ValueError:
        raise UnsendableError("holds an integer that is too long to be written") from None
