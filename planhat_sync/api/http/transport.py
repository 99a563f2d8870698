"""Sends requests and returns what their answers mean: paces, repeats, counts and logs them."""

from __future__ import annotations

import dataclasses
import logging
import threading
import traceback
from typing import TYPE_CHECKING, TypeVar

from planhat_sync.api.http.exchange import Repeat
from planhat_sync.api.http.rate_limit import TokenBucket
from planhat_sync.api.http.retry import (
    RETRIED_STATUSES,
    Schedule,
    may_be_carried_out,
    retry_after_seconds,
)
from planhat_sync.api.http.server_clock import began_at
from planhat_sync.api.http.status_errors import budget_spent, outcome_unknown, unexpected_status
from planhat_sync.api.http.wire import Wire
from planhat_sync.errors import BusyError, Interrupted, RetryError, UnreadableAnswerError
from planhat_sync.runtime.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from typing_extensions import Self

    from planhat_sync.api.connection import Connection
    from planhat_sync.api.http.exchange import Answer, Exchanger, Request

T = TypeVar("T")

TOO_MANY_REQUESTS = 429
"""The one status that is about the token, and so about all threads, not about one request."""

CLOCK_SLACK_SECONDS = 2.0
"""A smaller difference does not show that two clocks differ: an HTTP date has no fractions, and the
answer has taken some time."""

logger = logging.getLogger(__name__)


