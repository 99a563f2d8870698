"""Turns the records of Python's logging into messages on standard output."""

from __future__ import annotations

import logging
from typing import Final

from airbyte_planhat.messages import printable, write
from planhat_sync.runtime.stdout import OutputError

_LEVELS: Final = {
    logging.CRITICAL: "FATAL",
    logging.ERROR: "ERROR",
    logging.WARNING: "WARN",
    logging.INFO: "INFO",
    logging.DEBUG: "DEBUG",
}


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
        """Write a log record; if nobody reads standard output, the run notices that itself.

        Args:
            record: The log record.
        """
        try:
            text = printable(record.getMessage())
            content = {"level": _level_of(record.levelno), "message": text}
            if record.exc_text and logging.getLogger().isEnabledFor(logging.DEBUG):
                content["stack_trace"] = printable(record.exc_text)
            write("LOG", content)
        except OutputError:
            pass
        except Exception:  # noqa: BLE001 - as logging asks of every handler
            self.handleError(record)


def _level_of(number: int) -> str:
    """Return Airbyte's name of a level; a level between two of Python's has that of the lower."""
    return next((name for least, name in _LEVELS.items() if number >= least), "TRACE")
