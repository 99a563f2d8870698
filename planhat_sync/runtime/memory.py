"""How a process uses memory: it keeps what is freed, and seldom looks for reference cycles.

A page and a batch are megabytes that are allocated and freed at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # names of mallopt(3)
_KEPT_BYTES = 64 << 20
_LARGEST_HEAP_BLOCK_BYTES = 32 << 20


def keep_freed_memory() -> None:
    """Make the C library keep what is freed, on one heap, for the next page or batch.

    glibc returns freed megabytes to the kernel, and then requests the same memory, cleared, again:
    two page faults for every record. It also keeps a heap for each thread, each of which grows to
    the size of a page, although Python's threads take turns. docs/adr/0053-memory-allocation.md has
    the figures. Without glibc, nothing happens.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        library.mallopt(_MMAP_THRESHOLD, _LARGEST_HEAP_BLOCK_BYTES)
        library.mallopt(_ARENA_MAX, 1)


def collect_seldom() -> None:
    """Make Python look for reference cycles less often.

    A page or a batch is thousands of small objects that live until it is written or sent. Searching
    them for cycles repeatedly takes a sixth of the time of a run and finds none.
    """
    gc.set_threshold(100_000, 50, 100)


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """Import modules without searching them for reference cycles, now or later.

    The SDK and what it imports are ninety thousand objects that stay until the end: searching them
    while they are made, and once more at the end, is a quarter of the time a plugin takes to start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
