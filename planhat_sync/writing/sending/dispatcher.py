"""Sends batches to Planhat, one after the other or several at once.

Owns when a batch is sent. `in_flight` decides which batches of a stream may be sent together;
streams do not wait for one another.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from planhat_sync.runtime.threads import Threads
from planhat_sync.writing.batching.batch import first_line
from planhat_sync.writing.sending.in_flight import InFlight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.batching.identity import Identity
    from planhat_sync.writing.sending.batch_result import BatchResult
    from planhat_sync.writing.sending.batch_writer import BatchWriter


class Dispatcher:
    """The batches that have left their stream and whose outcomes are not known.

    A batch that is yielded does not count any more: its outcomes have to be recorded before
    anything is decided about a state.

    Args:
        concurrency: Maximum number of batches in flight.
        threads: Runs the threads that send them, if there are several.
    """

    def __init__(self, concurrency: int, threads: Threads | None = None) -> None:
        self._concurrency = concurrency
        self._threads = threads or Threads()
        self._pool = self._threads.pool(concurrency, "writer") if concurrency > 1 else None
        self._queued: deque[tuple[BatchWriter, Batch]] = deque()
        self._streams: dict[BatchWriter, InFlight] = {}
        self._in_flight: dict[Future[BatchResult], BatchWriter] = {}
        self._lines: dict[int, int] = {}

    @property
    def oldest_line(self) -> int | None:
        """Number of the line of the oldest record in a batch, None if there is none."""
        return min(self._lines.values(), default=None)

    @property
    def in_flight(self) -> int:
        """How many batches have been sent by a thread and have no result yet."""
        return len(self._in_flight)

    def add(self, writer: BatchWriter, batches: Iterable[Batch]) -> None:
        """Add batches of one stream, after all that were added before.

        Args:
            writer: Writes them.
            batches: In the order in which they are to be sent.
        """
        for batch in batches:
            line = first_line(batch.parts)
            if line is not None:
                self._lines[id(batch)] = line
            if self._pool is None:
                self._queued.append((writer, batch))
            else:
                self._streams.setdefault(writer, InFlight()).queue(batch)

    def holds(self, writer: BatchWriter, names: Sequence[Identity]) -> bool:
        """Return whether a batch without a result has a payload with one of some identities.

        Args:
            writer: Writes the batches of their stream.
            names: The identities.
        """
        return writer in self._streams and self._streams[writer].holds(names)

    def send(self) -> Iterator[BatchResult]:
        """Send every batch that was added, and wait until each one is in flight.

        Yields:
            The results that are known by then.
        """
        while self._queued:
            writer, batch = self._queued.popleft()
            result = writer.write(batch)
            del self._lines[id(batch)]
            yield result
        while self._start():
            yield from self._completed()

    def wait(self) -> Iterator[BatchResult]:
        """Wait for the batches in flight, and send no other.

        Yields:
            Their results.
        """
        while self._in_flight:
            yield from self._completed()

    def close(self) -> None:
        """End the threads, once each has finished its batch."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _start(self) -> bool:
        """Send what may be sent now; return whether any batch still has to wait."""
        if self._pool is None:
            return False
        for writer, stream in self._streams.items():
            while len(self._in_flight) < self._concurrency and (batch := stream.start()):
                self._in_flight[self._pool.submit(writer.write, batch)] = writer
        return 0 < len(self._in_flight) < sum(map(len, self._streams.values()))

    def _completed(self) -> Iterator[BatchResult]:
        for future in self._threads.wait(self._in_flight):
            writer = self._in_flight.pop(future)  # first: what raises must not be waited for again
            result = future.result()
            del self._lines[id(result.batch)]
            self._streams[writer].finish(result.batch)
            yield result
