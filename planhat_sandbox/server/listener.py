"""The listening socket and a thread for each connection; loopback, and nothing else, ever."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from planhat_sandbox.planhat.codec import encode
from planhat_sandbox.server.wire import (
    BadRequestError,
    Request,
    Response,
    read_request,
    write_response,
)

if TYPE_CHECKING:
    import ssl

Handler = Callable[[Request], Response]
HIGHEST_PORT = 65_535


class ListenError(OSError):
    """The address and port cannot be listened on; says why, and what to do."""


class Listener:
    """Serves requests on one loopback port until it is closed.

    Args:
        handler: Answers a request; called from many threads.
        host: A loopback address.
        port: 0 = any free one.
        tls: Speak TLS with this context.

    Raises:
        ValueError: The host is not a loopback address, or there is no such port.
        ListenError: The port is taken, or may not be used.
    """

    def __init__(
        self,
        handler: Handler,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if not is_loopback(host):
            raise ValueError(
                f"the sandbox listens on loopback only, and {host!r} is not a loopback address: "
                "use 127.0.0.1 or ::1"
            )
        if not 0 <= port <= HIGHEST_PORT:
            raise ValueError(
                f"port {port} does not exist: use one up to {HIGHEST_PORT}, or 0 for any free one"
            )
        self._handler = handler
        self._tls = tls
        self.host = "127.0.0.1" if host == "localhost" else host.strip("[]")
        self._family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._connections: dict[threading.Thread, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self._listening: socket.socket | None = None
        self.port = port
        try:
            self._listen()
        except OSError as error:
            raise ListenError(why_not(error, self.host, port)) from error

    @property
    def url(self) -> str:
        """Where it listens: ``http://127.0.0.1:54321``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def wait(self, seconds: float) -> bool:
        """Wait, but no longer than until the listener closes.

        Args:
            seconds: How long at most.

        Returns:
            Whether it is closing.
        """
        return self._closing.wait(seconds)

    def refuse(self, seconds: float) -> None:
        """Refuse connections for a while: all are cut, the port is closed, then opened again.

        Args:
            seconds: How long.
        """
        self._stop_listening()
        self._cut_all()
        reopen = threading.Thread(target=self._reopen, args=(seconds,), daemon=True)
        reopen.start()
        self._threads.append(reopen)  # only now: `close`, in another thread, joins what is here

    def close(self) -> None:
        """Stop: the port is closed, connections are cut, threads have ended."""
        self._closing.set()
        self._stop_listening()
        self._cut_all()
        with self._lock:
            threads = [*self._threads, *self._connections]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout=10)
        self._stop_listening()

    def _listen(self) -> None:
        listening = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self.host, self.port))
            listening.listen(128)
            listening.settimeout(1.0)
        except OSError:
            listening.close()
            raise
        self.port = listening.getsockname()[1]
        self._listening = listening
        accepting = threading.Thread(target=self._accept, args=(listening,), daemon=True)
        accepting.start()
        self._threads.append(accepting)

    def _stop_listening(self) -> None:
        listening, self._listening = self._listening, None
        if listening is not None:
            # A shutdown wakes the thread that waits in accept; on systems where it does not,
            # the time-out below does.
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()

    def _reopen(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            return
        while not self._closing.is_set() and not self._listens():
            self._closing.wait(0.02)

    def _listens(self) -> bool:
        """Try to listen again; the port may still be on its way out."""
        try:
            self._listen()
        except OSError:
            return False
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
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._lock:
                self._connections[thread] = connection
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        # A peer that goes away is everyday life here, not an error of the sandbox.
        try:
            with contextlib.suppress(OSError), connection:
                if self._tls is None:
                    self._converse(connection)
                else:
                    with self._tls.wrap_socket(connection, server_side=True) as secured:
                        with self._lock:
                            self._connections[threading.current_thread()] = secured
                        self._converse(secured)
        finally:
            with self._lock:
                self._connections.pop(threading.current_thread(), None)

    def _converse(self, connection: socket.socket) -> None:
        """Answer one request after the other until a side has enough."""
        with connection.makefile("rb") as stream:
            while not self._closing.is_set():
                try:
                    request = read_request(stream, connection.sendall)
                except BadRequestError as error:
                    told = Response(400, encode({"message": str(error)}))
                    write_response(connection, told, body=True, wait=self.wait)
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


def why_not(error: OSError, host: str, port: int) -> str:
    """Return why a port cannot be listened on, and what to do.

    Args:
        error: What the system said.
        host: The address.
        port: The port.

    Returns:
        One sentence.
    """
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is taken, perhaps by another sandbox: stop what listens there, choose "
            "another port, or let --port 0 choose a free one"
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"port {port} may not be used by this user: choose one from 1024 on, or let --port 0 "
            "choose a free one"
        )
    if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
        return f"this machine has no address {host}: use 127.0.0.1"
    return f"port {port} of {host} cannot be listened on: {error.strerror or error}"


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine talking to itself.

    Args:
        host: A name or an address, without a port.

    Returns:
        True for ``localhost``, 127.0.0.0/8 and ::1.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
