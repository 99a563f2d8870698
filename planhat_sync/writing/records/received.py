"""Records as received: on lines that follow each other, all of one stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Received(NamedTuple):
    """Records of one stream that came together.

    Attributes:
        first: Number of the line of the first one, from 1.
        lines: The lines.
        records: What stands on each line where the record is. If it is a JSON object in UTF-8, it
            is the record; otherwise the line has to be read. It is empty if the record has to be
            read as values.
    """

    first: int
    lines: Sequence[bytes]
    records: Sequence[bytes]
