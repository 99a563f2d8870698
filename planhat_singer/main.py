"""Runs a plugin as a process: from its first line to the exit code."""

from __future__ import annotations

import logging
import pkgutil
import sys
from typing import TYPE_CHECKING, NoReturn

from planhat_sync.runtime.exits import run
from planhat_sync.runtime.memory import collect_seldom, keep_freed_memory, without_collector

if TYPE_CHECKING:
    from planhat_singer.plugin import PlanhatPlugin


def run_plugin(name: str, plugin: str) -> NoReturn:
    """Run a plugin from the command line, and exit with 0, 1 or 128 plus a signal's number.

    Args:
        name: The plugin's name.
        plugin: Module and class of the plugin, such as `tap_planhat.tap:TapPlanhat`. It is not
            imported before this call, so that an import that fails ends in one sentence too.
    """

    def body() -> None:
        with without_collector():
            from planhat_singer.command_line import run_command_line  # noqa: PLC0415 - as `plugin`

            loaded: type[PlanhatPlugin] = pkgutil.resolve_name(plugin)
        run_command_line(name, loaded.make_command)

    keep_freed_memory()
    collect_seldom()
    sys.exit(run(name, body, logs_failures=lambda: _shows_records(name)))


def _shows_records(name: str) -> bool:
    """Return whether errors are shown as records in JSON, as Meltano configures it.

    Meltano shows a line that is not one as information, also if it is that the run has failed. In
    a file alone, or below the level of the log, nobody would see why it has.

    Args:
        name: The plugin's name.
    """
    return logging.getLogger(name).isEnabledFor(logging.ERROR) and any(
        type(handler.formatter).__name__ == "StructuredFormatter"
        and isinstance(handler, logging.StreamHandler)
        and not isinstance(handler, logging.FileHandler)
        and handler.level <= logging.ERROR
        for handler in logging.getLogger().handlers
    )
