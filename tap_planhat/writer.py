"""Writes Singer messages to standard output: whole lines, in order, nothing else.

Bytes go to the file descriptor directly. Python's own buffers are not safe against signals: a
handler that runs in the middle of their `write` leaves half a line, and with PYTHONUNBUFFERED a
write may be cut short without notice. Here no handler ever raises (see `tap`), so a line that was
begun is finished, however long its reader sleeps.
"""

from __future__ import annotations

import os
import select
import sys
from collections import deque
from typing import TYPE_CHECKING

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message, RecordMessage
from singer_sdk.singerlib.json import serialize_json

from planhat_api.errors import StopError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BUFFERED_BYTES = 64 * 1024

MOST_AT_ONCE = 512
"""Pieces in one system call; POSIX asks for 16 at least, and Linux and macOS take 1,024."""

Line = bytes | memoryview


class MessageWriter(GenericSingerWriter[bytes, Message]):
    """A message writer for `singer_sdk.Tap`, which also takes lines that are ready.

    Records wait in a buffer until there are enough of them or somebody flushes; every other
    message leaves at once, with all that came before it.

    Attributes:
        is_writing: Whether a line may be out in part.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []
        self._size = 0
        self.is_writing = False
        self._is_broken = False
        self._encode = msgspec.json.Encoder(enc_hook=str, decimal_format="number").encode

    def serialize_message(self, message: Message) -> bytes:
        """Write one message as JSON.

        Args:
            message: A Singer message; a record may hold decimals, which leave as numbers.
        """
        if not isinstance(message, RecordMessage):
            return serialize_json(message.to_dict()).encode()
        content = message.to_dict()
        if message.time_extracted is not None:
            content["time_extracted"] = message.time_extracted.isoformat()
        return self._encode(content)

    def write_message(self, message: Message) -> None:
        """Write one message, and all before it unless it is a record.

        Args:
            message: A Singer message.
        """
        self.write_lines(self.format_message(message) + b"\n")
        if not isinstance(message, RecordMessage):
            self.flush()

    def write_lines(self, *lines: Line) -> None:
        """Write messages that are JSON already.

        Args:
            lines: One message a line, each with its line break.
        """
        self._lines += lines
        self._size += sum(map(len, lines))
        if self._size >= BUFFERED_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand everything that waits to whoever reads standard output.

        Raises:
            StopError: Nobody does any more.
            OSError: It cannot be written, as on a full disk.
        """
        lines, self._lines, self._size = self._lines, [], 0
        if self._is_broken or not lines:
            return
        try:
            self.is_writing = True
            _output()(lines)
        except BrokenPipeError as error:
            self._is_broken = True
            raise StopError(
                "whatever reads its standard output went away before the end: "
                "look there for the reason, then run again"
            ) from error
        except OSError:
            self._is_broken = True
            raise
        finally:
            self.is_writing = False


def flush(writer: object) -> None:
    """Flush a writer if it is ours; the SDK's own flushes each line.

    Args:
        writer: A tap's message writer.
    """
    if isinstance(writer, MessageWriter):
        writer.flush()


def _output() -> Callable[[Sequence[Line]], object]:
    """Find where standard output goes now; tests put something else in its place."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError, AttributeError):
        return _write_to_stand_in
    return lambda lines: _write_to_descriptor(descriptor, lines)


def _write_to_descriptor(descriptor: int, lines: Sequence[Line]) -> None:
    for first in range(0, len(lines), MOST_AT_ONCE):
        waiting = deque(lines[first : first + MOST_AT_ONCE])
        while waiting:
            written = _write_some(descriptor, waiting)
            while waiting and written >= len(waiting[0]):
                written -= len(waiting.popleft())
            if written:
                waiting[0] = memoryview(waiting[0])[written:]


def _write_some(descriptor: int, lines: Sequence[Line]) -> int:
    try:
        return os.writev(descriptor, lines)
    except BlockingIOError:  # somebody who shares the pipe made it non-blocking
        select.select([], [descriptor], [])
        return 0


def _write_to_stand_in(lines: Sequence[Line]) -> None:
    sys.stdout.buffer.write(b"".join(lines))
    sys.stdout.flush()
