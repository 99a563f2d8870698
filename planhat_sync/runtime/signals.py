"""SIGTERM and SIGINT: the first one asks a run to stop, a second one ends the process at once.

The handler only notes the first signal, so it interrupts no line that is being written and no
state that is being changed. The rest is done by a thread that reads the signals' numbers from a
pipe: setting an event inside a handler may wait for a lock that the interrupted code holds.

No handler of an SDK is installed. singer-sdk's, for one, drains from inside whatever it
interrupted and then prints the newest bookmark, written or not (meltano/sdk#3775).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, ClassVar

from planhat_sync.errors import Section
from planhat_sync.runtime import stdout
from planhat_sync.runtime.troubleshooting import reference

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNALS = (signal.SIGTERM, signal.SIGINT)

SAME_REQUEST_SECONDS = 0.5
"""Orchestrators send one signal twice, to the group and to the process (meltano/sdk#3698)."""

LONGEST_LINE_SECONDS = 2.0
"""How long a second signal waits for lines that are being written: their reader may be asleep."""

_STDERR = 2
_END = b"\0"
"""Ends the thread that reads the signals' numbers; no signal has this number."""


class StopRequested(BaseException):
    """Unwinds a run that was asked to stop; not an Exception, since nothing has failed."""


class Stop:
    """Whether the run was asked to stop.

    Args:
        plugin: Name of the plugin, with which its last line begins.
        unread_seconds: After a signal, how long a write waits at least for its reader before the
            process ends without it, perhaps within a line; None for as long as it takes.

    Attributes:
        event: Set when it was; every wait of the run ends when this is set.
        signum: The first signal that asked; 0 before that.
    """

    def __init__(self, plugin: str, *, unread_seconds: float | None = None) -> None:
        self.event = threading.Event()
        self.signum = 0
        self._plugin = plugin
        self._unread_seconds = unread_seconds
        self._readable, self._writable = os.pipe()
        closing = weakref.finalize(self, _close, self._readable, self._writable)
        closing.atexit = False  # the thread that watches may still write, until the process is gone

    @property
    def requested(self) -> bool:
        """Whether the run was asked to stop."""
        return bool(self.signum)

    def check(self) -> None:
        """End the run here if it was asked to stop.

        Raises:
            StopRequested: It was.
        """
        if self.signum:
            raise StopRequested

    def fileno(self) -> int:
        """Return a descriptor that can be read from when the run was asked to stop."""
        return self._readable

    def request(self, signum: int) -> None:
        """Ask the run to stop.

        Args:
            signum: The signal that asks.
        """
        self._note(signum, None)
        self.event.set()
        os.write(self._writable, b"!")

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """Let signals request a stop within the context; only in the main thread.

        Once one has asked, they are handled to the end of the process: its last line is still to
        be printed, and the same request that is sent twice must not prevent that.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        readable, writable = os.pipe()
        os.set_blocking(writable, False)
        watcher = threading.Thread(target=self._watch, args=(readable,), daemon=True)
        _Before.restore()  # a run before this one in the same process, which was asked to stop
        _Before.handlers = {number: signal.signal(number, self._note) for number in SIGNALS}
        _Before.wakeup = signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
        watcher.start()
        try:
            yield
        finally:
            if not self.requested:
                _Before.restore()
                # Closing it would not end the watcher while a forked child holds a copy.
                os.write(writable, _END)
                watcher.join()
                os.close(writable)
                os.close(readable)

    @contextlib.contextmanager
    def raised_by_signals(self) -> Iterator[None]:
        """Let the first signal raise `StopRequested` within the context, whatever is waited for.

        Only in the main thread, and only for what leaves nothing incomplete, such as a question
        to Planhat. Later signals are ignored: its last line is still to be printed.

        Raises:
            StopRequested: A signal came.
        """

        def handle(signum: int, frame: object) -> None:
            for number in SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            self._note(signum, frame)
            raise StopRequested

        before = {number: signal.signal(number, handle) for number in SIGNALS}
        try:
            yield
        finally:
            if not self.requested:
                for number, handler in before.items():
                    signal.signal(number, handler)

    def _note(self, signum: int, _frame: object) -> None:
        self.signum = self.signum or signum

    def _watch(self, readable: int) -> None:
        requested_at = 0.0
        while _END not in (numbers := self._numbers(readable)):
            for number in numbers:
                if number not in SIGNALS:
                    continue
                if not self.event.is_set():
                    requested_at = time.monotonic()
                    self.request(number)
                elif time.monotonic() - requested_at > SAME_REQUEST_SECONDS:
                    stdout.hold(LONGEST_LINE_SECONDS)
                    self._exit(number, f"at once by a second signal, {_name(number)}")

    def _numbers(self, readable: int) -> bytes:
        """Return the signals that came; end the process if nobody reads what it says of them."""
        written = -1
        while self._unread_seconds is not None and self.requested:
            if select.select([readable], [], [], self._unread_seconds)[0]:
                break
            before, written = written, stdout.written()
            if stdout.is_being_written() and written == before:
                why = f"by {_name(self.signum)}, and nobody reads standard output"
                self._exit(self.signum, why)
        return os.read(readable, 64)

    def _exit(self, signum: int, why: str) -> None:
        """End the process, also while a line is being written."""
        where = reference(Section.OUTPUT)
        _print_last_line(f"{self._plugin}: stopped {why}: run again from the last state {where}")
        os._exit(128 + signum)


def _name(signum: int) -> str:
    return signal.Signals(signum).name


class _Before:
    """What handled signals before `Stop.on_signals`."""

    handlers: ClassVar[dict[signal.Signals, Any]] = {}
    wakeup: ClassVar[int] = -1

    @classmethod
    def restore(cls) -> None:
        """Let it handle them again; without `on_signals`, change nothing."""
        if cls.handlers:
            signal.set_wakeup_fd(cls.wakeup)
        for number, handler in cls.handlers.items():
            signal.signal(number, handler)
        cls.handlers = {}


# A child process has no thread that reads the pipe, and would write its own signals into it.
os.register_at_fork(after_in_child=_Before.restore)


def _print_last_line(line: str) -> None:
    """Print a line to standard error, unless a full pipe would block it, and nothing after it.

    Other threads go on until the process has ended; what they print from here on is dropped.
    Python's own stream is left alone: a thread that waits for room in a pipe holds its lock.

    Args:
        line: ASCII, shorter than the 512 bytes that any pipe takes in one piece.
    """
    stderr = _STDERR
    with contextlib.suppress(OSError):  # perhaps no descriptor is free
        stderr = os.dup(_STDERR)
        os.dup2(os.open(os.devnull, os.O_WRONLY), _STDERR)
    with contextlib.suppress(OSError, ValueError):
        _, has_room, _ = select.select([], [stderr], [], 0)
        if has_room:
            os.write(stderr, f"{line}\n".encode())


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
