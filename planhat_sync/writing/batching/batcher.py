"""Which payloads are sent together, so that the result is as if each had been sent alone, in turn.

Pure: owns payloads until they are sent in a batch. Several batches fill up at the same time: a
payload that must not share a batch with an earlier one goes into the next batch, while the batch of
the earlier one still fills up. docs/adr/0042-batches-equal-one-by-one.md has the reasoning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from planhat_sync.writing.batching.batch import Batch
from planhat_sync.writing.batching.identity import covers, identities
from planhat_sync.writing.batching.ordering import Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from planhat_sync.model import Model
    from planhat_sync.writing.batching.batch import Kind
    from planhat_sync.writing.batching.identity import Identity
    from planhat_sync.writing.batching.ordering import Bounds
    from planhat_sync.writing.records.payload import Payload
    from planhat_sync.writing.settings import WriteSettings

MAX_SUPERSEDED: Final = 5_000
"""Payloads that may be superseded in one batch: they stay in memory until the batch has its
answer."""


class _Forming(msgspec.Struct, eq=False):
    """A batch that still fills up.

    Attributes:
        number: Its position in the order of batches.
        kind: What Planhat is asked to do.
        rows: Payloads by their sequence numbers.
        size: Bytes of the body so far, with its brackets.
        superseded: How many payloads were superseded in it.
        closed: Whether it takes no more payloads, because one did not fit.
    """

    number: int
    kind: Kind
    rows: dict[int, Payload] = {}
    size: int = 2
    superseded: int = 0
    closed: bool = False


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
        self._forming: list[_Forming] = []
        self._creates = _Forming(0, "create")
        self._next_number = self._sequence = self._rows = self._bytes = 0

    def __len__(self) -> int:
        """Return how many payloads wait to be sent, without those that were superseded."""
        return self._rows + len(self._creates.rows)

    @property
    def payloads(self) -> Iterator[Payload]:
        """The payloads that wait to be sent, in any order; they hold those that they superseded."""
        for forming in (*self._forming, self._creates):
            yield from forming.rows.values()

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
        size = len(payload.item) + 1
        forming.rows[self._sequence] = payload
        forming.size += size
        self._bytes += size
        self._rows += 1
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

    def _add_unrelated(self, payload: Payload, forming: _Forming) -> bool:
        """Add a payload in the common case, three times as fast; return whether it was added.

        The common case: only one batch is being formed, it does not become full, and no payload in
        it could refer to the same record.
        """
        size = len(payload.item) + 1
        if (
            payload.operation != "upsert"
            or forming.kind != "upsert"
            or forming.closed
            or len(forming.rows) >= self._max_rows - 1
            or forming.size + size > self._max_bytes
            or not self._order.put_unrelated(payload, (forming.number, self._sequence))
        ):
            return False
        forming.rows[self._sequence] = payload
        forming.size += size
        self._bytes += size
        self._rows += 1
        return True

    def _supersede(self, payload: Payload, bounds: Bounds) -> _Forming | None:
        """Remove the payload that a new one supersedes; return its batch, None if there is none."""
        number, sequence = bounds.met[0]
        if not self._may_supersede or bounds.after > sequence:
            return None
        forming = self._forming[number - self._forming[0].number]
        earlier = forming.rows[sequence]
        size = len(earlier.item) + 1
        if forming.size - size + len(payload.item) + 1 > self._max_bytes:
            return None
        if not covers(payload, earlier):
            return None
        if forming.superseded >= MAX_SUPERSEDED:
            forming.closed = True
            return None
        del forming.rows[sequence]
        forming.superseded += 1
        forming.size -= size
        self._bytes -= size
        self._rows -= 1
        payload.earlier = earlier
        return forming

    def _batch_for(self, payload: Payload, floor: int) -> _Forming:
        """Return the first batch from `floor` on that the payload fits into, or a new one."""
        kind: Kind = "delete" if payload.operation == "delete" else "upsert"
        first = self._forming[0].number if self._forming else self._next_number
        for at in range(max(floor - first, 0), len(self._forming)):
            forming = self._forming[at]
            if forming.kind == kind and not forming.closed:
                if self._fits(payload, forming):
                    return forming
                forming.closed = True
        forming = _Forming(self._next_number, kind)
        self._next_number += 1
        self._forming.append(forming)
        return forming

    def _fits(self, payload: Payload, forming: _Forming) -> bool:
        return not forming.rows or (
            len(forming.rows) < self._max_rows
            and forming.size + len(payload.item) + 1 <= self._max_bytes
        )

    def _release_full(self) -> Sequence[Batch]:
        """Release full batches, and then the oldest while the rest would fill two or more."""
        batches: list[Batch] = []
        while self._forming and (
            self._forming[0].closed
            or len(self._forming[0].rows) >= self._max_rows
            or self._rows >= 2 * self._max_rows
            or self._bytes >= 2 * self._max_bytes
        ):
            batches.append(self._release())
        return batches

    def _release(self) -> Batch:
        forming = self._forming.pop(0)
        self._rows -= len(forming.rows)
        self._bytes -= forming.size - 2
        if self._forming:
            for payload in forming.rows.values():
                self._order.forget(payload, forming.number)
        else:
            self._order.forget_all()
        return Batch(forming.kind, list(forming.rows.values()))

    def _add_create(self, payload: Payload) -> Sequence[Batch]:
        """Add a payload without keyables: it has no order with others, and is sent only once."""
        batches = [] if self._fits(payload, self._creates) else [self._release_creates()]
        self._creates.rows[self._sequence] = payload
        self._creates.size += len(payload.item) + 1
        if len(self._creates.rows) >= self._max_rows:
            batches.append(self._release_creates())
        return batches

    def _release_creates(self) -> Batch:
        rows, self._creates = self._creates.rows, _Forming(0, "create")
        return Batch("create", list(rows.values()))
