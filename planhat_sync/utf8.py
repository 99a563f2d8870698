"""Whether bytes are UTF-8, told without making text of them."""

from __future__ import annotations

import codecs

_PIECE = 1 << 16
"""Small enough for the text of a piece to stay in the processor's cache."""


def is_utf8(data: bytes | memoryview) -> bool:
    """Tell whether all of it is UTF-8.

    Decoding megabytes at once takes four times as long: most of that is the memory of a text that
    nobody reads.

    Args:
        data: Whole characters, however many.
    """
    if isinstance(data, bytes) and data.isascii():
        return True
    view = memoryview(data)
    read = 0
    try:
        while read < len(view):
            # A character may stand across the end of any piece but the last.
            is_last = read + _PIECE >= len(view)
            read += codecs.utf_8_decode(view[read : read + _PIECE], "strict", is_last)[1]
    except UnicodeDecodeError:
        return False
    return True
