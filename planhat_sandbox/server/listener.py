"""The listening socket, on loopback only, with one thread for each connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from planhat_sandbox.http_messages import Request, Response
from planhat_sandbox.planhat.codec import encode
from planhat_sandbox.server.addresses import check_address, explain_listen_error
from planhat_sandbox.server.wire import BadRequestError, read_request, write_response

if TYPE_CHECKING:
    import ssl

Handler = Callable[[Request], Response]


class ListenError(OSError):
    """The sandbox cannot listen on the address and port; the message says why and what to do."""


class Listener:
    """Listens on one loopback port until it is closed; connections wait until `serve` is called.

    Args:
        host: A loopback address.
        port: 0 for any free one.
        tls: Speak TLS with this context.

    Raises:
        ValueError: The host is not a loopback address, or the port does not exist.
        ListenError: The port is taken, or this user is not allowed to use it.
    """

    _handler: Handler

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        check_address(host, port)
        self._tls = tls
        self.host = "127.0.0.1" if host == "localhost" else host.strip("[]")
        self._family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._connections: dict[threading.Thread, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        try:
            self._listening: socket.socket | None = self._bind(port)
        except OSError as error:
            raise ListenError(explain_listen_error(error, self.host, port)) from error
        self.port: int = self._listening.getsockname()[1]

    @property
    def url(self) -> str:
        """The address to send requests to: ``http://127.0.0.1:54321``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def serve(self, handler: Handler) -> None:
        """Begin to accept connections, in a thread of its own.

        Args:
            handler: Answers a request; called from many threads.
        """
        self._handler = handler
        if self._listening is not None:
            self._start_accepting(self._listening)

    def wait(self, seconds: float) -> bool:
        """Wait, but no longer than until the listener closes.

        Args:
            seconds: How long at most.

        Returns:
            Whether it is closing.
        """
        return self._closing.wait(seconds)

    def refuse(self, seconds: float) -> None:
        """Refuse connections for a while: cut all, close the port, then open it again.

        Args:
            seconds: How long.
        """
        self._stop_listening()
        self._cut_all()
        reopening = threading.Thread(target=self._reopen, args=(seconds,), daemon=True)
        reopening.start()
        # Only after the start, since `close` joins these threads from another one.
        self._threads.append(reopening)

    def close(self) -> None:
        """Close the port, cut all connections and wait for the threads to end."""
        self._closing.set()
        self._stop_listening()
        self._cut_all()
        with self._lock:
            threads = [*self._threads, *self._connections]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout=10)
        self._stop_listening()

    def _bind(self, port: int) -> socket.socket:
        listening = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self.host, port))
            listening.listen(128)
            listening.settimeout(1.0)
        except OSError:
            listening.close()
            raise
        return listening

    def _start_accepting(self, listening: socket.socket) -> None:
        accepting = threading.Thread(target=self._accept, args=(listening,), daemon=True)
        accepting.start()
        self._threads.append(accepting)

    def _stop_listening(self) -> None:
        listening, self._listening = self._listening, None
        if listening is not None:
            # A shutdown wakes the thread that waits in accept; on systems where it does not, the
            # timeout of the socket does.
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()

    def _reopen(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            return
        while not self._closing.is_set() and not self._try_to_listen():
            self._closing.wait(0.02)

    def _try_to_listen(self) -> bool:
        """Listen again, unless the system has not released the port yet."""
        try:
            listening = self._bind(self.port)
        except OSError:
            return False
        self._listening = listening
        self._start_accepting(listening)
        return True

    def _accept(self, listening: socket.socket) -> None:
        while listening is self._listening and not self._closing.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            connection.settimeout(None)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(
                target=self._serve_connection, args=(connection,), daemon=True
            )
            with self._lock:
                self._connections[thread] = connection
            thread.start()

    def _serve_connection(self, connection: socket.socket) -> None:
        # Peers that disconnect are expected here, and are not errors of the sandbox.
        try:
            with contextlib.suppress(OSError), connection:
                if self._tls is None:
                    self._answer_requests(connection)
                else:
                    with self._tls.wrap_socket(connection, server_side=True) as secured:
                        with self._lock:
                            self._connections[threading.current_thread()] = secured
                        self._answer_requests(secured)
        finally:
            with self._lock:
                self._connections.pop(threading.current_thread(), None)

    def _answer_requests(self, connection: socket.socket) -> None:
        """Answer one request after the other until either side closes the connection."""
        with connection.makefile("rb") as stream:
            while not self._closing.is_set():
                try:
                    request = read_request(stream, connection.sendall)
                except BadRequestError as error:
                    refusal = Response(400, encode({"message": str(error)}))
                    write_response(connection, refusal, body=True, wait=self.wait)
                    return
                if request is None:
                    return
                response = self._handler(request)
                reusable = write_response(
                    connection, response, body=request.method != "HEAD", wait=self.wait
                )
                if not reusable or request.headers.get("connection", "").lower() == "close":
                    return

    def _cut_all(self) -> None:
        with self._lock:
            connections = list(self._connections.values())
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
