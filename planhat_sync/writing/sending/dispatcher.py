"""Batches on their way to Planhat: one after the other, or several at once.

Owns when a batch leaves. Which ones may leave together is decided by `flights`, for each stream
by itself; streams do not wait for one another.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from planhat_sync.writing.sending.in_flight import InFlight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.records.payload import Payload
    from planhat_sync.writing.sending.batch_result import BatchResult
    from planhat_sync.writing.sending.batch_writer import BatchWriter


def first_line(payloads: Iterable[Payload]) -> int | None:
    """Find the oldest record in payloads, those they superseded among them.

    Args:
        payloads: In any order.

    Returns:
        Number of its line, None if there are no payloads.
    """
    oldest_lines = [
        payload.line
        if payload.earlier is None
        else min(version.line for version in payload.earlier_versions())
        for payload in payloads
    ]
    return min(oldest_lines, default=None)


class Dispatcher:
    """The batches that have left their stream and are not accounted for.

    Args:
        concurrency: Most batches on their way at once.
    """

    def __init__(self, concurrency: int) -> None:
        self._concurrency = concurrency
        self._pool = ThreadPoolExecutor(concurrency, "writer") if concurrency > 1 else None
        self._queued: deque[tuple[BatchWriter, Batch]] = deque()
        self._flights: dict[BatchWriter, InFlight] = {}
        self._flying: dict[Future[BatchResult], BatchWriter] = {}
        self._lines: dict[int, int] = {}

    @property
    def oldest_line(self) -> int | None:
        """Number of the line of the oldest record on its way, None if there is none."""
        return min(self._lines.values(), default=None)

    @property
    def flying(self) -> int:
        """How many batches have no answer yet."""
        return len(self._flying)

    def queue(self, writer: BatchWriter, batches: Iterable[Batch]) -> None:
        """Take in batches of one stream, after all those queued before.

        Args:
            writer: Who writes them.
            batches: In the order of their sending.
        """
        for batch in batches:
            line = first_line(batch.payloads)
            if line is not None:
                self._lines[id(batch)] = line
            if self._pool is None:
                self._queued.append((writer, batch))
            else:
                self._flights.setdefault(writer, InFlight()).queue(batch)

    def fly(self, *, all_home: bool) -> Iterator[BatchResult]:
        """Send what may be sent, and wait until no batch waits to leave.

        Args:
            all_home: Whether to wait for every answer, too.

        Yields:
            What became of each batch, as soon as it is known. It does not count as on its way any
            more: whoever takes it accounts for it before anything is said about state.
        """
        while self._queued:
            writer, batch = self._queued.popleft()
            written = writer.write(batch)
            del self._lines[id(batch)]
            yield written
        while self._depart() or (all_home and self._flying):
            yield from self._land()

    def return_home(self) -> Iterator[BatchResult]:
        """Wait for the batches that are on their way, and let no other leave.

        Yields:
            What became of each.
        """
        while self._flying:
            yield from self._land()

    def close(self) -> None:
        """End the threads, once what they are at is done."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _depart(self) -> bool:
        """Let go what may go; tell whether anything has to wait."""
        if self._pool is None:
            return False
        for writer, flights in self._flights.items():
            while len(self._flying) < self._concurrency and (batch := flights.start()):
                self._flying[self._pool.submit(writer.write, batch)] = writer
        return sum(map(len, self._flights.values())) > len(self._flying)

    def _land(self) -> Iterator[BatchResult]:
        landed, _ = wait(self._flying, return_when=FIRST_COMPLETED)
        for future in landed:
            written = future.result()
            del self._lines[id(written.batch)]
            self._flights[self._flying.pop(future)].land(written.batch)
            yield written
