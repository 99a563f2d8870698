"""Decides how to read a whole collection by limit and offset without losing or doubling a row.

Pure: it says what to ask next and which rows of an answer to emit, and never asks by itself.
`reading` puts it to work. Why the walk is exact is told in docs/adr/0030-the-full-walk.md.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planhat_sync.api.pagination.position import Position
from planhat_sync.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BEYOND_EVERYTHING = 2**31 - 1
"""An offset that no collection reaches."""

SAME_PAGES_SUSPECTED = 3
"""After this many answers that are one and the same, it is asked whether `offset` counts at all."""

LONGEST_STANDSTILL = 200
"""Answers in a row without a new row, after which the walk gives up."""

MAX_PAGES_AHEAD = 64
"""Most pages that are ever planned ahead."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One list request of a walk.

    Attributes:
        sort: Property to sort by, with a leading ``-`` for the greatest first.
        limit: Most rows the page may hold.
        offset: Rows to pass over.
        select: The properties that are needed, where that is fewer than the reader selected.
    """

    sort: str
    limit: int
    offset: int = 0
    select: tuple[str, ...] | None = None


TOP = PageRequest("-_id", 2, select=("_id",))
"""Asks for the newest row; and for one more, whose order shows that the server sorts."""


class FullScan:
    """One pass over a collection in the order of ``_id``, up to the row that was newest at first.

    Every row that is there from the first answer to the last is emitted exactly once, whatever
    enters or leaves meanwhile. Answers must be taken in the order of `next_requests`.

    Args:
        page_size: Rows to ask for at once; at least two, since pages must overlap.

    Attributes:
        pages: Answers taken so far.
    """

    def __init__(self, page_size: int) -> None:
        self.limit = max(2, page_size)
        self.pages = 0
        self._plan: deque[PageRequest] = deque([TOP])
        self._take: Callable[[PageRequest, Sequence[str]], range] = self._take_top
        self._top = ""
        self._last = ""
        self._end = 0
        self._shift = 0
        self._stride = self.limit
        self._width = 1
        self._place = Position(max(1, self.limit // 10))
        self._back: int | None = None
        self._still = 0
        self._seen: tuple[str, str, int] | None = None
        self._seen_at: set[int] = set()

    @property
    def done(self) -> bool:
        """Whether everything has been read."""
        return not self._plan

    def next_requests(self, most: int) -> list[PageRequest]:
        """Say what to ask: first what is needed now, then what will follow if all goes well.

        Args:
            most: Most asks to give.

        Returns:
            At least one ask unless the walk is done. What was given once stays, until an answer
            changes the plan.
        """
        paging = self._take == self._take_page
        while paging and 0 < len(self._plan) < min(most, self._width):
            following = self._plan[-1].offset + self._stride - self._overlap(self._stride)
            self._plan.append(PageRequest("_id", self.limit, following))
        return list(self._plan)[:most]

    def accept(self, ids: Sequence[str]) -> range:
        """Judge the answer to the first ask.

        Args:
            ids: The ``_id`` of each row, in the order of the page.

        Returns:
            Positions of the rows to emit, in the order to emit them.

        Raises:
            ProtocolError: The server ignores `sort` or `offset`, or never gives a new row.
        """
        ask = self._plan.popleft()
        self.pages += 1
        emitted = self._take(ask, ids)
        self._still = 0 if emitted else self._still + 1
        if self._still > LONGEST_STANDSTILL:
            raise ProtocolError(
                "Planhat gave no new row in many pages although there are some: raise page_size, "
                "or read again when less is being written"
            )
        return emitted

    def _take_top(self, _: PageRequest, ids: Sequence[str]) -> range:
        _must(operator.gt, ids, "-_id")
        if ids:
            self._top = ids[0]
            self._go_on(0)
        else:  # one empty answer is not believed: whoever trusts it deletes everything
            self._plan = deque([PageRequest("_id", 2, select=("_id",))])
            self._take = self._take_emptiness
        return range(0)

    def _take_emptiness(self, _: PageRequest, ids: Sequence[str]) -> range:
        if ids:
            self._plan = deque([TOP])
            self._take = self._take_top
        return range(0)

    def _take_page(self, ask: PageRequest, ids: Sequence[str]) -> range:
        _must(operator.lt, ids, "_id")
        if self._is_suspect(ask, ids):
            self._plan = deque([PageRequest("_id", 2, BEYOND_EVERYTHING, select=("_id",)), ask])
            self._take = self._take_beyond
            return range(0)
        if not ids or (ask.offset and ids[0] > self._last):
            self._width = 1
            back = self._place.after_gap(ask.offset, 2 * self._shift, self._stride)
            self._go_on(back) if ids else self._look_at_tail(back)
            return range(0)
        first_new = bisect_right(ids, self._last)
        if first_new == len(ids):
            self._width = 1
            onward = self._place.after_known(ask.offset, len(ids), self._stride)
            self._look_at_tail(None) if onward is None else self._go_on(onward)
            return range(0)
        return self._progress(ask, ids, first_new)

    def _progress(self, ask: PageRequest, ids: Sequence[str], first_new: int) -> range:
        if ids[-1] >= self._top:
            self._plan.clear()
            return range(first_new, bisect_right(ids, self._top))
        self._shift = max(self._shift, self._end - ask.offset - first_new)
        self._last = ids[-1]
        self._end = ask.offset + len(ids)
        self._place.read_up_to(self._end - 1)
        self._width = min(MAX_PAGES_AHEAD, self._width * 2) if len(ids) >= self._stride else 1
        self._stride = len(ids)
        if self._plan and self._plan[0].offset >= self._end:  # a short page: too far ahead
            self._plan.clear()
        if not self._plan:
            self._go_on(self._end - self._overlap(len(ids)))
        return range(first_new, len(ids))

    def _take_tail(self, _: PageRequest, ids: Sequence[str]) -> range:
        """Take the newest rows, the newest first: if they reach known ground, they are the rest."""
        _must(operator.gt, ids, "-_id")
        beyond = sum(identifier > self._top for identifier in ids)
        unread = sum(identifier > self._last for identifier in ids)
        if not ids or unread < len(ids):
            self._plan.clear()
            return range(unread - 1, beyond - 1, -1)
        if beyond < len(ids):
            self._top = ids[beyond]
        self._go_on(self._place.leap(self._stride) if self._back is None else self._back)
        return range(0)

    def _take_beyond(self, _: PageRequest, ids: Sequence[str]) -> range:
        if ids:
            raise ProtocolError(
                "Planhat gives the same page at every offset: it ignores `offset`, so that a "
                "collection cannot be read to its end"
            )
        self._take = self._take_page
        return range(0)

    def _is_suspect(self, ask: PageRequest, ids: Sequence[str]) -> bool:
        """Tell whether one and the same page has come at several offsets in a row."""
        page = (ids[0], ids[-1], len(ids)) if ids else None
        if page is None or page != self._seen:
            self._seen = page
            self._seen_at = set()
        self._seen_at.add(ask.offset)
        if page is None or len(self._seen_at) < SAME_PAGES_SUSPECTED:
            return False
        self._seen_at = set()
        return True

    def _go_on(self, offset: int) -> None:
        self._plan = deque([PageRequest("_id", self.limit, offset)])
        self._take = self._take_page

    def _look_at_tail(self, back: int | None) -> None:
        """Ask for the newest rows, where nothing shows that any row is left.

        Args:
            back: Where to go on if some are; None for further on than before.
        """
        self._back = back
        self._plan = deque([PageRequest("-_id", self.limit)])
        self._take = self._take_tail

    def _overlap(self, rows: int) -> int:
        """Give how many rows a page shares with the one before it, which holds `rows`."""
        return max(1, min(2 * self._shift, self.limit // 10, rows - 1))


def _must(order: Callable[[str, str], bool], ids: Sequence[str], sort: str) -> None:
    if not all(map(order, ids, ids[1:])):
        raise ProtocolError(
            f"Planhat's rows are not in the order of sort={sort}: without that order they cannot "
            "be read without loss"
        )
