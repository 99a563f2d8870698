"""Every write to every record of a tenant: what a page shows as a record's history."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_WRITES = 500_000


class Write(NamedTuple):
    """One write to one record.

    Attributes:
        at: Seconds since 1970, by the sandbox's clock.
        request: Number of the request that did it; None = behind the API's back.
        model: Name of the model.
        identifier: `_id` of the record.
        action: ``create``, ``update`` or ``delete``.
        properties: What was sent, by name.
    """

    at: float
    request: int | None
    model: str
    identifier: str
    action: str
    properties: tuple[str, ...]


class WriteLog:
    """The newest writes of a tenant. Not locked: its tenant is."""

    def __init__(self) -> None:
        self._writes: deque[Write] = deque(maxlen=MOST_WRITES)
        # Thousands of records are written with the same properties; one tuple serves them all.
        self._shapes: dict[tuple[str, ...], tuple[str, ...]] = {}

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
        """Keep a write; the arguments are the attributes of `Write`."""
        sent = tuple(properties)
        shape = self._shapes.setdefault(sent, sent)
        self._writes.append(Write(at, request, model, identifier, action, shape))

    def take_back(self, count: int) -> None:
        """Forget the newest writes: they were rolled back.

        Args:
            count: How many.
        """
        for _ in range(min(count, len(self._writes))):
            self._writes.pop()

    def snapshot(self) -> list[Write]:
        """Give the writes.

        Returns:
            The newest 500,000, the oldest of them first.
        """
        return list(self._writes)

    def of(self, model: str, identifier: str) -> list[Write]:
        """Give the writes to one record.

        Args:
            model: Name of the model.
            identifier: `_id` of the record.

        Returns:
            Those that are kept, the oldest first.
        """
        return [
            write
            for write in self._writes
            if write.identifier == identifier and write.model == model
        ]

    def clear(self) -> None:
        """Forget all."""
        self._writes.clear()
        self._shapes.clear()
