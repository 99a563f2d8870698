"""Bugs in how rejects are replayed."""

from __future__ import annotations

from typing import Final

from simulation.mutants.mutant import Mutant

_UPDATE_TIMES: Final = "planhat_sync.writing.matching.update_times"

MUTANTS: Final = (
    Mutant(
        name="a reject is written over what somebody has changed since",
        module=_UPDATE_TIMES,
        text="        if updated_at is not None and updated_at <= rejected_at:\n",
        instead="        if updated_at is not None:\n",
        profiles=("replays",),
    ),
    Mutant(
        name="what a replay has written itself is newer than its other rejects",
        module=_UPDATE_TIMES,
        text="            if key in self._before:\n",
        instead="            if key is None:\n",
        profiles=("replays",),
    ),
)
