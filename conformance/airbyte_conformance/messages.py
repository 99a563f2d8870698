"""Reads Airbyte messages from standard output; anything else there is a failure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

NUMBER = (int, float)
SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "RECORD": ("record", {"stream": str, "data": dict, "emitted_at": int}),
    "STATE": ("state", {"type": str}),
    "LOG": ("log", {"level": str, "message": str}),
    "TRACE": ("trace", {"type": str, "emitted_at": NUMBER}),
    "CONTROL": ("control", {"type": str, "emitted_at": NUMBER}),
}
"""For each type: the property that holds the message, and what it must have (airbyte_protocol.yaml
of airbytehq/airbyte-protocol)."""

SOURCE_KINDS = frozenset(SHAPES)
DESTINATION_KINDS = SOURCE_KINDS - {"RECORD"}


def read_messages(lines: Iterable[bytes], kinds: Collection[str]) -> list[dict[str, Any]]:
    """Read the messages of a connector.

    Args:
        lines: Lines of its standard output.
        kinds: The types that it may print.

    Returns:
        The messages, in their order.
    """
    messages = []
    for line in lines:
        try:
            message = json.loads(line)
            kind = message["type"]
        except (ValueError, KeyError, TypeError):
            pytest.fail(f"standard output holds a line that is not a message: {line[:200]!r}")
        assert kind in kinds, f"a message of type {kind}: {line[:200]!r}"
        name, needed = SHAPES[kind]
        body = message.get(name)
        assert isinstance(body, dict), f"a {kind} message without {name}: {line[:200]!r}"
        for prop, shape in needed.items():
            assert isinstance(body.get(prop), shape), f"{name}.{prop} is wrong in {line[:200]!r}"
        messages.append(message)
    return messages


def state_of(message: dict[str, Any]) -> tuple[str, Any]:
    """Read the stream of a STATE message, and its state.

    Args:
        message: The message; a state that is not that of one stream is a failure.
    """
    state = message["state"]
    try:
        name = state["stream"]["stream_descriptor"]["name"]
    except (KeyError, TypeError):
        pytest.fail(f"a state that is not that of one stream: {state}")
    assert state["type"] == "STREAM", f"a state of type {state['type']} that names a stream"
    return name, state["stream"].get("stream_state")


def count_of(message: dict[str, Any], stats: str, name: str = "recordCount") -> float:
    """Read a count of records from a STATE message.

    Args:
        message: The message; a count without a decimal point is a failure, as the protocol asks
            for one.
        stats: `sourceStats` or `destinationStats`.
        name: Name of the count.
    """
    state = message["state"]
    count = (state.get(stats) or {}).get(name)
    assert isinstance(count, float), f"{stats}.{name} is {count!r} in {state}"
    return count


def errors_of(messages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the errors among messages, as their TRACE messages describe them."""
    traces = [message["trace"] for message in messages if message["type"] == "TRACE"]
    return [trace["error"] for trace in traces if trace["type"] == "ERROR"]
