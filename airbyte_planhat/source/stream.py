"""One stream of a run: its records, its states, and how far it is, as messages."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from airbyte_planhat.messages import descriptor, stream_state, stream_status
from airbyte_planhat.record_schema import DELETED_AT
from airbyte_planhat.source.records import record_lines
from planhat_sync.reading.state import BOOKMARK
from planhat_sync.reading.stream_read import Output, StreamRead
from planhat_sync.reading.stream_source import StreamSource
from planhat_sync.runtime.stdout import OutputError
from planhat_sync.timestamps import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from airbyte_planhat.configured_catalog import ConfiguredStream
    from airbyte_planhat.messages import Status
    from planhat_sync.model import Model
    from planhat_sync.reading.run import ReadRun

RECORDS_SINCE: Final = "records_since_equal_state"
"""Marks a state that would otherwise equal the state before it, although records came between the
two. A sync in which a state comes twice in a row fails."""

NOT_REPORTED: Final = (
    "%s: everything is read, and no deletion is emitted: rows of records that have been deleted "
    "since the last run remain in the destination until its stream is refreshed and its records "
    "are removed"
)

logger = logging.getLogger(__name__)


class SourceStream:
    """A stream that is read once.

    Args:
        stream: What the catalog says about it.
        model: Its model.
        run: What all streams share.
        state: Its state after the run before; empty if there is none.
    """

    def __init__(
        self, stream: ConfiguredStream, model: Model, run: ReadRun, state: Mapping[str, Any]
    ) -> None:
        self.descriptor = descriptor(stream.key)
        self._stream = stream
        self._model = model
        self._run = run
        self._state = {name: value for name, value in state.items() if name != RECORDS_SINCE}
        self._is_first_run = not self._state
        self._printed: dict[str, Any] | None = None
        self._records = 0
        self._key = _replication_key(stream, model)

    def read(self) -> None:
        """Read the stream; the last message says whether that was done to the end.

        Raises:
            Interrupted: The run was asked to stop.
            PlanhatError: Reading cannot continue.
            OutputError: A message cannot be written.
        """
        self._write_status("STARTED")
        try:
            self._read()
        except OutputError:
            raise
        except BaseException:
            self._write_status("INCOMPLETE")
            raise
        self._write_status("COMPLETE")

    def _read(self) -> None:
        is_running, write = False, self._run.system.write
        for rows in self._stream_read().rows():
            if not is_running:
                self._write_status("RUNNING")
                is_running = True
            write(rows.content)
            self._records += rows.count
            del rows  # the page must be released before the next one is requested
        self._write_state()

    def _stream_read(self) -> StreamRead:
        return StreamRead(
            StreamSource(
                self._model,
                self._run,
                key=self._key,
                selected=[name for name in self._stream.properties if name != DELETED_AT]
                or list(self._model.properties),
                lines=partial(record_lines, self._stream.key),
            ),
            Output(
                deletion=self._deletion,
                save_state=self._write_state,
                begin_version=self._warn_of_deletions,
                take_effect=lambda _: None,
            ),
            state=self._state,
            is_vouched=self._key != self._model.replication_key,
            logger=logger,
        )

    def _deletion(self, identifier: str, at: datetime) -> dict[str, Any]:
        """Return the record of a deletion.

        Destinations compare the cursors of records with the same primary key, and keep the row
        that is there if the record has none, or an older one
        (docs/adr/0069-reading-for-airbyte.md).
        """
        bookmark = parse_timestamp(self._state.get(BOOKMARK))
        cursor = max(at, bookmark or at, self._run.answered_at or at)
        return {
            "_id": identifier,
            **({self._key: format_timestamp(cursor)} if self._key else {}),
            DELETED_AT: format_timestamp(at),
        }

    def _warn_of_deletions(self) -> None:
        if not self._is_first_run:
            logger.warning(NOT_REPORTED, self._stream.name)

    def _write_state(self) -> None:
        """Write the state as it is now, unless nothing has come since it was written."""
        state = dict(self._state)
        if state == self._printed:
            if not self._records:
                return
            state[RECORDS_SINCE] = True
        self._run.system.write([stream_state(self.descriptor, state, self._records)])
        self._printed, self._records = state, 0

    def _write_status(self, status: Status) -> None:
        system = self._run.system
        system.write([stream_status(self.descriptor, status, system.clock)])


def _replication_key(stream: ConfiguredStream, model: Model) -> str | None:
    """Return the key by which a stream is read; None if everything is read.

    Its own key serves in a full refresh too: the platform gives such a stream no state but that of
    an attempt before, of the same job. A key that only the user vouches for has to be asked for.
    """
    possible, asked = model.possible_replication_key, ".".join(stream.cursor_field or ())
    if model.replication_key or stream.sync_mode != "incremental":
        return model.replication_key
    if possible and asked == possible:
        return possible
    if asked:
        hint = f" can be {possible}, and not" if possible else " cannot be"
        logger.warning("%s is read in full: its cursor%s %s", model.name, hint, asked)
    return None
