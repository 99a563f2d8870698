"""How long records wait to be sent although their batches are not full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from planhat_sync.runtime.clock import Clock


class Pauses(NamedTuple):
    """When records are sent although their batches are not full.

    Attributes:
        idle_seconds: After this many seconds without input, so that its state can be printed.
        longest_wait_seconds: A record waits no longer than this, however slowly others come.
    """

    idle_seconds: float = 5.0
    longest_wait_seconds: float = 60.0


USUAL_PAUSES: Final = Pauses()


class WaitingTime:
    """The time since the oldest waiting record came.

    Args:
        longest_seconds: How long records may wait while others keep coming.
        clock: The time.
    """

    def __init__(self, longest_seconds: float, clock: Clock) -> None:
        self._longest_seconds = longest_seconds
        self._clock = clock
        self._since: float | None = None

    def is_over(self, *, is_anything: bool, is_idle: bool) -> bool:
        """Return whether what waits has to be sent now.

        Args:
            is_anything: Whether any record waits.
            is_idle: Whether the input is idle, so that nothing will fill the batches.
        """
        if not is_anything:
            self._since = None
            return False
        now = self._clock.now()
        if self._since is None:
            self._since = now
        if not is_idle and now - self._since <= self._longest_seconds:
            return False
        self._since = None
        return True
