"""What all streams of a run have read, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from planhat_sync.runtime.plural import counted


@dataclass(slots=True)
class ReadCounts:
    """Counts of what all streams of a run have read and written.

    Attributes:
        records: How many records.
        pages: How many pages with a record to emit.
        deletions: How many records that were deleted.
    """

    records: int = 0
    pages: int = 0
    deletions: int = 0

    def add_page(self, records: int) -> None:
        """Count a page.

        Args:
            records: How many records of it were emitted.
        """
        self.records += records
        self.pages += 1

    def __str__(self) -> str:
        deletions = f"; {counted(self.deletions, 'deletion')}" if self.deletions else ""
        return (
            f"{counted(self.records, 'record')} read, in {counted(self.pages, 'page')}{deletions}"
        )
