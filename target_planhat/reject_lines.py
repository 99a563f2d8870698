"""Rejects as a Singer stream: the lines of the reject file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.timestamps import format_timestamp, parse_timestamp
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.records.reject_times import REJECTED_AT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

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
        try:
            message = decode(line)
        except ValueError:
            start = b"".join(line[:200].split())
            return not line.endswith(b"\n") and any(
                start.startswith(beginning[: len(start)]) for beginning in _BEGINNINGS
            )
        return isinstance(message, dict) and message.get("type") in ("SCHEMA", "RECORD")

    def is_reject(self, line: bytes) -> bool | None:
        """Return whether a RECORD message is a reject; None if the line is not a RECORD."""
        try:
            message = decode(line)
        except ValueError:  # half a line, left by a kill
            return None
        if not isinstance(message, dict) or message.get("type") != "RECORD":
            return None
        return "reject" in message


_BEGINNINGS: Final = tuple(
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
"""How a SCHEMA or RECORD message can begin, spaces apart."""


def reject_line(record: RejectedRecord) -> bytes:
    """Return the RECORD message as received, with a `reject` object beside its `record`.

    Args:
        record: The reject. A `reject` object of an earlier run is replaced, except for its time:
            the values of the record are as old as that.
    """
    line: bytes = record.raw
    try:
        message: dict[str, Any] = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):  # NaN or similar: it is kept as received
        return line.rstrip().removesuffix(b"}") + b',"reject":' + _reason(record) + b"}\n"
    message["reject"] = msgspec.Raw(_reason(record))
    return msgspec.json.encode(message) + b"\n"


def _reason(record: RejectedRecord) -> bytes:
    """Return the `reject` object of a record."""
    reject = {
        "code": record.reject.code.value,
        "message": record.reject.message,
        "property": record.reject.property,
        "line": record.line,
        REJECTED_AT: _first_rejected_at(record.raw, record.at),
    }
    try:
        return msgspec.json.encode(reject)
    except UnicodeEncodeError:  # the name of a property holds half a surrogate pair
        return json.dumps(reject).encode()


def _first_rejected_at(raw: bytes, at: datetime) -> str | None:
    """Return when a record was first rejected; None if an earlier run has not written that down.

    What is not a timestamp stays as it is, so that its record is not taken for a newer one.
    """
    if b'"reject"' not in raw:
        return _in_milliseconds(at)
    try:
        earlier = decode(raw).get("reject", ...)
    except ValueError:
        return None
    if earlier is ...:
        return _in_milliseconds(at)
    text = earlier.get(REJECTED_AT) if isinstance(earlier, dict) else None
    if text is None:
        return None
    time = parse_timestamp(text)
    return str(text) if time is None or time <= at else _in_milliseconds(at)


def _in_milliseconds(time: datetime) -> str:
    return format_timestamp(time.replace(microsecond=time.microsecond // 1000 * 1000))
