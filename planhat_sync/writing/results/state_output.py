"""The states that a run prints: bare values, one a line."""

from __future__ import annotations

from planhat_sync.errors import StopError
from planhat_sync.runtime import stdout


class OutputError(StopError):
    """Whatever reads standard output does not, any more."""


class StateOutput:
    """Where states are printed."""

    def print(self, state: bytes) -> None:
        """Print a state, whole.

        Args:
            state: Its JSON; line ends between its parts are left out.

        Raises:
            OutputError: Nobody takes it.
        """
        line = state.replace(b"\r", b"").replace(b"\n", b"") + b"\n"
        try:
            stdout.write([line])
        except OSError as error:
            raise OutputError(
                f"standard output cannot be written to ({error.strerror}): look at what reads it, "
                "then run again from the last state"
            ) from error
