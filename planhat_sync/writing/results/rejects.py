"""The rejects of a run: how many are allowed, which are shown, and when they are on disk."""

from __future__ import annotations

from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.errors import Section, StopError
from planhat_sync.runtime.clock import Clock
from planhat_sync.runtime.plural import counted
from planhat_sync.timestamps import earlier
from planhat_sync.writing.records.unknown_properties import printable_name
from planhat_sync.writing.results.reject_file import RejectedRecord

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable
    from typing import TypeAlias

    from planhat_sync.writing.records.payload import Reject
    from planhat_sync.writing.results.reject_file import RejectFile

    OnReject: TypeAlias = Callable[[str, int, Any, Reject], None]

MOST_SHOWN: Final = 20
MOST_WAITING: Final = 1_000
"""When this many rejects wait, they are written to the file."""


class TooManyRejectsError(StopError):
    """More records are rejected than the user allows.

    Raised where the limit is passed, so that no more is sent, and again by `Rejects.check` at the
    end of the run, with the number of rejects and where they are.
    """

    section = Section.WRITING


def place_in(name: str | None, message: str) -> str:
    """Return the property at fault, in brackets, unless the message begins with it.

    Args:
        name: The property, None if it is the record as a whole.
        message: The message of the reject.
    """
    if not name or message.startswith(name):
        return ""
    return f" (property {printable_name(name)})"


class Rejects:
    """The rejects of one run.

    Args:
        file: Where rejects are written, None for nowhere.
        logger: Shows the first of them.
        continues: Whether the run continues after a reject (`on_reject`).
        max_rejects: How many records may be rejected then before the run fails, None for any
            number.
        dry_run: Whether nothing is written, so that the run continues to its end nevertheless.
        clock: Time.
        seconds_ahead: Returns how far this clock is ahead of Planhat's.
        on_reject: Receives each reject, as `add` does.
        are_received: Whether the rejects that it receives need no file.
        place: Names the place of a record in the input, given its number.

    Attributes:
        file: As given.
        unacknowledged_line: Line of the oldest reject that no state may cover, since the run fails
            for it, or it is not on disk; None if there is none.
    """

    def __init__(
        self,
        file: RejectFile | None,
        logger: logging.Logger,
        *,
        continues: bool,
        max_rejects: int | None = None,
        dry_run: bool = False,
        clock: Clock | None = None,
        seconds_ahead: Callable[[], float] = float,
        on_reject: OnReject | None = None,
        are_received: bool = False,
        place: Callable[[int], str] = "line {}".format,
    ) -> None:
        self.unacknowledged_line: int | None = None
        self.file = file
        self._logger = logger
        self._allowed = max_rejects if continues else 0
        self._continues = continues
        self._dry_run = dry_run
        self._clock = clock or Clock()
        self._seconds_ahead = seconds_ahead
        self._on_reject = on_reject
        self._are_received = are_received
        self._place = place
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
        if self._allowed is None or self._dry_run:
            return None
        return max(0, self._allowed - self._count)

    @property
    def end_the_run(self) -> bool:
        """Whether so many records are rejected that the run ends."""
        return self._are_too_many and not self._dry_run

    @property
    def _are_too_many(self) -> bool:
        return self._allowed is not None and self._count > self._allowed

    def add(self, stream: str, line: int, raw: object, why: Reject) -> None:
        """Add a record that is not written, and show it in the log.

        Args:
            stream: Name of its model.
            line: Number of its line in the input.
            raw: That line, as received, or the row of a program.
            why: Why it is not written.
        """
        self._count += 1
        at = place_in(why.property, why.message)
        text = f"{self._place(line)}, {stream}: {why.code.value}: {why.message}{at}"
        if not self._first or line < self._first_line:  # batches end in any order
            self._first, self._first_line = text, line
        would_be, are = ("would be ", "would be") if self._dry_run else ("", "are")
        if self._count <= MOST_SHOWN:
            self._logger.warning("%srejected: %s", would_be, text)
        elif self._count == MOST_SHOWN + 1:
            self._logger.warning(
                "more records %s rejected, counted but not shown%s", are, self._rest
            )
        if self.file is not None:
            self._waiting.append(RejectedRecord(line, raw, why, self._clock.utc()))
        if self._allowed == 0 or (self.file is None and not self._are_received):
            self._leave_unacknowledged(line)
        if self._on_reject is not None:
            self._on_reject(stream, line, raw, why)

    def flush(self) -> None:
        """Write the rejects to disk; before that, no state that covers them may be printed.

        Raises:
            RejectFileError: They are not on disk.
        """
        if self.file is None or not self._waiting:
            return
        # In the order of their lines, since in a replay the last record of an identity wins.
        waiting, self._waiting = sorted(self._waiting, key=attrgetter("line")), []
        # A replay compares these times with Planhat's.
        ahead = timedelta(seconds=self._seconds_ahead())
        rejects = [record._replace(at=earlier(record.at, ahead)) for record in waiting]
        try:
            self.file.write(rejects)
        except BaseException:  # a defect included: they are not on disk
            for record in rejects:
                self._leave_unacknowledged(record.line)
            raise

    def check(self) -> None:
        """Fail a run in which too many records were rejected.

        Raises:
            TooManyRejectsError: Too many were.
        """
        if not self._are_too_many:
            return
        verb = "would be" if self._dry_run else "was" if self._count == 1 else "were"
        limit = f", more than max_rejects ({self._allowed:,}) allows" if self._continues else ""
        they_are = "it is" if self._count == 1 else "they are"
        kept = f"; {they_are} in {self.file.path}" if self.file else ""
        if self._dry_run:
            few = "it" if self._count == 1 else "them"
            shown = few if self._count <= MOST_SHOWN else f"{MOST_SHOWN} of them"
            kept = f"; a dry run writes no reject file: the log above shows {shown}"
        raise TooManyRejectsError(
            f"{counted(self._count, 'record')} {verb} rejected{limit}, first {self._first}{kept}; "
            "correct what is wrong and run again, or "
            + (
                "raise max_rejects"
                if self._continues
                else "set on_reject to continue and rejects_path to a file"
            )
        )

    def close(self) -> None:
        """Close the file."""
        if self.file is not None:
            self.file.close()

    @property
    def _rest(self) -> str:
        """Return where the rejects are that the log does not show."""
        if self._dry_run:
            return "; a dry run writes no reject file"
        return f"; all are written to {self.file.path}" if self.file else ""

    def _leave_unacknowledged(self, line: int) -> None:
        oldest = self.unacknowledged_line
        self.unacknowledged_line = line if oldest is None else min(oldest, line)
