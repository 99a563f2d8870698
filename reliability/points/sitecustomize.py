"""Kills a process at a point that nobody outside of it can see.

Python imports a module of this name by itself when its folder is on PYTHONPATH. Without the
variable below it does nothing.

`RELIABILITY_POINT` is JSON: `point` (one of `POINTS`), `nth`, `signal` (a number), `group` (whether
the whole process group is meant) and `mark` (a file to create when it strikes).
"""

from __future__ import annotations

import json
import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS = (
    "before the fsync of rejects",
    "after the fsync of rejects",
    "before a state line",
    "after a state line",
)


def _arm(wish: dict[str, Any]) -> None:
    numbers = count(1)

    def strike(point: str) -> None:
        if point == wish["point"] and next(numbers) == wish["nth"]:
            Path(wish["mark"]).touch()
            kill = os.killpg if wish["group"] else os.kill
            kill(os.getpgrp() if wish["group"] else os.getpid(), wish["signal"])

    def watched_fsync(descriptor: int, *, sync: Callable[[int], None] = os.fsync) -> None:
        strike(POINTS[0])
        sync(descriptor)
        strike(POINTS[1])

    def watched_write(
        descriptor: int, data: bytes, *, write: Callable[[int, bytes], int] = os.write
    ) -> int:
        is_state = bytes(data[:12]).startswith(b'{"bookmarks"')
        if is_state:
            strike(POINTS[2])
        written = write(descriptor, data)
        if is_state:
            strike(POINTS[3])
        return written

    os.fsync = watched_fsync  # type: ignore[assignment]  # a keyword more than the original
    os.write = watched_write  # type: ignore[assignment]  # same


if "RELIABILITY_POINT" in os.environ:
    _arm(json.loads(os.environ["RELIABILITY_POINT"]))
