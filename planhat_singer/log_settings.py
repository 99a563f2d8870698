"""Checks the variables that configure logging, which the SDK reads first."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.foreign_errors import as_configuration_error

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from contextlib import AbstractContextManager

LOG_CONFIG = "SINGER_SDK_LOG_CONFIG"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def check_log_settings(plugin: str, environment: MutableMapping[str, str]) -> None:
    """Check the log level, and remove variables that are empty, which means that they are not set.

    Args:
        plugin: The plugin's name.
        environment: The variables of this process.

    Raises:
        ConfigurationError: It is not a log level.
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
            return  # the plugin's own overrides the general one


def log_config_errors(environment: Mapping[str, str]) -> AbstractContextManager[None]:
    """Return a context in which whatever is raised is an error of the logging configuration.

    Args:
        environment: The variables of this process; without a configuration, nothing is changed.
    """
    if LOG_CONFIG not in environment:
        return contextlib.nullcontext()
    return as_configuration_error(
        f"{LOG_CONFIG} must name a YAML file in the form of Python's logging.config.dictConfig"
    )
