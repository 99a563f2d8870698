"""One run of the tap: what its streams share, and how it ends."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.http.transport import Transport
from planhat_sync.errors import Interrupted
from planhat_sync.reading.company_names import CompanyNames
from planhat_sync.reading.settings import ReadSettings
from planhat_sync.runtime import stdout
from planhat_sync.runtime.exits import StoppedBySignal
from planhat_sync.runtime.progress import Progress, Snapshot
from planhat_sync.runtime.signals import Stop, StopRequested
from tap_planhat.read_counts import ReadCounts

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, Mapping

    from tap_planhat.messages import MessageWriter


class TapRun:
    """What all streams of a run share.

    Nothing is made of the settings before it is needed: discovery needs none that are valid.

    Args:
        name: Name of the plugin.
        config: The settings by name.
        writer: Writes the messages.
        logger: Receives messages for the user.
        client: Sends the requests; None for one that is made of the settings.

    Attributes:
        writer: Writes the messages.
        stop: Whether the run was asked to stop.
        counts: The counts of what was read.
    """

    def __init__(
        self,
        name: str,
        config: Mapping[str, Any],
        writer: MessageWriter,
        logger: logging.Logger,
        client: PlanhatClient | None = None,
    ) -> None:
        self.writer = writer
        self.stop = Stop(name)
        self.counts = ReadCounts()
        self._name = name
        self._config = config
        self._logger = logger
        self._client = client
        self._company_names: CompanyNames | None = None

    @cached_property
    def settings(self) -> ReadSettings:
        """How to read, as the user has set it."""
        return ReadSettings.from_config(self._config)

    def connect(self) -> PlanhatClient:
        """Return the client for all streams and threads.

        Raises:
            ConfigurationError: The settings of the connection are missing or wrong.
        """
        if self._client is None:
            connection = Connection.from_config(self._config)
            width = self._config["concurrency"]
            self._client = PlanhatClient(Transport(connection, width=width, stop=self.stop.event))
        return self._client

    def company_names(self) -> CompanyNames | None:
        """Return how records refer to companies; None for their `_id`."""
        key = self._config["company_references"]
        if key != "id" and self._company_names is None:
            self._company_names = CompanyNames(key, self.connect, self.stop.event)
        return self._company_names

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
                read = self.counts if self.counts.records else "No records were read"
                self._logger.info("%s", read)
            except (Interrupted, StopRequested) as stopped:
                if not self.stop.requested:
                    raise
                write_state()
                raise StoppedBySignal(
                    self.stop.signum,
                    f"{self.counts}, and every printed line is complete: run again from the last "
                    "state",
                ) from stopped
            finally:
                self.writer.flush()
                if self._company_names and (unnamed := self._company_names.warning):
                    self._logger.warning("%s", unnamed)
                self.stop.event.set()  # ends requests whose pages are no longer needed

    def _progress(self) -> Progress:
        def snapshot() -> Snapshot:
            retries = self._client.transport.retries if self._client else 0
            return Snapshot(self.counts.records, self.counts.pages, "page", retries)

        return Progress(
            self._name,
            snapshot,
            setting=self._config["progress"],
            logger=self._logger,
            leave_terminal_to_target=stdout.is_pipe(),
        )
