"""Decides how to read what changed since a bookmark, the newest first, and when that is enough.

Pure: it says what to ask next and which rows of an answer to emit, and never asks by itself. Where
the answers prove too little it says so (`failed`), and the caller reads everything instead. Why
nothing is lost is told in docs/adr/0031-the-incremental-walk.md.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from planhat_sync.api.pagination.full_scan import WIDEST, Ask
from planhat_sync.api.pagination.position import Place
from planhat_sync.reading.sort_evidence import ascend, keyed, last_above, positions, show_sort

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from planhat_sync.reading.sort_evidence import Moments

LONGEST_STANDSTILL = 50
"""Answers in a row without an older row, after which reading everything is cheaper."""

OLDEST_ROWS = 20
"""Oldest rows that are asked for once, to see whether the server sorts."""

TOO_SMALL_TO_CLAMP = 100
"""The vendor's default `limit`: a shorter page is taken for the whole collection, when it is asked
whether the server sorts (and for nothing else)."""


class IncrementalScan:
    """One pass over the rows whose replication key is not older than a cut-off.

    Every row that is there throughout, does not change, and is not older, is emitted exactly
    once. A row that changes meanwhile has a key of its own time by then: the next walk, from
    `newest`, finds it. Answers must be taken in the order of `wanted`.

    Args:
        key: The replication key.
        page_size: Rows to ask for at once; more are asked for where that many share one moment.
        page_limit: Most rows a page may hold.
        cutoff: Rows older than this are not wanted.
        sort_is_known: Whether earlier walks saw the server sort by the key; None if none looked.

    Attributes:
        failed: Why this walk cannot tell that nothing was lost; None while it can.
        newest: The newest key of the first page.
        sort_is_known: The same, after this walk.
    """

    def __init__(
        self,
        key: str,
        *,
        page_size: int,
        page_limit: int,
        cutoff: datetime,
        sort_is_known: bool | None = None,
    ) -> None:
        self.failed: str | None = None
        self.newest: datetime | None = None
        self.sort_is_known = sort_is_known
        self._key = key
        self._cutoff = cutoff
        self._limit = self._stride = max(2, page_size)
        self._most = max(self._limit, page_limit)
        self._plan: deque[Ask] = deque([Ask(f"-{key}", self._limit)])
        self._take: Callable[[Ask, Sequence[str], Moments], list[int]] = self._take_first
        self._place = Place(max(1, self._limit // 10))
        self._low: datetime | None = None
        self._ties: frozenset[str] = frozenset()
        self._ground = 0
        self._shift = 0
        self._width = 1
        self._still = 0
        self._oldest_asked: datetime | None = None

    @property
    def done(self) -> bool:
        """Whether it ended, having read everything or having `failed`."""
        return not self._plan

    def wanted(self, most: int) -> list[Ask]:
        """Say what to ask: first what is needed now, then what will follow if all goes well.

        Args:
            most: Most asks to give.

        Returns:
            At least one ask unless the walk is done. What was given once stays, until an answer
            changes the plan.
        """
        pages = self._take == self._take_page
        while pages and 0 < len(self._plan) < min(most, self._width):
            step = max(1, self._stride - 2 - self._slack(self._stride))
            self._plan.append(Ask(f"-{self._key}", self._limit, self._plan[-1].offset + step))
        return list(self._plan)[:most]

    def take(self, ids: Sequence[str], moments: Moments) -> list[int]:
        """Judge the answer to the first ask.

        Args:
            ids: The ``_id`` of each row, in the order of the page.
            moments: The replication key of each row, None where it has none.

        Returns:
            Positions of the rows to emit.
        """
        ask = self._plan.popleft()
        before = self._low
        emitted = self._take(ask, ids, moments)
        self._still = 0 if self._low != before else self._still + 1
        if self._plan and self._still > LONGEST_STANDSTILL:
            self._fail("rows move faster than they can be read")
        return [] if self.failed else emitted  # what reads everything instead emits them

    def _take_first(self, ask: Ask, ids: Sequence[str], moments: Moments) -> list[int]:
        self._take = self._take_page
        if not self._can_judge(ask, ids, moments):
            return []
        self.newest = keyed(moments)[0]
        self._progress(ask, ids, moments)
        self._ask_whether_sorted(ask, ids)
        return positions(moments, self._cutoff)

    def _take_page(self, ask: Ask, ids: Sequence[str], moments: Moments) -> list[int]:
        low = self._low
        if low is None or not self._can_judge(ask, ids, moments):
            return []
        if ask.offset and (moments[0] is None or moments[0] <= low):
            self._gap(ask)
            return []
        if keyed(moments)[-1] >= low:
            self._known(ask, moments, low)
            return []
        self._shift = max(self._shift, self._ground - ask.offset - last_above(low, moments))
        emitted = self._unread(ids, moments, low)
        self._progress(ask, ids, moments)
        return emitted

    def _can_judge(self, ask: Ask, ids: Sequence[str], moments: Moments) -> bool:
        """Deal with a page that says nothing about the rows that have a key."""
        if not ids and ask.offset:
            self._end(ask)
        elif ids and not keyed(moments):
            self._fail("a page holds no row with the key")
        elif not ascend(moments[::-1]):
            self._fail("its rows are not in that order")
        else:
            return bool(ids)
        return False

    def _progress(self, ask: Ask, ids: Sequence[str], moments: Moments) -> None:
        """Go on behind a page that reached older rows, from the last row newer than its oldest."""
        self._low = low = keyed(moments)[-1]
        self._ties = frozenset(ids[at] for at in positions(moments, low, low))
        first_tie = moments.index(low)
        nothing_behind = moments[0] is not None and moments[-1] is None
        if low < self._cutoff or nothing_behind:
            self._plan.clear()
            return
        self._ground = ask.offset + max(0, first_tie - 1)
        self._place.reached(self._ground)
        self._width = min(WIDEST, self._width * 2) if len(ids) >= self._stride else 1
        self._stride = len(ids)
        if self._plan and self._plan[0].offset > self._ground:
            self._plan.clear()
        if self._plan:
            return
        if first_tie <= 1:
            self._raise_limit(ask, len(ids))
        elif len(ids) < ask.limit and ask.offset == 0:
            self._ask_for_oldest(low)
        else:
            self._go_on(self._ground - self._slack(first_tie))

    def _known(self, ask: Ask, moments: Moments, low: datetime) -> None:
        """Go on behind a page that held nothing older than what has been read."""
        self._width = 1
        ground = last_above(low, moments)
        following = self._place.after_known(ask.offset, ground + 1, self._stride)
        if following is not None:
            self._go_on(following)
        elif len(moments) < self._stride:
            self._ask_for_oldest(low)
        elif ground:
            self._go_on(ask.offset + ground)
        else:
            self._raise_limit(ask, len(moments))

    def _gap(self, ask: Ask) -> None:
        self._width = 1
        self._go_on(self._place.after_gap(ask.offset, 2 * self._shift, self._stride))

    def _end(self, ask: Ask) -> None:
        """Go on from where there are no rows: perhaps there are none left, or they moved away."""
        if self._low is None or self._oldest_asked == self._low:
            self._gap(ask)
        else:
            self._ask_for_oldest(self._low)

    def _raise_limit(self, ask: Ask, rows: int) -> None:
        """Ask for more rows at once, since those of one moment fill the page."""
        if rows < ask.limit or ask.limit >= self._most:
            self._fail("more rows share one moment than a page holds")
            return
        self._limit = self._stride = min(self._most, 2 * ask.limit)
        self._go_on(ask.offset)

    def _ask_for_oldest(self, low: datetime) -> None:
        if self._oldest_asked == low:
            self._fail("the oldest rows cannot be told from the rest")
            return
        self._oldest_asked = low
        self._width = 1
        self._plan = deque([Ask(self._key, self._limit)])
        self._take = self._take_oldest

    def _take_oldest(self, _: Ask, ids: Sequence[str], moments: Moments) -> list[int]:
        """Take the oldest rows, the oldest first: if they reach known ground, they are the rest."""
        old, low = keyed(moments), self._low
        if low is None or not old or old[-1] <= low or not ascend(moments):
            self._go_on(self._ground)
            return []
        self._plan.clear()
        return self._unread(ids, moments, low)[::-1]

    def _ask_whether_sorted(self, ask: Ask, ids: Sequence[str]) -> None:
        """Ask for the oldest rows once, before a page is believed to hold the newest."""
        too_small = self.sort_is_known is None and len(ids) < min(ask.limit, TOO_SMALL_TO_CLAMP)
        if self.failed or self.sort_is_known or too_small:
            return
        upper = frozenset(ids if len(ids) < 2 * OLDEST_ROWS else ids[: len(ids) // 2])
        following = (self._plan, self._take)
        self._plan = deque([Ask(self._key, OLDEST_ROWS, only=("_id", self._key))])

        def take_proof(_: Ask, old_ids: Sequence[str], moments: Moments) -> list[int]:
            low, newest = self._low, self.newest
            if low and newest and show_sort((upper, low, newest), old_ids, moments):
                self.sort_is_known = True
                self._plan, self._take = following
            else:
                self.sort_is_known = False
                self._fail("nothing shows that it sorts by the key")
            return []

        self._take = take_proof

    def _unread(self, ids: Sequence[str], moments: Moments, low: datetime) -> list[int]:
        """Give the positions of the rows that are wanted and that no page before has held."""
        below = positions(moments, self._cutoff, low)
        return [at for at in below if moments[at] != low or ids[at] not in self._ties]

    def _slack(self, rows: int) -> int:
        """Give how many rows more than needed a page shares with the one before it."""
        return max(0, min(2 * self._shift, self._limit // 10, rows - 3))

    def _go_on(self, offset: int) -> None:
        self._plan = deque([Ask(f"-{self._key}", self._limit, offset)])
        self._take = self._take_page

    def _fail(self, why: str) -> None:
        self.failed = why
        self._plan.clear()
