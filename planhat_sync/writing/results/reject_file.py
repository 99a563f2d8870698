"""The reject file: records that were not written, as a Singer stream that can be replayed.

It is appended to, never replaced: what an earlier run rejected stays until a person has seen to
it. Everything is on disk (fsync) before a state that covers it is printed.
docs/adr/0046-rejects-before-state.md says why it is so.
"""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from planhat_sync.errors import ConfigurationError, StopError
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.results.singer_files import (
    OWNER_ONLY,
    TAIL_BYTES,
    is_open_as,
    is_singer,
    lock,
    mend,
    sync_folder,
    write_all,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from planhat_sync.writing.records.payload import Reject


class RejectFileError(StopError):
    """The reject file cannot be written, so nothing more can be acknowledged."""


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that is reported as not written.

    Attributes:
        stream: The stream that it came in.
        line: Number of its line on stdin.
        raw: That line: the RECORD message as received.
        reject: Why.
        schema: The SCHEMA line that it came under, as received.
    """

    stream: str
    line: int
    raw: bytes
    reject: Reject
    schema: bytes


def stream_of(raw: bytes) -> str:
    """Return the stream that a record came in, which a stream map may have renamed.

    Args:
        raw: The RECORD message as received.
    """
    stream: str = decode(raw)["stream"]
    return stream


def reject_line(record: RejectedRecord) -> bytes:
    """Write the RECORD message as it came, with a `reject` object beside its `record`.

    Args:
        record: What is rejected. A `reject` object of an earlier run is replaced.
    """
    why = msgspec.json.encode(
        {
            "code": record.reject.code.value,
            "message": record.reject.message,
            "property": record.reject.property,
            "line": record.line,
        }
    )
    try:
        message = msgspec.json.decode(record.raw, type=dict[str, msgspec.Raw])
    except ValueError:  # NaN or the like: what came in is kept all the same
        return record.raw.rstrip().removesuffix(b"}") + b',"reject":' + why + b"}\n"
    message["reject"] = msgspec.Raw(why)
    return msgspec.json.encode(message) + b"\n"


class RejectFile:
    """Where the rejects of a run go.

    Args:
        path: The file; it may hold rejects of earlier runs.

    Raises:
        ConfigurationError: Rejects could not be written there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._schemas: dict[str, bytes] = {}
        if not path.parent.is_dir():
            raise ConfigurationError(f"rejects_path: there is no folder {path.parent}: create it")
        with contextlib.suppress(FileNotFoundError):
            self._check(path.stat())
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise ConfigurationError(f"rejects_path: {path} may not be written to")

    def write(self, records: Sequence[RejectedRecord]) -> None:
        """Append records and wait until they are on disk.

        Args:
            records: What is rejected.

        Raises:
            RejectFileError: They are not on disk.
        """
        try:
            if self._descriptor is None:
                self._descriptor = self._open()
            before = os.fstat(self._descriptor).st_size
            try:
                write_all(self._descriptor, b"".join(self._lines(records)))
                os.fsync(self._descriptor)
            except OSError:
                os.ftruncate(self._descriptor, before)
                self._schemas.clear()  # their lines may have been cut off with the rest
                raise
        except OSError as error:
            raise RejectFileError(
                f"rejects cannot be written to {self.path} ({error.strerror}): nothing after the "
                "last printed state is acknowledged; put that right and run again"
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _lines(self, records: Sequence[RejectedRecord]) -> list[bytes]:
        lines = []
        for record in records:
            if self._schemas.get(record.stream) != record.schema:
                lines.append(record.schema.rstrip(b"\r\n") + b"\n")
                self._schemas[record.stream] = record.schema
            lines.append(reject_line(record))
        return lines

    def _check(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise ConfigurationError(f"rejects_path: {self.path} is not a plain file")
        with self.path.open("rb") as file:
            if not is_singer(file.readline(TAIL_BYTES)):
                raise ConfigurationError(
                    f"rejects_path: {self.path} holds something else than rejects: name another"
                )

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        while True:
            is_new = not self.path.exists()
            descriptor = os.open(self.path, flags, OWNER_ONLY)
            if not lock(descriptor, self.path):
                os.close(descriptor)
                raise RejectFileError(
                    f"another run writes its rejects to {self.path}: give each its own rejects_path"
                )
            if is_open_as(descriptor, self.path):
                break
            os.close(descriptor)  # a replay has just renamed it
        mend(descriptor, self.path)
        if is_new:
            sync_folder(self.path.parent)
        return descriptor
