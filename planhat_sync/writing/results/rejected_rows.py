"""The rejected rows of a write: decided in one thread, received by the caller in another."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from planhat_sync.runtime.plural import counted
from planhat_sync.writing.results.rejects import TooManyRejectsError, place_in
from planhat_sync.writing.results.result import RejectedRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from planhat_sync.writing.records.payload import Reject


class RejectedRows:
    """The rejected rows of a write.

    Args:
        most: How many of them are kept.
        continues: Whether the write continues after one.
        receive: Receives each of them; None if nobody does.

    Attributes:
        kept: The first of them.
    """

    def __init__(
        self, most: int, *, continues: bool, receive: Callable[[RejectedRow], object] | None
    ) -> None:
        self.kept: list[RejectedRow] = []
        self._most = most
        self._continues = continues
        self._receive = receive
        self._decided: deque[RejectedRow] = deque()
        self._first: RejectedRow | None = None

    def add(self, _model: str, index: int, row: Any, why: Reject) -> None:  # noqa: ANN401 - as given
        """Add a row that is not written, in whichever thread that is decided.

        Args:
            index: Its position in the rows.
            row: The row, as it was when it was given.
            why: Why it is not written.
        """
        self._decided.append(RejectedRow(index, row, why.code.value, why.message, why.property))

    def report(self) -> None:
        """Keep the rows that were added, and have them received, in the caller's thread."""
        while self._decided:
            rejected = self._decided.popleft()
            if self._first is None or rejected.index < self._first.index:
                self._first = rejected
            if len(self.kept) < self._most:
                self.kept.append(rejected)
            if self._receive is not None:
                try:
                    self._receive(rejected)
                except Exception:
                    self._receive = None  # what has failed is not called again
                    raise

    def error(self, count: int) -> TooManyRejectsError:
        """Return the error of a write in which more rows are rejected than may be.

        Args:
            count: How many are.
        """
        were = "was" if count == 1 else "were"
        text = f"{counted(count, 'row')} {were} rejected"
        if self._continues:
            text = f"{text}, more than max_rejects ({self._most:,}) allows"
        if (first := self._first) is not None:
            at = place_in(first.property, first.message)
            text = f"{text}, first rows[{first.index}]: {first.code}: {first.message}{at}"
        remedy = (
            "raise max_rejects, or take the rejected rows with on_rejected"
            if self._continues
            else 'pass on_reject="continue"'
        )
        return TooManyRejectsError(f"{text}; correct what is wrong and write again, or {remedy}")
