"""Decides how to read what has changed since a bookmark, the newest first, and when to stop.

Pure: it says which page to ask for next and which rows of an answer to emit, and never sends a
request. Where the answers do not prove that no row was missed it says so (`failed`), and the caller
reads everything instead. docs/adr/0031-the-incremental-walk.md explains why no row is lost.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from planhat_sync.api.pagination.full_scan import MAX_PAGES_AHEAD, PageRequest
from planhat_sync.api.pagination.position import Position
from planhat_sync.reading import sort_evidence
from planhat_sync.reading.sort_evidence import OldestRead, is_ascending, without_none

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from planhat_sync.reading.sort_evidence import Timestamps

LONGEST_STANDSTILL = 50
"""Answers in a row without an older row, after which reading everything is cheaper."""

OLDEST_ROWS = 20
"""How many of the oldest rows to ask for, once, to see whether the server sorts."""

TOO_SMALL_TO_CLAMP = 100
"""The vendor's default `limit`: a shorter page is taken to be the whole collection when deciding
whether to check that the server sorts (and for nothing else)."""


class IncrementalScan:
    """One pass over the rows whose replication key is not older than a cutoff.

    Every such row that exists throughout and does not change is emitted exactly once. A row that
    changes meanwhile gets a newer key, so the next scan, from `newest`, finds it.

    Args:
        key: The replication key.
        page_size: Rows to ask for at once; more are asked for where that many share one key.
        page_limit: Most rows that a page may hold.
        cutoff: Rows older than this are not wanted.
        sort_is_known: Whether earlier scans saw the server sort by the key; None if never checked.

    Attributes:
        failed: Why this scan cannot prove that no row was missed; None while it can.
        newest: The newest key of the first page.
        sort_is_known: The same, after this scan.
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
        self._plan: deque[PageRequest] = deque([PageRequest(f"-{key}", self._limit)])
        self._take: Callable[[PageRequest, Sequence[str], Timestamps], list[int]] = self._take_first
        self._place = Position(max(1, self._limit // 10))
        self._read: OldestRead | None = None
        self._read_to = 0  # offset of the last row that is newer than those
        self._shift = self._standstill = 0
        self._width = 1
        self._oldest_asked: OldestRead | None = None

    def next_requests(self, most: int) -> list[PageRequest]:
        """Return which pages to ask for: what is needed now, then what is likely to follow.

        Args:
            most: Most pages to return.

        Returns:
            At least one page unless the scan is done. What was returned once stays wanted until an
            answer changes the plan.
        """
        paging = self._take == self._take_page
        while paging and 0 < len(self._plan) < min(most, self._width):
            step = max(1, self._stride - 2 - self._overlap(self._stride))
            self._plan.append(
                PageRequest(f"-{self._key}", self._limit, self._plan[-1].offset + step)
            )
        return list(self._plan)[:most]

    def accept(self, ids: Sequence[str], timestamps: Timestamps) -> list[int]:
        """Take the first page of `next_requests`, and decide what to ask for next.

        Args:
            ids: The ``_id`` of each row, in the order of the page.
            timestamps: The replication key of each row, None where it has none.

        Returns:
            Positions of the rows to emit.
        """
        before = self._read
        emitted = self._take(self._plan.popleft(), ids, timestamps)
        self._standstill = 0 if self._read != before else self._standstill + 1
        if self._plan and self._standstill > LONGEST_STANDSTILL:
            self._fail("rows move faster than they can be read")
        return [] if self.failed else emitted  # the scan that reads everything emits them instead

    def _take_first(
        self, ask: PageRequest, ids: Sequence[str], timestamps: Timestamps
    ) -> list[int]:
        self._take = self._take_page
        if not self._has_evidence(ask, ids, timestamps):
            return []
        keys = without_none(timestamps)
        self.newest = keys[0]
        self._progress(ask, ids, timestamps)
        self._check_sort(ask, ids, low=keys[-1], high=keys[0])
        return sort_evidence.positions_between(timestamps, self._cutoff)

    def _take_page(self, ask: PageRequest, ids: Sequence[str], timestamps: Timestamps) -> list[int]:
        read = self._read
        if read is None or not self._has_evidence(ask, ids, timestamps):
            return []
        if ask.offset and (timestamps[0] is None or timestamps[0] <= read.key):
            self._step_back(ask)
            return []
        newer = sort_evidence.last_newer(timestamps, read.key)
        if without_none(timestamps)[-1] >= read.key:
            self._pass_known(ask, newer, len(ids))
            return []
        self._shift = max(self._shift, self._read_to - ask.offset - newer)
        emitted = read.unread(ids, timestamps, self._cutoff)
        self._progress(ask, ids, timestamps)
        return emitted

    def _has_evidence(self, ask: PageRequest, ids: Sequence[str], timestamps: Timestamps) -> bool:
        """Return whether a page shows rows in order of the key; if not, decide how to go on."""
        if not ids and ask.offset:
            self._look_beyond_end(ask)
        elif ids and not without_none(timestamps):
            self._fail("a page holds no row with the key")
        elif not is_ascending(timestamps[::-1]):
            self._fail("its rows are not in that order")
        else:
            return bool(ids)
        return False

    def _progress(self, ask: PageRequest, ids: Sequence[str], timestamps: Timestamps) -> None:
        """Go on after a page with older rows, from its last row that is newer than its oldest."""
        self._read = OldestRead.of(ids, timestamps)
        first_oldest = timestamps.index(self._read.key)
        only_rows_without_key_follow = timestamps[0] is not None and timestamps[-1] is None
        if self._read.key < self._cutoff or only_rows_without_key_follow:
            self._plan.clear()
            return
        self._read_to = ask.offset + max(0, first_oldest - 1)
        self._place.read_up_to(self._read_to)
        self._width = min(MAX_PAGES_AHEAD, self._width * 2) if len(ids) >= self._stride else 1
        self._stride = len(ids)
        if self._plan and self._plan[0].offset <= self._read_to:
            return
        if first_oldest <= 1:
            self._raise_limit(ask, len(ids))
        elif len(ids) < ask.limit and ask.offset == 0:
            self._ask_for_oldest()
        else:
            self._go_on(self._read_to - self._overlap(first_oldest))

    def _pass_known(self, ask: PageRequest, newer: int, rows: int) -> None:
        """Go on after a page that held nothing older than what has been read."""
        self._width = 1
        following = self._place.after_known(ask.offset, newer + 1, self._stride)
        if following is not None:
            self._go_on(following)
        elif rows < self._stride:
            self._ask_for_oldest()
        elif newer:
            self._go_on(ask.offset + newer)
        else:
            self._raise_limit(ask, rows)

    def _look_beyond_end(self, ask: PageRequest) -> None:
        """Go on after an empty page: either no rows are left, or they moved to lower offsets."""
        if self._read is None or self._oldest_asked == self._read:
            self._step_back(ask)
        else:
            self._ask_for_oldest()

    def _step_back(self, ask: PageRequest) -> None:
        self._width = 1
        self._go_on(self._place.after_gap(ask.offset, 2 * self._shift, self._stride))

    def _raise_limit(self, ask: PageRequest, rows: int) -> None:
        """Ask for more rows at once, because rows that share one key fill the page."""
        if rows < ask.limit or ask.limit >= self._most:
            self._fail("more rows share one timestamp than a page holds")
            return
        self._limit = self._stride = min(self._most, 2 * ask.limit)
        self._go_on(ask.offset)

    def _ask_for_oldest(self) -> None:
        if self._oldest_asked == self._read:
            self._fail("the oldest rows cannot be told from the rest")
            return
        self._oldest_asked = self._read
        self._width = 1
        self._plan = deque([PageRequest(self._key, self._limit)])
        self._take = self._take_oldest

    def _take_oldest(self, _: PageRequest, ids: Sequence[str], timestamps: Timestamps) -> list[int]:
        """Take the oldest rows, oldest first: if they reach a row that was read, they are all."""
        old, read = without_none(timestamps), self._read
        if read is not None and old and old[-1] > read.key and is_ascending(timestamps):
            self._plan.clear()
            return read.unread(ids, timestamps, self._cutoff)[::-1]
        self._go_on(self._read_to)
        return []

    def _check_sort(
        self, ask: PageRequest, ids: Sequence[str], *, low: datetime, high: datetime
    ) -> None:
        """Ask for the oldest rows once, before the first page is believed to hold the newest."""
        too_small = self.sort_is_known is None and len(ids) < min(ask.limit, TOO_SMALL_TO_CLAMP)
        if self.failed or self.sort_is_known or too_small:
            return
        newest_ids = frozenset(ids if len(ids) < 2 * OLDEST_ROWS else ids[: len(ids) // 2])
        following = (self._plan, self._take)
        self._plan = deque([PageRequest(self._key, OLDEST_ROWS, select=("_id", self._key))])

        def take_oldest_keys(
            _: PageRequest, ids: Sequence[str], timestamps: Timestamps
        ) -> list[int]:
            self.sort_is_known = sort_evidence.shows_sort(
                ids, timestamps, newest_ids=newest_ids, low=low, high=high
            )
            if self.sort_is_known:
                self._plan, self._take = following
            else:
                self._fail("nothing shows that it sorts by the key")
            return []

        self._take = take_oldest_keys

    def _overlap(self, rows: int) -> int:
        """Return how many rows more than needed a page shares with the one before it."""
        return max(0, min(2 * self._shift, self._limit // 10, rows - 3))

    def _go_on(self, offset: int) -> None:
        self._plan = deque([PageRequest(f"-{self._key}", self._limit, offset)])
        self._take = self._take_page

    def _fail(self, why: str) -> None:
        self.failed = why
        self._plan.clear()
