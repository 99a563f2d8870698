"""Connections of urllib3 on which a whole exchange has one end, however slowly bytes trickle.

A socket's own timeout begins anew with every byte, so a server that sends one byte a minute is
never late. Here each read and each write waits no longer than what is left of the exchange; and
the exchange learns whether anything of the request has left.
"""

from __future__ import annotations

import io
import time
from contextvars import ContextVar
from functools import cache
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, cast

from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    import socket

    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool
    from urllib3.poolmanager import PoolManager

WRITE_BYTES = 1 << 18
READ_BUFFER_BYTES = 1 << 16


class Deadline:
    """When the exchange of this thread must be over, and how far it came.

    Attributes:
        sent: Whether anything of the request has left.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._reader: io.BufferedIOBase | None = None
        self.sent = False

    def left(self) -> float:
        """Give the seconds that are left.

        Raises:
            TimeoutError: None are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the exchange took too long")
        return left

    def reads(self, reader: io.BufferedIOBase) -> None:
        """Take note of what the answer is read from."""
        self._reader = reader

    def hang_up(self) -> None:
        """Close what the answer was read from; urllib3 leaves it open when a header is wrong."""
        if self._reader:
            self._reader.close()


current: ContextVar[Deadline] = ContextVar("current")
"""The deadline of the exchange that this thread is in."""


class _TimedReader(io.RawIOBase):
    """The bytes of a socket, each read bounded by what is left."""

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


class _TimedSocket:
    """As much of a socket as an HTTPResponse asks for."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedIOBase:
        reader = io.BufferedReader(_TimedReader(self._sock), READ_BUFFER_BYTES)
        current.get().reads(reader)
        return reader


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(cast("socket.socket", _TimedSocket(sock)), *args, **kwargs)


class _Timed:
    """What both kinds of connection do differently."""

    # http.client would print the headers, and the token in them, if somebody switched this on.
    debuglevel = 0
    response_class: type[HTTPResponse] = _TimedResponse

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]  # mixed into HTTPConnection
        finally:
            # A proxy has been asked for a tunnel; the request itself has not begun.
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


class TimedAdapter(HTTPAdapter):
    """An adapter of requests whose connections keep the current deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        _use_timed_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401
        """Make the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        _use_timed_pools(manager)
        return manager


def _use_timed_pools(manager: PoolManager) -> None:
    """Give each kind of pool, SOCKS ones too, connections that keep the deadline."""
    manager.pool_classes_by_scheme = {
        scheme: _timed(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }


@cache
def _timed(pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    if issubclass(pool.ConnectionCls, _Timed):
        return pool  # the manager of a proxy is asked for again with each request
    connection = type(f"Timed{pool.ConnectionCls.__name__}", (_Timed, pool.ConnectionCls), {})
    return type(f"Timed{pool.__name__}", (pool,), {"ConnectionCls": connection})
