"""Conducts a run from its first line to its last word: reading, stopping, summing up."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections import Counter
from typing import IO, TYPE_CHECKING, Any, cast

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.custom_fields import read_custom_fields, typed
from planhat_sync.api.http.transport import Transport
from planhat_sync.errors import ConfigurationError, Interrupted, PlanhatError
from planhat_sync.runtime.exits import StoppedBySignal
from planhat_sync.runtime.plural import counted
from planhat_sync.runtime.progress import Progress, Snapshot, choose_mode
from planhat_sync.runtime.signals import Stop
from planhat_sync.runtime.stdin import InputError, read_lines
from planhat_sync.runtime.terminal import Style
from planhat_sync.writing.matching.matcher import Matcher
from planhat_sync.writing.pipeline import Run
from planhat_sync.writing.results.counts import RunCounts
from planhat_sync.writing.results.reject_file import RejectFile
from planhat_sync.writing.results.rejects import Rejects, TooManyRejectsError
from planhat_sync.writing.results.replay import put_aside
from planhat_sync.writing.results.state_output import StateOutput
from planhat_sync.writing.results.summary import Summary
from planhat_sync.writing.sending.batch_writer import BatchWriter
from planhat_sync.writing.sending.checkpoint import Checkpoint
from planhat_sync.writing.sending.dry_run import DryRun
from planhat_sync.writing.sending.sender import BatchSender
from target_planhat.router import Router
from target_planhat.stream_maps import StreamMaps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from planhat_sync.writing.results.summary import Result
    from target_planhat.target import TargetPlanhat

IDLE_SECONDS = 5.0
"""After so long without input what waits is sent, so that its state need not wait for more."""

LONGEST_WAIT_SECONDS = 60.0
"""A record waits no longer than this to be sent, however slowly others come."""

logger = logging.getLogger("target-planhat")


class Conduct:
    """One run of a target.

    Args:
        target: The target.
        idle_seconds: After so long without input what waits is sent.
        longest_wait_seconds: So long a record waits at most while others keep coming.

    Attributes:
        transport: Gets the answers of this run.
        stop: Asks the run to stop.
    """

    def __init__(
        self,
        target: TargetPlanhat,
        *,
        idle_seconds: float = IDLE_SECONDS,
        longest_wait_seconds: float = LONGEST_WAIT_SECONDS,
    ) -> None:
        self._target = target
        self._idle_seconds = idle_seconds
        self._longest_wait_seconds = longest_wait_seconds
        self._settings = settings = target.settings
        self._progress_setting = target.config["progress"]
        self.stop = Stop("target-planhat")
        self.transport = Transport(
            Connection.from_config(target.config), width=settings.concurrency, stop=self.stop.event
        )
        self._output = StateOutput()
        self._style = Style.of(sys.stderr)
        self._run: Run | None = None
        self._replayed: Path | None = None

    @property
    def run(self) -> Run:
        """The run that is under way."""
        if self._run is None:
            raise RuntimeError("nothing has been read yet")
        return self._run

    def writer_of(self, stream: str) -> BatchWriter:
        """Make the writer of one model.

        Args:
            stream: Its name.
        """
        client = PlanhatClient(self.transport)
        model = self._target.models[stream]
        settings = self._settings
        matcher = Matcher(client, model, settings, stop=self.stop.event)
        checkpoint = Checkpoint(self.stop, self.run.rejections)
        sender = (
            DryRun(client, model, matcher, self._style)
            if settings.dry_run
            else BatchSender(client, model, matcher, checkpoint)
        )
        return BatchWriter(stream, matcher, sender, checkpoint)

    def perform(self, listen: Callable[[], None]) -> None:
        """Do a whole run, and tell how it went.

        Args:
            listen: Reads the input and closes the books.

        Raises:
            StoppedBySignal: A signal asked the run to stop.
            PlanhatError: The run failed.
        """
        began = time.monotonic()
        result: Result = "failed"
        try:
            with self.stop.on_signals(), self._progress():
                try:
                    listen()
                    result = "done"
                finally:
                    self.land()
        except Interrupted as error:
            result = "interrupted"
            raise StoppedBySignal(self.stop.signum, self._where_it_stopped()) from error
        finally:
            self._sum_up(result, time.monotonic() - began)

    def read(self, file_input: IO[Any] | None) -> Counter[str]:
        """Read messages to the end of the input, or until the run is stopped.

        Args:
            file_input: Where they come from; stdin if None.

        Returns:
            How many there were, by type.

        Raises:
            PlanhatError: The run cannot go on; what was read before is as far as it can be.
        """
        source = file_input or cast("IO[str] | None", sys.stdin)
        if source is None:
            raise ConfigurationError(
                "standard input is closed: pipe a tap into it, or name a file with --input"
            )
        run = self._run = self._new_run()
        target = self._target
        if self._settings.check_custom_fields:
            fields = read_custom_fields(PlanhatClient(self.transport))
            target.models = {name: typed(model, fields) for name, model in target.models.items()}
        if self._settings.rejects_path is not None and not self._settings.dry_run:
            self._replayed = put_aside(self._settings.rejects_path, _descriptor(source))
        intake = Router(run, StreamMaps(target.mapper), target.sink_of)
        try:
            self._read(source, intake)
        except (InputError, TooManyRejectsError) as error:
            # What came before is not to blame for what comes here.
            with contextlib.suppress(TooManyRejectsError):
                run.drain()
            if isinstance(error, InputError):
                raise
            run.check_rejects()
        finally:
            intake.unknown.sum_up()
        return Counter({**intake.counts, "RECORD": run.ledger.total.taken})

    def _read(self, source: IO[Any], intake: Router) -> None:
        since: float | None = None
        for lines in read_lines(source, self.stop, self._idle_seconds):
            intake.take(lines)
            if not self.run.waits:
                since = None
                continue
            now = time.monotonic()
            since = since or now
            if not lines.lines or now - since > self._longest_wait_seconds:
                self.run.drain()
                since = None
        if self.stop.requested:
            raise Interrupted("asked to stop while reading")

    def _new_run(self) -> Run:
        settings, reject_file = self._settings, None
        rehearsing = settings.dry_run
        if settings.rejects_path is not None and not rehearsing:
            reject_file = RejectFile(settings.rejects_path)
        return Run(
            output=None if rehearsing else self._output,
            rejections=Rejects(
                reject_file, allowed=settings.allowed_rejects, rehearsing=rehearsing
            ),
            concurrency=settings.concurrency,
        )

    def _progress(self) -> Progress:
        def snapshot() -> Snapshot:
            run = self._run
            records = run.ledger.total.taken if run else 0
            return Snapshot(records, run.batches if run else 0, "batch", self.transport.retries)

        terminal = sys.stderr.isatty()
        mode = choose_mode(
            self._progress_setting, stderr_is_terminal=terminal, leave_terminal_to_target=False
        )
        name = "target-planhat (dry run)" if self._settings.dry_run else "target-planhat"
        return Progress(name, snapshot, mode=mode, logger=logger)

    def close(self) -> None:
        """Let go of threads, files and connections."""
        if self._run is not None:
            self._run.close()
        self.transport.close()

    def land(self) -> None:
        """Account for what is still on its way when a run ends early, and keep its rejects."""
        run = self._run
        while run is not None and run.is_under_way:
            with contextlib.suppress(PlanhatError):  # one is known already, and ends the run
                run.return_home()
        with contextlib.suppress(PlanhatError):
            if run is not None:
                run.rejections.keep()

    def _where_it_stopped(self) -> str:
        if self._settings.dry_run:
            return "the dry run has written nothing: run it again"
        undecided = self.run.ledger.undecided
        if not undecided:
            return "every record that was read is accounted for: run again from the last state"
        return (
            f"{counted(undecided, 'record')} undecided (read, but without an outcome): run again "
            "from the last state"
        )

    def _sum_up(self, result: Result, seconds: float) -> None:
        self.close()
        dry_run = self._settings.dry_run
        rejects_path = None if dry_run else self._settings.rejects_path
        if self._replayed is not None and result != "done":
            logger.warning(
                "the replay is not finished: its records are in %s; replay them with --input %s",
                self._replayed,
                self._replayed,
            )
        summary = Summary(
            ledger=self._run.ledger if self._run is not None else RunCounts(),
            result=result,
            dry_run=dry_run,
            requests=self.transport.requests,
            retries=self.transport.retries,
            seconds=seconds,
            rejects_path=str(rejects_path) if rejects_path else None,
            version=self._target.plugin_version,
        )
        summary.tell(self._style, self._settings.summary_path)


def _descriptor(source: IO[Any]) -> int | None:
    try:
        return source.fileno()
    except (OSError, AttributeError):  # io.UnsupportedOperation is an OSError
        return None
