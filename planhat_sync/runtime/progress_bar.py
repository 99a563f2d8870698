"""Draws a progress bar on a terminal, below the log lines."""

from __future__ import annotations

import logging
import threading
from typing import Any, TextIO

from planhat_sync.runtime.stdout import descriptor_of
from planhat_sync.runtime.terminal import can_redraw, columns

_ERASE = "\r\x1b[2K"
_NARROW = 20  # columns; on a narrower terminal no bar is drawn
_FOR_MACHINES = ("METRIC: ", "Reader '", "Skipping parse of env var settings", "Summary: ")


class ProgressBar:
    """The last line of a terminal, and the stream through which log handlers print above it.

    Args:
        stream: The terminal.

    Attributes:
        can_redraw: Whether a line can be erased there.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._line = ""
        # What is not a terminal gets a bar only on request.
        self.can_redraw = can_redraw(stream) or not stream.isatty()
        self._erase = _ERASE if self.can_redraw else ""
        self._handlers: list[tuple[logging.StreamHandler[Any], Any]] = []

    def install(self) -> None:
        """Replace the terminal in every log handler that writes to it."""
        loggers = [
            logging.getLogger(),
            *map(logging.getLogger, list(logging.root.manager.loggerDict)),
        ]
        for handler in {h for logger in loggers for h in logger.handlers}:
            if isinstance(handler, logging.StreamHandler) and self._is_terminal(handler.stream):
                self._handlers.append((handler, handler.setStream(self)))
                handler.addFilter(_is_for_people)

    def remove(self) -> None:
        """Restore the log handlers, and erase the bar."""
        for handler, stream in self._handlers:
            handler.setStream(stream)
            handler.removeFilter(_is_for_people)
        with self._lock:
            self._stream.write(self._erase if self._line else "")
            self._stream.flush()
            self._line = ""

    def draw(self, line: str) -> None:
        """Redraw the bar, cut to the width of the terminal."""
        width = columns(self._stream) - 1
        if width < _NARROW:
            return
        with self._lock:
            self._line = line[:width]
            self._stream.write(self._erase + self._line)
            self._stream.flush()

    def write(self, text: str) -> int:
        """Print a log line above the bar."""
        with self._lock:
            self._stream.write(self._erase + text + self._line)
        return len(text)

    def flush(self) -> None:
        """Flush the terminal."""
        self._stream.flush()

    def _is_terminal(self, stream: Any) -> bool:  # noqa: ANN401 - whatever a handler writes to
        """Return whether a handler writes to the terminal, perhaps through another stream."""
        own = descriptor_of(self._stream)
        return stream is self._stream or (own is not None and descriptor_of(stream) == own)


def _is_for_people(record: logging.LogRecord) -> bool:
    """Return whether a log line is of interest to a person at a terminal; all warnings are."""
    return record.levelno != logging.INFO or not record.getMessage().startswith(_FOR_MACHINES)
