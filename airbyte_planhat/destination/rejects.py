"""Rejects as Airbyte messages: the lines of the reject file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.writing.results.reject_message import begins_file, is_reject, reject_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planhat_sync.writing.results.reject_file import RejectedRecord


class RejectLines:
    """RECORD messages as received, with a `reject` beside `record`; a run can read them again."""

    def lines(self, records: Sequence[RejectedRecord], *, afresh: bool) -> list[bytes]:  # noqa: ARG002 - nothing precedes them
        """Return the lines of rejects, each with its end.

        Args:
            records: The rejects.
            afresh: Whether lines that were returned earlier may be missing from the file.
        """
        return [reject_line(record) for record in records]

    def begins_file(self, line: bytes) -> bool:
        """Return whether a file that begins with a line, perhaps cut off, is one of rejects."""
        return begins_file(line, ("RECORD",), ("type", "record", "reject"))

    def is_reject(self, line: bytes) -> bool | None:
        """Return whether a RECORD message is a reject; None if the line is not a RECORD."""
        return is_reject(line)
