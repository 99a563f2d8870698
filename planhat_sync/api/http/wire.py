"""Makes one HTTP exchange: an answer comes back whole or not at all.

It neither paces nor repeats; `transport` does. It uses the adapter of requests (pools, proxies,
TLS) without its Session, for what a Session would add is what must not happen: following
redirects, keeping cookies, taking credentials from .netrc, tidying paths up. The environment may
name a proxy and a CA bundle; it cannot switch TLS verification off.
"""

from __future__ import annotations

import os
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from planhat_sync.api.http.bodies import LARGEST_BODY_BYTES, read_body
from planhat_sync.api.http.deadline import Deadline, TimedAdapter, current
from planhat_sync.api.http.network_errors import failure_of
from planhat_sync.errors import ConfigurationError
from planhat_sync.exchange import Answer
from planhat_sync.redaction import strip_queries

if TYPE_CHECKING:
    from planhat_sync.api.connection import Connection
    from planhat_sync.exchange import Request

ACCEPT_ENCODING = "gzip"
"""The one place that says how Planhat may compress its answers."""

LONGEST_CONNECT_SECONDS = 20.0
LONGEST_IDLE_SECONDS = 1.0
"""No server closes a connection sooner than this after an answer; Node.js does after five."""


class Wire:
    """The connections to one host, and how one request becomes one answer. Thread-safe.

    Args:
        connection: Where to, and with what token.
        width: How many threads ask at the same time.
        largest_body_bytes: The largest answer that is read.

    Raises:
        ConfigurationError: The CA bundle that the environment names is not there.
    """

    def __init__(
        self, connection: Connection, *, width: int, largest_body_bytes: int = LARGEST_BODY_BYTES
    ) -> None:
        self._connection = connection
        self._largest = largest_body_bytes
        self._adapter = TimedAdapter(pool_connections=1, pool_maxsize=width)
        self._proxies = {} if connection.is_local else get_environ_proxies(connection.api_url)
        self._verify = _ca_bundle() if connection.api_url.startswith("https:") else True
        self._reached = False
        self._last_used = 0.0
        strip_queries("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry")

    def exchange(self, request: Request, *, fresh: bool = False) -> Answer:
        """Send a request once and read its answer to the end.

        Args:
            request: What is asked.
            fresh: Whether to open a new connection for it if the kept ones have been idle. The
                other side may close such a one while the request is on its way, and nobody can
                tell that from a lost answer; for a request that must not be repeated, not to
                risk it is worth a handshake.

        Raises:
            NotSentError: Nothing of the request left.
            LostAnswerError: Some of it left, and no whole answer came back in time.
            UnreadableAnswerError: The body cannot be decompressed.
            UnreachableError: There is no such host, or it cannot prove who it is.
            ProtocolError: The body is larger than any answer of Planhat's.
        """
        deadline = Deadline(self._connection.request_timeout_seconds * request.patience)
        token = current.set(deadline)
        if fresh and time.monotonic() - self._last_used > LONGEST_IDLE_SECONDS:
            self._adapter.close()
        try:
            with self._send(request, deadline.left()) as response:
                self._reached = True
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(
                    response.status_code, headers, read_body(response, headers, self._largest)
                )
        except (requests.RequestException, OSError, HTTPError, ValueError) as error:
            deadline.hang_up()
            raise failure_of(
                error, self._connection.host, sent=deadline.sent, reached=self._reached
            ) from error
        finally:
            self._last_used = time.monotonic()
            current.reset(token)

    def _send(self, request: Request, seconds: float) -> requests.Response:
        url = f"{self._connection.api_url}{request.path}"
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        prepared.url = f"{url}?{request.query}" if request.query else url
        prepared.headers = CaseInsensitiveDict(self._headers(request))
        prepared.body = request.body
        return self._adapter.send(
            prepared,
            stream=True,
            timeout=(min(seconds, LONGEST_CONNECT_SECONDS), seconds),
            verify=self._verify,
            proxies=self._proxies,
        )

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": ACCEPT_ENCODING,
            "Authorization": f"Bearer {self._connection.api_token}",
            "User-Agent": self._connection.user_agent,
        }
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            headers["Content-Length"] = str(len(request.body))
        return headers

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._adapter.close()


def _ca_bundle() -> str | bool:
    """Find the CA bundle that the environment names; True stands for the usual authorities."""
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if bundle := os.environ.get(variable):
            try:
                if Path(bundle).is_dir():
                    return bundle
                ssl.create_default_context(cafile=bundle)
            except OSError as error:  # ssl.SSLError is one
                raise ConfigurationError(
                    f"{variable} must name a file of CA certificates: {bundle} is none"
                ) from error
            return bundle
    return True
