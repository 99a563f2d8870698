"""A server that sends exactly the bytes that a test gives it, valid or not."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Reply = bytes | Callable[[socket.socket], None] | None


@dataclass
class RawRequest:
    """One request, as it arrived."""

    line: bytes
    headers: dict[str, str]
    body: bytes

    @property
    def target(self) -> str:
        return self.line.split(b" ")[1].decode("ascii")


@dataclass
class RawServer:
    """Answers each request with the next reply, and keeps the connection open if that allows it.

    A reply is bytes, a function that is called with the socket, or None to close the connection.
    """

    url: str
    replies: list[Reply] = field(default_factory=list)
    last: Reply = None
    requests: list[RawRequest] = field(default_factory=list)
    connections: int = 0

    def answer_with(self, *replies: Reply, then: Reply = None) -> None:
        """Set the replies; after the last of them, every reply is `then`."""
        self.replies, self.last = list(replies), then


def http(body: bytes = b"[]", status: str = "200 OK", **headers: str) -> bytes:
    """Make a complete answer."""
    headers = {"content_length": str(len(body)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


def reset(sock: socket.socket) -> None:
    """Cut the connection so that the other side sees a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()


def _converse(server: RawServer, sock: socket.socket) -> None:
    with sock, sock.makefile("rb") as reader:
        while line := reader.readline().strip():
            headers = {}
            while header := reader.readline().strip():
                name, _, value = header.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            body = reader.read(int(headers.get("content-length", 0)))
            server.requests.append(RawRequest(line, headers, body))
            reply = server.replies.pop(0) if server.replies else server.last
            if reply is None:
                return
            if callable(reply):
                reply(sock)
                return
            sock.sendall(reply)
            if b"connection: close" in reply.lower():
                return


@contextlib.contextmanager
def raw_server(certificate: Path | None = None) -> Iterator[RawServer]:
    """A server on loopback that sends exactly the given bytes, over TLS if it has a key."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = RawServer(f"https://localhost:{port}" if context else f"http://127.0.0.1:{port}")
    open_sockets: list[socket.socket] = []

    def talk(sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            _converse(server, context.wrap_socket(sock, server_side=True) if context else sock)

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                server.connections += 1
                open_sockets.append(sock)
                threading.Thread(target=talk, args=(sock,), daemon=True).start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield server
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for sock in open_sockets:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
    thread.join(5)
