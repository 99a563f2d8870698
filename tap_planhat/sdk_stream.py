"""The SDK's stream, without what the tap does itself, and with errors that say what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel

from planhat_singer.map_failures import MapFailure
from planhat_sync.errors import ConfigurationError

if TYPE_CHECKING:
    import logging
    from collections.abc import Generator, Iterable

    from singer_sdk import Tap
    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.singerlib.encoding.simple import RecordMessage

    from planhat_sync.model import Model
    from planhat_sync.runtime.clock import Clock


class SdkStream(Stream):
    """A stream of the SDK that leaves values and bookmarks alone.

    Args:
        tap: The tap.
        model: The model of its records.
        clock: The time.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    """Values are emitted as Planhat sent them: they are JSON already, so nothing is converted."""

    def __init__(self, tap: Tap, model: Model, clock: Clock) -> None:
        super().__init__(tap, schema=model.record_schema, name=model.name)
        self.logger.addFilter(_is_not_repeated)
        self._clock = clock

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

    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Leave the bookmark alone: only a scan that has ended knows how far it may move."""

    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Write nothing into the state: the reader decides where to start."""

    def _write_activate_version_message(self, full_table_version: int) -> None:
        """Write nothing; the SDK calls this before the records.

        The message tells a target that every record of the version has come. After a read that is
        cut short, the target would remove what had not been read.
        """

    def _write_activation(self, version: int) -> None:
        """Write the ACTIVATE_VERSION of a stream whose records have all come."""
        super()._write_activate_version_message(version)

    def _sync_batches(self, batch_config: BatchConfig, context: Context | None = None) -> None:
        try:
            super()._sync_batches(batch_config, context=context)
        except ImportError as error:  # of an optional dependency for a format or a storage
            raise ConfigurationError(
                "batch_config needs a package that is not installed together with tap-planhat: "
                f"{error}"
            ) from error

    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        identifier = record["_id"]
        try:
            for message in super()._generate_record_messages(record):
                message.time_extracted = self._clock.utc()
                yield message
        except Exception as error:  # an expression of the user's may raise anything
            if not self.config.get("stream_maps"):
                raise
            raise ConfigurationError(
                f"a stream map of {self.name} fails on the record whose _id is {identifier}: "
                f"{MapFailure.of(error).sentence}; correct stream_maps"
            ) from error


def _is_not_repeated(record: logging.LogRecord) -> bool:
    """Drop the SDK's "unhandled error": the last line of the run describes it."""
    return not str(record.msg).startswith("An unhandled error occurred")
