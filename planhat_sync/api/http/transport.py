"""Gets a whole answer to each request: pacing, counting and the access log; `attempts` repeats."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, TypeVar

from planhat_sync.api.http.attempts import Attempts
from planhat_sync.api.http.bodies import LARGEST_BODY_BYTES
from planhat_sync.api.http.clock import Clock
from planhat_sync.api.http.rate_limit import TokenBucket
from planhat_sync.api.http.wire import Wire
from planhat_sync.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from typing_extensions import Self

    from planhat_sync.api.connection import Connection
    from planhat_sync.api.http.retry import Repeat
    from planhat_sync.exchange import Answer, Request

T = TypeVar("T")

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
        requests: How many requests were made, those included that found no connection.
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
        return Attempts(self, self._clock, request, read, taken, repeat, budget_seconds).make()

    def wait(self, seconds: float) -> None:
        """Wait, unless the run is asked to stop.

        Raises:
            Interrupted: It is.
        """
        if self._clock.wait(self._stop, seconds):
            raise Interrupted("asked to stop while it waited")

    def exchange(self, request: Request, *, again: bool, fresh: bool = False) -> Answer:
        """Send a request once, in its turn.

        Args:
            request: What is asked.
            again: Whether it has been sent before.
            fresh: Whether it needs a connection of its own.
        """
        self.wait(self._bucket.reserve())
        with self._counting:
            self.requests += 1
            self.retries += again
        began = self._clock.now()
        status: int | str = "no answer"
        try:
            answer = self._wire.exchange(request, fresh=fresh)
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
