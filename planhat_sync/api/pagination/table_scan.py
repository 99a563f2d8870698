"""Reads all records of a model, whose table may be several lists.

Planhat's default lists of some models leave records out, and no single list has all of them: tasks
are either in the list of archived ones or in the other (fact task-lists).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from planhat_sync.api.pagination.full_scan import FullScan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from planhat_sync.api.pagination.scan import Source

T = TypeVar("T")


class TableScan(Generic[T]):
    """One scan of all records of a model.

    A record that moves from one list to another meanwhile may be in each of them when the other one
    is read. So all lists but the last are read a second time, after the last, and an `_id` that has
    come is not yielded again. With several lists, the ids of all records are in memory, which takes
    about 115 bytes for each. With one, nothing is remembered and nothing is read twice.

    Args:
        source: The pages.
        ids_of: Returns the `_id` of each row of a page.
        page_size: Rows to request at once.
        rows: How many rows there were when they were last read; None if that is not known.
    """

    def __init__(
        self,
        source: Source[T],
        ids_of: Callable[[T], Sequence[str]],
        *,
        page_size: int,
        rows: int | None = None,
    ) -> None:
        self._source = source
        self._ids_of = ids_of
        self._page_size = page_size
        self._several = len(source.model.lists) > 1
        self._scan = FullScan(page_size, None if self._several else rows)
        self._seen: set[str] = set()

    @property
    def rows(self) -> int | None:
        """How many records there are, after the scan."""
        return len(self._seen) if self._several else self._scan.rows

    @property
    def answers(self) -> int:
        """How many pages were received for the list that was read last."""
        return self._scan.pages

    @property
    def limit(self) -> int:
        """How many rows were requested at once."""
        return self._scan.limit

    def pages(self, companies: Sequence[str] = ()) -> Iterator[tuple[T, Sequence[int]]]:
        """Read the pages.

        Args:
            companies: Only records of these; of all if empty.

        Returns:
            Each page with the indices of the rows that have not come before.

        Raises:
            Interrupted: The run was asked to stop.
            PlanhatError: A page could not be fetched, or the scan cannot continue.
        """
        return self._lists(companies) if self._several else self._list(self._source, companies)

    def _lists(self, companies: Sequence[str]) -> Iterator[tuple[T, Sequence[int]]]:
        lists = self._source.lists
        for source in (*lists, *lists[:-1]):
            self._scan = FullScan(self._page_size)
            for page, indices in self._list(source, companies):
                ids = self._ids_of(page)
                new = [at for at in indices if ids[at] not in self._seen]
                self._seen.update(ids[at] for at in new)
                yield page, new
                del page  # release it before the next page comes

    def _list(
        self, source: Source[T], companies: Sequence[str]
    ) -> Iterator[tuple[T, Sequence[int]]]:
        scan = self._scan
        return source.scan(scan, lambda page: scan.accept(self._ids_of(page)), companies)
