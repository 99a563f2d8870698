"""HTTP/1.1 on a socket: read requests, and write responses correctly or deliberately broken."""

from __future__ import annotations

import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from planhat_sandbox.http_messages import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from io import BufferedReader

    from planhat_sandbox.http_messages import Response

BANNER = {"X-Planhat-Sandbox": "this is a sandbox, not Planhat"}
MAX_LINE_BYTES = 65_536
MAX_HEADERS = 200


class BadRequestError(ValueError):
    """The bytes received are not a valid HTTP/1.x request."""


def read_request(stream: BufferedReader, send: Callable[[bytes], None]) -> Request | None:
    """Read one request.

    Args:
        stream: The reading side of the connection.
        send: Sends bytes, for ``100 Continue``.

    Returns:
        The request; None if the client has closed the connection.

    Raises:
        BadRequestError: The bytes are not a valid HTTP/1.x request.
    """
    line = stream.readline(MAX_LINE_BYTES)
    if not line:
        return None
    try:
        method, target, version = line.decode("latin-1").split()
    except ValueError:
        raise BadRequestError("malformed request line") from None
    if not version.startswith("HTTP/1."):
        raise BadRequestError(f"unsupported protocol version {version}")
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
    for _ in range(MAX_HEADERS):
        line = stream.readline(MAX_LINE_BYTES)
        if line in (b"\r\n", b"\n", b""):
            return headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise BadRequestError("a header line has no colon")
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
        raise ConnectionError("the client closed the connection in the middle of its body")
    return body


def _read_chunks(stream: BufferedReader) -> bytes:
    chunks: list[bytes] = []
    while True:
        try:
            size = int(stream.readline(MAX_LINE_BYTES).split(b";")[0], 16)
        except ValueError:
            raise BadRequestError("a chunk has no size") from None
        if size == 0:
            while stream.readline(MAX_LINE_BYTES) not in (b"\r\n", b"\n", b""):
                pass
            return b"".join(chunks)
        chunks.append(stream.read(size))
        stream.readline(MAX_LINE_BYTES)


def write_response(
    connection: socket.socket, response: Response, *, body: bool, wait: Callable[[float], bool]
) -> bool:
    """Send one response.

    Args:
        connection: Where to send it.
        response: What to send, and how.
        body: Whether to send the body (not for HEAD).
        wait: Waits for a number of seconds; returns True if the sandbox closes meanwhile.

    Returns:
        Whether the connection can be used again.
    """
    how = response.delivery
    closing = bool(how.wait_seconds) and wait(how.wait_seconds)
    if how.reset or closing:
        reset(connection)
        return False
    content = response.body if body else b""
    head = _encode_head(response)
    if how.framing == "chunked":
        content = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content) if content else b"0\r\n\r\n"
    if how.cut_at is not None:
        connection.sendall(head + content[: int(len(content) * how.cut_at)])
        if how.cut_by_reset:
            # A reset discards what the peer has not read yet, so leave it time to read.
            wait(0.05)
            reset(connection)
        return False
    if how.stall_at is not None:
        at = int(len(content) * how.stall_at)
        connection.sendall(head + content[:at])
        wait(how.stall_seconds)
        connection.sendall(content[at:])
    else:
        connection.sendall(head + content)
    return not (how.close or how.framing == "close" or how.length_off_by)


def reset(connection: socket.socket) -> None:
    """Close a connection with a TCP reset, so that the peer sees an error and not the end of data.

    Args:
        connection: The socket.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _encode_head(response: Response) -> bytes:
    how = response.delivery
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
