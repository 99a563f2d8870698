"""The lines of stdin, as bytes with their numbers, and the moments when none comes.

A reader that only waits for the next line keeps records back when the tap is quiet, and cannot be
stopped. This one says when the input is idle, and ends its waiting when it is asked to stop.
"""

from __future__ import annotations

import io
import os
import select
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from planhat_sync.errors import StopError
from planhat_sync.utf8 import is_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planhat_sync.runtime.signals import Stop

CHUNK_BYTES = 1 << 20
LONGEST_LINE_BYTES = 32 << 20
"""A longer line cannot be a record that Planhat would take; reading on would only fill memory."""


class InputError(StopError):
    """The input is not what a tap writes; nothing after this line is read."""


class Lines(NamedTuple):
    """Lines that came together.

    Attributes:
        first: Number of the first one, from 1.
        lines: The lines, without their ends; none when the input has been quiet.
        are_text: Whether all of them are known to be UTF-8.
    """

    first: int
    lines: Sequence[bytes]
    are_text: bool = False


def read_lines(source: IO[Any], stop: Stop, idle_seconds: float) -> Iterator[Lines]:
    """Read lines, as many at once as are there.

    Args:
        source: Where messages come from; a text stream is read through its buffer.
        stop: When it is asked, no more is read.
        idle_seconds: How long the input may be quiet before no lines say so.

    Yields:
        The lines.

    Raises:
        InputError: A line is longer than any message.
    """
    number = 1
    begun = bytearray()
    for chunk in _chunks(source, stop, idle_seconds):
        if chunk is None:
            yield Lines(number, ())
            continue
        lines = chunk.split(b"\n")
        last = lines.pop()
        if lines:
            # No character stands across the end of a line, so they can be judged apart.
            rest = memoryview(chunk)[len(lines[0]) : len(chunk) - len(last)]
            lines[0] = bytes(begun) + lines[0]
            begun.clear()
            yield Lines(number, lines, are_text=is_utf8(lines[0]) and is_utf8(rest))
            number += len(lines)
        begun += last
        if len(begun) > LONGEST_LINE_BYTES:
            raise InputError(
                f"line {number} of the input is longer than {LONGEST_LINE_BYTES >> 20} MB: "
                "look at what writes it"
            )
    if begun and not stop.requested:
        yield Lines(number, (bytes(begun),))


def _chunks(source: IO[Any], stop: Stop, idle_seconds: float) -> Iterator[bytes | None]:
    """Read what is there; None when nothing came for a while."""
    descriptor = descriptor_of(source)
    if descriptor is None:
        yield from _texts(source, stop)
        return
    while not stop.requested:
        readable, _, _ = select.select([descriptor, stop.fileno()], [], [], idle_seconds)
        if stop.fileno() in readable:
            return
        if not readable:
            yield None
        elif chunk := os.read(descriptor, CHUNK_BYTES):
            yield chunk
        else:
            return


def _texts(source: IO[Any], stop: Stop) -> Iterator[bytes]:
    """Read a stream that is no file, as tests have them."""
    while not stop.requested and (text := source.read(CHUNK_BYTES)):
        yield text.encode() if isinstance(text, str) else text


def descriptor_of(source: IO[Any]) -> int | None:
    """Return the file descriptor of a stream, None if it has none."""
    try:
        return source.fileno()
    except (OSError, io.UnsupportedOperation, AttributeError):
        return None
