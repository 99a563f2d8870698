"""What a destination is fed: records of several streams in turn, and states of each."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from airbyte_conformance.subjects import DestinationUnderTest

UPTO = "upto"
# What must be returned unchanged: numbers that floats do not hold, null, text outside of ASCII,
# and properties that the protocol does not name.
ODD: dict[str, Any] = {
    "large": 2**63 + 1,
    "round": 1.0,
    "none": None,
    "text": "\u00fc\u2028\U0001f600",
    "list": [{}],
}


def feed(
    destination: DestinationUnderTest,
    after: Mapping[str, int],
    refused: Collection[int] = (),
) -> Iterator[dict[str, Any]]:
    """Yield the messages of one run.

    Each stream begins with a state that has no records before it, and ends with a state.

    Args:
        destination: What it is fed to.
        after: For each stream, the number of the last record that it is not fed any more; -1 or
            nothing to feed all.
        refused: Numbers of the records that the destination is to reject.
    """
    counts: Counter[str] = Counter()
    for stream in destination.streams:
        yield _state(stream, after.get(stream, -1), 0)
    last = {destination.stream_of(n): n for n in range(destination.records)}
    for n in range(destination.records):
        stream = destination.stream_of(n)
        if n <= after.get(stream, -1):
            continue
        make = destination.refused if n in refused else destination.record
        assert make is not None
        data = dict(make(stream, n))
        yield {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": n}}
        counts[stream] += 1
        if counts[stream] == destination.state_every or n == last[stream]:
            yield _state(stream, n, counts.pop(stream))


def _state(stream: str, upto: int, count: int) -> dict[str, Any]:
    of_stream = {"stream_descriptor": {"name": stream}, "stream_state": {UPTO: upto, **ODD}}
    stats = {"recordCount": float(count)}
    state = {"type": "STREAM", "stream": of_stream, "sourceStats": stats, "id": upto}
    return {"type": "STATE", "state": state}


def as_line(message: dict[str, Any]) -> bytes:
    """Return a message as a line for standard input."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def upto_of(message: dict[str, Any]) -> int:
    """Return the number of the last record that a state of ours covers."""
    return int(message["state"]["stream"]["stream_state"][UPTO])


def without_stats(message: dict[str, Any]) -> str:
    """Return a STATE message without what the destination adds, so that two can be compared."""
    state = {name: value for name, value in message["state"].items() if name != "destinationStats"}
    return json.dumps({**message, "state": state}, sort_keys=True)
