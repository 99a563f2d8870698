"""Rows of Python programs as plain records: what numpy and enums hold, as Python's own values.

Owns which value stands for which, and what becomes of missing ones. No library is imported: a value
of numpy or pandas exists only where that is loaded already.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal
from uuid import UUID

from planhat_sync.writing.records.exact_json import MAX_DEPTH

Missing = Literal["reject", "absent", "null"]
"""What becomes of a value that is missing in the way of numpy and pandas: NaN, NaT and NA."""

Nulls = Literal["send", "omit"]
"""What becomes of None, as in a mapping."""

_PLAIN: Final = frozenset({type(None), bool, str, int, date, datetime})
_BASES: Final[Mapping[type, Callable[[Any], Any]]] = {
    str: str.__str__,  # not `str`, since an enum or a text of some library may print as another
    int: int,
    float: float,
    Decimal: Decimal,
}
"""How a value of a subclass, such as `numpy.float64`, becomes one of the type itself."""

_ABSENT: Final = object()
_SCALARS: Final = frozenset("biuf")
"""The kinds of numpy scalars that stand for one of Python's numbers (`numpy.dtype.kind`)."""


class PlainValues:
    """Makes records of rows, with values of Python's own types.

    UUIDs become text, enums their values, and scalars and arrays of numpy what they hold. What has
    no plain form stays as it is, for the conversion to refuse.

    Args:
        missing: Whether NaN, NaT and NA are left out (``absent``), become None (``null``), or stay
            NaN, which no conversion accepts (``reject``).
        nulls: Whether properties that are None are sent as null, or left out (``omit``).
    """

    def __init__(self, missing: Missing = "reject", nulls: Nulls = "send") -> None:
        self._marker = {"reject": math.nan, "absent": _ABSENT, "null": None}[missing]
        self._left_out = None if nulls == "omit" else _ABSENT

    def record(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row as a record.

        Args:
            row: Values by the names of properties; it is not changed.
        """
        return self._object(row, 1)

    def _object(self, row: Mapping[Any, Any], depth: int) -> dict[Any, Any]:
        left_out = self._left_out
        record = {}
        for name, value in row.items():
            plain = value if type(value) in _PLAIN else self._plain(value, depth)
            if plain is not _ABSENT and plain is not left_out:
                record[name] = plain
        return record

    def _plain(self, value: Any, depth: int) -> Any:  # noqa: ANN401 - any value of a row
        if type(value) in _PLAIN or depth >= MAX_DEPTH:
            return value
        if _is_missing(value):
            return self._marker
        if isinstance(value, Mapping):
            return self._object(value, depth + 1)
        held = _held(value)
        if isinstance(held, (list, tuple)):
            items = [self._plain(item, depth + 1) for item in held]
            return [item for item in items if item is not _ABSENT]
        return value if held is value else self._plain(held, depth + 1)


def _is_missing(value: object) -> bool:
    if isinstance(value, Decimal):
        return value.is_nan()
    pandas = sys.modules.get("pandas")
    if pandas is not None and (value is pandas.NA or value is pandas.NaT):
        return True
    numpy = sys.modules.get("numpy")
    if isinstance(value, float) or (numpy is not None and isinstance(value, numpy.generic)):
        return bool(value != value)  # noqa: PLR0124 - NaN and NaT differ from themselves
    return False


def _held(value: Any) -> Any:  # noqa: ANN401 - any value of a row
    """Return what a value stands for, or the value itself."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    for base, of in _BASES.items():
        if isinstance(value, base):
            return value if type(value) is base else of(value)
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return value
    if isinstance(value, numpy.ndarray):
        return [*value] if value.ndim else value[()]
    return _held_by_scalar(value) if isinstance(value, numpy.generic) else value


def _held_by_scalar(value: Any) -> Any:  # noqa: ANN401 - a scalar of numpy
    """Return the number, boolean or time that a scalar of numpy holds; any other as it is."""
    if value.dtype.kind == "M":
        held = value.item()  # a number if the value is finer than a microsecond
        held = held if isinstance(held, date) else value.astype("datetime64[us]").item()
        return held if isinstance(held, date) else value
    held = value.item() if value.dtype.kind in _SCALARS else value
    return value if type(held) is type(value) else held
