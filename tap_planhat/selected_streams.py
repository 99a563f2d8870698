"""The selected streams of a run, one after the other; one that cannot be read ends no other."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from singer_sdk.exceptions import AbortedSyncFailedException, AbortedSyncPausedException

from tap_planhat.stream import PlanhatStream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk import Stream

    from planhat_sync.reading.unreadable import UnreadableStreams


class SelectedStreams:
    """The selected streams of a run.

    Args:
        streams: All streams.
        unreadable: Receives those that cannot be read.
    """

    def __init__(self, streams: Iterable[Stream], unreadable: UnreadableStreams) -> None:
        self._streams = [
            each for each in streams if isinstance(each, PlanhatStream) and each.selected
        ]
        self._unreadable = unreadable

    def read(self) -> None:
        """Read all records, as `sync_all` of the SDK does."""
        for stream in self._streams:
            with self._unreadable.noticing(stream.model):
                stream.sync()
                stream.finalize_state_progress_markers()

    def read_one_record_each(self) -> None:
        """Read one record of each stream, as `run_connection_test` of the SDK does."""
        for stream in self._streams:
            stream.ABORT_AT_RECORD_COUNT = 1
            enough = contextlib.suppress(AbortedSyncFailedException, AbortedSyncPausedException)
            with self._unreadable.noticing(stream.model), enough:
                stream.sync()

    def check(self) -> None:
        """Check at the end of a run that it is complete without the streams that were not read.

        Raises:
            StopError: It is not.
        """
        self._unreadable.check()

    def write_schemas(self) -> None:
        """Write the SCHEMA of each stream, without a request."""
        for stream in self._streams:
            stream.write_schema()
