"""JSON that keeps every digit of a number.

The real Planhat probably stores numbers as doubles (number-precision, a guess). A fake that
rounded them would hide a client that rounds them first, so this one keeps every digit.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec


def _number(text: str) -> float | Decimal:
    """Return a number with a fraction or an exponent: a float if exact, otherwise a Decimal.

    Args:
        text: The number as it is written in the JSON text.

    Returns:
        A value that encodes to an equal number.
    """
    value = float(text)
    if repr(value) == text:
        return value
    exact = Decimal(text)
    return value if Decimal(repr(value)) == exact else exact


_DECODER = msgspec.json.Decoder(float_hook=_number)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decode(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Decode JSON.

    Args:
        body: UTF-8 JSON.

    Returns:
        dict, list, str, int, float (Decimal if a float would lose digits), bool or None.

    Raises:
        ValueError: The body is not JSON, is nested too deeply, or holds a number with an exponent
            of more digits than Python reads.
    """
    try:
        return _DECODER.decode(body)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    except InvalidOperation:
        raise ValueError("the exponent of a number is too long") from None


def encode(value: object) -> bytes:
    """Encode a value as JSON.

    Args:
        value: Anything that `decode` can return.

    Returns:
        Compact UTF-8 JSON.
    """
    return _ENCODER.encode(value)
