"""Which part of a batch to send next, until every payload has an outcome.

Pure: it receives what each answer says, and decides what to send; it sends nothing. A part is sent
again only if its items have keyables, so that a second request is harmless. Where the order of the
payloads matters (two may refer to one record, by different keyables, or one needs a keyable that
another gives up), parts are sent in the order of the batch and nothing after a part is left out, so
that the last payload to be written is the last of the batch.

For k refused items among n it sends at most 2·k·⌈log₂ n⌉ parts after the first: each part that is
halved contains at least one of the k, and there are at most ⌈log₂ n⌉ parts above it. If an answer
names items, its part is divided into those and the rest, which takes at most as many requests, or
one more if it named the wrong ones. In order, it is divided before and after each run of named
items (docs/adr/0045).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final

from planhat_sync.api.bulk.envelope import Counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from planhat_sync.api.bulk.outcomes import Refusal, Settled, Unsettled

SAME_FAILURES_THAT_STOP: Final = 20
"""If this many single items fail alike and nothing is written, the records are not the cause."""

NOTHING: Final = Counts()


@dataclass(slots=True, eq=False)
class Part:
    """The payloads of a batch that are sent in one request.

    Attributes:
        positions: Their positions in the batch.
        parent: The part that this one was divided from.
        from_names: Whether its parent was divided by names in error entries, and not in the middle.
        claims: What the counts of its answer may mean.
        uncertain: Whether its answer names fewer payloads as written than its counts say.
        counts: What its answer settled.
        children: The parts that it was divided into.
        settled: Whether none of it has to be sent again.
    """

    positions: Sequence[int]
    parent: Part | None = field(default=None, repr=False)
    from_names: bool = False
    claims: tuple[Counts, ...] = ()
    uncertain: bool = False
    counts: Counts = NOTHING
    children: Sequence[Part] = ()
    settled: bool = False

    @property
    def done(self) -> bool:
        """Whether every payload of the part has an outcome."""
        return self.settled or (bool(self.children) and all(part.done for part in self.children))


class Bisection:
    """The parts of one batch, and the outcomes of its payloads.

    Args:
        size: Number of payloads in the batch, at least one.
        singly: Whether each payload is sent by itself from the start, because none may be sent
            again.
        in_order: Returns whether the order of the payloads matters; called only if parts are
            needed.

    Attributes:
        refusals: The payloads that were refused, by position.
        failing: Single payloads that Planhat fails on (500), instead of refusing them.
        has_written: Whether any answer said that something was written.
        last_written: Positions that the latest such answer was about. In order, nothing after them
            has been written.
    """

    def __init__(
        self,
        size: int,
        *,
        singly: bool = False,
        in_order: Callable[[], bool] = lambda: False,
    ) -> None:
        self.refusals: dict[int, Refusal] = {}
        self.failing: list[Part] = []
        self.has_written = False
        self.last_written: Sequence[int] = ()
        self._order_matters = in_order
        self._in_order = False
        self._root = Part(range(size))
        self._waiting = [self._root]
        if singly:
            self._waiting.clear()
            self._divide(self._root, [(position,) for position in range(size)])
        self._alike = 0
        self._failure: object = None

    @property
    def fails_alike(self) -> bool:
        """Whether so many items failed alike that the records cannot be the cause."""
        return self._alike >= SAME_FAILURES_THAT_STOP and not self.has_written

    @property
    def counts(self) -> Counts:
        """Everything that was accepted so far."""
        return self._count(self._root)

    def next_part(self) -> Part | None:
        """Return the part to send next, None if none is left."""
        while self._waiting:
            part = self._waiting.pop()
            if self._is_known_written(part):
                part.settled = True
            elif self._must_contain_refused(part):
                self._halve(part, part.positions)
            else:
                return part
        return None

    def settle(self, part: Part, reading: Settled, failure: object = None) -> None:
        """Record an answer that accounts for every payload of a part.

        Args:
            part: What was sent.
            reading: What the answer says.
            failure: Equal for answers that are alike; used only if a single payload is refused.
        """
        part.settled = True
        part.counts = reading.counts
        self.has_written |= reading.counts.total > 0
        for position, refusal in reading.refusals.items():
            self.refusals[part.positions[position]] = refusal
        if reading.counts.total:
            refusals, positions = self.refusals, part.positions
            self.last_written = (
                [each for each in positions if each not in refusals] if refusals else positions
            )
        if len(part.positions) == 1 and reading.refusals:
            self._compare(failure)

    def defer(self, part: Part, failure: object) -> None:
        """Record that Planhat fails on a single payload, whose outcome is still to be settled.

        Args:
            part: What was sent.
            failure: Equal for answers that are alike.
        """
        self.failing.append(part)
        self._compare(failure)

    def split(self, part: Part, reading: Unsettled) -> None:
        """Record an answer that leaves payloads open, which are sent again in smaller parts.

        Args:
            part: What was sent; more than one payload.
            reading: What is certain of it, and which payloads the answer seems to refer to.
        """
        written = reading.created | reading.updated
        self.has_written |= bool(written) or any(claim.total for claim in reading.claims)
        part.claims, part.uncertain = reading.claims, reading.uncertain
        suspects = {part.positions[position] for position in reading.suspects}
        if part is self._root:
            self._in_order = self._order_matters()
        if self._in_order:
            self._split_in_order(part, suspects)
            return
        part.counts = Counts(len(reading.created), len(reading.updated))
        left = [each for position, each in enumerate(part.positions) if position not in written]
        part.settled = not left
        if part.from_names or not 0 < len(suspects) < len(left):
            self._halve(part, left)
            return
        rest = [position for position in left if position not in suspects]
        named = [position for position in left if position in suspects]
        self._divide(part, [named, rest], from_names=True)

    def _split_in_order(self, part: Part, suspects: set[int]) -> None:
        """Divide a part before and after each run of suspects; what was written is written again.

        It must be: what precedes it and is sent again may have been the same record.
        """
        runs = [list(run) for _, run in groupby(part.positions, suspects.__contains__)]
        if part.from_names or len(runs) == 1:
            self._halve(part, part.positions)
        else:
            self._divide(part, runs, from_names=True)

    def _halve(self, part: Part, left: Sequence[int]) -> None:
        middle = (len(left) + 1) // 2
        self._divide(part, filter(None, (left[:middle], left[middle:])))

    def _divide(
        self, part: Part, groups: Iterable[Sequence[int]], *, from_names: bool = False
    ) -> None:
        part.children = [Part(group, part, from_names=from_names) for group in groups]
        self._waiting.extend(reversed(part.children))

    def _compare(self, failure: object) -> None:
        self._alike = self._alike + 1 if failure == self._failure else 1
        self._failure = failure

    def _suspects_beside(self, part: Part) -> Part | None:
        """Return the suspects that a part was divided from, None if there are none."""
        if self._in_order or part.parent is None or not part.from_names:
            return None
        suspects = part.parent.children[0]
        return None if suspects is part else suspects

    def _is_known_written(self, part: Part) -> bool:
        """Return whether earlier answers prove that a part was written.

        They do if, according to the answer about its parent, only the suspects can be refused, and
        each of them was refused again without the others. Counts with two possible meanings prove
        nothing: a server that stops at the first invalid item leaves out valid ones too. Nor do
        counts that the names of what was written contradict.
        """
        suspects, whole = self._suspects_beside(part), part.parent
        return (
            suspects is not None
            and whole is not None
            and len(whole.claims) == 1
            and not whole.uncertain
            and whole.claims[0].total + len(suspects.positions) == len(whole.positions)
            and all(position in self.refusals for position in suspects.positions)
        )

    def _must_contain_refused(self, part: Part) -> bool:
        """Return whether a part must contain a bad payload, since none of the suspects was bad."""
        suspects = self._suspects_beside(part)
        return (
            suspects is not None
            and len(part.positions) > 1
            and suspects.settled
            and not any(position in self.refusals for position in suspects.positions)
        )

    def _count(self, part: Part) -> Counts:
        """Count what was accepted of a part.

        The first answer is preferred: what it created, a later one counts as updated.
        """
        if part.done and part.children:
            refused = sum(position in self.refusals for position in part.positions)
            for claim in part.claims:
                if claim.total + refused == len(part.positions):
                    return claim
        return sum(map(self._count, part.children), part.counts)
