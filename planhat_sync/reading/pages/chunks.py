"""Collects the body of a list response, and cuts off arrays of its rows while it arrives.

Nothing is parsed here. A cut is a guess, in front of what begins as the first row does, and
decoding confirms it: if ``[A]`` is a JSON array that is not empty, a JSON text that begins with
``[A,`` is an array whose first elements are those of ``[A]``. A cut inside a string or a nested
value makes a text that is not JSON; the caller then puts it back.
"""

from __future__ import annotations

CHUNK_BYTES = 1 << 18
"""Each chunk costs 20 µs, whatever its size (docs/adr/0075-pages-decoded-while-they-arrive.md)."""

_OPENING, _CLOSING, _COMMA = b"[],"


class Chunks:
    """The part of a body that has arrived, without the arrays that were cut off.

    The memory is used again for what comes next, so an array must not be referred to once the next
    bytes are taken.

    Args:
        size: How many bytes to collect before an array is cut off; more if a row is longer.
    """

    def __init__(self, size: int = CHUNK_BYTES) -> None:
        self._memory = bytearray(size)
        self._size = 0
        self._row = b""
        self._end = 0

    def free(self) -> memoryview:
        """Return memory for the next bytes."""
        if self.is_full:
            larger = bytearray(2 * len(self._memory))  # the old memory may still be referred to
            larger[: self._size] = self._memory
            self._memory = larger
        return memoryview(self._memory)[self._size :]

    def add(self, count: int) -> None:
        """Take bytes.

        Args:
            count: How many there are at the beginning of `free()`.
        """
        self._size += count

    @property
    def is_full(self) -> bool:
        """Whether there is enough to cut an array off."""
        return self._size == len(self._memory)

    def cut(self) -> memoryview | None:
        """Return all rows but the last as an array without line breaks; None if there is none.

        `drop` them, or `put_back` what was changed for that, before anything else.
        """
        memory = self._memory
        if memory.find(b"\n", 0, self._size) >= 0 or memory.find(b"\r", 0, self._size) >= 0:
            return None
        if not self._row and memory[:2] == b"[{":
            self._row = bytes(memory[1 : memory.find(b":") + 1])
        at = self._size
        while self._row and (at := memory.rfind(self._row, 1, at)) > 0:
            self._end = at - 2 if memory[at - 1 : at] == b" " else at - 1
            if memory[self._end - 1 : self._end + 1] == b"},":
                memory[self._end] = _CLOSING
                return memoryview(memory)[: self._end + 1]
        return None

    def drop(self) -> None:
        """Forget the array that was cut off; an array of the other rows is beginning."""
        memory, end = self._memory, self._end
        memory[end] = _OPENING
        kept = memory[end : self._size]
        self._size = len(kept)
        memory[: self._size] = kept

    def put_back(self) -> None:
        """Make what was cut off part of the body again."""
        self._memory[self._end] = _COMMA

    def rest(self) -> bytes:
        """Return what was not cut off: the body, or an array of the rows that remain."""
        return bytes(memoryview(self._memory)[: self._size])
