"""One list response that has been decoded: what a scan decides by, and what its rows become.

The rows themselves are not kept unless the caller wants Python values: a page that waits consists
of lines that are ready to be written (docs/adr/0033-raw-values.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planhat_sync.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    WriteLines = Callable[[Sequence[Any], datetime], bytes]
    """Writes rows, and the time when they were received, as lines: one for each row, each with its
    line break. A row is an object that msgspec encodes as JSON, without line breaks in it."""


class WrittenRows:
    """Rows that were written as lines at once.

    They are kept in pieces, as they were written: blocks of megabytes would fragment the memory.

    Args:
        write: Writes rows as lines.
        received: When the response came.
    """

    def __init__(self, write: WriteLines, received: datetime) -> None:
        self._write = write
        self._received = received
        self._pieces: list[tuple[bytes, int]] = []

    def add(self, rows: Sequence[Any]) -> None:
        """Add the next rows of the page.

        Args:
            rows: The rows.
        """
        self._pieces.append((self._write(rows, self._received), len(rows)))

    def pick(self, indices: Sequence[int]) -> list[bytes | memoryview]:
        """Return some of the lines, without a copy if they are adjacent.

        Args:
            indices: Indices of the rows, in the order wanted; at least one.

        Returns:
            Complete lines, in pieces.
        """
        first, end = indices[0], indices[-1] + 1
        if indices != range(first, end) and list(indices) != list(range(first, end)):
            lines = b"".join([piece for piece, _ in self._pieces]).splitlines(keepends=True)
            return [lines[index] for index in indices]
        picked = []
        begin = 0
        for piece, count in self._pieces:
            if first < begin + count and begin < end:
                picked.append(_between(piece, first - begin, end - begin, count))
            begin += count
        return picked


def _between(piece: bytes, first: int, end: int, count: int) -> bytes | memoryview:
    """Return the lines of a piece from one index to another, the latter not included."""
    if first <= 0 and end >= count:
        return piece
    starts = [0]
    for _ in range(min(end, count)):
        starts.append(piece.index(b"\n", starts[-1]) + 1)
    return memoryview(piece)[starts[max(first, 0)] : starts[-1]]


class Records:
    """Rows that become Python values when they are picked.

    Args:
        decode: Makes Python values of a row.
    """

    def __init__(self, decode: Callable[[Any], dict[str, Any]]) -> None:
        self._decode = decode
        self._rows: list[Any] = []

    def add(self, rows: Sequence[Any]) -> None:
        """Add the next rows of the page.

        Args:
            rows: The rows.
        """
        self._rows += rows

    def pick(self, indices: Sequence[int]) -> list[dict[str, Any]]:
        """Return some of the rows as Python values.

        Args:
            indices: Indices of the rows, in the order wanted; at least one.
        """
        return [self._decode(self._rows[index]) for index in indices]


@dataclass(slots=True)
class Page:
    """The rows of one list response.

    Attributes:
        ids: Their ``_id``.
        keys: Their replication keys, as received; None if the stream has none.
        companies: The companies that each row refers to, None for a row without that property; None
            instead of the list if the companies are not needed.
        content: What the rows become.
    """

    ids: list[str]
    keys: list[Any] | None
    companies: list[frozenset[str] | None] | None
    content: WrittenRows | Records

    def timestamps(self) -> list[datetime | None]:
        """Return the replication key of each row; None where it is missing or not a date-time."""
        if self.keys is None:
            return [None] * len(self.ids)
        return list(map(parse_timestamp, self.keys))

    def not_older(self, indices: Sequence[int], cutoff: datetime | None) -> Sequence[int]:
        """Return those of some indices of rows whose key is not older than a cutoff.

        Args:
            indices: Indices of rows.
            cutoff: The oldest key to keep; None to keep all rows.
        """
        if cutoff is None:
            return indices
        timestamps = self.timestamps()
        return [at for at in indices if (key := timestamps[at]) and key >= cutoff]

    def key_range(self) -> tuple[datetime, datetime] | None:
        """Return the oldest and the newest replication key; None if no row has one.

        They are compared as text, for speed. This is not exact enough to select rows.
        """
        keys = [key for key in self.keys or () if isinstance(key, str)]
        if not keys:
            return None
        oldest, newest = parse_timestamp(min(keys)), parse_timestamp(max(keys))
        return (oldest, newest) if oldest and newest else None


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one page that are to be emitted.

    Attributes:
        content: What the row format makes of them: lines in pieces, or records.
        count: How many rows they are; at least one.
    """

    content: list[Any]
    count: int


def ids_of(page: Page) -> Sequence[str]:
    """Return the `_id` of each row of a page.

    Args:
        page: The page.
    """
    return page.ids
