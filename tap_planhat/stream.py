"""The class of all streams: each model is an instance of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planhat_sync.reading.stream_read import Output, StreamRead
from planhat_sync.reading.stream_source import StreamSource
from tap_planhat.catalog import KEY_PROPERTIES
from tap_planhat.deletions import DELETED_AT, deletion
from tap_planhat.fast_path import takes_fast_path
from tap_planhat.messages import record_lines
from tap_planhat.method_in_effect import MethodInEffect, next_version
from tap_planhat.replication import FULL_TABLE, INCREMENTAL
from tap_planhat.sdk_stream import SdkStream

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from datetime import datetime

    from singer_sdk import Tap
    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.singerlib import Catalog

    from planhat_sync.model import Model
    from planhat_sync.reading.pages.page import WriteLines
    from tap_planhat.run import TapRun


class PlanhatStream(SdkStream):
    """A stream of one model's records.

    Args:
        tap: The tap, for the SDK.
        model: The model.
        run: What all streams share.
        is_selected: Whether a run without a catalog reads this stream.
    """

    def __init__(self, tap: Tap, model: Model, run: TapRun, *, is_selected: bool = True) -> None:
        self.model = model
        self.selected_by_default = is_selected
        super().__init__(tap, model, run.read_run.system.clock)
        self.primary_keys = list(KEY_PROPERTIES)
        self.replication_key = model.replication_key
        self.forced_replication_method = INCREMENTAL if model.replication_key else FULL_TABLE
        self._run = run
        self._in_effect = MethodInEffect.of(model.replication_key, model)
        self._current: StreamRead | None = None

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take what a catalog says about this stream.

        Args:
            catalog: The catalog, normalized: only models with a key have a method that needs one.
        """
        super().apply_catalog(catalog)
        self._in_effect = MethodInEffect.of(self.replication_key, self.model)

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Read records as Python values, for the SDK's own path.

        Args:
            context: Never given.
        """
        del context
        read, sample = self._begin(), self.ABORT_AT_RECORD_COUNT
        try:
            for rows in read.rows() if sample is None else read.sample(sample):
                yield from rows.content
                del rows
                self._run.writer.flush()
            if not self.get_batch_config(self.config):  # otherwise the records are still to come
                self._activate_version()
        finally:
            # An unchanged state is never printed, so nothing else would flush the last records.
            self._run.writer.flush()

    def _sync_records(
        self, context: Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        is_sample = self.ABORT_AT_RECORD_COUNT is not None
        is_fast = takes_fast_path(self.stream_maps, self.mask, is_sample=is_sample)
        if not (write_messages and is_fast):
            yield from super()._sync_records(context, write_messages=write_messages)
            return
        with self.get_record_counter() as counter, self.get_sync_timer() as timer:
            counter.with_context({})
            timer.with_context({})
            for rows in self._begin(as_lines=True).rows():
                self._run.writer.write_lines(*rows.content)
                self._run.writer.flush()
                counter.increment(rows.count)
                del rows  # the page must be released before the next one is requested
        self._activate_version()
        self._finalize_state(self.stream_state)
        self._write_state_message()

    def _sync_batches(self, batch_config: BatchConfig, context: Context | None = None) -> None:
        super()._sync_batches(batch_config, context=context)
        self._activate_version()

    def _begin(self, *, as_lines: bool = False) -> StreamRead:
        """Begin to read this stream; the state changes after its last rows, and not before.

        Args:
            as_lines: Whether rows become lines, and not Python values.
        """
        self._current = StreamRead(
            StreamSource(
                self.model,
                self._run.read_run,
                key=self._in_effect.key,
                selected=[name for name in self._properties if self.mask["properties", name]],
                lines=self._record_lines if as_lines else None,
            ),
            Output(
                deletion=self._deletion,
                save_state=self._save_state,
                begin_version=self._begin_version,
                take_effect=self._take_effect,
            ),
            state=self.get_context_state(None),
            is_vouched=self._in_effect.is_vouched,
            logger=self.logger,
        )
        return self._current

    @property
    def _properties(self) -> list[str]:
        """The names of the properties that Planhat has."""
        properties = self.effective_schema.get("properties", {})
        return [name for name in properties if name != DELETED_AT]

    def _record_lines(self) -> WriteLines:
        return record_lines(self.name, self._stream_version)

    def _deletion(self, identifier: str, at: datetime) -> Record:
        nulls = self._properties if self.config.get("stream_maps") else ()
        return deletion(identifier, at, nulls)

    def write_schema(self) -> None:
        """Write the SCHEMA, unless it depends on what is read."""
        self._write_schema_message()

    def _write_schema_message(self) -> None:
        """Write the SCHEMA, unless it depends on what is read: `_take_effect` does it then."""
        if self._in_effect.is_known:
            super()._write_schema_message()

    def _take_effect(self, key: str | None) -> None:
        """Use a replication method from here on, if the catalog's may not be possible.

        Args:
            key: The replication key of the method, None for a full read; the SCHEMA of the method
                is written, unless it is in use.
        """
        method = INCREMENTAL if key else FULL_TABLE
        if not self._in_effect.take(method):
            return
        self.forced_replication_method = method
        if method == FULL_TABLE:
            self.replication_key = None
            if self.emit_activate_version_messages:
                self._begin_version()
        self._write_schema_message()

    def _begin_version(self) -> None:
        """Use a new version from here on."""
        self._stream_version = next_version(self._stream_version, self._initialized_at)

    def _activate_version(self) -> None:
        """Write the ACTIVATE_VERSION of a stream that was read in full, if the run has one."""
        is_complete = self._current is not None and self._current.is_complete
        if self._stream_version is not None and is_complete:
            self._write_activation(self._stream_version)

    def _save_state(self) -> None:
        self.state_manager.is_flushed = False
        self._write_state_message()
