"""The messages of the Airbyte protocol that are written here, and the lines they become.

https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol describes them; the names
of their fields are the protocol's. Records are not among them: they are written in bulk.
"""

from __future__ import annotations

import time
from typing import Any, Final, Literal

import msgspec

from planhat_sync.runtime import stdout

Level = Literal["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"]
FailureType = Literal["config_error", "transient_error", "system_error"]
Status = Literal["STARTED", "RUNNING", "COMPLETE", "INCOMPLETE"]
SyncMode = Literal["full_refresh", "incremental"]

_encode = msgspec.json.Encoder(decimal_format="number").encode


class StreamDescriptor(msgspec.Struct, omit_defaults=True, frozen=True):
    """The name of a stream."""

    name: str
    namespace: str | None = None


class StateStats(msgspec.Struct, omit_defaults=True):
    """How many records came since the previous state of the stream; floats, by the protocol."""

    recordCount: float  # noqa: N815 - the protocol's name
    rejectedRecordCount: float | None = None  # noqa: N815 - the same


class StreamState(msgspec.Struct):
    """The state of one stream."""

    stream_descriptor: StreamDescriptor
    stream_state: Any


class State(msgspec.Struct, omit_defaults=True, tag_field="type", tag="STREAM"):
    """A state, with the counts of the source."""

    stream: StreamState
    sourceStats: StateStats | None = None  # noqa: N815 - the protocol's name


class Log(msgspec.Struct, omit_defaults=True):
    """A line of the log."""

    level: Level
    message: str
    stack_trace: str | None = None


class ErrorTrace(msgspec.Struct, omit_defaults=True):
    """What failed."""

    message: str
    failure_type: FailureType
    stack_trace: str | None = None
    stream_descriptor: StreamDescriptor | None = None


class StreamStatus(msgspec.Struct):
    """How far the reading of a stream is."""

    stream_descriptor: StreamDescriptor
    status: Status


class Trace(msgspec.Struct, omit_defaults=True):
    """A failure or the status of a stream, and when it was."""

    type: Literal["ERROR", "STREAM_STATUS"]
    emitted_at: float
    error: ErrorTrace | None = None
    stream_status: StreamStatus | None = None


class ConnectionStatus(msgspec.Struct, omit_defaults=True):
    """The result of a check."""

    status: Literal["SUCCEEDED", "FAILED"]
    message: str | None = None


class Specification(msgspec.Struct, omit_defaults=True):
    """Which settings a connector takes."""

    connectionSpecification: dict[str, Any]  # noqa: N815 - the protocol's name
    documentationUrl: str  # noqa: N815 - the same
    supportsIncremental: bool = False  # noqa: N815 - the same
    supported_destination_sync_modes: list[str] | None = None


class Stream(msgspec.Struct):
    """A stream that the source offers."""

    name: str
    json_schema: dict[str, Any]
    supported_sync_modes: list[SyncMode]
    source_defined_cursor: bool
    default_cursor_field: list[str]
    source_defined_primary_key: list[list[str]]
    is_resumable: bool


class Catalog(msgspec.Struct):
    """The streams that the source offers."""

    streams: list[Stream]


class Operation(msgspec.Struct):
    """What the destination can do with the records of one model."""

    object_name: str
    sync_mode: str
    json_schema: dict[str, Any]
    matching_keys: list[list[str]]


class DestinationCatalog(msgspec.Struct):
    """What the destination can do."""

    operations: list[Operation]


Content = Log | Specification | ConnectionStatus | Catalog | State | Trace | DestinationCatalog

_PLACES: Final = {
    Log: ("LOG", "log"),
    Specification: ("SPEC", "spec"),
    ConnectionStatus: ("CONNECTION_STATUS", "connectionStatus"),
    Catalog: ("CATALOG", "catalog"),
    State: ("STATE", "state"),
    Trace: ("TRACE", "trace"),
    DestinationCatalog: ("DESTINATION_CATALOG", "destination_catalog"),
}
"""The type of a message, and the field that holds its content."""


def line_of(content: Content | ErrorTrace | StreamStatus) -> bytes:
    """Return a message as a line, with its line break.

    Args:
        content: What the message says.
    """
    if isinstance(content, ErrorTrace):
        content = Trace("ERROR", _now(), error=content)
    elif isinstance(content, StreamStatus):
        content = Trace("STREAM_STATUS", _now(), stream_status=content)
    kind, field = _PLACES[type(content)]
    return _encode({"type": kind, field: content}) + b"\n"


def write(content: Content | ErrorTrace | StreamStatus) -> None:
    """Write a message to standard output, at once and in one piece.

    Args:
        content: What the message says.

    Raises:
        OutputError: It cannot be written.
    """
    stdout.write([line_of(content)])


def _now() -> float:
    """Return the time in milliseconds since the epoch."""
    return float(round(time.time() * 1000))
