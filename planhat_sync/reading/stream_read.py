"""One read of a stream: its records, all of them once more if that is needed, its deletions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planhat_sync.reading.deletions.detector import DeletionDetector
from planhat_sync.reading.deletions.known_ids import KNOWN_IDS
from planhat_sync.reading.pages.page import Rows
from planhat_sync.reading.reader import StreamReader
from planhat_sync.reading.state import StreamState
from planhat_sync.reading.vouched_key import why_in_full

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Generator, Iterator, MutableMapping
    from datetime import datetime

    from planhat_sync.reading.stream_source import StreamSource


@dataclass(frozen=True, slots=True)
class Output:
    """How a stream emits what is read.

    Attributes:
        deletion: Makes a row of the `_id` of a record that was deleted, and the time when that was
            detected.
        save_state: Emits the state, after everything that was emitted before.
        begin_version: Gives the stream a new version, whose records replace all others.
        take_effect: Is given the replication key by which the stream is read, before the first
            record; None if everything is read.
    """

    deletion: Callable[[str, datetime], dict[str, Any]]
    save_state: Callable[[], None]
    begin_version: Callable[[], None]
    take_effect: Callable[[str | None], None]


class StreamRead:
    """One read of a stream.

    Args:
        source: Its pages.
        output: How its records are emitted.
        state: The stream's part of the state; changed when everything has been read.
        is_vouched: Whether only the user says that the replication key can be used.
        logger: Receives messages for the user.

    Attributes:
        is_complete: Whether all existing records came, as far as is known.
    """

    def __init__(
        self,
        source: StreamSource,
        output: Output,
        *,
        state: MutableMapping[str, Any],
        is_vouched: bool,
        logger: logging.Logger,
    ) -> None:
        self.is_complete = True
        self._source = source
        self._output = output
        self._state = state
        self._is_vouched = is_vouched
        self._logger = logger
        self._counts = source.run.counts
        self._clock = source.run.system.clock
        self._key = source.key
        self._model = source.model
        self._settings = source.settings

    def sample(self, rows: int) -> Iterator[Rows]:
        """Read a few rows, and leave the state as it is.

        Args:
            rows: Maximum number of rows to read.
        """
        return self._reader(StreamState()).sample(rows)

    def rows(self) -> Iterator[Rows]:
        """Read the stream.

        Raises:
            Interrupted: The run was asked to stop.
            PlanhatError: Reading cannot continue.
        """
        if self._settings.detect_deletes and self._model.get_by_id:
            return self._with_deletions()
        if self._settings.detect_deletes:
            self._logger.warning(
                "%s: deletions are not detected, because Planhat offers no request for one record",
                self._model.name,
            )
        if self._state.pop(KNOWN_IDS, None):  # it would not know what is emitted now
            self._output.save_state()
        return self._records()

    def _with_deletions(self) -> Iterator[Rows]:
        detector = DeletionDetector(
            self._source.open(),
            self._settings,
            self._state,
            rows=self._stream_state().rows,
            save=self._output.save_state,
            logger=self._logger,
            clock=self._clock,
        )
        if detector.full_read is None:
            yield from self._once(detector)
        if detector.full_read is not None:
            self._output.begin_version()
            yield from self._once(detector)
        self.is_complete = detector.is_complete

    def _once(self, detector: DeletionDetector) -> Iterator[Rows]:
        yield from self._records(detector)
        detector.sweep()
        write = self._source.writer()
        for identifier in detector.deleted():
            now = self._clock.utc()
            record = self._output.deletion(identifier, now)
            yield Rows([write([record], now) if write else record], 1)
            self._counts.deletions += 1

    def _records(self, detector: DeletionDetector | None = None) -> Iterator[Rows]:
        """Read the records; all of them if it turns out that the replication key is of no use."""
        state = self._stream_state()
        why = detector.full_read if detector else None
        if self._is_vouched and why is None:
            why = why_in_full(self._key, state, self._settings, self._clock.utc())
        reader = yield from self._attempt(state, why, detector)
        if reader.untrusted:
            state = state.without_evidence()
            reader = yield from self._attempt(state, reader.untrusted, detector)
        reader.state.write_to(self._state, self._key)

    def _attempt(
        self, state: StreamState, why: str | None, detector: DeletionDetector | None
    ) -> Generator[Rows, None, StreamReader]:
        """Read the records once, all of them if there is a reason why.

        Returns:
            The reader, which says whether that was enough.
        """
        if why:
            self._output.take_effect(None)
        reader = self._reader(state, why, detector)
        key = None if why else self._key
        for rows in reader.read():
            self._output.take_effect(key)
            count = rows.count
            yield rows
            self._counts.add_page(count)
            del rows  # the page must be released before the next one is requested
        if not reader.untrusted:
            self._output.take_effect(key)
        return reader

    def _stream_state(self) -> StreamState:
        return StreamState.from_json(self._state, self._key, self._model.name)

    def _reader(
        self,
        state: StreamState,
        full_read: str | None = None,
        detector: DeletionDetector | None = None,
    ) -> StreamReader:
        return StreamReader(
            self._source.open(),
            self._key,
            self._settings,
            state,
            self._logger,
            self._clock,
            full_read=full_read,
            is_vouched=self._is_vouched,
            deletions=detector,
        )
