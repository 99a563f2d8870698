"""Standard output: what the program writes to it on purpose, and nothing else.

A target fails on a line that is not a message, and an orchestrator that reads a line which is not
a state may lose the state. `guard` therefore moves standard output to a separate file descriptor,
to which only this module writes. From then on descriptor 1 and `sys.stdout` lead to standard error,
for Python, C code, child processes and log handlers alike.

The guard lasts until the process has ended: buffers that were never flushed, such as that of the C
library, are written to descriptor 1 when the process exits.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
import sys
import threading
from collections import deque
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from planhat_sync.errors import Section, StopError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PIECES = 512
"""Most pieces in one system call; POSIX requires 16 at least, Linux and macOS accept 1,024."""

Piece = bytes | memoryview


class OutputError(StopError):
    """Standard output cannot be written to."""

    section = Section.OUTPUT


class _Output:
    """The standard output of this process.

    Attributes:
        descriptor: Where the guard keeps it; None while there is no guard.
        lock: Held while lines are written.
        written: How many writes have ended.
    """

    descriptor: int | None = None
    lock = threading.Lock()
    written = 0


def fill_closed_streams() -> bool:
    """Open the null device in place of standard streams that are closed, for example by `2>&-`.

    Python sets the streams of closed descriptors to None, which code that prints does not expect.
    The next file or connection that is opened would also get their numbers, and what is printed
    would be written to it.

    Returns:
        Whether standard output was open.
    """
    for descriptor in range(3):
        _fill(descriptor)
    was_open = cast("TextIO | None", sys.stdout) is not None
    if not was_open:
        sys.stdout = _null()
    if cast("TextIO | None", sys.stderr) is None:
        sys.stderr = _null()
    return was_open


def guard() -> None:
    """Redirect everything else that is printed to standard error, until the process has ended.

    A second call changes nothing. Call `fill_closed_streams` first.
    """
    if _Output.descriptor is not None:
        return
    # `os.dup` makes a descriptor that child processes do not inherit: none of them can write to
    # the pipe, or keep it open after this process has ended.
    _Output.descriptor = kept = os.dup(1)
    os.dup2(2, 1)
    os.register_at_fork(after_in_child=lambda: _leave_to_parent(kept))
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()  # what was printed before the guard
    sys.stdout = sys.stderr


def fileno() -> int | None:
    """Return the file descriptor of the real standard output.

    Without a guard it is that of `sys.stdout`, which a program that runs a plugin in its own
    process, such as a test, may have replaced. None if that has no descriptor.
    """
    return descriptor_of(sys.stdout) if _Output.descriptor is None else _Output.descriptor


def is_pipe() -> bool:
    """Return whether standard output is a pipe."""
    descriptor = fileno()
    return descriptor is not None and stat.S_ISFIFO(os.fstat(descriptor).st_mode)


def as_stream() -> TextIO:
    """Return the real standard output, to find out what it is and not to write to it."""
    descriptor = fileno()
    return sys.stdout if descriptor is None else os.fdopen(descriptor, "w", closefd=False)


def descriptor_of(stream: IO[Any]) -> int | None:
    """Return the file descriptor of a stream, None if it has none.

    Args:
        stream: Any stream, also a closed one.
    """
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):
        return None


def write(lines: Sequence[Piece]) -> None:
    """Write lines to the real standard output, without buffering.

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
    """Wait for lines that are being written, and let no others begin.

    Args:
        seconds: How long to wait at most.
    """
    _Output.lock.acquire(timeout=seconds)


def is_being_written() -> bool:
    """Return whether lines are being written, or `hold` has prevented others."""
    return _Output.lock.locked()


def written() -> int:
    """Return how many writes have ended; one into a pipe ends when the pipe has taken all of it."""
    return _Output.written


def print_text(text: object) -> None:
    """Print a text on the real standard output, as `print` would.

    Args:
        text: The result of a command, such as a catalog or its help.

    Raises:
        OutputError: It cannot be written.
    """
    write([f"{text}\n".encode()])


def write_whole(descriptor: int, pieces: Sequence[Piece]) -> None:
    """Write all bytes, without Python's buffers, and wait while a pipe is full.

    Args:
        descriptor: Where to write them.
        pieces: The bytes, in order.

    Raises:
        BrokenPipeError: The pipe has no reader any more.
        OSError: They cannot be written, for example because the disk is full.
    """
    for first in range(0, len(pieces), MAX_PIECES):
        waiting = deque(pieces[first : first + MAX_PIECES])
        while waiting:
            written = _write_some(descriptor, waiting)
            _Output.written += 1
            while waiting and written >= len(waiting[0]):
                written -= len(waiting.popleft())
            if written:
                waiting[0] = memoryview(waiting[0])[written:]


def _write_some(descriptor: int, pieces: Sequence[Piece]) -> int:
    try:
        return os.writev(descriptor, pieces)
    except BlockingIOError:  # another process that has the pipe made it non-blocking
        select.select([], [descriptor], [])
        return 0


def _leave_to_parent(descriptor: int) -> None:
    """Redirect what a forked child writes on purpose to standard error too.

    Args:
        descriptor: Where the guard keeps standard output.
    """
    os.dup2(2, descriptor, inheritable=False)
    _Output.lock = threading.Lock()  # another thread of the parent may hold that of the parent


def _fill(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        # `os.open` takes the lowest free number: this one. Child processes inherit it, as they
        # would the standard stream.
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _null() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - a device
