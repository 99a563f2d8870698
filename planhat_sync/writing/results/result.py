"""What a write has done: how many rows have each outcome, and which were rejected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not written.

    Attributes:
        index: Its position in the rows that were given, from 0.
        row: The row as it was given: a dictionary of its values, which are not copied.
        code: The reason, for programs, such as ``wrong_type``; docs/rejects.md lists them.
        message: The reason in one sentence, with at most a short excerpt of a value.
        property: The property at fault; None if it is the row as a whole.
    """

    index: int
    row: Mapping[str, Any]
    code: str
    message: str
    property: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a write has done. Every row that was taken has exactly one outcome.

    Attributes:
        rows: Rows that were taken; the sum of the following.
        created: Rows that are new in Planhat; in a dry run, that would be. If an answer was lost
            and the request was repeated, some may count as updated or unchanged.
        updated: Rows that Planhat has changed.
        unchanged: Rows that Planhat held already.
        merged: Rows of which a later one in the same batch holds every property.
        skipped: Rows that need no write, or that `write_mode` leaves alone.
        deleted: Rows whose records were deleted.
        rejected: Rows that were not written.
        undecided: Rows without an outcome, because the write ended early.
        rejects: The rejected rows, at most `max_rejects` of them, in the order of their decisions.
        reasons: How many rows were skipped for each reason.
        requests: How many requests were sent, repeats included.
        retries: How many of them were repeats.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    skipped: int = 0
    deleted: int = 0
    rejected: int = 0
    undecided: int = 0
    rejects: Sequence[RejectedRow] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    retries: int = 0


class WriteInterrupted(KeyboardInterrupt):
    """A write was interrupted by Ctrl-C, and has settled what was in flight.

    Attributes:
        result: What it has done until then.
    """

    def __init__(self, result: Result) -> None:
        super().__init__(f"{result.rows - result.undecided} of {result.rows} rows have an outcome")
        self.result = result

    def __reduce__(self) -> tuple[type[WriteInterrupted], tuple[Result]]:
        """Return how it is made again, since processes hand over errors that way."""
        return type(self), (self.result,)
