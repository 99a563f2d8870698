"""Standard input of one life: it comes in chunks of any size, and is idle now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.writing.waiting_time import USUAL_PAUSES
from simulation.faults import input_fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.seam import Seam

ALL, LINES = 0.3, 0.8
"""Up to the first number a chunk is all that is left, up to the second it ends with a line."""
MOST_LINES: Final = 12


class Input:
    """The input of a writer; like a non-blocking stream, it returns None when it has nothing now.

    Args:
        seam: The life.
        lines: Its lines, without line ends.
        ends_line: Whether the last of them has a line end.
    """

    def __init__(self, seam: Seam, lines: Sequence[bytes], *, ends_line: bool) -> None:
        self._seam = seam
        self._left = memoryview(b"\n".join(lines) + (b"\n" if lines and ends_line else b""))
        self._draws = seam.world.draws.of(f"chunks {seam.life.number}")

    def read(self, size: int) -> bytes | None:
        """Return what is there now.

        Args:
            size: Most bytes.

        Returns:
            The next bytes; none at the end; None if the input has been idle for long.
        """
        seam, world = self._seam, self._seam.world
        name = world.name("read")
        seam.point(name)
        stop = seam.stop.event if seam.stop is not None else None
        fault = world.fault(f"idle before {name}", input_fault)
        if fault is not None:
            world.note("wait", f"no input for {fault['seconds']} s", f"idle before {name}", fault)
            until = None if stop is None else stop.is_set
            seam.baton.pause(until, world.time.now + fault["seconds"])
            if fault["seconds"] >= USUAL_PAUSES.idle_seconds:
                return None
        if stop is not None and stop.is_set():
            return b""  # as a reader that watches for signals, which ends its reading
        count = self._next(size)
        chunk, self._left = self._left[:count], self._left[count:]
        world.note("read", f"{len(chunk)} bytes of input" if chunk else "end of input")
        seam.life.read_all = not chunk
        return bytes(chunk)

    def _next(self, size: int) -> int:
        draws, left = self._draws, len(self._left)
        chance = draws.random()
        if chance < ALL or left <= 1:
            return min(size, left)
        if chance >= LINES:
            return min(size, draws.randrange(1, left + 1))
        end = 0
        text = self._left.obj
        assert isinstance(text, bytes)  # noqa: S101 - it is a view of bytes
        begin = len(text) - left
        for _ in range(draws.randrange(1, MOST_LINES)):
            end = text.find(b"\n", begin + end) + 1 - begin
            if end <= 0:
                return min(size, left)
        return min(size, end)
