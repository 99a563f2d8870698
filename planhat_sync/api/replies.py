"""Reads the bodies of Planhat's answers about single records, and sees that a body is an object."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec


class _Deleted(msgspec.Struct):
    # {"n": 1, "ok": 1, "deletedCount": 1} (the vendor's pages of both models)
    count: int = msgspec.field(name="deletedCount")


def _number(text: str) -> float | Decimal:
    number, exact = float(text), Decimal(text)
    return number if Decimal(repr(number)) == exact else exact


_record = msgspec.json.Decoder(dict[str, Any], float_hook=_number)
_deleted = msgspec.json.Decoder(_Deleted)
_any_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_record(body: bytes) -> dict[str, Any]:
    """Read one record; a number that no float can hold comes as a Decimal.

    Raises:
        ValueError: The body is no JSON object.
    """
    return _record.decode(body)


def read_deleted_count(body: bytes) -> int:
    """Read how many records a delete has deleted.

    Raises:
        ValueError: The body does not say.
    """
    return _deleted.decode(body).count


def read_any_object(body: bytes) -> None:
    """See that a body is a JSON object, without reading its values.

    Raises:
        ValueError: It is none.
    """
    _any_object.decode(body)
