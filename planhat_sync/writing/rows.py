"""One write: rows become batches in the caller's thread, and requests are sent in another.

Ctrl-C, and errors of the caller's iterable and callbacks, arrive in the caller's thread only. So
they cut off neither a request nor the recording of its outcomes: a write that ends early settles
what is in flight, and then says what it has done.
"""

from __future__ import annotations

import contextlib
import logging
import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.errors import PlanhatError
from planhat_sync.runtime.terminal import TextStyle
from planhat_sync.writing.assembly import make_pipeline
from planhat_sync.writing.interface import Interface
from planhat_sync.writing.records.added_columns import AddedColumns
from planhat_sync.writing.records.python_values import PlainValues
from planhat_sync.writing.results.counts import OUTCOMES
from planhat_sync.writing.results.rejected_rows import RejectedRows
from planhat_sync.writing.results.rejects import TooManyRejectsError
from planhat_sync.writing.results.result import Result, WriteInterrupted
from planhat_sync.writing.results.states import Watermark
from planhat_sync.writing.row_options import KEPT_REJECTS, row_settings
from planhat_sync.writing.sending.changes import ChangeLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.api.http.transport import Transport
    from planhat_sync.model import Model
    from planhat_sync.runtime.signals import Stop
    from planhat_sync.runtime.threads import Threads
    from planhat_sync.system import System
    from planhat_sync.writing.pipeline import Pipeline

POLL_SECONDS: Final = 0.1
"""How soon a wait notices Ctrl-C."""

_DELETED: Final = "\0"
"""The column that says of a row that its record is to be deleted; no row has it."""

_ADDED: Final = AddedColumns(_DELETED, prefixes=())

logger = logging.getLogger("planhat_sync")


def write_rows(
    client: PlanhatClient,
    model: Model,
    rows: Iterable[Mapping[str, Any]],
    options: Mapping[str, Any],
    *,
    stop: Stop,
    system: System,
    deletes: bool = False,
) -> Result:
    """Write rows, or delete the records that they identify.

    Args:
        client: Sends the requests.
        model: The model of the rows.
        rows: Mappings from properties to values.
        options: How they are written, as `WriteOptions` has it.
        stop: Ends the write between two requests; the waits of `client` end with its event.
        system: What the write uses of the world outside it.
        deletes: Whether the records are deleted.

    Raises:
        As `planhat.Planhat.write`.
    """
    settings = row_settings(model, options, deletes=deletes)
    rejected = RejectedRows(
        options.get("max_rejects", KEPT_REJECTS),
        continues=settings.on_reject == "continue",
        receive=options.get("on_rejected"),
    )
    interface = Interface(
        name=logger.name,
        version="",
        added=_ADDED,
        rejects=None,
        states=Watermark(),
        on_reject=rejected.add,
        place="rows[{}]".format,
    )
    pipeline = make_pipeline(
        settings,
        client,
        {model.name: model},
        interface,
        stop=stop,
        changes=ChangeLog(TextStyle(), logger, lambda _: {}, _DELETED),
        system=system,
    )
    write = Write(
        pipeline,
        client.transport,
        stop=stop,
        rejected=rejected,
        values=PlainValues(options.get("nan", "reject"), options.get("nulls", "send")),
        added={_DELETED: system.clock.utc()} if deletes else {},
        on_progress=options.get("on_progress"),
        threads=system.threads,
    )
    return write.perform(model.name, rows)


class Write:
    """One write.

    Args:
        pipeline: Takes the rows of one model to their outcomes, and adds rejects to `rejected`.
        transport: Sends its requests.
        stop: Ends it between two requests.
        rejected: The rejected rows.
        values: Makes records of the rows.
        added: What is added to each row.
        on_progress: Receives the result so far, after each batch.
        threads: Runs the thread that sends requests.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        transport: Transport,
        *,
        stop: Stop,
        rejected: RejectedRows,
        values: PlainValues,
        added: dict[str, Any],
        on_progress: Callable[[Result], object] | None,
        threads: Threads,
    ) -> None:
        self._pipeline = pipeline
        self._transport = transport
        self._stop = stop
        self._rejected = rejected
        self._plain_record = values.record
        self._added = added
        self._on_progress = on_progress
        self._batches = 0
        self._threads = threads
        self._thread = threads.pool(1, "planhat-write")

    def perform(self, model: str, rows: Iterable[Mapping[str, Any]]) -> Result:
        """Write all rows.

        Args:
            model: Name of their model.
            rows: The rows.

        Raises:
            WriteInterrupted: Ctrl-C; what was in flight is settled, and what waited is not sent.
            PlanhatError: The write ended early; its `result` says what it has done until then.
        """
        with self._thread, contextlib.closing(self._pipeline):
            try:
                self._take(model, rows)
                self._finish()
                return self._result()
            except KeyboardInterrupt as interrupt:
                raise WriteInterrupted(self._settled()) from interrupt
            except PlanhatError as error:
                error.result = self._settled()
                raise
            except BaseException:
                self._settled()
                raise

    def _take(self, model: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take all rows, up to one too many that is rejected: those before it are still written.

        Once a batch has failed, nothing more is sent, as in `Pipeline.flush`.
        """
        stream, plain_record = self._pipeline.streams[model], self._plain_record
        for index, row in enumerate(rows):
            given: Any = row
            if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in row):
                raise TypeError(
                    f"rows[{index}] is not a mapping from names of properties to values, but a "
                    f"{type(row).__name__}: for a data frame, pass frame.to_dict('records')"
                )
            record = plain_record(row)
            record.update(self._added)
            received = dict(row)  # it may be given again with other values before it is rejected
            reject = stream.take_record(record, received, index)
            if reject is None and not stream.full:
                continue
            try:
                if reject is not None:
                    self._do(self._pipeline.reject, stream, record, received, index, reject)
                if stream.full:
                    self._do(self._pipeline.send)
            except TooManyRejectsError:
                return
            self._report()

    def _finish(self) -> None:
        """Write what waits, and fail if more rows are rejected than may be."""
        try:
            self._do(self._pipeline.finish)
        except TooManyRejectsError:
            self._rejected.report()
            raise self._rejected.error(self._pipeline.counts.total.rejected) from None
        self._report()

    def _do(self, work: Callable[..., None], *arguments: object) -> None:
        """Do what sends requests in the other thread."""
        self._wait_for(self._thread.submit(work, *arguments))

    def _report(self) -> None:
        """Call the callbacks, whose errors are never taken for those of this write."""
        self._rejected.report()
        if self._on_progress is not None and self._pipeline.batches > self._batches:
            self._batches = self._pipeline.batches
            self._on_progress(self._result())

    def _settled(self) -> Result:
        """Return what a write that ends early has done, once nothing is in flight any more."""
        self._settle()
        self._rejected.report()
        return self._result()

    def _settle(self) -> None:
        self._stop.request(signal.SIGINT)
        self._wait_for(self._thread.submit(self._pipeline.wait))

    def _wait_for(self, work: Future[None]) -> None:
        """Wait in short pieces: Ctrl-C just before a wait begins does not end that wait."""
        while not self._threads.wait([work], POLL_SECONDS):
            pass
        work.result()

    def _result(self) -> Result:
        counts = self._pipeline.counts.total
        return Result(
            rows=counts.read,
            **{outcome: getattr(counts, outcome) for outcome in OUTCOMES},
            undecided=counts.undecided,
            rejects=tuple(self._rejected.kept),
            reasons={reason.value: count for reason, count in counts.reasons.most_common()},
            requests=self._transport.requests,
            retries=self._transport.retries,
        )
