"""What must not overtake what, among the payloads that have not left.

Pure: owns, for each identity, the latest payload that names it, and for each way of naming a
record, where the latest payload went. `batches` asks it where a payload may go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from planhat_sync.writing.batching.identity import identities, scoped_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planhat_sync.writing.batching.identity import Identity
    from planhat_sync.writing.records.payload import Payload

Place = tuple[int, int]
"""Number of a batch, and coming of a payload in it: the how many-eth of the stream it is."""


class Bounds(msgspec.Struct):
    """What binds one payload's place.

    Attributes:
        profile: The keyables that it carries, a bit for each.
        floor: Number of the first batch that it may travel in.
        after: Coming of the last payload whose order with it must be kept, for all we know.
        met: Places of the latest payloads of the identities that it names.
    """

    profile: int
    floor: int
    after: int
    met: Sequence[Place]


class _Latest(msgspec.Struct):
    """How far payloads of one kind have come.

    Attributes:
        number: Greatest number of a batch that one of them went to.
        coming: Coming of the latest.
    """

    number: int = 0
    coming: int = 0

    def reach(self, number: int, coming: int) -> None:
        """Take note of one more of them."""
        self.number = max(self.number, number)
        self.coming = coming


class Order:
    """The order that payloads of one stream have to keep.

    A *profile* is the set of keyables that a payload carries. Payloads that carry one and the
    same single keyable, and differ in it, mean different records whatever the destination holds,
    so one may overtake the other. Of all others that cannot be known: they keep their order.
    """

    def __init__(self) -> None:
        self._places: dict[Identity, Place] = {}
        self._profiles: dict[int, _Latest] = {}
        self._doubts: dict[Identity, dict[str, _Latest]] = {}

    def bounds(self, payload: Payload, names: Sequence[Identity]) -> Bounds:
        """Find out where a payload may go.

        Args:
            payload: A payload that carries at least one keyable.
            names: Its tokens.
        """
        profile = floor = after = 0
        met: list[Place] = []
        for name in names:
            profile |= 1 << name[0]
            place = self._places.get(name)
            if place is not None:
                met.append(place)
                floor = max(floor, place[0] + 1)
        single = not profile & (profile - 1)
        for other, latest in self._profiles.items():
            if not single or other != profile:
                floor = max(floor, latest.number)
                after = max(after, latest.coming)
        bounds = Bounds(profile, floor, after, met)
        if payload.scopes:
            self._bind_by_doubts(payload, bounds)
        return bounds

    def _bind_by_doubts(self, payload: Payload, bounds: Bounds) -> None:
        for name, kind in scoped_keys(payload):
            for other, latest in self._doubts.get(name, {}).items():
                if other != kind:
                    bounds.floor = max(bounds.floor, latest.number + 1)
                    bounds.after = max(bounds.after, latest.coming)

    def put(self, payload: Payload, names: Sequence[Identity], profile: int, place: Place) -> None:
        """Take note of where a payload went."""
        number, coming = place
        for name in names:
            self._places[name] = place
        latest = self._profiles.get(profile)
        if latest is None:
            latest = self._profiles[profile] = _Latest()
        # What was superseded may come back once its batch is answered: whatever must keep its
        # order with it has to wait until then.
        latest.reach(number if payload.earlier is None else number + 1, coming)
        if payload.scopes:
            for name, kind in scoped_keys(payload):
                self._doubts.setdefault(name, {}).setdefault(kind, _Latest()).reach(number, coming)

    def put_apart(self, payload: Payload, place: Place) -> bool:
        """Take note of where a payload went, if nothing that is known binds it.

        Args:
            payload: A payload that carries at least one keyable, and has superseded none.
            place: Where it may go.

        Returns:
            Whether nothing did; if not, nothing has happened.
        """
        if payload.scopes or len(self._profiles) != 1:
            return False
        names = identities(payload)
        profile = 0
        for name in names:
            if name in self._places:
                return False
            profile |= 1 << name[0]
        latest = self._profiles.get(profile)
        # Under several keyables payloads keep their order, also behind what may come back.
        if latest is None or (len(names) > 1 and latest.number > place[0]):
            return False
        for name in names:
            self._places[name] = place
        latest.reach(*place)
        return True

    def forget(self, payload: Payload, number: int) -> None:
        """Drop what is known of a payload, since its batch leaves before all that are here."""
        for name in identities(payload):
            if self._places.get(name, (None,))[0] == number:
                del self._places[name]
        if payload.scopes:
            for name, kind in scoped_keys(payload):
                kinds = self._doubts.get(name, {})
                if kind in kinds and kinds[kind].number <= number:
                    del kinds[kind]
                if name in self._doubts and not kinds:
                    del self._doubts[name]

    def forget_all(self) -> None:
        """Drop what is known of every payload, since all have left."""
        self._places.clear()
        self._profiles.clear()
        self._doubts.clear()

    def __len__(self) -> int:
        """Count the names that are remembered; none when every batch has left."""
        return len(self._places) + len(self._doubts)
