"""The reject file: records that were not written, as a Singer stream that can be replayed.

It is appended to, never replaced: what an earlier run rejected stays until a person has seen to
it. Everything is on disk (fsync) before a state that covers it is printed.
docs/adr/0046-rejects-before-state.md says why it is so.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from planhat_api.errors import ConfigurationError, StopError
from target_planhat.decoding import decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from target_planhat.payload import Reject

logger = logging.getLogger("target-planhat")

_OWNER_ONLY = 0o600
_TAIL_BYTES = 1 << 20
_BEGINNINGS = tuple(
    f'{{"{name}"'.encode()
    for name in (
        "type",
        "stream",
        "schema",
        "record",
        "key_properties",
        "bookmark_properties",
        "time_extracted",
        "version",
        "reject",
    )
)
"""How the messages that are kept here begin, spaces apart."""


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
    """

    stream: str
    line: int
    raw: bytes
    reject: Reject

    @classmethod
    def of(cls, line: int, raw: bytes, reject: Reject) -> RejectedRecord:
        """Reject a record; its stream is read from its line, since a stream map may rename it."""
        return cls(decode(raw)["stream"], line, raw, reject)


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
        read_from: Descriptor that this run reads its records from.

    Raises:
        ConfigurationError: Rejects could not be written there, or would be read again.
    """

    def __init__(self, path: Path, *, read_from: int | None = None) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._schemas: dict[str, bytes] = {}
        if not path.parent.is_dir():
            raise ConfigurationError(f"rejects_path: there is no folder {path.parent}: create it")
        with contextlib.suppress(FileNotFoundError):
            self._check(path.stat(), read_from)
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise ConfigurationError(f"rejects_path: {path} may not be written to")

    def write(self, records: Sequence[RejectedRecord], schemas: Mapping[str, bytes]) -> None:
        """Append records and wait until they are on disk.

        Args:
            records: What is rejected, in the order of the lines.
            schemas: The SCHEMA line of each stream, as received.

        Raises:
            RejectFileError: They are not on disk.
        """
        try:
            if self._descriptor is None:
                self._descriptor = self._open()
            before = os.fstat(self._descriptor).st_size
            try:
                _write_all(self._descriptor, b"".join(self._lines(records, schemas)))
                os.fsync(self._descriptor)
            except OSError:
                os.ftruncate(self._descriptor, before)
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

    def _lines(
        self, records: Sequence[RejectedRecord], schemas: Mapping[str, bytes]
    ) -> list[bytes]:
        lines = []
        for record in records:
            line = reject_line(record)
            schema = schemas.get(record.stream, b"")
            if schema and self._schemas.get(record.stream) != schema:
                lines.append(schema.rstrip(b"\r\n") + b"\n")
                self._schemas[record.stream] = schema
            lines.append(line)
        return lines

    def _check(self, status: os.stat_result, read_from: int | None) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise ConfigurationError(f"rejects_path: {self.path} is not a plain file")
        if read_from is not None and os.path.samestat(os.fstat(read_from), status):
            raise ConfigurationError(
                f"rejects_path: {self.path} is the file that is read: write the rejects of a "
                "replay to another one"
            )
        with self.path.open("rb") as file:
            if not _is_singer(file.readline(_TAIL_BYTES)):
                raise ConfigurationError(
                    f"rejects_path: {self.path} holds something else than rejects: name another"
                )

    def _open(self) -> int:
        is_new = not self.path.exists()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, _OWNER_ONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise RejectFileError(
                f"another run writes its rejects to {self.path}: give each its own rejects_path"
            ) from error
        except OSError:  # a file system without locks
            logger.debug("%s cannot be locked", self.path)
        _mend(descriptor, self.path)
        if is_new:
            _sync_folder(self.path.parent)
        return descriptor


def _is_singer(line: bytes) -> bool:
    if not line:
        return True
    try:
        message = msgspec.json.decode(line)
    except ValueError:  # cut short by a kill, perhaps; mended when it is opened
        start = b"".join(line[:200].split())
        return not line.endswith(b"\n") and any(
            start.startswith(beginning[: len(start)]) for beginning in _BEGINNINGS
        )
    return isinstance(message, dict) and message.get("type") in ("SCHEMA", "RECORD")


def _mend(descriptor: int, path: Path) -> None:
    """End the last line of a file that a kill, or a person, left without its end.

    Half a line was never acknowledged, so its record comes again: it is cut off. A whole one, as
    editors leave it, only gets its line end.
    """
    size = os.fstat(descriptor).st_size
    tail = b""
    start = size
    while start and b"\n" not in tail:
        start = max(0, start - _TAIL_BYTES)
        tail = os.pread(descriptor, size - start, start)
    last = tail[tail.rfind(b"\n") + 1 :]
    if not last:
        return
    try:
        msgspec.json.decode(last)
    except ValueError:
        logger.warning("%s ends with half a line, left by a kill; it is cut off", path)
        os.ftruncate(descriptor, size - len(last))
    else:
        _write_all(descriptor, b"\n")


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
