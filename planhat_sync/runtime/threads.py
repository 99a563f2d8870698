"""Threads and what they wait for, in one object that a simulation can replace."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor, Future

T = TypeVar("T")


class Condition(AbstractContextManager[Any], Protocol):
    """What a run uses of `threading.Condition`."""

    def wait(self, timeout: float | None = None) -> bool:
        """Release the lock until `notify_all` is called; return False if the time was over."""
        ...

    def notify_all(self) -> None:
        """Wake all threads that wait."""
        ...


class Threads:
    """The threads of this process.

    A simulation overrides all methods, so that it decides which thread runs. That needs only those
    locks that may be held across a request or a wait; all others stay `threading.Lock`.
    """

    def lock(self) -> AbstractContextManager[Any]:
        """Return a lock that may be held across a request or a wait."""
        return threading.Lock()

    def condition(self) -> Condition:
        """Return a condition with a lock of its own."""
        return threading.Condition()

    def start(self, work: Callable[[], object], name: str) -> None:
        """Start a thread that does not keep the process alive.

        Args:
            work: What it does.
            name: Its name.
        """
        threading.Thread(target=work, name=name, daemon=True).start()

    def pool(self, count: int, name: str) -> Executor:
        """Return threads that start when they are needed.

        Args:
            count: Maximum number of them.
            name: What their names begin with.
        """
        return ThreadPoolExecutor(count, name)

    def wait(self, futures: Iterable[Future[T]], seconds: float | None = None) -> set[Future[T]]:
        """Wait until work that was submitted to a pool is done, at least one piece of it.

        Args:
            futures: The work.
            seconds: How long to wait at most; None for as long as it takes.

        Returns:
            What is done; empty if the time was over before.
        """
        return wait(futures, seconds, FIRST_COMPLETED).done
