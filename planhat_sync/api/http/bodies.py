"""Reads the body of an answer: whole or not at all, unpacked, and of bounded size."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from planhat_sync.errors import LostAnswerError, ProtocolError, UnreadableAnswerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

LARGEST_BODY_BYTES = 256 << 20
"""A page of 2,000 records of 64 KB each is half of this; more than this is refused."""

PIECE_BYTES = 1 << 20

BODILESS_STATUSES = frozenset({204, 304})
"""These may give the length of a body that they do not have (RFC 9110 section 8.6)."""


def read_body(response: requests.Response, headers: Mapping[str, str], largest: int) -> bytes:
    """Read the body to its end, past requests' own reading in pieces of 10 KB.

    Args:
        response: An answer whose headers have been read, and nothing else.
        headers: Its headers, by lower-case name.
        largest: Most bytes that a body may have, packed or not.

    Returns:
        The body, unpacked.

    Raises:
        LostAnswerError: It is shorter than its length.
        UnreadableAnswerError: It cannot be unpacked.
        ProtocolError: It is too large.
    """
    length = headers.get("content-length", "")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        length = ""  # it counts for nothing then (RFC 9112 section 6.3)
    # One read, and so no copy, where the length is known. That it was true is checked here, since
    # version 1 of urllib3 does not.
    amount = int(length[:20]) if length.isdecimal() else 0
    pieces: list[bytes] = []
    size = 0
    while amount <= largest:
        piece = response.raw.read(amount or PIECE_BYTES, decode_content=False)
        if not piece:
            if amount > size and response.status_code not in BODILESS_STATUSES:
                raise LostAnswerError("the answer was cut short")
            body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            return _decompressed(body, headers.get("content-encoding", ""), largest)
        pieces.append(piece)
        size += len(piece)
        if size > largest:
            break
    raise _too_large(largest)


def _decompressed(body: bytes, encoding: str, largest: int) -> bytes:
    encoding = encoding.strip().lower()
    if encoding in ("", "identity") or not body:
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise UnreadableAnswerError("it answered in an encoding that was not asked for")
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(body, largest + 1)
    except zlib.error as error:
        raise UnreadableAnswerError("its answer cannot be decompressed") from error
    if len(plain) > largest:
        raise _too_large(largest)
    if not unpacker.eof or unpacker.unused_data:
        raise UnreadableAnswerError("its compressed answer was cut short")
    return plain


def _too_large(largest: int) -> ProtocolError:
    return ProtocolError(
        f"an answer is larger than {largest >> 20} MiB, which no page of Planhat's should be: "
        "ask for fewer records at a time (page_size), and check api_url"
    )
