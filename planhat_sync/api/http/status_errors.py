"""Makes the errors that end a request: an answer that stops the run, or no usable answer at all."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from planhat_sync.errors import (
    AuthenticationError,
    GaveUpError,
    NotPermittedError,
    NotSentError,
    PlanhatError,
    ProtocolError,
    RetryError,
    StopError,
    UnknownOutcomeError,
    UnreachableError,
)

if TYPE_CHECKING:
    from planhat_sync.api.http.exchange import Answer, Request

E = TypeVar("E", bound=PlanhatError)

REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-amzn-requestid", "cf-ray")
"""Headers in which a server may name its request; Planhat documents none of them."""

LONGEST_REQUEST_ID = 100


def unexpected_status(answer: Answer, request: Request, host: str) -> StopError:
    """Return the error for an answer that stops the run.

    Args:
        answer: The answer, with a status that is neither accepted nor retried.
        request: The request that it answers.
        host: The host that answered.
    """
    status = answer.status
    what = f"{request.method} {request.path}"
    error: StopError
    if status == HTTPStatus.UNAUTHORIZED:
        error = AuthenticationError(
            f"{host} does not accept api_token (401): it is wrong, expired or revoked, or belongs "
            "to another region; check api_token and api_url"
        )
    elif status == HTTPStatus.FORBIDDEN:
        error = NotPermittedError(
            f"api_token has no permission for {what} (403): grant it to the private app in Planhat"
        )
    elif status == HTTPStatus.NOT_FOUND:
        error = ProtocolError(f"{host} has no {request.path} (404): check api_url")
    elif status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        error = UnreachableError(
            "the proxy asks for a user name and password (407): set them in HTTPS_PROXY"
        )
    elif status == HTTPStatus.BAD_REQUEST:
        error = ProtocolError(
            f"{host} rejects {what} as a bad request (400): check api_url and the settings"
        )
    elif status in range(300, 400):
        error = ProtocolError(
            f"{host} redirects {what} ({status}), and redirects are not followed: "
            "set api_url to the address that it redirects to"
        )
    else:
        error = ProtocolError(
            f"{host} answered {status} to {what}, which Planhat does not document: check api_url"
        )
    return described(error, request, answer)


def budget_spent(
    error: RetryError, answer: Answer | None, request: Request, host: str, budget_seconds: float
) -> StopError:
    """Return the error for a request that failed until its retry budget was spent.

    Args:
        error: How its last attempt failed.
        answer: The answer to the last attempt, if there was one.
        request: The request.
        host: The host that it was sent to.
        budget_seconds: The retry budget.
    """
    after = f"after {budget_seconds:g} s of retries (retry_budget_seconds)"
    what = f"{request.method} {request.path} on {host}"
    spent: StopError = GaveUpError(f"{what} still failed {after}: {error}; try again later")
    if isinstance(error, NotSentError):
        spent = UnreachableError(
            f"{host} still cannot be reached {after}: {error}; "
            "check api_url, the network and any proxy, then run again"
        )
    return described(spent, request, answer)


def outcome_unknown(
    error: RetryError, answer: Answer | None, request: Request
) -> UnknownOutcomeError:
    """Return the error for a lost answer to a request that must not be repeated."""
    unknown = UnknownOutcomeError(
        f"Planhat may or may not have carried out {request.method} {request.path} ({error}), "
        "and it must not be sent twice"
    )
    return described(unknown, request, answer)


def described(error: E, request: Request, answer: Answer | None) -> E:
    """Return an error with the details of its request.

    Args:
        error: What is raised.
        request: The request that failed.
        answer: The answer to it, if there was one.
    """
    error.method, error.path = request.method, request.path
    if answer:
        error.status = answer.status
        ids = (answer.headers[name] for name in REQUEST_ID_HEADERS if name in answer.headers)
        error.request_id = next(ids, "")[:LONGEST_REQUEST_ID] or None
    return error
