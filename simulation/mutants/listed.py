"""All mutants, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulation.mutants import (
    airbyte,
    mapping,
    matching,
    mirror,
    reading,
    replays,
    rows,
    sending,
    writing,
)

if TYPE_CHECKING:
    from simulation.mutants.mutant import Mutant

MUTANTS: Final = (
    *reading.MUTANTS,
    *writing.MUTANTS,
    *sending.MUTANTS,
    *matching.MUTANTS,
    *mapping.MUTANTS,
    *mirror.MUTANTS,
    *replays.MUTANTS,
    *rows.MUTANTS,
    *airbyte.MUTANTS,
)


def mutant_of(name: str) -> Mutant:
    """Return a mutant.

    Args:
        name: Its name.

    Raises:
        KeyError: There is none of this name.
    """
    return {mutant.name: mutant for mutant in MUTANTS}[name]
