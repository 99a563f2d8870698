"""One run of the target, from the first line of its input to its summary."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.metrics import record_counter

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.custom_fields import read_custom_fields, typed_models
from planhat_sync.api.http.clock import Clock
from planhat_sync.api.http.transport import Transport
from planhat_sync.errors import ConfigurationError, Interrupted
from planhat_sync.runtime import stdout
from planhat_sync.runtime.progress import Progress, Snapshot
from planhat_sync.runtime.signals import Stop
from planhat_sync.runtime.stdin import InputError, read_lines
from planhat_sync.runtime.stdout import descriptor_of
from planhat_sync.runtime.terminal import TextStyle
from planhat_sync.writing.assembly import make_pipeline
from planhat_sync.writing.results.rejects import TooManyRejectsError
from planhat_sync.writing.results.replay import may_return, put_aside
from planhat_sync.writing.sending.changes import ChangeLog
from target_planhat.completeness import Completeness
from target_planhat.ending import Ending
from target_planhat.final_state import FinalState
from target_planhat.reject_lines import RejectLines
from target_planhat.router import Router
from target_planhat.source_file import SourceFile
from target_planhat.waiting_time import WaitingTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from planhat_sync.api.connection import Connection
    from planhat_sync.model import Model
    from planhat_sync.writing.mirror.model_source import ModelSource
    from planhat_sync.writing.results.files import Files
    from planhat_sync.writing.results.reject_file import RejectFile
    from planhat_sync.writing.settings import WriteSettings
    from target_planhat.record_maps import RecordMaps

IDLE_SECONDS = 5.0
"""After this many seconds without input, what waits is sent, so that its state can be printed."""

LONGEST_WAIT_SECONDS = 60.0
"""A record waits no longer than this to be sent, however slowly others come."""

logger = logging.getLogger("target-planhat")


class Run:
    """One run of the target.

    Args:
        settings: The user's settings.
        connection: The connection to Planhat.
        models: The models, by name.
        maps: The mappings or stream maps.
        version: Version of the target, for the summary.
        idle_seconds: After this many seconds without input, what waits is sent.
        longest_wait_seconds: A record waits no longer than this while others keep coming.
        clock: Time and randomness.
        files: The file system of the reject file.
        write: Writes lines to standard output.

    Attributes:
        stop: Asks the run to stop.
        transport: Sends the requests.
        pipeline: Takes records to their outcomes.
    """

    def __init__(
        self,
        settings: WriteSettings,
        connection: Connection,
        models: Mapping[str, Model],
        maps: RecordMaps,
        *,
        version: str,
        idle_seconds: float = IDLE_SECONDS,
        longest_wait_seconds: float = LONGEST_WAIT_SECONDS,
        clock: Clock | None = None,
        files: Files | None = None,
        write: Callable[[Sequence[bytes]], None] = stdout.write,
    ) -> None:
        self.stop = Stop("target-planhat")
        self._clock = clock or Clock()
        self.transport = Transport(
            connection, width=settings.concurrency, stop=self.stop.event, clock=self._clock
        )
        self._client = PlanhatClient(self.transport)
        self._settings = settings
        self._idle_seconds = idle_seconds
        style = TextStyle.of(sys.stderr)
        schemas: dict[str, bytes] = {}
        self.pipeline = make_pipeline(
            settings,
            self._client,
            models,
            stop=self.stop,
            reject_format=RejectLines(schemas),
            changes=ChangeLog(style, logger, maps.sources),
            logger=logger,
            files=files,
            clock=self._clock,
            write=write,
        )
        self._final_state = FinalState()
        self._source_file: SourceFile | None = None
        self._completeness = Completeness(self._clock.epoch()) if self.pipeline.mirror else None
        if self._completeness is not None:
            for stream in maps.named:
                self._completeness.expect(stream, maps.streams_of(stream))
        self._router = Router(self.pipeline, maps, schemas, self._final_state, self._completeness)
        self._ending = Ending(
            settings,
            self.pipeline,
            self.transport,
            self._final_state,
            warnings=maps.warnings,
            stop=self.stop,
            clock=self._clock,
            style=style,
            version=version,
        )
        self._waiting = WaitingTime(longest_wait_seconds, self._clock)

    def perform(self, source: IO[Any] | None, *, is_complete: bool = False) -> None:
        """Read all messages, and report how the run went.

        Args:
            source: Where the messages come from, None if that is closed.
            is_complete: Whether the user says that it is a file with all records of the source.

        Raises:
            StoppedBySignal: A signal asked the run to stop.
            PlanhatError: The run failed.
        """
        with (
            self._ending.reported(),
            contextlib.closing(self),
            self.stop.on_signals(),
            self.progress(),
            self._settled(),
        ):
            source = self._checked(source, is_complete=is_complete)
            with self._flushed_on_bad_input():
                for lines in read_lines(source, self.stop, self._idle_seconds):
                    self._router.handle(lines)
                    if self._waiting.is_over(
                        is_anything=self.pipeline.has_waiting, is_idle=not lines.lines
                    ):
                        self.pipeline.flush()
            if self.stop.requested:
                raise Interrupted("asked to stop while reading")
            self._final_state.end()
            self.pipeline.finish(self._sources)
            for name, counts in self.pipeline.counts.streams.items():
                with record_counter(name) as metric:  # as the SDK's sinks log it
                    metric.increment(counts.read)

    def progress(self) -> Progress:
        """Return a context that shows the progress of the run."""

        def snapshot() -> Snapshot:
            read, batches = self.pipeline.counts.total.read, self.pipeline.batches
            return Snapshot(read, batches, "batch", self.transport.retries)

        name = "target-planhat (dry run)" if self._settings.dry_run else "target-planhat"
        return Progress(name, snapshot, setting=self._settings.progress, logger=logger)

    def close(self) -> None:
        """Close threads, files and connections."""
        self.pipeline.close()
        self.transport.close()

    def _checked(self, source: IO[Any] | None, *, is_complete: bool) -> IO[Any]:
        """Check input and output files before the first message is read."""
        if source is None:
            raise ConfigurationError(
                "standard input is closed: pipe a tap into it, or name a file with --input"
            )
        if self._completeness is not None and is_complete:
            self._source_file = SourceFile(source)
        file = self.pipeline.rejects.file
        if file is not None:
            file.check()
        if self._settings.check_custom_fields:
            streams = self.pipeline.streams
            fields = read_custom_fields(self._client, streams.models)
            streams.models = typed_models(streams.models, fields)
        if file is not None:
            self._put_aside(file, descriptor_of(source))
        return source

    def _sources(self) -> Mapping[str, ModelSource]:
        """Return what is known of the source of each model, once the input has ended."""
        if self._completeness is None:
            return {}
        reason = None
        if self._final_state.is_present is False:
            reason = "the input ended without a final state"
        elif self._final_state.is_continued:
            reason = "the input begins with a state, from which its tap continued"
        elif self._source_file is not None and self._source_file.has_changed():
            reason = "the input was written to while it was read"
        file = self._source_file
        ended = self._clock.epoch() if file is None else file.written_at
        return self._completeness.sources(ended, vouched_for=file is not None, reason=reason)

    def _put_aside(self, file: RejectFile, read_from: int | None) -> None:
        """Rename the reject file if it is what the run reads."""
        path = file.path.resolve()
        self._router.may_read_own_rejects = may_return(file, read_from)
        aside = self._ending.replayed = put_aside(file, read_from)
        if aside is not None:
            logger.info(
                "%s is replayed, and was renamed to %s; new rejects go to %s again. If this run "
                "does not finish, replay the rest with --input %s",
                path,
                aside.name,
                path.name,
                aside,
            )

    @contextlib.contextmanager
    def _settled(self) -> Iterator[None]:
        """Record the results of all batches in flight, however the run ends."""
        try:
            yield
        finally:
            self.pipeline.wait()

    @contextlib.contextmanager
    def _flushed_on_bad_input(self) -> Iterator[None]:
        """Send the records before a line that ends the run: they are not at fault."""
        try:
            yield
        except (InputError, TooManyRejectsError) as error:
            with contextlib.suppress(TooManyRejectsError):
                self.pipeline.flush()
            if isinstance(error, InputError):
                raise
            self.pipeline.check_rejects()
        finally:
            self._router.finish()
