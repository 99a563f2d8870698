"""Returns every state of its input, in order, once everything before it is durable.

Where `Watermark` keeps the newest state alone, some protocols ask for each of them, with the number
of records that it stands for. Pure, as `Watermark` is.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable

MOST_STATES: Final = 10_000
MOST_BYTES: Final = 8_000_000
"""When more waits than this, everything in front of it is to be sent."""


class StateForm(Protocol):
    """The form of the states of one protocol."""

    def stream_of(self, state: bytes) -> Hashable | None:
        """Return the stream that a state belongs to, None if it belongs to all of them.

        Args:
            state: As received.
        """

    def returned(self, state: bytes, *, records: int, rejected: int) -> bytes:
        """Return the line that acknowledges a state, with its end.

        Args:
            state: As received.
            records: How many records of its stream came since the state before it.
            rejected: How many of them were rejected.
        """


class _Waiting(NamedTuple):
    """A state, the last line before it that holds a record, and how many records it stands for."""

    after: int
    value: bytes
    stream: Hashable | None
    records: int


class EveryState:
    """The states that were read and are not returned yet.

    None is dropped: when too many wait, the records before them have to be sent.

    Args:
        form: The form of the states.
    """

    def __init__(self, form: StateForm) -> None:
        self._form = form
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._records: Counter[Hashable] = Counter()
        self._rejected: defaultdict[Hashable, list[int]] = defaultdict(list)

    def __len__(self) -> int:
        """Count the states that wait."""
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether so much waits that the records before it have to be sent."""
        return len(self._waiting) >= MOST_STATES or self._bytes >= MOST_BYTES

    def add_records(self, stream: Hashable, count: int) -> None:
        """Count records that were read.

        Args:
            stream: Their stream.
            count: How many.
        """
        self._records[stream] += count

    def add_reject(self, stream: Hashable, line: int) -> None:
        """Count a record that is not written.

        Args:
            stream: Its stream.
            line: Number of its line.
        """
        heappush(self._rejected[stream], line)

    def add(self, value: bytes, *, after: int) -> None:
        """Add a state that was read.

        Args:
            value: It, as received.
            after: Number of the last line before it that holds a record, 0 if there is none.
        """
        stream = self._form.stream_of(value)
        if stream is None:
            records = self._records.total()
            self._records.clear()
        else:
            records = self._records.pop(stream, 0)
        self._waiting.append(_Waiting(after, value, stream, records))
        self._bytes += len(value)

    def is_ready(self, oldest: int | None) -> bool:
        """Return whether `lines` may return a state.

        Args:
            oldest: As for `lines`.
        """
        return bool(self._waiting) and (oldest is None or self._waiting[0].after < oldest)

    def lines(self, oldest: int | None) -> list[bytes]:
        """Return the lines to print now, and forget their states.

        Args:
            oldest: Number of the line of the oldest record that is not durable, None if all are.
        """
        lines = []
        while self.is_ready(oldest):
            state = self._waiting.popleft()
            self._bytes -= len(state.value)
            rejected = self._rejected_until(state.stream, state.after)
            lines.append(self._form.returned(state.value, records=state.records, rejected=rejected))
        return lines

    def _rejected_until(self, stream: Hashable | None, line: int) -> int:
        """Return how many records up to a line were rejected, and forget them."""
        count = 0
        for each in [stream] if stream is not None else list(self._rejected):
            rejected = self._rejected.get(each, [])
            while rejected and rejected[0] <= line:
                heappop(rejected)
                count += 1
        return count
