"""Turns what requests, urllib3, ssl and the socket raise into our errors, in plain words."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

import requests
from urllib3 import exceptions as urllib3_errors

from planhat_sync.errors import (
    ConfigurationError,
    LostAnswerError,
    NotSentError,
    PlanhatError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})

_WORDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (
        (urllib3_errors.ProxyError, requests.exceptions.ProxyError),
        "the proxy does not let us through",
    ),
    (socket.gaierror, "its name cannot be resolved"),
    (ConnectionRefusedError, "the connection was refused"),
    (
        (urllib3_errors.IncompleteRead, urllib3_errors.InvalidChunkLength),
        "the answer was cut short",
    ),
    ((TimeoutError, urllib3_errors.TimeoutError), "there was no answer in time"),
    (ssl.SSLError, "TLS failed"),
    ((ConnectionError, urllib3_errors.ProtocolError), "the connection was cut"),
)
"""What to say of a failure; the first that is found anywhere in its chain counts."""


def failure_of(error: Exception, host: str, *, sent: bool, reached: bool) -> PlanhatError:
    """Say what a failed exchange means.

    Args:
        error: What was raised.
        host: Whom we wanted to reach.
        sent: Whether anything of the request had left.
        reached: Whether this host has answered before.

    Returns:
        An error to retry, or one that stops the run where trying again cannot help.
    """
    chain = list(_chain(error))
    is_plain = type(error) is ValueError  # requests' own word for a SOCKS version there is none of
    if is_plain or isinstance(
        error, (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL)
    ):
        return ConfigurationError(
            "the proxy that HTTPS_PROXY, ALL_PROXY or the like names cannot be used: "
            "correct it, or set NO_PROXY"
        )
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UnreachableError(
                f"the certificate of {host} is not trusted ({cause.verify_message}): "
                "check api_url; a CA of your own goes into REQUESTS_CA_BUNDLE"
            )
    words = next((text for kind, text in _WORDS if _any(chain, kind)), "the connection failed")
    if sent:
        return LostAnswerError(words)
    # Before the first answer a name that does not exist is a typing error, later a hiccup.
    if not reached and any(
        isinstance(cause, socket.gaierror) and cause.errno in NO_SUCH_NAME for cause in chain
    ):
        return UnreachableError(f"there is no host {host}: check api_url and any proxy")
    return NotSentError(words)


def _any(chain: list[BaseException], kind: type | tuple[type, ...]) -> bool:
    return any(isinstance(cause, kind) for cause in chain)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Walk an exception and all that it wraps, each once."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        cause = waiting.pop()
        if any(cause is known for known in seen):
            continue
        seen.append(cause)
        yield cause
        inner = [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
        waiting.extend(item for item in inner if isinstance(item, BaseException))
