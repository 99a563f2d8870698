"""Says, in one sentence each, why a run stops at an answer, or for want of one."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from planhat_sync.errors import (
    AuthenticationError,
    GaveUpError,
    NotPermittedError,
    NotSentError,
    ProtocolError,
    RetryError,
    StopError,
    UnreachableError,
)

if TYPE_CHECKING:
    from planhat_sync.exchange import Answer, Request

REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-amzn-requestid", "cf-ray")
"""Where an answer may name its request; Planhat documents none of them."""

LONGEST_REQUEST_ID = 100


def refusal(answer: Answer, request: Request, host: str) -> StopError:
    """Say why an answer stops the run.

    Args:
        answer: The answer, with a status that is neither read nor retried.
        request: What was asked.
        host: Who was asked.
    """
    status = answer.status
    what = f"{request.method} {request.path}"
    kind: type[StopError] = ProtocolError
    if status == HTTPStatus.UNAUTHORIZED:
        kind = AuthenticationError
        text = (
            f"{host} does not accept api_token (401): it is wrong, expired or revoked, or belongs "
            "to another region; check api_token and api_url"
        )
    elif status == HTTPStatus.FORBIDDEN:
        kind = NotPermittedError
        text = (
            f"api_token is not permitted {what} (403): give its private app that right in Planhat"
        )
    elif status == HTTPStatus.NOT_FOUND:
        text = f"{host} knows no {request.path} (404): check api_url"
    elif status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        kind = UnreachableError
        text = "the proxy wants a user name and password (407): put them into HTTPS_PROXY"
    elif status == HTTPStatus.BAD_REQUEST:
        text = f"{host} does not understand {what} (400): check api_url and the settings"
    elif status in range(300, 400):
        text = (
            f"{host} redirects {what} ({status}), and redirects are not followed: "
            "give the address it should go to as api_url"
        )
    else:
        text = f"{host} answered {status} to {what}, which Planhat does not document: check api_url"
    return kind(
        text,
        status=status,
        method=request.method,
        path=request.path,
        request_id=_request_id(answer),
    )


def gave_up(
    error: RetryError, answer: Answer | None, request: Request, host: str, budget_seconds: float
) -> StopError:
    """Say that a request failed for as long as it may be tried.

    Args:
        error: How its last attempt failed.
        answer: What the last attempt was answered, if it was.
        request: What was asked.
        host: Who was asked.
        budget_seconds: How long it was tried again.
    """
    if isinstance(error, NotSentError):
        return UnreachableError(
            f"{host} cannot be reached: {error}, also after {budget_seconds:g} s of trying again "
            "(retry_budget_seconds); check api_url, the network and any proxy, then run again",
            method=request.method,
            path=request.path,
        )
    return GaveUpError(
        f"{host} failed {request.method} {request.path}: {error}, also after {budget_seconds:g} s "
        "of trying again (retry_budget_seconds); run again later",
        answer=answer,
        status=answer.status if answer else None,
        method=request.method,
        path=request.path,
        request_id=_request_id(answer),
    )


def _request_id(answer: Answer | None) -> str | None:
    headers = answer.headers if answer else {}
    ids = (headers[name] for name in REQUEST_ID_HEADERS if name in headers)
    return next(ids, "")[:LONGEST_REQUEST_ID] or None
