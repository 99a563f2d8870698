"""Files that a user names on the command line: what they hold, or one sentence about them.

A sentence repeats nothing that a file holds, and of the command line only what plainly is a path:
anything else may be a token in the wrong place (singer-io/singer-python#109).
"""

from __future__ import annotations

import codecs
import errno
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from planhat_sync.errors import ConfigurationError
from planhat_sync.redaction import add_secret
from planhat_sync.runtime.redacted_output import SECRET
from planhat_sync.runtime.setting_values import set_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PLAINLY_A_PATH = re.compile(r"[\w./~-]+\.(json|jsonl|singer|txt|ya?ml|log|template)", re.ASCII)
_LIKE_SETTINGS = re.compile(r"\s*[{\[\"']|[^/]*=|\s*\w+:\s")
_OTHER_ENCODINGS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


class GivenConfig(NamedTuple):
    """What ``--config`` was given.

    Attributes:
        config: The settings of all files; those of a later file win.
        parse_env: Whether settings are in the environment too.
    """

    config: dict[str, Any]
    parse_env: bool


def read_config(paths: Sequence[str], schema: Mapping[str, Any], plugin: str) -> GivenConfig:
    """Read the files given as ``--config``, and hide the token from then on.

    Args:
        paths: What was given, in order: paths, and ENV for the environment.
        schema: The plugin's settings as a JSON Schema.
        plugin: Its name, which the variables of the environment begin with.

    Raises:
        ConfigurationError: One of them is no file of settings.
    """
    config: dict[str, Any] = {}
    for path in paths:
        if path != "ENV":
            content = json_object_of(_content(path, plugin), "the file given as --config")
            add_secret(str(content.get(SECRET) or ""))
            config |= set_values(schema, content)
    return GivenConfig(config, parse_env="ENV" in paths)


def json_object_of(content: bytes, what: str) -> dict[str, Any]:
    """Read the JSON object that a file holds.

    Args:
        content: What it holds.
        what: Which file it is, to begin a sentence with.

    Raises:
        ConfigurationError: It holds anything else.
    """
    value = json_of(text_of(content, what), what)
    if not isinstance(value, dict):
        raise ConfigurationError(f"{what} holds no JSON object")
    return value


def json_of(text: str, what: str) -> Any:  # noqa: ANN401 - any JSON value
    """Read the JSON value that a file holds.

    Args:
        text: What it holds.
        what: Which file it is, to begin a sentence with.

    Raises:
        ConfigurationError: It is empty, or is not JSON.
    """
    if not text.strip():
        raise ConfigurationError(f"{what} is empty")
    try:
        return json.loads(text, parse_float=Decimal)
    except RecursionError:
        raise ConfigurationError(f"{what} is not JSON: it is nested too deeply") from None
    except ValueError as error:
        raise ConfigurationError(f"{what} is not JSON: {error}") from None


def text_of(content: bytes, what: str) -> str:
    """Read UTF-8, with or without a byte order mark.

    Args:
        content: What a file holds.
        what: Which file it is, to begin a sentence with.

    Raises:
        ConfigurationError: It is something else.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        return text
    is_utf16 = content.startswith(_OTHER_ENCODINGS) or b"\0" in content
    found = "is UTF-16 or UTF-32, and not UTF-8" if is_utf16 else "is not UTF-8 text"
    raise ConfigurationError(f"{what} {found}: save it as UTF-8")


def shown_path(path: str) -> str:
    """Return a path of the command line to be shown, or nothing if it may be something else.

    Args:
        path: The path.

    Returns:
        The path with a blank in front, or an empty text.
    """
    return f" {path}" if _PLAINLY_A_PATH.fullmatch(path) else ""


def like_settings(argument: str) -> bool:
    """Return whether an argument looks like settings or JSON that were given inline.

    Args:
        argument: Where the path of a file should be.
    """
    return bool(_LIKE_SETTINGS.match(argument))


def _content(path: str, plugin: str) -> bytes:
    variable = f"{plugin.upper().replace('-', '_')}_{SECRET.upper()}"
    if not path.strip():
        raise ConfigurationError("--config was given nothing: give the path of a JSON file, or ENV")
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        if like_settings(path):
            raise ConfigurationError(
                "--config was given settings instead of a file: write them to a file that only "
                f"you can read and give its path, or put the token into {variable} and give "
                "--config=ENV (every user of the machine can see a command line)"
            ) from None
        raise ConfigurationError(
            f"the file{shown_path(path)} given as --config {reason_of(error)}: --config takes the "
            f"path of a JSON file, or ENV for the environment, where the token is {variable}"
        ) from None


def reason_of(error: BaseException | None) -> str:
    """Say why a file cannot be opened, without its name.

    Args:
        error: What was raised.
    """
    if isinstance(error, IsADirectoryError):
        return "is a folder"
    is_no_path = isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG
    if is_no_path or isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return "does not exist"
    return f"cannot be read ({error.strerror if isinstance(error, OSError) else 'no path'})"
