"""Bugs in the Airbyte connectors."""

from __future__ import annotations

from typing import Final

from simulation.mutants.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        name="a state of the source counts pages, and not records",
        module="airbyte_planhat.source.stream",
        text="self._records += rows.count",
        instead="self._records += 1",
        profiles=("airbyte_source",),
    ),
    Mutant(
        name="the destination counts only the records before a state that are read as values",
        module="airbyte_planhat.destination.router",
        text="            self._last_record = received.first + at + taken - 1\n",
        instead="",
        profiles=("airbyte_pipe",),
    ),
)
