"""Threads of which only one runs at a time; which one is drawn from the seed.

The one that runs passes the baton on where a real thread might be interrupted for long: at an
exchange, a wait, a lock. When nobody can run, time moves to the next moment at which somebody can.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from planhat_sync.runtime.threads import Threads
from simulation.carriers import carrier
from simulation.crash import Crash
from simulation.locks import POLL_SECONDS, SimulatedCondition, SimulatedLock
from simulation.pool import SimulatedPool

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from simulation.time import VirtualTime

T = TypeVar("T")

REAL_SECONDS = 120.0
"""A real wait that takes longer is an error of the simulation, or work that never ends."""

MOST_PASSES = 200_000
"""How often the baton may be passed on in one life."""


class Hang(Exception):  # noqa: N818 - what the life does, not an error of the simulation
    """A life does not end by itself."""


class _Thread:
    """A thread of a life, and what it waits for.

    Attributes:
        until: Returns whether it can run on; None if it waits for time alone, or for its turn.
        deadline: The virtual time at which it runs on at the latest; None for never.
        polls: Whether it only looks again at its deadline.
    """

    __slots__ = ("carrier", "deadline", "name", "polls", "until")

    def __init__(self, name: str) -> None:
        self.name = name
        self.carrier = carrier()
        self.until: Callable[[], bool] | None = None
        self.deadline: float | None = None
        self.polls = False

    def can_run(self, now: float) -> bool:
        """Return whether it can run on now."""
        if self.deadline is not None and self.deadline <= now:
            return True
        return self.deadline is None if self.until is None else self.until()


class Baton(Threads):
    """The threads of one life.

    Args:
        time: The time of the world.
        source: Draws who runs on.
        switch: Probability that another thread runs on at a point where threads may switch.
        ends_at: The virtual time at which the life has to be over.

    Attributes:
        dead: Whether the life was killed.
        hang: Why it did not end by itself; empty if it did.
        errors: What ended threads other than the main one, and nobody has caught.
    """

    def __init__(
        self, time: VirtualTime, source: random.Random, switch: float, ends_at: float
    ) -> None:
        self.dead = False
        self.hang = ""
        self.errors: list[BaseException] = []
        self._time = time
        self._random = source.random
        self._switch = switch
        self._ends_at = ends_at
        self._threads: list[_Thread] = []
        self._current: _Thread | None = None
        self._over = threading.Lock()
        self._passes = 0

    @property
    def now(self) -> float:
        """The virtual time."""
        return self._time.now

    def run(self, work: Callable[[], None]) -> None:
        """Run the main thread of a life, and all that it starts, until the last of them has ended.

        The threads that are left when the main thread ends are killed, as at the end of a process.

        Args:
            work: What the main thread does; it raises nothing.

        Raises:
            Hang: A thread does not come back, in real time.
        """

        def main() -> None:
            work()
            self.dead = True

        self._over.acquire()
        first = self._add(main, "main")
        self._current = first
        first.carrier.gate.release()
        if not self._over.acquire(timeout=REAL_SECONDS):
            self.dead = True
            raise Hang(f"no thread came back within {REAL_SECONDS:.0f} real seconds")

    def kill(self) -> None:
        """Kill the life: every thread is unwound when it is next at the seam, this one here.

        Raises:
            Crash: Always.
        """
        self.dead = True
        raise Crash

    def give_up(self, why: str) -> None:
        """Kill a life that does not end by itself.

        Args:
            why: What it does.

        Raises:
            Crash: Always.
        """
        self.hang = why
        self.kill()

    def check(self) -> None:
        """Raise a Crash if the life was killed."""
        if self.dead:
            raise Crash

    def pause(
        self,
        until: Callable[[], bool] | None = None,
        deadline: float | None = None,
        *,
        polls: bool = False,
    ) -> bool:
        """Let others run until something holds or a time has come; at once if neither is given.

        Args:
            until: Returns whether the thread can run on.
            deadline: The virtual time at which it runs on anyway.
            polls: Whether it only looks again at its deadline.

        Returns:
            Whether `until` holds.

        Raises:
            Crash: The life was killed meanwhile.
        """
        self.check()
        me = self._current
        assert me is not None  # noqa: S101 - only threads of this life call it
        me.until, me.deadline, me.polls = until, deadline, polls
        chosen = self._choose(me)
        if chosen is not me:
            self._current = chosen
            chosen.carrier.gate.release()
            if not me.carrier.gate.acquire(timeout=REAL_SECONDS):
                self.dead = True
        me.until = me.deadline = None
        self.check()
        return until is not None and until()

    def lock(self) -> SimulatedLock:
        """Return a lock that may be held across a request or a wait."""
        return SimulatedLock(self)

    def condition(self) -> SimulatedCondition:
        """Return a condition with a lock of its own."""
        return SimulatedCondition(self)

    def start(self, work: Callable[[], object], name: str) -> None:
        """Start a thread, which runs when it is its turn."""
        self.check()
        self._add(work, name)
        self.pause()

    def pool(self, count: int, name: str) -> SimulatedPool:
        """Return threads that start when they are needed."""
        return SimulatedPool(self, count, name)

    def wait(self, futures: Iterable[Future[T]], seconds: float | None = None) -> set[Future[T]]:
        """Wait until one of the futures is done, and return that one; of several, one is drawn."""
        waiting = list(futures)
        deadline = None if seconds is None else self._time.now + seconds
        self.pause(
            lambda: any(future.done() for future in waiting),
            deadline,
            polls=seconds is not None and seconds < POLL_SECONDS,
        )
        done = [future for future in waiting if future.done()]
        return {done[int(self._random() * len(done))]} if done else set()

    def _add(self, work: Callable[[], object], name: str) -> _Thread:
        thread = _Thread(name)

        def carried() -> None:
            try:
                if not self.dead:
                    work()
            except Crash:
                pass
            except BaseException as error:  # noqa: BLE001 - nothing else is above it
                self.errors.append(error)
            finally:
                self._end(thread)

        thread.carrier.take(carried)
        self._threads.append(thread)
        return thread

    def _end(self, thread: _Thread) -> None:
        """Pass the baton on when a thread has ended."""
        self._threads.remove(thread)
        if not self._threads:
            self._current = None
            self._over.release()
            return
        chosen = self._choose(None)
        self._current = chosen
        chosen.carrier.gate.release()

    def _choose(self, me: _Thread | None) -> _Thread:
        """Return the thread that runs on, and let time pass if none can run now."""
        while not self.dead:
            self._passes += 1
            now = self._time.now
            late = self._time.next_errand
            if late is not None and late <= now:
                self._time.advance(now)
            if now > self._ends_at or self._passes > MOST_PASSES:
                self._hang("it does not end: " + self._names())
                break
            ready = [thread for thread in self._threads if thread.can_run(now)]
            if ready:
                return self._draw(ready, me)
            moments = [t.deadline for t in self._threads if t.deadline is not None and not t.polls]
            if not moments:
                moments = [t.deadline for t in self._threads if t.deadline is not None]
            if not moments:
                self._hang("its threads wait for each other: " + self._names())
            else:
                self._time.advance(min(moments) if late is None else min(late, *moments))
        return me if me in self._threads else self._threads[0]

    def _draw(self, ready: list[_Thread], me: _Thread | None) -> _Thread:
        if len(ready) == 1:
            return ready[0]
        if me in ready:
            if self._random() >= self._switch:
                return me
            ready.remove(me)
        return ready[int(self._random() * len(ready))]

    def _hang(self, why: str) -> None:
        self.hang = why
        self.dead = True

    def _names(self) -> str:
        return ", ".join(thread.name for thread in self._threads)
