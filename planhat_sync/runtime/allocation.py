"""What becomes of memory that is freed, for a process that lets go of megabytes at a time."""

from __future__ import annotations

import contextlib
import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # names of mallopt(3)
_KEPT_BYTES = 64 << 20
_LARGEST_HEAP_BLOCK_BYTES = 32 << 20


def keep_freed_memory() -> None:
    """Let the C library keep what is freed, for the next page or batch, in one place.

    A page and a batch are megabytes that are freed at once. glibc then returns them to the
    kernel, only to ask for the same memory again, cleared anew: two page faults for every record.
    And it keeps a heap for every thread, each of which grows to hold a page, although Python's
    threads take turns. docs/adr/0053-memory-allocation.md has the figures. Where there is no
    glibc, nothing happens.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        library.mallopt(_MMAP_THRESHOLD, _LARGEST_HEAP_BLOCK_BYTES)
        library.mallopt(_ARENA_MAX, 1)
