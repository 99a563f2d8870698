"""Bugs in how batches are sent, repeated and divided."""

from __future__ import annotations

from typing import Final

from simulation.mutants.mutant import Mutant

_RETRY: Final = "planhat_sync.api.http.retry"
_IN_FLIGHT: Final = "planhat_sync.writing.sending.in_flight"
_SENDER: Final = "planhat_sync.writing.sending.sender"
_SEND_PLAN: Final = "planhat_sync.writing.sending.send_plan"
_BISECTION: Final = "planhat_sync.writing.sending.bisection"

MUTANTS: Final = (
    Mutant(
        name="batches with the same record are in flight together",
        module=_IN_FLIGHT,
        text="if shares_identity or order_matters(self.profiles | earlier.profiles):",
        instead="if order_matters(self.profiles | earlier.profiles):",
        profiles=("simple",),
    ),
    Mutant(
        name="batches with other keyables are in flight together",
        module=_IN_FLIGHT,
        text="if shares_identity or order_matters(self.profiles | earlier.profiles):",
        instead="if shares_identity:",
        profiles=("mixed",),
    ),
    Mutant(
        name="a record that was superseded by a refused one is not sent",
        module=_SENDER,
        text="return [payloads[at] for at in sorted(refusals) if not refusals[at].may_be_written]",
        instead="return []",
        profiles=("mixed",),
    ),
    Mutant(
        name="whatever an answer leaves out is in error",
        module="planhat_sync.api.bulk.outcomes",
        text="if left and (left == named.keys() or len(left) == 1):",
        instead="if left:",
        profiles=("simple", "mixed"),
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
        rates={"timeout": 0.2, "late": 0.9},
    ),
    Mutant(
        name="parts of a batch are sent in the wrong order",
        module=_BISECTION,
        text="        self._waiting.extend(reversed(part.children))\n",
        instead="        self._waiting.extend(part.children)\n",
        profiles=("mixed", "messy"),
    ),
    Mutant(
        name="a refusal in the answer to a repeated request is believed",
        module=_SEND_PLAN,
        text="if answer.repeated and reading is not None and not _accepts_all(reading):",
        instead="if answer is None:",
        profiles=("simple", "mixed"),
        rates={"raced": 0.3, "reset": 0.3},
    ),
    Mutant(
        name="batches that wait are sent after one that failed",
        module="planhat_sync.writing.pipeline",
        text="        if self._undecided_line is None:\n",
        instead="        if not self._holds_states:\n",
        profiles=("companies",),
        settings={"on_reject": "fail", "batch_size_rows": 2, "concurrency": 1},
    ),
    Mutant(
        name="older versions of a record that may be written are sent",
        module=_SENDER,
        text="            result.reject_superseded(unknown)\n",
        instead="",
        profiles=("simple", "hazards"),
    ),
)
