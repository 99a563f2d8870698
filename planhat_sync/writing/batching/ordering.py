"""Which payloads must not overtake which, among those that have not been sent.

Pure: owns, for each identity, the position of the latest payload that has it, and for each set of
keyables, how far the payloads with it have come. `batcher` asks it which batches a payload may go
into.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

import msgspec

from planhat_sync.writing.batching.identity import identities, scoped_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planhat_sync.writing.batching.batch import Part
    from planhat_sync.writing.batching.identity import Identity, ScopeKind
    from planhat_sync.writing.records.block import Block
    from planhat_sync.writing.records.payload import Payload

BatchPosition = tuple[int, int]
"""Number of the batch that a payload went into, and its sequence number in the stream."""


class Bounds(msgspec.Struct):
    """Where one payload may go.

    Attributes:
        profile: The keyables that it carries, a bit for each.
        floor: Number of the first batch that it may go into.
        after: Sequence number of the last payload that may refer to the same record without sharing
            an identity with it: their order must be kept.
        met: Positions of the latest payloads with its identities.
    """

    profile: int
    floor: int
    after: int
    met: Sequence[BatchPosition]


class _Latest(msgspec.Struct):
    """How far some payloads have come.

    Attributes:
        number: Greatest number of a batch that one of them went into.
        sequence: Sequence number of the latest of them.
    """

    number: int = 0
    sequence: int = 0

    def advance(self, number: int, sequence: int) -> None:
        """Add one more payload."""
        self.number = max(self.number, number)
        self.sequence = sequence


class Order:
    """The order that payloads of one stream have to keep.

    A *profile* is the set of keyables that a payload carries. Payloads that carry only one keyable,
    the same one with different values, refer to different records whatever Planhat holds, so one
    may overtake the other. Any other two payloads may refer to the same record: they keep their
    order.
    """

    def __init__(self) -> None:
        self._positions: dict[Identity, BatchPosition] = {}
        self._profiles: dict[int, _Latest] = {}
        self._scoped_keys: dict[Identity, dict[ScopeKind, _Latest]] = {}

    def bounds(self, payload: Payload, names: Sequence[Identity]) -> Bounds:
        """Return where a payload may go.

        Args:
            payload: A payload that carries at least one keyable.
            names: Its identities.
        """
        profile = floor = after = 0
        met: list[BatchPosition] = []
        for name in names:
            profile |= 1 << name[0]
            position = self._positions.get(name)
            if position is not None:
                met.append(position)
                floor = max(floor, position[0] + 1)
        has_one_keyable = not profile & (profile - 1)
        for other, latest in self._profiles.items():
            if not has_one_keyable or other != profile:
                floor = max(floor, latest.number)
                after = max(after, latest.sequence)
        for key, kind in scoped_keys(payload) if payload.scopes else ():
            for other_kind, latest in self._scoped_keys.get(key, {}).items():
                if other_kind != kind:
                    floor = max(floor, latest.number + 1)
                    after = max(after, latest.sequence)
        return Bounds(profile, floor, after, met)

    def put(
        self, payload: Payload, names: Sequence[Identity], profile: int, position: BatchPosition
    ) -> None:
        """Record where a payload went."""
        number, sequence = position
        for name in names:
            self._positions[name] = position
        latest = self._profiles.get(profile)
        if latest is None:
            latest = self._profiles[profile] = _Latest()
        # A payload that was superseded is sent after all if the one that superseded it is rejected.
        # Whatever has to keep its order with it waits for the next batch.
        latest.advance(number if payload.earlier is None else number + 1, sequence)
        for key, kind in scoped_keys(payload) if payload.scopes else ():
            kinds = self._scoped_keys.setdefault(key, {})
            kinds.setdefault(kind, _Latest()).advance(number, sequence)

    def put_unrelated(self, payload: Payload, position: BatchPosition) -> bool:
        """Record where a payload went, if no other payload restricts where it may go.

        Args:
            payload: A payload that carries at least one keyable, and superseded none.
            position: Where it may go.

        Returns:
            Whether no other payload does; if one does, nothing is recorded.
        """
        if payload.scopes or len(self._profiles) != 1:
            return False
        names = identities(payload)
        profile = 0
        for name in names:
            if name in self._positions:
                return False
            profile |= 1 << name[0]
        latest = self._profiles.get(profile)
        # Payloads with several keyables keep their order, also behind a superseded payload that may
        # still be sent.
        if latest is None or (len(names) > 1 and latest.number > position[0]):
            return False
        for name in names:
            self._positions[name] = position
        latest.advance(*position)
        return True

    def put_unrelated_block(self, block: Block, number: int, sequence: int) -> bool:
        """Record where a block went, if no payload restricts where any other of them may go.

        None of them shares an identity with another, or with what waits, so none supersedes another
        or has to wait for the next batch. They carry the keyables of everything that waits, and
        follow it in the batch. None of their keyables has a scope.

        Args:
            block: The block.
            number: Number of the batch that it may go into.
            sequence: Sequence number of its first payload; those of the others follow it.

        Returns:
            Whether none does; if one does, nothing is recorded.
        """
        if len(self._profiles) != 1:
            return False
        sent = [(at, values) for at, values in enumerate(block.keys) if values is not None]
        latest = self._profiles.get(sum(1 << at for at, _ in sent))
        if latest is None or (len(sent) > 1 and latest.number > number):
            return False
        last = sequence + len(block) - 1
        positions: dict[Identity, BatchPosition] = {}
        for at, values in sent:
            places = zip(repeat(number), range(sequence, last + 1), strict=False)
            positions.update(zip(zip(repeat(at), values, strict=False), places, strict=False))
        is_unrelated = len(positions) == len(sent) * len(block)
        if not is_unrelated or not self._positions.keys().isdisjoint(positions):
            return False
        self._positions.update(positions)
        latest.advance(number, last)
        return True

    def holds(self, names: Iterable[Identity]) -> bool:
        """Return whether a payload with one of some identities is here.

        Args:
            names: The identities.
        """
        return any(name in self._positions for name in names)

    def forget(self, part: Part, number: int) -> None:
        """Forget payloads whose batch is sent before all others that are still here.

        Args:
            part: A payload, or a block.
            number: Number of its batch.
        """
        for name in identities(part):
            if self._positions.get(name, (None,))[0] == number:
                del self._positions[name]
        for key, kind in scoped_keys(part):
            kinds = self._scoped_keys.get(key, {})
            if kind in kinds and kinds[kind].number <= number:
                del kinds[kind]
                if not kinds:
                    del self._scoped_keys[key]

    def forget_all(self) -> None:
        """Forget every payload, because all have been sent."""
        self._positions.clear()
        self._profiles.clear()
        self._scoped_keys.clear()

    def __len__(self) -> int:
        """Return how many keyables are remembered: none once every batch has been sent."""
        return len(self._positions) + len(self._scoped_keys)
