"""A sorted view of a collection that is updated in place, and its pages."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Any

from planhat_sandbox.planhat.codec import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SortKey = tuple[Any, ...]
REBUILD_ABOVE = 200
"""With more changed records than this since the last read, sorting again is faster."""


def sort_key(value: object, identifier: str) -> SortKey:
    """Return a key that orders values of any type: none, numbers, texts, the rest; then `_id`.

    Args:
        value: Value of the property; None if it is missing.
        identifier: `_id` of the record.

    Returns:
        A tuple that can be compared with every other one.
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


class SortedView:
    """The records that pass a filter, sorted by one property.

    Args:
        records: The records of the collection by `_id`; only read.
        prop: Property to sort by.
        passes: Whether a record belongs to the view.
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

    def mark_changed(self, identifiers: Iterable[str]) -> None:
        """Note that records were written or deleted, for the next read.

        Args:
            identifiers: Their `_id`s.
        """
        self._stale.update(identifiers)

    def page(self, offset: int, limit: int, *, descending: bool) -> list[str]:
        """Return the `_id`s of one page.

        Args:
            offset: Rows to skip.
            limit: Maximum number of rows.
            descending: Whether the greatest value comes first.

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
