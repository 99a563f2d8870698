"""A stream as the SDK knows it: a sink.

A run does not need sinks: it takes records to their stream itself. They serve programs that use the
target through the SDK's interface.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import BatchSink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.target_base import Target

    from planhat_sync.writing.pipeline import Pipeline
    from planhat_sync.writing.stream import Stream


class PlanhatSink(BatchSink):
    """Passes records to a stream.

    Args:
        target: The target, whose settings and logger the SDK copies.
        stream_name: Name of the stream.
        schema: Its SCHEMA; it has no effect, since the model decides about records.
        key_properties: They have no effect; `match_on` decides what identifies a record.
        stream: Takes the records.
        pipeline: Sends them.
    """

    def __init__(
        self,
        target: Target,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
        *,
        stream: Stream,
        pipeline: Pipeline,
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        self._stream = stream
        self._pipeline = pipeline

    def get_validator(self) -> None:
        """Return no validator: the stream checks records, and rejects them one by one."""

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Take a record.

        Args:
            record: The record.
            context: Holds the `line` that it came in, and the `number` of that line.
        """
        self._pipeline.take(self._stream, record, context["line"], context["number"])
        self._pipeline.send()

    def process_batch(self, context: dict[str, Any]) -> None:  # noqa: ARG002 - the SDK's signature
        """Send everything that waits."""
        self._pipeline.flush()
