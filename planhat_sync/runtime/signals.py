"""SIGTERM and SIGINT: end in good order on the first one, at once on another.

The SDK's own handler drains from inside whatever was interrupted and then prints the newest
bookmark, written or not (meltano/sdk#3775); it is never installed here. Ours only notes the
signal. The rest is done by a thread that reads the signals' numbers from a pipe, since setting an
event inside a handler may wait for a lock that the interrupted code holds.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import weakref
from typing import TYPE_CHECKING

from planhat_sync.runtime.emergency_message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNALS = (signal.SIGTERM, signal.SIGINT)
SAME_WISH_SECONDS = 0.5
"""Orchestrators send one signal twice, to the group and to the process (meltano/sdk#3698)."""

LONGEST_LINE_SECONDS = 2.0
"""How long a second signal waits for a state line that is being printed."""

_END = b"\0"
"""Ends the thread that reads the signals' numbers; no signal has this number."""


class Stop:
    """Whether the run was asked to stop.

    Attributes:
        event: Set when it was; whatever waits, waits for this too.
        signum: The first signal that asked, None so far.
        printing: Held while a line is printed, so that none is cut in half.
    """

    def __init__(self) -> None:
        self.event = threading.Event()
        self.signum: int | None = None
        self.printing = threading.Lock()
        self._readable, self._writable = os.pipe()
        weakref.finalize(self, _close, self._readable, self._writable)

    @property
    def asked(self) -> bool:
        """Whether the run was asked to stop."""
        return self.signum is not None

    def fileno(self) -> int:
        """Give a descriptor that can be read from when the run was asked to stop."""
        return self._readable

    def ask(self, signum: int) -> None:
        """Ask the run to stop.

        Args:
            signum: The signal that asked.
        """
        self._note(signum, None)
        self.event.set()
        os.write(self._writable, b"!")

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """Let signals ask, for as long as the context lasts; only in the main thread.

        Once one has asked, they are heard to the end of the process: its last words are still to
        be said, and another signal of the same wish must not cut them off.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        readable, writable = os.pipe()
        os.set_blocking(writable, False)
        watcher = threading.Thread(target=self._watch, args=(readable,), daemon=True)
        before = {number: signal.signal(number, self._note) for number in SIGNALS}
        wakeup = signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
        watcher.start()
        try:
            yield
        finally:
            if not self.asked:
                signal.set_wakeup_fd(wakeup)
                for number, handler in before.items():
                    signal.signal(number, handler)
                # Closing it would not end the watcher while a forked child holds a copy.
                os.write(writable, _END)
                watcher.join()
                os.close(writable)
                os.close(readable)

    def _note(self, signum: int, _frame: object) -> None:
        """Handle a signal, in place of Python's and the SDK's handlers."""
        if self.signum is None:
            self.signum = signum

    def _watch(self, readable: int) -> None:
        asked_at = 0.0
        while _END not in (numbers := os.read(readable, 64)):
            for number in numbers:
                if number not in SIGNALS:
                    continue
                if not self.event.is_set():
                    asked_at = time.monotonic()
                    self.ask(number)
                elif time.monotonic() - asked_at > SAME_WISH_SECONDS:
                    self._leave(number)

    def _leave(self, signum: int) -> None:
        """End the process here and now; a state line that is being printed is ended first."""
        self.printing.acquire(timeout=LONGEST_LINE_SECONDS)
        say(
            f"target-planhat: stopped at once by a second signal, {signal.Signals(signum).name}: "
            "what was under way is not acknowledged; run again from the last state"
        )
        os._exit(128 + signum)


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
