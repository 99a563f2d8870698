"""What one list answer holds, once it has been read: enough to judge it, and what it becomes.

What is kept is small. The rows themselves are gone, unless the SDK wants to look at them: a page
that waits for its turn is lines that are ready to be written (docs/adr/0033-raw-values.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tap_planhat.instants import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime


LINES_A_PIECE = 64
"""Small enough for what one page leaves free to serve the next: blocks of megabytes never fit."""


class Content(Protocol):
    """What the rows of a page become; one item for each row, in their order."""

    def chosen(self, positions: Sequence[int]) -> Any:  # noqa: ANN401 - each kind has its own
        """Give what some of the rows become.

        Args:
            positions: Places of the rows, in the order wanted; at least one.
        """
        ...


class Lines:
    """RECORD messages that are ready to be written, one line for each row.

    Args:
        pieces: The lines, each with its line break, `LINES_A_PIECE` in each piece but the last.
    """

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces

    def chosen(self, positions: Sequence[int]) -> list[bytes | memoryview]:
        """Give some of the lines, without a copy where they are neighbours.

        Args:
            positions: Places of the rows, in the order wanted; at least one.

        Returns:
            Whole lines, in pieces.
        """
        first, end = positions[0], positions[-1] + 1
        if positions != range(first, end) and list(positions) != list(range(first, end)):
            lines = b"".join(self._pieces).splitlines(keepends=True)
            return [lines[position] for position in positions]
        begins = range(0, end, LINES_A_PIECE)
        return [
            _between(piece, max(first - begin, 0), min(end - begin, LINES_A_PIECE))
            for begin, piece in zip(begins, self._pieces, strict=False)
            if first < begin + LINES_A_PIECE
        ]


def _between(piece: bytes, first: int, end: int) -> bytes | memoryview:
    """Give the lines from one to another, the latter not included."""
    if first == 0 and end == LINES_A_PIECE:
        return piece
    starts = [0]
    for _ in range(end):
        starts.append(piece.index(b"\n", starts[-1]) + 1)
    return memoryview(piece)[starts[first] : starts[end]]


class Records:
    """Rows whose values somebody wants to look at.

    Args:
        rows: The rows.
        values: Makes Python values of a row.
    """

    def __init__(self, rows: Sequence[Any], values: Callable[[Any], dict[str, Any]]) -> None:
        self._rows = rows
        self._values = values

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
        return [None] * len(self.ids) if self.keys is None else list(map(instant, self.keys))

    def span(self) -> tuple[datetime, datetime] | None:
        """Give the oldest and the newest replication key; None if no row has one.

        Compared as texts, for speed: good enough to learn from, not to lose a row by.
        """
        keys = [key for key in self.keys or () if isinstance(key, str)]
        ends = (instant(min(keys)), instant(max(keys))) if keys else (None, None)
        return ends if ends[0] and ends[1] else None  # type: ignore[return-value]  # just checked
