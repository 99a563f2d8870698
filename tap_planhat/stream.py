"""The one class of stream there is: every model is an instance of it.

Two paths lead from a page to standard output. The plain one writes whole pages of raw values. The
SDK's own is taken where values must be looked at: stream maps, flattening, deselected properties
inside others, BATCH. They emit the same messages (a property test holds them together).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform

from planhat_singer.map_failures import MapFailure
from planhat_sync.errors import ConfigurationError, Interrupted
from planhat_sync.reading.pages.row_format import RowFormat
from planhat_sync.reading.reader import StreamReader
from planhat_sync.reading.settings import reading_of
from planhat_sync.reading.source import Source
from planhat_sync.reading.state import StreamState
from tap_planhat.catalog import KEY_PROPERTIES
from tap_planhat.messages import MessageWriter, flush
from tap_planhat.replication import FULL_TABLE, INCREMENTAL

if TYPE_CHECKING:
    import logging
    from collections.abc import Generator, Iterable, Iterator

    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.singerlib.encoding.simple import RecordMessage

    from planhat_sync.models import Model
    from planhat_sync.reading.reader import Emission
    from tap_planhat.tap import TapPlanhat


class PlanhatStream(Stream):
    """A stream of one model's records.

    Args:
        tap: The tap.
        model: The model.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    """Values are emitted as Planhat sent them: they come from JSON and need no conversion to it."""

    def __init__(self, tap: TapPlanhat, model: Model) -> None:
        self.model = model
        super().__init__(tap, schema=model.record_schema, name=model.name)
        self.tap = tap
        self.primary_keys = list(KEY_PROPERTIES)
        self.replication_key = model.replication_key
        self.forced_replication_method = INCREMENTAL if model.replication_key else FULL_TABLE
        self.logger.addFilter(_is_news)

    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Set no upper bound by this machine's clock: the extraction has one of its own.

        Args:
            context: Never given: streams have no partitions.
        """

    def generate_child_contexts(
        self, record: Record, context: Context | None
    ) -> Iterable[Context | None]:
        """Give no contexts: there are no child streams.

        Args:
            record: A record.
            context: Never given.
        """
        del record, context
        return ()

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Give the records that are due as Python values, for the SDK's own path.

        Args:
            context: Never given.
        """
        del context
        writer = self.tap.message_writer
        try:
            for emission in self._emissions():
                yield from emission.content
                self.tap.count(len(emission.positions))
                del emission
                flush(writer)
        finally:
            # An unchanged state is never printed, so nothing else would flush the last records.
            flush(writer)

    def _sync_records(
        self, context: Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        writer = self.tap.message_writer
        if not (write_messages and isinstance(writer, MessageWriter) and self._is_plain):
            yield from super()._sync_records(context, write_messages=write_messages)
            return
        with self.get_record_counter() as counter, self.get_sync_timer() as timer:
            counter.with_context({})
            timer.with_context({})
            for emission in self._emissions(ready=True):
                count = len(emission.positions)
                writer.write_lines(*emission.content)
                writer.flush()
                counter.increment(count)
                self.tap.count(count)
                del emission  # the page must be gone before the next one is asked for
        self._finalize_state(self.stream_state)
        self._write_state_message()

    def _sync_batches(self, batch_config: BatchConfig, context: Context | None = None) -> None:
        try:
            super()._sync_batches(batch_config, context=context)
        except ImportError as error:  # for a format or a storage that not everybody needs
            raise ConfigurationError(
                f"batch_config needs a package that is not installed beside tap-planhat: {error}"
            ) from error

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
    def _is_plain(self) -> bool:
        """Whether records leave exactly as they came, but for what is deselected at the top."""
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

    @property
    def _key(self) -> str | None:
        return self.replication_key if self.replication_method == INCREMENTAL else None

    def _emissions(self, *, ready: bool = False) -> Iterator[Emission]:
        """Read what is due; the state moves on after the last emission, and not before.

        Args:
            ready: Whether rows become lines that are ready to be written, not Python values.

        Raises:
            StopAsked: A signal came.
        """
        reading = reading_of(self.config)
        properties = self.effective_schema.get("properties", {})
        shape = RowFormat(
            self.name,
            [name for name in properties if self.mask["properties", name]],
            key=self._key,
            reference=self.model.company_reference if reading.company_ids else None,
            ready=ready,
            version=self._stream_version,
        )
        state = self.get_context_state(None)
        memory = StreamState.of_state(state, self._key, self.name)
        source = Source(
            client=self.tap.client,
            model=self.model,
            shape=shape,
            concurrency=self.config["concurrency"],
            stop=self.tap.stop.event,
        )
        extraction = StreamReader(source, self._key, reading, memory, self.logger)
        try:
            if self.ABORT_AT_RECORD_COUNT is not None:
                yield from extraction.sample(self.ABORT_AT_RECORD_COUNT)
                return
            yield from extraction.emissions()
        except Interrupted:
            self.tap.stop.check()
            raise
        extraction.memory.write(state, self._key)

    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Leave the bookmark alone: only a walk that has ended knows how far it may move."""

    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Leave it out of the state: where a walk begins is the extraction's affair."""


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out the SDK's "unhandled error": the run's last line says what it was."""
    return not str(record.msg).startswith("An unhandled error occurred")
