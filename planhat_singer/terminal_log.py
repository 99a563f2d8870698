"""The log on a terminal: short lines, without what only log collectors need.

Elsewhere the log has the SDK's form, which Meltano and others know.
"""

from __future__ import annotations

import logging
import sys

from singer_sdk.logging import ConsoleFormatter

from planhat_sync.runtime.terminal import TextStyle

METRICS = "singer_sdk.metrics"


def shorten_log_on_terminal(plugin: str) -> None:
    """Shorten the lines of the SDK's handlers if standard error is a terminal.

    Args:
        plugin: Name of the plugin, since a pipe's programs share a terminal.
    """
    style = TextStyle.of(sys.stderr)
    if not style.is_terminal:
        return
    for handler in logging.getLogger().handlers:
        # A configuration of the user's own (SINGER_SDK_LOG_CONFIG) has made other formatters.
        if type(handler.formatter) is ConsoleFormatter:
            handler.setFormatter(TerminalFormatter(plugin, style))
            handler.addFilter(_is_for_people)


class TerminalFormatter(logging.Formatter):
    """Formats a record as time, plugin and message, with the level unless it is INFO.

    Args:
        plugin: Name of the plugin.
        style: How text is formatted; warnings and errors are red.
    """

    def __init__(self, plugin: str, style: TextStyle) -> None:
        super().__init__(datefmt="%H:%M:%S")
        self._plugin = plugin
        self._text_style = style

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line of a record."""
        style, level = self._text_style, f"{record.levelname} "
        if record.levelno >= logging.WARNING:
            level = style.error(level)
        parts = [
            f"{style.dim(self.formatTime(record, self.datefmt))} ",
            "" if record.message.startswith(self._plugin) else f"{self._plugin}: ",
            "" if record.levelno == logging.INFO else level,
            record.message,
        ]
        return "".join(parts)


def _is_for_people(record: logging.LogRecord) -> bool:
    return record.name != METRICS or record.levelno > logging.INFO
