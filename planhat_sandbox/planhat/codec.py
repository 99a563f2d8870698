"""JSON as the sandbox reads and writes it: numbers stay what they were sent as.

The real Planhat probably holds numbers as doubles (number-precision, a guess). A fake that
rounded them would hide a client that had rounded them before, so this one keeps every digit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec


def _number(text: str) -> float | Decimal:
    """Read a number with a fraction or an exponent: a float where that is exact, else a Decimal.

    Args:
        text: The number as it stands in the JSON text.

    Returns:
        A value that is written back with the same worth.
    """
    value = float(text)
    if repr(value) == text:
        return value
    exact = Decimal(text)
    return value if Decimal(repr(value)) == exact else exact


_DECODER = msgspec.json.Decoder(float_hook=_number)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decode(body: bytes) -> Any:  # noqa: ANN401 - JSON is whatever it is
    """Decode JSON.

    Args:
        body: UTF-8 JSON.

    Returns:
        dicts, lists, str, int, float (Decimal where a float would lose digits), bool, None.

    Raises:
        ValueError: The body is not JSON, or is nested too deeply.
    """
    try:
        return _DECODER.decode(body)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def encode(value: object) -> bytes:
    """Encode a value as JSON.

    Args:
        value: What `decode` may return.

    Returns:
        Compact UTF-8 JSON.
    """
    return _ENCODER.encode(value)
