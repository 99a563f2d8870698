"""One run of the target, from the first line of its input to its summary."""

from __future__ import annotations

import logging
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.metrics import record_counter

from planhat_sync.errors import ConfigurationError
from planhat_sync.system import SYSTEM, System
from planhat_sync.writing.interface import Interface
from planhat_sync.writing.records.added_columns import SDC_COLUMNS
from planhat_sync.writing.results.states import Watermark
from planhat_sync.writing.run import WriteRun
from planhat_sync.writing.waiting_time import USUAL_PAUSES, Pauses
from target_planhat.completeness import Completeness
from target_planhat.final_state import FinalState
from target_planhat.reject_lines import RejectLines
from target_planhat.router import Router
from target_planhat.source_file import SourceFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.api.connection import Connection
    from planhat_sync.model import Model
    from planhat_sync.writing.mapping.record_maps import RecordMaps
    from planhat_sync.writing.mirror.model_source import ModelSource
    from planhat_sync.writing.settings import WriteSettings


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
        system: What the run uses of the world outside it.

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
        idle_seconds: float = USUAL_PAUSES.idle_seconds,
        longest_wait_seconds: float = USUAL_PAUSES.longest_wait_seconds,
        system: System = SYSTEM,
    ) -> None:
        schemas: dict[str, bytes] = {}
        self._final_state = FinalState()
        self._run = WriteRun(
            settings,
            connection,
            models,
            maps,
            Interface(
                "target-planhat",
                version,
                SDC_COLUMNS,
                RejectLines(schemas),
                Watermark(),
                input_option="--input",
            ),
            has_final_state=lambda: self._final_state.is_present,
            pauses=Pauses(idle_seconds, longest_wait_seconds),
            system=system,
        )
        self.stop, self.transport = self._run.stop, self._run.transport
        self.pipeline = self._run.pipeline
        self._source_file: SourceFile | None = None
        self._clock = system.clock
        self._completeness = Completeness(self._clock.epoch()) if self.pipeline.mirror else None
        if self._completeness is not None:
            for stream in maps.named:
                self._completeness.expect(stream, maps.streams_of(stream))
        self._router = Router(
            self.pipeline,
            self._run.record_input,
            maps,
            schemas,
            self._final_state,
            self._completeness,
        )

    def perform(self, source: IO[Any] | None, *, is_complete: bool = False) -> None:
        """Read all messages, and report how the run went.

        Args:
            source: Where the messages come from, None if that is closed.
            is_complete: Whether the user says that it is a file with all records of the source.

        Raises:
            StoppedBySignal: A signal asked the run to stop.
            PlanhatError: The run failed.
        """
        with self._run.under_way():
            source = self._checked(source, is_complete=is_complete)
            self._run.prepare(source)
            try:
                with self._run.reading():
                    for lines in self._run.lines(source):
                        self._router.handle(lines)
            finally:
                self._router.finish()
            self._final_state.end()
            if self._final_state.is_empty:
                logger.warning(
                    "the input ended without a record and without a state: unless the source has "
                    "nothing, the program that writes it failed or was stopped; check its log"
                )
            self.pipeline.finish(self._sources)
            for name, counts in self.pipeline.counts.streams.items():
                with record_counter(name) as metric:  # as the SDK's sinks log it
                    metric.increment(counts.read)

    def close(self) -> None:
        """Close threads, files and connections."""
        self._run.close()

    def _checked(self, source: IO[Any] | None, *, is_complete: bool) -> IO[Any]:
        """Check the input before the first message is read."""
        if source is None:
            raise ConfigurationError(
                "standard input is closed: pipe a tap into it, or name a file with --input"
            )
        if self._completeness is not None and is_complete:
            self._source_file = SourceFile(source)
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
