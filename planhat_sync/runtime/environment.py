"""Settings out of the environment, and out of a file ``.env``.

The file is looked for in the working directory and the folders above it. The SDK begins where its
own code is installed: it would read a ``.env`` above the virtual environment from any working
directory, and would miss the one beside the user (theskumar/python-dotenv#108).
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
from planhat_sync.runtime.config_files import reason_of, text_of
from planhat_sync.runtime.redacted_output import SECRET
from planhat_sync.runtime.setting_values import kinds_of, set_values

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping, MutableMapping

TRUTHS = {"true", "1", "yes", "on"}
FALSEHOODS = {"false", "0", "no", "off"}


def add_dotenv(environment: MutableMapping[str, str]) -> None:
    """Add the variables of the nearest ``.env``; one that the environment has set, wins.

    So a variable in front of a command counts, whatever a file says that was written long before.

    Args:
        environment: The variables of this process.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    path = _dotenv()
    if path is None:
        return
    try:
        text = text_of(path.read_bytes(), str(path))
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
    """Read the settings that variables of the environment hold.

    Args:
        schema: The plugin's settings.
        prefix: What the variables' names begin with, such as ``TARGET_PLANHAT_``.
        environment: The variables.
        logger: Warned about variables that are nearly named like a setting.

    Raises:
        ConfigurationError: A variable cannot be read as what its setting takes.
    """
    errors, strays = environment_errors(schema, prefix, environment)
    for stray in strays:
        logger.warning("Environment: %s", stray)
    if errors:
        raise ConfigurationError(f"the environment is wrong: {'; '.join(errors)}")
    given = {
        name: _value(setting, environment.get(prefix + name.upper(), ""))
        for name, setting in schema["properties"].items()
    }
    return set_values(schema, given)


def environment_errors(
    schema: Mapping[str, Any], prefix: str, environment: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Check the variables of the environment that hold settings.

    Args:
        schema: The plugin's settings.
        prefix: What their names begin with, such as ``TARGET_PLANHAT_``.
        environment: The variables.

    Returns:
        Errors; and warnings about variables that no setting belongs to but one might.
    """
    known = {prefix + name.upper(): setting for name, setting in schema["properties"].items()}
    errors = [
        f"{name} must be {wanted}"
        for name, setting in known.items()
        if (wanted := _wanted(setting, environment.get(name, "")))
    ]
    strays = [
        f"{name} is not a setting{meant}"
        for name in environment
        if name.startswith(prefix)
        and name not in known
        and not name.endswith("LOGLEVEL")  # the SDK's
        and (meant := did_you_mean(name, known))
    ]
    return errors, strays


class _UnreadableError(ValueError):
    """A variable does not hold what its setting takes; the message says what that is."""


def _wanted(setting: Mapping[str, Any], text: str) -> str:
    """Say what a variable should hold instead, empty if it can be read."""
    try:
        _value(setting, text)
    except _UnreadableError as error:
        return str(error)
    return ""


def _value(setting: Mapping[str, Any], text: str) -> object:
    """Read the text of a variable; None if it is not set."""
    kinds = kinds_of(setting)
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
        if word.lower() not in TRUTHS | FALSEHOODS:
            raise _UnreadableError("true or false")
        return word.lower() in TRUTHS
    return word if "enum" in setting else text


def _whole_number(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise _UnreadableError("a whole number") from None


def _json(word: str, kind: type, wanted: str) -> object:
    try:
        value = json.loads(word, parse_float=Decimal)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise _UnreadableError(wanted)
    return value
