"""A file of Singer messages that runs append to: what it holds, who may write to it, its end."""

from __future__ import annotations

import fcntl
import logging
import os
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger("target-planhat")

OWNER_ONLY: Final = 0o600
TAIL_BYTES: Final = 1 << 20
_BEGINNINGS: Final = tuple(
    f'{{"{name}"'.encode()
    for name in (
        "type",
        "stream",
        "schema",
        "record",
        "key_properties",
        "bookmark_properties",
        "time_extracted",
        "version",
        "reject",
    )
)
"""How the messages that are kept here begin, spaces apart."""


def is_singer(line: bytes) -> bool:
    """Tell whether a file that begins with a line is one of Singer messages, or empty.

    Args:
        line: Its first line.
    """
    if not line:
        return True
    try:
        message = msgspec.json.decode(line)
    except ValueError:  # cut short by a kill, perhaps; mended when it is opened
        start = b"".join(line[:200].split())
        return not line.endswith(b"\n") and any(
            start.startswith(beginning[: len(start)]) for beginning in _BEGINNINGS
        )
    return isinstance(message, dict) and message.get("type") in ("SCHEMA", "RECORD")


def lock(descriptor: int, path: Path) -> bool:
    """Lock a file until its descriptor is closed; a file system without locks is let be.

    Args:
        descriptor: The file.
        path: Its path, for the log.

    Returns:
        Whether no other run has it locked.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        logger.debug("%s cannot be locked", path)
    return True


def is_open_as(descriptor: int, path: Path) -> bool:
    """Tell whether a descriptor is of the file that a path names now.

    Args:
        descriptor: An open file.
        path: A path; it may name nothing.
    """
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:  # nothing has that name, or the descriptor is closed
        return False


def mend(descriptor: int, path: Path) -> None:
    """End the last line of a file that a kill, or a person, left without its end.

    Half a line was never acknowledged, so its record comes again: it is cut off. A whole one, as
    editors leave it, only gets its line end.

    Args:
        descriptor: The file, open for reading and appending.
        path: Its path, for the log.
    """
    size = os.fstat(descriptor).st_size
    tail = b""
    start = size
    while start and b"\n" not in tail:
        start = max(0, start - TAIL_BYTES)
        tail = os.pread(descriptor, size - start, start)
    last = tail[tail.rfind(b"\n") + 1 :]
    if not last:
        return
    try:
        msgspec.json.decode(last)
    except ValueError:
        logger.warning("%s ends with half a line, left by a kill; it is cut off", path)
        os.ftruncate(descriptor, size - len(last))
    else:
        write_all(descriptor, b"\n")


def write_all(descriptor: int, data: bytes) -> None:
    """Write bytes to the last one.

    Args:
        descriptor: A file.
        data: The bytes.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk.

    Args:
        folder: The folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
