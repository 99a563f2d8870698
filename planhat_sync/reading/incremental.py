"""Decides how to read what has changed since a bookmark, the newest first, and when to stop.

Pure: it says which page to request next and which rows of an answer to emit, and never sends a
request. Where the answers do not prove that no row was missed it says so (`failed`), and the caller
reads everything instead. docs/adr/0031-the-incremental-scan.md explains why no row is lost.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from planhat_sync.api.pagination.page_request import MAX_PAGES_AHEAD, PageRequest
from planhat_sync.api.pagination.position import Position
from planhat_sync.reading import sort_evidence
from planhat_sync.reading.sort_evidence import OldestRead, is_ascending, without_none

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from planhat_sync.reading.sort_evidence import Ids, Timestamps

MAX_PAGES_WITHOUT_OLDER_ROWS = 50
"""Answers in a row without an older row, after which reading everything is cheaper."""

OLDEST_ROWS = 20
"""How many of the oldest rows to request, once, to see whether the server sorts."""


class IncrementalScan:
    """One pass over the rows whose replication key is not older than a cutoff.

    Every such row that exists throughout and does not change is emitted exactly once. A row that
    changes meanwhile gets a newer key, so the next scan, from the newest key of the first page,
    finds it.

    Args:
        key: The replication key.
        page_size: Rows to request at once; more are requested where that many share one key.
        page_limit: Maximum number of rows that a page may hold.
        cutoff: Rows older than this are not wanted.
        sort_is_known: Whether earlier scans saw the server sort by the key; None if never checked.

    Attributes:
        failed: Why this scan cannot prove that no row was missed; None while it can.
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
        self.sort_is_known = sort_is_known
        self._key = key
        self._cutoff = cutoff
        self._limit = self._page_rows = max(2, page_size)
        self._most = max(self._limit, page_limit)
        self._planned: deque[PageRequest] = deque([PageRequest(f"-{key}", self._limit)])
        self._accept: Callable[[PageRequest, Ids, Timestamps], list[int]] = self._accept_first
        self._position = Position(max(1, self._limit // 10))
        self._read: OldestRead | None = None
        self._read_to = 0  # offset of the last row that is newer than those
        self._shift = self._idle_pages = 0
        self._width = 1
        self._oldest_requested: OldestRead | None = None

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
            step = max(1, self._page_rows - 2 - self._overlap(self._page_rows))
            self._planned.append(
                PageRequest(f"-{self._key}", self._limit, self._planned[-1].offset + step)
            )
        return list(self._planned)[:most]

    def accept(self, ids: Ids, timestamps: Timestamps) -> list[int]:
        """Accept the page of the first planned request, and plan the next.

        Args:
            ids: The ``_id`` of each row, in the order of the page.
            timestamps: The replication key of each row, None where it has none.

        Returns:
            Indices of the rows to emit.
        """
        before = self._read
        emitted = self._accept(self._planned.popleft(), ids, timestamps)
        self._idle_pages = 0 if self._read != before else self._idle_pages + 1
        if self._planned and self._idle_pages > MAX_PAGES_WITHOUT_OLDER_ROWS:
            self.fail("rows move faster than they can be read")
        return [] if self.failed else emitted  # the scan that reads everything emits them instead

    def _accept_first(self, request: PageRequest, ids: Ids, timestamps: Timestamps) -> list[int]:
        self._accept = self._accept_page
        if not self._has_evidence(request, ids, timestamps):
            return []
        keys = without_none(timestamps)
        self._progress(request, ids, timestamps)
        self._check_sort(request, ids, low=keys[-1], high=keys[0])
        return sort_evidence.indices_between(timestamps, self._cutoff)

    def _accept_page(self, request: PageRequest, ids: Ids, timestamps: Timestamps) -> list[int]:
        read = self._read
        if read is None or not self._has_evidence(request, ids, timestamps):
            return []
        if request.offset and (timestamps[0] is None or timestamps[0] <= read.key):
            self._step_back(request)
            return []
        newer = sort_evidence.last_newer(timestamps, read.key)
        if without_none(timestamps)[-1] >= read.key:
            self._pass_known(request, newer, len(ids))
            return []
        self._shift = max(self._shift, self._read_to - request.offset - newer)
        emitted = read.unread(ids, timestamps, self._cutoff)
        self._progress(request, ids, timestamps)
        return emitted

    def _has_evidence(self, request: PageRequest, ids: Ids, timestamps: Timestamps) -> bool:
        """Return whether a page shows rows in order of the key; if not, decide how to continue."""
        if not ids and request.offset:
            self._look_beyond_end(request)
        elif ids and not without_none(timestamps):
            self.fail("a page holds no row with the key")
        elif not is_ascending(timestamps[::-1]):
            self.fail("its rows are not in that order")
        else:
            return bool(ids)
        return False

    def _progress(self, request: PageRequest, ids: Ids, timestamps: Timestamps) -> None:
        """Continue after a page with older rows, from the last row newer than its oldest."""
        self._read = OldestRead.of(ids, timestamps)
        first_oldest = timestamps.index(self._read.key)
        only_rows_without_key_follow = timestamps[0] is not None and timestamps[-1] is None
        if self._read.key < self._cutoff or only_rows_without_key_follow:
            self._planned.clear()
            return
        self._read_to = request.offset + max(0, first_oldest - 1)
        self._position.read_up_to(self._read_to)
        self._width = min(MAX_PAGES_AHEAD, self._width * 2) if len(ids) >= self._page_rows else 1
        self._page_rows = len(ids)
        if self._planned and self._planned[0].offset <= self._read_to:
            return
        if first_oldest <= 1:
            self._raise_limit(request, len(ids))
        elif len(ids) < request.limit and request.offset == 0:
            self._request_oldest()
        else:
            self._go_on(self._read_to - self._overlap(first_oldest))

    def _pass_known(self, request: PageRequest, newer: int, rows: int) -> None:
        """Continue after a page that held nothing older than what has been read."""
        self._width = 1
        following = self._position.after_known(request.offset, newer + 1, self._page_rows)
        if following is not None:
            self._go_on(following)
        elif rows < self._page_rows:
            self._request_oldest()
        elif newer:
            self._go_on(request.offset + newer)
        else:
            self._raise_limit(request, rows)

    def _look_beyond_end(self, request: PageRequest) -> None:
        """Continue after an empty page: either no rows are left, or they moved to lower offsets."""
        if self._read is None or self._oldest_requested == self._read:
            self._step_back(request)
        else:
            self._request_oldest()

    def _step_back(self, request: PageRequest) -> None:
        self._width = 1
        self._go_on(self._position.after_gap(request.offset, 2 * self._shift, self._page_rows))

    def _raise_limit(self, request: PageRequest, rows: int) -> None:
        """Request more rows at once, because rows that share one key fill the page."""
        if rows < request.limit or request.limit >= self._most:
            self.fail("more rows share one timestamp than a page holds")
            return
        self._limit = self._page_rows = min(self._most, 2 * request.limit)
        self._go_on(request.offset)

    def _request_oldest(self) -> None:
        if self._oldest_requested == self._read:
            self.fail("the oldest rows cannot be distinguished from the others")
            return
        self._oldest_requested = self._read
        self._width = 1
        self._planned = deque([PageRequest(self._key, self._limit)])
        self._accept = self._accept_oldest

    def _accept_oldest(self, _: PageRequest, ids: Ids, timestamps: Timestamps) -> list[int]:
        """Accept the oldest rows, oldest first: if they reach a row that was read, they are all."""
        old, read = without_none(timestamps), self._read
        if read is not None and old and old[-1] > read.key and is_ascending(timestamps):
            self._planned.clear()
            return read.unread(ids, timestamps, self._cutoff)[::-1]
        self._go_on(self._read_to)
        return []

    def _check_sort(self, request: PageRequest, ids: Ids, *, low: datetime, high: datetime) -> None:
        """Request the oldest rows once, before the first page is believed to hold the newest."""
        are_few = self.sort_is_known is None and sort_evidence.are_few(len(ids), request.limit)
        if self.failed or self.sort_is_known or are_few:
            return
        newest_ids = frozenset(ids if len(ids) < 2 * OLDEST_ROWS else ids[: len(ids) // 2])
        following = (self._planned, self._accept)
        self._planned = deque([PageRequest(self._key, OLDEST_ROWS, select=("_id", self._key))])

        def accept_oldest_keys(_: PageRequest, ids: Ids, timestamps: Timestamps) -> list[int]:
            self.sort_is_known = sort_evidence.shows_sort(
                ids, timestamps, newest_ids=newest_ids, low=low, high=high
            )
            if self.sort_is_known:
                self._planned, self._accept = following
            else:
                self.fail("nothing shows that it sorts by the key")
            return []

        self._accept = accept_oldest_keys

    def _overlap(self, rows: int) -> int:
        """Return how many rows more than needed a page shares with the one before it."""
        return max(0, min(2 * self._shift, self._limit // 10, rows - 3))

    def _go_on(self, offset: int) -> None:
        self._planned = deque([PageRequest(f"-{self._key}", self._limit, offset)])
        self._accept = self._accept_page

    def fail(self, why: str) -> None:
        """End the scan: it cannot prove, for the given reason, that no row was missed."""
        self.failed = why
        self._planned.clear()
