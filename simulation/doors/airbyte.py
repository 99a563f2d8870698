"""The Airbyte connectors, destination-planhat and source-planhat, without their command lines."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import msgspec

from airbyte_planhat.destination.write import write
from airbyte_planhat.source.read import read
from planhat_sync.runtime.signals import Stop
from simulation.doors.door import Door, message_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planhat_sync.system import System
    from simulation.plan import Side


class DestinationDoor(Door):
    """destination-planhat."""

    reads = False

    def open(
        self,
        side: Side,
        settings: Mapping[str, Any],
        system: System,
        *,
        source: IO[bytes] | None,
        state: Any,  # noqa: ANN401, ARG002 - as `Door` has it
    ) -> tuple[Stop, Callable[[], object]]:
        """Begin a life."""
        stop = Stop("destination-planhat")
        catalog = msgspec.json.encode(side.catalog)
        return stop, lambda: write(settings, stop, catalog, source, system)

    def state(self, printed: Sequence[bytes]) -> Any:  # noqa: ANN401 - any JSON value
        """Return the last state of each stream."""
        return _last_states(printed)

    def rest(self, lines: Sequence[bytes], printed: Sequence[bytes]) -> tuple[int, list[bytes]]:
        """Return, of each stream, what follows its last printed state."""
        last = {_stream_of(state): _without_counts(state) for state in _last_states(printed) or ()}
        messages = [message_of(line) for line in lines]
        covered: dict[object, int] = {}
        for index, message in enumerate(messages):
            state = message.get("state")
            if state is not None and _without_counts(state) == last.get(_stream_of(state)):
                covered[_stream_of(state)] = index
        kept = [
            index
            for index, message in enumerate(messages)
            if index > covered.get(_stream_named(message), -1)
        ]
        return (kept[0] if kept else len(lines)), [lines[index] for index in kept]


class SourceDoor(Door):
    """source-planhat."""

    reads = True

    def open(
        self,
        side: Side,
        settings: Mapping[str, Any],
        system: System,
        *,
        source: IO[bytes] | None,  # noqa: ARG002 - as `Door` has it
        state: Any,  # noqa: ANN401 - any JSON value
    ) -> tuple[Stop, Callable[[], object]]:
        """Begin a life."""
        stop = Stop("source-planhat")
        catalog = msgspec.json.encode(side.catalog)
        states = msgspec.json.encode(state) if state else b""
        return stop, lambda: read(settings, stop, catalog, states, system)

    def state(self, printed: Sequence[bytes]) -> Any:  # noqa: ANN401 - any JSON value
        """Return the last state of each stream."""
        return _last_states(printed)


def _last_states(printed: Sequence[bytes]) -> list[dict[str, Any]] | None:
    """Return the last Airbyte state of each stream."""
    messages = (message_of(line) for line in printed if b'"STATE"' in line)
    states = [message["state"] for message in messages if message.get("type") == "STATE"]
    return list({_stream_of(state): state for state in states}.values()) or None


def _stream_of(state: Mapping[str, Any]) -> object:
    descriptor = (state.get("stream") or {}).get("stream_descriptor") or {}
    return descriptor.get("name"), descriptor.get("namespace")


def _stream_named(message: Mapping[str, Any]) -> object:
    """Return the stream of an Airbyte message."""
    if "state" in message:
        return _stream_of(message["state"])
    content = message.get("record") or {}
    return content.get("stream"), content.get("namespace")


def _without_counts(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: state[name] for name in state if name != "destinationStats"}
