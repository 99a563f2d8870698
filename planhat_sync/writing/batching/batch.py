"""A batch: payloads that are sent together, in an order that is safe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, overload

from planhat_sync.writing.records.block import Block
from planhat_sync.writing.records.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Literal["upsert", "create", "delete"]
"""What a batch asks for: `upsert` is one bulk PUT of items with keyables, `create` is one bulk PUT
for each item without, `delete` is one request for each payload. Without a bulk upsert, `upsert` is
a PUT and `create` a POST for each payload."""

Part = Payload | Block
"""A payload, or several that came together and are sent together."""


class Payloads(Sequence[Payload]):
    """The payloads of parts, in order; those of blocks are made when one is first asked for.

    Args:
        parts: The parts.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        """Count the payloads."""
        return size_of(self._parts)

    @overload
    def __getitem__(self, at: int) -> Payload: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Payload]: ...
    def __getitem__(self, at: int | slice) -> Payload | Sequence[Payload]:
        """Return a payload, or some of them."""
        return self._made[at]

    def __iter__(self) -> Iterator[Payload]:
        """Iterate over the payloads."""
        return iter(self._made)

    @cached_property
    def _made(self) -> Sequence[Payload]:
        return [payload for part in self._parts for payload in payloads_of(part)]


@dataclass(frozen=True)
class Batch:
    """Payloads that can be sent together, in this order.

    The payloads of blocks are made when they are first asked for, once, since they are compared by
    identity. Only the thread that writes a batch asks; the thread that formed it goes on with the
    batch once it has its result.

    Attributes:
        kind: What Planhat is asked to do; `archive` payloads are in `upsert` batches.
        parts: At least one; blocks only in `upsert` batches.
    """

    kind: Kind
    parts: Sequence[Part]

    def __len__(self) -> int:
        """Count the payloads, without those that were superseded."""
        return size_of(self.parts)

    @cached_property
    def payloads(self) -> Payloads:
        """The payloads; those of blocks are made when one is first asked for."""
        return Payloads(self.parts)

    @property
    def singles(self) -> Sequence[Payload]:
        """The payloads that are in no block: only these supersede others, or are not upserts."""
        return [part for part in self.parts if isinstance(part, Payload)]

    @property
    def examples(self) -> Sequence[Payload]:
        """One payload for each part, for what is the same for all payloads of a block."""
        return [part if isinstance(part, Payload) else part.example for part in self.parts]

    @property
    def body(self) -> bytes:
        """The JSON array of all items."""
        items = [part.item if isinstance(part, Payload) else part.text for part in self.parts]
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


def payloads_of(part: Part) -> Sequence[Payload]:
    """Return the payloads of a part.

    Args:
        part: The part.
    """
    return (part,) if isinstance(part, Payload) else part.payloads


def size_of(parts: Iterable[Part]) -> int:
    """Count the payloads of parts, without those that were superseded.

    Args:
        parts: The parts.
    """
    return sum(1 if isinstance(part, Payload) else len(part) for part in parts)


def first_line(parts: Iterable[Part]) -> int | None:
    """Find the oldest record in parts, those that were superseded included.

    Args:
        parts: In any order.

    Returns:
        Number of its line, None if there are no parts.
    """
    return min([part.first_line for part in parts], default=None)
