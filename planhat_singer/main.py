"""Runs a plugin as a process: from its first line to the exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from planhat_sync.runtime.exits import run
from planhat_sync.runtime.memory import collect_seldom, keep_freed_memory, without_collector

if TYPE_CHECKING:
    from collections.abc import Callable

    from planhat_singer.plugin import PlanhatPlugin


def run_plugin(name: str, load: Callable[[], type[PlanhatPlugin]]) -> NoReturn:
    """Run a plugin from the command line, and exit with 0, 1 or 128 plus a signal's number.

    Args:
        name: The plugin's name.
        load: Imports the plugin and returns it. It is not imported before this call, so that an
            import that fails ends in one sentence too.
    """

    def body() -> None:
        with without_collector():
            from planhat_singer.command_line import run_command_line  # noqa: PLC0415 - as `load`

            plugin = load()
        run_command_line(name, lambda: plugin.cli)

    keep_freed_memory()
    collect_seldom()
    sys.exit(run(name, body))
