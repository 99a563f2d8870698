"""What a source has printed of one stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airbyte_conformance.messages import state_of

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class StreamOutput:
    """The records, states and statuses of one stream.

    Attributes:
        records: The data of its records.
        states: Its STATE messages, each with the number of records that came before it.
        statuses: Its statuses, each with the number of records that came before it.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    states: list[tuple[dict[str, Any], int]] = field(default_factory=list)
    statuses: list[tuple[str, int]] = field(default_factory=list)

    @property
    def covered(self) -> list[dict[str, Any]]:
        """The records before the last state, which says nothing about other streams."""
        return self.records[: self.states[-1][1]] if self.states else []


def by_stream(messages: Iterable[dict[str, Any]]) -> dict[str, StreamOutput]:
    """Sort the messages of a source by their streams.

    Args:
        messages: The messages, in their order.
    """
    outputs: dict[str, StreamOutput] = {}
    for message in messages:
        if message["type"] == "RECORD":
            output = outputs.setdefault(message["record"]["stream"], StreamOutput())
            output.records.append(message["record"]["data"])
        elif message["type"] == "STATE":
            output = outputs.setdefault(state_of(message)[0], StreamOutput())
            output.states.append((message, len(output.records)))
        elif message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
            status = message["trace"]["stream_status"]
            output = outputs.setdefault(status["stream_descriptor"]["name"], StreamOutput())
            output.statuses.append((status["status"], len(output.records)))
    return outputs
