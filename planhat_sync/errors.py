"""Every error of planhat_sync, grouped by what its caller does.

    PlanhatError
    ├── RetryError                  ask again (raised and caught inside the transport)
    │   ├── BusyError               Planhat answered: not now (408, 425, 429, 5xx)
    │   ├── NotSentError            no connection: the request never left
    │   ├── LostAnswerError         it left, and no whole answer came back
    │   └── UnreadableAnswerError   an answer came, and is not what was asked for
    ├── RejectError                 this record cannot be written; the others can
    │   ├── InvalidIdentifierError  its id cannot be put into a path
    │   ├── RefusedError            Planhat refuses this one request (400, 404, 413)
    │   └── UnknownOutcomeError     a create whose answer was lost
    ├── StopError                   end the run; the message is its last line
    │   ├── ConfigurationError      a setting, or a model's file, is wrong
    │   ├── AuthenticationError     401
    │   ├── NotPermittedError       403
    │   ├── UnreachableError        host unknown, refused, TLS, proxy
    │   ├── GaveUpError             the retry budget is spent
    │   └── ProtocolError           an answer that nobody documents
    └── Interrupted                 the run was asked to stop while it waited

An error carries the status, method and path, and Planhat's request id if the answer had one.
Its text never holds a body, a query string or the token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planhat_sync.exchange import Answer


class PlanhatError(Exception):
    """Root of all errors of this package.

    Attributes:
        status: HTTP status, if an answer came.
        method: HTTP method of the request, if there was one.
        path: Path of the request, without its query.
        request_id: What the answer calls its request, if it says so.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        method: str | None = None,
        path: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.method = method
        self.path = path
        self.request_id = request_id


class RetryError(PlanhatError):
    """The same request may succeed a little later."""


class BusyError(RetryError):
    """Planhat answered, and the answer means: not now."""


class NotSentError(RetryError):
    """No connection was made, so the request never left."""


class LostAnswerError(RetryError):
    """The request left; whether it was carried out is not known."""


class UnreadableAnswerError(RetryError):
    """A whole answer came, and its body is not what was asked for."""


class RejectError(PlanhatError):
    """This record cannot be written; the run may go on without it."""


class InvalidIdentifierError(RejectError):
    """An identifier that cannot be one segment of a path."""


class RefusedError(RejectError):
    """Planhat refuses this one request, and would refuse it again."""


class UnknownOutcomeError(RejectError):
    """A write that must not be repeated got no answer that says what became of it."""


class StopError(PlanhatError):
    """Nothing can go on; the message says what is wrong and what to do."""


class ConfigurationError(StopError):
    """A setting or a model's file is wrong."""


class AuthenticationError(StopError):
    """Planhat does not accept the token."""


class NotPermittedError(StopError):
    """The token is good, and not allowed to do this."""


class UnreachableError(StopError):
    """No connection to Planhat can be made."""


class GaveUpError(StopError):
    """Planhat kept failing for as long as the retry budget allows.

    Attributes:
        answer: What the last attempt was answered; None if nothing came.
    """

    def __init__(
        self,
        message: str,
        *,
        answer: Answer | None = None,
        status: int | None = None,
        method: str | None = None,
        path: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, status=status, method=method, path=path, request_id=request_id)
        self.answer = answer


class ProtocolError(StopError):
    """An answer that fits nothing Planhat documents."""


class Interrupted(PlanhatError):  # noqa: N818 - not a failure: the run was asked to stop
    """The run was asked to stop while a request waited for its turn."""
