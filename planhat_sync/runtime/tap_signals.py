"""What a signal does to the tap: the first asks it to stop, another one ends it at once.

The handler never raises, so it can interrupt no line that is being written and no state that is
being changed. Whoever waits, looks at `event`; nothing waits on it in the main thread, where the
handler runs, since setting it takes the lock that waiting holds. Another signal lets a line that
is being written come to its end first: the system's alarm looks again and again whether it has.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from planhat_sync.runtime.emergency_message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGTERM, signal.SIGINT)

SAME_WISH_SECONDS = 0.5
"""Orchestrators send one signal twice, to the group and to the process (meltano/sdk#3698)."""

LONGEST_LINE_SECONDS = 2.0
"""How long another signal waits for what is being written: its reader may be asleep."""

_LOOK_EVERY_SECONDS = 0.01


class StopAsked(BaseException):
    """Unwinds a run that was asked to stop; not an Exception, since nothing has failed.

    Args:
        signum: The signal that asked.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(f"signal {signum}")
        self.signum = signum


class Stop:
    """Whether the run was asked to stop.

    Args:
        is_writing: Tells whether a line is being written.

    Attributes:
        event: Set when it was.
    """

    def __init__(self, is_writing: Callable[[], bool] = lambda: False) -> None:
        self.event = threading.Event()
        self._is_writing = is_writing
        self._signum = 0
        self._asked_at = 0.0

    def ask(self, signum: int) -> None:
        """Take a signal: remember the first, end the process on another.

        Args:
            signum: The signal's number.
        """
        if not self._signum:
            self._signum = signum
            self._asked_at = time.monotonic()
            self.event.set()
        elif time.monotonic() - self._asked_at > SAME_WISH_SECONDS:
            self._leave(signum)

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT ask, for as long as the context lasts; only in the main thread.

        Once one has asked, they are heard to the end of the process: its last words are still to
        be said, and another signal of the same wish must not cut them off.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            number: signal.signal(number, lambda signum, _: self.ask(signum)) for number in SIGNALS
        }
        try:
            yield
        finally:
            if not self._signum:
                for number, handler in before.items():
                    signal.signal(number, handler)

    def _leave(self, signum: int) -> None:
        """End the process here and now, or as soon as no line would be cut."""
        ends_at = time.monotonic() + LONGEST_LINE_SECONDS

        def leave(*_: object) -> None:
            if self._is_writing() and time.monotonic() < ends_at:
                return
            name = signal.Signals(signum).name
            say(
                f"tap-planhat: stopped at once by a second signal, {name}: run again from the "
                "last state"
            )
            os._exit(128 + signum)

        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, leave)
        # Python takes its handlers away on its way out, and an alarm then would be the end.
        atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_REAL, _LOOK_EVERY_SECONDS, _LOOK_EVERY_SECONDS)
        leave()

    def check(self) -> None:
        """End the run here if it was asked to stop.

        Raises:
            StopAsked: It was.
        """
        if self._signum:
            raise StopAsked(self._signum)
