"""Kills a process at a point that cannot be seen from outside, or logs what it does there.

Python imports a module of this name by itself when its folder is on PYTHONPATH. Without the
variables below it does nothing.

`RELIABILITY_POINT` is JSON: `point` (one of `POINTS`), `nth`, `signal` (a number), `group` (whether
the process group is meant) and `mark` (a file to create when the signal is sent).

`RELIABILITY_WATCH` is a file. It gets a line for each write and `os.fsync`, after the call:
`write`, `state` (a write of states) or `fsync`, the inode, and how many rejects or states were
written. A kill cannot show what the page
cache would have lost; the order of these lines can.
"""

from __future__ import annotations

import json
import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

POINTS = (
    "before the fsync of rejects",
    "after the fsync of rejects",
    "before a state line",
    "after a state line",
)


def _is_state(data: bytes) -> bool:
    return bytes(data[:15]).startswith((b'{"bookmarks"', b'{"type":"STATE"'))


def _watch(
    path: str,
    *,
    sync: Callable[[int], None] = os.fsync,
    write: Callable[[int, bytes], int] = os.write,
    writev: Callable[[int, Sequence[bytes]], int] = os.writev,
) -> None:
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def note(what: str, descriptor: int, count: int = 0) -> None:
        write(log, f"{what} {os.fstat(descriptor).st_ino} {count}\n".encode())

    def note_write(descriptor: int, pieces: Sequence[bytes]) -> None:
        if _is_state(pieces[0]):
            note("state", descriptor, len(pieces))
        else:
            note("write", descriptor, sum(bytes(each).count(b'"reject":') for each in pieces))

    def watched_fsync(descriptor: int) -> None:
        sync(descriptor)
        note("fsync", descriptor)

    def watched_write(descriptor: int, data: bytes) -> int:
        written = write(descriptor, data)
        note_write(descriptor, [data])
        return written

    def watched_writev(descriptor: int, pieces: Sequence[bytes]) -> int:
        written = writev(descriptor, pieces)
        note_write(descriptor, pieces)
        return written

    os.fsync = watched_fsync  # type: ignore[assignment]  # an int is all that is ever given
    os.write = watched_write  # type: ignore[assignment]  # same
    os.writev = watched_writev  # type: ignore[assignment]  # same


def _arm(plan: dict[str, Any]) -> None:
    numbers = count(1)

    def fire(point: str) -> None:
        if point == plan["point"] and next(numbers) == plan["nth"]:
            Path(plan["mark"]).touch()
            kill = os.killpg if plan["group"] else os.kill
            kill(os.getpgrp() if plan["group"] else os.getpid(), plan["signal"])

    def watched_fsync(descriptor: int, *, sync: Callable[[int], None] = os.fsync) -> None:
        fire(POINTS[0])
        sync(descriptor)
        fire(POINTS[1])

    def watched_writev(
        descriptor: int,
        pieces: Sequence[bytes],
        *,
        writev: Callable[[int, Sequence[bytes]], int] = os.writev,
    ) -> int:
        is_state = _is_state(pieces[0])
        if is_state:
            fire(POINTS[2])
        written = writev(descriptor, pieces)
        if is_state:
            fire(POINTS[3])
        return written

    os.fsync = watched_fsync  # type: ignore[assignment]  # a keyword more than the original
    os.writev = watched_writev  # type: ignore[assignment]  # same


if "RELIABILITY_POINT" in os.environ:
    _arm(json.loads(os.environ["RELIABILITY_POINT"]))
if "RELIABILITY_WATCH" in os.environ:
    _watch(os.environ["RELIABILITY_WATCH"])
