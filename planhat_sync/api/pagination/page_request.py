"""One list request, as a scan plans it."""

from __future__ import annotations

from dataclasses import dataclass

MAX_PAGES_AHEAD = 64
"""Most pages that are ever planned ahead."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One list request of a scan.

    Attributes:
        sort: Property to sort by, with a leading ``-`` for descending order.
        limit: Maximum number of rows on the page.
        offset: How many rows to skip.
        select: The properties that are needed, if fewer than the reader selected.
    """

    sort: str
    limit: int
    offset: int = 0
    select: tuple[str, ...] | None = None
