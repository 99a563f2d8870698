"""Turns the records of Python's logging into messages on standard output."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from airbyte_planhat.messages import Log, write
from planhat_sync.runtime.stdout import OutputError

if TYPE_CHECKING:
    from airbyte_planhat.messages import Level


def log_to_messages(*, debug: bool) -> None:
    """Write all log records of the process as messages from now on.

    They have been redacted where they were made; see `planhat_sync.runtime.redacted_output`.

    Args:
        debug: Whether to write records of level DEBUG and tracebacks too.
    """
    root = logging.getLogger()
    root.handlers = [_MessageHandler()]
    root.setLevel(logging.DEBUG if debug else logging.INFO)


class _MessageHandler(logging.Handler):
    """Writes a log record as a message."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a log record; if nobody reads standard output, the run finds that itself."""
        debug = logging.getLogger().isEnabledFor(logging.DEBUG)
        trace = record.exc_text if debug else None
        with contextlib.suppress(OutputError):
            write(Log(_level_of(record.levelno), record.getMessage(), trace))


def _level_of(number: int) -> Level:
    if number >= logging.CRITICAL:
        return "FATAL"
    if number >= logging.ERROR:
        return "ERROR"
    if number >= logging.WARNING:
        return "WARN"
    if number >= logging.INFO:
        return "INFO"
    return "DEBUG" if number >= logging.DEBUG else "TRACE"
