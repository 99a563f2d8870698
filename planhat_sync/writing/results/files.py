"""The files that a run appends to, and the system calls on them."""

from __future__ import annotations

import fcntl
import logging
import os
from typing import TYPE_CHECKING, Final

from planhat_sync.runtime.stdout import write_whole
from planhat_sync.writing.records.exact_json import decode

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

TAIL_BYTES: Final = 1 << 20
_OWNER_ONLY: Final = 0o600


class Files:
    """The real file system, as a run appends to its files.

    A simulation overrides all methods. What is checked before a run, and the renaming before a
    replay, use paths instead.
    """

    def open(self, path: Path, *, new: bool = False) -> int:
        """Open a file for reading and appending, for its owner only.

        Args:
            path: The file; it is created if it does not exist.
            new: Whether it must not exist.

        Returns:
            Its descriptor.

        Raises:
            FileExistsError: It exists, although it must not.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | (os.O_EXCL if new else 0)
        return os.open(path, flags, _OWNER_ONLY)

    def close(self, descriptor: int) -> None:
        """Close a file, and unlock it."""
        os.close(descriptor)

    def lock(self, descriptor: int) -> bool:
        """Lock a file until it is closed; without a lock where the file system has none.

        Returns:
            Whether no other process has locked it.
        """
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            logger.debug("the file system has no locks")
        return True

    def is_open_as(self, descriptor: int, path: Path) -> bool:
        """Return whether a descriptor is of the file that a path names now.

        Args:
            descriptor: An open file.
            path: A path; it need not exist.
        """
        try:
            return os.path.samestat(os.fstat(descriptor), path.stat())
        except OSError:  # nothing has that name, or the descriptor is closed
            return False

    def size(self, descriptor: int) -> int:
        """Return the size of a file in bytes."""
        return os.fstat(descriptor).st_size

    def read(self, descriptor: int, size: int, offset: int) -> bytes:
        """Read a part of a file."""
        return os.pread(descriptor, size, offset)

    def write(self, descriptor: int, data: bytes) -> None:
        """Append all bytes to a file."""
        write_whole(descriptor, [data])

    def sync(self, descriptor: int) -> None:
        """Wait until a file is on disk."""
        os.fsync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut a file off."""
        os.ftruncate(descriptor, size)

    def sync_folder(self, folder: Path) -> None:
        """Wait until the names in a folder are on disk."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def end_last_line(files: Files, descriptor: int, path: Path) -> None:
    """End the last line of a file of JSON lines, which a kill or a person left without its end.

    Half a line was never acknowledged, so its record is read again: it is cut off. A complete one,
    as editors leave it, only gets its line end.

    Args:
        files: The file system.
        descriptor: The file, open for reading and appending.
        path: Its path, for the log.
    """
    start = size = files.size(descriptor)
    tail = b""
    while start and b"\n" not in tail:
        start = max(0, start - TAIL_BYTES)
        tail = files.read(descriptor, size - start, start)
    last = tail[tail.rfind(b"\n") + 1 :]
    if not last:
        return
    try:
        decode(last)
    except ValueError:
        logger.warning("%s ends with half a line, left by a kill; it is cut off", path)
        files.truncate(descriptor, size - len(last))
    else:
        files.write(descriptor, b"\n")
