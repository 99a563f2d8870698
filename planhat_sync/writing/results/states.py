"""Which state is true now: the newest one whose records, of every stream, are all durable.

Pure: it is told of states as they are read and of the oldest record that is not durable yet. A
record is durable when Planhat holds it, or the reject file on disk does, or the record asks for
nothing (skipped).
"""

from __future__ import annotations

import json
from collections import deque
from typing import NamedTuple

MOST_STATES = 128
MOST_BYTES = 8_000_000


class _Waiting(NamedTuple):
    """A state, and the last line before it that holds a record."""

    after: int
    value: bytes


class Watermark:
    """The states that were read and not yet printed, in a bounded amount of memory.

    Dropping a state that waits loses nothing, since a newer one says more: when there are too many
    of them, every second one is dropped.
    """

    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._printed: object = None

    def __len__(self) -> int:
        """Count the states that wait."""
        return len(self._waiting)

    def read(self, value: bytes, *, after: int) -> None:
        """Take in a state.

        Args:
            value: Its JSON, as it came. An empty one is passed over: printed, it would wipe out
                what an orchestrator has stored (meltano/sdk#3000).
            after: Number of the last line before it that holds a record, 0 if there is none.
        """
        if _is_empty(value):
            return
        if self._waiting and self._waiting[-1].after == after:
            self._bytes -= len(self._waiting.pop().value)
        self._waiting.append(_Waiting(after, value))
        self._bytes += len(value)
        if len(self._waiting) > MOST_STATES or self._bytes > MOST_BYTES:
            self._thin()

    def is_ready(self, oldest: int | None) -> bool:
        """Tell whether `release` may have a state to give.

        Args:
            oldest: As for `release`.
        """
        return bool(self._waiting) and (oldest is None or self._waiting[0].after < oldest)

    def release(self, oldest: int | None) -> bytes | None:
        """Give the state to print now, if there is one that was not printed before.

        Args:
            oldest: Number of the line of the oldest record that is not durable, None if all are.

        Returns:
            Its JSON, as it came.
        """
        newest = None
        while self.is_ready(oldest):
            newest = self._waiting.popleft().value
            self._bytes -= len(newest)
        if newest is None:
            return None
        said = _sense(newest)
        if said == self._printed:
            return None
        self._printed = said
        return newest

    def _thin(self) -> None:
        kept = list(self._waiting)
        kept = [*kept[:-1:2], kept[-1]] if len(kept) > 2 else kept[-1:]  # noqa: PLR2004 - a pair
        self._waiting = deque(kept)
        self._bytes = sum(len(state.value) for state in kept)


def _is_empty(value: bytes) -> bool:
    try:
        return not json.loads(value)
    except RecursionError:
        return False


def _sense(value: bytes) -> str | bytes:
    """Give two states that say the same one text, however they are written."""
    try:
        sense = json.loads(value, parse_float=lambda digits: f"{digits}f")
        return json.dumps(sense, sort_keys=True)
    except RecursionError:
        return value
