"""Checks a printed state: everything before it is in Planhat, or in the reject file on disk.

A tap prints a state at the end of each stream only. So states are inserted among its records, as a
tap with many partitions would print them.
"""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reliability.world import World

MARK = "inserted"
OWNER_ONLY = 0o600


class InsertedStates:
    """Inserts a state after every Nth record.

    It has no bookmarks: a run that starts from one of them reads everything.

    Args:
        every: Number of records between two states.
    """

    def __init__(self, every: int) -> None:
        self._every = every
        self._records = 0

    def __call__(self, line: bytes) -> bytes:
        """Return what is to be inserted after a line of the tap."""
        if not line.endswith(b"\n") or json.loads(line)["type"] != "RECORD":
            return b""
        self._records += 1
        if self._records % self._every:
            return b""
        value = {"bookmarks": {}, MARK: self._records}
        return json.dumps({"type": "STATE", "value": value}, separators=(",", ":")).encode() + b"\n"


def last_state_of_tap(states: Sequence[bytes]) -> bytes | None:
    """Return the last printed state that the tap itself has made, to start it again from."""
    return next((state for state in reversed(states) if MARK not in json.loads(state)), None)


def uncovered(
    fed: Sequence[bytes], states: Sequence[bytes], world: World, rejects: Path
) -> list[str]:
    """Find records before the last printed state that are neither in Planhat nor in the rejects.

    Args:
        fed: The lines that the target was given.
        states: The states that it printed.
        world: The tenants; it wrote to the copy.
        rejects: The reject file.

    Returns:
        What is wrong, one sentence each.
    """
    if not states:
        return []
    said = json.loads(states[-1])
    before: set[str] = set()
    for line in fed:
        if not line.endswith(b"\n"):
            continue
        message = json.loads(line)
        if message["type"] == "RECORD":
            before.add(message["record"]["sourceId"])
        elif message["type"] == "STATE" and message["value"] == said:
            break
    else:
        return [f"the target printed a state that it was not given: {states[-1][:80]!r}"]
    held = {r["sourceId"] for model in ("issues", "objectives") for r in world.copy.records(model)}
    lost = sorted(before - held - read_rejects(rejects)[0])
    return [
        f"a printed state covers {name}, which is neither in Planhat nor rejected"
        for name in lost[:5]
    ]


def read_rejects(file: Path) -> tuple[set[str], list[bytes]]:
    """Read a reject file.

    Args:
        file: Its path; it need not exist.

    Returns:
        The sourceIds of its records, and the lines that are not messages.
    """
    rejected: set[str] = set()
    broken: list[bytes] = []
    for line in file.read_bytes().splitlines(keepends=True) if file.exists() else ():
        try:
            message = json.loads(line)
        except ValueError:  # noqa: PERF203 - the line itself is needed
            broken.append(line)
        else:
            if message["type"] == "RECORD":
                rejected.add(message["record"]["sourceId"])
    return rejected, broken


def wrong_rejects(file: Path, refused: set[str]) -> list[str]:
    """Check that the reject file is complete and private, and has every refused record.

    Args:
        file: Its path.
        refused: The sourceIds that it must contain, and no others.

    Returns:
        What is wrong, one sentence each.
    """
    if not file.exists():
        return ["there is no reject file"]
    rejected, broken = read_rejects(file)
    wrong = [f"the reject file contains {line[:80]!r}" for line in broken]
    wrong += [f"{name} is not in the reject file" for name in sorted(refused - rejected)]
    wrong += [f"{name} is in the reject file" for name in sorted(rejected - refused)]
    mode = stat.S_IMODE(file.stat().st_mode)
    return wrong + ([] if mode == OWNER_ONLY else [f"the mode of the reject file is {mode:o}"])
