"""Reads the body of an answer: complete, decompressed and of bounded size."""

from __future__ import annotations

import io
import zlib
from http.client import HTTPException
from typing import TYPE_CHECKING

from planhat_sync.errors import LostAnswerError, ProtocolError, UnreadableAnswerError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPResponse

    from planhat_sync.api.http.exchange import Receiver

LARGEST_BODY_BYTES = 256 << 20
"""Twice the size of a page of 2,000 records of 64 KB each; a larger body is refused."""

PIECE_BYTES = 1 << 16

BODILESS_STATUSES = frozenset({204, 304})
"""Their Content-Length may be that of a body that they do not have (RFC 9110 section 8.6)."""


def read_body(
    answer: HTTPResponse, headers: Mapping[str, str], receiver: Receiver, largest: int
) -> None:
    """Read the body to its end, into the memory of its receiver.

    urllib3 and requests are bypassed: each would copy it once more.

    Args:
        answer: An answer of which only the headers have been read.
        headers: Its headers, by lower-case name.
        receiver: Takes the body, decompressed.
        largest: Maximum number of bytes that a body may have, compressed or not.

    Raises:
        LostAnswerError: It is shorter than its Content-Length, or its last chunk is missing.
        UnreadableAnswerError: It cannot be decompressed.
        ProtocolError: It is too large.
    """
    stated = _stated_length(headers)
    encoding = headers.get("content-encoding", "").strip().lower()
    gunzip = _Gunzip(receiver, largest) if encoding in ("gzip", "x-gzip") else None
    into = gunzip or receiver
    size = 0
    while max(size, stated) <= largest:
        try:
            count = answer.readinto(into.free())
        except HTTPException as error:
            raise LostAnswerError("the answer was cut short") from error
        if count:
            into.add(count)
            size += count
            continue
        if size < stated and answer.status not in BODILESS_STATUSES:
            raise LostAnswerError("the answer was cut short")
        if gunzip and size:
            gunzip.check_end()
        elif size and encoding not in ("", "identity"):
            raise UnreadableAnswerError("the answer has an encoding that was not requested")
        return
    raise _too_large(largest)


def _stated_length(headers: Mapping[str, str]) -> int:
    """Return the Content-Length; 0 if there is none that counts."""
    length = headers.get("content-length", "")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return 0  # Transfer-Encoding overrides it (RFC 9112 section 6.3)
    return int(length[:20]) if length.isdecimal() else 0


def hand_over(body: bytes, receiver: Receiver) -> None:
    """Hand a body that is complete to a receiver.

    Args:
        body: The body.
        receiver: Takes it.
    """
    left = memoryview(body)
    while left:
        free = receiver.free()
        count = min(len(free), len(left))
        free[:count] = left[:count]
        receiver.add(count)
        left = left[count:]


class WholeBody:
    """A body that is needed in one piece."""

    def __init__(self) -> None:
        self._piece = memoryview(bytearray(PIECE_BYTES))
        self._body = io.BytesIO()

    def free(self) -> memoryview:
        """Return memory for the next bytes."""
        return self._piece

    def add(self, count: int) -> None:
        """Take bytes.

        Args:
            count: How many there are at the beginning of `free()`.
        """
        self._body.write(self._piece[:count])

    def content(self) -> bytes:
        """Return the body, without a copy."""
        return self._body.getvalue()


class _Gunzip:
    """Decompresses a body on its way to its receiver.

    Args:
        receiver: Takes the body.
        largest: Maximum number of bytes that it may have.
    """

    def __init__(self, receiver: Receiver, largest: int) -> None:
        self._receiver = receiver
        self._largest = largest
        self._compressed = memoryview(bytearray(PIECE_BYTES))
        self._decompressor = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self._size = 0

    def free(self) -> memoryview:
        """Return memory for the next compressed bytes."""
        return self._compressed

    def add(self, count: int) -> None:
        """Decompress bytes.

        Args:
            count: How many there are at the beginning of `free()`.

        Raises:
            UnreadableAnswerError: They cannot be decompressed, or follow the end of the body.
            ProtocolError: The body is too large.
        """
        decompressor = self._decompressor
        data: bytes | memoryview = self._compressed[:count]
        while True:
            free = self._receiver.free()
            try:
                plain = decompressor.decompress(data, len(free))
            except zlib.error as error:
                raise UnreadableAnswerError("the answer cannot be decompressed") from error
            self._size += len(plain)
            if self._size > self._largest:
                raise _too_large(self._largest)
            free[: len(plain)] = plain
            self._receiver.add(len(plain))
            data = decompressor.unconsumed_tail
            if decompressor.unused_data:
                raise UnreadableAnswerError("the compressed answer goes on after its end")
            if decompressor.eof or (not data and len(plain) < len(free)):
                return

    def check_end(self) -> None:
        """Raise an UnreadableAnswerError unless the body has ended."""
        if not self._decompressor.eof:
            raise UnreadableAnswerError("the compressed answer was cut short")


def _too_large(largest: int) -> ProtocolError:
    return ProtocolError(
        f"an answer is larger than {largest >> 20} MiB, too large for a page of records: "
        "set a smaller page_size, and check api_url"
    )
