"""Fetches what is requested, such as the pages of a scan, several at once and in order.

Owns the threads, and decides nothing: the scan decides which pages are wanted, and the transport
paces and repeats.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from planhat_sync.errors import Interrupted
from planhat_sync.runtime.threads import Threads

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

R = TypeVar("R")
T = TypeVar("T")

POLL_SECONDS = 0.1
"""How soon a wait notices that the run was asked to stop."""


class _Job(Generic[R, T]):
    """One page that is requested."""

    def __init__(self, request: R) -> None:
        self.request = request
        self.page: T | None = None
        self.error: BaseException | None = None
        self.ended = False
        self.dropped = False


class Prefetch(Generic[R, T]):
    """Pages in flight, in the order of their requests.

    At most `concurrency` pages exist at any time: those being fetched, those that are ready, and
    the one returned last, which counts until the next is asked for. Only one thread may call
    `page`. The threads are daemons: a request that hangs cannot keep the process alive.

    Args:
        fetch: Fetches a page; called from several threads.
        concurrency: Maximum number of pages at a time.
        stop: Set from anywhere to end every wait.
        threads: Starts threads, and lets them wait.
    """

    def __init__(
        self,
        fetch: Callable[[R], T],
        *,
        concurrency: int,
        stop: threading.Event,
        threads: Threads | None = None,
    ) -> None:
        self.concurrency = concurrency
        self._fetch = fetch
        self._stop = stop
        self._threads = threads or Threads()
        self._changed = self._threads.condition()
        self._jobs: deque[_Job[R, T]] = deque()
        self._not_started: deque[_Job[R, T]] = deque()
        self._pages = 0
        self._last_page_counts = False
        self._started = 0
        self._closed = False

    def __enter__(self) -> Self:
        """Start nothing yet; threads start when they are needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Drop everything in flight, without waiting for it."""
        with self._changed:
            self._closed = True
            self._drop_from(0)
            self._changed.notify_all()

    def page(self, requests: Sequence[R]) -> T:
        """Return the page of the first request, while those of the others are fetched.

        Pages in flight that are not requested any more are dropped.

        Args:
            requests: What is needed now, then what will be needed if no row moves.

        Raises:
            Interrupted: The run was asked to stop.
            PlanhatError: The page could not be fetched.
        """
        with self._changed:
            self._release_last_page()
            kept = 0
            for job, request in zip(self._jobs, requests, strict=False):
                if job.request != request:
                    break
                kept += 1
            self._drop_from(kept)
            for request in requests[kept : self.concurrency]:
                self._start(request)
            self._changed.notify_all()
            job = self._jobs[0]
            while not (job.ended or self._stop.is_set()):
                self._changed.wait(POLL_SECONDS)
            if self._stop.is_set():
                raise Interrupted("asked to stop while it waited for a page")
            self._jobs.popleft()
            self._last_page_counts = True
        if job.error is not None:
            raise job.error
        page, job.page = job.page, None
        return page  # type: ignore[return-value]  # a job that ended without an error has a page

    def _release_last_page(self) -> None:
        if self._last_page_counts:
            self._last_page_counts = False
            self._pages -= 1

    def _drop_from(self, index: int) -> None:
        while len(self._jobs) > index:
            job = self._jobs.pop()
            job.dropped = True
            if job.ended:
                job.page = None
                self._pages -= 1
        self._not_started = deque(job for job in self._not_started if not job.dropped)

    def _start(self, request: R) -> None:
        job: _Job[R, T] = _Job(request)
        self._jobs.append(job)
        self._not_started.append(job)
        if self._started < min(self.concurrency, len(self._jobs)):
            self._started += 1
            self._threads.start(self._work, "planhat-pages")

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            try:
                job.page = self._fetch(job.request)
            except BaseException as error:  # noqa: BLE001 - raised where the page is asked for
                job.error = error
            with self._changed:
                job.ended = True
                if job.dropped:
                    job.page = None
                    self._pages -= 1
                self._changed.notify_all()
            del job  # a thread that waits must not keep a page alive

    def _next_job(self) -> _Job[R, T] | None:
        with self._changed:
            while not self._closed:
                if self._not_started and self._pages < self.concurrency:
                    self._pages += 1
                    return self._not_started.popleft()
                self._changed.wait()
        return None
