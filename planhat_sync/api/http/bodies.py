"""Reads the body of an answer: complete, decompressed and of bounded size."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from planhat_sync.errors import LostAnswerError, ProtocolError, UnreadableAnswerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

LARGEST_BODY_BYTES = 256 << 20
"""Twice the size of a page of 2,000 records of 64 KB each; a larger body is refused."""

PIECE_BYTES = 1 << 20

BODILESS_STATUSES = frozenset({204, 304})
"""Their Content-Length may be that of a body that they do not have (RFC 9110 section 8.6)."""


def read_body(response: requests.Response, headers: Mapping[str, str], largest: int) -> bytes:
    """Read the body to its end, bypassing requests, which reads in pieces of 10 KB.

    Args:
        response: An answer of which only the headers have been read.
        headers: Its headers, by lower-case name.
        largest: Maximum number of bytes that a body may have, compressed or not.

    Returns:
        The body, decompressed.

    Raises:
        LostAnswerError: It is shorter than its Content-Length.
        UnreadableAnswerError: It cannot be decompressed.
        ProtocolError: It is too large.
    """
    length = headers.get("content-length", "")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        length = ""  # Transfer-Encoding overrides it (RFC 9112 section 6.3)
    # Where the length is known, one read saves copying. It is checked here, because version 1 of
    # urllib3 does not.
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
        raise UnreadableAnswerError("the answer has an encoding that was not requested")
    decompressor = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = decompressor.decompress(body, largest + 1)
    except zlib.error as error:
        raise UnreadableAnswerError("the answer cannot be decompressed") from error
    if len(plain) > largest:
        raise _too_large(largest)
    if not decompressor.eof or decompressor.unused_data:
        raise UnreadableAnswerError("the compressed answer was cut short")
    return plain


def _too_large(largest: int) -> ProtocolError:
    return ProtocolError(
        f"an answer is larger than {largest >> 20} MiB, too large for a page of records: "
        "set a smaller page_size, and check api_url"
    )
