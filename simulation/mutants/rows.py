"""Bugs in what writes the rows of Python programs."""

from __future__ import annotations

from typing import Final

from simulation.mutants.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        name="a reject has the row as it is sent, and not as it was given",
        module="planhat_sync.writing.rows",
        text="received = dict(row)",
        instead="received = record",
        profiles=("rows",),
    ),
)
