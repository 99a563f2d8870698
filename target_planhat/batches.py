"""Which payloads travel together, so that the end is as if each had been written alone, in turn.

Pure: owns the order of payloads until they leave in a batch. Batches are formed side by side:
a payload that must not travel with an earlier one goes into the next batch, while the earlier
one's still fills up. docs/adr/0042-batches-equal-one-by-one.md has the reasoning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from target_planhat.identity import covers, doubtful, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planhat_api.model import Model
    from target_planhat.identity import Token
    from target_planhat.payload import Payload, Settings

Kind = Literal["upsert", "create", "delete"]
"""What a batch asks for: `upsert` and `create` are one bulk PUT (of keyed items, of unkeyed ones),
`delete` is one request for each payload."""


EMPTY: Final = len(b"[]")


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
        return b"[" + b",".join([payload.item for payload in self.payloads]) + b"]"

    def without(self, rejected: Iterable[Payload]) -> Batch | None:
        """Make the batch of payloads that come back, because what superseded them was rejected.

        Args:
            rejected: Payloads of this batch that Planhat does not take.

        Returns:
            A batch to send before anything else of these identities; None if there is none.
        """
        earlier = [payload.earlier for payload in rejected if payload.earlier is not None]
        return Batch(self.kind, earlier) if earlier else None


@dataclass(slots=True, eq=False)
class _Forming:
    """A batch that still fills up.

    Attributes:
        number: Its place in the order of batches.
        rows: Payloads by the number of their coming.
        size: Bytes of the body so far.
        closed: Whether a payload did not fit any more.
    """

    number: int
    kind: Kind
    rows: dict[int, Payload] = field(default_factory=dict)
    size: int = EMPTY
    closed: bool = False


class _Entry(NamedTuple):
    """The latest payload of an identity that is still here."""

    forming: _Forming
    coming: int
    payload: Payload


class _Last(NamedTuple):
    """Where the latest payload of one profile went."""

    number: int
    coming: int


@dataclass(slots=True)
class _Rules:
    """What binds one payload's place.

    Attributes:
        profile: The keyables that it carries, a bit for each.
        floor: Number of the first batch that it may travel in.
        met: Latest payloads of the identities that it names.
        after: Coming of the last payload whose order with it must be kept, for all we know.
    """

    profile: int = 0
    floor: int = 0
    met: list[_Entry] = field(default_factory=list)
    after: int = 0


class Batches:
    """Payloads of one stream, between their coming and their leaving.

    A *profile* is the set of keyables that a payload carries. Payloads that carry one and the
    same single keyable, and differ in it, mean different records whatever the destination holds,
    so one may overtake the other. Of all others that cannot be known: they keep their order.

    Args:
        model: The model of the stream.
        settings: The limits of a batch, and the mode: where only creates are allowed the first
            record of an identity counts, so none supersedes another.
    """

    def __init__(self, model: Model, settings: Settings) -> None:
        self._most_rows = min(settings.batch_size_rows, model.bulk_limit)
        self._most_bytes = settings.batch_size_bytes
        self._superseding = settings.write_mode != "create"
        self._forming: list[_Forming] = []
        self._creates = _Forming(0, "create")
        self._next_number = 0
        self._coming = 0
        self._rows = 0
        self._bytes = 0
        self._latest: dict[Token, _Entry] = {}
        self._kinds: dict[Token, dict[str, _Last]] = {}
        self._last: dict[int, _Last] = {}

    def __len__(self) -> int:
        """Count the payloads that are here; those that were superseded are not."""
        return self._rows + len(self._creates.rows)

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
        rules = self._rules(payload)
        if not (rules.met and self._supersedes(payload, rules)):
            self._place(payload, rules)
        return self._full()

    def drain(self) -> list[Batch]:
        """Give up every batch, full or not, to be sent in this order."""
        batches = [self._release() for _ in range(len(self._forming))]
        if self._creates.rows:
            batches.append(self._release_creates())
        return batches

    def _rules(self, payload: Payload) -> _Rules:
        rules = _Rules()
        for token in tokens(payload):
            rules.profile |= 1 << token[0]
            entry = self._latest.get(token)
            if entry is not None:
                rules.met.append(entry)
                rules.floor = max(rules.floor, entry.forming.number + 1)
        alone = not rules.profile & (rules.profile - 1)
        for profile, last in self._last.items():
            if not (alone and profile == rules.profile):
                rules.floor = max(rules.floor, last.number)
                rules.after = max(rules.after, last.coming)
        for token, kind in doubtful(payload):
            for other, last in self._kinds.get(token, {}).items():
                if other != kind:
                    rules.floor = max(rules.floor, last.number + 1)
                    rules.after = max(rules.after, last.coming)
        return rules

    def _supersedes(self, payload: Payload, rules: _Rules) -> bool:
        """Put a payload in the place of the one it says everything of, if it may be there."""
        forming, coming, earlier = rules.met[0]
        size = forming.size - len(earlier.item) + len(payload.item)
        if (
            not self._superseding
            or rules.after > coming
            or size > self._most_bytes
            or not covers(payload, earlier)
        ):
            return False
        del forming.rows[coming]
        forming.size -= len(earlier.item) + 1
        self._bytes -= len(earlier.item) + 1
        self._rows -= 1
        payload.earlier = earlier
        self._put(payload, forming, rules.profile)
        return True

    def _place(self, payload: Payload, rules: _Rules) -> None:
        """Put a payload into the first batch that has room and is late enough."""
        kind: Kind = "delete" if payload.operation == "delete" else "upsert"
        first = self._forming[0].number if self._forming else self._next_number
        for forming in self._forming[max(rules.floor - first, 0) :]:
            if forming.kind == kind and not forming.closed:
                if self._fits(payload, forming):
                    break
                forming.closed = True
        else:
            forming = _Forming(self._next_number, kind)
            self._next_number += 1
            self._forming.append(forming)
        self._put(payload, forming, rules.profile)

    def _put(self, payload: Payload, forming: _Forming, profile: int) -> None:
        size = len(payload.item) + 1
        forming.rows[self._coming] = payload
        forming.size += size
        self._bytes += size
        self._rows += 1
        entry = _Entry(forming, self._coming, payload)
        for token in tokens(payload):
            self._latest[token] = entry
        # What was superseded may come back once its batch is answered: whatever must keep its
        # order with it has to wait until then.
        barrier = forming.number + (payload.earlier is not None)
        self._last[profile] = self._later(self._last.get(profile), barrier)
        for token, kind in doubtful(payload):
            kinds = self._kinds.setdefault(token, {})
            kinds[kind] = self._later(kinds.get(kind), forming.number)

    def _later(self, last: _Last | None, number: int) -> _Last:
        return _Last(max(number, last.number if last else 0), self._coming)

    def _fits(self, payload: Payload, forming: _Forming) -> bool:
        return not forming.rows or (
            len(forming.rows) < self._most_rows
            and forming.size + len(payload.item) + 1 <= self._most_bytes
        )

    def _full(self) -> Sequence[Batch]:
        """Release what is full, and what has waited until twice a batch is here."""
        batches = []
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
        self._bytes -= forming.size - EMPTY
        for payload in forming.rows.values():
            self._forget(payload, forming.number)
        return Batch(forming.kind, list(forming.rows.values()))

    def _forget(self, payload: Payload, number: int) -> None:
        for token in tokens(payload):
            entry = self._latest.get(token)
            if entry is not None and entry.forming.number == number:
                del self._latest[token]
        for token, kind in doubtful(payload):
            kinds = self._kinds.get(token, {})
            if kind in kinds and kinds[kind].number <= number:
                del kinds[kind]
                if not kinds:
                    del self._kinds[token]

    def _add_create(self, payload: Payload) -> Sequence[Batch]:
        """Collect unkeyed items apart: they are like no other record, and never sent again."""
        batches = [] if self._fits(payload, self._creates) else [self._release_creates()]
        self._creates.rows[self._coming] = payload
        self._creates.size += len(payload.item) + 1
        if len(self._creates.rows) >= self._most_rows:
            batches.append(self._release_creates())
        return batches

    def _release_creates(self) -> Batch:
        creates, self._creates = self._creates, _Forming(0, "create")
        return Batch("create", list(creates.rows.values()))
