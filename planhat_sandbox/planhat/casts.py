"""Values as they were sent, cast to the types of the properties."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from planhat_sandbox.planhat.codec import encode
from planhat_sandbox.planhat.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planhat_sandbox.planhat.model import Kind

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DATE_CHARACTERS = len("2026-01-31")


def _refusal(kind: str, name: str) -> Refusal:
    return Refusal(f"Cast to {kind} failed at path {name}", invalid=name)


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return encode(value).decode()
    raise _refusal("string", name)


def _number(name: str, value: object) -> object:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return value
    raise _refusal("number", name)


def _boolean(name: str, value: object) -> object:
    if isinstance(value, bool):
        return value
    raise _refusal("boolean", name)


def _ids(name: str, value: object) -> object:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise _refusal("array", name)


def _object(name: str, value: object) -> object:
    if isinstance(value, dict):
        return value
    raise _refusal("object", name)


def _objects(name: str, value: object) -> object:
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return value
    raise _refusal("array", name)


def _entries(name: str, value: object) -> object:
    """Return the ids of a list of ids, or of objects that hold them."""
    if isinstance(value, list):
        return _ids(name, [each.get("_id") if isinstance(each, dict) else each for each in value])
    raise _refusal("array", name)


def _time(name: str, value: object) -> datetime:
    """Read a date, or a time with or without an offset, in UTC."""
    if not isinstance(value, str):
        raise _refusal("date", name)
    text = f"{value}T00:00:00Z" if len(value) == DATE_CHARACTERS else value
    try:
        time = msgspec.convert(text, datetime)
        return time.astimezone(timezone.utc) if time.tzinfo else time.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):  # also a time that is before the year 1 in UTC
        raise _refusal("date", name) from None


def _date(name: str, value: object) -> str:
    """Return a time as Planhat writes it (iso-times)."""
    return _time(name, value).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _midnight(name: str, value: object) -> str:
    """Return the beginning of the day of a time (time-entry-date)."""
    return f"{_time(name, value).date().isoformat()}T00:00:00.000Z"


def _days(name: str, value: object) -> object:
    """Return a number of days since 1970 (invoice-days)."""
    if isinstance(value, str):
        return (_time(name, value) - EPOCH).days
    return _number(name, value)


def _any(_name: str, value: object) -> object:
    return value


CASTS: Mapping[Kind, Callable[[str, object], object]] = MappingProxyType(
    {
        "text": _text,
        "number": _number,
        "boolean": _boolean,
        "ids": _ids,
        "object": _object,
        "objects": _objects,
        "entries": _entries,
        "date": _date,
        "midnight": _midnight,
        "days": _number,
        "any": _any,
    }
)
"""Cast by type; each raises `Refusal` for a value that does not fit."""

CASTS_WITH_DAYS: Mapping[Kind, Callable[[str, object], object]] = MappingProxyType(
    {**CASTS, "days": _days}
)
"""The same, where a date is accepted for a number of days (invoice-days)."""
