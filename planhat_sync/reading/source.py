"""Asks Planhat for the pages of one stream, in the shape that is selected of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planhat_sync.api.pagination.full_scan import Ask
from planhat_sync.api.pagination.prefetch import Prefetch
from planhat_sync.api.pagination.scan import Scan, read

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
    """One stream as the server gives it.

    Attributes:
        client: Asks Planhat.
        model: Whose records.
        shape: What is selected of them.
        concurrency: Most pages in memory, and most requests at once.
        stop: Set from anywhere to end the reading.
    """

    client: PlanhatClient
    model: Model
    shape: RowFormat
    concurrency: int
    stop: threading.Event

    def page(self, ask: Ask, companies: Sequence[str]) -> Page:
        """Ask for one page, outside any walk.

        Args:
            ask: What is asked.
            companies: Only records of these; all if empty.
        """

        def fetch(ask: Ask) -> Page:
            return self._fetch(ask, companies)

        # Not in this thread: a signal must find it waiting for a page, not for the network.
        with Prefetch(fetch, concurrency=1, stop=self.stop) as ahead:
            return ahead.page([ask])

    def follow(
        self,
        walk: Scan,
        judge: Callable[[Page], Sequence[int]],
        companies: Sequence[str],
    ) -> Iterator[tuple[Page, Sequence[int]]]:
        """Follow a walk to its end; see `planhat_sync.api.pagination.scan.read`.

        Args:
            walk: Says what to ask.
            judge: Gives the positions of the rows to emit.
            companies: Only records of these; all if empty.
        """
        return read(
            walk,
            lambda ask: self._fetch(ask, companies),
            judge,
            concurrency=self.concurrency,
            stop=self.stop,
        )

    def _fetch(self, ask: Ask, companies: Sequence[str]) -> Page:
        return self.client.list_page(
            self.model,
            limit=ask.limit,
            offset=ask.offset,
            sort=ask.sort,
            select=ask.only or self.shape.select,
            company_ids=companies,
            decode=self.shape.page,
        )

    def moments(self, sort: str, key: str, rows: int, companies: Sequence[str]) -> list[datetime]:
        """Ask for the replication keys of the first rows in some order, without the rest of them.

        Args:
            sort: The order.
            key: The replication key.
            rows: Most rows.
            companies: Only records of these; all if empty.
        """
        page = self.page(Ask(sort, rows, only=("_id", key)), companies)
        return [moment for moment in page.moments() if moment is not None]
