"""Bugs in what writes."""

from __future__ import annotations

from typing import Final

from simulation.mutants.mutant import Mutant

_RETRY: Final = "planhat_sync.api.http.retry"
_BATCHER: Final = "planhat_sync.writing.batching.batcher"
_SENDER: Final = "planhat_sync.writing.sending.sender"
_REJECT_FILE: Final = "planhat_sync.writing.results.reject_file"
_PIPELINE: Final = "planhat_sync.writing.pipeline"

MUTANTS: Final = (
    Mutant(
        name="a state is printed while records before it are in flight",
        module="planhat_sync.writing.sending.dispatcher",
        text="return min(self._lines.values(), default=None)",
        instead="return None",
        profiles=("simple", "pipe"),
    ),
    Mutant(
        name="a state is printed before the rejects in front of it are on disk",
        module=_PIPELINE,
        text="        self.rejects.flush()\n        lines = self._states.lines(",
        instead="        lines = self._states.lines(",
        profiles=("simple",),
    ),
    Mutant(
        name="a state is printed with the record behind it still to be written",
        module="planhat_sync.writing.results.states",
        text="(oldest is None or self._waiting[0].after < oldest)",
        instead="(oldest is None or self._waiting[0].after <= oldest)",
        profiles=("simple", "pipe"),
    ),
    Mutant(
        name="rejects are not synced",
        module=_REJECT_FILE,
        text="                files.sync(self._descriptor)\n",
        instead="",
        profiles=("simple",),
    ),
    Mutant(
        name="a line that was cut by a crash is not ended",
        module=_REJECT_FILE,
        text="        end_last_line(files, descriptor, path)\n",
        instead="",
        profiles=("simple",),
    ),
    Mutant(
        name="a create without keyables is sent again after its answer is lost",
        module="planhat_sync.api.http.transport",
        text="if repeated and request.repeat is Repeat.NEVER:",
        instead="if False:",
        profiles=("unkeyed",),
    ),
    Mutant(
        name="503 says that nothing was done",
        module=_RETRY,
        text="NOT_CARRIED_OUT_STATUSES = frozenset({425, 429})",
        instead="NOT_CARRIED_OUT_STATUSES = frozenset({425, 429, 503})",
        profiles=("unkeyed",),
    ),
    Mutant(
        name="a write is repeated while the first attempt may still be at work",
        module=_RETRY,
        text="settling = ran if self._repeat is Repeat.WHEN_SETTLED and",
        instead="settling = 0.0 if self._repeat is Repeat.WHEN_SETTLED and",
        profiles=("simple", "mixed", "pipe"),
    ),
    Mutant(
        name="batches with the same record are in flight together",
        module="planhat_sync.writing.sending.in_flight",
        text="if shares_identity or order_matters(self.profiles | earlier.profiles):",
        instead="if order_matters(self.profiles | earlier.profiles):",
        profiles=("simple",),
    ),
    Mutant(
        name="batches with other keyables are in flight together",
        module="planhat_sync.writing.sending.in_flight",
        text="if shares_identity or order_matters(self.profiles | earlier.profiles):",
        instead="if shares_identity:",
        profiles=("mixed",),
    ),
    Mutant(
        name="a record supersedes one whose values it does not have",
        module=_BATCHER,
        text="        if not covers(payload, earlier):\n            return None\n",
        instead="",
        profiles=("simple",),
    ),
    Mutant(
        name="two versions of a record go into one batch",
        module="planhat_sync.writing.batching.ordering",
        text="floor = max(floor, position[0] + 1)",
        instead="floor = max(floor, position[0])",
        profiles=("simple",),
    ),
    Mutant(
        name="a record that was superseded by a refused one is not sent",
        module=_SENDER,
        text="return [payloads[at] for at in sorted(refusals) if not refusals[at].may_be_written]",
        instead="return []",
        profiles=("mixed",),
    ),
    Mutant(
        name="what was written is not noted in the index",
        module="planhat_sync.writing.matching.matcher",
        text="                            index.write(meant, values_of(payload))\n",
        instead="                            values_of(payload)\n",
        profiles=("simple",),
    ),
    Mutant(
        name="a record that was deleted stays in the index",
        module="planhat_sync.writing.matching.matcher",
        text="            self._finder.index.remove(reference_of(identifier), existed=deleted)\n",
        instead="            pass\n",
        profiles=("simple",),
    ),
    Mutant(
        name="whatever an answer leaves out is in error",
        module="planhat_sync.api.bulk.outcomes",
        text="if left and (left == named.keys() or len(left) == 1):",
        instead="if left:",
        profiles=("simple", "mixed"),
    ),
)
