"""The reject file as the input of a run: it is renamed before its first record is read.

The run continues to read the file that it has opened, and writes its own rejects to a new file. So
the rejects that are replayed stay on disk under the new name, however the run ends, and no file is
written to while it is read.
"""

from __future__ import annotations

import os
import stat
from glob import escape
from typing import TYPE_CHECKING

from planhat_sync.errors import ConfigurationError
from planhat_sync.writing.results.last_line import end_last_line

if TYPE_CHECKING:
    from pathlib import Path

    from planhat_sync.runtime.files import Files
    from planhat_sync.writing.results.reject_file import RejectFile


def put_aside(rejects: RejectFile, read_from: int | None) -> Path | None:
    """Rename the reject file to `<name>.replayed-<number>`, if it is the input of the run.

    It stays locked until the process ends, so that no other run writes to it or replays it.

    Args:
        rejects: The file for the rejects of this run.
        read_from: Descriptor that this run reads its records from, None if it has none.

    Returns:
        Where the file is now, None if the run reads something else.

    Raises:
        ConfigurationError: Another run uses the file, it holds no rejects, or it cannot be renamed.
    """
    files, path = rejects.files, rejects.path.resolve()
    earlier = path.parent.glob(f"{escape(path.name)}.replayed-*")
    if read_from is None or not any(files.is_open_as(read_from, each) for each in (path, *earlier)):
        return None
    if not files.lock(read_from):
        raise ConfigurationError(
            f"another run writes its rejects to the file that is read, or replays it ({path}): "
            "wait until it has ended"
        )
    if not files.is_open_as(read_from, path):  # it was renamed by an earlier replay
        return None
    if not _holds_rejects(rejects):
        raise ConfigurationError(
            f"rejects_path: {path} is the file that is read, and its records are not rejects of "
            "an earlier run: name another file"
        )
    try:
        return _rename(files, path)
    except OSError as error:
        raise ConfigurationError(
            f"rejects_path: {path} is the file that is read, and it cannot be renamed "
            f"({error.strerror}): move it, and read it at its new path"
        ) from error


def may_return(rejects: RejectFile, read_from: int | None) -> bool:
    """Return whether a run may read the rejects that it writes, and so never end.

    That is so if its input is a pipe from a program that reads the reject file.

    Args:
        rejects: The file for the rejects of this run.
        read_from: Descriptor that this run reads its records from, None if it has none.
    """
    if read_from is None or stat.S_ISREG(os.fstat(read_from).st_mode):
        return False
    return rejects.path.exists() and rejects.path.stat().st_size > 0


def _rename(files: Files, path: Path) -> Path:
    descriptor = files.open(path)
    try:
        end_last_line(files, descriptor, path)
    finally:
        files.close(descriptor)
    aside = _reserved_name(files, path)
    try:
        path.rename(aside)
    except OSError:
        aside.unlink()
        raise
    files.sync_folder(path.parent)
    return aside


def _reserved_name(files: Files, path: Path) -> Path:
    """Reserve the next free name with an empty file, since renaming replaces an existing file."""
    number = 1
    while True:
        aside = path.with_name(f"{path.name}.replayed-{number}")
        try:
            files.close(files.open(aside, new=True))
        except FileExistsError:
            number += 1
        else:
            return aside


def _holds_rejects(rejects: RejectFile) -> bool:
    """Return whether the first record of the file is a reject, or it holds no record."""
    with rejects.path.open("rb") as file:
        for line in file:
            is_reject = rejects.form.is_reject(line)
            if is_reject is not None:
                return is_reject
    return True
