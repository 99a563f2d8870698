"""The reject file as the input of a run: it is renamed before its first record is read.

The run reads on from the file that it has opened, whatever its name is by then, and writes its own
rejects to a new file. So what is replayed stays on disk under the new name, whatever becomes of the
run, and nothing is written to a file while it is read.
"""

from __future__ import annotations

import logging
import os
from glob import escape
from typing import TYPE_CHECKING

from planhat_sync.errors import ConfigurationError
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.results.singer_files import (
    OWNER_ONLY,
    is_open_as,
    lock,
    mend,
    sync_folder,
)

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger("target-planhat")


def put_aside(rejects_path: Path, read_from: int | None) -> Path | None:
    """Rename the reject file to `<name>.replayed-<number>`, if it is the file that is read.

    It stays locked until the process ends, so that no other run writes to it or replays it.

    Args:
        rejects_path: Where the rejects of this run go.
        read_from: Descriptor that this run reads its records from, None if it has none.

    Returns:
        Where the file is now, None if the run reads something else.

    Raises:
        ConfigurationError: Another run uses the file, it holds no rejects, or it cannot be renamed.
    """
    path = rejects_path.resolve()
    earlier = path.parent.glob(f"{escape(path.name)}.replayed-*")
    if read_from is None or not any(is_open_as(read_from, each) for each in (path, *earlier)):
        return None
    if not lock(read_from, path):
        raise ConfigurationError(
            f"another run writes its rejects to the file that is read, or replays it ({path}): "
            "wait until it has ended"
        )
    if not is_open_as(read_from, path):  # it was renamed by an earlier replay
        return None
    if not _holds_rejects(path):
        raise ConfigurationError(
            f"rejects_path: {path} is the file that is read, and its records are no rejects of an "
            "earlier run: name another file"
        )
    try:
        aside = _rename(path)
    except OSError as error:
        raise ConfigurationError(
            f"rejects_path: {path} is the file that is read, and it cannot be renamed "
            f"({error.strerror}): move it, and give --input its new path"
        ) from error
    logger.info(
        "%s is replayed, and was renamed to %s; new rejects go to %s again. Should this run not "
        "come to its end, replay the rest with --input %s",
        path,
        aside.name,
        path.name,
        aside,
    )
    return aside


def _rename(path: Path) -> Path:
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    try:
        mend(descriptor, path)
    finally:
        os.close(descriptor)
    aside = _reserved_name(path)
    try:
        path.rename(aside)
    except OSError:
        aside.unlink()
        raise
    sync_folder(path.parent)
    return aside


def _reserved_name(path: Path) -> Path:
    """Take the next free name, by an empty file: renaming replaces what has the new name."""
    number = 1
    while True:
        aside = path.with_name(f"{path.name}.replayed-{number}")
        try:
            os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY))
        except FileExistsError:
            number += 1
        else:
            return aside


def _holds_rejects(path: Path) -> bool:
    """Tell whether the first record of a file is a reject; without any record there is no other."""
    with path.open("rb") as file:
        for line in file:
            try:
                message = decode(line)
            except ValueError:  # half a line, left by a kill
                continue
            if isinstance(message, dict) and message.get("type") == "RECORD":
                return "reject" in message
    return True
