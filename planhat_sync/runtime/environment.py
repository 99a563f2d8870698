"""Reads settings from environment variables and from a `.env` file.

The file is searched for in the working directory and the folders above it. singer-sdk begins where
its own code is installed: from any working directory it would read a `.env` above the virtual
environment, and miss the one in the working directory (theskumar/python-dotenv#108).
"""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values, find_dotenv

from planhat_sync.errors import ConfigurationError
from planhat_sync.redaction import add_secret
from planhat_sync.runtime.config_errors import did_you_mean
from planhat_sync.runtime.config_files import decode_text, reason_of
from planhat_sync.runtime.redacted_output import SECRET
from planhat_sync.runtime.setting_values import types_of, without_unset

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping, MutableMapping

TRUE_WORDS = {"true", "1", "yes", "on"}
FALSE_WORDS = {"false", "0", "no", "off"}


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
    for name, value in dotenv_values(stream=io.StringIO(text)).items():
        if name.endswith("_" + SECRET.upper()):
            add_secret(value or "")
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
    errors, misspelt = environment_errors(schema, prefix, environment)
    for warning in misspelt:
        logger.warning("Environment: %s", warning)
    if errors:
        raise ConfigurationError(f"the environment is wrong: {'; '.join(errors)}")
    given = {
        name: _value(setting, environment.get(prefix + name.upper(), ""))
        for name, setting in schema["properties"].items()
    }
    return without_unset(schema, given)


def environment_errors(
    schema: Mapping[str, Any], prefix: str, environment: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Check the environment variables that hold settings.

    Args:
        schema: The plugin's settings.
        prefix: Prefix of their names, such as `TARGET_PLANHAT_`.
        environment: The variables.

    Returns:
        Errors; and warnings about variables that may be misspelt settings.
    """
    known = {prefix + name.upper(): setting for name, setting in schema["properties"].items()}
    errors = [
        f"{name} must be {expected}"
        for name, setting in known.items()
        if (expected := _expected(setting, environment.get(name, "")))
    ]
    misspelt = [
        f"{name} is not a setting{meant}"
        for name in environment
        if name.startswith(prefix)
        and name not in known
        and not name.endswith("LOGLEVEL")  # the SDK's
        and (meant := did_you_mean(name, known))
    ]
    return errors, misspelt


class _UnreadableError(ValueError):
    """A variable does not hold what its setting takes; the message says what it takes."""


def _expected(setting: Mapping[str, Any], text: str) -> str:
    """Return what a variable should hold instead, empty if it can be read."""
    try:
        _value(setting, text)
    except _UnreadableError as error:
        return str(error)
    return ""


def _value(setting: Mapping[str, Any], text: str) -> object:
    """Return the value of a variable, None if it is not set."""
    kinds = types_of(setting)
    word = text.strip()
    if not word or (word == "null" and "string" not in kinds):
        return None
    if "object" in kinds:
        return _json(word, dict, "a JSON object")
    if "array" in kinds:
        # A list of texts may also be written without brackets, with commas in between.
        return _json(word, list, "a JSON list") if word[0] in "[{" else word.split(",")
    if "integer" in kinds:
        return _whole_number(word)
    if "boolean" in kinds:
        if word.lower() not in TRUE_WORDS | FALSE_WORDS:
            raise _UnreadableError("true or false")
        return word.lower() in TRUE_WORDS
    return word if "enum" in setting else text


def _whole_number(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise _UnreadableError("a whole number") from None


def _json(word: str, kind: type, expected: str) -> object:
    try:
        value = json.loads(word, parse_float=Decimal)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise _UnreadableError(expected)
    return value
