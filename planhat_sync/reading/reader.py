"""Reads one stream: chooses the walk, falls back where it proves too little, moves the bookmark.

Knows nothing of Singer messages and writes none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from planhat_sync.api.pagination.full_scan import Ask, FullScan
from planhat_sync.reading.company_filter import CompanyFilter
from planhat_sync.reading.incremental import OLDEST_ROWS, IncrementalScan
from planhat_sync.reading.state import StreamState, companies_stamp
from planhat_sync.timestamps import earlier

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Iterator, Sequence

    from planhat_sync.reading.pages.page import Page
    from planhat_sync.reading.settings import Reading
    from planhat_sync.reading.source import Source

FURTHEST_AHEAD = timedelta(days=1)
"""A replication key further ahead of this machine's clock makes no bookmark, since every later
change would be older. Where it is the clock that is wrong, rows are read again and none is lost."""


WHOLE_COLLECTION = 2
"""Answers of a full walk whose first page was the last: there was nothing to get into order."""


@dataclass(frozen=True, slots=True)
class Emission:
    """Rows to emit.

    Attributes:
        page: Holds them.
        positions: Their places in it, in the order in which to emit them; at least one.
    """

    page: Page
    positions: Sequence[int]

    @property
    def content(self) -> Any:  # noqa: ANN401 - the shape of the stream says what rows become
        """What the rows become."""
        return self.page.content.chosen(self.positions)


class StreamReader:
    """One reading of one stream.

    Args:
        source: Gives the stream's pages.
        key: The replication key, or None to read everything every time.
        reading: How to read.
        memory: What the run before left.
        logger: Told what is unusual.

    Attributes:
        memory: What the run before left; once the last emission has been taken, what this leaves.
    """

    def __init__(
        self,
        source: Source,
        key: str | None,
        reading: Reading,
        memory: StreamState,
        logger: logging.Logger,
    ) -> None:
        self.memory = memory
        self._source = source
        self._key = key
        self._reading = reading
        self._logger = logger
        self._stamp = companies_stamp(reading.company_ids)
        self._bookmark = memory.bookmark
        if memory.bookmark and memory.companies not in (None, self._stamp):
            logger.info("company_ids is not what it was: reading from the beginning")
            self._bookmark = None
        self._cutoff = self._oldest_wanted()
        self._companies = CompanyFilter(reading.company_ids, joined=memory.joins)
        self._sorts = memory.sorts
        self._newest: datetime | None = None
        self._is_first_page = False

    def sample(self, rows: int) -> Iterator[Emission]:
        """Read a few rows, to see that it can be done; leaves no memory.

        Args:
            rows: Most rows to read.
        """
        self._companies.start()
        page = self._source.page(Ask("_id", min(rows, self._reading.page_size)), self._ids)
        yield from self._emission(page, range(min(rows, len(page.ids))))

    def emissions(self) -> Iterator[Emission]:
        """Read everything that is due.

        Yields:
            Rows to emit.

        Raises:
            Interrupted: The run was asked to stop.
            PlanhatError: Reading cannot go on.
        """
        beginning = self._reading.beginning(self._key, self._bookmark)
        self._logger.info("%s: %s", self._source.model.name, beginning)
        # A bookmark must not pass what was newest before the first of all walks began. One walk
        # sees that on its first page; before several it is asked for, over all companies.
        may_be_several = self._companies.several or (
            len(self._reading.company_ids) > 1 and not self.memory.joins
        )
        self._is_first_page = not (may_be_several or self._cutoff is None)
        if self._key and not self._is_first_page:
            self._newest = self._trusted(
                self._source.moments(f"-{self._key}", self._key, OLDEST_ROWS, ())
            )
        while self._companies.start():
            if self._key and self._cutoff:
                yield from self._changes(self._key, self._cutoff)
            else:
                yield from self._everything()
            self._look_for_unread()
        known = [moment for moment in (self._bookmark, self._newest) if moment]
        self.memory = StreamState(
            bookmark=max(known, default=None),
            sorts=self._sorts,
            joins=self._companies.joined,
            companies=self._stamp,
        )

    @property
    def _ids(self) -> tuple[str, ...]:
        return self._companies.current

    def _oldest_wanted(self) -> datetime | None:
        if self._key is None:
            return None
        start = self._reading.start_date
        if self._bookmark is None:
            return start
        cutoff = earlier(self._bookmark, self._reading.lookback)
        return max(cutoff, start) if start else cutoff

    def _changes(self, key: str, cutoff: datetime) -> Iterator[Emission]:
        """Read what changed, the newest first."""
        walk = IncrementalScan(
            key,
            page_size=self._reading.page_size,
            page_limit=self._source.model.page_limit,
            cutoff=cutoff,
            sort_is_known=self._sorts,
        )

        def judge(page: Page) -> Sequence[int]:
            moments = page.moments()
            if self._is_first_page:
                self._is_first_page = False
                self._newest = self._trusted(moments)
            return walk.take(page.ids, moments)

        for page, positions in self._source.follow(walk, judge, self._ids):
            yield from self._emission(page, positions)
            del page
        self._sorts = walk.sort_is_known
        if walk.failed:
            self._logger.info(
                "Reading everything, since sort=-%s does not show what changed: %s",
                key,
                walk.failed,
            )
            yield from self._everything_since(cutoff)

    def _everything(self) -> Iterator[Emission]:
        """Read the whole collection; from what comes, learn whether the server sorts by the key."""
        walk = FullScan(self._reading.page_size)
        learns = self._key is not None and self._sorts is not True
        spans: list[tuple[datetime, datetime]] = []
        for page, positions in self._follow(walk):
            if learns and (span := page.span()):
                spans.append(span)
                spans = [(min(spans)[0], max(newest for _, newest in spans))]
            yield from self._emission(page, positions)
            del page
        if self._key and spans and walk.pages > WHOLE_COLLECTION:
            self._sorts = self._shows_sort(self._key, *spans[0])

    def _everything_since(self, cutoff: datetime) -> Iterator[Emission]:
        """Read the whole collection, and emit what is not older than the cut-off."""
        walk = FullScan(self._reading.page_size)
        for page, positions in self._follow(walk):
            moments = page.moments()
            recent = [at for at in positions if (moment := moments[at]) and moment >= cutoff]
            yield from self._emission(page, recent)
            del page

    def _follow(self, walk: FullScan) -> Iterator[tuple[Page, Sequence[int]]]:
        return self._source.follow(walk, lambda page: walk.take(page.ids), self._ids)

    def _shows_sort(self, key: str, oldest: datetime, newest: datetime) -> bool:
        """Tell whether the row that comes first by the key is as old as the oldest that was read.

        A server that ignores this sort gives the first row of some other order.
        """
        first = self._source.moments(key, key, 1, self._ids)
        return bool(first) and first[0] <= oldest < newest

    def _emission(self, page: Page, positions: Sequence[int]) -> Iterator[Emission]:
        companies = page.companies
        if companies is not None:
            positions = [at for at in positions if self._companies.admits(companies[at])]
        if positions:
            yield Emission(page, positions)

    def _look_for_unread(self) -> None:
        """Ask one by one for companies that the walk may have left out, lest it read only one."""
        key = self._key if self._cutoff else None
        only = tuple(name for name in ("_id", key, self._source.model.company_reference) if name)
        limit = self._source.model.page_limit
        for one in self._companies.doubtful():
            page = self._source.page(Ask(f"-{key or '_id'}", limit, only=only), (one,))
            due = [
                companies
                for companies, moment in zip(page.companies or (), page.moments(), strict=True)
                if not self._cutoff or (moment is not None and moment >= self._cutoff)
            ]
            # A page full of rows that came says nothing of those behind it.
            if len(due) >= limit or any(map(self._companies.contradicts, due)):
                self._logger.info("Planhat reads one company id at a time: so do we now")
                self._companies.split()
                return
        self._companies.trust()

    def _trusted(self, moments: Iterable[datetime | None]) -> datetime | None:
        """Give the newest moment that may become a bookmark."""
        horizon = datetime.now(timezone.utc) + FURTHEST_AHEAD
        known = [moment for moment in moments if moment]
        if known and max(known) > horizon:
            self._logger.warning(
                "Some %s lies more than a day ahead of this machine's clock: the bookmark stays "
                "behind it, and its record is read in every run",
                self._key,
            )
        return max((moment for moment in known if moment <= horizon), default=None)
