"""A batch: payloads that are sent together, in an order that is safe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planhat_sync.writing.records.payload import Payload

Kind = Literal["upsert", "create", "delete"]
"""What a batch asks for: `upsert` is one bulk PUT of items with keyables, `create` is one bulk PUT
for each item without, `delete` is one request for each payload. Without a bulk upsert, `upsert` is
a PUT and `create` a POST for each payload."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Payloads that can be sent together, in this order.

    Attributes:
        kind: What Planhat is asked to do; `archive` payloads are in `upsert` batches.
        payloads: At least one.
    """

    kind: Kind
    payloads: Sequence[Payload]

    @property
    def body(self) -> bytes:
        """The JSON array of all items."""
        items = [payload.item for payload in self.payloads]
        # The body has megabytes: with the brackets put here, it is copied only once.
        items[0] = b"[" + items[0]
        items[-1] += b"]"
        return b",".join(items)

    def superseded_by(self, rejected: Iterable[Payload]) -> Batch | None:
        """Return the batch of the payloads that rejected payloads superseded.

        Args:
            rejected: Payloads of this batch that Planhat refused.

        Returns:
            A batch to send before anything else of these identities; None if there is none.
        """
        earlier = [payload.earlier for payload in rejected if payload.earlier is not None]
        return Batch(self.kind, earlier) if earlier else None
