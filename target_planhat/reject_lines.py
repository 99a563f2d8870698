"""Rejects as a Singer stream: the lines of the reject file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.results.reject_message import begins_file, is_reject, reject_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from planhat_sync.writing.results.reject_file import RejectedRecord


class RejectLines:
    """Rejects as a Singer stream: RECORD messages as received, with a `reject` beside `record`.

    The newest SCHEMA of their stream precedes them, so that the file can be the input of a
    run. Which SCHEMA a record came under does not matter: none has an effect on records.

    Args:
        schemas: The newest SCHEMA line of each stream, as received, by its name.
    """

    def __init__(self, schemas: Mapping[str, bytes]) -> None:
        self._schemas = schemas
        self._written: dict[str, bytes] = {}

    def lines(self, records: Sequence[RejectedRecord], *, afresh: bool) -> list[bytes]:
        """Return the lines of rejects, each with its end.

        Args:
            records: The rejects.
            afresh: Whether SCHEMAs that were returned earlier may be missing from the file.
        """
        if afresh:
            self._written.clear()
        lines = []
        for record in records:
            for stream in self._streams_of(record.raw):
                schema = self._schemas[stream]
                if self._written.get(stream) != schema:
                    self._written[stream] = schema
                    lines.append(schema.rstrip(b"\r\n") + b"\n")
            lines.append(reject_line(record))
        return lines

    def _streams_of(self, raw: bytes) -> Iterable[str]:
        """Return the stream of a RECORD; all streams if it can no longer be read.

        How deep Python reads depends on how deep its own calls are, which differs from where the
        line was first read.
        """
        try:
            return (decode(raw)["stream"],)
        except ValueError:
            return self._schemas

    def begins_file(self, line: bytes) -> bool:
        """Return whether a file that begins with a line, perhaps cut off, is one of messages."""
        return begins_file(line, ("SCHEMA", "RECORD"), _NAMES)

    def is_reject(self, line: bytes) -> bool | None:
        """Return whether a RECORD message is a reject; None if the line is not a RECORD."""
        return is_reject(line)


_NAMES: Final = (
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
"""Names with which a SCHEMA or RECORD message can begin."""
