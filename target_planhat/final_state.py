"""Whether the input ends as a tap ends its output: with a STATE after the last record.

A target does not see how the tap before it exits. A tap that is killed prints no STATE for its last
records; one that reports its own error may still print one, as those of the Singer SDK do.
"""

from __future__ import annotations


class FinalState:
    """Follows the input of a run up to its end.

    Attributes:
        last_record: Number of the last line that holds a record, 0 if there is none.
        is_present: Whether no record follows the last STATE; None if that is not known: the input
            has no STATE at all, or the run ended before its input.
    """

    def __init__(self) -> None:
        self.last_record = 0
        self.is_present: bool | None = None
        self._last_state = 0

    def add_state(self, number: int) -> None:
        """Note a STATE.

        Args:
            number: Number of its line.
        """
        self._last_state = number

    def end(self) -> None:
        """Note that the input has ended."""
        if self._last_state:
            self.is_present = self._last_state > self.last_record

    def cut(self) -> None:
        """Note that the input has ended in the middle of a line."""
        self.is_present = False
