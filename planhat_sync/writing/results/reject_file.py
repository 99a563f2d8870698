"""The reject file: records that were not written, in a form that can be read as input again.

Rejects are appended, never replaced: what an earlier run rejected stays until somebody has dealt
with it. They are on disk (fsync) before a state that covers them is printed; for the reasons see
docs/adr/0046-rejects-before-state.md.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from planhat_sync.errors import ConfigurationError, Section, StopError
from planhat_sync.runtime.files import Files
from planhat_sync.writing.results.last_line import TAIL_BYTES, end_last_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from planhat_sync.writing.records.payload import Reject


class RejectFileError(StopError):
    """The reject file cannot be written, so nothing more can be acknowledged."""

    section = Section.WRITING


class RejectedRecord(NamedTuple):
    """A record that is reported as not written.

    Attributes:
        line: Number of its line in the input.
        raw: That line, as received, or the row of a program.
        reject: Why it was not written.
        at: When that was decided, in UTC.
    """

    line: int
    raw: Any
    reject: Reject
    at: datetime


class RejectFormat(Protocol):
    """How the lines of a reject file are written and recognized; each protocol has its own."""

    def lines(self, records: Sequence[RejectedRecord], *, afresh: bool) -> Iterable[bytes]:
        """Return the lines of rejects, each with its end.

        Args:
            records: The rejects.
            afresh: Whether lines that were returned earlier may be missing from the file.
        """

    def begins_file(self, line: bytes) -> bool:
        """Return whether a file that begins with a line, perhaps cut off, holds such lines."""

    def is_reject(self, line: bytes) -> bool | None:
        """Return whether a line holds a reject; None if it does not hold a record."""


class RejectFile:
    """The file for the rejects of a run.

    Args:
        path: The file; it may hold rejects of earlier runs.
        form: How its lines are written.
        files: The file system.
    """

    def __init__(self, path: Path, form: RejectFormat, files: Files | None = None) -> None:
        self.path = path
        self.form = form
        self.files = files or Files()
        self._descriptor: int | None = None
        self._size: int | None = None

    def check(self) -> None:
        """Check before a run that rejects can be written without damaging another file.

        Raises:
            ConfigurationError: Rejects cannot be written, or would damage another file.
        """
        path = self.path
        if not path.parent.is_dir():
            raise ConfigurationError(f"rejects_path: there is no folder {path.parent}: create it")
        with contextlib.suppress(FileNotFoundError):
            self._check_content(path.stat())
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise ConfigurationError(
                f"rejects_path: {path} cannot be written to: its permissions do not allow it"
            )

    def write(self, records: Sequence[RejectedRecord]) -> None:
        """Append rejects and wait until they are on disk.

        Args:
            records: The rejects.

        Raises:
            RejectFileError: They are not on disk.
        """
        files = self.files
        try:
            if self._descriptor is not None and not files.is_open_as(self._descriptor, self.path):
                self.close()  # somebody has removed or renamed it
            if self._descriptor is None:
                self._descriptor = self._open()
            before = files.size(self._descriptor)
            lines = self.form.lines(records, afresh=before != self._size)
            self._size = None
            try:
                files.write(self._descriptor, b"".join(lines))
                files.sync(self._descriptor)
            except OSError:
                files.truncate(self._descriptor, before)
                raise
            self._size = files.size(self._descriptor)
        except OSError as error:
            raise RejectFileError(
                f"rejects cannot be written to {self.path} ({error.strerror}): nothing after the "
                "last printed state is acknowledged; correct that and run again"
            ) from error

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            self.files.close(self._descriptor)
            self._descriptor = self._size = None

    def _check_content(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise ConfigurationError(f"rejects_path: {self.path} is not a regular file")
        with self.path.open("rb") as file:
            first = file.readline(TAIL_BYTES)
        if first and not self.form.begins_file(first):
            raise ConfigurationError(
                f"rejects_path: {self.path} holds something other than rejects: name another file"
            )

    def _open(self) -> int:
        files, path = self.files, self.path
        while True:
            is_new = not path.exists()
            descriptor = files.open(path)
            if not files.lock(descriptor):
                files.close(descriptor)
                raise RejectFileError(
                    f"another run writes its rejects to {path}: give each its own rejects_path"
                )
            if files.is_open_as(descriptor, path):
                break
            files.close(descriptor)  # a replay has just renamed it
        end_last_line(files, descriptor, path)
        if is_new:
            files.sync_folder(path.parent)
        return descriptor
