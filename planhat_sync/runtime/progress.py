"""Shows the progress of a run on standard error: as a bar on a terminal, elsewhere as log lines.

Counts nothing itself, but asks for a snapshot: five times a second for a bar, every ten seconds
for a log line.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from planhat_sync.runtime.clock import Clock
from planhat_sync.runtime.plural import counted
from planhat_sync.runtime.progress_bar import ProgressBar
from planhat_sync.runtime.threads import Threads

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from typing_extensions import Self

PROGRESS_SETTING: dict[str, Any] = {
    "type": "string",
    "enum": ["auto", "bar", "lines", "none"],
    "default": "auto",
    "title": "Progress",
    "description": (
        "How progress is shown on standard error. auto: a bar if standard error is a terminal, "
        "otherwise a log line every ten seconds; a tap whose standard output is a pipe shows "
        "none, and leaves the terminal to the target."
    ),
}
"""JSON Schema of the setting `progress`, the same in both plugins."""

FIRST_DRAW_SECONDS = 1.5  # after the first log lines of a tap that shares the terminal
REDRAW_SECONDS = 0.2
LINE_SECONDS = 10.0
LONGEST_DRAW_SECONDS = 1.0  # a terminal may be stopped


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The progress of a run.

    Attributes:
        records: Records that were read, from Planhat by the tap, from its input by the target.
        steps: Pages or batches that are done.
        step_name: `page` or `batch`.
        retries: Requests that were retried.
    """

    records: int
    steps: int
    step_name: str
    retries: int


def choose_mode(setting: str, *, is_terminal: bool, leave_terminal_to_target: bool) -> str:
    """Return how progress is shown.

    Args:
        setting: The setting `progress`.
        is_terminal: Whether standard error is a terminal.
        leave_terminal_to_target: Whether this is a tap whose standard output is a pipe.

    Returns:
        `bar`, `lines` or `none`.
    """
    if setting != "auto":
        return setting
    if leave_terminal_to_target:
        return "none"
    return "bar" if is_terminal else "lines"


def progress_line(now: Snapshot, *, seconds: float, rate: float) -> str:
    """Return the progress of a run as one line.

    Args:
        now: The counts.
        seconds: Seconds since the start of the run.
        rate: Current records per second.

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
        plugin: Name of the plugin, with which the line begins.
        snapshot: Returns the counts; called from a separate thread.
        setting: The setting `progress`.
        logger: Gets the log lines.
        stream: Where the bar is drawn; standard error if None.
        leave_terminal_to_target: Whether this is a tap whose standard output is a pipe.
        clock: The time.
        threads: Starts the thread that shows progress.
    """

    def __init__(
        self,
        plugin: str,
        snapshot: Callable[[], Snapshot],
        *,
        setting: str,
        logger: logging.Logger,
        stream: TextIO | None = None,
        leave_terminal_to_target: bool = False,
        clock: Clock | None = None,
        threads: Threads | None = None,
    ) -> None:
        self._plugin = plugin
        self._snapshot = snapshot
        self._logger = logger
        self._stream = stream if stream is not None else sys.stderr
        self._mode = choose_mode(
            setting,
            is_terminal=self._stream.isatty(),
            leave_terminal_to_target=leave_terminal_to_target,
        )
        self._clock = clock or Clock()
        self._threads = threads or Threads()
        self._began = self._last = self._clock.now()
        self._last_records = 0
        self._rate = 0.0
        self._over = threading.Event()
        self._ended = threading.Event()
        self._bar: ProgressBar | None = None

    def __enter__(self) -> Self:
        """Start to show progress."""
        if self._mode == "bar" or (self._mode == "none" and self._stream.isatty()):
            # Without a bar too, since the target may draw its own on the same terminal.
            self._bar = ProgressBar(self._stream)
            self._bar.install()
        if self._mode != "none":
            self._threads.start(self._run, "progress")
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and restore the terminal."""
        self._over.set()
        if self._mode != "none":
            self._clock.wait(self._ended, LONGEST_DRAW_SECONDS)
        if self._bar is not None:
            self._bar.remove()

    def _run(self) -> None:
        try:
            self._show()
        finally:
            self._ended.set()

    def _show(self) -> None:
        bar = self._bar if self._bar is not None and self._bar.can_redraw else None
        pause = FIRST_DRAW_SECONDS if bar else LINE_SECONDS
        while not self._clock.wait(self._over, pause):
            pause = REDRAW_SECONDS if bar else LINE_SECONDS
            line = f"{self._plugin}: {self._line()}"
            if bar is not None:
                bar.draw(line)
            else:
                self._logger.info("%s", line)

    def _line(self) -> str:
        now, at = self._snapshot(), self._clock.now()
        if at - self._last >= 1 or not self._rate:
            self._rate = (now.records - self._last_records) / max(at - self._last, 1e-9)
            self._last, self._last_records = at, now.records
        return progress_line(now, seconds=at - self._began, rate=self._rate)
