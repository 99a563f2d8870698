"""What all streams of a run share: the client, the names of companies, the counts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.http.server_clock import http_date
from planhat_sync.reading.company_names import CompanyNames
from planhat_sync.reading.counts import ReadCounts
from planhat_sync.reading.settings import ReadSettings
from planhat_sync.system import SYSTEM, System

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping


class ReadRun:
    """What all streams of a run share.

    Nothing is made of the settings before it is needed: discovery needs none that are valid.

    Args:
        config: The settings by name, those of the connection and those of reading. Each of the
            latter has been checked against its definition, and may be missing; others are ignored.
        stop: Set when the run is to stop; every wait of it ends then.
        client: Sends the requests; None for one that is made of the settings.
        system: What the run uses of the world outside it.

    Attributes:
        stop: The same.
        system: The same.
        counts: The counts of what was read.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        stop: threading.Event,
        client: PlanhatClient | None = None,
        system: System = SYSTEM,
    ) -> None:
        self.stop = stop
        self.system = system
        self.counts = ReadCounts()
        self._config = config
        self._client = client
        self._company_names: CompanyNames | None = None

    @cached_property
    def settings(self) -> ReadSettings:
        """How to read, as the user has set it.

        Raises:
            ConfigurationError: The settings contradict each other.
        """
        return ReadSettings.from_config(self._config)

    def connect(self) -> PlanhatClient:
        """Return the client for all streams and threads.

        Raises:
            ConfigurationError: The settings of the connection are missing or wrong.
        """
        if self._client is None:
            connection = Connection.from_config(self._config)
            width = self.settings.concurrency
            transport = self.system.transport(connection, width=width, stop=self.stop)
            self._client = PlanhatClient(transport)
        return self._client

    def company_names(self) -> CompanyNames | None:
        """Return how records refer to companies; None for their `_id`."""
        key = self.settings.company_references
        if key != "id" and self._company_names is None:
            threads = self.system.threads
            self._company_names = CompanyNames(key, self.connect, self.stop, threads)
        return self._company_names

    @property
    def answered_at(self) -> datetime | None:
        """When Planhat has last answered, at most, by its own clock; None if that is not known.

        What was read until then is not newer, however wrong the clock of this machine is.
        """
        date = http_date(self._client.transport.date or "") if self._client else None
        if date is None:
            return None
        return datetime.fromtimestamp(date, timezone.utc) + timedelta(seconds=1)  # it has no parts

    @property
    def retries(self) -> int:
        """How many requests have been sent again."""
        return self._client.transport.retries if self._client else 0

    @property
    def warning(self) -> str | None:
        """What to tell the user at the end of the run; None if there is nothing."""
        return self._company_names.warning if self._company_names else None
