"""Reads one stream: chooses the scan, falls back to a full one if need be, moves the bookmark."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from planhat_sync.api.pagination.page_request import PageRequest
from planhat_sync.reading.company_check import applies_one_id
from planhat_sync.reading.company_filter import CompanyFilter
from planhat_sync.reading.full_read import FullRead
from planhat_sync.reading.incremental import IncrementalScan
from planhat_sync.reading.newest_key import NewestKey, newest_usable
from planhat_sync.reading.pages.page import Rows
from planhat_sync.reading.starting_point import StartingPoint
from planhat_sync.reading.state import StreamState, companies_digest
from planhat_sync.reading.vouched_key import why_not
from planhat_sync.runtime.clock import Clock

if TYPE_CHECKING:
    import logging
    from collections.abc import Generator, Iterator, Sequence
    from datetime import datetime

    from planhat_sync.api.pagination.scan import Source
    from planhat_sync.reading.deletions.detector import DeletionDetector
    from planhat_sync.reading.pages.page import Page
    from planhat_sync.reading.settings import ReadSettings


class StreamReader:
    """Reads one stream once.

    Args:
        source: The pages of the stream.
        key: The replication key; None to read everything in every run.
        settings: How to read.
        state: The state after the previous run.
        logger: Receives messages for the user.
        clock: Time.
        full_read: Why everything is to be read, whatever the state says; None if it need not be.
        is_vouched: Whether only the user says that the replication key can be used.
        deletions: Sees which records there are; None if deletions are not detected.

    Attributes:
        state: The state after the previous run; once all rows have been read, after this run.
        untrusted: Why the replication key, for which the user vouches, cannot be used: reading has
            ended early, and everything has to be read; None as long as it can.
    """

    def __init__(
        self,
        source: Source[Page],
        key: str | None,
        settings: ReadSettings,
        state: StreamState,
        logger: logging.Logger,
        clock: Clock | None = None,
        *,
        full_read: str | None = None,
        is_vouched: bool = False,
        deletions: DeletionDetector | None = None,
    ) -> None:
        self.state = state
        self.untrusted: str | None = None
        self._source = source
        self._key = key
        self._settings = settings
        self._logger = logger
        self._clock = clock or Clock()
        self._full_read = full_read
        self._is_vouched = is_vouched
        self._deletions = deletions
        self._digest = companies_digest(settings.company_ids)
        self._bookmark = state.bookmark
        if state.is_foreign:
            logger.warning(
                "the state holds something other than a bookmark of %s by %s: ignoring it",
                source.model.name,
                key,
            )
        if state.bookmark and state.companies not in (None, self._digest):
            logger.info("company_ids has changed since the last run: ignoring the bookmark")
            self._bookmark = None
        self._bookmark = None if full_read else self._bookmark
        if self._bookmark and newest_usable([self._bookmark], self._clock.utc())[0] is None:
            logger.warning(
                "the state's bookmark of %s is more than a day ahead of this machine's clock: "
                "changes before it are not read",
                source.model.name,
            )
        self._start = StartingPoint.of(key, self._bookmark, settings, full_read)
        self._companies = CompanyFilter(
            settings.company_ids, source.model.company_filter, joined=state.joins
        )
        self._sorts = state.sorts
        self._rows = self._rows_before = state.rows
        self._newest = NewestKey(key, self._clock, logger) if key else None
        self._is_first_page = False
        self._all_have_key = True

    def sample(self, rows: int) -> Iterator[Rows]:
        """Read a few rows, to check that it can be done; leaves the state as it is.

        Args:
            rows: Maximum number of rows to read.
        """
        self._companies.start()
        request = PageRequest("_id", min(rows, self._settings.page_size))
        page = self._source.page(request, self._companies.sent)
        yield from self._included(page, range(min(rows, len(page.ids))))

    def read(self) -> Iterator[Rows]:
        """Read everything, or what has changed since the bookmark.

        Yields:
            Rows to emit. Release them before requesting the next, so that the memory of their page
            is free by then.

        Raises:
            Interrupted: The run was asked to stop.
            PlanhatError: Reading cannot continue.
        """
        self._logger.info("%s: %s", self._source.model.name, self._start.description)
        began = self._clock.utc()
        # The bookmark must not pass what was newest when the first scan started. A single scan sees
        # that on its first page; before several, request it, over all companies and lists.
        may_be_several = len(self._source.model.lists) > 1 or self._companies.may_be_several
        self._is_first_page = not (may_be_several or self._start.cutoff is None)
        if self._newest and not self._is_first_page:
            self._newest.request(self._source)
        scans = 0
        while self._companies.start():
            scans += 1
            if self._key and self._start.cutoff:
                yield from self._changes(self._key, self._start.cutoff)
            else:
                yield from self._everything()
            if self.untrusted:
                return
            self._verify_companies()
        self.state = StreamState(
            bookmark=self._bookmark_after(),
            sorts=self._sorts,
            joins=self._companies.joined,
            companies=self._digest,
            rows=self._rows if scans == 1 else None,
            verified=self.state.verified,
        )
        if self._is_vouched and self._key and self._full_read:
            self._conclude(self._key, began)

    def _bookmark_after(self) -> datetime | None:
        """Return the bookmark after all rows have been read.

        An incremental read does not move it back, and neither does a full read in which no row has
        shown a key that may become the bookmark.
        """
        newest = self._newest.value if self._newest else None
        before = self._bookmark
        if newest is None and before is None:
            before, _ = newest_usable([self.state.bookmark], self._clock.utc())
        return max([one for one in (before, newest) if one], default=None)

    def _conclude(self, key: str, began: datetime) -> None:
        """Decide after a full read whether the next run can read by a key that is vouched for."""
        sorts = bool(self._sorts and self._newest and self._newest.is_sorted)
        why = why_not(key, is_complete=self._all_have_key, sorts=sorts)
        if why is None:
            self.state = replace(self.state, verified=began)
            return
        self.state = replace(self.state.without_evidence(), bookmark=None)
        name = self._source.model.name
        text = "%s is read in full, although %s was to be its replication key: %s"
        self._logger.warning(text, name, key, why)

    def _changes(self, key: str, cutoff: datetime) -> Iterator[Rows]:
        """Read what has changed, the newest of each list first.

        A record that moves to another list meanwhile may come twice, or in the next run: it has
        changed after what was newest when this run began.
        """
        failed: str | None = None
        for source in self._source.lists:
            failed = yield from self._list_changes(source, key, cutoff)
            if failed:
                break
        if failed and self._is_vouched:
            self.untrusted = f"{key} does not show what has changed: {failed}"
        elif failed:
            self._logger.info(
                "reading everything, because sort=-%s does not show what has changed: %s",
                key,
                failed,
            )
            yield from self._everything(since=cutoff)

    def _list_changes(
        self, source: Source[Page], key: str, cutoff: datetime
    ) -> Generator[Rows, None, str | None]:
        """Read what has changed in one list; return why that cannot be seen, if it cannot."""
        scan = IncrementalScan(
            key,
            page_size=self._settings.page_size,
            page_limit=self._source.model.page_limit,
            cutoff=cutoff,
            sort_is_known=self._sorts,
        )

        def accept(page: Page) -> Sequence[int]:
            timestamps = page.timestamps()
            if self._newest and self._is_first_page:
                self._is_first_page = False
                self._newest.see(timestamps)
            if self._is_vouched and None in timestamps:
                scan.fail("a record has none")
                return ()
            return scan.accept(page.ids, timestamps)

        for page, indices in source.scan(scan, accept, self._companies.sent):
            yield from self._included(page, indices)
            del page
        self._sorts = scan.sort_is_known
        return scan.failed

    def _everything(self, since: datetime | None = None) -> Iterator[Rows]:
        """Read the complete collection; learn from it whether the server sorts by the key.

        Args:
            since: Emit only what is not older, and learn nothing; None to emit everything.
        """
        read = FullRead(
            self._source,
            self._key if since is None else None,
            self._is_vouched,
            self._companies.sent,
            self._sorts,
            self._rows_before,
            self._all_have_key,
        )
        if self._deletions:
            self._deletions.start_scan()
        for page, indices in read.pages(self._settings.page_size):
            if self._deletions:
                self._deletions.scanned([page.ids[at] for at in indices])
            yield from self._included(page, page.not_older(indices, since))
            del page
        self._sorts, self._rows, self._all_have_key = read.sorts, read.rows, read.all_have_key

    def _included(self, page: Page, indices: Sequence[int]) -> Iterator[Rows]:
        companies = page.companies
        if companies is not None:
            indices = [at for at in indices if self._companies.includes(companies[at])]
        if indices:
            if self._deletions:
                self._deletions.emitting([page.ids[at] for at in indices])
            yield Rows(page.content.pick(indices), len(indices))

    def _verify_companies(self) -> None:
        """Check that the scan left out none of its companies: the server may apply only one id."""
        cutoff = self._start.cutoff
        if applies_one_id(self._source, self._companies, self._key if cutoff else None, cutoff):
            self._logger.info(
                "Planhat applies one company id at a time: reading each company by itself"
            )
            self._companies.split()
        else:
            self._companies.confirm()
