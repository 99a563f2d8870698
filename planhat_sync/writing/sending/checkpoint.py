"""Decides between two requests of a batch whether to continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.errors import Interrupted
from planhat_sync.writing.results.rejects import TooManyRejectsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planhat_sync.runtime.signals import Stop
    from planhat_sync.writing.records.payload import Payload
    from planhat_sync.writing.results.rejects import Rejects


class Checkpoint:
    """Ends the writing of a batch between two requests if there is a reason to.

    Args:
        stop: Whether the run was asked to stop.
        rejects: What the run has rejected so far, and how much it may reject.
    """

    def __init__(self, stop: Stop, rejects: Rejects) -> None:
        self._stop = stop
        self._rejects = rejects

    def allowance(self, rejected: int) -> int | None:
        """Return how many more records may be rejected before the run fails, None for any number.

        Args:
            rejected: Records of the batch that are rejected; the run has not counted them yet.
        """
        allowance = self._rejects.allowance
        return None if allowance is None else allowance - rejected

    def check(self, rejected: int) -> None:
        """Check that another request may be sent.

        Args:
            rejected: Records of the batch that are rejected; the run has not counted them yet.

        Raises:
            Interrupted: The run was asked to stop.
            TooManyRejectsError: With these rejects the run fails.
        """
        if self._stop.requested:
            raise Interrupted("asked to stop between two requests")
        allowance = self.allowance(rejected)
        if allowance is not None and allowance < 0:
            raise TooManyRejectsError("more records are rejected than are allowed")

    def check_creates(self, payloads: Iterable[Payload]) -> None:
        """Check that a state of this run can cover unkeyed creates.

        If none can, the next run creates the records again, so they are left to it.

        Raises:
            TooManyRejectsError: A record before them is rejected, and the run fails for it.
        """
        line = self._rejects.unacknowledged_line
        if line is not None and any(payload.line > line for payload in payloads):
            raise TooManyRejectsError("a record before these is rejected, and the run fails")
