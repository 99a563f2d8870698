"""Reads settings from environment variables and from a `.env` file.

The file is searched for in the working directory and the folders above it. singer-sdk begins where
its own code is installed: from any working directory it would read a `.env` above the virtual
environment, and miss the one in the working directory (theskumar/python-dotenv#108).
"""

from __future__ import annotations

import functools
import io
import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dotenv import dotenv_values, find_dotenv

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.config_errors import did_you_mean
from planhat_sync.runtime.config_files import decode_text, reason_of
from planhat_sync.runtime.redacted_output import register_secrets
from planhat_sync.runtime.setting_values import types_of, without_unset

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Mapping, MutableMapping

_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
_json = functools.partial(json.loads, parse_float=Decimal)


def load_dotenv(environment: MutableMapping[str, str]) -> None:
    """Add the variables of the nearest `.env` to those that are not set.

    A variable that is set in front of a command thus overrides the file.

    Args:
        environment: The variables of this process.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    path = _dotenv()
    if path is None:
        return
    try:
        text = decode_text(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigurationError(f"{path} {reason_of(error)}: make it readable") from error
    variables = dotenv_values(stream=io.StringIO(text))
    register_secrets([], variables)
    for name, value in variables.items():
        if value and not environment.get(name, "").strip():
            environment[name] = value


def _dotenv() -> Path | None:
    try:
        found = find_dotenv(usecwd=True)
    except OSError:  # the working directory is gone
        found = ""
    return Path(found) if found else None


def environment_settings(
    schema: Mapping[str, Any],
    prefix: str,
    environment: Mapping[str, str],
    logger: logging.Logger,
) -> dict[str, Any]:
    """Read settings from environment variables.

    Args:
        schema: The plugin's settings.
        prefix: Prefix of the variables' names, such as `TARGET_PLANHAT_`.
        environment: The variables.
        logger: Gets a warning about each variable that may be a misspelt setting.

    Raises:
        ConfigurationError: A variable does not hold what its setting takes.
    """
    settings = {prefix + name.upper(): name for name in schema["properties"]}
    _warn_of_misspelt(settings, prefix, environment, logger)
    given = {
        name: _value(schema["properties"][name], environment.get(variable, ""))
        for variable, name in settings.items()
    }
    errors = [
        f"{variable} must be {value.expected}"
        for variable, name in settings.items()
        if isinstance(value := given[name], _Unreadable)
    ]
    if errors:
        raise ConfigurationError(f"the environment is wrong: {'; '.join(errors)}")
    return without_unset(schema, given)


def _warn_of_misspelt(
    known: Collection[str], prefix: str, environment: Collection[str], logger: logging.Logger
) -> None:
    for variable in environment:
        is_ours = variable.startswith(prefix) and not variable.endswith("LOGLEVEL")  # the SDK's
        if is_ours and variable not in known and (meant := did_you_mean(variable, known)):
            logger.warning("Environment: %s is not a setting%s", variable, meant)


class _Unreadable(NamedTuple):
    """Stands for the value of a variable that does not hold what its setting takes.

    Attributes:
        expected: What it takes.
    """

    expected: str


def _value(setting: Mapping[str, Any], text: str) -> object:
    """Return the value of a variable, None if it is not set."""
    kinds = types_of(setting)
    word = text.strip()
    if not word or (word == "null" and ("enum" in setting or "string" not in kinds)):
        return None
    if "object" in kinds:
        return _parsed(_json, word, dict, "a JSON object")
    if "array" in kinds:
        # A list of texts may also be written without brackets, with commas in between.
        return _parsed(_json, word, list, "a JSON list") if word[0] in "[{" else word.split(",")
    if "integer" in kinds:
        return _parsed(int, word, int, "a whole number")
    if "boolean" in kinds:
        return _BOOLEANS.get(word.lower(), _Unreadable("true or false"))
    return word if "enum" in setting else text


def _parsed(parse: Callable[[str], object], word: str, kind: type, expected: str) -> object:
    try:
        value = parse(word)
    except (ValueError, InvalidOperation, RecursionError):
        value = None
    return value if isinstance(value, kind) else _Unreadable(expected)
