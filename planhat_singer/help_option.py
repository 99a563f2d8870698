"""The option ``--help``, whose answer goes to the real standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from planhat_sync.runtime.stdout import say

if TYPE_CHECKING:
    from click import Command, Context, Parameter


def add_help_option(command: Command) -> None:
    """Replace click's own ``--help``, which prints to `sys.stdout`: that is standard error here.

    Args:
        command: The command of a plugin.
    """
    click.help_option("--help", callback=_show_help)(command)


def _show_help(context: Context, _option: Parameter, asked: bool) -> None:  # noqa: FBT001 - click's
    if asked and not context.resilient_parsing:
        say(context.get_help())
        context.exit()
