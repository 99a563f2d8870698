"""Gets a whole answer to each request: the only place of pacing, retry and counting."""

from __future__ import annotations

import dataclasses
import logging
import threading
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import tenacity

from planhat_api.clock import Clock
from planhat_api.errors import (
    BusyError,
    Interrupted,
    RetryError,
    UnknownOutcomeError,
    UnreadableAnswerError,
)
from planhat_api.pacing import TokenBucket
from planhat_api.refusals import gave_up, refusal
from planhat_api.retry import (
    Decision,
    Repeat,
    Schedule,
    decide,
    may_be_carried_out,
    retry_after_seconds,
)
from planhat_api.wire import LARGEST_BODY_BYTES, Answer, Request, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from typing_extensions import Self

    from planhat_api.connection import Connection

__all__ = ["Answer", "Request", "Transport"]

T = TypeVar("T")

BUSY_FOR_EVERYBODY = 429
"""The status that speaks of the token, and so of all threads, not of one request."""

logger = logging.getLogger(__name__)


class Transport:
    """Sends requests until they are answered, within the pace and the retry budget.

    Thread-safe. One serves the whole process, for the pace is kept here.

    Args:
        connection: Where to, with what token, and how patiently.
        width: How many threads ask at the same time.
        stop: Ends every wait with `Interrupted` once it is set; requests in flight finish.
        clock: Time and chance.
        largest_body_bytes: An answer larger than this stops the run, before it eats the memory.

    Attributes:
        connection: As given.
        requests: How many requests have left.
        retries: How many of them were repeats.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        width: int = 1,
        stop: threading.Event | None = None,
        clock: Clock | None = None,
        largest_body_bytes: int = LARGEST_BODY_BYTES,
    ) -> None:
        self.connection = connection
        self.requests = 0
        self.retries = 0
        self._clock = clock or Clock()
        self._wire = Wire(connection, width=width, largest_body_bytes=largest_body_bytes)
        self._bucket = TokenBucket(connection.requests_per_minute, self._clock.now)
        self._stop = stop or threading.Event()
        self._counting = threading.Lock()

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
            read: Makes the result of an answer. A ValueError from it means that the body is not
                what was asked for, which counts as a failed attempt.
            taken: Statuses that `read` understands.
            repeat: What may be done after a lost answer.
            budget_seconds: Longest that it is tried again; None for the connection's budget.

        Raises:
            UnknownOutcomeError: The answer was lost and the request must not be repeated.
            StopError: The run cannot go on; a `GaveUpError` has the last answer, if there was one.
            Interrupted: The run was asked to stop while the request waited.
        """
        if budget_seconds is None:
            budget_seconds = self.connection.retry_budget_seconds
        return _Attempts(self, self._clock, request, read, taken, repeat, budget_seconds).make()

    def wait(self, seconds: float) -> None:
        """Wait, unless the run is asked to stop.

        Raises:
            Interrupted: It is.
        """
        if self._clock.wait(self._stop, seconds):
            raise Interrupted("asked to stop while it waited")

    def exchange(self, request: Request, *, again: bool) -> Answer:
        """Send a request once, in its turn.

        Args:
            request: What is asked.
            again: Whether it has been sent before.
        """
        self.wait(self._bucket.reserve())
        with self._counting:
            self.requests += 1
            self.retries += again
        began = self._clock.now()
        status: int | str = "no answer"
        try:
            answer = self._wire.exchange(request)
            status = answer.status
            return answer
        finally:
            logger.debug(
                "%s %s: %s, %.0f ms",
                request.method,
                request.path,
                status,
                (self._clock.now() - began) * 1000,
            )

    def hold(self, seconds: float) -> None:
        """Let no request of any thread leave for a while."""
        self._bucket.hold(seconds)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Attempts(Generic[T]):
    """One request on its way through its attempts."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        request: Request,
        read: Callable[[Answer], T],
        taken: Collection[int],
        repeat: Repeat,
        budget_seconds: float,
    ) -> None:
        self._transport = transport
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
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(RetryError),
            wait=lambda _: self._wait or 0.0,
            stop=lambda _: self._wait is None,
            sleep=self._transport.wait,
            retry_error_callback=self._give_up,
        )
        return retrying(self._attempt)

    def _attempt(self) -> T:
        self._count += 1
        self._answer = None
        began = self._clock.now()
        try:
            answer = self._transport.exchange(self._request, again=self._count > 1)
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
        raise refusal(answer, self._request, self._transport.connection.host)

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
            self._transport.hold(min(asked, self._wait))
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
        connection = self._transport.connection
        raise gave_up(error, self._answer, self._request, connection.host, self._budget) from error
