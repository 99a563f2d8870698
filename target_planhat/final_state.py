"""Whether the input ends as a tap ends its output: with a STATE after the last record.

A target does not see how the tap before it exits. A tap that is killed prints no STATE for its last
records; one that reports its own error may still print one, as those of the Singer SDK do. These
also begin with the STATE that they were given, and print no other if it has not changed.
"""

from __future__ import annotations


class FinalState:
    """Follows the input of a run up to its end.

    Attributes:
        last_record: Number of the last line that holds a record, 0 if there is none.
        is_present: Whether no record follows the last STATE; None if that is not known: the input
            has no STATE behind any record, or the run ended before its input.
        is_continued: Whether a STATE in front of all records is the only one: that of an earlier
            run, from which the tap continued.
    """

    def __init__(self) -> None:
        self.last_record = 0
        self.is_present: bool | None = None
        self.is_continued = False
        self._last_state = 0
        self._has_followed_records = False

    @property
    def is_empty(self) -> bool:
        """Whether the input has neither a record nor a STATE."""
        return not (self.last_record or self._last_state)

    def add_state(self, number: int) -> None:
        """Note a STATE.

        Args:
            number: Number of its line.
        """
        self._last_state = number
        self._has_followed_records = self._has_followed_records or self.last_record > 0

    def end(self) -> None:
        """Note that the input has ended."""
        if self._last_state > self.last_record:
            self.is_present = True
        elif self._has_followed_records:
            self.is_present = False
        else:
            self.is_continued = self._last_state > 0

    def cut(self) -> None:
        """Note that the input has ended in the middle of a line."""
        self.is_present = False
