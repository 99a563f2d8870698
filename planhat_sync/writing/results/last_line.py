"""The end of a file of JSON lines, which a kill or a person may have left without its line end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from planhat_sync.writing.records.exact_json import decode

if TYPE_CHECKING:
    from pathlib import Path

    from planhat_sync.runtime.files import Files

TAIL_BYTES: Final = 1 << 20

logger = logging.getLogger(__name__)


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
