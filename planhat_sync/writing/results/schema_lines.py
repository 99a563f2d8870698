"""The SCHEMA lines of a run, and which of them each record came under.

A reject is replayed through the stream maps, and they do what the SCHEMA before the record makes
them do. So the reject file holds, for each reject, the SCHEMA line that stood before its record,
however many others have come by the time when the reject is known.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

MOST_LINES: Final = 100_000
MOST_BYTES: Final = 16_000_000
"""So much of older SCHEMA lines is remembered before what no record asks for is forgotten."""


class _OneStream:
    """The SCHEMA lines of one stream, the one that holds now at the end.

    Attributes:
        numbers: Where they stand on stdin, ascending.
        lines: The lines; equal ones are one object.
        distinct: Each different line.
    """

    def __init__(self, line: bytes, number: int) -> None:
        self.numbers = [number]
        self.lines = [line]
        self.distinct = {line: line}

    def place_of(self, number: int) -> int:
        """Find the SCHEMA line under which a record came."""
        return max(bisect_left(self.numbers, number) - 1, 0)

    def forget(self, before: int | None) -> None:
        """Drop the lines that no record from line `before` on came under."""
        first = len(self.numbers) - 1 if before is None else self.place_of(before)
        del self.numbers[:first]
        del self.lines[:first]
        self.distinct = {line: line for line in self.lines}


class SchemaLines:
    """The SCHEMA lines of all streams, as received, as far as a reject may still ask for them."""

    def __init__(self) -> None:
        self._streams: dict[str, _OneStream] = {}
        self._older = 0
        self._older_bytes = 0

    def __contains__(self, stream: str) -> bool:
        """Tell whether a SCHEMA of a stream has come."""
        return stream in self._streams

    def __len__(self) -> int:
        """Count the lines that are remembered."""
        return len(self._streams) + self._older

    @property
    def are_many(self) -> bool:
        """Whether it is time to forget some."""
        return self._older > MOST_LINES or self._older_bytes > MOST_BYTES

    def newest(self, stream: str) -> bytes | None:
        """Return the SCHEMA line that holds now, None if there is none."""
        one = self._streams.get(stream)
        return one.lines[-1] if one else None

    def add(self, stream: str, line: bytes, number: int, *, after: int) -> None:
        """Take in a SCHEMA line that differs from the one before it.

        Args:
            stream: Its stream.
            line: The line.
            number: Its number.
            after: Number of the last line before it that holds a record.
        """
        one = self._streams.get(stream)
        if one is None:
            self._streams[stream] = _OneStream(line, number)
            return
        if line not in one.distinct:
            one.distinct[line] = line
            self._older_bytes += len(line)
        if one.numbers[-1] > after:  # no record came under the last one
            one.numbers[-1], one.lines[-1] = number, one.distinct[line]
            return
        one.numbers.append(number)
        one.lines.append(one.distinct[line])
        self._older += 1

    def under(self, stream: str, number: int) -> bytes:
        """Return the SCHEMA line under which a record came.

        Args:
            stream: Its stream.
            number: Number of its line.
        """
        one = self._streams[stream]
        return one.lines[one.place_of(number)]

    def forget(self, before: int | None) -> bool:
        """Drop what no record asks for any more.

        Args:
            before: Number of the line of the oldest record that may still be rejected, None if
                there is none.

        Returns:
            Whether at least half of the room is free now, so that this need not be done again for
            every line that follows.
        """
        self._older = self._older_bytes = 0
        for one in self._streams.values():
            one.forget(before)
            self._older += len(one.lines) - 1
            self._older_bytes += sum(map(len, one.distinct)) - len(one.lines[-1])
        return 2 * self._older <= MOST_LINES and 2 * self._older_bytes <= MOST_BYTES
