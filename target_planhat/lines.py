"""The lines of stdin, as bytes with their numbers, and the moments when none comes.

A reader that only waits for the next line keeps records back when the tap is quiet, and cannot be
stopped. This one says when the input is idle, and ends its waiting when it is asked to stop.
"""

from __future__ import annotations

import io
import os
import select
from typing import IO, TYPE_CHECKING, Any

from planhat_api.errors import StopError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_planhat.signals import Stop

CHUNK_BYTES = 1 << 20
LONGEST_LINE_BYTES = 32 << 20
"""A longer line cannot be a record that Planhat would take; reading on would only fill memory."""


class InputError(StopError):
    """The input is not what a tap writes; nothing after this line is read."""


def read_chunks(
    source: IO[Any], stop: Stop, idle_seconds: float
) -> Iterator[tuple[int, Sequence[bytes]]]:
    """Read lines, as many at once as are there.

    Args:
        source: Where messages come from; a text stream is read through its buffer.
        stop: When it is asked, no more is read.
        idle_seconds: How long the input may be quiet before an empty chunk says so.

    Yields:
        The number of the first line, from 1, and lines without their ends; no lines when the
        input has been quiet.

    Raises:
        InputError: A line is longer than any message.
    """
    number = 1
    rest = bytearray()
    for chunk in _chunks(source, stop, idle_seconds):
        if chunk is None:
            yield number, ()
            continue
        end = chunk.rfind(b"\n")
        if end < 0:
            rest += chunk
            if len(rest) > LONGEST_LINE_BYTES:
                raise InputError(
                    f"line {number} of the input is longer than {LONGEST_LINE_BYTES >> 20} MB: "
                    "look at what writes it"
                )
            continue
        lines = (bytes(rest) + chunk[:end]).split(b"\n")
        rest = bytearray(chunk[end + 1 :])
        yield number, lines
        number += len(lines)
    if rest and not stop.asked:
        yield number, (bytes(rest),)


def _chunks(source: IO[Any], stop: Stop, idle_seconds: float) -> Iterator[bytes | None]:
    """Read what is there; None when nothing came for a while."""
    descriptor = _descriptor(source)
    if descriptor is None:
        yield from _texts(source, stop)
        return
    while not stop.asked:
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
    while not stop.asked and (text := source.read(CHUNK_BYTES)):
        yield text.encode() if isinstance(text, str) else text


def _descriptor(source: IO[Any]) -> int | None:
    try:
        return source.fileno()
    except (OSError, io.UnsupportedOperation, AttributeError):
        return None
