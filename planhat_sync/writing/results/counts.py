"""The books: what was read of each stream, and what became of it.

Every record that is read ends in exactly one of `OUTCOMES`. The two sides are counted apart, in
different places of the code, so that a record which falls between them is seen.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from planhat_sync.errors import PlanhatError
from planhat_sync.runtime.plural import counted

if TYPE_CHECKING:
    from planhat_sync.api.bulk.envelope import Counts

OUTCOMES: Final = (
    "created",
    "updated",
    "unchanged",
    "merged",
    "skipped",
    "deleted",
    "rejected",
)


class BalanceError(PlanhatError):
    """Records were read that have no outcome, or have two: a defect of this program."""


@dataclass(slots=True)
class StreamCounts:
    """One stream's counts.

    Attributes:
        taken: Records read.
        created: New records of Planhat's.
        updated: Records that Planhat changed.
        unchanged: Records that were equal already.
        merged: Records that a later one of the same batch said everything of.
        skipped: Records that ask for nothing, or that the mode leaves alone.
        deleted: Records that were deleted.
        rejected: Records that were not written.
    """

    taken: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    skipped: int = 0
    deleted: int = 0
    rejected: int = 0

    @property
    def decided(self) -> int:
        """Records that have an outcome."""
        return sum(getattr(self, outcome) for outcome in OUTCOMES)

    @property
    def undecided(self) -> int:
        """Records that were read and have no outcome; none at the end of a run that went well."""
        return self.taken - self.decided

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
        return {"read": self.taken, **outcomes, "undecided": self.undecided}


class RunCounts:
    """The accounts of a run, by stream."""

    def __init__(self) -> None:
        self.accounts: dict[str, StreamCounts] = {}

    def account(self, stream: str) -> StreamCounts:
        """Give a stream's account, a new one if it has none."""
        return self.accounts.setdefault(stream, StreamCounts())

    @property
    def total(self) -> StreamCounts:
        """All accounts in one; also for another thread, while streams are added."""
        total = StreamCounts()
        for account in list(self.accounts.values()):
            total.add(account)
        return total

    @property
    def undecided(self) -> int:
        """Records of all streams that were read and have no outcome."""
        return self.total.undecided

    def check(self) -> None:
        """Compare both sides of every account.

        Raises:
            BalanceError: They differ.
        """
        for stream, account in self.accounts.items():
            if account.taken != account.decided:
                raise BalanceError(
                    f"the books of {stream} do not balance: {counted(account.taken, 'record')} "
                    f"read, {account.decided:,} accounted for; this is a defect of target-planhat, "
                    "please report it, and run again from the last state"
                )
