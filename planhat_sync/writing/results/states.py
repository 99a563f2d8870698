"""Decides which states may be printed, such as the newest one before which all is durable.

A record of any stream is durable when it is in Planhat or in the reject file on disk, or when it
needs no write (skipped). Pure: a caller passes in the states, as they are read, and the oldest
record that is not durable yet.
"""

from __future__ import annotations

import json
from collections import deque
from typing import NamedTuple, Protocol

MOST_STATES = 128
MOST_BYTES = 8_000_000


class States(Protocol):
    """The states of a run that were read and are not printed yet."""

    @property
    def is_full(self) -> bool:
        """Whether so much waits that the records before it have to be sent."""

    def add(self, value: bytes, *, after: int) -> None:
        """Add a state that was read.

        Args:
            value: It, as received.
            after: Number of the last line before it that holds a record, 0 if there is none.
        """

    def is_ready(self, oldest: int | None) -> bool:
        """Return whether `lines` may return a state.

        Args:
            oldest: As for `lines`.
        """

    def lines(self, oldest: int | None) -> list[bytes]:
        """Return the lines to print now, and forget their states.

        Args:
            oldest: Number of the line of the oldest record that is not durable, None if all are.
        """


class _Waiting(NamedTuple):
    """A state, and the last line before it that holds a record."""

    after: int
    value: bytes


class Watermark:
    """The states that were read and are not printed yet, in a bounded amount of memory.

    When there are too many, every second one is dropped. That loses nothing: a newer state takes
    the place of an older one.

    Attributes:
        is_full: Always false.
    """

    is_full = False

    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._printed: object = None

    def __len__(self) -> int:
        """Count the states that wait."""
        return len(self._waiting)

    def add(self, value: bytes, *, after: int) -> None:
        """Add a state that was read.

        Args:
            value: Its JSON, as received. An empty one is ignored: printed, it would replace what
                an orchestrator has stored (meltano/sdk#3000).
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
        """Return whether `release` may return a state.

        Args:
            oldest: As for `release`.
        """
        return bool(self._waiting) and (oldest is None or self._waiting[0].after < oldest)

    def release(self, oldest: int | None) -> bytes | None:
        """Return the state to print now; None if there is none, or it was printed already.

        Args:
            oldest: Number of the line of the oldest record that is not durable, None if all are.

        Returns:
            Its JSON, as received.
        """
        newest = None
        while self.is_ready(oldest):
            newest = self._waiting.popleft().value
            self._bytes -= len(newest)
        if newest is None:
            return None
        meaning = _meaning(newest)
        if meaning == self._printed:
            return None
        self._printed = meaning
        return newest

    def lines(self, oldest: int | None) -> list[bytes]:
        """Return the line to print now, if there is one.

        It is one line, although the JSON of a state may have line ends between its parts.

        Args:
            oldest: As for `release`.
        """
        state = self.release(oldest)
        return [] if state is None else [state.replace(b"\r", b"").replace(b"\n", b"") + b"\n"]

    def _thin(self) -> None:
        kept = list(self._waiting)
        kept = [*kept[:-1:2], kept[-1]] if len(kept) > 2 else kept[-1:]  # noqa: PLR2004 - a pair
        self._waiting = deque(kept)
        self._bytes = sum(len(state.value) for state in kept)


def _is_empty(value: bytes) -> bool:
    try:
        return not json.loads(value)
    except (ValueError, RecursionError):  # an integer of more digits than Python reads
        return False


def _meaning(value: bytes) -> str | bytes:
    """Return the same text for states that are equal, however they are written."""
    try:
        meaning = json.loads(value, parse_float=lambda digits: f"{digits}f")
        return json.dumps(meaning, sort_keys=True)
    except (ValueError, RecursionError):
        return value
