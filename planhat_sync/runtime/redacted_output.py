"""Removes secrets from everything that a run prints: log records, tracebacks, standard error."""

from __future__ import annotations

import json
import logging
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast
from urllib.parse import unquote

from planhat_sync.redaction import add_secret, redact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECRET = "api_token"  # noqa: S105 - the setting's name
_PASSWORD = re.compile(r":([^/:\s]+)@")
"""The password in a URL; urllib3 repeats it if it cannot parse the URL."""


class RedactedStream:
    """A text stream that removes secrets from what it passes on to another one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text with its secrets removed."""
        self._stream.write(redact(text))
        return len(text)

    def writelines(self, lines: Sequence[str]) -> None:
        """Write texts with their secrets removed."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)


def redact_output() -> None:
    """Remove secrets from standard error and from every log record; a second call changes nothing.

    Log records are redacted where they are made, since handlers are added and removed at any time,
    and may write to files.
    """
    if not isinstance(sys.stderr, RedactedStream):
        sys.stderr = cast("TextIO", RedactedStream(sys.stderr))
    logging.setLogRecordFactory(_redacted_record)


def _redacted_record(*args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401
    record = logging.LogRecord(*args, **kwargs)
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 - the handler reports a wrong format
        text = ""
    if (clean := redact(text)) != text:
        # Only then: filters look at the arguments of records (the SDK's metrics filter does).
        record.msg, record.args = clean, ()
    if record.exc_info:
        record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        record.exc_info = None
    return record


def register_secrets(arguments: Sequence[str], environment: Mapping[str, str | None]) -> None:
    """Register the tokens that a plugin is about to read, before an error could print them.

    Args:
        arguments: The command line; what follows `--config` is read if it is a JSON file.
        environment: Variables; every one whose name ends in `_API_TOKEN` holds a token, and one
            whose name ends in `_PROXY` may hold the password of a proxy.
    """
    for name, value in environment.items():
        if name.endswith("_" + SECRET.upper()):
            add_secret(value or "")
        elif name.lower().endswith("_proxy"):
            for password in _PASSWORD.findall(value or ""):
                add_secret(password)
                add_secret(unquote(password))
    for option, value in zip(arguments, [*arguments[1:], ""], strict=False):
        path = option.removeprefix("--config=") if option != "--config" else value
        if option.startswith("--config"):
            _register_secret_of(Path(path))


def _register_secret_of(file: Path) -> None:
    try:
        # Only a plain file: a pipe could not be read a second time.
        config = json.loads(file.read_bytes()) if file.is_file() else {}
    except (OSError, ValueError, RecursionError):
        return  # the plugin reports it
    if isinstance(config, dict) and SECRET in config:
        add_secret(str(config[SECRET]))
