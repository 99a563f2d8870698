"""A batch: payloads that leave together, in an order that is safe, and what comes back of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planhat_sync.writing.records.payload import Payload

Kind = Literal["upsert", "create", "delete"]
"""What a batch asks for: `upsert` and `create` are one bulk PUT (of keyed items, of unkeyed ones),
`delete` is one request for each payload."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Payloads that may be sent together, in this order.

    Attributes:
        kind: What is asked of Planhat; `archive` payloads are in `upsert` batches.
        payloads: At least one.
    """

    kind: Kind
    payloads: Sequence[Payload]

    @property
    def body(self) -> bytes:
        """The JSON array of all items."""
        items = [payload.item for payload in self.payloads]
        # Megabytes, so the brackets are put where they cost no copy of all of it.
        items[0] = b"[" + items[0]
        items[-1] += b"]"
        return b",".join(items)

    def superseded_by(self, rejected: Iterable[Payload]) -> Batch | None:
        """Make the batch of payloads that come back, because what superseded them was rejected.

        Args:
            rejected: Payloads of this batch that Planhat does not take.

        Returns:
            A batch to send before anything else of these identities; None if there is none.
        """
        earlier = [payload.earlier for payload in rejected if payload.earlier is not None]
        return Batch(self.kind, earlier) if earlier else None
