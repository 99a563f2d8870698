"""Keeps secrets out of everything a run shows: log records, tracebacks, standard error."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from planhat_sync.redaction import add_secret, redact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECRET = "api_token"  # noqa: S105 - the setting's name


class RedactedStream:
    """A text stream in front of another one, which shows all but the secrets."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text without its secrets."""
        self._stream.write(redact(text))
        return len(text)

    def writelines(self, lines: Sequence[str]) -> None:
        """Write texts without their secrets."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)


def redact_output() -> None:
    """Put it in front of standard error and of every log record; a second time changes nothing.

    Log records are scrubbed where they are made, since handlers come and go, and may write to
    files that no stream of ours stands before.
    """
    if not isinstance(sys.stderr, RedactedStream):
        sys.stderr = cast("TextIO", RedactedStream(sys.stderr))
    if logging.getLogRecordFactory() is not _scrubbed_record:
        logging.setLogRecordFactory(_scrubbed_record)


def _scrubbed_record(*args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401
    record = logging.LogRecord(*args, **kwargs)
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 - a bad format is for the handler to report, as ever
        text = ""
    if (clean := redact(text)) != text:
        # Only then: filters look at the arguments of records (the SDK's metrics filter does).
        record.msg, record.args = clean, ()
    if record.exc_info:
        record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        record.exc_info = None
    return record


def hide_secrets(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Hide the tokens that a plugin is about to read, before it can complain about them.

    Args:
        arguments: The command line; what follows ``--config`` is read if it is a JSON file.
        environment: Variables; any whose name ends in ``_API_TOKEN`` counts.
    """
    for name, value in environment.items():
        if name.endswith("_" + SECRET.upper()):
            add_secret(value)
    for option, value in zip(arguments, [*arguments[1:], ""], strict=True):
        path = option.removeprefix("--config=") if option != "--config" else value
        if option.startswith("--config"):
            _hide_secret_of(Path(path))


def _hide_secret_of(file: Path) -> None:
    try:
        # Only a plain file: a pipe could not be read a second time.
        config = json.loads(file.read_bytes()) if file.is_file() else {}
    except (OSError, ValueError, RecursionError):
        return  # for the plugin to complain about
    if isinstance(config, dict) and SECRET in config:
        add_secret(str(config[SECRET]))
