"""Minimal connectors, correct or with one defect each: `python toys.py NAME FOLDER`."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path


def emit(message: dict[str, object]) -> None:
    """Write one complete line to standard output."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def store(folder: Path, n: int) -> None:
    """Hold a record: the same number is the same record."""
    (folder / f"{n}").write_text("")


def correct_target(folder: Path) -> None:
    """Store each record at once, then print the state."""
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "RECORD":
            store(folder, message["record"]["id"])
        elif message["type"] == "STATE":
            emit(message["value"])


def black_hole_target(folder: Path) -> None:
    """Discard everything and print every state: passes the SDK's standard suite."""
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "STATE":
            emit(message["value"])


def eager_target(folder: Path) -> None:
    """Print states at once, store at the end: a bookmark ahead of its data."""
    held = []
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "RECORD":
            held.append(message["record"]["id"])
        elif message["type"] == "STATE":
            emit(message["value"])
    time.sleep(2)  # whoever reads the states has seen them by then, on the slowest machine
    for n in held:
        store(folder, n)


def appending_target(folder: Path) -> None:
    """Store under a name of its own each time: a run from the last state doubles."""
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "RECORD":
            (folder / f"{message['record']['id']}.{os.getpid()}.{time.monotonic_ns()}").write_text(
                ""
            )
            time.sleep(0.001)
        elif message["type"] == "STATE" and message["value"]["bookmarks"]["things"]["upto"] == 599:
            emit(message["value"])


def polite_target(folder: Path) -> None:
    """Exit 0 on SIGTERM, as if all were done."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    correct_target(folder)


def chatty_target(folder: Path) -> None:
    """Print something for people."""
    sys.stdout.write("hello\n")
    correct_target(folder)


def read(copies: int, count: int) -> None:
    """Emit every record `copies` times."""
    emit({"type": "SCHEMA", "stream": "things", "schema": {}, "key_properties": ["id"]})
    for n in range(count):
        for _ in range(copies):
            emit({"type": "RECORD", "stream": "things", "record": {"id": n, "text": "x" * 100}})
    emit({"type": "STATE", "value": {"bookmarks": {"things": {"done": True}}}})


def correct_tap(folder: Path) -> None:
    """Emit each record once; a state only at the end."""
    read(1, 2000)


def duplicating_tap(folder: Path) -> None:
    """Emit each record twice: passes the SDK's test of primary keys."""
    read(2, 2000)


def polite_tap(folder: Path) -> None:
    """Exit 0 on SIGTERM, as the SDK does."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    correct_tap(folder)


def swallowing_tap(folder: Path) -> None:
    """Treat a broken pipe as the end of the run."""
    try:
        correct_tap(folder)
    except BrokenPipeError:
        os._exit(0)


def early_tap(folder: Path) -> None:
    """Print the bookmark before the records."""
    emit({"type": "STATE", "value": {"bookmarks": {"things": {"done": True}}}})
    if "--state" not in sys.argv:
        correct_tap(folder)


def draining_tap(folder: Path) -> None:
    """Print the newest bookmark on SIGTERM, without the records before it."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    if "--state" in sys.argv:
        return
    emit({"type": "SCHEMA", "stream": "things", "schema": {}, "key_properties": ["id"]})
    for n in range(2000):
        if ended:
            break
        emit({"type": "RECORD", "stream": "things", "record": {"id": n, "text": "x" * 100}})
    emit({"type": "STATE", "value": {"bookmarks": {"things": {"done": True}}}})


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
