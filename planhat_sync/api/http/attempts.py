"""Asks again until there is an answer, where that is safe; tenacity does the waiting."""

from __future__ import annotations

import dataclasses
import logging
import traceback
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, cast

import tenacity

from planhat_sync.api.http.retry import (
    Decision,
    Repeat,
    Schedule,
    decide,
    may_be_carried_out,
    retry_after_seconds,
)
from planhat_sync.api.http.status_errors import gave_up, refusal
from planhat_sync.errors import (
    BusyError,
    RetryError,
    UnknownOutcomeError,
    UnreadableAnswerError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from planhat_sync.api.connection import Connection
    from planhat_sync.api.http.clock import Clock
    from planhat_sync.exchange import Answer, Request

T = TypeVar("T")

BUSY_FOR_EVERYBODY = 429
"""The status that speaks of the token, and so of all threads, not of one request."""

_IF_RETRIABLE = tenacity.retry_if_exception_type(RetryError)

logger = logging.getLogger(__name__)


class Sender(Protocol):
    """What sends a request once, in its turn."""

    connection: Connection

    def exchange(self, request: Request, *, again: bool, fresh: bool = False) -> Answer:
        """Send a request once."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait, unless the run is asked to stop."""

    def hold(self, seconds: float) -> None:
        """Let no request of any thread leave for a while."""


class Attempts(Generic[T]):
    """One request on its way through its attempts.

    Args:
        sender: Sends it once, in its turn.
        clock: Time and chance.
        request: What is asked.
        read: Makes the result of an answer.
        taken: Statuses that `read` understands.
        repeat: What may be done after a lost answer.
        budget_seconds: Longest that it is tried again.
    """

    def __init__(
        self,
        sender: Sender,
        clock: Clock,
        request: Request,
        read: Callable[[Answer], T],
        taken: Collection[int],
        repeat: Repeat,
        budget_seconds: float,
    ) -> None:
        self._sender = sender
        self._clock = clock
        self._request = request
        self._read = read
        self._taken = taken
        self._repeat = repeat
        self._budget = budget_seconds
        self._schedule = Schedule(repeat, budget_seconds)
        self._count = 0
        self._maybe_done = False
        self._answer: Answer | None = None
        self._wait: float | None = None

    def make(self) -> T:
        """Make the attempts.

        Returns:
            What `read` made of the answer.

        Raises:
            UnknownOutcomeError: The answer was lost and the request must not be repeated.
            StopError: The run cannot go on.
            Interrupted: The run was asked to stop while the request waited.
        """
        retrying = tenacity.Retrying(
            retry=_IF_RETRIABLE,
            wait=lambda _: self._wait or 0.0,
            stop=lambda _: self._wait is None,
            sleep=self._sender.wait,
            before_sleep=_forget,
            retry_error_callback=self._give_up,
        )
        try:
            return retrying(self._attempt)
        finally:
            # tenacity leaves a cycle behind that holds the body until the garbage collector comes.
            retrying.iter_state.reset()

    def _attempt(self) -> T:
        self._count += 1
        self._answer = None
        began = self._clock.now()
        try:
            answer = self._sender.exchange(
                self._request, again=self._count > 1, fresh=self._repeat is Repeat.NEVER
            )
            if self._maybe_done:
                answer = dataclasses.replace(answer, repeated=True)
            self._answer = answer
            return self._judge(answer)
        except RetryError as error:
            self._plan(error, self._clock.now() - began)
            raise

    def _judge(self, answer: Answer) -> T:
        decision = decide(answer.status, self._taken)
        if decision is Decision.TAKE:
            try:
                return self._read(answer)
            except (ValueError, RecursionError) as error:  # the latter: nested without end
                raise UnreadableAnswerError(
                    f"it answered {answer.status} with a body that is not the JSON asked for",
                    status=answer.status,
                ) from error
        if decision is Decision.RETRY:
            raise BusyError(f"it answered {answer.status}", status=answer.status)
        raise refusal(answer, self._request, self._sender.connection.host)

    def _plan(self, error: RetryError, ran: float) -> None:
        """Decide what comes after a failed attempt."""
        request = self._request
        if may_be_carried_out(error):
            self._maybe_done = True
            if self._repeat is Repeat.NEVER:
                raise UnknownOutcomeError(
                    f"Planhat may or may not have carried out {request.method} {request.path} "
                    f"({error}), and it must not be sent twice",
                    status=error.status,
                    method=request.method,
                    path=request.path,
                ) from error
        headers = self._answer.headers if self._answer else {}
        asked = retry_after_seconds(headers.get("retry-after"), self._clock.today())
        self._wait = self._schedule.next_wait(
            error, now=self._clock.now(), ran=ran, asked=asked, chance=self._clock.chance()
        )
        if self._wait is None:
            return
        if error.status == BUSY_FOR_EVERYBODY:
            self._sender.hold(min(asked, self._wait))
        logger.warning(
            "%s %s: %s; trying again in %.1f s (attempt %d)",
            request.method,
            request.path,
            error,
            self._wait,
            self._count + 1,
        )

    def _give_up(self, state: tenacity.RetryCallState) -> T:
        error = cast("RetryError", state.outcome.exception() if state.outcome else None)
        connection = self._sender.connection
        raise gave_up(error, self._answer, self._request, connection.host, self._budget) from error


def _forget(state: tenacity.RetryCallState) -> None:
    """Let go of what an attempt left behind that is about to be repeated.

    The tracebacks of its error, and of the errors of urllib3 behind it, lead to frames that hold
    the request, and these hold the errors: cycles around a body of megabytes.
    """
    error = state.outcome.exception() if state.outcome else None
    while error:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
