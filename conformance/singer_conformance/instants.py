"""The instants at which kill tests end a connector."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Instant:
    """When one run is ended: after a time, or once something has been counted.

    Attributes:
        seconds: After how many seconds; None if something is counted.
        count: At which count; None if it is after a time.
        what: For messages: the attempt, and the seed that repeats it.
    """

    seconds: float | None
    count: int | None
    what: str


def plan_instants(attempts: int, seed: int, *, seconds: float, counts: int) -> Iterator[Instant]:
    """Yield the instants of a kill test.

    Every other one is a count: on a busy machine a time says little about how far a process has
    got.

    Args:
        attempts: How many.
        seed: Which ones.
        seconds: How long an undisturbed run takes.
        counts: The largest count.
    """
    chance = random.Random(seed)
    for attempt in range(attempts):
        time = chance.uniform(0, seconds)
        count = chance.randint(1, counts)
        by_count = attempt % 2 == 0
        where = f"at count {count}" if by_count else f"at {time:.3f} s"
        yield Instant(
            None if by_count else time,
            count if by_count else None,
            f"{where}, attempt {attempt}, seed {seed}",
        )
