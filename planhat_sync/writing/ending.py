"""How a run that writes ends: its summary, its warnings, and what its last line says."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from planhat_sync.errors import Interrupted, PlanhatError, StopError
from planhat_sync.runtime.exits import StoppedBySignal
from planhat_sync.runtime.plural import counted
from planhat_sync.writing.records.unknown_properties import printable_name
from planhat_sync.writing.results.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from planhat_sync.api.http.transport import Transport
    from planhat_sync.runtime.clock import Clock
    from planhat_sync.runtime.files import Files
    from planhat_sync.runtime.signals import Stop
    from planhat_sync.runtime.terminal import TextStyle
    from planhat_sync.writing.interface import Interface
    from planhat_sync.writing.pipeline import Pipeline
    from planhat_sync.writing.results.summary import Result
    from planhat_sync.writing.settings import WriteSettings


class DryRunError(StopError):
    """A dry run failed.

    Args:
        error: The reason.
    """

    def __init__(self, error: PlanhatError) -> None:
        super().__init__(f"dry run: {error}", status=error.status)
        self.section = error.section


class Ending:
    """Reports how a run went.

    Args:
        settings: The user's settings.
        pipeline: Has the counts and the rejects.
        transport: Has counted the requests.
        interface: The name and the version of the program.
        has_final_state: Returns whether the input ended with a state behind all records; None if
            that is not known.
        warnings: Returns sentences about maps that may not be what the user meant, for a dry run.
        stop: Whether a signal ended the run.
        clock: The time.
        files: The file system of the summary.
        style: How the summary is shown.

    Attributes:
        replayed: The reject file that the run reads, under its new name; None if it reads none.
    """

    def __init__(
        self,
        settings: WriteSettings,
        pipeline: Pipeline,
        transport: Transport,
        interface: Interface,
        *,
        has_final_state: Callable[[], bool | None],
        warnings: Callable[[], Sequence[str]],
        stop: Stop,
        clock: Clock,
        files: Files,
        style: TextStyle,
    ) -> None:
        self.replayed: Path | None = None
        self._settings = settings
        self._pipeline = pipeline
        self._transport = transport
        self._interface = interface
        self._has_final_state = has_final_state
        self._warnings = warnings
        self._stop = stop
        self._clock = clock
        self._files = files
        self._style = style

    @contextlib.contextmanager
    def reported(self) -> Iterator[None]:
        """Report how the run went, however it ends.

        Raises:
            StoppedBySignal: A signal asked the run to stop.
            PlanhatError: The run failed.
        """
        began = self._clock.now()
        result: Result = "failed"
        try:
            yield
            result = "done"
        except Interrupted as error:
            result = "interrupted"
            raise StoppedBySignal(self._stop.signum, self._where_it_stopped()) from error
        except PlanhatError as error:
            if self._settings.dry_run:
                raise DryRunError(error) from error
            raise
        finally:
            self._report(result, self._clock.now() - began)

    def _where_it_stopped(self) -> str:
        if self._settings.dry_run:
            return "the dry run has written nothing: run it again"
        undecided = self._pipeline.counts.total.undecided
        if not undecided:
            return "every record that was read is accounted for: run again from the last state"
        return (
            f"{counted(undecided, 'record')} undecided (read, but without an outcome): run again "
            "from the last state"
        )

    def _report(self, result: Result, seconds: float) -> None:
        logger, has_final_state = self._interface.logger, self._has_final_state()
        if self.replayed is not None and result != "done":
            logger.warning(
                "the replay is not finished: replay its records with %s %s",
                self._interface.input_option,
                self.replayed,
            )
        mirror = self._pipeline.mirror
        if mirror is not None and not mirror.has_begun:
            logger.warning(
                "on_missing: nothing is removed, because the run did not come to its end"
            )
        if has_final_state is False:
            logger.warning(
                "the input ended without a final state: unless its last records did not change "
                "the state, the program that writes it failed or was stopped; check its log"
            )
        if self._settings.dry_run and result != "interrupted":
            for warning in self._warnings():
                logger.warning("%s", warning)
        skipped = "would skip" if self._settings.dry_run else "skipped"
        for stream, counts in self._pipeline.counts.streams.items():
            if reasons := counts.reasons_as_text():
                logger.info("%s: %s %s", printable_name(stream), skipped, reasons)
        file = self._pipeline.rejects.file
        summary = Summary(
            counts=self._pipeline.counts,
            result=result,
            final_state=has_final_state,
            dry_run=self._settings.dry_run,
            requests=self._transport.requests,
            retries=self._transport.retries,
            seconds=seconds,
            rejects_path=str(file.path) if file is not None else None,
            version=self._interface.version,
        )
        summary.report(logger, self._style, self._settings.summary_path, self._files)
