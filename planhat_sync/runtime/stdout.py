"""Standard output of a plugin: what is written to it on purpose, and nothing else that is printed.

A target that reads one line which is not a message ends, and an orchestrator that reads one line
which is not a state may lose the state. `guard` therefore moves standard output to a file
descriptor of its own, which only this module writes to. Descriptor 1 and `sys.stdout` lead to
standard error from then on, for Python, C code, child processes and log handlers alike.

The guard stays until the process has ended: buffers that nobody flushed earlier, such as that of
the C library, are written to descriptor 1 when the process exits.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, TextIO, cast

from planhat_sync.errors import StopError

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_AT_ONCE = 512
"""Pieces in one system call; POSIX asks for 16 at least, and Linux and macOS take 1,024."""

Piece = bytes | memoryview


class OutputError(StopError):
    """Standard output cannot be written to."""


class _Output:
    """The standard output of this process.

    Attributes:
        descriptor: Where the guard keeps it; None while there is no guard.
        lock: Held while lines are written.
    """

    descriptor: int | None = None
    lock = threading.Lock()


def fill_closed_streams() -> bool:
    """Open the null device in place of standard streams that are closed, as by ``2>&-``.

    Python sets the streams of closed descriptors to None, which code that prints does not expect.
    The next file or connection that is opened would also get their numbers, and then be written
    to in their place.

    Returns:
        Whether standard output was open.
    """
    for descriptor in range(3):
        _fill(descriptor)
    was_open = cast("TextIO | None", sys.stdout) is not None
    if not was_open:
        sys.stdout = _nowhere()
    if cast("TextIO | None", sys.stderr) is None:
        sys.stderr = _nowhere()
    return was_open


def guard() -> None:
    """Send whatever else is printed to standard error, until the process has ended.

    A second call changes nothing. Closed streams must have been filled.
    """
    if _Output.descriptor is not None:
        return
    # The copy is closed in programs that are executed: no child process can write to the pipe,
    # or keep it open when this process has ended.
    _Output.descriptor = kept = os.dup(1)
    os.dup2(2, 1)
    os.register_at_fork(after_in_child=lambda: _leave_to_parent(kept))
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()  # printed before, and not to be kept back until the end
    sys.stdout = sys.stderr


def fileno() -> int | None:
    """Return the file descriptor of the real standard output.

    Without a guard it is that of `sys.stdout`: of whatever a program that runs a plugin in its own
    process, such as a test, has put there. None if that has no descriptor.
    """
    if _Output.descriptor is not None:
        return _Output.descriptor
    try:
        return sys.stdout.fileno()
    except (OSError, ValueError, AttributeError):
        return None


def write(lines: Sequence[Piece]) -> None:
    """Write lines to the real standard output at once.

    Args:
        lines: UTF-8, in order, each with its line break.

    Raises:
        OutputError: They cannot be written.
    """
    descriptor = fileno()
    try:
        with _Output.lock:
            if descriptor is not None:
                write_whole(descriptor, lines)
                return
            sys.stdout.write(b"".join(lines).decode())
            sys.stdout.flush()
    except BrokenPipeError as error:
        raise OutputError(
            "the program that reads standard output exited early: see its log for the reason, "
            "then run again from the last state"
        ) from error
    except OSError as error:
        raise OutputError(
            f"standard output cannot be written to ({error.strerror}): correct that, then run "
            "again from the last state"
        ) from error


def hold(seconds: float) -> None:
    """Let nobody begin to write, after lines that are being written now.

    Args:
        seconds: How long to wait for those at most.
    """
    _Output.lock.acquire(timeout=seconds)


def say(text: object) -> None:
    """Print a text on the real standard output, as `print` would.

    Args:
        text: What a command was asked for, such as a catalog or its help.

    Raises:
        OutputError: It cannot be written.
    """
    write([f"{text}\n".encode()])


def write_whole(descriptor: int, pieces: Sequence[Piece]) -> None:
    """Write all of it, past Python's own buffers, waiting for whoever reads it.

    Args:
        descriptor: Where to.
        pieces: What, in order.

    Raises:
        BrokenPipeError: Nobody reads it any more.
        OSError: It cannot be written, as on a full disk.
    """
    for first in range(0, len(pieces), MOST_AT_ONCE):
        waiting = deque(pieces[first : first + MOST_AT_ONCE])
        while waiting:
            written = _write_some(descriptor, waiting)
            while waiting and written >= len(waiting[0]):
                written -= len(waiting.popleft())
            if written:
                waiting[0] = memoryview(waiting[0])[written:]


def _write_some(descriptor: int, pieces: Sequence[Piece]) -> int:
    try:
        return os.writev(descriptor, pieces)
    except BlockingIOError:  # somebody who shares the pipe made it non-blocking
        select.select([], [descriptor], [])
        return 0


def _leave_to_parent(descriptor: int) -> None:
    """Send what a forked child writes on purpose to standard error too.

    Args:
        descriptor: Where the guard keeps standard output.
    """
    os.dup2(2, descriptor, inheritable=False)
    _Output.lock = threading.Lock()  # another thread of the parent may hold that of the parent


def _fill(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        # It takes the lowest number that is free: this one. Child processes inherit it, as they
        # would the stream in whose place it is.
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - a device, no path of ours
