"""Writes records as messages: many at once, since there may be millions of them."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from airbyte_planhat.messages import StreamKey
    from planhat_sync.reading.pages.page import WriteLines


class _Record(msgspec.Struct, gc=False):
    """What a RECORD message says; the names are the protocol's."""

    stream: str
    data: Any
    emitted_at: int
    namespace: str | msgspec.UnsetType = msgspec.UNSET


class _Message(msgspec.Struct, tag_field="type", tag="RECORD", gc=False):
    """A RECORD message."""

    record: _Record


def record_lines(stream: StreamKey) -> WriteLines:
    """Return a function that writes rows as RECORD messages.

    Args:
        stream: The stream.
    """
    namespace, name = stream
    encode_lines = msgspec.json.Encoder(decimal_format="number").encode_lines
    stated = msgspec.UNSET if namespace is None else namespace

    def write(rows: Sequence[Any], received: datetime) -> bytes:
        at = round(received.timestamp() * 1000)
        records = map(_Record, repeat(name), rows, repeat(at), repeat(stated))
        return encode_lines(list(map(_Message, records)))

    return write
