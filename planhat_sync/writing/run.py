"""What one run that writes consists of, whatever the form of its input."""

from __future__ import annotations

import contextlib
import sys
from typing import IO, TYPE_CHECKING, Any

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.custom_fields import read_custom_fields, typed_models
from planhat_sync.errors import Interrupted
from planhat_sync.runtime.progress import Progress, Snapshot
from planhat_sync.runtime.signals import Stop
from planhat_sync.runtime.stdin import InputError, Lines, read_lines
from planhat_sync.runtime.stdout import descriptor_of
from planhat_sync.runtime.terminal import TextStyle
from planhat_sync.system import SYSTEM, System
from planhat_sync.writing.assembly import make_pipeline
from planhat_sync.writing.ending import Ending
from planhat_sync.writing.record_input import RecordInput
from planhat_sync.writing.results.rejects import TooManyRejectsError
from planhat_sync.writing.results.replay import may_return, put_aside
from planhat_sync.writing.sending.changes import ChangeLog
from planhat_sync.writing.waiting_time import USUAL_PAUSES, Pauses, WaitingTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from planhat_sync.api.connection import Connection
    from planhat_sync.model import Model
    from planhat_sync.writing.interface import Interface
    from planhat_sync.writing.mapping.record_maps import RecordMaps
    from planhat_sync.writing.results.reject_file import RejectFile
    from planhat_sync.writing.settings import WriteSettings


class WriteRun:
    """One run that writes.

    Args:
        settings: The user's settings.
        connection: The connection to Planhat.
        models: The models, by name.
        maps: The mappings or stream maps.
        interface: What is particular to the program.
        stop: Asks the run to stop; None if signals alone ask it, while it is under way.
        has_final_state: Returns whether the input ended with a state behind all records; None if
            that is not known.
        pauses: After which pauses of the input what waits is sent.
        system: What the run uses of the world outside it.

    Attributes:
        stop: Asks the run to stop.
        transport: Sends the requests.
        client: Planhat.
        pipeline: Takes records to their outcomes.
        record_input: Takes the records of lines to the pipeline.
    """

    def __init__(
        self,
        settings: WriteSettings,
        connection: Connection,
        models: Mapping[str, Model],
        maps: RecordMaps,
        interface: Interface,
        *,
        stop: Stop | None = None,
        has_final_state: Callable[[], bool | None] = lambda: None,
        pauses: Pauses = USUAL_PAUSES,
        system: System = SYSTEM,
    ) -> None:
        self._obeys_signals = stop is None
        self.stop = stop or Stop(interface.name)
        self.transport = system.transport(
            connection, width=settings.concurrency, stop=self.stop.event
        )
        self.client = PlanhatClient(self.transport)
        self._system = system
        self._settings = settings
        self._interface = interface
        self._idle_seconds = pauses.idle_seconds
        style = TextStyle.of(sys.stderr)
        deleted_at = interface.added.deleted_at
        self.pipeline = make_pipeline(
            settings,
            self.client,
            models,
            interface,
            stop=self.stop,
            changes=ChangeLog(style, interface.logger, maps.sources, deleted_at),
            system=system,
        )
        self.record_input = RecordInput(self.pipeline, maps, interface.input_option)
        self._ending = Ending(
            settings,
            self.pipeline,
            self.transport,
            interface,
            has_final_state=has_final_state,
            warnings=maps.warnings,
            stop=self.stop,
            clock=system.clock,
            files=system.files,
            style=style,
        )
        self._waiting = WaitingTime(pauses.longest_wait_seconds, system.clock)

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        """Return a context for the run: it shows its progress, and its summary at the end.

        However it ends, the results of all batches in flight are recorded.

        Raises:
            StoppedBySignal: A signal asked the run to stop.
            PlanhatError: The run failed.
        """
        with (
            self._ending.reported(),
            contextlib.closing(self),
            self.stop.on_signals() if self._obeys_signals else contextlib.nullcontext(),
            self.progress(),
            self._settled(),
        ):
            yield

    def progress(self) -> Progress:
        """Return a context that shows the progress of the run."""

        def snapshot() -> Snapshot:
            read, batches = self.pipeline.counts.total.read, self.pipeline.batches
            return Snapshot(read, batches, "batch", self.transport.retries)

        name, setting = self._interface.name, self._settings.progress
        if self._settings.dry_run:
            name = f"{name} (dry run)"
        return Progress(
            name,
            snapshot,
            setting=setting,
            logger=self._interface.logger,
            clock=self._system.clock,
            threads=self._system.threads,
        )

    def prepare(self, source: IO[Any]) -> None:
        """Check the output files, and learn about custom fields, before the first record is read.

        Args:
            source: The input; if it is the reject file, that is renamed.

        Raises:
            PlanhatError: Rejects could not be written, or the types of custom fields not be read.
        """
        file = self.pipeline.rejects.file
        if file is not None:
            file.check()
        if self._settings.check_custom_fields:
            streams = self.pipeline.streams
            threads = self._system.threads
            fields = read_custom_fields(self.client, streams.models, threads)
            streams.models = typed_models(streams.models, fields)
        if file is not None:
            self._put_aside(file, descriptor_of(source))

    def lines(self, source: IO[Any]) -> Iterator[Lines]:
        """Yield the lines of the input, up to its end.

        What waits is sent when the input is idle, or has been slow for long.

        Args:
            source: The input.

        Raises:
            Interrupted: A stop was requested.
            PlanhatError: The input cannot be read, or the run cannot continue.
        """
        for lines in read_lines(source, self.stop, self._idle_seconds):
            yield lines
            if self._waiting.is_over(
                is_anything=self.pipeline.has_waiting, is_idle=not lines.lines
            ):
                self.pipeline.flush()
        if self.stop.requested:
            raise Interrupted("asked to stop while reading")

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Return a context for the reading of the input, and for what is done with its lines.

        The records before a line that ends the run are sent: they are not at fault. If a batch has
        failed before, nothing more is sent, records of other streams included, as in
        `Pipeline.flush`.

        Raises:
            PlanhatError: The run cannot continue.
        """
        try:
            yield
        except (InputError, TooManyRejectsError) as error:
            with contextlib.suppress(TooManyRejectsError):
                self.pipeline.flush()
            if isinstance(error, InputError):
                raise
            self.pipeline.check_rejects()

    def close(self) -> None:
        """Close threads, files and connections."""
        self.pipeline.close()
        self.transport.close()

    def _put_aside(self, file: RejectFile, read_from: int | None) -> None:
        """Rename the reject file if it is what the run reads."""
        path = file.path.resolve()
        self.record_input.may_read_own_rejects = may_return(file, read_from)
        aside = self._ending.replayed = put_aside(file, read_from)
        if aside is not None:
            self._interface.logger.info(
                "%s is replayed, and was renamed to %s; new rejects go to %s again. If this run "
                "does not finish, replay the rest with %s %s",
                path,
                aside.name,
                path.name,
                self._interface.input_option,
                aside,
            )

    @contextlib.contextmanager
    def _settled(self) -> Iterator[None]:
        """Record the results of all batches in flight, however the run ends."""
        try:
            yield
        finally:
            self.pipeline.wait()
