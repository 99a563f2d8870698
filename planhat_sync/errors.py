"""The errors of planhat_sync, grouped by what the caller does about them.

    PlanhatError
    ├── RetryError                  send it again (raised and caught inside the transport)
    │   ├── BusyError               Planhat answered that it cannot now (408, 425, 429, 5xx)
    │   ├── NotSentError            no connection: the request was not sent
    │   ├── LostAnswerError         it was sent, and no complete answer came back
    │   └── UnreadableAnswerError   the answer is not what was asked for
    ├── RequestError                this one request failed, for good; others can succeed
    │   ├── InvalidIdentifierError  its identifier cannot be put into a path
    │   ├── BadRequestError         Planhat refuses this one request (400)
    │   └── UnknownOutcomeError     the answer to a create was lost
    ├── StopError                   end the run; the message is its last line
    │   ├── ConfigurationError      a setting, an option or a file is wrong
    │   ├── AuthenticationError     401
    │   ├── NotPermittedError       403
    │   ├── UnreachableError        unknown host, refused connection, TLS, proxy
    │   ├── GaveUpError             the retry budget is spent
    │   └── ProtocolError           an answer that Planhat does not document
    └── Interrupted                 the run was asked to stop while a request waited

An error carries the status, method and path, and Planhat's request id if the answer had one.
Its text never contains a body, a query string or the token.
"""

from __future__ import annotations

from enum import Enum
from typing import Any


class Section(str, Enum):
    """The sections of docs/troubleshooting.md, in which every message has its place."""

    SETTINGS = "Settings"
    TOKEN = "Token and rights"  # noqa: S105 - a heading
    NETWORK = "Network and limits"
    READING = "Reading and state"
    WRITING = "Writing and rejects"
    OUTPUT = "Output and signals"


class PlanhatError(Exception):
    """Root of all errors of this package.

    Attributes:
        section: The section of docs/troubleshooting.md that explains the message.
        status: HTTP status, if an answer came.
        method: HTTP method of the request, if there was one.
        path: Path of the request, without its query.
        request_id: The request's id in the answer's headers, if there is one.
        result: The `planhat_sync.Result` of the write that it ended, if it ended one.
    """

    section: Section = Section.NETWORK
    method: str | None = None
    path: str | None = None
    request_id: str | None = None
    result: Any = None  # its type is of a higher layer

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class RetryError(PlanhatError):
    """The same request may succeed a little later."""


class BusyError(RetryError):
    """Planhat answered that it cannot carry out the request now."""


class NotSentError(RetryError):
    """No connection was made, so the request was not sent."""


class LostAnswerError(RetryError):
    """The request was sent; whether it was carried out is not known."""


class UnreadableAnswerError(RetryError):
    """A complete answer came, and its body is not what was asked for."""


class RequestError(PlanhatError):
    """This one request failed, and is not repeated; the run can continue."""


class InvalidIdentifierError(RequestError):
    """The identifier cannot be one segment of a path."""


class BadRequestError(RequestError):
    """Planhat refuses this one request, and would refuse it again."""


class UnknownOutcomeError(RequestError):
    """The answer to a write that must not be repeated was lost."""


class StopError(PlanhatError):
    """The run cannot continue; the message says what is wrong and what to do."""


class ConfigurationError(StopError):
    """A setting, an option of the command line, a file or a model's file is wrong."""

    section = Section.SETTINGS


class AuthenticationError(StopError):
    """Planhat does not accept the token."""

    section = Section.TOKEN


class NotPermittedError(StopError):
    """The token is valid, but has no permission for this."""

    section = Section.TOKEN


class UnreachableError(StopError):
    """No connection to Planhat can be made."""


class GaveUpError(StopError):
    """Planhat kept failing until the retry budget was spent."""


class ProtocolError(StopError):
    """The answer is not one that Planhat documents."""


class Interrupted(PlanhatError):  # noqa: N818 - not a failure: the run was asked to stop
    """The run was asked to stop while a request waited for its turn."""

    section = Section.OUTPUT
