"""`source-planhat | destination-planhat`."""

from __future__ import annotations

import json
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from reliability.pair import MARK, kind_of, write_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STREAMS = {"issues": "incremental", "objectives": "full_refresh"}


class AirbytePair:
    """The source and the destination. A state covers the records of its own stream alone."""

    name = "Airbyte"
    reader = "source"
    writer = "destination"
    reader_prints = frozenset({"RECORD", "STATE", "LOG", "TRACE"})

    def reader_command(
        self, folder: Path, settings: Mapping[str, Any], state: bytes | None
    ) -> list[str]:
        """Return the command of the source."""
        command = [sys.executable, "-m", "airbyte_planhat.source", "read"]
        command += write_settings(folder / "source.json", settings)
        command += ["--catalog", str(_write_catalog(folder))]
        if state is not None:
            (folder / "states.json").write_bytes(state)
            command += ["--state", str(folder / "states.json")]
        return command

    def writer_command(self, folder: Path, settings: Mapping[str, Any]) -> list[str]:
        """Return the command of the destination."""
        command = [sys.executable, "-m", "airbyte_planhat.destination", "write"]
        command += write_settings(folder / "destination.json", settings)
        return [*command, "--catalog", str(_write_catalog(folder))]

    def is_state(self, line: bytes) -> bool:
        """Return whether a line of the destination is a STATE message."""
        return line.endswith(b"\n") and kind_of(line) == "STATE"

    def may_print(self, line: bytes) -> bool:
        """Return whether a line of the destination is another message that it may print."""
        return line.endswith(b"\n") and kind_of(line) in {"LOG", "TRACE"}

    def failures(self, name: str, code: int, printed: Sequence[bytes]) -> list[str]:
        """Return what is wrong with the TRACE messages: a failure has one, and a success none."""
        errors = [line for line in printed if _is_error(line)]
        if code == 0 and errors:
            return [f"the {name} succeeded and printed an error: {errors[0][:200]!r}"]
        if code == 1 and not errors:
            return [f"the {name} failed without a TRACE message that says why"]
        return []

    def stream_and_record(self, message: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """Return the stream and the properties of a RECORD message."""
        return message["record"]["stream"], message["record"]["data"]

    def inserted_state(self, stream: str, number: int) -> bytes:
        """Return a state of a stream without a bookmark."""
        of_stream = {"stream_descriptor": {"name": stream}, "stream_state": {MARK: number}}
        state = {"type": "STATE", "state": {"type": "STREAM", "stream": of_stream}}
        return json.dumps(state, separators=(",", ":")).encode() + b"\n"

    def restart(self, states: Sequence[bytes]) -> bytes | None:
        """Return the last printed state of each stream that the source itself has made."""
        newest = {}
        for line in states:
            state = json.loads(line)["state"]
            if MARK not in state["stream"]["stream_state"]:
                newest[_stream_of(state)] = state
        return json.dumps([*newest.values()]).encode() if newest else None

    def covered(
        self, fed: Sequence[Mapping[str, Any]], states: Sequence[bytes]
    ) -> tuple[set[str], list[str]]:
        """Return the sourceIds of the records that the printed states of each stream cover.

        What is printed of a stream must be its first states, all of them and unchanged.
        """
        printed: dict[str, list[dict[str, Any]]] = {stream: [] for stream in STREAMS}
        for line in states:
            state = json.loads(line)["state"]
            state.pop("destinationStats", None)
            printed[_stream_of(state)].append(state)
        before: set[str] = set()
        wrong: list[str] = []
        for stream, of_stream in printed.items():
            found = _covered(stream, fed, of_stream)
            before |= found[0]
            wrong += found[1]
        return before, wrong


def _covered(
    stream: str, fed: Sequence[Mapping[str, Any]], printed: list[dict[str, Any]]
) -> tuple[set[str], list[str]]:
    before: set[str] = set()
    left = deque(printed)
    for message in fed:
        if not left:
            return before, []
        if message["type"] == "RECORD" and message["record"]["stream"] == stream:
            before.add(message["record"]["data"]["sourceId"])
        elif message["type"] == "STATE" and _stream_of(message["state"]) == stream:
            state = left.popleft()
            if state != message["state"]:
                return before, [f"the destination skipped or changed a state of {stream}: {state}"]
    return before, [f"the destination printed a state that it was not given: {one}" for one in left]


def _stream_of(state: Mapping[str, Any]) -> str:
    name: str = state["stream"]["stream_descriptor"]["name"]
    return name


def _is_error(line: bytes) -> bool:
    return kind_of(line) == "TRACE" and json.loads(line)["trace"]["type"] == "ERROR"


def _configured(stream: str, sync_mode: str) -> dict[str, Any]:
    offered = {"name": stream, "json_schema": {}, "supported_sync_modes": [sync_mode]}
    return {
        "stream": offered,
        "sync_mode": sync_mode,
        "destination_sync_mode": "append_dedup",
        "primary_key": [["_id"]],
    }


def _write_catalog(folder: Path) -> Path:
    path = folder / "catalog.json"
    streams = [_configured(stream, sync_mode) for stream, sync_mode in STREAMS.items()]
    path.write_text(json.dumps({"streams": streams}), encoding="utf-8")
    return path
