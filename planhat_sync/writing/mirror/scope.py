"""Whether a record in Planhat is one of those that the source is responsible for."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.writing.records.exact_json import without_trailing_zeros

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBERS: Final = (int, float, Decimal)


class Scope:
    """The setting `missing_scope`.

    Args:
        values: The values that a record must have, by property; of an object, those of some of its
            keys. Without any, every record is inside.

    Attributes:
        properties: The properties that have to be known of a record.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.properties = tuple(values)
        self._values = values

    def includes(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record is inside.

        Args:
            record: The record as Planhat lists it, its numbers exact.
        """
        return _has(record, self._values)


def _has(value: object, wanted: object) -> bool:
    """Return whether a value is the one that is wanted, or an object with the values wanted."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(
            name in value and _has(value[name], each) for name, each in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(value, list) and len(value) == len(wanted) and all(map(_has, value, wanted))
        )
    if isinstance(value, bool) or isinstance(wanted, bool):  # True is equal to 1
        return value is wanted
    if isinstance(value, _NUMBERS) and isinstance(wanted, _NUMBERS):
        return without_trailing_zeros(value) == without_trailing_zeros(wanted)
    return value == wanted
