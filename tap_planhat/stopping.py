"""What a signal does to the tap: the first asks it to stop, another one ends it at once.

The handler never raises, so it can interrupt no line that is being written and no state that is
being changed. Whoever waits, looks at `event`; nothing waits on it in the main thread, where the
handler runs, since setting it takes the lock that waiting holds.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNALS = (signal.SIGTERM, signal.SIGINT)

SAME_WISH_SECONDS = 0.5
"""Orchestrators send one signal twice, to the group and to the process (meltano/sdk#3698)."""


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

    Attributes:
        event: Set when it was.
    """

    def __init__(self) -> None:
        self.event = threading.Event()
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
            os._exit(128 + signum)

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT ask, for as long as the context lasts; only in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            number: signal.signal(number, lambda signum, _: self.ask(signum)) for number in SIGNALS
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def check(self) -> None:
        """End the run here if it was asked to stop.

        Raises:
            StopAsked: It was.
        """
        if self._signum:
            raise StopAsked(self._signum)
