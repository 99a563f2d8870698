"""Turns what requests, urllib3, ssl and the socket raise into errors of this package."""

from __future__ import annotations

import socket
import ssl

import requests
from urllib3 import exceptions as urllib3_errors

from planhat_sync.errors import (
    ConfigurationError,
    LostAnswerError,
    NotSentError,
    PlanhatError,
    UnreachableError,
)

NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})

_WORDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (
        (urllib3_errors.ProxyError, requests.exceptions.ProxyError),
        "the proxy refused the connection",
    ),
    (socket.gaierror, "the host name cannot be resolved"),
    (ConnectionRefusedError, "the connection was refused"),
    (
        (urllib3_errors.IncompleteRead, urllib3_errors.InvalidChunkLength),
        "the answer was cut short",
    ),
    ((TimeoutError, urllib3_errors.TimeoutError), "no answer came in time"),
    (ssl.SSLError, "TLS failed"),
    ((ConnectionError, urllib3_errors.ProtocolError), "the connection was cut"),
)
"""Description of a failure, by the kind of error in its chain; the first match counts."""


def network_error(error: Exception, host: str, *, sent: bool, reached: bool) -> PlanhatError:
    """Return the error of this package for a failed exchange.

    Args:
        error: What was raised.
        host: The host that the request was meant for.
        sent: Whether any part of the request was sent.
        reached: Whether this host has answered before.

    Returns:
        A `RetryError`, or a `StopError` where a retry cannot help.
    """
    chain = _chain(error)
    is_bare = type(error) is ValueError  # what requests raises for an unknown SOCKS version
    if is_bare or isinstance(
        error, (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL)
    ):
        return ConfigurationError(
            "the proxy named by HTTPS_PROXY, ALL_PROXY or a similar variable cannot be used: "
            "correct it, or set NO_PROXY"
        )
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UnreachableError(
                f"the certificate of {host} is not trusted ({cause.verify_message}): "
                "check api_url, or name your own CA in REQUESTS_CA_BUNDLE"
            )
    words = next((text for kind, text in _WORDS if _any(chain, kind)), "the connection failed")
    if sent:
        return LostAnswerError(words)
    # Before the first answer an unknown host name is a typo, afterwards a passing fault.
    if not reached and any(
        isinstance(cause, socket.gaierror) and cause.errno in NO_SUCH_NAME for cause in chain
    ):
        return UnreachableError(f"there is no host {host}: check api_url and any proxy")
    return NotSentError(words)


def _any(chain: list[BaseException], kind: type | tuple[type, ...]) -> bool:
    return any(isinstance(cause, kind) for cause in chain)


def _chain(error: BaseException) -> list[BaseException]:
    """Return an exception and all that it wraps, each once."""
    found: dict[int, BaseException] = {}
    waiting = [error]
    while waiting:
        cause = waiting.pop()
        if id(cause) not in found:
            found[id(cause)] = cause
            inner = (cause.__cause__, cause.__context__, getattr(cause, "reason", 0), *cause.args)
            waiting.extend(item for item in inner if isinstance(item, BaseException))
    return list(found.values())
