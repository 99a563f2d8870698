"""The class of all streams: each model is an instance of it.

A page takes one of two paths to standard output. The fast path writes entire pages of raw values.
The SDK's own path is taken where values must be looked at: for stream maps, flattening, deselected
properties inside others, BATCH. Both write the same messages (a property test compares them).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform

from planhat_singer.map_failures import MapFailure
from planhat_sync.errors import ConfigurationError, Interrupted
from planhat_sync.reading.settings import ReadSettings
from tap_planhat.catalog import KEY_PROPERTIES
from tap_planhat.deletions import DELETED_AT
from tap_planhat.messages import record_lines
from tap_planhat.replication import FULL_TABLE, INCREMENTAL
from tap_planhat.stream_read import Output, StreamRead

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Generator, Iterable, Iterator

    from singer_sdk import Tap
    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.singerlib import Catalog
    from singer_sdk.singerlib.encoding.simple import RecordMessage

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.models import Model
    from planhat_sync.reading.company_names import CompanyNames
    from planhat_sync.reading.pages.page import Rows, WriteLines
    from planhat_sync.runtime.signals import Stop
    from tap_planhat.messages import MessageWriter
    from tap_planhat.read_counts import ReadCounts


class PlanhatStream(Stream):
    """A stream of one model's records.

    Args:
        tap: The tap, for the SDK.
        model: The model.
        connect: Returns the client; not called before records are read.
        company_names: Returns how records refer to companies; not called before records are read.
        writer: Writes the messages.
        stop: Whether the run was asked to stop.
        counts: Receives the counts of what was read.
        is_selected: Whether a run without a catalog reads this stream.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    """Values are emitted as Planhat sent them: they are JSON already, so nothing is converted."""

    def __init__(
        self,
        tap: Tap,
        model: Model,
        *,
        connect: Callable[[], PlanhatClient],
        company_names: Callable[[], CompanyNames | None],
        writer: MessageWriter,
        stop: Stop,
        counts: ReadCounts,
        is_selected: bool = True,
    ) -> None:
        self.model = model
        self.selected_by_default = is_selected
        super().__init__(tap, schema=model.record_schema, name=model.name)
        self.primary_keys = list(KEY_PROPERTIES)
        self.replication_key = model.replication_key
        self.forced_replication_method = INCREMENTAL if model.replication_key else FULL_TABLE
        self._connect = connect
        self._company_names = company_names
        self._writer = writer
        self._stop = stop
        self._counts = counts
        self._is_complete = True
        self._catalog_key = model.replication_key
        self._method: str | None = None  # the one in effect, if the catalog's may not be possible
        self._is_vouched = False
        self.logger.addFilter(_is_not_repeated)

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take what a catalog says about this stream.

        Args:
            catalog: The catalog, normalized: only models with a key have a method that needs one.
        """
        super().apply_catalog(catalog)
        self._catalog_key = self.replication_key
        self._is_vouched = self._catalog_key is not None and self.model.replication_key is None

    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Set no upper bound by this machine's clock: the reader has its own.

        Args:
            context: Never given: streams have no partitions.
        """

    def generate_child_contexts(
        self, record: Record, context: Context | None
    ) -> Iterable[Context | None]:
        """Return no contexts: there are no child streams.

        Args:
            record: A record.
            context: Never given.
        """
        del record, context
        return ()

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Read records as Python values, for the SDK's own path.

        Args:
            context: Never given.
        """
        del context
        try:
            for rows in self._read():
                yield from rows.content
                del rows
                self._writer.flush()
            if not self.get_batch_config(self.config):  # otherwise the records are still to come
                self._activate_version()
        finally:
            # An unchanged state is never printed, so nothing else would flush the last records.
            self._writer.flush()

    def _sync_records(
        self, context: Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        if not (write_messages and self._takes_fast_path):
            yield from super()._sync_records(context, write_messages=write_messages)
            return
        with self.get_record_counter() as counter, self.get_sync_timer() as timer:
            counter.with_context({})
            timer.with_context({})
            for rows in self._read(as_lines=True):
                self._writer.write_lines(*rows.content)
                self._writer.flush()
                counter.increment(rows.count)
                del rows  # the page must be released before the next one is requested
        self._activate_version()
        self._finalize_state(self.stream_state)
        self._write_state_message()

    def _write_activate_version_message(self, full_table_version: int) -> None:
        """Write nothing yet; the SDK calls this before the records.

        The message tells a target that every record of the version has come, so it is written when
        that is true. After a read that is cut short, a target would otherwise remove what had not
        been read.
        """

    def _activate_version(self) -> None:
        """Write the ACTIVATE_VERSION of a stream that was read in full, if the run has one."""
        if self._stream_version is not None and self._is_complete:
            super()._write_activate_version_message(self._stream_version)

    def _sync_batches(self, batch_config: BatchConfig, context: Context | None = None) -> None:
        try:
            super()._sync_batches(batch_config, context=context)
        except ImportError as error:  # of an optional dependency for a format or a storage
            raise ConfigurationError(
                f"batch_config needs a package that is not installed beside tap-planhat: {error}"
            ) from error
        self._activate_version()

    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        identifier = record["_id"]
        try:
            yield from super()._generate_record_messages(record)
        except Exception as error:  # an expression of the user's may raise anything
            if not self.config.get("stream_maps"):
                raise
            raise ConfigurationError(
                f"a stream map of {self.name} fails on the record whose _id is {identifier}: "
                f"{MapFailure.of(error).sentence}; correct stream_maps"
            ) from error

    @property
    def _takes_fast_path(self) -> bool:
        """Whether records are emitted as received, except for properties that are deselected."""
        maps = self.stream_maps
        return (
            self.ABORT_AT_RECORD_COUNT is None
            and len(maps) == 1
            and type(maps[0]) is SameRecordTransform
            and not maps[0].flattening_enabled
            and all(
                selected or not self.mask[crumb[:2]]
                for crumb, selected in self.mask.items()
                if len(crumb) > len(("properties", "_id"))
            )
        )

    def _read(self, *, as_lines: bool = False) -> Iterator[Rows]:
        """Read this stream; the state changes after its last rows, and not before.

        Args:
            as_lines: Whether rows become lines, and not Python values.

        Raises:
            StopRequested: A signal came.
        """
        read = StreamRead(
            self.model,
            self._connect(),
            ReadSettings.from_config(self.config),
            key=self._catalog_key,
            selected=[name for name in self._properties if self.mask["properties", name]],
            output=Output(
                lines=self._record_lines if as_lines else None,
                company_names=self._company_names(),
                deletion_nulls=self._properties if self.config.get("stream_maps") else (),
                save_state=self._save_state,
                begin_version=self._begin_version,
                take_effect=self._take_effect,
            ),
            state=self.get_context_state(None),
            stop=self._stop.event,
            logger=self.logger,
            counts=self._counts,
        )
        try:
            if self.ABORT_AT_RECORD_COUNT is not None:
                yield from read.sample(self.ABORT_AT_RECORD_COUNT)
            else:
                yield from read.rows()
        except Interrupted:
            self._stop.check()
            raise
        self._is_complete = read.is_complete

    @property
    def _properties(self) -> list[str]:
        """The names of the properties that Planhat has."""
        properties = self.effective_schema.get("properties", {})
        return [name for name in properties if name != DELETED_AT]

    def _record_lines(self) -> WriteLines:
        return record_lines(self.name, self._stream_version)

    def write_schema(self) -> None:
        """Write the SCHEMA, unless it depends on what is read."""
        self._write_schema_message()

    def _write_schema_message(self) -> None:
        """Write the SCHEMA, unless it depends on what is read: `_take_effect` does it then."""
        if self._method or not self._is_vouched:
            super()._write_schema_message()

    def _take_effect(self, method: str) -> None:
        """Use a replication method from here on, if the catalog's may not be possible.

        Args:
            method: The method; its SCHEMA is written, unless it is in use.
        """
        if not self._is_vouched or method == self._method:
            return
        self._method = self.forced_replication_method = method
        if method == FULL_TABLE:
            self.replication_key = None
            if self.emit_activate_version_messages:
                self._begin_version()
        self._write_schema_message()

    def _begin_version(self) -> None:
        """Use, from here on, a version that no record had earlier in this run."""
        self._stream_version = max(self._initialized_at // 1000, (self._stream_version or 0) + 1)

    def _save_state(self) -> None:
        self.state_manager.is_flushed = False
        self._write_state_message()

    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Leave the bookmark alone: only a scan that has ended knows how far it may move."""

    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Write nothing into the state: the reader decides where to start."""


def _is_not_repeated(record: logging.LogRecord) -> bool:
    """Drop the SDK's "unhandled error": the last line of the run describes it."""
    return not str(record.msg).startswith("An unhandled error occurred")
