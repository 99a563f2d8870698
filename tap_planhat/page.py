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
        text: The lines, each with its line break.
        count: How many.
    """

    def __init__(self, text: bytes, count: int) -> None:
        self._text = text
        self._count = count

    def chosen(self, positions: Sequence[int]) -> bytes | memoryview:
        """Give some of the lines, without a copy where they are neighbours.

        Args:
            positions: Places of the rows, in the order wanted; at least one.
        """
        first, last = positions[0], positions[-1]
        neighbours = range(first, last + 1)
        if positions != neighbours and list(positions) != list(neighbours):
            lines = self._text.splitlines(keepends=True)
            return b"".join([lines[position] for position in positions])
        start, end = 0, len(self._text)
        for _ in range(first):
            start = self._text.index(b"\n", start) + 1
        for _ in range(last + 1, self._count):
            end = self._text.rindex(b"\n", start, end - 1) + 1
        return self._text if end - start == len(self._text) else memoryview(self._text)[start:end]


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
