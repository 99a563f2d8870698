"""Virtual time, and what Planhat still does when its client has given up."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

from planhat_sync.runtime.clock import Clock

if TYPE_CHECKING:
    import random
    import threading
    from collections.abc import Callable

    from simulation.baton import Baton
    from simulation.plan import ClockPlan


class Errand:
    """Something that happens at a time.

    Attributes:
        dropped: Whether it does not happen after all.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work
        self.dropped = False


class VirtualTime:
    """The time of the world. It moves only when everybody waits.

    Args:
        plan: The clocks.

    Attributes:
        now: Seconds since the beginning.
    """

    def __init__(self, plan: ClockPlan) -> None:
        self.now = 0.0
        self._plan = plan
        self._errands: list[tuple[float, int, Errand]] = []
        self._order = itertools.count()

    @property
    def next_errand(self) -> float | None:
        """When the next errand is due, None if there is none."""
        return self._errands[0][0] if self._errands else None

    def later(self, at: float, work: Callable[[], None]) -> Errand:
        """Have something happen at a time.

        Args:
            at: When; not before now.
            work: What happens.

        Returns:
            The errand, which can be dropped until then.
        """
        errand = Errand(work)
        heapq.heappush(self._errands, (max(at, self.now), next(self._order), errand))
        return errand

    def advance(self, to: float) -> None:
        """Let time pass, and everything happen that is due by then, each at its time.

        Args:
            to: Seconds since the beginning; not before now.
        """
        while self._errands and self._errands[0][0] <= to:
            at, _, errand = heapq.heappop(self._errands)
            self.now = max(self.now, at)
            if not errand.dropped:
                errand.work()
        self.now = max(self.now, to)

    def settle(self) -> None:
        """Let everything happen that is still to happen."""
        while self._errands:
            self.advance(self._errands[0][0])

    def planhat(self) -> float:
        """Return Planhat's time in seconds since 1970, rounded down to its grain."""
        grain = self._plan.grain
        milliseconds = int((self._plan.start + self.now) * 1000)
        return milliseconds // grain * grain / 1000

    def client(self) -> float:
        """Return the time by the clock of the plugins, in seconds since 1970."""
        return self._plan.start + self._plan.ahead + self.now


class VirtualClock(Clock):
    """The clock of one life.

    Args:
        time: The time of the world.
        baton: Lets others run while a thread waits.
        source: For what is drawn by chance, such as the jitter of retries.
    """

    def __init__(self, time: VirtualTime, baton: Baton, source: random.Random) -> None:
        self._time = time
        self._baton = baton
        self._random = source

    def now(self) -> float:
        """Return the virtual seconds since the beginning."""
        self._baton.check()
        return self._time.now

    def epoch(self) -> float:
        """Return the seconds since 1970-01-01 UTC by the clock of the plugins."""
        self._baton.check()
        return self._time.client()

    def random(self) -> float:
        """Return a random number in [0, 1)."""
        self._baton.check()
        return self._random.random()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait until the time is over or `stop` is set; return whether it is set."""
        return self._baton.pause(stop.is_set, self._time.now + max(0.0, seconds))
