"""One run: the batches on their way, the books, the rejects, and the states that are true.

Owns the order in which things become durable and are told: outcomes, then the reject file, then
the state. It knows nothing of what is in a record.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

from planhat_sync.writing.results.counts import RunCounts
from planhat_sync.writing.results.reject_file import RejectedRecord, stream_of
from planhat_sync.writing.results.rejects import MOST_HELD, TooManyRejectsError
from planhat_sync.writing.results.schema_lines import SchemaLines
from planhat_sync.writing.results.states import Watermark
from planhat_sync.writing.sending.dispatcher import Dispatcher, first_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.records.payload import Reject
    from planhat_sync.writing.results.rejects import Rejects
    from planhat_sync.writing.results.state_output import StateOutput
    from planhat_sync.writing.sending.batch_result import BatchResult
    from planhat_sync.writing.sending.batch_writer import BatchWriter


class Source(Protocol):
    """Where payloads wait to leave: a sink."""

    @property
    def oldest_line(self) -> int | None:
        """Number of the line of the oldest record that waits, None if none does."""

    def drain(self) -> None:
        """Give all that waits to the run."""


class Run:
    """The state of one run.

    Args:
        output: Where states are printed, None to print none.
        rejections: What is rejected.
        concurrency: Most batches on their way at once.

    Attributes:
        ledger: The books.
        rejections: As given.
        schemas: The SCHEMA lines, as received.
        sources: The sinks there are.
        batches: How many batches have been written.
    """

    def __init__(
        self, *, output: StateOutput | None, rejections: Rejects, concurrency: int
    ) -> None:
        self.ledger = RunCounts()
        self.rejections = rejections
        self.schemas = SchemaLines()
        self.sources: list[Source] = []
        self.batches = 0
        self._output = output
        self._fleet = Dispatcher(concurrency)
        self._watermark = Watermark()
        self._undecided_line: int | None = None

    @property
    def waits(self) -> bool:
        """Whether any record waits to be sent, or to be written to the reject file."""
        return len(self.rejections) > 0 or any(source.oldest_line for source in self.sources)

    @property
    def is_under_way(self) -> bool:
        """Whether requests have no answer yet."""
        return self._fleet.flying > 0

    def send(self, writer: BatchWriter, batches: Iterable[Batch]) -> None:
        """Let batches leave, and take note of what has come of those before.

        Args:
            writer: Who writes them.
            batches: In the order of their sending.

        Raises:
            PlanhatError: The run cannot go on; everything that is known is accounted for.
        """
        self._fleet.queue(writer, batches)
        self._account(self._fleet.fly(all_home=False))

    def drain(self) -> None:
        """Send everything that waits, wait for every answer, and write the rejects to disk.

        Raises:
            PlanhatError: The run cannot go on; everything that is known is accounted for.
        """
        for source in self.sources:
            source.drain()
        self._account(self._fleet.fly(all_home=True))
        self.rejections.keep()
        self.print_state()

    def reject(self, stream: str, line: int, raw: bytes, reject: Reject) -> None:
        """Take note of a record that is not written.

        Args:
            stream: The model that it was meant for.
            line: Number of its line.
            raw: That line.
            reject: Why.

        Raises:
            TooManyRejectsError: The run ends for it; what came before is still to be drained.
        """
        self.ledger.account(stream).rejected += 1
        self._note(stream, line, raw, reject)
        if len(self.rejections) >= MOST_HELD:
            self.rejections.keep()
        if self.rejections.end_the_run:
            raise TooManyRejectsError("more records are rejected than are allowed")

    def read_schema(self, stream: str, line: bytes, number: int, *, after: int) -> None:
        """Take in a SCHEMA.

        Args:
            stream: Its stream.
            line: Its line.
            number: Number of that line.
            after: Number of the last line before it that holds a record.

        Raises:
            PlanhatError: The run cannot go on; everything that is known is accounted for.
        """
        self.schemas.add(stream, line, number, after=after)
        if self.schemas.are_many and not self.schemas.forget(self._oldest_in_hand()):
            self.drain()
            self.schemas.forget(None)

    def read_state(self, value: bytes, *, after: int) -> None:
        """Take in a state, and print what is true by now.

        Args:
            value: Its JSON, as it came.
            after: Number of the last line before it that holds a record.
        """
        self._watermark.read(value, after=after)
        self.print_state()

    def print_state(self) -> None:
        """Print the newest state that is true, if it was not printed yet."""
        if self._output is None or not self._watermark.is_ready(self._oldest_line()):
            return
        self.rejections.keep()
        state = self._watermark.release(self._oldest_line())
        if state is not None:
            self._output.print(state)

    def finish(self) -> None:
        """End a run whose input has ended.

        Raises:
            PlanhatError: It fails.
        """
        with contextlib.suppress(TooManyRejectsError):
            self.drain()
        self.check_rejects()
        self.ledger.check()

    def check_rejects(self) -> None:
        """Fail a run in which too many records were rejected.

        Raises:
            TooManyRejectsError: There were.
        """
        self.rejections.keep()
        self.rejections.check()

    def return_home(self) -> None:
        """Wait for the requests that are on their way, and account for them.

        Raises:
            PlanhatError: Not everything has an outcome.
        """
        self._account(self._fleet.return_home())
        self.print_state()

    def close(self) -> None:
        """Let go of threads and files; whatever is not kept by then is not acknowledged."""
        self._fleet.close()
        self.rejections.close()

    def _account(self, results: Iterator[BatchResult]) -> None:
        for written in results:
            self._settle(written)
            self.print_state()
            if written.error is not None:
                raise written.error

    def _settle(self, written: BatchResult) -> None:
        """Enter what became of one batch into the books."""
        self.batches += 1
        self.ledger.account(written.stream).add(written.counts)
        for payload, reject in written.rejects:
            self._note(written.stream, payload.line, payload.raw, reject)
        if written.error is not None:
            self._undecided_line = _least(self._undecided_line, first_line(written.batch.payloads))

    def _note(self, stream: str, line: int, raw: bytes, reject: Reject) -> None:
        source = stream_of(raw)
        schema = self.schemas.under(source, line)
        self.rejections.note(stream, RejectedRecord(source, line, raw, reject, schema))

    def _oldest_line(self) -> int | None:
        """Find the oldest record that is neither written nor kept as a reject.

        Rejects that wait to be written to disk do not count: that is done before a state is said.
        """
        return _least(
            self.rejections.unacknowledged_line, self._undecided_line, self._oldest_in_hand()
        )

    def _oldest_in_hand(self) -> int | None:
        """Find the oldest record that waits to be sent, or for its answer."""
        return _least(self._fleet.oldest_line, *[source.oldest_line for source in self.sources])


def _least(*lines: int | None) -> int | None:
    return min([line for line in lines if line is not None], default=None)
