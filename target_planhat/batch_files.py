"""Reads the files of a BATCH message: JSON lines, gzipped or not, on this machine."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from planhat_sync.runtime.stdin import LONGEST_LINE_BYTES, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_planhat.messages import Message


def records_of(message: Message, number: int) -> Iterator[bytes]:
    """Read the records of a BATCH, one line each.

    Args:
        message: The BATCH message.
        number: Number of its line.

    Yields:
        Records, as JSON.

    Raises:
        InputError: A file cannot be read.
    """
    encoding = message.encoding or {}
    compression = encoding.get("compression")
    if encoding.get("format") != "jsonl" or compression not in ("gzip", "none", None):
        raise InputError(
            f"line {number} of the input is a BATCH of {encoding.get('format', 'unknown')} files: "
            "target-planhat reads only jsonl, gzipped or not; set batch_config of the tap"
        )
    try:
        for file in message.manifest or ():
            parts = urlsplit(file)
            if parts.scheme not in ("", "file"):
                raise InputError(
                    f"line {number} of the input is a BATCH whose files are elsewhere "
                    f"({parts.scheme}): target-planhat reads only files on this machine"
                )
            opened = gzip.open if compression == "gzip" else open
            with opened(unquote(parts.path), "rb") as lines:
                while line := lines.readline(LONGEST_LINE_BYTES):
                    if line.strip():
                        yield line.strip()
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError(
            f"line {number} of the input is a BATCH whose file cannot be read: {error}"
        ) from error
