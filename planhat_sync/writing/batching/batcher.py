"""Which payloads are sent together, so that the result is as if each had been sent alone, in turn.

Pure: owns payloads until they are sent in a batch. Several batches fill up at the same time: a
payload that must not share a batch with an earlier one goes into the next batch, while the batch of
the earlier one still fills up. docs/adr/0042-batches-equal-one-by-one.md has the reasoning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.writing.batching.batch import Batch
from planhat_sync.writing.batching.forming import Forming
from planhat_sync.writing.batching.identity import covers, identities
from planhat_sync.writing.batching.ordering import Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from planhat_sync.model import Model
    from planhat_sync.writing.batching.batch import Kind, Part
    from planhat_sync.writing.batching.identity import Identity
    from planhat_sync.writing.batching.ordering import Bounds
    from planhat_sync.writing.records.block import Block
    from planhat_sync.writing.records.payload import Payload
    from planhat_sync.writing.settings import WriteSettings

MAX_SUPERSEDED: Final = 5_000
"""Payloads that may be superseded in one batch: they stay in memory until the batch has its
answer."""


class Batcher:
    """Forms batches from the payloads of one stream.

    Args:
        model: The model of the stream.
        settings: The limits of a batch, and the write mode: if records may only be created, the
            first record of an identity counts, so no payload supersedes another.
    """

    def __init__(self, model: Model, settings: WriteSettings) -> None:
        self._max_rows = model.bulk_rows(settings.batch_size_rows)
        self._max_bytes = settings.batch_size_bytes
        self._may_supersede = settings.write_mode != "create"
        self._order = Order()
        self._forming: list[Forming] = []
        self._creates = Forming(0, "create")
        self._next_number = self._sequence = self._rows = self._bytes = 0

    def __len__(self) -> int:
        """Return how many payloads wait to be sent, without those that were superseded."""
        return self._rows + self._creates.rows

    @property
    def parts(self) -> Iterator[Part]:
        """What waits to be sent, in any order; payloads hold those that they superseded."""
        for forming in (*self._forming, self._creates):
            yield from forming.parts

    def add_block(self, block: Block) -> Sequence[Batch]:
        """Add a block, as one piece if nothing in it meets anything that waits.

        Args:
            block: The next payloads of the stream.

        Returns:
            As `add`.
        """
        if len(self._forming) == 1 and self._add_unrelated_block(block, self._forming[0]):
            return ()
        return [batch for payload in block.payloads for batch in self.add(payload)]

    def add(self, payload: Payload) -> Sequence[Batch]:
        """Add a payload.

        Args:
            payload: The next one of the stream.

        Returns:
            The batches that are full now, to be sent in this order; usually none.
        """
        self._sequence += 1
        if payload.operation == "create":
            return self._add_create(payload)
        if len(self._forming) == 1 and self._add_unrelated(payload, self._forming[0]):
            return ()
        names = identities(payload)
        bounds = self._order.bounds(payload, names)
        forming = self._supersede(payload, bounds) if bounds.met else None
        if forming is None:
            forming = self._batch_for(payload, bounds.floor)
        self._put(payload, forming)
        self._order.put(payload, names, bounds.profile, (forming.number, self._sequence))
        return self._release_full()

    def holds(self, names: Iterable[Identity]) -> bool:
        """Return whether a payload with one of some identities waits to be sent.

        Args:
            names: The identities.
        """
        return self._order.holds(names)

    def drain(self) -> list[Batch]:
        """Return every batch, full or not, to be sent in this order."""
        batches = [self._release() for _ in range(len(self._forming))]
        if self._creates.rows:
            batches.append(self._release_creates())
        return batches

    def _add_unrelated(self, payload: Payload, forming: Forming) -> bool:
        """Add a payload in the common case, three times as fast; return whether it was added.

        The common case: only one batch is being formed, it does not become full, and no payload in
        it could refer to the same record.
        """
        size = len(payload.item) + 1
        if (
            payload.operation != "upsert"
            or forming.kind != "upsert"
            or forming.closed
            or forming.rows >= self._max_rows - 1
            or forming.size + size > self._max_bytes
            or not self._order.put_unrelated(payload, (forming.number, self._sequence))
        ):
            return False
        self._put(payload, forming)
        return True

    def _add_unrelated_block(self, block: Block, forming: Forming) -> bool:
        """Add a block in the common case; return whether it was added."""
        size, sequence = len(block.text) + 1, self._sequence + 1
        if (
            forming.kind != "upsert"
            or forming.closed
            or forming.rows + len(block) >= self._max_rows
            or forming.size + size > self._max_bytes
            or not self._order.put_unrelated_block(block, forming.number, sequence)
        ):
            return False
        forming.add_block(block, sequence)
        self._sequence += len(block)
        self._bytes += size
        self._rows += len(block)
        return True

    def _put(self, payload: Payload, forming: Forming) -> None:
        forming.add(payload, self._sequence)
        self._bytes += len(payload.item) + 1
        self._rows += 1

    def _supersede(self, payload: Payload, bounds: Bounds) -> Forming | None:
        """Remove the payload that a new one supersedes; return its batch, None if there is none."""
        number, sequence = bounds.met[0]
        if not self._may_supersede or bounds.after > sequence:
            return None
        forming = self._forming[number - self._forming[0].number]
        earlier = forming.find(sequence)
        size = len(earlier.item) + 1
        if forming.size - size + len(payload.item) + 1 > self._max_bytes:
            return None
        if not covers(payload, earlier):
            return None
        if forming.superseded >= MAX_SUPERSEDED:
            forming.closed = True
            return None
        forming.remove(sequence)
        forming.superseded += 1
        self._bytes -= size
        self._rows -= 1
        payload.earlier = earlier
        return forming

    def _batch_for(self, payload: Payload, floor: int) -> Forming:
        """Return the first batch from `floor` on that the payload fits into, or a new one."""
        kind: Kind = "delete" if payload.operation == "delete" else "upsert"
        first = self._forming[0].number if self._forming else self._next_number
        for at in range(max(floor - first, 0), len(self._forming)):
            forming = self._forming[at]
            if forming.kind == kind and not forming.closed:
                if self._fits(payload, forming):
                    return forming
                forming.closed = True
        forming = Forming(self._next_number, kind)
        self._next_number += 1
        self._forming.append(forming)
        return forming

    def _fits(self, payload: Payload, forming: Forming) -> bool:
        return not forming.rows or (
            forming.rows < self._max_rows
            and forming.size + len(payload.item) + 1 <= self._max_bytes
        )

    def _release_full(self) -> Sequence[Batch]:
        """Release full batches, and then the oldest while the rest would fill two or more."""
        batches: list[Batch] = []
        while self._forming and (
            self._forming[0].closed
            or self._forming[0].rows >= self._max_rows
            or self._rows >= 2 * self._max_rows
            or self._bytes >= 2 * self._max_bytes
        ):
            batches.append(self._release())
        return batches

    def _release(self) -> Batch:
        forming = self._forming.pop(0)
        self._rows -= forming.rows
        self._bytes -= forming.size - 2
        batch = Batch(forming.kind, forming.parts)
        if self._forming:
            for part in batch.parts:
                self._order.forget(part, forming.number)
        else:
            self._order.forget_all()
        return batch

    def _add_create(self, payload: Payload) -> Sequence[Batch]:
        """Add a payload without keyables: it has no order with others, and is sent only once."""
        batches = [] if self._fits(payload, self._creates) else [self._release_creates()]
        self._creates.add(payload, self._sequence)
        if self._creates.rows >= self._max_rows:
            batches.append(self._release_creates())
        return batches

    def _release_creates(self) -> Batch:
        batch, self._creates = Batch("create", self._creates.parts), Forming(0, "create")
        return batch
