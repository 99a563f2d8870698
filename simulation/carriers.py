"""Real threads that carry the threads of a simulation, one life after the other.

To start a thread takes longer than most of what one of a simulation does.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Carrier:
    """A real thread that does one piece of work after the other.

    Attributes:
        gate: Locked while the thread has to wait; whoever lets it run on releases it.
    """

    def __init__(self) -> None:
        self.gate = threading.Lock()
        self.gate.acquire()
        self._work: Callable[[], object] | None = None
        threading.Thread(target=self._run, name="simulation", daemon=True).start()

    def take(self, work: Callable[[], object]) -> None:
        """Note what is done once the gate is released.

        Args:
            work: What is done; it raises nothing.
        """
        self._work = work

    def _run(self) -> None:
        while True:
            self.gate.acquire()
            work, self._work = self._work, None
            if work is not None:
                work()
            del work
            _idle.append(self)


_idle: list[Carrier] = []


def carrier() -> Carrier:
    """Return a carrier that has nothing to do."""
    try:
        return _idle.pop()
    except IndexError:
        return Carrier()
