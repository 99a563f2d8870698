"""Reads the files that a user names on the command line, and says what is wrong with them.

An error repeats nothing of a file's content, and of the command line only what is clearly a path:
anything else may be a token in the wrong place (singer-io/singer-python#109).
"""

from __future__ import annotations

import codecs
import errno
import io
import json
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from planhat_sync.errors import ConfigurationError
from planhat_sync.redaction import add_secret
from planhat_sync.runtime.redacted_output import SECRET
from planhat_sync.runtime.setting_values import without_unset

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CLEARLY_A_PATH = re.compile(r"[\w./~-]+\.(json|jsonl|singer|txt|ya?ml|log|template)", re.ASCII)
_LIKE_SETTINGS = re.compile(r"\s*[{\[\"']|[^/]*=|\s*\w+:\s")
_OTHER_ENCODINGS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


def read_config(paths: Sequence[str], schema: Mapping[str, Any], plugin: str) -> dict[str, Any]:
    """Read the files given as `--config`, and register the token as a secret.

    Args:
        paths: What was given, in order; ENV, which stands for the environment, is skipped. Later
            files override earlier ones.
        schema: The plugin's settings as a JSON Schema.
        plugin: Its name, with which the variables of the environment begin.

    Raises:
        ConfigurationError: A file cannot be read, or does not hold a JSON object.
    """
    config: dict[str, Any] = {}
    for path in paths:
        if path != "ENV":
            content = parse_json_object(_content(path, plugin), "the file given as --config")
            add_secret(str(content.get(SECRET) or ""))
            config |= without_unset(schema, content)
    return config


def read_file(option: str, path: str) -> bytes:
    """Return the content of a file.

    Args:
        option: The option with which it is given, such as `--catalog`.
        path: Its path.

    Raises:
        ConfigurationError: It cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the file{path_to_show(path)} given as {option} {reason_of(error)}"
        ) from None


def parse_json_object(content: bytes, what: str) -> dict[str, Any]:
    """Return the JSON object that a file holds.

    Args:
        content: The file's content.
        what: Which file it is, with which an error begins.

    Raises:
        ConfigurationError: It is not a JSON object.
    """
    value = parse_json(decode_text(content, what), what)
    if not isinstance(value, dict):
        raise ConfigurationError(f"{what} does not hold a JSON object")
    return value


def parse_json(text: str, what: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the JSON value that a file holds.

    Args:
        text: The file's content.
        what: Which file it is, with which an error begins.

    Raises:
        ConfigurationError: It is empty, not JSON, or holds a number that Python cannot represent.
    """
    if not text.strip():
        raise ConfigurationError(f"{what} is empty")
    try:
        return json.loads(text, parse_float=Decimal)
    except RecursionError:
        raise ConfigurationError(f"{what} is not JSON: it is nested too deeply") from None
    except InvalidOperation:
        raise ConfigurationError(f"{what} holds a number that is out of range") from None
    except ValueError as error:
        raise ConfigurationError(f"{what} is not JSON: {error}") from None


def content_of(file: IO[str]) -> bytes:
    """Read the bytes of a file that was opened as text, whatever the encoding of the locale is.

    Args:
        file: The file, or text in memory.
    """
    return file.buffer.read() if isinstance(file, io.TextIOWrapper) else file.read().encode()


def decode_text(content: bytes, what: str) -> str:
    """Decode UTF-8, with or without a byte order mark.

    Args:
        content: A file's content.
        what: Which file it is, with which an error begins.

    Raises:
        ConfigurationError: It is not UTF-8.
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


def path_to_show(path: str) -> str:
    """Return a path of the command line for an error, unless it may be something else.

    Args:
        path: The path.

    Returns:
        The path after a blank, or an empty string.
    """
    return f" {path}" if _CLEARLY_A_PATH.fullmatch(path) else ""


def looks_like_settings(argument: str) -> bool:
    """Return whether an argument looks like settings or JSON, given in place of a path.

    Args:
        argument: The argument.
    """
    return bool(_LIKE_SETTINGS.match(argument))


def _content(path: str, plugin: str) -> bytes:
    variable = f"{plugin.upper().replace('-', '_')}_{SECRET.upper()}"
    if not path.strip():
        raise ConfigurationError("--config is empty: give the path of a JSON file, or ENV")
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        if looks_like_settings(path):
            raise ConfigurationError(
                "--config was given settings instead of a file: write them to a file that only "
                f"you can read and give its path, or put the token into {variable} and give "
                "--config=ENV (every user of the machine can see a command line)"
            ) from None
        raise ConfigurationError(
            f"the file{path_to_show(path)} given as --config {reason_of(error)}: --config takes "
            f"the path of a JSON file, or ENV for the environment, where the token is {variable}"
        ) from None


def reason_of(error: BaseException | None) -> str:
    """Return why a file cannot be opened, without its name.

    Args:
        error: What was raised.
    """
    if isinstance(error, IsADirectoryError):
        return "is a folder"
    is_too_long = isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG
    if is_too_long or isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return "does not exist"
    return f"cannot be read ({error.strerror if isinstance(error, OSError) else 'no path'})"
