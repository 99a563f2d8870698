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

from target_planhat.coercion import iso_text

DEEPEST: Final = 100
"""Levels of arrays and objects within one item. MongoDB, where Planhat keeps its records (its ids
are MongoDB ObjectIds), nests documents no deeper (MongoDB manual, "Limits and Thresholds")."""

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
    if value is None or isinstance(value, (str, bool, int, msgspec.Raw)):
        return value
    if isinstance(value, (float, Decimal)):
        # math.isfinite() would make a float of a Decimal first, and 1e400 infinite.
        if value.is_finite() if isinstance(value, Decimal) else math.isfinite(value):
            return value
        raise UnsendableError("holds NaN or Infinity, which JSON does not have")
    if isinstance(value, date):
        return iso_text(value)
    if depth >= DEEPEST:
        raise UnsendableError(f"is nested deeper than {DEEPEST} levels")
    if isinstance(value, (list, tuple)):
        return [sendable(item, depth + 1) for item in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {name: sendable(item, depth + 1) for name, item in value.items()}
    raise UnsendableError(f"holds a {type(value).__name__}, which JSON does not have")


def encode(value: Any) -> bytes:  # noqa: ANN401 - any sendable value
    """Write a sendable value as JSON, every number with the digits it has.

    Raises:
        UnsendableError: A text in it is not Unicode (half a surrogate pair).
    """
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        raise UnsendableError("holds half a surrogate pair, which is no Unicode text") from None
