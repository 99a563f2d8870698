"""Whether a record in Planhat has the values that would be sent, from eight bytes of each property.

Owns which values are equal: numbers by their value, objects regardless of order, and a null as a
property that is absent.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.writing.records.exact_json import without_trailing_zeros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOTHING: Final = 0
"""Fingerprint of null, and of an absent property."""
UNSURE: Final = -1
"""Fingerprint of a value that is not known. It is not equal to any other, nor to itself."""

_ENCODER: Final = msgspec.json.Encoder(order="sorted")


def fingerprint(value: Any) -> int:  # noqa: ANN401 - any JSON value
    """Return a number of eight bytes that is the same for equal values within one process.

    Args:
        value: As `exact_json.decode` reads it, so that numbers are exact.
    """
    if value is None:
        return NOTHING
    # In a tuple, since a text and its bytes have the same hash: the text "true" must differ from
    # the boolean.
    mark = hash(value if isinstance(value, str) else (_ENCODER.encode(_canonical(value)),))
    return mark if mark not in (NOTHING, UNSURE) else 1


class Fingerprints:
    """The fingerprints of some properties of a record, packed into bytes of one width.

    Args:
        names: The properties.

    Attributes:
        names: The properties.
        width: How many bytes the fingerprints of one record take.
        unsure: The fingerprints of a record whose values are not known.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._positions = {name: at for at, name in enumerate(self.names)}
        self._struct = Struct(f"<{len(self.names)}q")
        self.width = self._struct.size
        self.unsure = self._struct.pack(*[UNSURE] * len(self.names))

    def of(self, record: Mapping[str, Any]) -> bytes:
        """Return the fingerprints of a record."""
        return self._struct.pack(*[fingerprint(record.get(name)) for name in self.names])

    def differing(self, item: Mapping[str, Any], values: bytes) -> list[str]:
        """Return the properties of an item whose values are, or may be, other than a record's.

        Args:
            item: What would be sent.
            values: Fingerprints of the record that it refers to.
        """
        marks = self._struct.unpack(values)
        return [
            name
            for name, value in item.items()
            if name not in self._positions
            or marks[self._positions[name]] == UNSURE
            or marks[self._positions[name]] != fingerprint(value)
        ]

    def after(self, item: Mapping[str, Any], before: bytes | None) -> bytes:
        """Return the fingerprints of a record after an item was written to it.

        Args:
            item: What was written.
            before: Its fingerprints before that, None if there was no record.
        """
        marks = list(self._struct.unpack(before)) if before else [NOTHING] * len(self.names)
        for name, value in item.items():
            at = self._positions.get(name)
            if at is not None:
                # It is not known whether Planhat merges or replaces an object.
                may_merge = isinstance(value, dict) and before is not None
                marks[at] = UNSURE if may_merge else fingerprint(value)
        return self._struct.pack(*marks)


def _canonical(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value with its numbers in one form, which no other value has."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, dict):
        return {"object": {name: _canonical(item) for name, item in value.items()}}
    if isinstance(value, msgspec.Raw):
        return {"number": bytes(value).decode()}
    return {"number": str(without_trailing_zeros(value))}
