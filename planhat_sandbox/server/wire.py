"""HTTP/1.1 on a socket: requests read, answers written, whole or broken in any way one asks."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from io import BufferedReader

BANNER = {"X-Planhat-Sandbox": "this is a sandbox, not Planhat"}
LONGEST_LINE = 65_536
MOST_HEADERS = 200


class BadRequestError(ValueError):
    """What came over the wire is not HTTP."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        method: Upper case.
        target: Path and query exactly as they were sent.
        segments: The path's segments, each decoded by itself.
        query: The last value of each parameter.
        headers: By lower-case name.
        body: Decoded from chunks, if it came in chunks.
    """

    method: str
    target: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How an answer goes out.

    Attributes:
        wait_seconds: Wait before the first byte.
        reset: Send nothing; reset the connection.
        cut_at: Send this share of the body (0 to 1), then end the connection.
        cut_by_reset: End it with a reset rather than in good order.
        stall_at: Send this share of the body, then wait `stall_seconds`, then the rest.
        stall_seconds: How long to stall.
        framing: ``length``, ``chunked``, or ``close`` (the end of the connection ends the body).
        length_off_by: Added to the true Content-Length.
        close: Close the connection afterwards.
    """

    wait_seconds: float = 0.0
    reset: bool = False
    cut_at: float | None = None
    cut_by_reset: bool = False
    stall_at: float | None = None
    stall_seconds: float = 0.0
    framing: str = "length"
    length_off_by: int = 0
    close: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """One answer.

    Attributes:
        status: HTTP status.
        body: The bytes.
        headers: Beyond those that every answer has.
        delivery: How it goes out.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = field(default_factory=Delivery)


def read_request(stream: BufferedReader, send: Callable[[bytes], None]) -> Request | None:
    """Read one request.

    Args:
        stream: The connection's reading side.
        send: Sends bytes, for ``100 Continue``.

    Returns:
        The request, None when the client has closed the connection.

    Raises:
        BadRequestError: It is not HTTP/1.x.
    """
    line = stream.readline(LONGEST_LINE)
    if not line:
        return None
    try:
        method, target, version = line.decode("latin-1").split()
    except ValueError:
        raise BadRequestError("the request line is not one") from None
    if not version.startswith("HTTP/1."):
        raise BadRequestError(f"{version} is not spoken here")
    headers = _read_headers(stream)
    if version == "HTTP/1.0":
        headers.setdefault("connection", "close")
    if headers.get("expect", "").lower() == "100-continue":
        send(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = _read_body(stream, headers)
    path, _, query = target.partition("?")
    return Request(
        method=method.upper(),
        target=target,
        segments=tuple(unquote(segment) for segment in path.split("/")[1:]),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=body,
    )


def _read_headers(stream: BufferedReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MOST_HEADERS):
        line = stream.readline(LONGEST_LINE)
        if line in (b"\r\n", b"\n", b""):
            return headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise BadRequestError("a header has no colon")
        headers[name.strip().lower()] = value.strip()
    raise BadRequestError("too many headers")


def _read_body(stream: BufferedReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _read_chunks(stream)
    try:
        length = int(headers.get("content-length", "0"))
    except ValueError:
        raise BadRequestError("Content-Length is not a number") from None
    body = stream.read(length) if length > 0 else b""
    if len(body) < length:
        raise ConnectionError("the client went away in the middle of its body")
    return body


def _read_chunks(stream: BufferedReader) -> bytes:
    chunks: list[bytes] = []
    while True:
        try:
            size = int(stream.readline(LONGEST_LINE).split(b";")[0], 16)
        except ValueError:
            raise BadRequestError("a chunk has no size") from None
        if size == 0:
            while stream.readline(LONGEST_LINE) not in (b"\r\n", b"\n", b""):
                pass
            return b"".join(chunks)
        chunks.append(stream.read(size))
        stream.readline(LONGEST_LINE)


def write_response(
    connection: socket.socket, response: Response, *, body: bool, wait: Callable[[float], bool]
) -> bool:
    """Send one answer.

    Args:
        connection: Where to.
        response: What, and how.
        body: Whether the body is sent (not for HEAD).
        wait: Waits so many seconds; true when the sandbox ends before.

    Returns:
        Whether the connection may be used again.
    """
    how = response.delivery
    closing = bool(how.wait_seconds) and wait(how.wait_seconds)
    if how.reset or closing:
        reset(connection)
        return False
    whole = response.body if body else b""
    head = _head(response, how)
    if how.framing == "chunked":
        whole = b"%x\r\n%b\r\n0\r\n\r\n" % (len(whole), whole) if whole else b"0\r\n\r\n"
    if how.cut_at is not None:
        connection.sendall(head + whole[: int(len(whole) * how.cut_at)])
        if how.cut_by_reset:
            # Give what was sent time to be read: a reset throws away what is still on its way.
            wait(0.05)
            reset(connection)
        return False
    if how.stall_at is not None:
        at = int(len(whole) * how.stall_at)
        connection.sendall(head + whole[:at])
        wait(how.stall_seconds)
        connection.sendall(whole[at:])
    else:
        connection.sendall(head + whole)
    return not (how.close or how.framing == "close" or how.length_off_by)


def reset(connection: socket.socket) -> None:
    """Close a connection with a reset: the peer sees an error and no end of data.

    Args:
        connection: The socket.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _head(response: Response, how: Delivery) -> bytes:
    try:
        reason = HTTPStatus(response.status).phrase
    except ValueError:
        reason = "Unknown"
    lines = [f"HTTP/1.1 {response.status} {reason}"]
    headers = {"Content-Type": "application/json; charset=utf-8", **response.headers, **BANNER}
    if how.framing == "length":
        headers["Content-Length"] = str(len(response.body) + how.length_off_by)
    elif how.framing == "chunked":
        headers["Transfer-Encoding"] = "chunked"
    if how.close or how.framing == "close":
        headers["Connection"] = "close"
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
