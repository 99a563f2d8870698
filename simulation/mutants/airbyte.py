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
        name="the destination returns a state with the record before it still to be written",
        module="planhat_sync.writing.results.every_state",
        text="(oldest is None or self._waiting[0].after < oldest)",
        instead="(oldest is None or self._waiting[0].after <= oldest)",
        profiles=("airbyte_pipe",),
    ),
    Mutant(
        name="the destination counts only the records before a state that are read as values",
        module="airbyte_planhat.destination.router",
        text="            self._last_record = received.first + at + taken - 1\n",
        instead="",
        profiles=("airbyte_pipe",),
    ),
)
