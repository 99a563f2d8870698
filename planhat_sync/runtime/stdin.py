"""Reads the lines of standard input, as bytes with their numbers, and reports when it is idle.

A reader that blocks until the next line cannot be stopped, and its caller cannot send what it has
buffered. This one yields no lines when the input is idle, and returns when a stop is requested.
"""

from __future__ import annotations

import os
import select
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from planhat_sync.errors import Section, StopError
from planhat_sync.runtime.stdout import descriptor_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planhat_sync.runtime.signals import Stop

CHUNK_BYTES = 1 << 16
"""What is read at once, so that it fits the processor's cache; a pipe holds as much."""
LONGEST_LINE_BYTES = 32 << 20
"""A longer line cannot be a record that Planhat accepts; reading on would only fill the memory."""


class InputError(StopError):
    """The input is not what a tap or a source writes. Nothing after the line is read."""

    section = Section.WRITING


class Lines(NamedTuple):
    """Lines that were read together.

    Attributes:
        first: Number of the first one, from 1.
        lines: The lines, without their line ends; none when the input is idle.
        has_end: Whether the last of them has a line end; only the last line of the input may lack
            one.
    """

    first: int
    lines: Sequence[bytes]
    has_end: bool = True


def read_lines(source: IO[Any], stop: Stop, idle_seconds: float) -> Iterator[Lines]:
    """Read lines, as many at once as are available.

    Args:
        source: The input; if it has a file descriptor, that is read. If not, and `read` returns
            None as non-blocking streams do, it is idle.
        stop: Ends the reading when it is requested.
        idle_seconds: After this many seconds without input, `Lines` without lines are yielded.

    Yields:
        The lines.

    Raises:
        InputError: A line is longer than any message.
    """
    number = 1
    partial = bytearray()
    for chunk in _chunks(source, stop, idle_seconds):
        if chunk is None:
            yield Lines(number, ())
            continue
        lines = chunk.split(b"\n")
        last = lines.pop()
        if lines:
            lines[0] = bytes(partial) + lines[0]
            partial.clear()
            yield Lines(number, lines)
            number += len(lines)
        partial += last
        if len(partial) > LONGEST_LINE_BYTES:
            raise InputError(
                f"line {number} of the input is longer than {LONGEST_LINE_BYTES >> 20} MB: "
                "check the program that writes it"
            )
    if partial and not stop.requested:
        yield Lines(number, (bytes(partial),), has_end=False)


def _chunks(source: IO[Any], stop: Stop, idle_seconds: float) -> Iterator[bytes | None]:
    """Yield what is available; None when the input is idle."""
    descriptor = descriptor_of(source)
    if descriptor is None:  # of a program that has the lines in memory
        while not stop.requested:
            text = source.read(CHUNK_BYTES)
            if text is not None and not text:
                return
            yield text.encode() if isinstance(text, str) else text
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
