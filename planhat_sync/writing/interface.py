"""What is particular to a program that writes: its name, and the forms of what it reads and prints.

Everything else in `writing` is the same for all of them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from planhat_sync.writing.records.added_columns import AddedColumns
    from planhat_sync.writing.results.reject_file import RejectFormat
    from planhat_sync.writing.results.rejects import OnReject
    from planhat_sync.writing.results.states import States


@dataclass(frozen=True, slots=True)
class Interface:
    """The interface of a program.

    Attributes:
        name: Its name, with which its log lines and its last line begin.
        version: Its version.
        added: The columns that the source adds to records.
        rejects: How the lines of the reject file are written; None if there is never one, since
            what `on_reject` receives is not lost.
        states: Decides which states may be printed.
        on_reject: Receives each reject, as `Rejects.add` does.
        place: Names the place of a record in the input, given its number.
        input_option: What stands in front of a file on its command line that it is to read.
    """

    name: str
    version: str
    added: AddedColumns
    rejects: RejectFormat | None
    states: States
    on_reject: OnReject | None = None
    place: Callable[[int], str] = "line {}".format
    input_option: str = "<"

    @property
    def logger(self) -> logging.Logger:
        """Where the program logs."""
        return logging.getLogger(self.name)
