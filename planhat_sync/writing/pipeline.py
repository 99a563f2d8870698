"""Takes records to their outcomes: owns the order in which results become durable and visible.

First the outcomes of a batch, then the reject file, then the state; with a mirror, the removals at
the end of the run come before the state. What is in a record does not matter here.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from planhat_sync.errors import PlanhatError
from planhat_sync.writing.batching.batch import first_line
from planhat_sync.writing.results.rejects import MOST_WAITING, TooManyRejectsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planhat_sync.writing.mirror.mirror import Mirror
    from planhat_sync.writing.mirror.model_source import ModelSource
    from planhat_sync.writing.records.payload import Reject
    from planhat_sync.writing.results.counts import RunCounts
    from planhat_sync.writing.results.rejects import Rejects
    from planhat_sync.writing.results.states import States
    from planhat_sync.writing.sending.batch_result import BatchResult
    from planhat_sync.writing.sending.dispatcher import Dispatcher
    from planhat_sync.writing.stream import Stream, Streams


class Pipeline:
    """Takes all records of one run to their outcomes.

    Args:
        streams: The streams of the run.
        dispatcher: Sends their batches.
        counts: The counts of the run.
        rejects: The rejects of the run.
        states: Decides which states may be printed.
        write: Writes lines to standard output, None to print no states.
        mirror: Removes at the end what the source does not have, None to remove nothing.

    Attributes:
        streams: As given.
        counts: As given.
        rejects: As given.
        mirror: As given.
        batches: How many batches have been written.
    """

    def __init__(
        self,
        streams: Streams,
        dispatcher: Dispatcher,
        *,
        counts: RunCounts,
        rejects: Rejects,
        states: States,
        write: Callable[[Sequence[bytes]], None] | None,
        mirror: Mirror | None = None,
    ) -> None:
        self.streams = streams
        self.counts = counts
        self.rejects = rejects
        self.mirror = mirror
        self.batches = 0
        self._dispatcher = dispatcher
        self._write = write
        # A state says that a run is done, so it has to wait for the removals.
        self._holds_states = mirror is not None
        self._states = states
        self._undecided_line: int | None = None

    @property
    def has_waiting(self) -> bool:
        """Whether any record waits to be sent, for its result, or for the reject file."""
        return (
            len(self.rejects) > 0
            or self._dispatcher.oldest_line is not None
            or any(stream.oldest_line for stream in self.streams)
        )

    def take(
        self,
        stream: Stream,
        record: Mapping[str, Any],
        line: bytes,
        number: int,
        *,
        earlier_reject: Mapping[str, Any] | None = None,
    ) -> None:
        """Take a record as values; `send` sends the batch that it may have filled.

        Args:
            stream: Its stream.
            record: The record.
            line: The line that it came in.
            number: Number of that line.
            earlier_reject: What that line says about an earlier reject, None if it is not one.

        Raises:
            TooManyRejectsError: The run ends, once the records before this one are sent.
        """
        reject = stream.take_record(record, line, number, earlier_reject=earlier_reject)
        if reject is not None:
            self.reject(stream, record, line, number, reject)

    def reject(
        self, stream: Stream, record: Mapping[str, Any], line: object, number: int, reject: Reject
    ) -> None:
        """Report a record that is not written; first those of its identity that wait are written.

        Otherwise a replay would take them for the newer ones.

        Args:
            stream: Its stream.
            record: The record, or as much of it as is known.
            line: The line that it came in, or the row of a program.
            number: Number of that line.
            reject: Why.

        Raises:
            TooManyRejectsError: The run ends, once the records before this one are sent.
        """
        names = stream.identities_of(record)
        if stream.holds(names) or self._dispatcher.holds(stream.writer, names):
            self.flush()
        self.counts.of(stream.name).rejected += 1
        self.rejects.add(stream.name, number, line, reject)
        if len(self.rejects) >= MOST_WAITING:
            self.rejects.flush()
        if self.rejects.end_the_run:
            raise TooManyRejectsError("more records are rejected than are allowed")

    def send(self) -> None:
        """Send the batches that are full, if there are any.

        Raises:
            PlanhatError: The run cannot continue; every outcome that is known is recorded.
        """
        full = [stream for stream in self.streams if stream.full]
        if not full:
            return
        for stream in full:
            self._dispatcher.add(stream.writer, stream.release(all_batches=False))
        for result in self._dispatcher.send():
            self._record(result)

    def flush(self) -> None:
        """Send everything that waits, wait for all results, and write the rejects to disk.

        Once a batch has failed, so that records of it have no outcome, nothing more is sent.

        Raises:
            PlanhatError: The run cannot continue; every outcome that is known is recorded.
        """
        # A batch that failed may have an older version of a record that waits, which comes first.
        if self._undecided_line is None:
            for stream in self.streams:
                self._dispatcher.add(stream.writer, stream.release(all_batches=True))
            for result in self._dispatcher.send():
                self._record(result)
        for result in self._dispatcher.wait():
            self._record(result)
        self.rejects.flush()
        self._print_states()

    def add_state(self, value: bytes, *, after: int) -> None:
        """Add a state that was read, and print what may be printed by now.

        Args:
            value: It, as received.
            after: Number of the last line before it that holds a record.

        Raises:
            PlanhatError: So many states wait that all records had to be sent, and that failed.
        """
        if self._write is None:
            return
        self._states.add(value, after=after)
        self._print_states()
        if self._states.is_full:
            self.flush()

    def finish(self, sources: Callable[[], Mapping[str, ModelSource]] = dict) -> None:
        """Complete a run whose input has ended.

        Args:
            sources: Returns what is known of the source of each model that may have had records,
                for the mirror; called once all records have an outcome.

        Raises:
            PlanhatError: It fails.
        """
        with contextlib.suppress(TooManyRejectsError):
            self.flush()
        self.check_rejects()
        self.counts.check()
        if self.mirror is not None:
            self.mirror.run(self.streams.models, sources())
            self._holds_states = False
            self._print_states()
        for stream in self.streams:
            stream.finish()

    def check_rejects(self) -> None:
        """Fail a run in which too many records were rejected.

        Raises:
            TooManyRejectsError: Too many were.
        """
        self.rejects.flush()
        self.rejects.check()

    def wait(self) -> None:
        """Record the results of the batches in flight when a run ends early, and its rejects.

        Errors are suppressed, since an earlier one already ends the run.
        """
        while self._dispatcher.in_flight:
            with contextlib.suppress(PlanhatError):
                for result in self._dispatcher.wait():
                    self._record(result)
        with contextlib.suppress(PlanhatError):
            self.rejects.flush()

    def close(self) -> None:
        """End threads and close files; what is not written by then is not acknowledged."""
        self._dispatcher.close()
        self.rejects.close()

    def _record(self, result: BatchResult) -> None:
        """Record the outcomes of a batch, and print the state that may be printed now."""
        self.batches += 1
        self.counts.of(result.stream).add(result.counts)
        if self.mirror is not None:
            self.mirror.add(self.streams.models[result.stream], result)
        for payload, reject in result.rejects:
            self.rejects.add(result.stream, payload.line, payload.raw, reject)
        if result.error is not None:
            self._undecided_line = _least(self._undecided_line, first_line(result.batch.parts))
        self._print_states()
        if result.error is not None:
            raise result.error

    def _print_states(self) -> None:
        """Print the states that may be printed: every record before them is durable."""
        if self._write is None or self._holds_states:
            return
        if not self._states.is_ready(self._oldest_line()):
            return
        self.rejects.flush()
        lines = self._states.lines(self._oldest_line())
        if lines:
            self._write(lines)

    def _oldest_line(self) -> int | None:
        """Find the oldest record that no state may cover yet.

        Rejects that wait to be written do not count: they are written before a state is printed.
        """
        return _least(
            self.rejects.unacknowledged_line,
            self._undecided_line,
            self._dispatcher.oldest_line,
            *[stream.oldest_line for stream in self.streams],
        )


def _least(*lines: int | None) -> int | None:
    return min([line for line in lines if line is not None], default=None)
