"""Whether what Planhat holds is what would be sent, from eight bytes of each property.

Owns what counts as equal: numbers by their value, objects whatever their order, and a property
that is null as one that is absent.
"""

from __future__ import annotations

from decimal import Decimal
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOTHING: Final = 0
"""Fingerprint of null, and of a property that is not there."""
UNSURE: Final = -1
"""Fingerprint of a value that is not known; it equals no other, not even itself."""

_ENCODER: Final = msgspec.json.Encoder(order="sorted")


def fingerprint(value: Any) -> int:  # noqa: ANN401 - any JSON value
    """Make eight bytes of a value, the same for equal ones, within one process.

    Args:
        value: As `decoding.decode` reads it, so that numbers are exact.
    """
    if value is None:
        return NOTHING
    # In a tuple, since ASCII text and the same bytes have one hash: "true" is not true.
    mark = hash(value if isinstance(value, str) else (_ENCODER.encode(_canonical(value)),))
    return mark if mark not in (NOTHING, UNSURE) else 1


class Fingerprints:
    """The fingerprints of some properties of a record, as bytes of one width.

    Args:
        names: The properties.

    Attributes:
        names: The properties.
        width: Bytes of one record's.
        unsure: Those of a record whose values are not known.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._at = {name: at for at, name in enumerate(self.names)}
        self._struct = Struct(f"<{len(self.names)}q")
        self.width = self._struct.size
        self.unsure = self._struct.pack(*[UNSURE] * len(self.names))

    def of(self, record: Mapping[str, Any]) -> bytes:
        """Take the fingerprints of a record."""
        return self._struct.pack(*[fingerprint(record.get(name)) for name in self.names])

    def differing(self, item: Mapping[str, Any], held: bytes) -> list[str]:
        """List the properties of an item whose value is not, or may not be, what is held.

        Args:
            item: What would be sent.
            held: Fingerprints of the record that it means.
        """
        marks = self._struct.unpack(held)
        return [
            name
            for name, value in item.items()
            if name not in self._at
            or marks[self._at[name]] == UNSURE
            or marks[self._at[name]] != fingerprint(value)
        ]

    def after(self, item: Mapping[str, Any], held: bytes | None) -> bytes:
        """Give the fingerprints of a record once an item was written into it.

        Args:
            item: What was written.
            held: Fingerprints from before, None if there was no record.
        """
        marks = list(self._struct.unpack(held)) if held else [NOTHING] * len(self.names)
        for name, value in item.items():
            at = self._at.get(name)
            if at is not None:
                # Whether Planhat merges an object into what it holds is not known.
                merged = isinstance(value, dict) and held is not None
                marks[at] = UNSURE if merged else fingerprint(value)
        return self._struct.pack(*marks)


def _canonical(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Write numbers in one form, so marked that nothing else is written alike."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, dict):
        return {"object": {name: _canonical(item) for name, item in value.items()}}
    if isinstance(value, msgspec.Raw):
        return {"number": bytes(value).decode()}
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    sign, digits, exponent = number.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    if not stripped:
        return {"number": "0"}
    power = int(exponent) + len(text) - len(stripped)
    return {"number": f"{'-' * sign}{stripped}e{power}"}
