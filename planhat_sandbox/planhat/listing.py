"""Sorted views of a collection, kept up to date cheaply, and the slices that pages are."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Any

from planhat_sandbox.planhat.codec import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SortKey = tuple[Any, ...]
REBUILD_ABOVE = 200
"""Records that changed since the view was last read; above this, sorting anew is quicker."""


def sort_key(value: object, identifier: str) -> SortKey:
    """Order values of any type: nothing, numbers, texts, the rest; ties by `_id`.

    Args:
        value: The property's value, None where it is missing.
        identifier: The record's `_id`.

    Returns:
        A tuple that compares with every other one made here.
    """
    if value is None:
        return (0, 0, identifier)
    if isinstance(value, bool):
        return (3, str(value), identifier)
    if isinstance(value, str):
        return (2, value, identifier)
    if isinstance(value, (list, dict)):
        return (4, encode(value), identifier)
    return (1, value, identifier)


class View:
    """The records that pass a filter, sorted by one property.

    Args:
        records: The collection's records by `_id`; read, never written.
        prop: Property to sort by.
        passes: The filter.
    """

    def __init__(
        self,
        records: Mapping[str, Mapping[str, object]],
        prop: str,
        passes: Callable[[Mapping[str, object]], bool],
    ) -> None:
        self._records = records
        self._prop = prop
        self._passes = passes
        self._entries: list[SortKey] = []
        self._placed: dict[str, SortKey] = {}
        self._stale: set[str] = set(records)

    def touch(self, identifiers: Iterable[str]) -> None:
        """Note that records were written or deleted.

        Args:
            identifiers: Their `_id`s.
        """
        self._stale.update(identifiers)

    def page(self, offset: int, limit: int, *, descending: bool) -> list[str]:
        """Give the `_id`s of one page.

        Args:
            offset: Rows to skip.
            limit: Rows at most.
            descending: Whether to count from the greatest.

        Returns:
            `_id`s in order.
        """
        self._refresh()
        if descending:
            end = max(0, len(self._entries) - offset)
            rows = self._entries[max(0, end - limit) : end]
            rows.reverse()
        else:
            rows = self._entries[offset : offset + limit]
        return [row[-1] for row in rows]

    def __len__(self) -> int:
        self._refresh()
        return len(self._entries)

    def _refresh(self) -> None:
        if not self._stale:
            return
        rebuild = len(self._stale) > REBUILD_ABOVE
        for identifier in self._stale:
            self._place(identifier, rebuild=rebuild)
        if rebuild:
            self._entries = sorted(self._placed.values())
        self._stale.clear()

    def _place(self, identifier: str, *, rebuild: bool) -> None:
        old = self._placed.pop(identifier, None)
        record = self._records.get(identifier)
        new = None
        if record is not None and self._passes(record):
            new = self._placed[identifier] = sort_key(record.get(self._prop), identifier)
        if rebuild or old == new:
            return
        if old is not None:
            del self._entries[bisect_left(self._entries, old)]
        if new is not None:
            insort(self._entries, new)
