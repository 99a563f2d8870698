"""One HTTP exchange over one requests.Session: what leaves, what comes back, whole or not at all.

It neither paces nor repeats; `transport` does. Redirects are never followed, cookies never kept,
and the environment can add a proxy and a CA bundle but can neither replace the token nor switch
TLS verification off.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from planhat_api.errors import LostAnswerError, NotSentError, ProtocolError, UnreadableAnswerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_api.connection import Connection

ACCEPT_ENCODING = "gzip"
"""The one place that says what Planhat may compress its answers with."""

LONGEST_CONNECT_SECONDS = 20.0
LARGEST_BODY_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, before who asks it.

    Attributes:
        method: HTTP method.
        path: Path below the API's address, quoted.
        query: Query string, quoted, without its question mark.
        body: JSON that leaves, or None.
        patience: How many times the usual timeout it may take.
    """

    method: str
    path: str
    query: str = ""
    body: bytes | None = None
    patience: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole.

    Attributes:
        status: HTTP status.
        headers: Headers by lower-case name.
        body: The body, decompressed.
        repeated: Whether an earlier attempt of the same request may have been carried out.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    repeated: bool = False


class Wire:
    """The session, and how one request becomes one answer."""

    def __init__(self, connection: Connection, *, width: int) -> None:
        self._connection = connection
        self._session = session = requests.Session()
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        session.headers.clear()
        session.headers.update(
            {
                "Accept": "application/json",
                "Accept-Encoding": ACCEPT_ENCODING,
                "Authorization": f"Bearer {connection.api_token}",
                "User-Agent": connection.user_agent,
            }
        )
        session.proxies = dict(get_environ_proxies(connection.api_url))
        session.verify = (
            os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        )
        session.mount("https://", HTTPAdapter(pool_connections=1, pool_maxsize=width))
        session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=width))

    def exchange(self, request: Request) -> Answer:
        """Send a request once and read its answer to the end.

        Raises:
            NotSentError: No connection was made.
            LostAnswerError: No whole answer came back.
            UnreadableAnswerError: The body cannot be decompressed.
            ProtocolError: The body is larger than any answer of Planhat's.
        """
        connection = self._connection
        seconds = connection.request_timeout_seconds * request.patience
        url = f"{connection.api_url}{request.path}"
        try:
            with self._session.request(
                request.method,
                f"{url}?{request.query}" if request.query else url,
                data=request.body,
                headers={"Content-Type": "application/json"} if request.body is not None else None,
                timeout=(min(seconds, LONGEST_CONNECT_SECONDS), seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, headers, _body(response, headers))
        except requests.ConnectionError as error:
            if isinstance(error.args[0], urllib3.exceptions.MaxRetryError):
                raise NotSentError(str(type(error.args[0].reason).__name__)) from error
            raise LostAnswerError("the connection was cut") from error
        except requests.Timeout as error:
            raise LostAnswerError("no answer in time") from error
        except urllib3.exceptions.HTTPError as error:
            raise LostAnswerError("the connection was cut") from error

    def close(self) -> None:
        """Close the connections that are kept."""
        self._session.close()


def _body(response: requests.Response, headers: Mapping[str, str]) -> bytes:
    pieces = []
    size = 0
    while piece := response.raw.read(1 << 20, decode_content=False):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_BODY_BYTES:
            raise ProtocolError("an answer is larger than any of Planhat's")
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    if headers.get("content-encoding", "identity") in ("", "identity") or not body:
        return body
    try:
        return zlib.decompress(body, wbits=47)
    except zlib.error as error:
        raise UnreadableAnswerError("the body cannot be decompressed") from error
