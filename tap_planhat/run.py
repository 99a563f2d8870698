"""One run of the tap: what its streams share, and how it ends."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from planhat_sync.errors import Interrupted
from planhat_sync.reading.run import ReadRun
from planhat_sync.runtime import stdout
from planhat_sync.runtime.exits import StoppedBySignal
from planhat_sync.runtime.progress import Progress, Snapshot
from planhat_sync.runtime.signals import Stop, StopRequested
from planhat_sync.system import SYSTEM, System

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, Mapping

    from planhat_sync.api.client import PlanhatClient
    from tap_planhat.messages import MessageWriter


class TapRun:
    """One run of the tap, with its writer, its signals and its progress.

    Args:
        name: Name of the plugin.
        config: The settings by name.
        writer: Writes the messages.
        logger: Receives messages for the user.
        client: Sends the requests; None for one that is made of the settings.
        system: What the run uses of the world outside it.

    Attributes:
        writer: Writes the messages.
        stop: Whether the run was asked to stop.
        read_run: What reading knows of the run.
    """

    def __init__(
        self,
        name: str,
        config: Mapping[str, Any],
        writer: MessageWriter,
        logger: logging.Logger,
        client: PlanhatClient | None = None,
        system: System = SYSTEM,
    ) -> None:
        self.writer = writer
        self.stop = Stop(name)
        self.read_run = ReadRun(config, stop=self.stop.event, client=client, system=system)
        self._name = name
        self._config = config
        self._logger = logger

    @contextmanager
    def reading(self, write_state: Callable[[], None]) -> Iterator[None]:
        """Show progress and obey signals while the streams are read, and say how it ended.

        Args:
            write_state: Writes the state as it is after the last records that were written.

        Raises:
            StoppedBySignal: A signal came; every printed line is complete, and the last state is
                the last safe state.
        """
        with self._progress(), self.stop.on_signals():
            try:
                yield
                self.stop.check()
                counts = self.read_run.counts
                read = counts if counts.records else "No records were read"
                self._logger.info("%s", read)
            except (Interrupted, StopRequested) as stopped:
                if not self.stop.requested:
                    raise
                write_state()
                raise StoppedBySignal(
                    self.stop.signum,
                    f"{self.read_run.counts}, and every printed line is complete: run again from "
                    "the last state",
                ) from stopped
            finally:
                self.writer.flush()
                if warning := self.read_run.warning:
                    self._logger.warning("%s", warning)
                self.stop.event.set()  # ends requests whose pages are no longer needed

    def _progress(self) -> Progress:
        def snapshot() -> Snapshot:
            counts = self.read_run.counts
            return Snapshot(counts.records, counts.pages, "page", self.read_run.retries)

        return Progress(
            self._name,
            snapshot,
            setting=self._config["progress"],
            logger=self._logger,
            leave_terminal_to_target=stdout.is_pipe(),
            clock=self.read_run.system.clock,
            threads=self.read_run.system.threads,
        )
