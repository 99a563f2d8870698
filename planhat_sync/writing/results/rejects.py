"""The rejects of a run: how many are allowed, what is shown of them, and when they are kept."""

from __future__ import annotations

import logging
from operator import attrgetter
from typing import TYPE_CHECKING

from planhat_sync.errors import StopError
from planhat_sync.runtime.plural import counted

if TYPE_CHECKING:
    from planhat_sync.writing.results.reject_file import RejectedRecord, RejectFile

logger = logging.getLogger("target-planhat")

MOST_SHOWN = 20
MOST_HELD = 1_000
"""Rejects are written to the file at the latest when there are so many."""


class TooManyRejectsError(StopError):
    """More records are rejected than the user allows.

    Raised where the limit is passed, so that no more is sent, and again by `Rejects.check` at the
    end of the run, with the number of rejects and where they are.
    """


class Rejects:
    """What is rejected in one run.

    Args:
        file: Where rejects are kept, None for nowhere.
        allowed: How many records may be rejected before the run fails, None for any number.
        rehearsing: Whether the run goes on to its end all the same, since it writes nothing.

    Attributes:
        unacknowledged_line: Line of the oldest reject that no state may cover, since the run fails
            for it, or it is not on disk; None if there is none.
    """

    def __init__(
        self, file: RejectFile | None, *, allowed: int | None, rehearsing: bool = False
    ) -> None:
        self.unacknowledged_line: int | None = None
        self._file = file
        self._allowed = allowed
        self._rehearsing = rehearsing
        self._waiting: list[RejectedRecord] = []
        self._count = 0
        self._first_line = 0
        self._first = ""

    def __len__(self) -> int:
        """Count the rejects that are not on disk yet."""
        return len(self._waiting)

    @property
    def allowance(self) -> int | None:
        """How many more records may be rejected, None for any number."""
        if self._allowed is None or self._rehearsing:
            return None
        return max(0, self._allowed - self._count)

    @property
    def end_the_run(self) -> bool:
        """Whether so many records are rejected that the run ends."""
        return self._are_too_many and not self._rehearsing

    @property
    def _are_too_many(self) -> bool:
        return self._allowed is not None and self._count > self._allowed

    def note(self, stream: str, record: RejectedRecord) -> None:
        """Take note of a record that is not written, and show it.

        Args:
            stream: The model that it was meant for.
            record: The record, and why.
        """
        self._count += 1
        why = record.reject
        where = f" (property {why.property})" if why.property else ""
        said = f"line {record.line}, {stream}: {why.code.value}: {why.message}{where}"
        if not self._first or record.line < self._first_line:  # batches end in any order
            self._first, self._first_line = said, record.line
        would_be, are = ("would be ", "would be") if self._rehearsing else ("", "are")
        if self._count <= MOST_SHOWN:
            logger.warning("%srejected: %s", would_be, said)
        elif self._count == MOST_SHOWN + 1:
            logger.warning("more records %s rejected, counted but not shown%s", are, self._rest)
        if self._file is not None:
            self._waiting.append(record)
        if self._allowed == 0 or self._file is None:
            self._hold(record.line)

    def keep(self) -> None:
        """Write the rejects to disk; until then nothing that covers them may be said.

        Raises:
            RejectFileError: They are not on disk.
        """
        if self._file is None or not self._waiting:
            return
        # Known late or at once, in their order: replayed, the last one of an identity has the word.
        rejects, self._waiting = sorted(self._waiting, key=attrgetter("line")), []
        try:
            self._file.write(rejects)
        except StopError:
            for record in rejects:
                self._hold(record.line)
            raise

    def check(self) -> None:
        """Fail a run in which too many records were rejected.

        Raises:
            TooManyRejectsError: There were.
        """
        if not self._are_too_many:
            return
        verb = "would be" if self._rehearsing else "was" if self._count == 1 else "were"
        limit = f", more than max_rejects ({self._allowed:,}) allows" if self._allowed else ""
        kept = f"; they are in {self._file.path}" if self._file else ""
        if self._rehearsing:
            few = "it" if self._count == 1 else "them"
            shown = few if self._count <= MOST_SHOWN else f"{MOST_SHOWN} of them"
            kept = f"; a dry run writes no reject file: the log above shows {shown}"
        raise TooManyRejectsError(
            f"{counted(self._count, 'record')} {verb} rejected{limit}, first {self._first}{kept}; "
            "correct what is wrong and run again, or "
            + ("raise max_rejects" if self._allowed else "set on_reject to continue")
        )

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    @property
    def _rest(self) -> str:
        """Say where the rejects are that are not shown."""
        if self._rehearsing:
            return "; a dry run writes no reject file"
        return f"; all are written to {self._file.path}" if self._file else ""

    def _hold(self, line: int) -> None:
        self.unacknowledged_line = (
            line if self.unacknowledged_line is None else min(self.unacknowledged_line, line)
        )
