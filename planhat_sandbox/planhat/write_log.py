"""Every write to every record of a tenant, which the page shows as the history of a record."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_WRITES = 500_000


class Write(NamedTuple):
    """One write to one record.

    Attributes:
        at: Seconds since 1970, by the clock of the sandbox.
        request: Number of the request; None if the API was bypassed.
        model: Name of the model.
        identifier: `_id` of the record.
        action: ``create``, ``update`` or ``delete``.
        properties: Names of the properties that were sent.
    """

    at: float
    request: int | None
    model: str
    identifier: str
    action: str
    properties: tuple[str, ...]


class WriteLog:
    """The newest writes of a tenant. Not thread-safe: hold the lock of the tenant."""

    def __init__(self) -> None:
        self._writes: deque[Write] = deque(maxlen=MAX_WRITES)
        # Thousands of records are written with the same properties and can share one tuple.
        self._name_tuples: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._writes)

    def note(
        self,
        at: float,
        request: int | None,
        model: str,
        identifier: str,
        action: str,
        properties: Iterable[str],
    ) -> None:
        """Add a write; the arguments are the attributes of `Write`."""
        sent = tuple(properties)
        names = self._name_tuples.setdefault(sent, sent)
        self._writes.append(Write(at, request, model, identifier, action, names))

    def roll_back(self, count: int) -> None:
        """Remove the newest writes.

        Args:
            count: How many.
        """
        for _ in range(min(count, len(self._writes))):
            self._writes.pop()

    def snapshot(self) -> list[Write]:
        """Return the newest 500,000 writes, oldest first."""
        return list(self._writes)

    def of(self, model: str, identifier: str) -> list[Write]:
        """Return the writes to one record.

        Args:
            model: Name of the model.
            identifier: `_id` of the record.

        Returns:
            Those that are still kept, oldest first.
        """
        return [
            write
            for write in self._writes
            if write.identifier == identifier and write.model == model
        ]

    def clear(self) -> None:
        """Remove all writes."""
        self._writes.clear()
        self._name_tuples.clear()
