"""Writes Singer messages to standard output: complete lines, in order, and nothing else.

`planhat_sync.runtime.stdout` writes to the file descriptor directly. Python's own buffers are not
safe against signals: a handler that runs in the middle of their `write` leaves half a line, and
with PYTHONUNBUFFERED a write may be cut short without notice. Here no handler ever raises (see
`planhat_sync.runtime.signals`), so a line that was begun is completed, however long its reader is
blocked.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message, RecordMessage
from singer_sdk.singerlib.json import serialize_json

from planhat_sync.runtime import stdout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from planhat_sync.reading.pages.page import WriteLines
    from planhat_sync.runtime.stdout import Piece

BUFFERED_BYTES = 64 * 1024


class MessageWriter(GenericSingerWriter[bytes, Message]):
    """A message writer for `singer_sdk.Tap`, which also takes complete lines.

    Records are buffered until there are enough of them or until `flush`; every other message is
    written at once, after everything before it.

    Args:
        write: Writes lines to standard output.
    """

    def __init__(self, write: Callable[[Sequence[Piece]], None] = stdout.write) -> None:
        super().__init__()
        self._write = write
        self._lines: list[Piece] = []
        self._size = 0
        self._is_broken = False
        self._encode = msgspec.json.Encoder(enc_hook=str, decimal_format="number").encode

    def serialize_message(self, message: Message) -> bytes:
        """Return a message as JSON.

        Args:
            message: A Singer message; decimals in a record are written as numbers.
        """
        if not isinstance(message, RecordMessage):
            return serialize_json(message.to_dict()).encode()
        content = message.to_dict()
        if message.time_extracted is not None:
            content["time_extracted"] = message.time_extracted.isoformat()
        return self._encode(content)

    def write_message(self, message: Message) -> None:
        """Write a message; unless it is a record, flush.

        Args:
            message: A Singer message.
        """
        self.write_lines(self.format_message(message) + b"\n")
        if not isinstance(message, RecordMessage):
            self.flush()

    def write_lines(self, *lines: Piece) -> None:
        """Write messages that are JSON already.

        Args:
            lines: Complete lines, each with its line break.
        """
        self._lines += lines
        self._size += sum(map(len, lines))
        if self._size >= BUFFERED_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write everything that is buffered to standard output.

        Raises:
            OutputError: The program that reads it has exited, or it cannot be written, for example
                because the disk is full.
        """
        lines, self._lines, self._size = self._lines, [], 0
        if self._is_broken or not lines:
            return
        try:
            self._write(lines)
        except stdout.OutputError:
            self._is_broken = True
            raise


class _Record(msgspec.Struct, tag_field="type", tag="RECORD", gc=False):
    """A RECORD message, its properties in the order in which the SDK writes them."""

    stream: str
    record: Any
    time_extracted: str
    version: int | msgspec.UnsetType = msgspec.UNSET


def record_lines(stream: str, version: int | None = None) -> WriteLines:
    """Return a function that writes rows as RECORD messages.

    Args:
        stream: Name of the stream.
        version: The stream's version, if the run activates one.
    """
    encode_lines = msgspec.json.Encoder().encode_lines
    stated = msgspec.UNSET if version is None else version

    def write(rows: Sequence[Any], received: datetime) -> bytes:
        extracted = received.isoformat()
        return encode_lines(
            list(map(_Record, repeat(stream), rows, repeat(extracted), repeat(stated)))
        )

    return write
