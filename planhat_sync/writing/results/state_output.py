"""The states that a run prints: bare values, one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.runtime import stdout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class StateOutput:
    """Prints states.

    Args:
        write: Writes lines to standard output.
    """

    def __init__(self, write: Callable[[Sequence[bytes]], None] = stdout.write) -> None:
        self._write = write

    def print(self, state: bytes) -> None:
        """Print a state as one line.

        Args:
            state: Its JSON; line ends between its parts are left out.

        Raises:
            OutputError: It cannot be written.
        """
        line = state.replace(b"\r", b"").replace(b"\n", b"") + b"\n"
        self._write([line])
