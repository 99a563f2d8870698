"""Reads the complete collection, and learns from it whether the replication key can be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planhat_sync.api.pagination.page_request import PageRequest
from planhat_sync.api.pagination.table_scan import TableScan
from planhat_sync.reading.pages.page import ids_of
from planhat_sync.reading.sort_evidence import are_few

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from planhat_sync.api.pagination.scan import Source
    from planhat_sync.reading.pages.page import Page

ONE_PAGE = 2
"""Answers of a full scan whose first page was its last: too few rows to show an order."""


@dataclass(slots=True)
class FullRead:
    """One read of everything.

    Attributes:
        source: The pages of the stream.
        key: The replication key, if anything is to be learnt about it.
        is_vouched: Whether only the user says that it can be used.
        companies: Only records of these; of all if empty.
        sorts: Whether the server is known to sort by the key, after the read too.
        rows: How many rows there were when the collection was last read; after the read, how many
            there are. None if that is not known.
        all_have_key: Whether every record had a replication key, if the user vouches for it.
    """

    source: Source[Page]
    key: str | None
    is_vouched: bool
    companies: Sequence[str]
    sorts: bool | None
    rows: int | None
    all_have_key: bool = True

    def pages(self, page_size: int) -> Iterator[tuple[Page, Sequence[int]]]:
        """Read the pages.

        Args:
            page_size: Rows to request at once.

        Yields:
            Each page with the indices of its rows to emit. Release it before taking the next.
        """
        scan = TableScan(self.source, ids_of, page_size=page_size, rows=self.rows)
        learns = self.key is not None and self.sorts is not True
        ranges: list[tuple[datetime, datetime]] = []
        for page, indices in scan.pages(self.companies):
            if self.key and self.is_vouched and self.all_have_key and indices:
                self.all_have_key = None not in page.timestamps()
            if learns and (key_range := page.key_range()):
                ranges.append(key_range)
            yield page, indices
            del page
        self.rows = scan.rows
        are_enough = scan.answers > ONE_PAGE or not are_few(scan.rows or 0, scan.limit)
        if self.key and ranges and (are_enough or self.is_vouched):
            newest = max(newest for _, newest in ranges)
            self.sorts = self._sorts_by(self.key, min(ranges)[0], newest)

    def _sorts_by(self, key: str, oldest: datetime, newest: datetime) -> bool:
        """Return whether the first row by the key is as old as the oldest that was read.

        A server that ignores this sort returns the first row of some other order.
        """
        request = PageRequest(key, 1, select=("_id", key))
        pages = [source.page(request, self.companies) for source in self.source.lists]
        first = [at for page in pages for at in page.timestamps()[:1]]
        return None not in first and min(filter(None, first), default=newest) <= oldest < newest
