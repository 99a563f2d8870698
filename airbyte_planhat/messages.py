"""The messages of the Airbyte protocol that are written here, and the lines they become.

https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol describes them. Records are
not among them: a source writes them in bulk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from planhat_sync.runtime import stdout
from planhat_sync.runtime.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planhat_sync.runtime.stdout import Piece

FailureType = Literal["config_error", "transient_error", "system_error"]
Status = Literal["STARTED", "RUNNING", "COMPLETE", "INCOMPLETE"]

StreamKey = tuple[str | None, str]
"""The namespace of a stream, None if it has none, and its name."""

_encode = msgspec.json.Encoder(decimal_format="number").encode


def line_of(kind: str, content: Mapping[str, Any]) -> bytes:
    """Return a message as a line, with its line break.

    Args:
        kind: The type of the message, such as ``STATE``.
        content: What it says; names as the protocol has them.
    """
    field = "connectionStatus" if kind == "CONNECTION_STATUS" else kind.lower()
    return _encode({"type": kind, field: content}) + b"\n"


def write(
    kind: str,
    content: Mapping[str, Any],
    write_lines: Callable[[Sequence[Piece]], None] = stdout.write,
) -> None:
    """Write a message to standard output, at once and in one piece.

    Args:
        kind: The type of the message, such as ``STATE``.
        content: What it says; names as the protocol has them.
        write_lines: Writes lines to standard output.

    Raises:
        OutputError: It cannot be written.
    """
    write_lines([line_of(kind, content)])


def descriptor(stream: StreamKey) -> dict[str, Any]:
    """Return the name of a stream, as messages have it.

    Args:
        stream: The stream.
    """
    namespace, name = stream
    return {"name": name} if namespace is None else {"name": name, "namespace": namespace}


def stream_state(stream: Mapping[str, Any], state: Mapping[str, Any], records: int) -> bytes:
    """Return the line of a state of the source.

    Args:
        stream: The `descriptor` of the stream.
        state: The state.
        records: How many records of the stream came since its previous state. The protocol asks
            for a number with a decimal point.
    """
    content = {
        "type": "STREAM",
        "stream": {"stream_descriptor": stream, "stream_state": state},
        "sourceStats": {"recordCount": float(records)},
    }
    return line_of("STATE", content)


def stream_status(stream: Mapping[str, Any], status: Status, clock: Clock | None = None) -> bytes:
    """Return the line that says how far the reading of a stream is.

    Args:
        stream: The `descriptor` of the stream.
        status: How far it is.
        clock: The time.
    """
    content = {"stream_descriptor": stream, "status": status}
    return line_of("TRACE", trace("STREAM_STATUS", content, clock))


def trace(
    kind: Literal["ERROR", "STREAM_STATUS"],
    content: Mapping[str, Any],
    clock: Clock | None = None,
) -> dict[str, Any]:
    """Return the content of a TRACE message, with the time in milliseconds since the epoch.

    Args:
        kind: The type of the trace.
        content: What it says.
        clock: The time.
    """
    at = float(round((clock or Clock()).epoch() * 1000))
    return {"type": kind, "emitted_at": at, kind.lower(): content}


def printable(text: str) -> str:
    """Return a text that can be written as UTF-8: half a pair of surrogates is escaped.

    Args:
        text: A text that may hold what a user has typed.
    """
    return text.encode(errors="backslashreplace").decode()
