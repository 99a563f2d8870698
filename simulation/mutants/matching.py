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
        name="the index is trusted after an answer was lost",
        module=_MATCHER,
        text='index.stale |= any(payload.operation != "create" for payload in payloads)',
        instead="pass",
        profiles=("simple", "mixed", "messy"),
    ),
    Mutant(
        name="an answer to a repeated request is taken to name all ids that were created",
        module=_MATCHER,
        text="                index.stale |= may_hide_created_ids(answer)\n",
        instead="",
        profiles=("simple", "mixed", "messy"),
    ),
    Mutant(
        name="what a repeated request calls updated is taken to have been there before",
        module="planhat_sync.writing.matching.lookup",
        text="*(envelope.updates if answer.repeated else ())",
        instead="*()",
        profiles=("simple", "mixed", "messy"),
    ),
    Mutant(
        name="a record is found by a keyable that it has given up",
        module=_INDEX,
        text="if found and row and row[at * WIDTH : (at + 1) * WIDTH] == wanted:",
        instead="if found and row:",
        profiles=("messy",),
    ),
    Mutant(
        name="a list that is read again is taken to have what this run has created",
        module="planhat_sync.writing.matching.finder",
        text="            return self._read_index().find(payload)\n",
        instead=(
            "            again = self._read_index().find(payload)\n"
            "            assert isinstance(again, ExistingRecord)\n"
            "            return again\n"
        ),
        profiles=("hazards",),
    ),
    Mutant(
        name="a list of companies is believed, whatever Planhat returns for one of them",
        module=_COMPANIES,
        text="if self._list is not None and not self._is_right(self._list, reference):",
        instead="if self._list is None:",
        profiles=("companies",),
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
