"""Checks, before anything is read or sent, that no output file takes the place of another file.

That the reject file is not the input is the concern of `replay`, since it needs the input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime import stdout

if TYPE_CHECKING:
    from pathlib import Path

    from planhat_sync.runtime.files import Files


class _Summary(msgspec.Struct):
    """The keys that each summary has, and no message, state or configuration."""

    streams: dict[str, Any]
    result: str


def check_output_files(
    files: Files, *, rejects_path: Path | None, summary_path: Path | None
) -> None:
    """Check that the files can be written without replacing another file.

    Args:
        files: The file system.
        rejects_path: The setting of this name.
        summary_path: The setting of this name.

    Raises:
        ConfigurationError: A file cannot be written, or would replace another one.
    """
    in_use = ((stdout.fileno(), "states are printed"), (2, "the log goes"))
    for name, path in (("rejects_path", rejects_path), ("summary_path", summary_path)):
        for descriptor, use in in_use:
            if path is not None and descriptor is not None and files.is_open_as(descriptor, path):
                raise ConfigurationError(f"{name}: {path} is where {use}: name another file")
    if summary_path is None:
        return
    if rejects_path is not None and rejects_path.resolve() == summary_path.resolve():
        raise ConfigurationError("rejects_path and summary_path name the same file: name two files")
    if not summary_path.parent.is_dir():
        raise ConfigurationError(
            f"summary_path: there is no folder {summary_path.parent}: create it"
        )
    if summary_path.exists():
        _check_summary(summary_path)


def _check_summary(path: Path) -> None:
    """Check that the summary replaces nothing but a summary or an empty file."""
    if not path.is_file():
        raise ConfigurationError(f"summary_path: {path} is not a regular file")
    if not path.stat().st_size:
        return
    try:
        msgspec.json.decode(path.read_bytes(), type=_Summary)
    except (ValueError, OSError) as error:
        raise ConfigurationError(
            f"summary_path: {path} holds something other than a summary, which would be lost: "
            "name another file"
        ) from error
