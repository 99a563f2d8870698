"""How a plugin's run ends: the last line on standard error, and the exit code.

The exit code is 0 if the run is done, 1 if it failed, and 128 plus a signal's number if that signal
stopped it. After a failure the last line says what is wrong and what to do, and where
docs/troubleshooting.md says more; on a terminal it is red. A traceback is printed only at log level
DEBUG. Everything that is printed goes through `redacted_output`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, NoReturn

from planhat_sync.errors import Interrupted, PlanhatError, Section
from planhat_sync.runtime.foreign_errors import describe_error
from planhat_sync.runtime.redacted_output import redact_output, register_secrets
from planhat_sync.runtime.stdout import OutputError, fill_closed_streams, guard
from planhat_sync.runtime.terminal import TextStyle, printable
from planhat_sync.runtime.troubleshooting import reference

if TYPE_CHECKING:
    from collections.abc import Callable


class StoppedBySignal(Exception):  # noqa: N818 - requested, so not a failure
    """A run ended early and in order, because of a signal.

    Args:
        signum: The signal's number.
        sentence: What has been done, and how to continue.
    """

    def __init__(self, signum: int, sentence: str) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}: {sentence}")
        self.signum = signum


def run(
    plugin: str, body: Callable[[], object], *, logs_failures: Callable[[], bool] = bool
) -> int:
    """Run a plugin, and turn every way in which it ends into an exit code and a last line.

    Args:
        plugin: Name of the plugin, with which the last line begins.
        body: The run.
        logs_failures: Returns whether the last line of a failure is a log record, with the level
            ERROR, because whoever reads standard error reads records.

    Returns:
        The exit code.
    """
    has_output = fill_closed_streams()
    redact_output()
    guard()
    register_secrets(sys.argv, os.environ)
    code = 0
    try:
        (body if has_output else _fail_without_output)()
    except SystemExit as request:
        if isinstance(request.code, str):  # `sys.exit` with a message
            _print_failure(plugin, request.code, Section.OUTPUT, as_record=logs_failures())
            code = 1
        else:
            code = request.code or 0
    except (StoppedBySignal, KeyboardInterrupt) as stopped:
        _print_last_line(plugin, f"{sentence_of(stopped)} {reference(Section.OUTPUT)}")
        code = 128 + (stopped.signum if isinstance(stopped, StoppedBySignal) else signal.SIGINT)
    except BaseException as error:  # noqa: BLE001 - this is where every run ends
        if logging.getLogger(plugin).isEnabledFor(logging.DEBUG):
            _print("".join(traceback.format_exception(error)))
        section = error.section if isinstance(error, PlanhatError) else Section.OUTPUT
        _print_failure(plugin, sentence_of(error), section, as_record=logs_failures())
        code = 1
    _flush_stderr()
    return code


def sentence_of(error: BaseException) -> str:
    """Return what an error that ended a run says to the user.

    Args:
        error: What was raised, other than a `SystemExit`.
    """
    if isinstance(error, KeyboardInterrupt):
        return "stopped by SIGINT: run again from the last state"
    if isinstance(error, Interrupted):
        return "stopped while it waited: run again from the last state"
    if isinstance(error, (PlanhatError, StoppedBySignal)):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}: correct that and run again"
    return (
        f"unexpected {describe_error(error)}; "
        "run again at log level DEBUG to see where, and report it"
    )


def _fail_without_output() -> NoReturn:
    raise OutputError(
        "standard output is closed, so that nothing can be printed: redirect it to a pipe or a "
        "file, and run again"
    )


def _flush_stderr() -> None:
    """Flush standard error, or redirect it to the null device if it cannot be written to.

    Python flushes it again when the process exits, and would change the exit code on an error.
    """
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, sys.stderr.fileno())
            os.close(null)


def _print_failure(plugin: str, sentence: str, section: Section, *, as_record: bool) -> None:
    explained = f"{sentence} {reference(section)}"
    if as_record:
        logging.getLogger(plugin).error("%s", _one_line(explained))
    else:
        _print_last_line(plugin, explained, TextStyle.of(sys.stderr).error)


def _print_last_line(plugin: str, sentence: str, styled: Callable[[str], str] = str) -> None:
    _print(styled(f"{plugin}: {_one_line(sentence)}") + "\n")


def _one_line(sentence: str) -> str:
    return printable(" ".join(sentence.split()))


def _print(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # nobody reads it
        sys.stderr.write(text)
        sys.stderr.flush()
