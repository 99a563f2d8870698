"""Which part of a batch to send next, until every payload has an outcome.

Pure: it is told the reading of each answer and says what to send; it sends nothing. A part is
asked for again only where its items are keyed, since then a second send is harmless. Where the
order of payloads matters (two may mean one record, by different keyables, or one takes a keyable
that another gives up), parts are asked for in the order of place and nothing behind a part is left
out, so that the last one to be written is the last of the batch.

For k refused items among n it asks for at most 2·k·⌈log₂ n⌉ parts beyond the first: each part
that is halved holds at least one of the k, and there are at most ⌈log₂ n⌉ of these above each.
An answer that names items splits its part into those and the rest instead, which costs at most as
much, or one request more where it named the wrong ones; in the order of place it is cut before and
behind each run of those (docs/adr/0045).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from planhat_sync.api.bulk.envelope import Counts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planhat_sync.api.bulk.outcomes import Refusal, Settled, Unsettled

SAME_FAILURES_THAT_STOP = 20
"""So many single items refused alike, and nothing written: it is not the records."""

NOTHING = Counts()

_LEAST_RUNS = 2


@dataclass(slots=True, eq=False)
class Part:
    """Some payloads of a batch that are sent in one request.

    Attributes:
        places: Their places in the batch.
        parent: The part that this one was cut from.
        suspected: Whether its payloads are those that error entries seemed to mean.
        uneven: Whether such names, and not a cut in the middle, made this part.
        claims: What the counts of its answer may mean.
        counts: What its answer settled.
        children: The parts it was cut into.
        settled: Whether nothing of it has to be asked for again.
    """

    places: Sequence[int]
    parent: Part | None = field(default=None, repr=False)
    suspected: bool = False
    uneven: bool = False
    claims: tuple[Counts, ...] = ()
    counts: Counts = NOTHING
    children: Sequence[Part] = ()
    settled: bool = False

    @property
    def done(self) -> bool:
        """Whether every payload of the part has an outcome."""
        return self.settled or (bool(self.children) and all(part.done for part in self.children))


class Bisection:
    """One batch on its way to an outcome for every payload.

    Args:
        size: Payloads in the batch, at least one.
        singly: Whether each payload is sent by itself from the start, because none of them may be
            sent again.
        in_order: Tells whether the order of the payloads matters; asked only if parts are needed.

    Attributes:
        refusals: The payloads that were refused, by place.
        failing: Single payloads that Planhat fails on, instead of refusing them.
        answered: Whether any answer said that something was written.
        taken: Places that the latest such answer said of; in order, nothing behind them is
            written until another answer is.
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
        self.answered = False
        self.taken: Sequence[int] = ()
        self._ask_for_order = in_order
        self._in_order = False
        self._root = Part(range(size))
        self._waiting = [self._root]
        if singly:
            self._root.children = [Part((place,), self._root) for place in range(size)]
            self._waiting = [*reversed(self._root.children)]
        self._alike = 0
        self._failure: object = None

    @property
    def hopeless(self) -> bool:
        """Whether so many items failed alike that it cannot be the records."""
        return self._alike >= SAME_FAILURES_THAT_STOP and not self.answered

    @property
    def counts(self) -> Counts:
        """Everything that was accepted so far."""
        return self._count(self._root)

    def next_part(self) -> Part | None:
        """Give the part to send next, None when there is none left."""
        while self._waiting:
            part = self._waiting.pop()
            if self._follows(part):
                part.settled = True
            elif self._must_hold_one(part):
                self._cut(part, part.places)
            else:
                return part
        return None

    def settle(self, part: Part, reading: Settled, failure: object = None) -> None:
        """Take in an answer that accounts for every payload of a part.

        Args:
            part: What was sent.
            reading: What became of it.
            failure: Equal for answers that are alike; only looked at for a single payload.
        """
        part.settled = True
        part.counts = reading.counts
        self.answered |= reading.counts.total > 0
        for place, refusal in reading.refusals.items():
            self.refusals[part.places[place]] = refusal
        if reading.counts.total:
            self.taken = [place for place in part.places if place not in self.refusals]
        if len(part.places) == 1 and reading.refusals:
            self._compare(failure)

    def put_off(self, part: Part, failure: object) -> None:
        """Take in that Planhat fails on a single payload; the caller finds out why, at the end.

        Args:
            part: What was sent.
            failure: Equal for answers that are alike.
        """
        self.failing.append(part)
        self._compare(failure)

    def split(self, part: Part, reading: Unsettled) -> None:
        """Take in an answer that leaves payloads open: those are asked for again, in two parts.

        Args:
            part: What was sent; more than one payload.
            reading: What is certain of it, and what it hints at.
        """
        written = reading.created | reading.updated
        self.answered |= bool(written) or any(claim.total for claim in reading.claims)
        part.claims = reading.claims
        suspects = {part.places[index] for index in reading.suspects}
        if part is self._root:
            self._in_order = self._ask_for_order()
        if self._in_order:
            self._divide(part, [] if part.uneven else _runs(part.places, suspects))
            return
        part.counts = Counts(len(reading.created), len(reading.updated))
        left = [place for index, place in enumerate(part.places) if index not in written]
        part.settled = not left
        if part.uneven or not 0 < len(suspects) < len(left):
            self._cut(part, left)
            return
        part.children = [
            Part([place for place in left if place in suspects], part, suspected=True, uneven=True),
            Part([place for place in left if place not in suspects], part, uneven=True),
        ]
        self._waiting.extend(reversed(part.children))

    def _divide(self, part: Part, runs: Sequence[Sequence[int]]) -> None:
        """Cut a part along its runs, or in the middle; what was written is written again.

        It must be: what stands before it and is sent again may have been the same record.
        """
        if len(runs) < _LEAST_RUNS:
            self._cut(part, part.places)
            return
        part.children = [Part(run, part, uneven=True) for run in runs]
        self._waiting.extend(reversed(part.children))

    def _cut(self, part: Part, left: Sequence[int]) -> None:
        """Cut what is left open of a part in the middle."""
        middle = (len(left) + 1) // 2
        halves = [half for half in (left[:middle], left[middle:]) if half]
        part.children = [Part(half, part) for half in halves]
        self._waiting.extend(reversed(part.children))

    def _compare(self, failure: object) -> None:
        self._alike = self._alike + 1 if failure == self._failure else 1
        self._failure = failure

    def _follows(self, part: Part) -> bool:
        """Tell whether earlier answers say already that all of a part was written.

        They do if the answer to the whole leaves room for no refusal but of the suspects, and each
        suspect was refused again when it was sent without the others. Counts that can be read in
        two ways prove nothing: a server that stops at the first bad item leaves good ones over.
        """
        whole = part.parent
        if self._in_order or whole is None or not part.uneven or part.suspected:
            return False
        if len(whole.claims) != 1:
            return False
        suspects = whole.children[0].places
        return whole.claims[0].total + len(suspects) == len(whole.places) and all(
            place in self.refusals for place in suspects
        )

    def _must_hold_one(self, part: Part) -> bool:
        """Tell whether a part must hold a bad payload, since none of those suspected was."""
        whole = part.parent
        if self._in_order or whole is None or not part.uneven or part.suspected:
            return False
        if len(part.places) == 1:
            return False
        suspects = whole.children[0]
        return suspects.settled and not any(place in self.refusals for place in suspects.places)

    def _count(self, part: Part) -> Counts:
        """Count what was accepted of a part.

        The first answer knows best: what it created, a later one finds there already.
        """
        refused = sum(place in self.refusals for place in part.places)
        if part.done and part.children:
            for claim in part.claims:
                if claim.total + refused == len(part.places):
                    return claim
        return sum(map(self._count, part.children), part.counts)


def _runs(places: Sequence[int], suspects: set[int]) -> list[list[int]]:
    """Split places, in their order, wherever suspects begin or end."""
    return [list(run) for _, run in groupby(places, suspects.__contains__)]
