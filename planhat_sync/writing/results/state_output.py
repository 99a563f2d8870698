"""The states that a run prints: bare values, one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.errors import StopError
from planhat_sync.runtime import stdout

if TYPE_CHECKING:
    from planhat_sync.runtime.signals import Stop


class OutputError(StopError):
    """Whatever reads standard output does not, any more."""


class StateOutput:
    """Where states are printed.

    Args:
        stop: Keeps a second signal from cutting a line in half.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def print(self, state: bytes) -> None:
        """Print a state, whole.

        Args:
            state: Its JSON; line ends between its parts are left out.

        Raises:
            OutputError: Nobody takes it.
        """
        line = state.replace(b"\r", b"").replace(b"\n", b"") + b"\n"
        try:
            with self._stop.printing:
                stdout.write([line])
        except OSError as error:
            raise OutputError(
                f"standard output cannot be written to ({error.strerror}): look at what reads it, "
                "then run again from the last state"
            ) from error
