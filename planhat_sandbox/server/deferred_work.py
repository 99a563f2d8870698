"""Work that runs after a delay, in separate threads, unless the sandbox closes first."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class DeferredWork:
    """Functions that wait for their time. Thread-safe.

    Args:
        wait: Waits for a number of seconds; returns True if the sandbox closes meanwhile.
    """

    def __init__(self, wait: Callable[[float], bool]) -> None:
        self._wait = wait
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self, seconds: float, work: Callable[[], object]) -> None:
        """Run a function later.

        Args:
            seconds: How long to wait first.
            work: The function; it is not called if the sandbox closes before.
        """

        def run() -> None:
            if not self._wait(seconds):
                work()

        thread = threading.Thread(target=run, daemon=True)
        with self._lock:
            self._threads = [other for other in self._threads if other.is_alive()]
            self._threads.append(thread)
            thread.start()

    def settle(self) -> None:
        """Wait until all work started so far has run or has been dropped."""
        with self._lock:
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.join()
