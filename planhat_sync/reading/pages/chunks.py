"""Cuts the body of a list response into smaller arrays, so that each fits the processor's cache.

Nothing is parsed here. A cut is a guess, which decoding the chunks confirms: if the JSON texts
``[A]`` and ``[B]`` are arrays that are not empty, then ``[A,B]`` is the array of the elements of
the one and then the other. A cut inside a string or a nested value makes chunks that are not JSON;
the caller then decodes the body in one piece instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_BYTES = 1 << 16


def chunks(body: bytes) -> Iterator[bytes]:
    """Cut a body in front of rows that begin as the first one does.

    Args:
        body: The body; if it does not look like an array of objects it is not cut.

    Yields:
        JSON texts, in order: arrays that are not empty, if they are arrays at all.
    """
    first_name = body.find(b":", 0, CHUNK_BYTES)
    if body[:2] != b"[{" or body[-1:] != b"]" or first_name < 0:
        yield body
        return
    beginning = body[1:first_name]
    view = memoryview(body)
    start, at = 1, CHUNK_BYTES
    while (at := body.find(beginning, at)) > 0:
        comma = at - 2 if body[at - 1 : at] == b" " else at - 1
        if body[comma - 1 : comma + 1] == b"},":
            yield b"".join((b"[", view[start:comma], b"]"))
            start, at = at, at + CHUNK_BYTES
        else:
            at += 1
    yield b"".join((b"[", view[start:]))
