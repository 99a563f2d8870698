"""Decides which batches of a stream may be in flight at the same time.

Pure: owns the order in which batches of one stream start, when several may be sent at once. It
sends none itself.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from planhat_sync.writing.batching.identity import identities, order_matters, profiles, scoped_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.batching.identity import Identity


class _Waiting:
    """A batch, and what its payloads say about the records that they refer to."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.identities: set[Identity] = set()
        self.names: set[Identity] = set()
        self.kinds: set[str] = set()
        self.profiles = profiles(batch.examples)
        for part in batch.parts:
            self.identities.update(identities(part))
            for name, kind in scoped_keys(part):
                self.names.add(name)
                self.kinds.add(kind)

    def may_overtake(self, earlier: _Waiting) -> bool:
        """Return whether this batch may be sent although an earlier one has no result yet."""
        if "create" in (self.batch.kind, earlier.batch.kind):
            return True  # an unkeyed item has no identity in common with any other
        shares_identity = not self.identities.isdisjoint(earlier.identities)
        if shares_identity or order_matters(self.profiles | earlier.profiles):
            return False
        return len(self.kinds | earlier.kinds) <= 1 or self.names.isdisjoint(earlier.names)


class InFlight:
    """The batches of one stream, from the time they are formed to their result.

    Order is kept per identity: a batch waits for every earlier one that names one of its records,
    and for every earlier one whose records are named by other keyables or by several.
    """

    def __init__(self) -> None:
        self._queued: deque[_Waiting] = deque()
        self._started: list[_Waiting] = []

    def __len__(self) -> int:
        """Count the batches that have no result yet."""
        return len(self._queued) + len(self._started)

    def holds(self, names: Sequence[Identity]) -> bool:
        """Return whether a payload with one of some identities has no result yet.

        Args:
            names: The identities.
        """
        return any(
            not waiting.identities.isdisjoint(names) for waiting in (*self._queued, *self._started)
        )

    def queue(self, batch: Batch) -> None:
        """Add a batch, after all those queued before it."""
        self._queued.append(_Waiting(batch))

    def start(self) -> Batch | None:
        """Return the next batch that may be sent now, None if all have to wait or none is left."""
        for at, waiting in enumerate(self._queued):
            before = [*self._started, *list(self._queued)[:at]]
            if all(waiting.may_overtake(earlier) for earlier in before):
                del self._queued[at]
                self._started.append(waiting)
                return waiting.batch
        return None

    def finish(self, batch: Batch) -> None:
        """Record that every payload of a batch has its outcome."""
        self._started = [waiting for waiting in self._started if waiting.batch is not batch]
