"""The files that a run writes, and the system calls on them."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from typing import TYPE_CHECKING, Final

from planhat_sync.runtime.stdout import write_whole

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

_OWNER_ONLY: Final = 0o600


class Files:
    """The real file system, as a run writes its files.

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

    def replace(self, path: Path, data: bytes) -> None:
        """Write a file and give it the name of another one, atomically; for its owner only.

        Args:
            path: Where it is then; what has that name is removed.
            data: What it holds.

        Raises:
            OSError: It cannot be written; what has that name stays as it is.
        """
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(draft, flags, _OWNER_ONLY)
        try:
            try:
                self.write(descriptor, data)
                self.sync(descriptor)
            finally:
                self.close(descriptor)
            draft.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
