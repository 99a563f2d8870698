"""What a printed state says: everything before it is in Planhat, or in the reject file on disk.

Also what makes it say so often: a tap prints a state at the end of each stream only, so states are
strewn among its records, as a tap with many partitions would print them.
"""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reliability.world import World

MARK = "strewn"
OWNER_ONLY = 0o600


class Strewn:
    """Gives a state of its own after every so many records.

    It knows nothing of the tap: a run that starts from one of them begins at the beginning.

    Args:
        every: After how many records.
    """

    def __init__(self, every: int) -> None:
        self._every = every
        self._records = 0

    def __call__(self, line: bytes) -> bytes:
        """Take a line of the tap and give what is to follow it."""
        if not line.endswith(b"\n") or json.loads(line)["type"] != "RECORD":
            return b""
        self._records += 1
        if self._records % self._every:
            return b""
        value = {"bookmarks": {}, MARK: self._records}
        return json.dumps({"type": "STATE", "value": value}, separators=(",", ":")).encode() + b"\n"


def last_of_the_tap(states: Sequence[bytes]) -> bytes | None:
    """Give the last printed state that the tap itself has made, to start it again from."""
    return next((state for state in reversed(states) if MARK not in json.loads(state)), None)


def uncovered(
    fed: Sequence[bytes], states: Sequence[bytes], world: World, rejects: Path
) -> list[str]:
    """Find records before the last printed state that are in neither place.

    Args:
        fed: The lines that the target was given.
        states: The states that it printed.
        world: Whose copy it wrote to.
        rejects: The reject file.

    Returns:
        What is wrong, in words.
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
        return [f"the target printed a state that nobody gave it: {states[-1][:80]!r}"]
    held = {r["sourceId"] for model in ("issues", "objectives") for r in world.copy.records(model)}
    lost = sorted(before - held - told_of(rejects)[0])
    return [f"a printed state covers {name}, which is nowhere" for name in lost[:5]]


def told_of(file: Path) -> tuple[set[str], list[bytes]]:
    """Read a reject file.

    Args:
        file: Its path; it need not be there.

    Returns:
        The sourceIds of its records, and the lines that are no messages.
    """
    told: set[str] = set()
    broken: list[bytes] = []
    for line in file.read_bytes().splitlines(keepends=True) if file.exists() else ():
        try:
            message = json.loads(line)
        except ValueError:  # noqa: PERF203 - which line it is must be told
            broken.append(line)
        else:
            if message["type"] == "RECORD":
                told.add(message["record"]["sourceId"])
    return told, broken


def wrong_rejects(file: Path, bad: set[str]) -> list[str]:
    """Check that the reject file is whole, tells of all that is bad, and is its owner's alone.

    Args:
        file: Its path.
        bad: The sourceIds that it must hold, and no others.

    Returns:
        What is wrong, in words.
    """
    if not file.exists():
        return ["there is no reject file"]
    told, broken = told_of(file)
    wrong = [f"the reject file holds {line[:80]!r}" for line in broken]
    wrong += [f"{name} is not in the reject file" for name in sorted(bad - told)]
    wrong += [f"{name} is in the reject file" for name in sorted(told - bad)]
    mode = stat.S_IMODE(file.stat().st_mode)
    return wrong + ([] if mode == OWNER_ONLY else [f"the mode of the reject file is {mode:o}"])
