"""One read of a stream: its records, all of them once more if that is needed, its deletions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planhat_sync.api.http.clock import Clock
from planhat_sync.api.pagination.scan import Source
from planhat_sync.reading.deletions.detector import DeletionDetector
from planhat_sync.reading.deletions.known_ids import KNOWN_IDS
from planhat_sync.reading.pages.page import Rows
from planhat_sync.reading.pages.row_format import RowFormat
from planhat_sync.reading.reader import StreamReader
from planhat_sync.reading.state import StreamState
from planhat_sync.reading.vouched_key import why_in_full
from tap_planhat.deletions import deletion
from tap_planhat.replication import FULL_TABLE, INCREMENTAL

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Callable, Generator, Iterator, MutableMapping, Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.models import Model
    from planhat_sync.reading.company_names import CompanyNames
    from planhat_sync.reading.pages.page import Page, WriteLines
    from planhat_sync.reading.settings import ReadSettings
    from tap_planhat.read_counts import ReadCounts


@dataclass(frozen=True, slots=True)
class Output:
    """How a stream emits what is read.

    Attributes:
        lines: Makes a function that writes rows as lines, with the version of the stream; None if
            rows become Python values.
        company_names: How records refer to companies; None for their `_id`.
        deletion_nulls: Properties that the record of a deletion has as null.
        save_state: Emits the state, after everything that was emitted before.
        begin_version: Gives the stream a new version, whose records replace all others.
        take_effect: Is given the replication method that is in effect, before its first record.
    """

    lines: Callable[[], WriteLines] | None
    company_names: CompanyNames | None
    deletion_nulls: Sequence[str]
    save_state: Callable[[], None]
    begin_version: Callable[[], None]
    take_effect: Callable[[str], None]


class StreamRead:
    """One read of a stream.

    Args:
        model: The model of its records.
        client: Sends the requests.
        settings: The user's settings.
        key: The replication key; None to read everything. If the model has another one or none, the
            user vouches for it.
        selected: The properties to emit.
        output: How they are emitted.
        state: The stream's part of the state; changed when everything has been read.
        stop: Set from any thread to end the reading.
        logger: Receives messages for the user.
        counts: Receives the counts of what was read.

    Attributes:
        is_complete: Whether all existing records came, as far as is known.
    """

    def __init__(
        self,
        model: Model,
        client: PlanhatClient,
        settings: ReadSettings,
        *,
        key: str | None,
        selected: Sequence[str],
        output: Output,
        state: MutableMapping[str, Any],
        stop: threading.Event,
        logger: logging.Logger,
        counts: ReadCounts,
    ) -> None:
        self.is_complete = True
        self._model = model
        self._client = client
        self._settings = settings.of_model(model)
        self._key = key
        self._is_vouched = key is not None and key != model.replication_key
        self._selected = selected
        self._output = output
        self._state = state
        self._stop = stop
        self._logger = logger
        self._counts = counts

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
            self._source(),
            self._settings,
            self._state,
            rows=self._stream_state().rows,
            save=self._output.save_state,
            logger=self._logger,
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
        write, clock = self._writer(), Clock()
        for identifier in detector.deleted():
            now = clock.utc()
            record = deletion(identifier, now, self._output.deletion_nulls)
            yield Rows([write([record], now) if write else record], 1)
            self._counts.deletions += 1

    def _records(self, detector: DeletionDetector | None = None) -> Iterator[Rows]:
        """Read the records; all of them if it turns out that the replication key is of no use."""
        state = self._stream_state()
        why = detector.full_read if detector else None
        if self._is_vouched and why is None:
            why = why_in_full(self._key, state, self._settings, Clock().utc())
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
            self._output.take_effect(FULL_TABLE)
        reader = self._reader(state, why, detector)
        method = FULL_TABLE if why else INCREMENTAL
        for rows in reader.read():
            self._output.take_effect(method)
            count = rows.count
            yield rows
            self._counts.add_page(count)
            del rows  # the page must be released before the next one is requested
        if not reader.untrusted:
            self._output.take_effect(method)
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
            self._source(),
            self._key,
            self._settings,
            state,
            self._logger,
            full_read=full_read,
            is_vouched=self._is_vouched,
            deletions=detector,
        )

    def _writer(self) -> WriteLines | None:
        return self._output.lines() if self._output.lines else None

    def _source(self) -> Source[Page]:
        """Return the pages of the stream, whose lines have its current version."""
        reference = self._model.company_reference
        names = self._output.company_names if reference in self._selected else None
        if names:
            names.read()
        if self._settings.company_ids:
            reference = self._model.company_property
        elif not names:
            reference = None
        row_format = RowFormat(
            self._model.name,
            self._selected,
            key=self._key,
            reference=reference,
            name_company=names.of if names else None,
            write=self._writer(),
        )
        return Source(
            client=self._client,
            model=self._model,
            select=row_format.select,
            decode=row_format.page,
            stop=self._stop,
            concurrency=self._settings.concurrency,
        )
