"""Checks what only Airbyte asks of a source: counts of records, and how each stream ended."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simulation.oracles.messages import Message


def check_sync(messages: Sequence[Message], *, is_complete: bool) -> list[str]:
    """Check the messages of one life.

    Args:
        messages: What it has printed.
        is_complete: Whether it ended well.

    Returns:
        What is wrong, one sentence each.
    """
    wrong = []
    records: Counter[str] = Counter()
    statuses: dict[str, str] = {}
    for message in messages:
        stream = message.stream
        if message.kind in {"record", "deletion"}:
            records[stream] += 1
        elif message.kind == "state":
            if message.records != records[stream]:
                wrong.append(
                    f"event {message.event}: a state of {stream} counts {message.records} records, "
                    f"and {records[stream]} came since the state before it"
                )
            records[stream] = 0
        elif message.kind == "status":
            statuses |= dict(_status(message))
    if is_complete:
        wrong += [
            f"the last status of {stream} is {status}, although its life ended well"
            for stream, status in statuses.items()
            if status != "COMPLETE"
        ]
        wrong += [
            f"{count} records of {stream} came after its last state"
            for stream, count in records.items()
            if count
        ]
    return wrong


def _status(message: Message) -> Iterator[tuple[str, str]]:
    """Yield the stream and its status, if a message is about one."""
    status = message.fields.get("stream_status")
    if status is not None:
        yield status["stream_descriptor"]["name"], status["status"]
