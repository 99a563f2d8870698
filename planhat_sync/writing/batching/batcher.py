"""Which payloads travel together, so that the end is as if each had been written alone, in turn.

Pure: owns the order of payloads until they leave in a batch. Batches are formed side by side:
a payload that must not travel with an earlier one goes into the next batch, while the earlier
one's still fills up. docs/adr/0042-batches-equal-one-by-one.md has the reasoning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from planhat_sync.writing.batching.batch import Batch
from planhat_sync.writing.batching.identity import covers, identities
from planhat_sync.writing.batching.ordering import Order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planhat_sync.models import Model
    from planhat_sync.writing.batching.batch import Kind
    from planhat_sync.writing.batching.ordering import Bounds
    from planhat_sync.writing.records.payload import Payload
    from planhat_sync.writing.settings import WriteSettings

MOST_MERGED: Final = 5_000
"""Most payloads that are superseded in one batch: they stay in memory until it has its answer."""


class _Forming(msgspec.Struct, eq=False):
    """A batch that still fills up.

    Attributes:
        number: Its place in the order of batches.
        kind: What it asks for.
        rows: Payloads by the number of their coming.
        size: Bytes of the body so far, its brackets included.
        merged: How many payloads were superseded here.
        closed: Whether a payload did not fit any more.
    """

    number: int
    kind: Kind
    rows: dict[int, Payload] = {}
    size: int = 2
    merged: int = 0
    closed: bool = False


class Batcher:
    """Payloads of one stream, between their coming and their leaving.

    Args:
        model: The model of the stream.
        settings: The limits of a batch, and the mode: where only creates are allowed the first
            record of an identity counts, so none supersedes another.
    """

    def __init__(self, model: Model, settings: WriteSettings) -> None:
        self._most_rows = min(settings.batch_size_rows, model.bulk_limit)
        self._most_bytes = settings.batch_size_bytes
        self._superseding = settings.write_mode != "create"
        self._order = Order()
        self._forming: list[_Forming] = []
        self._creates = _Forming(0, "create")
        self._next_number = self._coming = self._rows = self._bytes = 0

    def __len__(self) -> int:
        """Count the payloads that are here; those that were superseded are not."""
        return self._rows + len(self._creates.rows)

    @property
    def payloads(self) -> Iterator[Payload]:
        """The payloads that are here, in no certain order; superseded ones hang on `earlier`."""
        for forming in (*self._forming, self._creates):
            yield from forming.rows.values()

    def add(self, payload: Payload) -> Sequence[Batch]:
        """Take in a payload.

        Args:
            payload: The next one of the stream.

        Returns:
            The batches that are full now, to be sent in this order; mostly none.
        """
        self._coming += 1
        if payload.operation == "create":
            return self._add_create(payload)
        if len(self._forming) == 1 and self._add_apart(payload, self._forming[0]):
            return ()
        names = identities(payload)
        bounds = self._order.bounds(payload, names)
        forming = self._superseded_by(payload, bounds) if bounds.met else None
        if forming is None:
            forming = self._room_for(payload, bounds.floor)
        size = len(payload.item) + 1
        forming.rows[self._coming] = payload
        forming.size += size
        self._bytes += size
        self._rows += 1
        self._order.put(payload, names, bounds.profile, (forming.number, self._coming))
        return self._full()

    def _add_apart(self, payload: Payload, forming: _Forming) -> bool:
        """Take in a payload in the plain case, in a third of the time.

        The plain case: one batch is being formed, it stays short of full, and nothing that is
        here could mean the same record.
        """
        size = len(payload.item) + 1
        if (
            payload.operation != "upsert"
            or forming.kind != "upsert"
            or forming.closed
            or len(forming.rows) >= self._most_rows - 1
            or forming.size + size > self._most_bytes
            or not self._order.put_apart(payload, (forming.number, self._coming))
        ):
            return False
        forming.rows[self._coming] = payload
        forming.size += size
        self._bytes += size
        self._rows += 1
        return True

    def drain(self) -> list[Batch]:
        """Give up every batch, full or not, to be sent in this order."""
        batches = [self._release() for _ in range(len(self._forming))]
        if self._creates.rows:
            batches.append(self._release_creates())
        return batches

    def _superseded_by(self, payload: Payload, bounds: Bounds) -> _Forming | None:
        """Take out the payload that the new one says everything of, and give its batch."""
        number, coming = bounds.met[0]
        if not self._superseding or bounds.after > coming:
            return None
        forming = self._forming[number - self._forming[0].number]
        earlier = forming.rows[coming]
        size = len(earlier.item) + 1
        if forming.size - size + len(payload.item) + 1 > self._most_bytes:
            return None
        if not covers(payload, earlier):
            return None
        if forming.merged >= MOST_MERGED:
            forming.closed = True
            return None
        del forming.rows[coming]
        forming.merged += 1
        forming.size -= size
        self._bytes -= size
        self._rows -= 1
        payload.earlier = earlier
        return forming

    def _room_for(self, payload: Payload, floor: int) -> _Forming:
        """Find the first batch that is late enough and has room, or begin one."""
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
            len(forming.rows) < self._most_rows
            and forming.size + len(payload.item) + 1 <= self._most_bytes
        )

    def _full(self) -> Sequence[Batch]:
        """Release what is full, and what has waited until twice a batch is here."""
        batches: list[Batch] = []
        while self._forming and (
            self._forming[0].closed
            or len(self._forming[0].rows) >= self._most_rows
            or self._rows >= 2 * self._most_rows
            or self._bytes >= 2 * self._most_bytes
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
        """Collect unkeyed items apart: they are like no other record, and never sent again."""
        batches = [] if self._fits(payload, self._creates) else [self._release_creates()]
        self._creates.rows[self._coming] = payload
        self._creates.size += len(payload.item) + 1
        if len(self._creates.rows) >= self._most_rows:
            batches.append(self._release_creates())
        return batches

    def _release_creates(self) -> Batch:
        rows, self._creates = self._creates.rows, _Forming(0, "create")
        return Batch("create", list(rows.values()))
