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

    from reliability.pair import Pair
    from reliability.world import World

OWNER_ONLY = 0o600


class InsertedStates:
    """Inserts a state after every Nth record.

    It has no bookmarks: a run that starts from one of them reads everything.

    Args:
        pair: The connectors.
        every: Number of records between two states.
    """

    def __init__(self, pair: Pair, every: int) -> None:
        self._pair = pair
        self._every = every
        self._records = 0

    def __call__(self, line: bytes) -> bytes:
        """Return what is to be inserted after a line of the reader."""
        if not line.endswith(b"\n"):
            return b""
        message = json.loads(line)
        if message["type"] != "RECORD":
            return b""
        self._records += 1
        if self._records % self._every:
            return b""
        return self._pair.inserted_state(self._pair.stream_and_record(message)[0], self._records)


def uncovered(
    pair: Pair, fed: Sequence[bytes], states: Sequence[bytes], world: World, rejects: Path
) -> list[str]:
    """Find records before the printed states that are neither in Planhat nor in the rejects.

    Args:
        pair: The connectors.
        fed: The lines that the writer was given.
        states: The states that it printed.
        world: The tenants; it wrote to the copy.
        rejects: The reject file.

    Returns:
        What is wrong, one sentence each.
    """
    messages = [json.loads(line) for line in fed if line.endswith(b"\n")]
    before, wrong = pair.covered(messages, states)
    held = {r["sourceId"] for model in ("issues", "objectives") for r in world.copy.records(model)}
    lost = sorted(before - held - read_rejects(pair, rejects)[0])
    wrong += [
        f"a printed state covers {name}, which is neither in Planhat nor rejected"
        for name in lost[:5]
    ]
    return wrong


def read_rejects(pair: Pair, file: Path) -> tuple[set[str], list[bytes]]:
    """Read a reject file.

    Args:
        pair: The connectors.
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
                rejected.add(pair.stream_and_record(message)[1]["sourceId"])
    return rejected, broken


def wrong_rejects(pair: Pair, file: Path, refused: set[str]) -> list[str]:
    """Check that the reject file is complete and private, and has every refused record.

    Args:
        pair: The connectors.
        file: Its path.
        refused: The sourceIds that it must contain, and no others.

    Returns:
        What is wrong, one sentence each.
    """
    if not file.exists():
        return ["there is no reject file"]
    rejected, broken = read_rejects(pair, file)
    wrong = [f"the reject file contains {line[:80]!r}" for line in broken]
    wrong += [f"{name} is not in the reject file" for name in sorted(refused - rejected)]
    wrong += [f"{name} is in the reject file" for name in sorted(rejected - refused)]
    mode = stat.S_IMODE(file.stat().st_mode)
    return wrong + ([] if mode == OWNER_ONLY else [f"the mode of the reject file is {mode:o}"])
