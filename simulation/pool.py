"""The threads of a pool of one life, whose threads pass a baton."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.baton import Baton


class SimulatedPool(Executor):
    """The threads of a pool of one life.

    Args:
        baton: All threads of the life.
        count: Maximum number of threads.
        name: What their names begin with.
    """

    def __init__(self, baton: Baton, count: int, name: str) -> None:
        self._baton = baton
        self._count = count
        self._name = name
        self._queue: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._idle = 0
        self._threads = 0
        self._alive = 0
        self._closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 - as Executor has it
        """Have something done by one of the threads.

        Args:
            fn: What is done.
            args: Its arguments.
            kwargs: Its arguments by name.
        """
        baton = self._baton
        baton.check()
        future: Future[Any] = Future()
        self._queue.append((future, lambda: fn(*args, **kwargs)))
        if len(self._queue) > self._idle and self._threads < self._count:
            self._threads += 1
            self._alive += 1
            baton.start(self._work, f"{self._name}_{self._threads - 1}")
        else:
            baton.pause()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as Executor has it
        """End the threads, once each has finished its work.

        Args:
            wait: Whether to wait for them.
            cancel_futures: Whether what has not begun is not done any more.
        """
        self._baton.check()
        if cancel_futures:
            for future, _ in self._queue:
                future.cancel()
            self._queue.clear()
        self._closed = True
        if wait:
            self._baton.pause(lambda: not self._alive)

    def _work(self) -> None:
        baton = self._baton
        try:
            while True:
                if not self._queue:
                    self._idle += 1
                    baton.pause(lambda: bool(self._queue) or self._closed)
                    self._idle -= 1
                if not self._queue:
                    if self._closed:
                        return
                    continue
                future, work = self._queue.popleft()
                future.set_running_or_notify_cancel()
                try:
                    result = work()
                except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
                    baton.check()
                    future.set_exception(error)
                else:
                    future.set_result(result)
                baton.pause()
        finally:
            self._alive -= 1
