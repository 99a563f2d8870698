"""Writes Singer messages to standard output: whole lines, in order, nothing else.

Bytes go to the file descriptor directly. Python's own buffers are not safe against signals: a
handler that runs in the middle of their `write` leaves half a line, and with PYTHONUNBUFFERED a
write may be cut short without notice. Here no handler ever raises (see `tap`), so a line that was
begun is finished, however long its reader sleeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message, RecordMessage
from singer_sdk.singerlib.json import serialize_json

from planhat_sync.errors import StopError
from planhat_sync.runtime import stdout

if TYPE_CHECKING:
    from planhat_sync.runtime.stdout import Piece

BUFFERED_BYTES = 64 * 1024


class MessageWriter(GenericSingerWriter[bytes, Message]):
    """A message writer for `singer_sdk.Tap`, which also takes lines that are ready.

    Records wait in a buffer until there are enough of them or somebody flushes; every other
    message leaves at once, with all that came before it.

    Attributes:
        is_writing: Whether a line may be out in part.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Piece] = []
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

    def write_lines(self, *lines: Piece) -> None:
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
            stdout.write(lines)
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
