"""A file descriptor by which whole lines leave, however little of them it takes at a time."""

from __future__ import annotations

import os
import select
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_AT_ONCE = 512
"""Pieces in one system call; POSIX asks for 16 at least, and Linux and macOS take 1,024."""

Piece = bytes | memoryview


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
