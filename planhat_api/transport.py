"""Gets one answer to one request: the only place of pacing, retry and counting."""

from __future__ import annotations

import dataclasses
import logging
import random
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import tenacity

from planhat_api.errors import (
    AuthenticationError,
    BusyError,
    GaveUpError,
    Interrupted,
    LostAnswerError,
    NotPermittedError,
    NotSentError,
    PlanhatError,
    ProtocolError,
    RetryError,
    StopError,
    UnknownOutcomeError,
    UnreachableError,
    UnreadableAnswerError,
)
from planhat_api.pacing import TokenBucket
from planhat_api.retry import (
    GATEWAY_STATUSES,
    NOT_CARRIED_OUT_STATUSES,
    Decision,
    Repeat,
    backoff_seconds,
    decide,
    retry_after_seconds,
)
from planhat_api.wire import Answer, Request, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from planhat_api.connection import Connection

__all__ = ["Answer", "Request", "Transport"]

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Transport:
    """Sends requests until they are answered, within the pace and the retry budget.

    Thread-safe; one for the whole process, since the pace is kept here.

    Attributes:
        requests: How many requests have left.
        retries: How many of them were repeats.
    """

    def __init__(
        self, connection: Connection, *, width: int = 1, stop: threading.Event | None = None
    ) -> None:
        self.connection = connection
        self._wire = Wire(connection, width=width)
        self._bucket = TokenBucket(connection.requests_per_minute)
        self._stop = stop or threading.Event()
        self._lock = threading.Lock()
        self.requests = 0
        self.retries = 0

    def send(
        self,
        request: Request,
        read: Callable[[Answer], T],
        *,
        taken: Collection[int],
        repeat: Repeat,
        budget_seconds: float | None = None,
    ) -> T:
        """Send a request, again where that is safe, and read its answer.

        Args:
            request: What is asked.
            read: Makes the result of an answer; a ValueError from it means that the body is not
                what was asked for, and counts as a failed attempt.
            taken: Statuses that `read` understands.
            repeat: What may be done after a lost answer.
            budget_seconds: Longest it is tried again after its first failure; the connection's
                retry budget if None.

        Raises:
            UnknownOutcomeError: The answer was lost and the request must not be repeated.
            StopError: The run cannot go on.
            Interrupted: The run was asked to stop while the request waited.
        """
        budget = self.connection.retry_budget_seconds if budget_seconds is None else budget_seconds
        exchange = _Exchange(self, request, read, taken, repeat, budget)
        return exchange.run()

    def pause(self, seconds: float) -> None:
        """Wait, unless the run is asked to stop.

        Raises:
            Interrupted: It was.
        """
        if self._stop.wait(seconds) if seconds > 0 else self._stop.is_set():
            raise Interrupted("stopped while waiting to send")

    def attempt(self, request: Request, *, again: bool) -> Answer:
        """Send a request once, in its turn."""
        self.pause(self._bucket.reserve())
        with self._lock:
            self.requests += 1
            self.retries += again
        return self._wire.exchange(request)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._wire.close()


class _Exchange(Generic[T]):
    """One request on its way through its attempts."""

    def __init__(
        self,
        transport: Transport,
        request: Request,
        read: Callable[[Answer], T],
        taken: Collection[int],
        repeat: Repeat,
        budget: float,
    ) -> None:
        self._transport = transport
        self._request = request
        self._read = read
        self._taken = taken
        self._repeat = repeat
        self._budget = budget
        self._failed_at = 0.0
        self._settled = 0.0
        self._attempts = 0
        self._ran = 0.0
        self._lost = False
        self._answer: Answer | None = None

    def run(self) -> T:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(RetryError),
            wait=self._wait,
            stop=self._is_spent,
            sleep=self._transport.pause,
            retry_error_callback=self._give_up,
        )
        return retrying(self._attempt)

    def _attempt(self) -> T:
        self._attempts += 1
        self._answer = None
        began = time.monotonic()
        try:
            answer = self._transport.attempt(self._request, again=self._attempts > 1)
            self._answer = answer = dataclasses.replace(answer, repeated=self._lost)
            return self._judge(answer)
        except RetryError as error:
            self._ran = time.monotonic() - began
            if not self._failed_at:
                self._failed_at = time.monotonic()
            if _may_be_done(error):
                self._lost = True
                if self._repeat is Repeat.NEVER:
                    raise UnknownOutcomeError("its answer was lost") from error
            raise

    def _judge(self, answer: Answer) -> T:
        decision = decide(answer.status, self._taken)
        if decision is Decision.TAKE:
            try:
                return self._read(answer)
            except ValueError as error:
                raise UnreadableAnswerError(
                    "not the JSON asked for", status=answer.status
                ) from error
        if decision is Decision.RETRY:
            raise BusyError(f"Planhat answered {answer.status}", status=answer.status)
        raise _stop_error(answer.status, self._request)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        return self._delay(state)[0]

    def _delay(self, state: tenacity.RetryCallState) -> tuple[float, float]:
        """Give the wait, and how much of it is owed to a write that may still run."""
        error = state.outcome.exception() if state.outcome else None
        owed = 0.0
        if self._repeat is Repeat.WHEN_SETTLED and (
            isinstance(error, LostAnswerError)
            or (isinstance(error, BusyError) and error.status in GATEWAY_STATUSES)
        ):
            owed = self._ran
        asked = retry_after_seconds(
            self._answer.headers.get("retry-after") if self._answer else None, time.time()
        )
        wait = asked + backoff_seconds(self._attempts, random.random)
        return owed + min(wait, max(0.0, self._left())), owed

    def _left(self) -> float:
        return self._budget - (time.monotonic() - self._failed_at - self._settled)

    def _is_spent(self, state: tenacity.RetryCallState) -> bool:
        spent = self._left() <= 0
        if not spent:
            self._settled += self._delay(state)[1]
        return spent

    def _give_up(self, state: tenacity.RetryCallState) -> T:
        error = state.outcome.exception() if state.outcome else None
        if self._answer is not None and self._repeat is not Repeat.FREELY:
            return cast("T", self._answer)
        if isinstance(error, NotSentError):
            raise UnreachableError(f"Planhat cannot be reached: {error}") from error
        raise GaveUpError(f"Planhat kept failing: {error}") from error


def _may_be_done(error: PlanhatError) -> bool:
    if isinstance(error, NotSentError):
        return False
    return not (isinstance(error, BusyError) and error.status in NOT_CARRIED_OUT_STATUSES)


def _stop_error(status: int, request: Request) -> StopError:
    text = f"Planhat answered {status} to {request.method} {request.path}"
    kind: type[StopError] = ProtocolError
    if status == HTTPStatus.UNAUTHORIZED:
        kind, text = AuthenticationError, "Planhat does not accept api_token"
    elif status == HTTPStatus.FORBIDDEN:
        kind, text = NotPermittedError, "the token may not do this"
    return kind(text, status=status, method=request.method, path=request.path)
