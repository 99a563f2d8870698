"""What a tap or a source has printed, as the same messages for both protocols."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Kind = Literal["schema", "record", "deletion", "activation", "state", "status"]

DELETED_AT = ("_sdc_deleted_at", "_ab_cdc_deleted_at")
BOOKMARKS = "bookmark_properties"
"""What a SCHEMA has whose stream is read by a replication key."""


class Line(NamedTuple):
    """A line that was printed.

    Attributes:
        event: Number of the event with which it was printed.
        content: The line, with its line end.
    """

    event: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a tap or a source.

    Attributes:
        event: Number of the event with which it was printed.
        kind: What it is; ``status`` for what a source says of itself.
        stream: Name of its stream; empty for a state of all streams.
        identifier: `_id` of a record, or of one that was deleted.
        fields: The record, or what a SCHEMA or a status says.
        version: The version of a record, or the one that is activated.
        states: What a state says about each of its streams.
        records: How many records came since the state before it, as a state of Airbyte says.
    """

    event: int
    kind: Kind
    stream: str = ""
    identifier: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None
    states: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    records: float | None = None


def parsed(text: bytes | str) -> Any:  # noqa: ANN401 - any JSON value
    """Parse JSON.

    Args:
        text: The text.

    Raises:
        ValueError: It is not JSON.
    """
    return json.loads(text)


def read_singer(lines: Iterable[Line]) -> tuple[list[Message], list[str]]:
    """Return the messages of a tap, and a sentence for each line that is not one.

    Args:
        lines: What it has printed.
    """
    return _read(lines, _singer)


def read_airbyte(lines: Iterable[Line]) -> tuple[list[Message], list[str]]:
    """Return the messages of a source, and a sentence for each line that is not one.

    Args:
        lines: What it has printed.
    """
    return _read(lines, _airbyte)


def _read(
    lines: Iterable[Line], message_of: Callable[[int, Any], Message]
) -> tuple[list[Message], list[str]]:
    messages: list[Message] = []
    violations: list[str] = []
    for event, content in lines:
        message = _message(event, content, message_of)
        if message is None:
            shown = content[:80]
            violations.append(f"event {event}: {shown!r} was printed, which is not a message")
        else:
            messages.append(message)
    return messages, violations


def _message(
    event: int, content: bytes, message_of: Callable[[int, Any], Message]
) -> Message | None:
    """Return a line as a message; None if it is not one."""
    if content.find(b"\n") != len(content) - 1:
        return None
    try:
        return message_of(event, parsed(content))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _singer(event: int, content: Mapping[str, Any]) -> Message:
    kind = content["type"]
    if kind == "STATE":
        return Message(event, "state", states=content["value"].get("bookmarks", {}))
    stream = content["stream"]
    if kind == "RECORD":
        return _record(event, stream, content["record"], content.get("version"))
    if kind == "SCHEMA":
        return Message(event, "schema", stream, fields=content)
    if kind == "ACTIVATE_VERSION":
        return Message(event, "activation", stream, version=content["version"])
    raise ValueError(kind)


def _airbyte(event: int, content: Mapping[str, Any]) -> Message:
    kind = content["type"]
    if kind == "RECORD":
        return _record(event, content["record"]["stream"], content["record"]["data"], None)
    if kind == "STATE":
        stream = content["state"]["stream"]
        name = stream["stream_descriptor"]["name"]
        records = content["state"]["sourceStats"]["recordCount"]
        states = {name: stream["stream_state"]}
        return Message(event, "state", name, states=states, records=records)
    if kind in {"LOG", "TRACE"}:
        return Message(event, "status", fields=content[kind.lower()])
    raise ValueError(kind)


def _record(event: int, stream: str, record: Mapping[str, Any], version: int | None) -> Message:
    is_deleted = any(record.get(name) for name in DELETED_AT)
    kind: Kind = "deletion" if is_deleted else "record"
    return Message(event, kind, stream, record["_id"], record, version)
