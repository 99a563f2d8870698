"""Bugs in what removes from Planhat what a source does not have any more."""

from __future__ import annotations

from typing import Final

from simulation.mutants.mutant import Mutant

_MIRROR: Final = "planhat_sync.writing.mirror.mirror"
_PLAN: Final = "planhat_sync.writing.mirror.plan"
_COMPLETENESS: Final = "target_planhat.completeness"

MUTANTS: Final = (
    Mutant(
        name="records are removed that are younger than what was read of the source",
        module=_PLAN,
        text="elif _created_at(identifier) >= self._before:",
        instead="elif _created_at(identifier) < 0:",
        profiles=("mirror",),
    ),
    Mutant(
        name="records are removed although others of the run are rejected",
        module=_MIRROR,
        text="        return not rejected and source.incomplete is None\n",
        instead="        return source.incomplete is None\n",
        profiles=("mirror",),
    ),
    Mutant(
        name="records outside missing_scope are removed",
        module=_PLAN,
        text="        if not self._scope.includes(record):\n            return\n",
        instead="",
        profiles=("mirror",),
    ),
    Mutant(
        name="the version of an earlier read shows that a source is complete",
        module=_COMPLETENESS,
        text="                carry_version and _time_of(version) < versions[0],\n",
        instead="                False,\n",
        profiles=("mirror",),
    ),
    Mutant(
        name="a source is complete although records came behind its ACTIVATE_VERSION",
        module=_COMPLETENESS,
        text="(not self._is_at_end, ",
        instead="(False, ",
        profiles=("mirror",),
    ),
    Mutant(
        name="a keyable came only if it was written in the same way",
        module="planhat_sync.writing.mirror.source_keys",
        text='    return normalize("NFKC", key).strip().casefold()\n',
        instead='    return normalize("NFKC", key).strip()\n',
        profiles=("mirror",),
    ),
)
