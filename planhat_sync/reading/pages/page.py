"""What one list answer holds, once it has been read: enough to judge it, and what it becomes.

What is kept is small. The rows themselves are gone, unless the SDK wants to look at them: a page
that waits for its turn is lines that are ready to be written (docs/adr/0033-raw-values.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from planhat_sync.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime


class Content(Protocol):
    """What the rows of a page become; one item for each row, in their order."""

    def add(self, rows: Sequence[Any]) -> None:
        """Take in some rows, the next ones of the page.

        Args:
            rows: The rows.
        """
        ...

    def chosen(self, positions: Sequence[int]) -> Any:  # noqa: ANN401 - each kind has its own
        """Give what some of the rows become.

        Args:
            positions: Places of the rows, in the order wanted; at least one.
        """
        ...


class Lines:
    """RECORD messages that are ready to be written, one line for each row.

    In pieces, which is not only as they come: blocks of megabytes leave holes in the memory that
    nothing else fits into.

    Args:
        write: Writes rows as lines, each with its line break.
    """

    def __init__(self, write: Callable[[Sequence[Any]], bytes]) -> None:
        self._write = write
        self._pieces: list[tuple[bytes, int]] = []

    def add(self, rows: Sequence[Any]) -> None:
        """Make lines of some rows, the next ones of the page.

        Args:
            rows: The rows.
        """
        self._pieces.append((self._write(rows), len(rows)))

    def chosen(self, positions: Sequence[int]) -> list[bytes | memoryview]:
        """Give some of the lines, without a copy where they are neighbours.

        Args:
            positions: Places of the rows, in the order wanted; at least one.

        Returns:
            Whole lines, in pieces.
        """
        first, end = positions[0], positions[-1] + 1
        if positions != range(first, end) and list(positions) != list(range(first, end)):
            lines = b"".join([piece for piece, _ in self._pieces]).splitlines(keepends=True)
            return [lines[position] for position in positions]
        chosen = []
        begin = 0
        for piece, count in self._pieces:
            if first < begin + count and begin < end:
                chosen.append(_between(piece, first - begin, end - begin, count))
            begin += count
        return chosen


def _between(piece: bytes, first: int, end: int, count: int) -> bytes | memoryview:
    """Give the lines of a piece from one to another, the latter not included."""
    if first <= 0 and end >= count:
        return piece
    starts = [0]
    for _ in range(min(end, count)):
        starts.append(piece.index(b"\n", starts[-1]) + 1)
    return memoryview(piece)[starts[max(first, 0)] : starts[-1]]


class Records:
    """Rows whose values somebody wants to look at.

    Args:
        values: Makes Python values of a row.
    """

    def __init__(self, values: Callable[[Any], dict[str, Any]]) -> None:
        self._values = values
        self._rows: list[Any] = []

    def add(self, rows: Sequence[Any]) -> None:
        """Keep some rows, the next ones of the page.

        Args:
            rows: The rows.
        """
        self._rows += rows

    def chosen(self, positions: Sequence[int]) -> list[dict[str, Any]]:
        """Give some of the rows as Python values.

        Args:
            positions: Places of the rows, in the order wanted; at least one.
        """
        return [self._values(self._rows[position]) for position in positions]


@dataclass(slots=True)
class Page:
    """The rows of one list answer.

    Attributes:
        ids: Their ``_id``.
        keys: Their replication keys, as they came; None if the stream has none.
        companies: The companies that each points at, None for a row that does not say; None if
            nobody asked.
        received: When the answer came.
        content: What they become.
    """

    ids: list[str]
    keys: list[Any] | None
    companies: list[frozenset[str] | None] | None
    received: datetime
    content: Content

    def moments(self) -> list[datetime | None]:
        """Give the replication key of each row; None where it has none, or no date-time."""
        return (
            [None] * len(self.ids) if self.keys is None else list(map(parse_timestamp, self.keys))
        )

    def span(self) -> tuple[datetime, datetime] | None:
        """Give the oldest and the newest replication key; None if no row has one.

        Compared as texts, for speed: good enough to learn from, not to lose a row by.
        """
        keys = [key for key in self.keys or () if isinstance(key, str)]
        ends = (parse_timestamp(min(keys)), parse_timestamp(max(keys))) if keys else (None, None)
        return ends if ends[0] and ends[1] else None  # type: ignore[return-value]  # just checked
