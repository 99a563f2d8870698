"""Estimates the offset of the first unread row in a collection that moves while it is read.

Owns the search alone: it is given the rows that were seen at an offset and returns the offset to
request next. A wrong estimate costs a request and never a row, since the scan checks each page.
"""

from __future__ import annotations


class Position:
    """A lower and an upper bound of the offset where known rows end and unread rows begin.

    Rows deleted before it move it to lower offsets, and rows inserted before it move it to higher
    ones. Either can happen between any two answers, so both bounds are only what was seen last.

    Args:
        first_step: Rows to step back after a first gap; each further step doubles.
    """

    def __init__(self, first_step: int) -> None:
        self._first_step = first_step
        self._known: int | None = None
        self._unread: int | None = None
        self._step_back = 0
        self._step_on = 0

    def read_up_to(self, offset: int) -> None:
        """Record that everything up to the row at an offset has been read.

        Args:
            offset: Where the last row read was seen.
        """
        self._known = offset
        self._unread = None
        self._step_back = self._step_on = 0

    def after_gap(self, offset: int, shift: int, page_rows: int) -> int:
        """Return the offset to request after a page that did not begin with a known row.

        Args:
            offset: The offset of that page; if it was empty, unread rows must be known to exist.
            shift: Rows to step back at least, from the largest shift seen so far.
            page_rows: How many rows a page holds.
        """
        self._unread = offset
        if self._known is None or self._known >= offset:
            self._known = None
            self._step_back = max(self._step_back * 2, self._first_step, shift)
            return max(0, offset - self._step_back)
        return self._between(page_rows)

    def after_known(self, offset: int, rows: int, page_rows: int) -> int | None:
        """Return the offset to request after a page that held nothing but known rows.

        Args:
            offset: The offset of that page.
            rows: How many rows it held.
            page_rows: How many rows a page holds.

        Returns:
            The offset, or None where nothing shows that there are unread rows at all.
        """
        self._known = offset + rows - 1
        if self._unread is None or self._unread <= self._known:
            self._unread = None
            return None
        following = self._between(page_rows)
        return following if following != offset else None

    def further_on(self, page_rows: int) -> int:
        """Return a greater offset to request, where unread rows are known to exist.

        Args:
            page_rows: How many rows a page holds.
        """
        offset = (self._known or 0) + self._step_on
        self._step_on = self._step_on * 2 or page_rows
        return offset

    def _between(self, page_rows: int) -> int:
        known = self._known or 0
        if self._unread is None or self._unread - known <= page_rows:
            return known
        return (known + self._unread) // 2
