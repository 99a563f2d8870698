"""Bugs in what finds records and companies in Planhat, and in what is remembered of them."""

from __future__ import annotations

from typing import Final

from simulation.mutants.mutant import Mutant

_MATCHER: Final = "planhat_sync.writing.matching.matcher"
_INDEX: Final = "planhat_sync.writing.matching.index"
_COMPANIES: Final = "planhat_sync.writing.matching.companies"

MUTANTS: Final = (
    Mutant(
        name="what was written is not noted in the index",
        module=_MATCHER,
        text="                            index.write(meant, values_of(payload))\n",
        instead="                            values_of(payload)\n",
        profiles=("simple",),
    ),
    Mutant(
        name="a record that was deleted stays in the index",
        module=_MATCHER,
        text="            self._finder.index.remove(reference_of(identifier), existed=deleted)\n",
        instead="            pass\n",
        profiles=("simple",),
    ),
    Mutant(
        name="a record whose creation had no answer stays in the index when it is deleted",
        module=_INDEX,
        text=("        self.stale |= reference in self._unlinked or (existed and is_unknown)\n"),
        instead="",
        profiles=("simple",),
        rates={"reset": 0.3},
        settings={"skip_unchanged": True},
    ),
    Mutant(
        name="a record is found by a keyable that it has given up",
        module=_INDEX,
        text="if found and row and row[at * WIDTH : (at + 1) * WIDTH] == wanted:",
        instead="if found and row:",
        profiles=("messy",),
    ),
    Mutant(
        name="a record is archived with all keyables that its source sends",
        module="planhat_sync.writing.matching.decisions",
        text="        keys: list[str | None] = [None] * len(payload.keys)\n",
        instead=(
            "        sent = dict(zip(self._keyables.names, payload.keys, strict=True))\n"
            "        item |= {name: key for name, key in sent.items() if key is not None}\n"
            "        keys: list[str | None] = [None] * len(payload.keys)\n"
        ),
        profiles=("hazards",),
    ),
    Mutant(
        name="a company that is not found by its name does not exist",
        module=_COMPANIES,
        text="is_certain = company is None and self._finds[kind]",
        instead="is_certain = company is None",
        profiles=("companies",),
    ),
    Mutant(
        name="a keyable within a company is looked for by the name that the record gives it",
        module="planhat_sync.writing.matching.company_references",
        text="                scopes[at] = company\n",
        instead="                scopes[at] = reference\n",
        profiles=("companies",),
    ),
)
