"""The listening socket: one port, on loopback only."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from planhat_sandbox.server.addresses import check_address, explain_listen_error
from planhat_sandbox.server.connections import Connections

if TYPE_CHECKING:
    import ssl

    from planhat_sandbox.server.connections import Handler


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
        self.host = "127.0.0.1" if host == "localhost" else host.strip("[]")
        self._scheme = "https" if tls else "http"
        self._closing = threading.Event()
        self._connections = Connections(self._closing, tls)
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
        return f"{self._scheme}://{host}:{self.port}"

    def serve(self, handler: Handler) -> None:
        """Begin to accept connections, in a separate thread.

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
        self._connections.cut()
        reopening = threading.Thread(target=self._reopen, args=(seconds,), daemon=True)
        reopening.start()
        # Only after the start, since `close` joins these threads from another one.
        self._threads.append(reopening)

    def close(self) -> None:
        """Close the port, cut all connections and wait for the threads to end."""
        self._closing.set()
        self._stop_listening()
        for thread in [*self._connections.cut(), *self._threads]:
            if thread is not threading.current_thread():
                thread.join(timeout=10)
        self._stop_listening()

    def _bind(self, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
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

    def _accept(self, listening: socket.socket) -> None:
        while listening is self._listening and not self._closing.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self._connections.start(connection, self._handler)

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
