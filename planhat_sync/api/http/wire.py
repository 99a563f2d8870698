"""Makes one HTTP exchange: returns a complete answer or raises.

It neither paces nor repeats; `transport` does. It uses the adapter of requests (pools, proxies,
TLS) without a Session, because a Session does what must not happen here: it follows redirects,
keeps cookies, takes credentials from .netrc and rewrites paths. The environment may name a proxy
and a CA bundle; it cannot switch TLS verification off.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from planhat_sync.api.http.bodies import LARGEST_BODY_BYTES, WholeBody, read_body
from planhat_sync.api.http.deadline import Deadline, DeadlineAdapter, current
from planhat_sync.api.http.exchange import Answer, Repeat
from planhat_sync.api.http.network_errors import network_error
from planhat_sync.errors import ConfigurationError
from planhat_sync.redaction import strip_queries
from planhat_sync.runtime.clock import Clock

if TYPE_CHECKING:
    from planhat_sync.api.connection import Connection
    from planhat_sync.api.http.exchange import Request

LONGEST_CONNECT_SECONDS = 20.0
LONGEST_IDLE_SECONDS = 1.0
"""Servers keep an idle connection open for longer than this; Node.js does for five seconds."""


class Wire:
    """The connections to one host, over which one request becomes one answer. Thread-safe.

    Args:
        connection: Address, token and timeout.
        width: How many threads send at the same time.
        largest_body_bytes: A larger answer stops the run before it fills the memory.
        clock: Time for the deadlines; a simulated clock must advance by itself while a socket is
            waited for.

    Raises:
        ConfigurationError: The CA bundle that the environment names cannot be used.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        width: int = 1,
        largest_body_bytes: int = LARGEST_BODY_BYTES,
        clock: Clock | None = None,
    ) -> None:
        self._connection = connection
        self._largest = largest_body_bytes
        self._clock = clock or Clock()
        self._width = width
        self._kept = self._new_adapter()
        self._proxies = {} if connection.is_local else get_environ_proxies(connection.api_url)
        self._verify = _ca_bundle() if connection.api_url.startswith("https:") else True
        self._reached = False
        self._last_used = 0.0
        strip_queries("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry")

    def exchange(self, request: Request) -> Answer:
        """Send a request once and read its answer to the end.

        A request that must not be repeated gets a new connection if the kept ones have been idle:
        the server may close an idle connection while the request is on its way, which looks the
        same as a lost answer.

        Raises:
            NotSentError: No part of the request was sent.
            LostAnswerError: Part of it was sent, and no complete answer arrived in time.
            UnreadableAnswerError: The body cannot be decompressed.
            UnreachableError: The host does not exist, or its certificate is not trusted.
            ConfigurationError: The proxy that the environment names cannot be used.
            ProtocolError: The body is too large.
        """
        connection, clock = self._connection, self._clock
        seconds = float(connection.request_timeout_seconds * request.timeout_factor)
        deadline = Deadline(seconds, clock.now)
        token = current.set(deadline)
        if request.repeat is Repeat.NEVER and clock.now() - self._last_used > LONGEST_IDLE_SECONDS:
            self._adapter.close()
        try:
            with self._adapter.send(
                self._prepared(request),
                stream=True,
                timeout=(min(seconds, LONGEST_CONNECT_SECONDS), seconds),
                verify=self._verify,
                proxies=self._proxies,
            ) as response:
                self._reached = True
                headers = {name.lower(): value for name, value in response.headers.items()}
                receiver = (request.receive or WholeBody)()
                read_body(deadline.answer(), headers, receiver, self._largest)
                response.raw.release_conn()  # otherwise it is closed: urllib3 has read nothing
                if isinstance(receiver, WholeBody):
                    return Answer(response.status_code, headers, receiver.content())
                return Answer(response.status_code, headers, b"", receiver)
        except (requests.RequestException, OSError, HTTPError, ValueError) as error:
            deadline.close_reader()
            raise network_error(
                error, connection.host, sent=deadline.sent, reached=self._reached
            ) from error
        finally:
            self._last_used = clock.now()
            current.reset(token)

    def _prepared(self, request: Request) -> requests.PreparedRequest:
        url = f"{self._connection.api_url}{request.path}"
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Authorization": f"Bearer {self._connection.api_token}",
            "User-Agent": self._connection.user_agent,
        }
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            headers["Content-Length"] = str(len(request.body))
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        prepared.url = f"{url}?{request.query}" if request.query else url
        prepared.headers = CaseInsensitiveDict(headers)
        prepared.body = request.body
        return prepared

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._adapter.close()

    @property
    def _adapter(self) -> DeadlineAdapter:
        """The connections of this process.

        A forked child has those of its parent too. If both used them, each would read answers to
        requests of the other.
        """
        if self._kept[0] != os.getpid():
            self._kept = self._new_adapter()
        return self._kept[1]

    def _new_adapter(self) -> tuple[int, DeadlineAdapter]:
        return os.getpid(), DeadlineAdapter(pool_connections=1, pool_maxsize=self._width)


def _ca_bundle() -> str | bool:
    """Return the CA bundle that the environment names, or True for the default authorities."""
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if bundle := os.environ.get(variable):
            try:
                if not Path(bundle).is_dir():
                    ssl.create_default_context(cafile=bundle)
            except OSError as error:  # ssl.SSLError is one
                raise ConfigurationError(
                    f"{variable} must name a file of CA certificates, and {bundle} is not one"
                ) from error
            return bundle
    return True
