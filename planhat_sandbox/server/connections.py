"""The open connections, each with a thread that answers its requests."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from planhat_sandbox.http_messages import Request, Response
from planhat_sandbox.planhat.codec import encode
from planhat_sandbox.server.wire import BadRequestError, read_request, write_response

if TYPE_CHECKING:
    import ssl

Handler = Callable[[Request], Response]


class Connections:
    """The open connections. Thread-safe.

    Args:
        closing: Set when the sandbox closes; no connection then takes another request.
        tls: Speak TLS with this context.
    """

    def __init__(self, closing: threading.Event, tls: ssl.SSLContext | None) -> None:
        self._closing = closing
        self._tls = tls
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}

    def start(self, connection: socket.socket, handler: Handler) -> None:
        """Answer the requests of a new connection, in a separate thread.

        Args:
            connection: The socket, which is closed at the end.
            handler: Answers a request.
        """
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(target=self._serve, args=(connection, handler), daemon=True)
        # Under the lock, so that `cut` returns only threads that can be joined.
        with self._lock:
            thread.start()
            self._open[thread] = connection

    def cut(self) -> list[threading.Thread]:
        """Cut all connections.

        Returns:
            Their threads, which end soon.
        """
        with self._lock:
            connections = dict(self._open)
        for connection in connections.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        return list(connections)

    def _serve(self, connection: socket.socket, handler: Handler) -> None:
        # Peers that disconnect are expected here, and are not errors of the sandbox.
        try:
            with contextlib.suppress(OSError), connection:
                if self._tls is None:
                    self._answer_requests(connection, handler)
                else:
                    with self._tls.wrap_socket(connection, server_side=True) as secured:
                        with self._lock:
                            self._open[threading.current_thread()] = secured
                        self._answer_requests(secured, handler)
        finally:
            with self._lock:
                self._open.pop(threading.current_thread(), None)

    def _answer_requests(self, connection: socket.socket, handler: Handler) -> None:
        """Answer one request after the other until either side closes the connection."""
        wait = self._closing.wait
        with connection.makefile("rb") as stream:
            while not self._closing.is_set():
                try:
                    request = read_request(stream, connection.sendall)
                except BadRequestError as error:
                    refusal = Response(400, encode({"message": str(error)}))
                    write_response(connection, refusal, body=True, wait=wait)
                    return
                if request is None:
                    return
                response = handler(request)
                with_body = request.method != "HEAD"
                reusable = write_response(connection, response, body=with_body, wait=wait)
                if not reusable or request.headers.get("connection", "").lower() == "close":
                    return
