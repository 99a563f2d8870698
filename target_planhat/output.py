"""Standard output: bare state values, one a line, and nothing else, ever.

For the length of a run everything else that would be printed there (by a library, by C code, by a
debugger) goes to standard error instead: one stray line makes an orchestrator lose the state.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from planhat_api.errors import StopError
from planhat_console.descriptor import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_planhat.signals import Stop


class OutputError(StopError):
    """Whatever reads standard output does not, any more."""


class StateOutput:
    """Where states are printed.

    Args:
        stop: Keeps a second signal from cutting a line in half.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._descriptor: int | None = None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep standard output to states for as long as the context lasts.

        Without it states go to `sys.stdout` as it is, which is what tests capture.
        """
        sys.stdout.flush()
        before = sys.stdout
        self._descriptor = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        try:
            yield
        finally:
            sys.stdout = before
            os.dup2(self._descriptor, 1)
            os.close(self._descriptor)
            self._descriptor = None

    def print(self, state: bytes) -> None:
        """Print a state, whole.

        Args:
            state: Its JSON; line ends between its parts are left out.

        Raises:
            OutputError: Nobody takes it.
        """
        line = state.replace(b"\r", b"").replace(b"\n", b"") + b"\n"
        try:
            self._write(line)
        except OSError as error:
            raise OutputError(
                f"standard output cannot be written to ({error.strerror}): look at what reads it, "
                "then run again from the last state"
            ) from error

    def _write(self, line: bytes) -> None:
        with self._stop.printing:
            if self._descriptor is None:
                sys.stdout.write(line.decode())
                sys.stdout.flush()
                return
            write_whole(self._descriptor, [line])
