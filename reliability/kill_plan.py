"""Plans kills of the pipe: which signal meets which process, and at which point."""

from __future__ import annotations

import random
import signal
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from reliability.points.sitecustomize import POINTS as SEEN_FROM_INSIDE

if TYPE_CHECKING:
    from reliability.pair import Pair

SIGNALS = ("KILL", "TERM", "TERM twice", "TERM, and again")
VICTIMS = ("reader", "writer", "both", "the process group")
RANDOM = "at a random instant"
SEEN_FROM_OUTSIDE = (
    "before a send",
    "between send and answer",
    "just after an answer",
)
POINTS = (*SEEN_FROM_OUTSIDE, *SEEN_FROM_INSIDE)


@dataclass(frozen=True)
class Kill:
    """One kill of a plan.

    Attributes:
        pair: The connectors.
        number: Its place in the plan of these connectors.
        how: One of `SIGNALS`.
        victim: One of `VICTIMS`.
        point: `RANDOM` or one of `POINTS`.
        seed: For the records, the instant, and which of the requests is hit.
    """

    pair: Pair
    number: int
    how: str
    victim: str
    point: str
    seed: int

    def __str__(self) -> str:
        names = {"reader": self.pair.reader, "writer": self.pair.writer}
        victim = names.get(self.victim, self.victim)
        return f"SIG{self.how} to {victim} {self.point} (seed {self.seed})"

    @property
    def signal(self) -> signal.Signals:
        """What is sent."""
        return signal.SIGKILL if self.how == "KILL" else signal.SIGTERM


def plan_kills(pair: Pair, count: int, seed: int) -> list[Kill]:
    """Plan kills so that every signal meets every victim at every point.

    Args:
        pair: The connectors.
        count: How many.
        seed: For the seeds of each.

    Returns:
        The plan: a third of it at random instants, the rest spread over the named points.
    """
    chance = random.Random(seed)
    named = cycle(
        (how, victim, point)
        for how in SIGNALS
        for victim in VICTIMS
        for point in POINTS
        # A point inside of the writer is seen by the writer alone.
        if point in SEEN_FROM_OUTSIDE or victim in ("writer", "the process group")
        if point in SEEN_FROM_OUTSIDE or how in ("KILL", "TERM")
    )
    instants = cycle((how, victim, RANDOM) for how in SIGNALS for victim in VICTIMS)
    return [
        Kill(pair, number, *next(instants if number % 3 == 0 else named), chance.randrange(10**6))
        for number in range(1, count + 1)
    ]
