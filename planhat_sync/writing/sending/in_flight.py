"""Which batches may be on their way at the same time.

Pure: owns the order in which batches of one stream start, when more than one may be sent at
once. It starts none itself.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from planhat_sync.writing.batching.identity import identities, scoped_keys

if TYPE_CHECKING:
    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.batching.identity import Identity


class _Waiting:
    """A batch and what it says of the records it is about."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.identities: set[Identity] = set()
        self.names: set[Identity] = set()
        self.kinds: set[str] = set()
        self.profiles: set[tuple[bool, ...]] = set()
        for payload in batch.payloads:
            self.identities.update(identities(payload))
            self.profiles.add(tuple(key is not None for key in payload.keys))
            for name, kind in scoped_keys(payload):
                self.names.add(name)
                self.kinds.add(kind)

    def may_pass(self, earlier: _Waiting) -> bool:
        """Tell whether this batch may be sent although an earlier one has no answer yet."""
        if "create" in (self.batch.kind, earlier.batch.kind):
            return True  # an unkeyed item is like no other record
        if self.profiles != earlier.profiles or any(sum(keyed) > 1 for keyed in self.profiles):
            return False  # named by different keyables, they may be the same records
        if len(self.profiles) > 1:
            return False
        if not self.identities.isdisjoint(earlier.identities):
            return False
        return len(self.kinds | earlier.kinds) <= 1 or self.names.isdisjoint(earlier.names)


class InFlight:
    """The batches of one stream from their forming to their answer.

    Order is kept per identity: a batch waits for every earlier one that names a record which
    this one names too, or names records by other keyables or by several.
    """

    def __init__(self) -> None:
        self._queued: deque[_Waiting] = deque()
        self._flying: list[_Waiting] = []

    def __len__(self) -> int:
        """Count the batches that have no answer yet."""
        return len(self._queued) + len(self._flying)

    def queue(self, batch: Batch) -> None:
        """Take in a batch, after all those queued before it."""
        self._queued.append(_Waiting(batch))

    def start(self) -> Batch | None:
        """Give the next batch that may be sent now, None if each has to wait or there is none."""
        for at, waiting in enumerate(self._queued):
            before = [*self._flying, *list(self._queued)[:at]]
            if all(waiting.may_pass(earlier) for earlier in before):
                del self._queued[at]
                self._flying.append(waiting)
                return waiting.batch
        return None

    def land(self, batch: Batch) -> None:
        """Take note that every payload of a batch has its outcome."""
        self._flying = [waiting for waiting in self._flying if waiting.batch is not batch]
