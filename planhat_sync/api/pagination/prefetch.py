"""Fetches the pages a walk wants, a few at once, and hands them over in order.

Owns threads, and decides nothing: which pages are wanted is the walk's affair, pace and retries
are the transport's.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from planhat_sync.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from planhat_sync.api.pagination.full_scan import PageRequest

T = TypeVar("T")

POLL_SECONDS = 0.1
"""How soon a wait notices that the run was asked to stop."""


class _Job(Generic[T]):
    """One page on its way."""

    def __init__(self, ask: PageRequest) -> None:
        self.ask = ask
        self.page: T | None = None
        self.error: BaseException | None = None
        self.ended = False
        self.dropped = False


class Prefetch(Generic[T]):
    """Pages in flight, in the order they were asked for.

    At most `concurrency` pages exist at any time: those being fetched, those that wait, and the
    one handed over last, which counts until the next is asked for. Only one thread may call
    `page`. The threads are daemons: a request that hangs cannot keep the process alive.

    Args:
        fetch: Gets the page for an ask; called from several threads.
        concurrency: Most pages at a time.
        stop: Set from anywhere to end every wait.
    """

    def __init__(
        self, fetch: Callable[[PageRequest], T], *, concurrency: int, stop: threading.Event
    ) -> None:
        self.concurrency = concurrency
        self._fetch = fetch
        self._stop = stop
        self._changed = threading.Condition()
        self._line: deque[_Job[T]] = deque()
        self._waiting: deque[_Job[T]] = deque()
        self._held = 0
        self._handed_over = False
        self._threads = 0
        self._closed = False

    def __enter__(self) -> Self:
        """Begin; threads start when they are needed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Drop everything in flight, without waiting for it."""
        with self._changed:
            self._closed = True
            self._drop_from(0)
            self._changed.notify_all()

    def page(self, asks: Sequence[PageRequest]) -> T:
        """Wait for the page of the first ask, while those of the others are fetched.

        Pages in flight that are not among the asks any more are dropped.

        Args:
            asks: What is needed now, then what will be needed if all goes well.

        Raises:
            Interrupted: The run was asked to stop.
            PlanhatError: The page could not be had.
        """
        with self._changed:
            self._let_go()
            kept = 0
            for job, ask in zip(self._line, asks, strict=False):
                if job.ask != ask:
                    break
                kept += 1
            self._drop_from(kept)
            for ask in asks[kept : self.concurrency]:
                self._start(ask)
            self._changed.notify_all()
            job = self._line[0]
            while not (job.ended or self._stop.is_set()):
                self._changed.wait(POLL_SECONDS)
            if self._stop.is_set():
                raise Interrupted("asked to stop while it waited for a page")
            self._line.popleft()
            self._handed_over = True
        if job.error is not None:
            raise job.error
        page, job.page = job.page, None
        return page  # type: ignore[return-value]  # a job that ended without an error has one

    def _let_go(self) -> None:
        if self._handed_over:
            self._handed_over = False
            self._held -= 1

    def _drop_from(self, position: int) -> None:
        while len(self._line) > position:
            job = self._line.pop()
            job.dropped = True
            if job.ended:
                job.page = None
                self._held -= 1
        self._waiting = deque(job for job in self._waiting if not job.dropped)

    def _start(self, ask: PageRequest) -> None:
        job: _Job[T] = _Job(ask)
        self._line.append(job)
        self._waiting.append(job)
        if self._threads < min(self.concurrency, len(self._line)):
            self._threads += 1
            threading.Thread(target=self._work, name="planhat-pages", daemon=True).start()

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            try:
                job.page = self._fetch(job.ask)
            except BaseException as error:  # noqa: BLE001 - handed to whoever asked for the page
                job.error = error
            with self._changed:
                job.ended = True
                if job.dropped:
                    job.page = None
                    self._held -= 1
                self._changed.notify_all()
            del job  # a thread that waits must not keep a page alive

    def _next_job(self) -> _Job[T] | None:
        with self._changed:
            while not self._closed:
                if self._waiting and self._held < self.concurrency:
                    self._held += 1
                    return self._waiting.popleft()
                self._changed.wait()
        return None
