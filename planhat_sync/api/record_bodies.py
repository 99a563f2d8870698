"""Reads answers that are about one record: the record itself, or that it is deleted."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from planhat_sync.api.http.exchange import Answer


def exact_number(text: str) -> float | Decimal | msgspec.Raw:
    """Return a number as a float if that represents it exactly, else as a Decimal.

    Args:
        text: The number in JSON, which is not an integer. Its text is returned if its exponent is
            too long for Python.
    """
    try:
        number, exact = float(text), Decimal(text)
    except InvalidOperation:  # its exponent is too long for Python
        return msgspec.Raw(text.encode())
    return number if Decimal(repr(number)) == exact else exact


_decode = msgspec.json.Decoder(dict[str, Any], float_hook=exact_number).decode


def read_record(body: bytes) -> dict[str, Any]:
    """Return a record.

    Args:
        body: Its JSON.

    Raises:
        ValueError: It is not one record.
    """
    record = _decode(body)
    if not isinstance(record.get("_id"), str):
        raise msgspec.ValidationError("a record without an _id")
    return record


def has_deleted(answer: Answer) -> bool:
    """Return whether the answer to a DELETE says that it has deleted a record.

    It holds counts, or the record (fact delete-answer). An empty answer may be what is left of one
    that was cut off, so it is believed of 204, and the second time.

    Args:
        answer: An answer of status 200 or 204.

    Raises:
        ValueError: It says nothing that is known.
    """
    if answer.status == HTTPStatus.NO_CONTENT or (answer.repeated and not answer.body.strip()):
        return True
    body = _decode(answer.body)
    if isinstance(body.get("_id"), str):
        return True
    count = body.get("deletedCount", body.get("n"))
    if not isinstance(count, int):
        raise msgspec.ValidationError("neither counts nor a record")
    return count > 0
