"""What a process says when it ends here and now: said if it can be, and never waited for."""

from __future__ import annotations

import contextlib
import os
import select

_STDERR = 2


def say(sentence: str) -> None:
    """Write a line to standard error, unless that would have to wait for whoever reads it.

    Python's own stream is left alone: a thread that waits for room in a pipe holds its lock.

    Args:
        sentence: ASCII, short of the 512 bytes that any pipe takes in one piece.
    """
    with contextlib.suppress(OSError, ValueError):
        _, has_room, _ = select.select([], [_STDERR], [], 0)
        if has_room:
            os.write(_STDERR, f"{sentence}\n".encode())
