"""Finds the records in lines that look alike, without reading each of these lines as a message.

What is around a record on its line, its *frame*, is the same on the lines of a stream, except for
times and numbers. It is taken from a line that was read as a message, and proved by reading two
messages in which another record stands, and other times and numbers. The records themselves are
only found here, and read later.

Why a line needs not be read: a parser that has read the head of a frame is in one and the same
state, whatever follows. In both messages of the proof it then reads a record that occurs nowhere
else, and finds the type and the stream, which it therefore takes from somewhere else than the times
and numbers: two values of these would have been two streams. So with any JSON object in the place
of the record, and any of these times and numbers, the line is a message that holds nothing but this
object, as a record of this stream. Whether what stands there is a JSON object is for the fast path
to find out. If it is not, or needs more than the fast path, the line is read as a message.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

import msgspec

from planhat_sync.writing.records.received import Received

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from planhat_sync.runtime.stdin import Lines

MessageT = TypeVar("MessageT", bound=msgspec.Struct)
StreamT = TypeVar("StreamT", bound="Hashable")

_PROBE: Final = b'{"a record":"stands here"}'
_TIME: Final = rb'"[-0-9T:.+Z ]*"'
_NUMBER: Final = rb"[1-9][0-9]*"
_VALUE: Final = re.compile(rb"(?:(?<=:)|(?<=: ))(%b|%b)(?=[,}])" % (_TIME, _NUMBER))
"""A value that may differ from line to line."""


class Protocol(NamedTuple, Generic[MessageT, StreamT]):
    """How the messages of a protocol are read.

    Attributes:
        decode: Decodes a line; raises ValueError if it is not a message.
        stream_of: Returns the stream of a message that holds nothing but a record, None for others.
        record_of: Returns the JSON of the record of such a message.
    """

    decode: Callable[[bytes], MessageT]
    stream_of: Callable[[MessageT], StreamT | None]
    record_of: Callable[[MessageT], msgspec.Raw]


class RecordFrames(Generic[MessageT, StreamT]):
    """Finds the records of all streams.

    Args:
        protocol: How messages are read.

    Attributes:
        declined: What stands in the place of the record on the line that comes at present, if the
            fast path has declined it; otherwise empty.
    """

    def __init__(self, protocol: Protocol[MessageT, StreamT]) -> None:
        self.declined = b""
        self._protocol = protocol
        self._frames: dict[StreamT, _Frame] = {}
        self._read: Counter[StreamT] = Counter()

    def learn(self, line: bytes, message: MessageT) -> None:
        """Learn how the lines of a stream look.

        Args:
            line: A line in UTF-8 that had to be read as a message.
            message: The message.
        """
        stream = self._protocol.stream_of(message)
        if stream is None:
            return
        self._read[stream] = count = self._read[stream] + 1
        # At the second line, the fourth, the eighth, since it costs as much as to read some.
        if count == 1 or count & (count - 1):
            return
        record = bytes(self._protocol.record_of(message))
        head, _, tail = line.partition(record) if record.startswith(b"{") else (b"", b"", b"")
        if all(self._is_proved(stream, head, tail, value) for value in (b"1", b"2")):
            self._frames[stream] = _Frame(head, tail)

    def untaken(
        self, lines: Lines, take: Callable[[StreamT, Received, int], int]
    ) -> Iterator[tuple[bytes | None, int]]:
        """Take the records that can be read without their lines, and yield all other lines.

        After each step a batch may be full, which the caller sends.

        Args:
            lines: Lines that were read together.
            take: Takes records on the fast path: receives their stream, the records, and the index
                of the first one to take; returns how many were taken. It takes only JSON objects.

        Yields:
            A line that has to be read as a message, and its number; None and the number of the
            first line where records were taken.
        """
        for stream, received in self.read(lines):
            at = 0
            while at < len(received.lines):
                line, number = received.lines[at], received.first + at
                taken = 0 if stream is None else take(stream, received, at)
                self.declined = b"" if taken or stream is None else received.records[at]
                if taken or line.strip():
                    yield None if taken else line, number
                at += taken or 1

    def read(self, lines: Lines) -> Iterator[tuple[StreamT | None, Received]]:
        """Find the records in lines.

        Args:
            lines: Lines.

        Yields:
            A stream and records of it that follow each other; None and one line that has to be read
            as a message.
        """
        at = 0
        while at < len(lines.lines):
            stream, records = self._find(lines.lines, at)
            yield stream, Received(lines.first + at, lines.lines[at : at + len(records)], records)
            at += len(records)

    def _find(self, lines: Sequence[bytes], at: int) -> tuple[StreamT | None, Sequence[bytes]]:
        for stream, frame in self._frames.items():
            if records := frame.records(lines, at):
                return stream, records
        return None, (b"",)

    def _is_proved(self, stream: StreamT, head: bytes, tail: bytes, value: bytes) -> bool:
        """Return whether a record is read in a frame with a certain value for all that differ."""
        text = b'"%b"' % value
        head, tail = [_replaced(part, text, value, bytes) for part in (head, tail)]
        try:
            message = self._protocol.decode(head + _PROBE + tail)
        except (ValueError, RecursionError):
            return False
        return (
            _PROBE not in head + tail
            and self._protocol.stream_of(message) == stream
            and bytes(self._protocol.record_of(message)) == _PROBE
        )


class _Frame:
    """What is around the records of one stream.

    Args:
        head: What is in front of a record.
        tail: What is behind it.
    """

    def __init__(self, head: bytes, tail: bytes) -> None:
        self._head, self._tail = head, tail
        # Up to the first colon, since what follows it may differ from line to line.
        self._mark = b"}" + tail[: tail.find(b":") + 1 or len(tail)]
        self._is_head, self._is_tail = [
            re.compile(_replaced(part, _TIME, _NUMBER, re.escape)) for part in (head, tail)
        ]

    def records(self, lines: Sequence[bytes], at: int) -> list[bytes]:
        """Return what stands in the place of the record on each line that has this frame.

        Args:
            lines: Lines.
            at: Index of the first one; those behind the first one without the frame are left out.
        """
        head, tail, mark = self._head, self._tail, self._mark
        records = []
        for line in map(lines.__getitem__, range(at, len(lines))):
            # Most lines begin and end as the one before.
            if not line.startswith(head):
                begins = self._is_head.match(line)
                if begins is None:
                    break
                head = begins.group()
            if not line.endswith(tail):
                end = line.rfind(mark) + 1
                if self._is_tail.fullmatch(line, end) is None:
                    break
                tail = line[end:]
            records.append(line[len(head) : -len(tail)])
        self._head, self._tail = head, tail
        return records


def _replaced(part: bytes, time: bytes, number: bytes, kept: Callable[[bytes], bytes]) -> bytes:
    """Return a part of a frame with one text for all times, one for all numbers, and the rest."""
    pieces = _VALUE.split(part)
    pieces[::2] = map(kept, pieces[::2])
    pieces[1::2] = [time if piece.startswith(b'"') else number for piece in pieces[1::2]]
    return b"".join(pieces)
