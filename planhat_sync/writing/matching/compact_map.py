"""A map from keys of one width to values of one width, in a third of a dict's memory.

Owns bytes only: a hash table of four-byte places in front of one growing row of entries, laid out
as CPython lays out its own dicts. A million 12-byte ids take some 20 MB; a set of them takes 90.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_FREE: Final = 0xFFFF_FFFF
_HERE: Final = b"\x01"
_GONE: Final = b"\x00"


class CompactMap:
    """A map that never shrinks: a removed key keeps its place, and may come back to it.

    Args:
        key_width: Bytes of every key.
        value_width: Bytes of every value; 0 makes a set of it.
    """

    def __init__(self, key_width: int, value_width: int = 0) -> None:
        self._key_width = key_width
        self._value_width = value_width
        self._width = key_width + value_width + 1
        self._entries = bytearray()
        self._count = 0
        self._places = array("I", [_FREE]) * 8

    def __contains__(self, key: bytes) -> bool:
        """Tell whether a key is in the map."""
        return self.get(key) is not None

    def get(self, key: bytes) -> bytes | None:
        """Give the value of a key, None if it has none."""
        place = self._places[self._find(key)]
        if place == _FREE:
            return None
        end = (place + 1) * self._width
        if self._entries[end - 1 : end] == _GONE:
            return None
        return bytes(self._entries[end - 1 - self._value_width : end - 1])

    def set(self, key: bytes, value: bytes = b"") -> None:
        """Give a key its value, over any that it has."""
        if len(key) != self._key_width or len(value) != self._value_width:
            raise ValueError("a key or a value of another width than the map's")
        at = self._find(key)
        place = self._places[at]
        if place != _FREE:
            start = place * self._width + self._key_width
            self._entries[start : (place + 1) * self._width] = value + _HERE
            return
        self._places[at] = self._count
        self._count += 1
        self._entries += key + value + _HERE
        if 3 * self._count > 2 * len(self._places):
            self._grow()

    def remove(self, key: bytes) -> None:
        """Take a key out, if it is there."""
        place = self._places[self._find(key)]
        if place != _FREE:
            end = (place + 1) * self._width
            self._entries[end - 1 : end] = _GONE

    def _find(self, key: bytes) -> int:
        """Find where the place of a key is, or is to be."""
        places, entries, width = self._places, self._entries, self._width
        mask = len(places) - 1
        at = hash(key) & mask
        while (place := places[at]) != _FREE:
            start = place * width
            if entries[start : start + self._key_width] == key:
                break
            at = (at + 1) & mask
        return at

    def _grow(self) -> None:
        self._places = array("I", [_FREE]) * (2 * len(self._places))
        mask = len(self._places) - 1
        for place, key in enumerate(self._keys()):
            at = hash(key) & mask
            while self._places[at] != _FREE:
                at = (at + 1) & mask
            self._places[at] = place

    def _keys(self) -> Iterator[bytes]:
        for start in range(0, len(self._entries), self._width):
            yield bytes(self._entries[start : start + self._key_width])
