"""Show a person that a run moves: a line that redraws itself, or a plain line now and then.

Owns the progress line on standard error and nothing else: it counts nothing itself but asks for a
snapshot. On a terminal one line is redrawn five times a second, and log lines are printed above
it; elsewhere a log line appears every ten seconds. Standard output is never touched.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from planhat_sync.runtime.plural import counted
from planhat_sync.runtime.terminal import can_redraw, columns

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

PROGRESS_SETTING: dict[str, Any] = {
    "type": "string",
    "enum": ["auto", "bar", "lines", "none"],
    "default": "auto",
    "title": "Progress",
    "description": (
        "How standard error shows that a run moves. auto: a bar when standard error is a "
        "terminal, else a log line every ten seconds; a tap whose standard output is a pipe "
        "shows none and leaves the terminal to the target."
    ),
}
"""JSON Schema of the setting `progress`, the same in both plugins."""

FIRST_DRAW_SECONDS = 1.5  # until the tap in front of a target has said its first words
REDRAW_SECONDS = 0.2
LINE_SECONDS = 10.0
_ERASE = "\r\x1b[2K"
_NARROW = 20  # columns; below this a status line only harms
_FOR_MACHINES = ("METRIC: ", "Reader '", "Skipping parse of env var settings", "Summary: ")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a run has done so far.

    Attributes:
        records: Records read: from Planhat by the tap, from its input by the target.
        steps: Pages or batches that are done.
        step_name: `page` or `batch`.
        retries: Requests that were sent again.
    """

    records: int
    steps: int
    step_name: str
    retries: int


def choose_mode(setting: str, *, stderr_is_terminal: bool, leave_terminal_to_target: bool) -> str:
    """Decide how progress is shown.

    Args:
        setting: The setting `progress`.
        stderr_is_terminal: Whether standard error is a terminal.
        leave_terminal_to_target: Whether this is a tap whose standard output is a pipe.

    Returns:
        `bar`, `lines` or `none`.
    """
    if setting != "auto":
        return setting
    if leave_terminal_to_target:
        return "none"
    return "bar" if stderr_is_terminal else "lines"


def progress_line(now: Snapshot, *, seconds: float, rate: float) -> str:
    """Say in one line what a run has done.

    Args:
        now: The counts.
        seconds: Seconds since the run began.
        rate: Records a second, lately.

    Returns:
        The line, without a line end.
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    parts = [
        f"{counted(now.records, 'record')} read",
        f"{rate:,.0f}/s",
        counted(now.steps, now.step_name),
        *([counted(now.retries, "retry")] if now.retries else []),
        clock,
    ]
    return "  ".join(parts)


class Progress:
    """Shows progress for as long as the context lasts.

    Args:
        plugin: What the line begins with: name of the plugin.
        snapshot: Gives the counts; called from a thread of its own.
        mode: `bar`, `lines` or `none` (see `choose_mode`).
        logger: Where the plain lines go.
        stream: Where the bar is drawn; standard error.
    """

    def __init__(
        self,
        plugin: str,
        snapshot: Callable[[], Snapshot],
        *,
        mode: str,
        logger: logging.Logger,
        stream: TextIO | None = None,
    ) -> None:
        self._plugin = plugin
        self._snapshot = snapshot
        self._mode = mode
        self._logger = logger
        self._stream = stream if stream is not None else sys.stderr
        self._began = self._last = time.monotonic()
        self._last_records = 0
        self._rate = 0.0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._above: _AboveTheBar | None = None

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._mode == "bar" or (self._mode == "none" and self._stream.isatty()):
            # Also without a bar of our own: the target's may stand where our log lines go.
            self._above = _AboveTheBar(self._stream)
            self._above.install()
        if self._mode == "none":
            return self
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and leave the terminal as it was found."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout=1)
        if self._above is not None:
            self._above.remove()

    def _run(self) -> None:
        bar = self._above if self._above is not None and self._above.can_redraw else None
        pause = FIRST_DRAW_SECONDS if bar else LINE_SECONDS
        while not self._over.wait(pause):
            pause = REDRAW_SECONDS if bar else LINE_SECONDS
            line = f"{self._plugin}: {self._line()}"
            if bar is not None:
                bar.draw(line)
            else:
                self._logger.info("%s", line)

    def _line(self) -> str:
        now, at = self._snapshot(), time.monotonic()
        if at - self._last >= 1 or not self._rate:
            self._rate = (now.records - self._last_records) / max(at - self._last, 1e-9)
            self._last, self._last_records = at, now.records
        return progress_line(now, seconds=at - self._began, rate=self._rate)


class _AboveTheBar:
    """Stands in for standard error in the log handlers, so that log lines go above the bar.

    Args:
        stream: The terminal.

    Attributes:
        can_redraw: Whether a line can be erased there.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._line = ""
        self.can_redraw = can_redraw(stream) or not stream.isatty()  # no terminal: asked for
        self._erase = _ERASE if self.can_redraw else ""
        self._handlers: list[tuple[logging.StreamHandler[Any], Any]] = []

    def install(self) -> None:
        """Take the place of the terminal in every handler that writes to it."""
        loggers = [
            logging.getLogger(),
            *map(logging.getLogger, list(logging.root.manager.loggerDict)),
        ]
        for handler in {h for logger in loggers for h in logger.handlers}:
            if isinstance(handler, logging.StreamHandler) and self._is_mine(handler.stream):
                self._handlers.append((handler, handler.setStream(self)))
                handler.addFilter(_is_for_people)

    def remove(self) -> None:
        """Give the terminal back and erase the bar."""
        for handler, stream in self._handlers:
            handler.setStream(stream)
            handler.removeFilter(_is_for_people)
        with self._lock:
            self._stream.write(self._erase if self._line else "")
            self._stream.flush()
            self._line = ""

    def _is_mine(self, stream: Any) -> bool:  # noqa: ANN401 - whatever a handler writes to
        """Tell whether a handler writes to the terminal, perhaps through a stream of its own."""
        try:
            return stream is self._stream or stream.fileno() == self._stream.fileno()
        except (AttributeError, OSError, ValueError):
            return False

    def draw(self, line: str) -> None:
        """Draw the bar anew, cut to the terminal's width."""
        width = columns(self._stream) - 1
        if width < _NARROW:
            return
        with self._lock:
            self._line = line[:width]
            self._stream.write(self._erase + self._line)
            self._stream.flush()

    def write(self, text: str) -> int:
        """Write a log line above the bar."""
        with self._lock:
            self._stream.write(self._erase + text + self._line)
        return len(text)

    def flush(self) -> None:
        """Flush the terminal."""
        self._stream.flush()


def _is_for_people(record: logging.LogRecord) -> bool:
    """Tell whether a log line says something to a person at a terminal; all warnings do."""
    return record.levelno != logging.INFO or not record.getMessage().startswith(_FOR_MACHINES)
