"""Decides how to read a collection by limit and offset without losing or duplicating a row.

Pure: it says which pages to request and which rows of an answer to emit; `scan` sends the requests.
docs/adr/0030-the-full-scan.md explains why the scan is exact.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections import deque
from typing import TYPE_CHECKING

from planhat_sync.api.pagination.page_request import MAX_PAGES_AHEAD, PageRequest
from planhat_sync.api.pagination.position import Position
from planhat_sync.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BEYOND_EVERYTHING = 2**31 - 1
"""An offset greater than the size of any collection."""

MAX_SAME_PAGES = 3
"""After this many identical pages at different offsets, the scan checks that `offset` works."""

MAX_PAGES_WITHOUT_NEW_ROWS = 200
"""The scan gives up after this many pages in a row without a new row."""


class FullScan:
    """One pass over a collection in the order of ``_id``, up to the row that is newest at first.

    Every row that exists from the first answer to the last is emitted exactly once, whatever
    enters or leaves the collection meanwhile. Answers must be accepted in the order of
    `next_requests`.

    Args:
        page_size: Rows to request at once; at least two, since pages must overlap.
        rows: How many rows there were when the collection was last read, so that no page beyond
            them is planned ahead; None if that is not known. A wrong number costs requests, or
            time, and never a row.

    Attributes:
        limit: The limit of each request.
        pages: How many pages have been accepted.
        rows: How many rows there are, as far as is known.
    """

    def __init__(self, page_size: int, rows: int | None = None) -> None:
        self.limit = max(2, page_size)
        self.pages = 0
        self.rows = rows
        # The newest rows, not only the newest one: they show the end of the collection before it
        # is reached, and that the server sorts.
        self._newest = PageRequest("-_id", self.limit, select=("_id",))
        self._planned: deque[PageRequest] = deque([self._newest])
        self._accept: Callable[[PageRequest, Sequence[str]], range] = self._accept_newest
        self._tail: Sequence[str] = ()  # the newest rows in ascending order; `_top` is the last
        self._top = ""  # the newest row to emit
        self._last = ""  # the row emitted last
        self._end = 0  # the offset after that row, when it was seen
        self._shift = 0  # the largest shift of the collection between two pages
        self._page_rows = self.limit  # rows on the last page
        self._width = 1  # pages to plan ahead
        self._position = Position(max(1, self.limit // 10))
        self._back: int | None = None
        self._pages_without_new_rows = 0
        self._seen: tuple[str, str, int] | None = None
        self._seen_at: set[int] = set()

    def next_requests(self, most: int) -> list[PageRequest]:
        """Return the next request, followed by those that will be next if no row moves.

        Args:
            most: Maximum number of requests to return.

        Returns:
            At least one request unless the scan is done. A request stays planned until an answer
            changes the plan.
        """
        is_paging = self._accept == self._accept_page
        while is_paging and 0 < len(self._planned) < min(most, self._width):
            if self._reaches_end(self._planned[-1]):
                break
            rows = self._page_rows
            offset = self._planned[-1].offset + rows - self._overlap(rows)
            self._planned.append(PageRequest("_id", self.limit, offset))
        return list(self._planned)[:most]

    def accept(self, ids: Sequence[str]) -> range:
        """Accept the page of the first planned request.

        Args:
            ids: The ``_id`` of each row, in the order of the page.

        Returns:
            Indices of the rows to emit, in the order to emit them.

        Raises:
            ProtocolError: The server ignores `sort` or `offset`, or never returns a new row.
        """
        request = self._planned.popleft()
        self.pages += 1
        emitted = self._accept(request, ids)
        self._pages_without_new_rows = 0 if emitted else self._pages_without_new_rows + 1
        if self._pages_without_new_rows > MAX_PAGES_WITHOUT_NEW_ROWS:
            raise ProtocolError(
                f"Planhat returned no new row in {MAX_PAGES_WITHOUT_NEW_ROWS} pages although there "
                "are some: raise page_size, or read again when fewer records are being written"
            )
        return emitted

    def _accept_newest(self, _: PageRequest, ids: Sequence[str]) -> range:
        _check_order(operator.gt, ids, "-_id")
        if ids:
            self._tail = ids[::-1]
            self._top = ids[0]
            self._go_on(0)
        else:  # an empty answer must come twice: readers delete what they do not receive
            self._planned = deque([PageRequest("_id", 2, select=("_id",))])
            self._accept = self._accept_empty
        return range(0)

    def _accept_empty(self, _: PageRequest, ids: Sequence[str]) -> range:
        if ids:
            self._planned = deque([self._newest])
            self._accept = self._accept_newest
        else:
            self.rows = 0
        return range(0)

    def _accept_page(self, request: PageRequest, ids: Sequence[str]) -> range:
        _check_order(operator.lt, ids, "_id")
        if self._offset_seems_ignored(request, ids):
            beyond = PageRequest("_id", 2, BEYOND_EVERYTHING, select=("_id",))
            self._planned = deque([beyond, request])
            self._accept = self._accept_beyond
            return range(0)
        if not ids or (request.offset and ids[0] > self._last):
            self._width = 1
            back = self._position.after_gap(request.offset, 2 * self._shift, self._page_rows)
            self._go_on(back) if ids else self._look_at_tail(back)
            return range(0)
        first_new = bisect_right(ids, self._last)
        if first_new == len(ids):
            self._width = 1
            onward = self._position.after_known(request.offset, len(ids), self._page_rows)
            self._look_at_tail(None) if onward is None else self._go_on(onward)
            return range(0)
        return self._advance(request, ids, first_new)

    def _advance(self, request: PageRequest, ids: Sequence[str], first_new: int) -> range:
        """Continue after a page that begins with known rows and ends with new ones."""
        if ids[-1] >= self._top:
            self._planned.clear()
            end = bisect_right(ids, self._top)
            self.rows = request.offset + end
            return range(first_new, end)
        self._shift = max(self._shift, self._end - request.offset - first_new)
        self._last = ids[-1]
        self._end = request.offset + len(ids)
        self._position.read_up_to(self._end - 1)
        self._width = min(MAX_PAGES_AHEAD, self._width * 2) if len(ids) >= self._page_rows else 1
        self._page_rows = len(ids)
        if self._planned and self._planned[0].offset >= self._end:  # a short page: too far ahead
            self._planned.clear()
        if self._last >= self._tail[0]:
            self.rows = self._end + len(self._tail) - bisect_right(self._tail, self._last)
        if not self._planned:
            self._go_on(self._end - self._overlap(len(ids)))
        return range(first_new, len(ids))

    def _reaches_end(self, page: PageRequest) -> bool:
        """Return whether a planned page will be the last, or lies beyond the last."""
        return self.rows is not None and page.offset + self._page_rows >= self.rows

    def _accept_tail(self, _: PageRequest, ids: Sequence[str]) -> range:
        """Accept the newest rows, in descending order; they are the rest if they reach a known row.

        Rows above `_top` belong to the next scan.
        """
        _check_order(operator.gt, ids, "-_id")
        above_top = sum(identifier > self._top for identifier in ids)
        unread = sum(identifier > self._last for identifier in ids)
        if not ids or unread < len(ids):
            self._planned.clear()
            self.rows = self._end + unread - above_top
            return range(unread - 1, above_top - 1, -1)
        if above_top < len(ids):
            self._top = ids[above_top]
        onward = self._back
        self._go_on(self._position.further_on(self._page_rows) if onward is None else onward)
        return range(0)

    def _accept_beyond(self, _: PageRequest, ids: Sequence[str]) -> range:
        if ids:
            raise ProtocolError(
                "Planhat returns the same page at every offset: it ignores offset, so the "
                "collection cannot be read to its end"
            )
        self._accept = self._accept_page
        return range(0)

    def _offset_seems_ignored(self, request: PageRequest, ids: Sequence[str]) -> bool:
        """Return whether the same page has come at several offsets in a row."""
        page = (ids[0], ids[-1], len(ids)) if ids else None
        if page is None or page != self._seen:
            self._seen = page
            self._seen_at = set()
        self._seen_at.add(request.offset)
        if page is None or len(self._seen_at) < MAX_SAME_PAGES:
            return False
        self._seen_at = set()
        return True

    def _go_on(self, offset: int) -> None:
        self._planned = deque([PageRequest("_id", self.limit, offset)])
        self._accept = self._accept_page

    def _look_at_tail(self, back: int | None) -> None:
        """Request the newest rows, where nothing shows that any row is left.

        Args:
            back: The offset to continue at if there are some; None to continue further on than
                before.
        """
        self._back = back
        self._planned = deque([PageRequest("-_id", self.limit)])
        self._accept = self._accept_tail

    def _overlap(self, rows: int) -> int:
        """Return how many rows the next page shares with a page of `rows` rows."""
        return max(1, min(2 * self._shift, self.limit // 10, rows - 1))


def _check_order(order: Callable[[str, str], bool], ids: Sequence[str], sort: str) -> None:
    if not all(map(order, ids, ids[1:])):
        raise ProtocolError(
            f"Planhat's rows are not in the order of sort={sort}, and without that order rows "
            "would be lost"
        )
