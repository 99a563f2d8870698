"""Requests the pages of one stream, in the format that is selected of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planhat_sync.api.pagination.page_request import PageRequest
from planhat_sync.api.pagination.prefetch import Prefetch
from planhat_sync.api.pagination.scan import Scan, run_scan

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.models import Model
    from planhat_sync.reading.pages.page import Page
    from planhat_sync.reading.pages.row_format import RowFormat


@dataclass(frozen=True, slots=True)
class Source:
    """The pages of one stream.

    Attributes:
        client: Sends the requests.
        model: The model whose records are read.
        row_format: What is selected of them.
        stop: Set from any thread to end the reading.
        concurrency: Most requests in flight, and most pages in memory.
    """

    client: PlanhatClient
    model: Model
    row_format: RowFormat
    stop: threading.Event
    concurrency: int = 1

    def page(self, request: PageRequest, companies: Sequence[str] = ()) -> Page:
        """Return one page, outside any scan.

        Args:
            request: Which page.
            companies: Only records of these; of all if empty.

        Raises:
            Interrupted: The run was asked to stop.
            PlanhatError: There is no such page.
        """
        # Not in this thread: a signal must find it waiting for a page, not for the network.
        with Prefetch(self._fetch(companies), concurrency=1, stop=self.stop) as prefetch:
            return prefetch.page([request])

    def scan(
        self,
        scan: Scan,
        accept: Callable[[Page], Sequence[int]],
        companies: Sequence[str] = (),
    ) -> Iterator[tuple[Page, Sequence[int]]]:
        """Run a scan to its end; see `planhat_sync.api.pagination.scan.run_scan`.

        Args:
            scan: Plans the requests.
            accept: Has the scan accept a page, and returns the indices of the rows to emit.
            companies: Only records of these; of all if empty.
        """
        return run_scan(
            scan, self._fetch(companies), accept, concurrency=self.concurrency, stop=self.stop
        )

    def keys(self, sort: str, key: str, rows: int, companies: Sequence[str] = ()) -> list[datetime]:
        """Return the replication keys of the first rows in some order.

        Args:
            sort: The order.
            key: The replication key.
            rows: Most rows.
            companies: Only records of these; of all if empty.
        """
        page = self.page(PageRequest(sort, rows, select=("_id", key)), companies)
        return [timestamp for timestamp in page.timestamps() if timestamp is not None]

    def _fetch(self, companies: Sequence[str]) -> Callable[[PageRequest], Page]:
        def fetch(request: PageRequest) -> Page:
            return self.client.list_page(
                self.model,
                limit=request.limit,
                offset=request.offset,
                sort=request.sort,
                select=request.select or self.row_format.select,
                company_ids=companies,
                decode=self.row_format.page,
            )

        return fetch
