"""How a plugin's run ends: the last line on standard error, and the exit code.

0 is done; 1 is failed, with one last line that says what is wrong and what to do; 128 and the
signal's number is stopped by a signal. A traceback is printed only at log level DEBUG, and never
a secret: while a run lasts, everything shown goes through `curtain`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING

from planhat_sync.errors import Interrupted, PlanhatError, StopError
from planhat_sync.runtime.foreign_errors import described
from planhat_sync.runtime.redacted_output import hide_secrets, redact_output
from planhat_sync.runtime.stdout import fill_closed_streams, guard

if TYPE_CHECKING:
    from collections.abc import Callable


class StoppedBySignal(Exception):  # noqa: N818 - not a failure: somebody asked for it
    """A run ended early because a signal asked for it, with everything in order.

    Args:
        signum: The signal's number.
        sentence: What is true now and what to do to go on.
    """

    def __init__(self, signum: int, sentence: str) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}: {sentence}")
        self.signum = signum


def run(plugin: str, body: Callable[[], object]) -> int:
    """Run a plugin to its end, whatever that is.

    Args:
        plugin: Name of the plugin; begins the last line.
        body: The whole run.

    Returns:
        The exit code.
    """
    has_output = fill_closed_streams()
    redact_output()
    guard()
    hide_secrets(sys.argv, os.environ)
    try:
        code = _finish(body, has_output=has_output)
    except StoppedBySignal as stopped:
        _last_line(plugin, str(stopped))
        code = 128 + stopped.signum
    except KeyboardInterrupt:
        _last_line(plugin, "stopped by SIGINT: run it again to go on from the last state")
        code = 128 + signal.SIGINT
    except BaseException as error:  # noqa: BLE001 - this is where every run ends
        if logging.getLogger(plugin).isEnabledFor(logging.DEBUG):
            _show("".join(traceback.format_exception(error)))
        _last_line(plugin, _sentence(error))
        code = 1
    _let_go_of_stderr()
    return code


def _finish(body: Callable[[], object], *, has_output: bool) -> int:
    """Run the body and return the code that it exits with."""
    if not has_output:
        raise StopError(
            "standard output is closed, so that nothing can be printed: "
            "send it to a pipe or a file, and run again"
        )
    code: object = 0
    try:
        body()
    except SystemExit as wish:
        code = wish.code or 0
    if isinstance(code, int):
        return code
    raise StopError(str(code))


def _sentence(error: BaseException) -> str:
    if isinstance(error, Interrupted):
        return "stopped while it waited: run it again to go on from the last state"
    if isinstance(error, PlanhatError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}: put that right and run again"
    return (
        f"unexpected {described(error)}; run again at log level DEBUG to see where, and report it"
    )


def _let_go_of_stderr() -> None:
    """Flush standard error, or point it at nothing if nobody takes what is left in it.

    Python flushes it once more on its way out, and would then complain and change the exit code.
    """
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stderr.fileno())
            os.close(nowhere)


def _last_line(plugin: str, sentence: str) -> None:
    _show(f"{plugin}: {' '.join(sentence.split())}\n")


def _show(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # nobody is left to read it
        sys.stderr.write(text)
        sys.stderr.flush()
