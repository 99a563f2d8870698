"""Locks and conditions of one life, whose threads pass a baton."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

    from simulation.baton import Baton

POLL_SECONDS = 1.0
"""A shorter wait for other threads is a poll, for which alone time does not move."""


class SimulatedLock:
    """A lock of one life.

    Args:
        baton: Its threads.
    """

    def __init__(self, baton: Baton) -> None:
        self._baton = baton
        self._is_held = False

    def __enter__(self) -> Self:
        """Let others run, then wait until it is free."""
        self._baton.pause()
        while self._is_held:
            self._baton.pause(self._is_free)
        self._is_held = True
        return self

    def __exit__(self, *_: object) -> None:
        self._is_held = False

    def _is_free(self) -> bool:
        return not self._is_held


class SimulatedCondition(SimulatedLock):
    """A condition of one life, with a lock of its own."""

    def __init__(self, baton: Baton) -> None:
        super().__init__(baton)
        self._notices = 0

    def wait(self, timeout: float | None = None) -> bool:
        """Release the lock until `notify_all` is called; return False if the time was over.

        Args:
            timeout: Seconds; None for as long as it takes.
        """
        seen = self._notices
        baton = self._baton
        deadline = None if timeout is None else baton.now + timeout
        self._is_held = False
        was_notified = baton.pause(
            lambda: self._notices != seen,
            deadline,
            polls=timeout is not None and timeout < POLL_SECONDS,
        )
        while self._is_held:
            baton.pause(self._is_free)
        self._is_held = True
        return was_notified

    def notify_all(self) -> None:
        """Wake all threads that wait."""
        self._notices += 1