class Transport:
    """Sends requests until they are answered, within the pace and the retry budget.

    Thread-safe. One transport serves the entire process, since it keeps the pace.

    Args:
        connection: Address, token, pace, timeout and retry budget.
        width: How many threads send at the same time; for the default wire.
        wire: Makes one exchange; by default over HTTP.
        clock: Time and randomness.
        stop: Ends every wait with `Interrupted` once it is set; requests in flight finish.
        bucket: Keeps the pace; by default that of the connection.

    Attributes:
        connection: As given.
        requests: How many requests were sent, including those that found no connection.
        retries: How many of them were repeats.
        began: When the transport was made, by the clock of the server: seconds since 1970-01-01
            UTC; None before an answer with a `Date`.
        date: The `Date` of the latest answer, as received; None if it had none.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        width: int = 1,
        wire: Exchanger | None = None,
        clock: Clock | None = None,
        stop: threading.Event | None = None,
        bucket: TokenBucket | None = None,
    ) -> None:
        self.connection = connection
        self.requests = 0
        self.retries = 0
        self.began: float | None = None
        self.date: str | None = None
        self._clock = clock or Clock()
        self._wire = wire or Wire(connection, width=width, clock=self._clock)
        self._made, self._made_epoch = self._clock.now(), self._clock.epoch()
        self._stop = stop or threading.Event()
        self._bucket = bucket or TokenBucket(connection.requests_per_minute, self._clock.now)
        self._counting = threading.Lock()

    def send(
        self,
        request: Request,
        decode: Callable[[Answer], T],
        *,
        accepted: Collection[int],
        accepted_at_last: Collection[int] = (),
        budget_seconds: float | None = None,
    ) -> T:
        """Send a request, again where that is safe, and decode its answer.

        Args:
            request: What is sent.
            decode: Makes the result of an answer. A ValueError from it means that the body is not
                what was asked for, which counts as a failed attempt.
            accepted: Statuses that `decode` understands.
            accepted_at_last: Statuses that are retried, and decoded once the budget is spent.
            budget_seconds: Longest time to keep retrying, within the connection's budget.

        Raises:
            UnknownOutcomeError: The answer was lost and the request must not be repeated.
            StopError: No usable answer was received, or the answer ends the run.
            Interrupted: The run was asked to stop while the request waited.
        """
        longest = self.connection.retry_budget_seconds
        budget = longest if budget_seconds is None else min(budget_seconds, longest)
        schedule = Schedule(request.repeat, budget)
        repeated = False
        while True:
            self._wait(self._bucket.reserve())
            answer: Answer | None = None
            began = self._clock.now()
            try:
                answer = self._exchange(request, is_retry=schedule.failures > 0)
                if repeated:
                    answer = dataclasses.replace(answer, repeated=True)
                return self._decoded(answer, request, decode, accepted)
            except RetryError as error:
                _clear_frames(error)
                repeated = repeated or may_be_carried_out(error)
                if repeated and request.repeat is Repeat.NEVER:
                    raise outcome_unknown(error, answer, request) from error
                wait = self._next_wait(schedule, request, error, answer, began)
                if wait is None:
                    if answer and answer.status in accepted_at_last:
                        return decode(answer)
                    host = self.connection.host
                    raise budget_spent(error, answer, request, host, budget) from error
            self._wait(wait)

    def _exchange(self, request: Request, *, is_retry: bool) -> Answer:
        """Make one exchange, count it and log it."""
        with self._counting:
            self.requests += 1
            self.retries += is_retry
        began = self._clock.now()
        status: int | str = "no answer"
        try:
            answer = self._wire.exchange(request)
            status = answer.status
            self.date = answer.headers.get("date")
            if self.began is None:
                elapsed = self._clock.now() - self._made
                self.began = began_at(self.date, elapsed, self._made_epoch)
            return answer
        finally:
            took = (self._clock.now() - began) * 1000
            logger.debug("%s %s: %s, %.0f ms", request.method, request.path, status, took)

    def _decoded(
        self,
        answer: Answer,
        request: Request,
        decode: Callable[[Answer], T],
        accepted: Collection[int],
    ) -> T:
        if answer.status in accepted:
            try:
                return decode(answer)
            except (ValueError, RecursionError) as error:  # the latter: nested too deeply
                raise UnreadableAnswerError(
                    f"the body of its {answer.status} answer is not the expected JSON",
                    status=answer.status,
                ) from error
        if answer.status in RETRIED_STATUSES:
            raise BusyError(f"it answered {answer.status}", status=answer.status)
        raise unexpected_status(answer, request, self.connection.host)

    def _next_wait(
        self,
        schedule: Schedule,
        request: Request,
        error: RetryError,
        answer: Answer | None,
        began: float,
    ) -> float | None:
        """Return the seconds until the next attempt, or None when the budget is spent."""
        clock, now = self._clock, self._clock.now()
        header = answer.headers.get("retry-after") if answer else None
        retry_after = retry_after_seconds(header, clock.epoch())
        wait = schedule.next_wait(
            error, now=now, ran=now - began, retry_after=retry_after, random=clock.random()
        )
        if wait is not None:
            if error.status == TOO_MANY_REQUESTS:
                self._bucket.hold(min(retry_after, wait))
            logger.warning(
                "%s %s: %s; retrying in %.1f s (attempt %d)",
                request.method,
                request.path,
                error,
                wait,
                schedule.failures + 1,
            )
        return wait

    def _wait(self, seconds: float) -> None:
        if self._clock.wait(self._stop, seconds):
            raise Interrupted("asked to stop while a request waited")

    def seconds_ahead(self) -> float:
        """Return how far this machine's clock is ahead of the server's; 0 if that is not known.

        It is rounded up, so that a time without it is rather too early than too late.
        """
        ahead = 0.0 if self.began is None else self._made_epoch - self.began
        return ahead if ahead > CLOCK_SLACK_SECONDS else 0.0

    def until(self, stop: threading.Event) -> Transport:
        """Return a transport of the same connections and the same pace, with counts of its own.

        Args:
            stop: Ends every wait of it with `Interrupted` once it is set, and no wait of this one.
        """
        return Transport(
            self.connection, wire=self._wire, clock=self._clock, stop=stop, bucket=self._bucket
        )

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _clear_frames(error: BaseException | None) -> None:
    """Release what the frames of a failed attempt hold.

    The tracebacks of the error, and of the errors of urllib3 behind it, lead to frames that hold
    the request, and those frames hold the errors: cycles around a body of megabytes.
    """
    while error:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
