"""One run: the batches on their way, the books, the rejects, and the states that are true.

Owns the order in which things become durable and are told: outcomes, then the reject file, then
the state. It knows nothing of what is in a record.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Protocol

from planhat_api.errors import PlanhatError, StopError
from planhat_api.redaction import scrub
from target_planhat.fleet import Fleet, first_line
from target_planhat.ledger import Ledger
from target_planhat.rejects import RejectedRecord
from target_planhat.watermark import Watermark
from target_planhat.writer import EnoughRejectsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_planhat.batches import Batch
    from target_planhat.output import StateOutput
    from target_planhat.rejects import RejectFile
    from target_planhat.writer import Writer, Written

logger = logging.getLogger("target-planhat")

MOST_REJECTS_SHOWN = 20
MOST_REJECTS_HELD = 1_000
"""Rejects found before sending are written to the file at the latest when there are so many."""


class RejectsError(StopError):
    """Records were rejected, more than the user allows."""


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
        reject_file: Where rejects go, None to keep none.
        allowed_rejects: How many records may be rejected before the run fails, None for any
            number.
        concurrency: Most batches on their way at once.
        rehearsing: Whether nothing is written, so that the run goes on to the end in any case.

    Attributes:
        ledger: The books.
        schemas: SCHEMA line of each stream, as received.
        sources: The sinks there are.
        batches: How many batches have been written.
    """

    def __init__(
        self,
        *,
        output: StateOutput | None,
        reject_file: RejectFile | None,
        allowed_rejects: int | None,
        concurrency: int,
        rehearsing: bool = False,
    ) -> None:
        self.ledger = Ledger()
        self.schemas: dict[str, bytes] = {}
        self.sources: list[Source] = []
        self.batches = 0
        self._output = output
        self._reject_file = reject_file
        self._allowed = allowed_rejects
        self._rehearsing = rehearsing
        self._fleet = Fleet(concurrency)
        self._watermark = Watermark()
        self._rejects: list[RejectedRecord] = []
        self._first_reject = ""
        self._rejected = 0
        self._stuck: int | None = None

    def allowance(self) -> int | None:
        """Tell how many more records may be rejected, None for any number."""
        if self._allowed is None or self._rehearsing:
            return None
        return max(0, self._allowed - self._rejected)

    @property
    def _has_failed(self) -> bool:
        return self._allowed is not None and self._rejected > self._allowed

    @property
    def waits(self) -> bool:
        """Whether any record waits to be sent, or to be written to the reject file."""
        return bool(self._rejects) or any(source.oldest_line for source in self.sources)

    @property
    def is_under_way(self) -> bool:
        """Whether requests have no answer yet."""
        return self._fleet.flying > 0

    def send(self, writer: Writer, batches: Iterable[Batch]) -> None:
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
        """Send everything that waits, and wait for every answer.

        Raises:
            PlanhatError: The run cannot go on; everything that is known is accounted for.
        """
        for source in self.sources:
            source.drain()
        self._account(self._fleet.fly(all_home=True))
        self.print_state()

    def reject(self, stream: str, record: RejectedRecord) -> None:
        """Take note of a record that is not written.

        Args:
            stream: The model that it was meant for.
            record: The record, and why.

        Raises:
            EnoughRejectsError: The run fails for it; what came before is still to be drained.
        """
        self.ledger.account(stream).rejected += 1
        self._note(stream, record)
        if len(self._rejects) >= MOST_REJECTS_HELD:
            self._keep_rejects()
        if self._has_failed and not self._rehearsing:
            raise EnoughRejectsError("enough records are rejected for the run to fail")

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
        self._keep_rejects()
        state = self._watermark.release(self._oldest_line())
        if state is not None:
            self._output.print(state)

    def finish(self) -> None:
        """End a run whose input has ended.

        Raises:
            PlanhatError: It fails.
        """
        with contextlib.suppress(EnoughRejectsError):
            self.drain()
        self.check_rejects()
        self.ledger.check()

    def check_rejects(self) -> None:
        """Fail a run in which too many records were rejected.

        Raises:
            RejectsError: There were.
        """
        self._keep_rejects()
        if not self._has_failed:
            return
        verb = "would be" if self._rehearsing else "was" if self._rejected == 1 else "were"
        records = f"{self._rejected} record{'s' if self._rejected > 1 else ''} {verb}"
        limit = f", more than max_rejects ({self._allowed}) allows" if self._allowed else ""
        kept = f"; they are in {self._reject_file.path}" if self._reject_file else ""
        raise RejectsError(
            f"{records} rejected{limit}, first {self._first_reject}{kept}; correct what is wrong "
            "and run again, or set on_reject to continue"
        )

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
        if self._reject_file is not None:
            self._reject_file.close()

    def _account(self, results: Iterator[Written]) -> None:
        for written in results:
            self._settle(written)
            self.print_state()
            if written.error is not None:
                raise written.error

    def _settle(self, written: Written) -> None:
        """Enter what became of one batch into the books."""
        self.batches += 1
        account = self.ledger.account(written.stream)
        account.created += written.counts.created
        account.updated += written.counts.updated
        account.unchanged += written.counts.unchanged
        account.merged += written.merged
        account.deleted += written.deleted
        account.skipped += written.skipped
        account.rejected += len(written.rejects)
        for payload, reject in written.rejects:
            self._note(written.stream, RejectedRecord.of(payload.line, payload.raw, reject))
        if written.error is not None:
            self._hold(first_line(written.batch.payloads))

    def _note(self, stream: str, record: RejectedRecord) -> None:
        self._rejected += 1
        reject = record.reject
        where = f" (property {reject.property})" if reject.property else ""
        said = scrub(f"line {record.line}, {stream}: {reject.code.value}: {reject.message}{where}")
        self._first_reject = self._first_reject or said
        if self._rejected <= MOST_REJECTS_SHOWN:
            logger.warning("rejected: %s", said)
        elif self._rejected == MOST_REJECTS_SHOWN + 1:
            logger.warning("more records are rejected; they are counted, and kept in rejects_path")
        if self._reject_file is not None:
            self._rejects.append(record)
        if self._allowed == 0 or self._reject_file is None:
            self._hold(record.line)

    def _keep_rejects(self) -> None:
        """Write the rejects to disk; until then nothing that covers them is said."""
        if self._reject_file is None or not self._rejects:
            return
        rejects, self._rejects = self._rejects, []
        try:
            self._reject_file.write(rejects, self.schemas)
        except PlanhatError:
            self._hold(min(record.line for record in rejects))
            raise

    def _hold(self, line: int | None) -> None:
        """Let no state pass a line for the rest of the run."""
        if line is not None:
            self._stuck = line if self._stuck is None else min(self._stuck, line)

    def _oldest_line(self) -> int | None:
        lines = [self._stuck, self._fleet.oldest_line]
        lines += [source.oldest_line for source in self.sources]
        return min((line for line in lines if line is not None), default=None)
