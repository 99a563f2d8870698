"""Counts what was read of each stream, and what became of it.

Every record that is read ends in exactly one of `OUTCOMES`. The two sides are counted in different
places of the code, so that a record which is lost between them is noticed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Final

from planhat_sync.errors import PlanhatError, Section
from planhat_sync.runtime.plural import counted

if TYPE_CHECKING:
    from planhat_sync.api.bulk.envelope import Counts
    from planhat_sync.writing.records.payload import Skipped


class BalanceError(PlanhatError):
    """Records were read that have no outcome, or have two: a defect of this program."""

    section = Section.WRITING


@dataclass(slots=True)
class StreamCounts:
    """The counts of one stream, or of one batch of it.

    Attributes:
        read: Records read.
        created: Records that are new in Planhat.
        updated: Records that Planhat changed.
        unchanged: Records that Planhat held already.
        merged: Records of which a later one in the same batch holds every property.
        skipped: Records that need no write, or that the write mode leaves alone.
        deleted: Records that were deleted.
        rejected: Records that were not written.
        reasons: How many records were skipped for each reason. It is replaced and never changed,
            since another thread may read it.
    """

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    skipped: int = 0
    deleted: int = 0
    rejected: int = 0
    reasons: Counter[Skipped] = field(default_factory=Counter)

    @property
    def decided(self) -> int:
        """Records that have an outcome."""
        return sum(getattr(self, outcome) for outcome in OUTCOMES)

    @property
    def undecided(self) -> int:
        """Records that were read and have no outcome; none at the end of a run that succeeds."""
        return self.read - self.decided

    def skip(self, reason: Skipped, count: int = 1) -> None:
        """Count records that are skipped.

        Args:
            reason: Why.
            count: How many.
        """
        self.skipped += count
        self.reasons = self.reasons + Counter({reason: count})

    def reasons_as_text(self) -> str:
        """Return why records were skipped, the most frequent reason first; empty if none was."""
        reasons = self.reasons.most_common()
        return ", ".join(f"{counted(count, 'record')} {reason.value}" for reason, count in reasons)

    def add(self, counts: StreamCounts | Counts) -> None:
        """Add other counts to these.

        Args:
            counts: Those of one batch or stream, or those that Planhat's answers gave.
        """
        for each in fields(counts):
            setattr(self, each.name, getattr(self, each.name) + getattr(counts, each.name))

    def as_json(self) -> dict[str, int]:
        """Return the counts as the summary shows them: `read` is the sum of the others."""
        outcomes = {name: getattr(self, name) for name in OUTCOMES}
        return {"read": self.read, **outcomes, "undecided": self.undecided}


OUTCOMES: Final = tuple(
    each.name for each in fields(StreamCounts) if each.name not in {"read", "reasons"}
)
"""The names of the outcomes, in the order in which they are shown."""


class RunCounts:
    """The counts of a run.

    Args:
        mirrors: Whether records that the source does not have are removed.

    Attributes:
        streams: The counts of each stream, by its name.
        removed: By stream, how many records were archived or deleted because the source does not
            have them, which are not records that were read. A stream whose removals have not begun
            is missing; None if `on_missing` is ignore.
    """

    def __init__(self, *, mirrors: bool = False) -> None:
        self.streams: dict[str, StreamCounts] = {}
        self.removed: dict[str, int] | None = {} if mirrors else None

    def of(self, stream: str) -> StreamCounts:
        """Return the counts of a stream, new ones if it has none."""
        return self.streams.setdefault(stream, StreamCounts())

    @property
    def total(self) -> StreamCounts:
        """The sum over all streams; another thread may read it while streams are added."""
        total = StreamCounts()
        for counts in list(self.streams.values()):
            total.add(counts)
        return total

    def check(self) -> None:
        """Check that every record that was read has an outcome.

        Raises:
            BalanceError: One has none, or two.
        """
        for stream, counts in self.streams.items():
            if counts.undecided:
                raise BalanceError(
                    f"the counts of {stream} do not add up: {counted(counts.read, 'record')} "
                    f"read, {counts.decided:,} with an outcome; this is a defect of this program: "
                    "please report it, and run again from the last state"
                )
