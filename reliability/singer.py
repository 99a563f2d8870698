"""`tap-planhat | target-planhat`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from reliability.pair import MARK, write_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class SingerPair:
    """The tap and the target. A state covers everything before it."""

    name = "Singer"
    reader = "tap"
    writer = "target"
    reader_prints = frozenset({"SCHEMA", "RECORD", "STATE", "ACTIVATE_VERSION"})

    def reader_command(
        self, folder: Path, settings: Mapping[str, Any], state: bytes | None
    ) -> list[str]:
        """Return the command of the tap."""
        command = [sys.executable, "-m", "tap_planhat"]
        command += write_settings(folder / "tap.json", settings)
        if state is not None:
            (folder / "state.json").write_bytes(state)
            command += ["--state", str(folder / "state.json")]
        return command

    def writer_command(self, folder: Path, settings: Mapping[str, Any]) -> list[str]:
        """Return the command of the target."""
        command = [sys.executable, "-m", "target_planhat"]
        return command + write_settings(folder / "target.json", settings)

    def is_state(self, line: bytes) -> bool:
        """Return whether a line of the target is a state."""
        try:
            value = json.loads(line)
        except ValueError:
            return False
        return line.endswith(b"\n") and isinstance(value, dict) and "bookmarks" in value

    def may_print(self, line: bytes) -> bool:  # noqa: ARG002 - nothing else may be
        """Return False: a target prints nothing but states."""
        return False

    def failures(self, name: str, code: int, printed: Sequence[bytes]) -> list[str]:  # noqa: ARG002
        """Return nothing: a plugin reports its failures on standard error alone."""
        return []

    def stream_and_record(self, message: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """Return the stream and the properties of a RECORD message."""
        return message["stream"], message["record"]

    def inserted_state(self, stream: str, number: int) -> bytes:  # noqa: ARG002 - for all streams
        """Return a state without bookmarks: a run that starts from it reads everything."""
        state = {"type": "STATE", "value": {"bookmarks": {}, MARK: number}}
        return json.dumps(state, separators=(",", ":")).encode() + b"\n"

    def restart(self, states: Sequence[bytes]) -> bytes | None:
        """Return the last printed state that the tap itself has made."""
        return next((state for state in reversed(states) if MARK not in json.loads(state)), None)

    def covered(
        self, fed: Sequence[Mapping[str, Any]], states: Sequence[bytes]
    ) -> tuple[set[str], list[str]]:
        """Return the sourceIds of all records before the last printed state."""
        before: set[str] = set()
        if not states:
            return before, []
        last = json.loads(states[-1])
        for message in fed:
            if message["type"] == "RECORD":
                before.add(message["record"]["sourceId"])
            elif message["type"] == "STATE" and message["value"] == last:
                return before, []
        return set(), [f"the target printed a state that it was not given: {states[-1][:80]!r}"]
