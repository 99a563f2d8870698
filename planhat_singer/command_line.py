"""Runs the command line of a plugin, and turns Click's errors into sentences without secrets.

Click repeats what was typed. That may be a token in the wrong place, and schedulers keep standard
error, so a sentence names options, and of their values only what is clearly a path.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from planhat_singer.log_settings import check_log_settings, log_config_errors
from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.config_files import looks_like_settings, path_to_show, reason_of

if TYPE_CHECKING:
    from collections.abc import Callable

_CLEARLY_AN_OPTION = re.compile(r"--[a-z][a-z_-]{0,30}")


def run_command_line(name: str, command: Callable[[], click.Command]) -> NoReturn:
    """Run a plugin's command on the arguments of this process, and exit with its code.

    Args:
        name: The plugin's name.
        command: Configures logging and returns the command, as `cli` of the SDK's plugins does.

    Raises:
        ConfigurationError: The command line cannot be parsed.
    """
    check_log_settings(name, os.environ)
    with log_config_errors(os.environ):
        parsed = command()
    try:
        code = parsed.main(prog_name=name, standalone_mode=False)
    except click.Abort as error:
        raise KeyboardInterrupt from error
    except click.ClickException as error:
        # `from None`, since a traceback at log level DEBUG would print Click's message.
        raise ConfigurationError(f"{sentence_of(error)}; see {name} --help") from None
    sys.exit(code)


def sentence_of(error: click.ClickException) -> str:
    """Return what is wrong with a command line, without anything that may be a secret.

    Args:
        error: Click's error.
    """
    if isinstance(error, click.NoSuchOption):
        if _CLEARLY_AN_OPTION.fullmatch(error.option_name):
            return error.format_message().rstrip(".?")
        return "There is no such option (it is not repeated here, since it may hold a secret)"
    if isinstance(error, click.BadParameter) and error.param is not None:
        return _about_value(error, error.param)
    if isinstance(error, click.BadOptionUsage):
        return error.format_message().rstrip(".")
    return (
        "Got an unexpected extra argument: every argument is an option or the value of one, and "
        "settings and tokens go into the file given as --config"
    )


def _about_value(error: click.BadParameter, param: click.Parameter) -> str:
    option = param.opts[0]
    if isinstance(param.type, click.Choice):
        return f"Invalid value for {option}: it must be one of {', '.join(param.type.choices)}"
    if isinstance(cause := error.__context__, OSError):
        path = str(cause.filename)
        if looks_like_settings(path):
            return f"Invalid value for {option}: it takes the path of a file, not JSON itself"
        return f"Invalid value for {option}: the file{path_to_show(path)} {reason_of(cause)}"
    return f"Invalid value for {option}"
