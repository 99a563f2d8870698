"""Plans kills of the pipe: which signal meets which process, and at which point."""

from __future__ import annotations

import random
import signal
from dataclasses import dataclass
from itertools import cycle

from reliability.points.sitecustomize import POINTS as SEEN_FROM_INSIDE

SIGNALS = ("KILL", "TERM", "TERM twice", "TERM, and again")
VICTIMS = ("tap", "target", "both", "the process group")
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
        number: Its place in the plan.
        how: One of `SIGNALS`.
        victim: One of `VICTIMS`.
        point: `RANDOM` or one of `POINTS`.
        seed: For the records, the instant, and which of the requests is hit.
    """

    number: int
    how: str
    victim: str
    point: str
    seed: int

    def __str__(self) -> str:
        return f"SIG{self.how} to {self.victim} {self.point} (seed {self.seed})"

    @property
    def signal(self) -> signal.Signals:
        """What is sent."""
        return signal.SIGKILL if self.how == "KILL" else signal.SIGTERM


def plan_kills(count: int, seed: int) -> list[Kill]:
    """Plan kills so that every signal meets every victim at every point.

    Args:
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
        # A point inside of the target is seen by the target alone.
        if point in SEEN_FROM_OUTSIDE or victim in ("target", "the process group")
        if point in SEEN_FROM_OUTSIDE or how in ("KILL", "TERM")
    )
    instants = cycle((how, victim, RANDOM) for how in SIGNALS for victim in VICTIMS)
    return [
        Kill(number, *next(instants if number % 3 == 0 else named), chance.randrange(10**6))
        for number in range(1, count + 1)
    ]
