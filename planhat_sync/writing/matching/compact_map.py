"""A map from keys of one width to values of one width, in a third of a dict's memory.

A hash table of four-byte slots that refer to one growing array of entries, as in CPython's own
dicts. A million 12-byte ids take about 20 MB; a Python set of them takes 90 MB.
"""

from __future__ import annotations

from array import array
from typing import Final

_FREE: Final = 0xFFFF_FFFF
_PRESENT: Final = b"\x01"
_REMOVED: Final = b"\x00"


class CompactMap:
    """A map that never shrinks: a removed key keeps its entry, and may be set again.

    Args:
        key_width: Bytes of every key.
        value_width: Bytes of every value; 0 makes it a set.
    """

    def __init__(self, key_width: int, value_width: int = 0) -> None:
        self._key_width = key_width
        self._value_width = value_width
        self._width = key_width + value_width + 1
        self._entries = bytearray()
        self._count = 0
        self._slots = array("I", [_FREE]) * 8

    def __contains__(self, key: bytes) -> bool:
        """Return whether a key is in the map."""
        return self.get(key) is not None

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, None if it is not in the map."""
        entry = self._slots[self._find(key)]
        if entry == _FREE:
            return None
        end = (entry + 1) * self._width
        if self._entries[end - 1 : end] == _REMOVED:
            return None
        return bytes(self._entries[end - 1 - self._value_width : end - 1])

    def set(self, key: bytes, value: bytes = b"") -> None:
        """Set the value of a key."""
        if len(key) != self._key_width or len(value) != self._value_width:
            raise ValueError("the key or the value does not have the width of the map")
        slot = self._find(key)
        entry = self._slots[slot]
        if entry != _FREE:
            start = entry * self._width + self._key_width
            self._entries[start : (entry + 1) * self._width] = value + _PRESENT
            return
        self._slots[slot] = self._count
        self._count += 1
        self._entries += key + value + _PRESENT
        if 3 * self._count > 2 * len(self._slots):
            self._grow()

    def remove(self, key: bytes) -> None:
        """Remove a key, if it is in the map."""
        entry = self._slots[self._find(key)]
        if entry != _FREE:
            end = (entry + 1) * self._width
            self._entries[end - 1 : end] = _REMOVED

    def _find(self, key: bytes) -> int:
        """Return the slot of a key, or the free slot that it would have."""
        slots, entries, width = self._slots, self._entries, self._width
        mask = len(slots) - 1
        slot = hash(key) & mask
        while (entry := slots[slot]) != _FREE:
            start = entry * width
            if entries[start : start + self._key_width] == key:
                break
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        self._slots = array("I", [_FREE]) * (2 * len(self._slots))
        mask = len(self._slots) - 1
        for entry in range(self._count):
            start = entry * self._width
            slot = hash(bytes(self._entries[start : start + self._key_width])) & mask
            while self._slots[slot] != _FREE:
                slot = (slot + 1) & mask
            self._slots[slot] = entry
