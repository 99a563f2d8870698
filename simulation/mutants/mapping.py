"""Bugs in how records of other systems are mapped."""

from __future__ import annotations

from typing import Final

from simulation.mutants.mutant import Mutant

_STREAM_MAPPING: Final = "planhat_sync.writing.mapping.stream_mapping"

MUTANTS: Final = (
    Mutant(
        name="what the source does not send is cleared",
        module=_STREAM_MAPPING,
        text="        if value is not ABSENT:\n            made[entry.name] = value\n",
        instead="        made[entry.name] = None if value is ABSENT else value\n",
        profiles=("mapping",),
    ),
    Mutant(
        name="a record that its source has deleted is left out if when does not hold",
        module=_STREAM_MAPPING,
        text="                case Deletion.DELETED:\n",
        instead=(
            "                case Deletion.DELETED:\n"
            "                    if self._when and _is_no(_values((self._when,), record)"
            '.get("when")):\n'
            "                        return Skipped.LEFT_OUT\n"
        ),
        profiles=("mapping",),
    ),
    Mutant(
        name="a value that map does not list is sent as it is",
        module="planhat_sync.writing.mapping.entries",
        text="        if found is ABSENT:\n",
        instead=(
            "        found = value if found is ABSENT else found\n        if found is ABSENT:\n"
        ),
        profiles=("mapping",),
    ),
)
