"""A reject as a message: that of its record as received, with a `reject` object beside `record`.

Messages of Singer and of Airbyte both have a `type` and a `record`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from planhat_sync.timestamps import format_timestamp, parse_timestamp
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.records.reject_times import REJECTED_AT

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from planhat_sync.writing.results.reject_file import RejectedRecord


def begins_file(line: bytes, types: Collection[str], names: Collection[str]) -> bool:
    """Return whether a file that begins with a line, perhaps cut off, is one of messages.

    Args:
        line: The line.
        types: Types of the messages that the file may begin with.
        names: Names that such a message may begin with.
    """
    try:
        message = decode(line)
    except ValueError:
        start = b"".join(line[:200].split())
        return not line.endswith(b"\n") and any(
            start.startswith(f'{{"{name}"'.encode()[: len(start)]) for name in names
        )
    return isinstance(message, dict) and message.get("type") in types


def is_reject(line: bytes) -> bool | None:
    """Return whether a RECORD message is a reject; None if the line is not a RECORD.

    Args:
        line: The line.
    """
    try:
        message = decode(line)
    except ValueError:  # half a line, left by a kill
        return None
    if not isinstance(message, dict) or message.get("type") != "RECORD":
        return None
    return "reject" in message


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
