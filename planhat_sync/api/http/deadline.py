"""Connections of urllib3 with one deadline for a complete exchange.

A socket's own timeout starts again with every byte, so a server that sends one byte a minute never
times out. Here each read and each write waits no longer than what is left of the exchange. The
connections also note whether any part of the request was sent.
"""

from __future__ import annotations

import io
from contextvars import ContextVar
from functools import cache
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, cast

from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool
    from urllib3.poolmanager import PoolManager

WRITE_BYTES = 1 << 18
READ_BUFFER_BYTES = 1 << 14
"""Enough for the headers; what is longer is read into the memory of its receiver."""


class Deadline:
    """When the current exchange must be over, and how far it has come.

    Args:
        seconds: How long the exchange may take from now.
        now: Returns the seconds of a steady clock.

    Attributes:
        sent: Whether any part of the request was sent.
        response: The answer, once it is awaited.
    """

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        self._now = now
        self._end = now() + seconds
        self.sent = False
        self.response: HTTPResponse | None = None

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutError: There are none.
        """
        left = self._end - self._now()
        if left <= 0:
            raise TimeoutError("the exchange took too long")
        return left

    def answer(self) -> HTTPResponse:
        """Return the answer; it is there once urllib3 has returned its headers."""
        return cast("HTTPResponse", self.response)

    def close_reader(self) -> None:
        """Close what the answer was read from; urllib3 leaves it open after a malformed header."""
        if self.response:
            self.response.close()


current: ContextVar[Deadline] = ContextVar("current")
"""The deadline of the exchange that this thread is making."""


class _DeadlineReader(io.RawIOBase):
    """The bytes that a socket receives, each read bounded by what is left."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - as RawIOBase has it
        self._sock.settimeout(current.get().left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_DeadlineReader(sock), READ_BUFFER_BYTES)
        current.get().response = self


class _DeadlineConnection:
    """The changes to connections of urllib3: HTTP, HTTPS and through a proxy."""

    # At a higher level http.client prints the headers, and with them the token.
    debuglevel = 0
    response_class: type[HTTPResponse] = _DeadlineResponse

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]  # mixed into HTTPConnection
        finally:
            # What was sent so far went to a proxy; no part of the request itself was sent.
            current.get().sent = False

    def send(self, data: Any) -> None:  # noqa: ANN401 - as http.client has it
        connection = cast("HTTPConnection", self)
        if connection.sock is None:
            connection.connect()
        deadline = current.get()
        view = memoryview(data)
        for start in range(0, len(view), WRITE_BYTES):
            connection.sock.settimeout(deadline.left())
            deadline.sent = True
            connection.sock.sendall(view[start : start + WRITE_BYTES])


class DeadlineAdapter(HTTPAdapter):
    """An adapter of requests whose connections keep the current deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        _replace_connections(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401
        """Make the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        _replace_connections(manager)
        return manager


def _replace_connections(manager: PoolManager) -> None:
    """Make each kind of pool, also that of a SOCKS proxy, open connections with a deadline."""
    manager.pool_classes_by_scheme = {
        scheme: _pool_class(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }


@cache
def _pool_class(pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    if issubclass(pool.ConnectionCls, _DeadlineConnection):
        return pool  # the manager of a proxy is asked for again with each request
    name = f"Deadline{pool.ConnectionCls.__name__}"
    connection = type(name, (_DeadlineConnection, pool.ConnectionCls), {})
    return type(f"Deadline{pool.__name__}", (pool,), {"ConnectionCls": connection})
