"""Where to look for the first unread row of a collection that moves while it is read.

Owns the search alone: it is told what stood at an offset and says which offset to ask next. Whether
anything was lost is never decided here, so a bad guess costs a request and nothing else.
"""

from __future__ import annotations


class Position:
    """A bracket around the place where known rows end and unread rows begin.

    Deletions in front of the place move it to lower offsets, rows that enter in front move it to
    higher ones; either may happen between any two answers, so both ends are only what was seen
    last.

    Args:
        first_step: Rows to step back after a first gap; further steps double.
    """

    def __init__(self, first_step: int) -> None:
        self._first_step = first_step
        self._known: int | None = None
        self._unread: int | None = None
        self._back = 0
        self._leap = 0

    def read_up_to(self, offset: int) -> None:
        """Note that everything up to the row at an offset has been read.

        Args:
            offset: Where the last row read was seen.
        """
        self._known = offset
        self._unread = None
        self._back = self._leap = 0

    def after_gap(self, offset: int, step: int, stride: int) -> int:
        """Choose the next offset after a page that did not begin on known ground.

        Args:
            offset: Where the page was asked; if it was empty, unread rows must be known to exist.
            step: The largest shift seen so far, in rows.
            stride: How many rows a page holds.

        Returns:
            The offset to ask next.
        """
        self._unread = offset
        if self._known is None or self._known >= offset:
            self._known = None
            self._back = max(self._back * 2, self._first_step, step)
            return max(0, offset - self._back)
        return self._between(stride)

    def after_known(self, offset: int, rows: int, stride: int) -> int | None:
        """Choose the next offset after a page that held nothing but known rows.

        Args:
            offset: Where the page was asked.
            rows: How many rows it held.
            stride: How many rows a page holds.

        Returns:
            The offset to ask next, or None where nothing says that there are unread rows at all.
        """
        self._known = offset + rows - 1
        if self._unread is None or self._unread <= self._known:
            self._unread = None
            return None
        following = self._between(stride)
        return following if following != offset else None

    def leap(self, stride: int) -> int:
        """Choose the next offset where unread rows must be, further on.

        Args:
            stride: How many rows a page holds.

        Returns:
            The offset to ask next.
        """
        known = self._known or 0
        following = known + self._leap
        self._leap = self._leap * 2 or stride
        return following

    def _between(self, stride: int) -> int:
        known = self._known or 0
        if self._unread is None or self._unread - known <= stride:
            return known
        return (known + self._unread) // 2
