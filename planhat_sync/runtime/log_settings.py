"""The variables that say how much is logged and how, which the SDK reads before anything else."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from planhat_sync.errors import ConfigurationError, PlanhatError

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

LOG_CONFIG = "SINGER_SDK_LOG_CONFIG"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_LONGEST_FOREIGN_TEXT = 300


def check_log_settings(plugin: str, environment: MutableMapping[str, str]) -> None:
    """Check the level, and take out of the environment what is empty, which is not set.

    Args:
        plugin: The plugin's name.
        environment: The variables of this process.

    Raises:
        ConfigurationError: There is no such level.
    """
    levels = (f"{plugin.upper().replace('-', '_')}_LOGLEVEL", "LOGLEVEL")
    for name in (*levels, LOG_CONFIG):
        if name in environment and not environment[name].strip():
            del environment[name]
    for name in levels:
        if name in environment:
            environment[name] = level = environment[name].strip().upper()
            if not isinstance(logging.getLevelName(level), int):
                raise ConfigurationError(f"{name} must be one of {', '.join(_LEVELS)}")
            return  # the plugin's own goes before the general one


@contextlib.contextmanager
def told_as_log_config(environment: MutableMapping[str, str]) -> Iterator[None]:
    """Let whatever is raised while logging is set up be an error of the file that says how.

    Args:
        environment: The variables of this process.

    Raises:
        ConfigurationError: Something was raised, and there is such a file.
    """
    try:
        yield
    except PlanhatError:
        raise
    except Exception as error:
        if LOG_CONFIG not in environment:
            raise
        text = " ".join(str(error).split())[:_LONGEST_FOREIGN_TEXT]
        raise ConfigurationError(
            f"{LOG_CONFIG} must name a YAML file in the form of Python's logging.config.dictConfig "
            f"({type(error).__name__}: {text})"
        ) from error
